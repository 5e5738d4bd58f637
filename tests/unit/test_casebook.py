"""Single walks through a casebook: what is late, what is closed, and what an owner says when it begins."""

from __future__ import annotations

import pytest
from msgspec import structs

from property.strategies import Owner
from undertow.agents.intake import parcels
from undertow.domain.agreement.contract import DAY, Contract
from undertow.domain.counting.cells import CellKey, Counts, Tally
from undertow.domain.counting.ledger import Position
from undertow.domain.tickets.facts import (
    Active,
    Assigned,
    Body,
    Claimed,
    Fact,
    Linked,
    Message,
    Opened,
    Place,
    Seen,
    SegmentChanged,
    StatusChanged,
    join,
)
from undertow.stages import casebook
from undertow.stages.casebook import Casebook
from undertow.stages.records import Entry, decode_for_casebook
from undertow.stages.rows import MAX_ROW_BYTES, TicketRow, customer_key, encode, join_rows, ticket_key

ACME = Contract(vendor="acme")
KEPT = ACME.kept_for
CONTRACTS = {"acme": ACME}
SOLVED = StatusChanged("solved", "agent")


def entry(at: float, body: Body, ticket: str | None = "1", customer: str = "ann", offset: int = 0) -> Entry:
    fact = Fact(at, 0, at, f"{ticket}-{at}-{body}", "/a", body)
    return Entry("acme" if ticket else None, customer, ticket, Seen(fact, Place("vendor.tickets", 0, offset)))


def test_a_ticket_is_kept_for_the_longest_window_and_follow_up_after_its_last_fact():
    """Promise: it is dropped at that second, its row with it, and its cells are said to be empty."""
    owner = Owner(CONTRACTS).walk([[entry(0.0, Opened("bill")), entry(DAY, SOLVED)], DAY + KEPT - 1])
    assert (KEPT, owner.book.tickets) == (120 * DAY, 1)
    done = owner.step(DAY + KEPT)
    assert done.rows[ticket_key("acme", "ann", "1")] is None
    assert (owner.book.tickets, owner.book.cells) == (0, {})
    assert [said.counts for said in owner.book.snapshots(done.cells, 7)] == [Counts(), Counts()]


@pytest.mark.parametrize(("age", "late"), [(KEPT - 1, False), (KEPT, True), (KEPT + 1, True)])
def test_a_fact_at_or_beyond_the_horizon_of_an_unknown_ticket_is_late(age, late):
    """Promise: such a fact is told of, changes no row and no cell, and raises no ticket from the dead.

    The boundary is the one at which a ticket is closed: between the two a fact would vanish without a letter.
    """
    now = 500 * DAY
    owner = Owner(CONTRACTS).walk([now])
    old = entry(now - age, Opened("bill"))
    done = owner.step([old])
    assert done.late == ([old] if late else [])
    assert (owner.book.tickets, bool(done.rows), bool(done.cells)) == ((0, False, False) if late else (1, True, True))


def test_an_old_fact_of_a_ticket_still_kept_is_not_late():
    """Promise: the horizon closes tickets, not facts."""
    owner = Owner(CONTRACTS).walk([[entry(100 * DAY, SOLVED)], 200 * DAY])
    assert owner.step([entry(DAY, Opened("bill"))]).late == []


def test_a_solve_claimed_for_the_far_future_does_not_keep_a_ticket_beyond_its_horizon():
    """Promise: a live casebook and one rebuilt from the same rows close a ticket at the same time."""
    claimed = Contract(vendor="acme", solve_time="resolved_at")
    claim = Claimed("sla", True, None, 900 * DAY, None)
    owner = Owner({"acme": claimed}).walk(
        [[entry(0.0, Opened("bill")), entry(DAY, SOLVED), entry(DAY, claim)], DAY + KEPT]
    )
    assert owner.book.tickets == 0
    assert Casebook(0, {"acme": claimed}, owner.rows).tickets == 0


