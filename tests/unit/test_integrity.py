"""A feed that contradicts itself, and one that is only late, repeated or out of order. Hours since the ticket was opened."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.desk import CONTRACT, CUSTOMER, HOUR, NOW, OPENED, SOLVED, Told, cases, evidence, message, opened, told
from undertow.domain.agreement.contract import DAY
from undertow.domain.patterns.integrity import Runs, edits, runs
from undertow.domain.patterns.periods import gaps
from undertow.domain.tickets import facts as f
from undertow.domain.tickets.facts import Fact, Place, Seen, join

CLAIM = f.Claimed("sla", True, None, None, None)


def late_ticket(*, rewritten: float, noticed: float) -> Told:
    """Solved at 30 hours of 20; said again, with the solve at ``rewritten`` hours, arriving at ``noticed``."""
    ticket = told((0, opened()), (0, CUSTOMER), (1, message()), (30, SOLVED))
    ticket.fact(rewritten, SOLVED, arrived=noticed, number=4)
    return ticket


def test_a_solve_rewritten_after_the_breach_is_seen_when_it_arrives():
    """Promise: the event is named, the match dated by the arrival, and the ticket stays past its target."""
    found = cases(late_ticket(rewritten=19, noticed=50))
    assert evidence(found, "edited") == ("a4",)
    assert found["edited"].match is not None
    assert found["edited"].match.at == OPENED + 50 * HOUR
    assert evidence(found, "lowered_late") == ()


def test_an_edit_says_what_was_and_what_is():
    """Promise: both versions are at hand, the one read first is the one before."""
    (edit,) = edits(late_ticket(rewritten=19, noticed=50).seen)
    assert (edit.before.time, edit.after.time) == (OPENED + 30 * HOUR, OPENED + 19 * HOUR)


def test_a_correction_before_the_breach_or_without_one_is_none():
    """Promise: where nothing was at stake, a correction is a correction."""
    early = told((0, opened()), (0, CUSTOMER), (1, message()), (30, SOLVED))
    early.fact(0, opened(topic="login"), arrived=0.5, number=1)
    assert evidence(cases(early), "edited") == ()
    punctual = told((0, opened()), (0, CUSTOMER), (1, message()), (15, SOLVED))
    punctual.fact(14, SOLVED, arrived=50, number=4)
    assert evidence(cases(punctual), "edited") is None


def test_the_same_thing_written_down_again_is_no_edit():
    """Promise: an export that is run again gives events another recorded time or sequence, and nothing else."""
    ticket = late_ticket(rewritten=30, noticed=50)
    (solve,) = [seen for seen in ticket.seen if seen.fact.id == "a4"]
    again = msgspec.structs.replace(solve.fact, recorded=solve.fact.recorded + 99, sequence=77)
    ticket.seen, _ = join(ticket.seen, [Seen(again, Place("vendor.tickets", 0, 10**12, NOW))])
    assert len(ticket.seen) == 5
    assert edits(ticket.seen) == []


def test_a_claim_said_anew_under_its_old_id_is_not_the_help_desks_edit():
    """Promise: claims are restated by the latest recorded time; that is shown elsewhere."""
    ticket = late_ticket(rewritten=30, noticed=30)
    ticket.fact(31, CLAIM, number=9)
    ticket.fact(31, f.Claimed("sla", False, None, None, None), arrived=99, number=9)
    assert len(edits(ticket.seen)) == 1
    assert evidence(cases(ticket), "edited") == ()


def test_an_event_that_arrives_more_than_a_day_after_its_time_is_dated_back():
    """Promise: of several the one that arrived first is named, and dated by its arrival."""
    ticket = told((0, opened()))
    ticket.fact(2, message(), arrived=60)
    ticket.fact(3, message(), arrived=40)
    found = cases(ticket)
    assert evidence(found, "backdated") == ("a3",)
    assert found["backdated"].match is not None
    assert found["backdated"].match.at == OPENED + 40 * HOUR


def test_an_event_recorded_late_by_its_own_words_is_dated_back():
    """Promise: the vendor's system may admit it."""
    ticket = told((0, opened()))
    fact = Fact(OPENED, 0, OPENED + 2 * DAY, "x", "/acme", message())
    ticket.seen, _ = join(ticket.seen, [Seen(fact, Place("vendor.tickets", 0, 1, OPENED + HOUR))])
    assert evidence(cases(ticket), "backdated") == ("x",)


