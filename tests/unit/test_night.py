"""The night: what casebooks say is gathered, a model fitted where it is time, and everybody evaluated as of the right day."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from functools import cache

import pytest

from undertow import wire
from undertow.demo.leavers import lines, scored, spiking
from undertow.domain.agreement.contract import DAY, Contract
from undertow.domain.counting.ledger import ALL, Position
from undertow.domain.customers import activity
from undertow.domain.customers.night import Customers
from undertow.domain.customers.population import gather, histories
from undertow.domain.tickets.facts import Active, Complained, Fact, Merged, Opened, Place, Seen, StatusChanged
from undertow.simulation import FADING, World
from undertow.stages.casebook import Casebook
from undertow.stages.night import REFIT, Night
from undertow.stages.records import Entry, EvaluatedSaid, ModelSaid, PopulationSaid, Record, decode_for_ledger, encode
from undertow.stages.rereading.replay import Offline

TODAY = 20_000
START = datetime(2026, 1, 1, tzinfo=UTC)
ACME = {"acme": Contract(vendor="acme", keep_all=True)}


@cache
def world(seed: int = 1) -> World:
    return World(seed, START, 180, (FADING,))


@cache
def played(seed: int = 1) -> tuple[Offline, Customers]:
    """The demo's world to its end and every follow-up's: no activity for 45 days."""
    book = Offline(world(seed).contracts())
    book.take(
        Record("t", 0, place, int(event.time.timestamp() * 1000), wire.encode(event))
        for place, event in enumerate(world(seed).events())
    )
    book.tick(world(seed).end + 45 * DAY)
    found = book.evaluate()
    assert found is not None
    return book, found


def came(customer: str, day: int) -> Entry:
    fact = Fact(day * DAY, 0, 0.0, f"{customer}{day}", "/x", Active(4.0))
    return Entry(None, customer, None, Seen(fact, Place("t", 0, 0)))


def several(customers: int = 60) -> list[Entry]:
    return [came(f"c{n}", TODAY - 300 + n + step * (n % 7 + 1)) for n in range(customers) for step in range(12)]


def test_customers_who_left_are_named_with_the_ticket_and_the_excess_is_seen() -> None:
    """Promise: of a vendor whose figures are green the list names who left, nearly nobody else, and silence is in excess."""
    book, shown = played()
    left = world().left(shown.today * DAY)["fading"]
    own = [call for call in book.night.listed() if call.vendor == "fading"]
    score = scored({call.customer for call in own}, left)
    assert score.precision is not None
    assert score.recall is not None
    assert score.precision >= 0.9
    assert score.recall >= 0.6
    assert all(call.ticket is not None and call.ticket.startswith("fading-") for call in own)
    month = next(
        one
        for one in shown.silences
        if (one.vendor, one.segment, one.compared, one.excess.horizon) == ("fading", ALL, "after_a_ticket", 30)
    )
    assert month.excess.clear
    assert month.words.startswith("an excess of")
    said = list(lines("fading", book.night.listed(), left, 0.97))
    assert said[0].startswith(f"fading reports 97% met, and {len(own)} customers have probably left")
    assert said[-1].endswith(f"precision {score.precision:.0%}, recall {score.recall:.0%}")


def test_when_the_feed_stops_nobody_falls_silent() -> None:
    """Promise: customers are evaluated as of the newest activity of anyone, however much time passes after it."""
    _, shown = played()
    assert shown.today == int(world().end // DAY)
    early, late = Offline(ACME), Offline(ACME)
    for book, wait in ((early, 1), (late, 200)):
        book.casebook.fold([])
        book._keep(book.casebook.fold(several()))
        book.tick((TODAY + wait) * DAY)
    one, other = early.evaluate(), late.evaluate()
    assert one is not None
    assert other is not None
    assert (one.today, one.fit, one.left) == (other.today, other.fit, other.left)


def test_casebooks_together_say_what_one_says_of_all() -> None:
    """Promise: the population does not depend on how customers are dealt out."""
    entries = several()
    whole = Offline(ACME)
    whole._keep(whole.casebook.fold(entries))
    whole.tick((TODAY + 1) * DAY)
    alone = whole.evaluate()
    night = Night(3)
    books = []
    for partition in range(3):
        rows: dict[bytes, bytes] = {}
        book = Casebook(partition, ACME, rows)
        own = [entry for entry in entries if int((entry.customer or "")[1:]) % 3 == partition]
        rows.update({key: value for key, value in book.fold(own).rows.items() if value is not None})
        book.tick((TODAY + 1) * DAY)
        assert night.night is None
        night.fold(decode_for_ledger(encode(book.population(5))))
        books.append(book)
    fit = night.fit()
    assert fit is not None
    night.fold(ModelSaid(TODAY + 1, fit, 0.1, 1.0))
    ask = night.ask()
    assert ask is not None
    for book in books:
        assert night.state(ACME) is None
        for said in book.evaluated(ask, 9):
            night.fold(decode_for_ledger(encode(said)))
    together = night.state(ACME)
    assert together is not None
    assert alone is not None
    assert alone.fit is not None
    assert fit.model.alpha == pytest.approx(alone.fit.model.alpha, rel=1e-3)
    assert (together.customers, together.today) == (alone.customers, alone.today) == (60, alone.today)
    assert together.left == pytest.approx(alone.left, rel=1e-3)
    assert night.answered
    night.fold(books[0].population(20))
    assert not night.answered, "what is said anew must be evaluated anew"
    assert night.state(ACME) == together, "and the last night is shown until then"


def test_of_two_owners_words_the_later_owners_count() -> None:
    """Promise: a paused worker's late word changes nothing."""
    night = Night(1)
    people = gather([("a", activity.of([1]))], [], 10)
    night.fold(PopulationSaid(0, Position(2, 1), 11, people))
    night.fold(PopulationSaid(0, Position(1, 900), 10, people))
    assert night.night == 11
    night.fold(EvaluatedSaid(0, Position(2, 3), 11, 2, [], 1, None, []))
    night.fold(EvaluatedSaid(0, Position(1, 950), 10, 2, [], 7, None, []))
    found = night.state({})
    assert found is not None
    assert found.customers == 1