def test_time_does_not_run_backwards():
    """Promise: an older tick changes nothing."""
    owner = Owner(CONTRACTS).walk([[entry(0.0, Opened("bill"))], 10 * DAY])
    done = owner.step(9 * DAY)
    assert (done.rows, done.cells, owner.book.as_of) == ({}, set(), 10 * DAY)


def test_each_owner_outranks_the_one_before_from_its_first_word():
    """Promise: a new owner's epoch is higher, and is in the rows before anything is said under it."""
    first = Owner(CONTRACTS)
    first.keep(first.book.assigned())
    first.step([entry(0.0, Opened("bill"))])
    second = Owner(CONTRACTS, dict(first.rows))
    done = second.keep(second.book.assigned())
    assert second.book.completed(-1).position == Position(2, -1) > first.book.completed(10**9).position
    assert done.cells == set(first.book.cells) == {CellKey("acme", "all", 0)}
    assert Owner(CONTRACTS, dict(second.rows)).book.epoch == 2


def test_one_number_under_two_customers_is_two_tickets():
    """Promise: a ticket belongs to one customer."""
    owner = Owner(CONTRACTS).walk([[entry(0.0, Opened()), entry(0.0, Opened(), customer="bob")], DAY])
    assert owner.book.tickets == 2
    assert owner.book.cells[CellKey("acme", "all", 0)].counts.opened == 2


def test_a_segment_s_change_moves_the_tickets_opened_after_it_and_no_other():
    """Promise: the segment in force when a ticket was opened counts, whenever the company says so."""
    owner = Owner({"acme": Contract(vendor="acme", segments=("gold", "basic"))})
    owner.walk(
        [[entry(1 * DAY, Opened(), "1"), entry(3 * DAY, Opened(), "2")], [entry(3 * DAY, SegmentChanged("gold"), None)]]
    )
    assert set(owner.book.cells) == {CellKey("acme", "other", 1), CellKey("acme", "gold", 3)}


def test_activity_is_kept_as_days():
    """Promise: a customer active a thousand times a day costs one number."""
    owner = Owner(CONTRACTS)
    owner.step([entry(DAY + n, Active(), None) for n in range(50)])
    key = customer_key("ann")
    assert len(owner.rows[key]) < 30
    assert owner.step([entry(DAY + 60, Active(), None)]).rows == {}


def test_rows_of_two_kinds_under_one_key_are_a_bug():
    """Promise: a table that was mixed up stops the worker, it is not papered over."""
    owner = Owner(CONTRACTS).walk([[entry(0.0, Opened()), entry(0.0, SegmentChanged("gold"), None)]])
    ticket, customer = owner.rows[ticket_key("acme", "ann", "1")], owner.rows[customer_key("ann")]
    with pytest.raises(TypeError, match="rows of two kinds"):
        join_rows(ticket, customer)


def test_a_customer_called_clock_has_a_row_of_its_own():
    """Promise: no customer's name can overwrite the partition's time and epoch."""
    owner = Owner(CONTRACTS).walk([DAY, [entry(0.0, SegmentChanged("gold"), None, customer="clock")]])
    assert len(owner.rows) == 2
    assert Casebook(0, CONTRACTS, owner.rows).as_of == DAY


def test_a_ticket_with_more_facts_than_a_row_holds_refuses_the_rest_and_keeps_what_it_has():
    """Promise: a looping program costs letters, never the worker: no row outgrows what a broker takes."""
    rows: dict[bytes, bytes] = {}
    book = Casebook(0, CONTRACTS, rows)
    sent = refused = 0
    for span in range(12):
        facts = [
            Fact(1e9 + span, number, 1e9, f"{span}-{number}-{'x' * 200}", "/acme", SOLVED) for number in range(500)
        ]
        place = Place("vendor.tickets", 0, span)
        done = book.fold([Entry("acme", "ann", "T1", Seen(fact, place)) for fact in facts])
        rows.update({key: value for key, value in done.rows.items() if value is not None})
        sent, refused = sent + len(facts), refused + len(done.overfull)
    assert 0 < refused < sent
    assert max(map(len, rows.values())) <= MAX_ROW_BYTES
    assert book.fold([Entry("acme", "ann", "T2", Seen(facts[0], place))]).overfull == []


