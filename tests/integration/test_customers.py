"""Customers on a real broker: activity in, every night an evaluation, the list for the business."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest

import cdnow
from golden.test_cdnow_stream import purchases
from integration.conftest import Install
from undertow.cli.importing import tick
from undertow.cli.kept import Kept, Search
from undertow.clients import Publisher
from undertow.domain.agreement.contract import DAY, Contract, Target
from undertow.settings import Settings
from undertow.stages.records import Record
from undertow.stages.rereading.replay import Offline
from undertow.topics import ACTIVITY

ACME = {"acme": Contract(vendor="acme")}


@cdnow.needed
@pytest.mark.data
def test_real_purchases_give_the_same_model_and_list_as_offline(install: Install) -> None:
    """Two workers, eight casebooks, a night by tick: parameters, numbers and every name are those of the replay."""
    events = purchases(cdnow.sample()[::6])
    night = (cdnow.CALIBRATED + 1) * DAY + 60
    offline = Offline(ACME)
    offline.take(Record(ACTIVITY, 0, place, 0, value) for place, value in enumerate(events))
    offline.tick(night)
    expected = offline.evaluate()
    assert expected is not None
    assert expected.fit is not None
    here = install(ACME)
    here.apply()
    workers = [here.worker(), here.worker()]
    with Publisher(here.settings) as publisher:
        for value in events:
            publisher.send(here.topic(ACTIVITY), value)
    here.drained(len(events))
    with Publisher(here.settings) as publisher:
        tick(publisher, here.settings, night)

    def shown(name: str) -> dict[tuple[str, ...], float]:
        return {of: value for worker in workers for of, value in worker.samples(f"undertow_{name}").items()}

    here.until(lambda: bool(shown("customers_left")), "the night is over")
    for name in ("r", "alpha", "a", "b"):
        assert shown("churn_model_parameter")[name,] == pytest.approx(getattr(expected.fit.model, name), rel=1e-3)
    assert shown("churn_model_log_likelihood")[()] == pytest.approx(expected.fit.log_likelihood, abs=0.01)
    assert shown("churn_model_customers")[()] == expected.fit.customers
    assert shown("customers_left")[()] == pytest.approx(expected.left, rel=1e-3)
    assert shown("customers_as_of_timestamp_seconds")[()] == expected.today * DAY
    listed = offline.night.listed()
    assert listed
    said = json.loads(here.run("customers", "--json").stdout)
    assert [one["customer"] for one in said["customers"]] == [one.customer for one in listed]
    assert shown("customers_to_call") == {("acme",): 0, ("none",): len(listed)}
    rows = list(csv.DictReader(io.StringIO(here.run("customers", "--csv", "--top", "2").stdout)))
    assert [row["customer"] for row in rows] == [one.customer for one in listed[:2]]
    # another owner of the ledger and of the casebooks shows the same, without anybody asking anew
    first = next(worker for worker in workers if worker.samples("undertow_customers_left"))
    first.stop()
    here.until(lambda: bool(shown("customers_left")), "the other worker shows the night")
    assert shown("customers_left")[()] == pytest.approx(expected.left, rel=1e-3)


def kept(settings: Settings, customer: str) -> Kept:
    return Search(settings, customer).look()


def event(number: int, what: str, customer: str, day: int, **data: object) -> bytes:
    """One event of a customer, on a day of 2026's first months."""
    when = datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=day, seconds=number)
    head = {"specversion": "1.0", "source": "/x", "id": f"{what}-{number}", "type": f"undertow.{what}"}
    return json.dumps(head | {"time": when.isoformat(), "data": {"customer": customer} | data}).encode()


def life(customer: str, number: int) -> list[bytes]:
    """A year's start of activity, a ticket that was reported as met and came back, and a complaint that cannot be read."""
    ticket = {"vendor": "acme", "ticket": f"T{number}"}
    return [
        *(event(number * 1000 + day, "customer.active", customer, day, value=5.0) for day in range(0, 60, 3)),
        event(number * 1000 + 70, "ticket.opened", customer, 40, **ticket, topic="billing"),
        event(number * 1000 + 75, "ticket.message", customer, 40, **ticket, actor={"kind": "customer"}),
        event(number * 1000 + 76, "ticket.message", customer, 41, **ticket, actor={"kind": "agent"}),
        event(number * 1000 + 71, "ticket.status_changed", customer, 41, **ticket, to="solved"),
        event(number * 1000 + 72, "claim.ticket", customer, 41, **ticket, measure="first_response", met=True, value=1),
        event(
            number * 1000 + 73, "ticket.status_changed", customer, 45, **ticket, to="open", actor={"kind": "customer"}
        ),
        event(number * 1000 + 74, "feedback.complaint", customer, 46, channel="smoke signals"),
    ]


def test_a_forgotten_customer_is_gone_everywhere_and_nothing_brings_it_back(install: Install) -> None:
    """Rows, findings, letters, the list: read back empty; what is published again stays out, in another worker, too."""
    terms = Contract(vendor="acme", keep_all=True, targets={"first_response": (Target(60.0),)})
    here = install({"acme": terms})
    here.apply()
    worker = here.worker()
    lives = [record for number, name in enumerate(("ann", "bea")) for record in life(name, number)]

    def publish(records: list[bytes]) -> None:
        with Publisher(here.settings) as publisher:
            for value in records:
                publisher.send(here.topic(ACTIVITY), value)

    publish(lives)
    here.drained(len(lives))
    with Publisher(here.settings) as publisher:
        tick(publisher, here.settings, datetime(2026, 6, 1, tzinfo=UTC).timestamp())
    here.until(lambda: bool(worker.samples("undertow_customers_as_of_timestamp_seconds")), "the night is over")
    here.until(lambda: bool(kept(here.settings, "ann").findings), "a late answer that was claimed in time is found")
    before = kept(here.settings, "ann")
    assert (len(before.rows), len(before.letters)) == (2, 1)
    told = here.run("forget", "ann", "--yes").stdout
    assert "read back: 0 rows of the customer, 0 of its tickets, 0 findings, 0 dead letters, not named" in told
    assert here.topic(ACTIVITY) in told
    assert "a hash of the name" in told
    assert ("within 7 days" in told) == (here.settings.broker.kind != "embedded")
    assert b"ann" not in b"".join(kept(here.settings, "ann").rows)
    worker.stop()
    other = here.worker()
    publish(life("ann", 0)[:-1])
    here.until(lambda: other.total("undertow_feed_consumed_total") >= len(lives) // 2 - 1, "they are read again")
    here.drained(len(lives) // 2 - 1)
    assert kept(here.settings, "ann").nothing
    other_one = kept(here.settings, "bea")
    assert (len(other_one.rows), len(other_one.letters)) == (2, 1)


def test_without_a_worker_the_order_waits_and_the_command_says_so(install: Install) -> None:
    """Exit code 1 and what to do; nothing is claimed to be gone."""
    here = install(ACME)
    here.apply()
    assert "the order waits" in here.run("forget", "ann", "--yes", "--wait", "0", code=1).stderr