def test_what_arrives_within_the_day_or_is_a_claim_is_not():
    """Promise: a nightly batch is in time; a claim is made when it is made."""
    ticket = told((0, opened()))
    ticket.fact(2, message(), arrived=25.9)
    ticket.fact(3, CLAIM, arrived=900)
    assert evidence(cases(ticket), "backdated") == ()


def test_a_rewritten_event_is_not_dated_back_as_well():
    """Promise: its later version arrives late by nature; that is the edit's matter."""
    assert evidence(cases(late_ticket(rewritten=19, noticed=80)), "backdated") == ()


def test_a_history_and_a_file_are_not_judged_by_their_arrival():
    """Promise: a closed history arrives late as a whole, and in a file nobody noted the time."""
    ticket = told((0, opened()))
    ticket.fact(2, message(), arrived=900)
    closed = msgspec.structs.replace(CONTRACT, as_of=NOW)
    assert "backdated" not in cases(ticket, contract=closed)
    read = [Seen(seen.fact, Place("file", 0, number)) for number, seen in enumerate(ticket.seen)]
    ticket.seen = read
    assert "backdated" not in cases(ticket)


def test_a_claim_about_a_ticket_of_which_nothing_was_ever_said_is_seen():
    """Promise: every such claim is named; feedback does not make a ticket."""
    ticket = told((0, CLAIM), (1, f.Surveyed("csat", 5.0)), (2, CLAIM))
    assert evidence(cases(ticket), "unknown_ticket") == ("a1", "a3")


def test_a_claim_ahead_of_its_ticket_waits():
    """Promise: a day; then it is judged, and the ticket that follows clears it."""
    ticket = told((0, CLAIM))
    assert "unknown_ticket" not in cases(ticket, as_of=OPENED + DAY)
    assert evidence(cases(ticket, as_of=OPENED + DAY + 1), "unknown_ticket") == ("a1",)
    ticket.fact(-5, SOLVED, arrived=50)
    assert evidence(cases(ticket), "unknown_ticket") == ()


numbers = st.lists(st.integers(0, 30), max_size=40)


@given(numbers)
def test_runs_are_in_order_and_apart_and_lose_no_number(seen):
    """Promise: any order and repetition gives the same runs."""
    known = runs(seen)
    assert known == runs(sorted({*seen}, reverse=True))
    assert [number for first, last in known.spans for number in range(first, last + 1)] == sorted({*seen} - {0})
    assert all(one[1] + 1 < two[0] for one, two in pairwise(known.spans))


@given(numbers, st.integers(0, 31))
def test_holes_are_what_is_missing(seen, upto):
    """Promise: between the lowest number and ``upto``, all that was not seen and lies below a seen one."""
    known = runs(seen)
    missing = {number for first, last in known.holes(upto) for number in range(first, last + 1)}
    present = set(seen) - {0}
    low, high = min(present, default=1), max(present, default=0)
    assert missing == {number for number in range(low, min(high, upto + 1)) if number not in present}


def test_holes_are_counted_among_the_numbers_used():
    """Promise: 5 of 20; a number that may only be under way does not count, nor does a feed without numbers."""
    known = runs([*range(11, 15), *range(17, 21), *range(24, 31)])
    assert known.spans == ((11, 14), (17, 20), (24, 30))
    assert (gaps(known, 30).matched, gaps(known, 30).n) == (5, 20)
    assert (gaps(known, 16).matched, gaps(known, 16).n) == (2, 6)
    assert gaps(Runs(), 30).n == gaps(known, 5).n == 0


@pytest.mark.parametrize("swap", [False, True])
def test_of_two_versions_the_one_read_first_counts_whatever_they_say(swap):
    """Promise: the order of reading decides which is the edit, not the order in which they are given."""
    ticket = late_ticket(rewritten=19, noticed=50)
    seen = list(reversed(ticket.seen)) if swap else ticket.seen
    (edit,) = edits(seen)
    assert edit.noticed == OPENED + 50 * HOUR