def test_parcels_stay_below_what_a_broker_takes_however_long_the_names_are():
    """Promise: names of 256 four-byte characters split a span into more records, and lose no entry."""
    name = "\U0001f30a" * 256
    entries = [
        Entry(name, name, name, Seen(Fact(1e9, 0, 1e9, name, name, Opened(name, name, name)), Place(name, 0, number)))
        for number in range(600)
    ]
    said = list(parcels(entries))
    assert max(map(len, said)) <= 1_000_000
    assert [entry for value in said for entry in decode_for_casebook(value).entries] == entries


ANSWER = Message("agent", True, True, False)
BACK = [
    [entry(0.0, Opened("bill", actor="customer")), entry(DAY, StatusChanged("solved", "agent", "fault"))],
    [entry(2 * DAY, Opened("bill", actor="customer"), "2")],
    50 * DAY,
]


def counted(owner: Owner) -> set[Tally]:
    return {tally for cell in owner.book.cells.values() for tally in cell.tallies}


def test_an_answer_on_a_ticket_that_is_under_way_tells_how_soon_the_failure_before_it_was_owned():
    """Promise: a ticket that is not judged itself still moves the one it is next to."""
    owner = Owner(CONTRACTS).walk(BACK)
    assert Tally("recovery", "reply", "open") in counted(owner)
    done = owner.step([entry(2 * DAY + 60, ANSWER, "2")])
    assert (done.judged, Tally("recovery", "reply", "1h") in counted(owner)) == (1, True)


def test_what_came_of_a_later_ticket_tells_whether_the_first_was_diagnosed_rightly():
    """Promise: news of a ticket that is judged are news for the one it is next to."""
    owner = Owner(CONTRACTS).walk([*BACK, [entry(2 * DAY, Linked("1", "follows_up"), "2")]])
    assert Tally("case", "misdiagnosed", "matched") not in counted(owner)
    owner.step([entry(3 * DAY, StatusChanged("solved", "agent", "delivery"), "2")])
    assert Tally("case", "misdiagnosed", "matched") in counted(owner)


@pytest.mark.parametrize(("after", "judged"), [(30 * DAY, 2), (30 * DAY + 1, 1)])
def test_a_contact_that_no_solve_reaches_costs_no_judgement_but_its_own(after, judged):
    """Promise: a new ticket on the topic is news to the solved one up to the end of its window, and to nobody beyond it."""
    owner = Owner(CONTRACTS).walk([[entry(0.0, Opened("bill")), entry(DAY, SOLVED)], 40 * DAY])
    assert owner.step([entry(DAY + after, Opened("bill"), "2")]).judged == judged


def test_what_is_dated_later_than_now_is_judged_when_its_time_has_come():
    """Promise: a solve that has not happened yet counts for no verdict or pattern, and does so at the first moment it may."""
    owner = Owner(CONTRACTS).walk([2 * DAY, [entry(DAY, Opened("bill")), entry(3 * DAY, SOLVED)]])
    assert not any(tally.kind == "case" for tally in counted(owner))
    owner.step(3 * DAY - 1)
    assert not any(tally.kind == "case" for tally in counted(owner))
    owner.step(3 * DAY)
    assert Tally("case", "flicker", "n") in counted(owner)


def test_work_on_a_ticket_that_was_never_solved_costs_no_judgement():
    """Promise: hand-overs, messages and statuses on the way change no figure, and are not paid for as if they did."""
    owner = Owner(CONTRACTS).walk([[entry(0.0, Opened("bill"))], DAY])
    for at, body in ((60.0, Assigned("a", None)), (70.0, ANSWER), (80.0, StatusChanged("pending", "agent"))):
        assert owner.step([entry(at, body)]).judged == 0
    owner.step(KEPT + 79.0)
    assert owner.book.tickets == 1, "it is kept from its last fact on"
    owner.step(KEPT + 80.0)
    assert owner.book.tickets == 0