def test_a_model_is_fitted_anew_after_a_week_and_not_before() -> None:
    """Promise: refits follow the days of the data."""
    night = Night(1)
    fit = played()[1].fit
    assert fit is not None
    for day, stale in ((100, True), (100 + REFIT - 1, False), (100 + REFIT, True)):
        night.fold(PopulationSaid(0, Position(1, day), day, gather([("a", activity.of([1]))], [], day - 1)))
        assert night.stale is stale
        if day == 100:
            night.fold(ModelSaid(100, fit, 0.1, 1.0))


def test_a_sample_is_the_same_customers_in_any_order_and_stands_for_all() -> None:
    """Promise: beyond the most that fit into a record the hash decides, and each counts for as many as it was drawn from."""
    people = [(f"c{n}", activity.of(range(n % 50, n % 50 + n % 9 + 1))) for n in range(4_000)]
    one = gather(people, [1.0, 3.0], 100, most=500)
    assert one == gather(list(reversed(people)), [3.0, 1.0], 100, most=500)
    rows = histories([one], 100)
    assert one.customers == 4_000
    assert one.weight == 8
    assert sum(n for *_, n in rows) == pytest.approx(4_000, rel=0.2)
    assert len(one.histories) <= 8 * 700
    assert [one for one in histories([gather(people[:3], [], 100)], 90) if one[2] > 90] == []


def test_without_scipy_customers_are_compared_and_the_reason_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Promise: the extra is optional; nothing fails for want of it, and nothing is listed."""
    monkeypatch.setitem(sys.modules, "undertow.fitting", None)
    book = Offline(ACME)
    book._keep(book.casebook.fold(several()))
    book.tick((TODAY + 1) * DAY)
    shown = book.evaluate()
    assert shown is not None
    assert (shown.fit, shown.left, shown.calls) == (None, None, ())
    assert book.unfitted is not None
    assert "pip install 'undertow[churn]'" in book.unfitted


def test_a_merged_customer_is_evaluated_once_with_the_others_ticket_and_complaint() -> None:
    """Promise: the old name is nobody; a complaint without a ticket counts against the vendor whose ticket ended before."""

    def about(customer: str, number: int, day: int, body: Opened | StatusChanged) -> Entry:
        fact = Fact(day * DAY, 0, 0.0, f"t{number}", "/v", body)
        return Entry("acme", customer, "T1", Seen(fact, Place("t", 0, 0)))

    def own(customer: str, day: int, body: Merged | Complained) -> Entry:
        return Entry(None, customer, None, Seen(Fact(day * DAY, 0, 0.0, f"{day}", "/c", body), Place("t", 0, 0)))

    entries = [came(name, TODAY - day) for name in ("ann", "bea") for day in range(100, 300, 9)]
    entries += [
        about("ann", 1, TODAY - 108, Opened("bill")),
        about("ann", 2, TODAY - 106, StatusChanged("solved", "agent")),
    ]
    entries += [own("bea", TODAY - 105, Complained("review")), own("ann", TODAY - 104, Merged("ann", "bea"))]
    entries += [came("cleo", TODAY - day) for day in range(1, 300, 9)]
    book = Offline(ACME)
    waiting = entries
    while waiting:
        done = book.casebook.fold(waiting)
        book._keep(done)
        waiting = done.moved
    book.tick((TODAY + 1) * DAY)
    shown = book.evaluate()
    assert shown is not None
    assert shown.customers == 2
    assert shown.icebergs[0].iceberg.heard.complained == 1


def test_an_alarm_is_read_off_the_metrics() -> None:
    """Promise: whatever segment and lag it stands for; 0 is none."""
    text = (
        'undertow_spike{vendor="a",segment="all",lag="3d"} 1.0\nundertow_spike{vendor="b",segment="all",lag="3d"} 0.0\n'
        "undertow_judged_as_of_timestamp_seconds 7.0\n"
    )
    assert spiking(text) == {"a": 7.0}
