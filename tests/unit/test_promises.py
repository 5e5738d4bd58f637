"""Promises: kept, late, broken, withdrawn, and what moving one comes to."""

from __future__ import annotations

import pytest

from tickets import HOUR, OPENED, minute, status, ticket
from undertow.domain.tickets import facts as f
from undertow.domain.tickets.promises import promises, tally

GRACE = HOUR
MADE = (10, f.PromiseMade("call", minute(100)))


def states(*told, as_of: float = minute(10_000)) -> list[tuple[float, str, float]]:
    """Due, state and when, in minutes."""
    found = promises(ticket((0, OPENED), *told), GRACE, as_of)
    return [((one.due - minute(0)) / 60, one.state, (one.at - minute(0)) / 60) for one in found]


@pytest.mark.parametrize(
    ("kept", "state", "at"),
    [(100, "kept", 100), (101, "late", 101), (160, "late", 160), (161, "broken", 160)],
    ids=["in time", "within the grace", "at the end of the grace", "after it"],
)
def test_a_promise_is_kept_late_or_broken_by_its_time_and_grace(kept, state, at):
    """Promise: what was broken stays broken, though it was done later."""
    assert states(MADE, (kept, f.PromiseFulfilled("call"))) == [(100, state, at)]


@pytest.mark.parametrize(("as_of", "state"), [(99, "open"), (160, "open"), (161, "broken")])
def test_a_promise_nobody_fulfilled_is_open_until_its_grace_has_passed(as_of, state):
    """Promise: not judged before it can be."""
    assert states(MADE, as_of=minute(as_of))[0][1] == state


def test_moving_a_promise_to_later_is_a_broken_one_and_a_new_one():
    """Promise: however the vendor says it, as moved or as made again."""
    kept = (290, f.PromiseFulfilled("call"))
    for again in (f.PromiseMoved("call", minute(300)), f.PromiseMade("call", minute(300))):
        assert states(MADE, (50, again), kept) == [(100, "broken", 50), (300, "kept", 290)]


def test_moving_a_promise_to_earlier_breaks_nothing_and_holds_the_vendor_to_more():
    """Promise: the earlier time counts from then on."""
    sooner = (50, f.PromiseMoved("call", minute(80)))
    assert states(MADE, sooner, (80, f.PromiseFulfilled("call"))) == [(80, "kept", 80)]
    assert states(MADE, sooner, (100, f.PromiseFulfilled("call"))) == [(80, "late", 100)]


def test_a_promise_moved_after_it_was_broken_was_broken_when_its_grace_ended():
    """Promise: moving it then comes too late to be the breach."""
    assert states(MADE, (500, f.PromiseMoved("call", minute(600))))[0] == (100, "broken", 160)


def test_a_promise_whose_making_the_feed_does_not_reach_was_moved_all_the_same():
    """Promise: what is known counts; a fulfilment of nothing known does not."""
    assert [state for _, state, _ in states((50, f.PromiseMoved("x", minute(90))))] == ["broken", "broken"]
    assert states((50, f.PromiseFulfilled("x"))) == []


@pytest.mark.parametrize("freed", [status("solved", "customer"), status("closed", "customer"), f.Cancelled()])
def test_the_customer_withdraws_a_promise_by_closing_the_ticket_or_leaving(freed):
    """Promise: in time; after it was broken nothing is withdrawn, and the vendor cannot withdraw at all."""
    assert states(MADE, (90, freed)) == [(100, "withdrawn", 90)]
    assert states(MADE, (170, freed)) == [(100, "broken", 160)]
    assert states(MADE, (90, status("solved", "agent"))) == [(100, "broken", 160)]
    assert states(MADE, (80, f.PromiseFulfilled("call")), (90, freed)) == [(100, "kept", 80)]


def test_a_customer_who_closes_what_the_vendor_solved_withdraws_too():
    """Promise: the customer ended the matter, whoever called it solved first."""
    assert states(MADE, (80, status("solved")), (90, status("closed", "customer"))) == [(100, "withdrawn", 90)]
    assert states(MADE, (80, status("solved")), (90, status("closed"))) == [(100, "broken", 160)]


def test_what_falls_on_one_second_is_decided_by_the_second():
    """Promise: who keeps a promise as the customer closes has kept it; the grace and the promise include their ends."""
    closed = status("closed", "customer")
    assert states(MADE, (90, f.PromiseFulfilled("call")), (90, closed)) == [(100, "kept", 90)]
    assert states(MADE, (160, closed)) == [(100, "withdrawn", 160)]
    assert states(MADE, (10, closed)) == [(100, "withdrawn", 10)]


def test_a_promise_that_is_said_again_is_the_same_promise():
    """Promise: the same time is no later one, so nothing was moved; a new due time that is earlier keeps when it was made."""
    kept = (90, f.PromiseFulfilled("call"))
    for again in (f.PromiseMade("call", minute(100)), f.PromiseMoved("call", minute(100))):
        assert states(MADE, (50, again), kept) == [(100, "kept", 90)]
    for due, made in ((80, 10), (100, 10), (120, 50)):
        told = ticket((0, OPENED), MADE, (50, f.PromiseMoved("call", minute(due))))
        assert promises(told, GRACE, minute(60))[-1].made == minute(made)


def test_a_pause_extends_no_promise():
    """Promise: pending is no excuse."""
    assert states(MADE, (20, status("pending")), (400, status("open"))) == [(100, "broken", 160)]


def test_promises_are_counted_by_what_they_came_to():
    """Promise: each promise once."""
    line = ticket(
        (0, OPENED), MADE, (10, f.PromiseMade("part", minute(100))), (10, f.PromiseMade("visit", minute(9_000))),
        (90, f.PromiseFulfilled("call")), (50, f.PromiseMoved("part", minute(200))), (220, f.PromiseFulfilled("part")),
    )  # fmt: skip
    found = tally(promises(line, GRACE, minute(500)))
    assert (found.kept, found.late, found.broken, found.withdrawn, found.open) == (1, 1, 1, 0, 1)
    assert tally(promises(ticket((0, OPENED)), GRACE, minute(500))) == type(found)()