def on_the_way(rows: int) -> list[Entry]:
    """News of a ticket under way, a minute apart."""
    bodies = (ANSWER, Assigned("a", None), StatusChanged("pending", "agent"))
    return [entry(60.0 * number, bodies[number % 3], offset=number) for number in range(1, rows + 1)]


def test_work_on_a_ticket_reads_no_row_and_writes_what_reading_it_would_give(monkeypatch):
    """Promise: half of a feed costs neither a judgement nor its ticket's facts, however many they are."""
    owner = Owner(CONTRACTS).walk([[entry(0.0, Opened("bill"))]])
    monkeypatch.setattr(casebook, "decode", None)
    entries = on_the_way(20)
    for span in (entries[:1], entries[3:0:-1], *([one] for one in entries[4:])):
        owner.step(span)
    told = [entry(0.0, Opened("bill")).seen, *(one.seen for one in entries)]
    assert owner.rows == {ticket_key("acme", "ann", "1"): encode(TicketRow(join([], told)[0]))}


def again(one: Entry, **changed: object) -> Entry:
    return structs.replace(one, seen=structs.replace(one.seen, fact=structs.replace(one.seen.fact, **changed)))


@pytest.mark.parametrize("settles", [True, False])
@pytest.mark.parametrize(
    ("late", "known"),
    [
        (lambda entries: entries[2:4], 2),
        (lambda entries: [again(entries[2], sequence=3)], 0),
        (lambda entries: [again(entries[2], sequence=3, time=9000.0)], 0),
        (lambda entries: [again(entries[2], id="another")], 0),
        (lambda entries: [again(entries[-1], id="!")], 0),
        (lambda entries: [again(entries[2], id="x", time=9000.0)] * 2, 1),
        (lambda entries: [again(entries[2], id="x", time=9000.0), again(entries[2], id="x", time=9060.0)], 0),
        (lambda entries: [entry(9000.0, SOLVED)], 0),
    ],
    ids=[
        "twice",
        "rewritten",
        "rewritten later",
        "earlier",
        "at one time",
        "twice at once",
        "two versions at once",
        "solved",
    ],
)
def test_news_that_are_no_mere_work_at_the_end_are_joined(late, known, settles):
    """Promise: what comes twice, rewritten, early or says more than work is seen for what it is, and so is what follows it."""
    owner = Owner(CONTRACTS).walk([[entry(0.0, Opened("bill"))], *([one] for one in on_the_way(6))])
    owner.settles = lambda: settles
    entries, more = on_the_way(6), late(on_the_way(6))
    assert owner.step(more).duplicates == known
    told = [one.seen for one in (entry(0.0, Opened("bill")), *entries, *more)]
    for one in (entry(9999.0, ANSWER), entry(30.0, ANSWER)):
        assert owner.rows == {ticket_key("acme", "ann", "1"): encode(TicketRow(join([], told)[0]))}
        owner.step([one])
        told.append(one.seen)
    owner.keep(owner.book.settle())
    assert owner.rows == {ticket_key("acme", "ann", "1"): encode(TicketRow(join([], told)[0]))}
    rebuilt = Casebook(0, CONTRACTS, owner.rows)
    assert {key: ticket.given for key, ticket in rebuilt._judgements.tickets.items()} == owner.given


def test_a_ticket_under_way_refuses_what_a_row_cannot_hold():
    """Promise: the short way knows the limit, too."""
    owner = Owner(CONTRACTS).walk([[entry(0.0, Opened("bill"))]])
    big = [entry(float(number), Assigned("a" * 1000, None), offset=number) for number in range(1, 500)]
    owner.step(big)
    row = owner.rows[ticket_key("acme", "ann", "1")]
    more = [entry(float(number), Assigned("a" * 1000, None), offset=number) for number in range(500, 1000)]
    done = owner.step(more)
    assert done.overfull == more
    assert owner.rows[ticket_key("acme", "ann", "1")] == row
