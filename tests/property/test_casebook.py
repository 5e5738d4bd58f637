"""The incremental casebook against a count that compares everything with everything, over every order of arrival."""

from __future__ import annotations

from random import Random
from unittest.mock import patch

import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from property import oracle
from property.strategies import BASE, CONTRACTS, STEPS, UNIT, Owner, Step, histories, ticks, worlds
from undertow.domain.agreement.contract import Contract, Target
from undertow.domain.tickets.facts import Body, Fact, Opened, Place, Seen, StatusChanged
from undertow.stages.casebook import Casebook
from undertow.stages.derived import judgements
from undertow.stages.records import Entry, decode_finding
from undertow.stages.rows import ticket_key

slow = settings(
    max_examples=150,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


opened = Opened("bill")
solved = StatusChanged("solved", "agent")


def told(vendor: str, customer: str, ticket: str, at: float, body: Body, id: str) -> Entry:
    return Entry(vendor, customer, ticket, Seen(Fact(at, 0, at, id, "/a", body), Place("vendor.tickets", 0, 0)))


def same_as_oracle(owner: Owner, entries: list[Entry], contracts: dict[str, Contract], as_of: float) -> None:
    given_by = oracle.contributions(entries, contracts, as_of)
    assert owner.given == given_by
    assert owner.book.cells == oracle.cells(given_by.values())
    said = {id.decode(): decode_finding(value) for id, value in owner.findings.items()}
    assert said == oracle.findings(entries, contracts, as_of)


def same_when_rebuilt(owner: Owner, contracts: dict[str, Contract]) -> None:
    again = Owner(contracts, dict(owner.rows))
    assert again.given == owner.given
    assert again.book.cells == owner.book.cells
    assert (again.book.as_of, again.book.epoch) == (owner.book.as_of, owner.book.epoch)
    left = [key for key, value in again.book.assigned().rows.items() if value is None]
    assert not left, "a closed ticket's row was left"


@slow
@given(st.data())
def test_the_casebook_agrees_with_counting_everything_anew(data):
    """Promise: no index, bucket or due time leaves a ticket with an outdated judgement."""
    entries, as_of = data.draw(worlds()), data.draw(ticks)
    owner = Owner(CONTRACTS).walk(data.draw(histories(entries, as_of)))
    same_as_oracle(owner, entries, CONTRACTS, as_of)


@slow
@given(st.data())
def test_the_casebook_agrees_with_the_count_after_every_single_step(data):
    """Promise: figures are right at any moment, not only at the end."""
    entries, as_of = data.draw(worlds(most=12)), data.draw(ticks)
    owner, taken, now = Owner(CONTRACTS), [], 0.0
    for step in data.draw(histories(entries, as_of)):
        owner.step(step)
        if isinstance(step, list):
            taken += step
        else:
            now = max(now, step)
        same_as_oracle(owner, taken, CONTRACTS, now)


@slow
@given(st.data())
def test_a_casebook_rebuilt_from_its_rows_is_the_one_that_was_lost(data):
    """Promise: a crash costs no figure; what is not in the rows can be derived from them."""
    entries, as_of = data.draw(worlds()), data.draw(ticks)
    owner = Owner(CONTRACTS).walk(data.draw(histories(entries, as_of)))
    same_when_rebuilt(owner, CONTRACTS)


@slow
@given(st.data(), st.integers(0, 4))
def test_the_index_of_many_tickets_answers_what_looking_at_each_of_few_does(data, few):
    """Promise: at whatever number of tickets a customer's contacts are indexed, the judgements are the same."""
    entries, as_of = data.draw(worlds()), data.draw(ticks)
    with patch.object(judgements, "FEW", few):
        owner = Owner(CONTRACTS).walk(data.draw(histories(entries, as_of)))
        same_as_oracle(owner, entries, CONTRACTS, as_of)
        same_when_rebuilt(owner, CONTRACTS)


@slow
@given(st.data())
def test_order_spans_and_ticks_do_not_matter(data):
    """Promise: the same facts as of the same time give the same rows, byte for byte, and the same cells."""
    entries, as_of = data.draw(worlds()), data.draw(ticks)
    one = Owner(CONTRACTS).walk(data.draw(histories(entries, as_of)))
    other = Owner(CONTRACTS).walk(data.draw(histories(entries, as_of)))
    assert one.rows == other.rows
    assert one.given == other.given
    assert one.book.cells == other.book.cells


@slow
@given(st.data(), st.integers(0, 2**32))
def test_judging_now_and_then_gives_what_judging_after_every_span_gives(data, seed):
    """Promise: a ticket that is owed a judgement loses nothing by waiting."""
    entries, as_of = data.draw(worlds()), data.draw(ticks)
    random = Random(seed)
    owner = Owner(CONTRACTS, settles=lambda: random.random() < 0.2).walk(data.draw(histories(entries, as_of)))
    owner.keep(owner.book.settle())
    same_as_oracle(owner, entries, CONTRACTS, as_of)
    same_when_rebuilt(owner, CONTRACTS)


@slow
@given(st.data(), st.integers(0, 2**32))
def test_what_is_owed_may_be_judged_as_of_when_its_facts_were_sent(data, seed):
    """Promise: time may pass with any settlement; then, too, figures are right at once, and a new owner's are the same."""
    entries, as_of = data.draw(worlds(most=12)), data.draw(ticks)
    random, owner, taken = Random(seed), Owner(CONTRACTS), []
    for step in data.draw(histories(entries, as_of)):
        if isinstance(step, list):
            taken += step
            owner.keep(owner.book.fold(step, min(BASE + random.randint(-5, STEPS + 30) * UNIT, as_of)))
            owner.keep(owner.book.settle())
            same_when_rebuilt(owner, CONTRACTS)
        else:
            owner.step(step)
        same_as_oracle(owner, taken, CONTRACTS, owner.book.as_of)
    assert owner.book.as_of == as_of
    same_when_rebuilt(owner, CONTRACTS)


@slow
@given(st.data())
def test_under_another_contract_everything_is_judged_anew_from_the_facts(data):
    """Promise: what was said under the old terms is rewritten with the new version, or taken back."""
    entries, as_of = data.draw(worlds()), data.draw(ticks)
    owner = Owner(CONTRACTS).walk(data.draw(histories(entries, as_of)))
    changed = {
        "acme": msgspec.structs.replace(CONTRACTS["acme"], targets={"first_response": (Target(6 * UNIT),)}),
        "zenith": msgspec.structs.replace(CONTRACTS["zenith"], repeat_window=9 * UNIT),
    }
    after = Owner(changed, owner.rows)
    after.findings.update(owner.findings)
    after.book = Casebook(0, changed, after.rows, after.findings)
    after.keep(after.book.assigned())
    same_as_oracle(after, entries, changed, as_of)


@slow
@given(st.data())
def test_facts_folded_a_second_time_change_no_row_and_no_cell(data):
    """Promise: at-least-once delivery is enough."""
    entries, as_of = data.draw(worlds()), data.draw(ticks)
    owner = Owner(CONTRACTS).walk(data.draw(histories(entries, as_of)))
    for step in data.draw(histories(entries, as_of)):
        done = owner.step(step)
        assert (done.rows, done.cells, done.late) == ({}, set(), [])


fractions = st.builds(lambda n: BASE + n / 1_000_000, st.integers(0, 3_000_000))


@settings(max_examples=200, deadline=None)
@given(st.data(), st.sampled_from((0.3, 0.7, 1.1)))
def test_a_return_in_the_last_instant_of_the_window_is_found_whatever_the_rounding(data, window):
    """Promise: the index that finds whom an opening touches draws the same boundary as the judgement."""
    contracts = {"acme": Contract(vendor="acme", repeat_window=window, reopen_window=0.1, keep_all=True)}
    starts = data.draw(st.lists(fractions, min_size=1, max_size=5))
    moments = [*starts, *(start + window for start in starts), *(start + 2 * window for start in starts)]
    entries = []
    for number, at in enumerate(moments):
        entries += [
            told("acme", "ann", str(number), at, opened, f"o{number}"),
            told("acme", "ann", str(number), data.draw(st.sampled_from(moments)), solved, f"s{number}"),
        ]
    as_of = BASE + 100
    owner = Owner(contracts).walk(data.draw(histories(entries, as_of)))
    same_as_oracle(owner, entries, contracts, as_of)


# --- closing


CLOSING = {
    vendor: msgspec.structs.replace(contract, keep_all=False, horizon=horizon)
    for (vendor, contract), horizon in zip(CONTRACTS.items(), (20 * UNIT, 30 * UNIT), strict=True)
}


def open_until_complete(history: list[Step], entries: list[Entry]) -> list[Step]:
    """Take out of a history the ticks that would close a ticket, or its facts' horizon, before its last fact is in."""
    oldest: dict[tuple[str | None, str | None, str | None], float] = {}
    for entry in entries:
        name = (entry.vendor, entry.customer, entry.ticket)
        oldest[name] = min(entry.seen.fact.time, oldest.get(name, entry.seen.fact.time))
    allowed: list[Step] = []
    for place, step in enumerate(history):
        coming = [entry for later in history[place:] if isinstance(later, list) for entry in later if entry.vendor]
        first = min(
            (oldest[e.vendor, e.customer, e.ticket] + CLOSING[e.vendor].kept_for for e in coming), default=float("inf")
        )
        if isinstance(step, list) or step < first:
            allowed.append(step)
    return allowed


@slow
@given(st.data())
def test_where_no_fact_comes_after_its_horizon_closing_does_not_depend_on_order(data):
    """Promise: if no tick passes a ticket's oldest fact by the horizon before its last fact is in, then nothing is late,

    and what is kept, its cells and its rows are those of the tickets whose last fact is younger than the horizon,
    whatever the order of facts and ticks.
    """
    entries = data.draw(worlds())
    as_of = data.draw(st.integers(0, 120).map(lambda step: BASE + step * UNIT))
    one, other = (
        Owner(CLOSING).walk(open_until_complete(data.draw(histories(entries, as_of)), entries)) for _ in range(2)
    )
    same_as_oracle(one, entries, CLOSING, as_of)
    assert one.late == other.late == []
    assert one.rows == other.rows
    assert one.book.cells == other.book.cells
    same_when_rebuilt(one, CLOSING)


@slow
@given(st.data())
def test_a_casebook_that_closes_is_rebuilt_to_the_same_after_every_step(data):
    """Promise: with facts late or not, live and recovered casebooks keep the same tickets."""
    entries, as_of = data.draw(worlds(most=16)), data.draw(ticks)
    owner = Owner(CLOSING)
    for step in data.draw(histories(entries, as_of)):
        owner.step(step)
        same_when_rebuilt(owner, CLOSING)


@slow
@given(st.data())
def test_every_fact_is_either_kept_closed_or_told_to_be_late(data):
    """Promise: loss is never silent: a ticket fact in no row belongs to a ticket that was closed, or is a letter.

    A ticket may be begun and closed in one span: where a rewritten fact turns out to be older than it said.
    """
    entries, as_of = data.draw(worlds(most=16)), data.draw(ticks)
    owner = Owner(CLOSING)
    closed: set[bytes] = set()
    for step in data.draw(histories(entries, as_of)):
        begun = set(owner.rows)
        done = owner.step(step)
        facts = [entry for entry in step if entry.ticket is not None] if isinstance(step, list) else []
        begun |= {key_of(entry) for entry in facts if in_time(entry, owner.book.as_of)}
        closed |= {key for key, value in done.rows.items() if value is None and key in begun}
        for entry in facts:
            assert key_of(entry) in {*owner.rows, *closed} or entry in done.late, entry


def key_of(entry: Entry) -> bytes:
    return ticket_key(entry.vendor, entry.customer, entry.ticket)


def in_time(entry: Entry, as_of: float) -> bool:
    return as_of < entry.seen.fact.time + CLOSING[entry.vendor].kept_for
