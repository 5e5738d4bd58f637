"""What names no ticket is held against one ticket, and of two failures of a customer the later one is the second."""

from __future__ import annotations

from random import Random

import pytest
from msgspec.structs import replace

from property.strategies import Owner
from undertow.domain.agreement.contract import DAY, Contract
from undertow.domain.counting.cells import Cell
from undertow.domain.tickets.facts import (
    Body,
    Claimed,
    Complained,
    Fact,
    Invoiced,
    Opened,
    Place,
    Refunded,
    Seen,
    StatusChanged,
)
from undertow.stages.records import Entry

CONTRACTS = {
    "acme": Contract(vendor="acme"),
    "zenith": Contract(vendor="zenith", reopen_window=5 * DAY),
}
SOLVED = StatusChanged("solved", "agent")
MET = Claimed("sla", True, None, None, None)
REFUND = Refunded(5.0, "EUR")


def entry(at: float, body: Body, ticket: str | None = None, vendor: str = "acme") -> Entry:
    """A time in days."""
    fact = Fact(at * DAY, 0, at * DAY, f"{vendor}-{ticket}-{at}-{body}", "/a", body)
    return Entry(vendor if ticket else None, "ann", ticket, Seen(fact, Place("t", 0, 0)))


def ticket(name: str, solved: float, vendor: str = "acme", *, back: float | None = None) -> list[Entry]:
    """Opened a day before, on a topic of its own, reported as met; reopened by the customer and solved again."""
    told = [
        entry(solved - 1, Opened(name), name, vendor),
        entry(solved, SOLVED, name, vendor),
        entry(solved, MET, name, vendor),
    ]
    if back is not None:
        told += [entry(back, StatusChanged("open", "customer"), name, vendor), entry(back, SOLVED, name, vendor)]
    return told


def outcomes(owner: Owner, name: str, label: str = "met") -> dict[str, int]:
    """By vendor, how many tickets have it."""
    found: dict[str, int] = {}
    for key, cell in owner.book.cells.items():
        for tally, n in cell.tallies.items():
            if (tally.kind, tally.name, tally.label) == ("outcome", name, label):
                found[key.vendor] = found.get(key.vendor, 0) + n
    return found


@pytest.mark.parametrize(
    ("at", "blamed"),
    [
        (10.0, {}),  # the solve's own second
        (10.1, {"acme": 1}),
        (12.0, {"acme": 1}),
        (12.1, {"zenith": 1}),
        (17.0, {"zenith": 1}),
        (17.1, {}),  # too long after the nearest; the one before it is no substitute
    ],
)
def test_an_event_that_names_no_ticket_is_held_against_the_nearest_solve_before_it_of_whichever_vendor(at, blamed):
    """Promise: one refund makes one ticket of one vendor bad, and only within that vendor's own window."""
    owner = Owner(CONTRACTS).walk([[*ticket("1", 10), *ticket("2", 12, "zenith"), entry(at, REFUND)], 100 * DAY])
    assert outcomes(owner, "refunded") == blamed


def test_a_solve_that_comes_to_light_later_takes_the_event_over():
    """Promise: whatever arrives last, it is the nearest solve that counts; the other ticket is good again."""
    owner = Owner(CONTRACTS).walk([[*ticket("1", 10)], [entry(13, REFUND)], 60 * DAY])
    assert outcomes(owner, "refunded") == {"acme": 1}
    owner.step(ticket("2", 12, "zenith"))
    assert outcomes(owner, "refunded") == {"zenith": 1}
    assert not [cell for key, cell in owner.book.cells.items() if key.vendor == "acme" and cell.counts.bad]


def test_a_bill_that_names_no_ticket_is_a_bill():
    """Promise: only what was charged for a ticket is."""
    owner = Owner(CONTRACTS).walk([[*ticket("1", 10, back=11), entry(12, Invoiced(5.0, "EUR"))], 100 * DAY])
    assert (outcomes(owner, "charged"), outcomes(owner, "reopened")) == ({}, {"acme": 1})
    owner.step([entry(12, Invoiced(5.0, "EUR"), "1")])
    assert outcomes(owner, "charged") == {}, "its second solve held"


def test_the_later_of_two_failures_is_the_second_and_the_first_is_none():
    """Promise: of two failed tickets one counts, by the order of their first solves, not of their failures."""
    first, second = ticket("1", 10, back=20), ticket("2", 12, back=13)
    for facts in ([*first, *second], [*second, *first]):
        owner = Owner(CONTRACTS).walk([[fact] for fact in facts])
        owner.step(100 * DAY)
        assert outcomes(owner, "repeat_failure") == {"acme": 1}
        days = [key.day for key, cell in owner.book.cells.items() if "repeat_failure" in names(cell)]
        assert days == [12]


def names(cell: Cell) -> set[str]:
    return {tally.name for tally in cell.tallies if tally.kind == "outcome"}


@pytest.mark.parametrize(("apart", "second"), [(60.0, {"acme": 1}), (60.1, {})])
def test_failures_that_lie_too_far_apart_are_two_first_ones(apart, second):
    """Promise: so far back every ticket is still kept when the later one is in a window of 28 days."""
    later = 10 + apart
    owner = Owner(CONTRACTS).walk([[*ticket("1", 10, back=11), *ticket("2", later, back=later + 1)], 115 * DAY])
    assert outcomes(owner, "repeat_failure") == second


def test_another_vendor_s_failure_is_not_this_one_s_second():
    """Promise: each vendor answers for its own."""
    owner = Owner(CONTRACTS).walk([[*ticket("1", 10, back=11), *ticket("2", 12, "zenith", back=13)], 100 * DAY])
    assert outcomes(owner, "repeat_failure") == {}


def test_when_the_first_failure_is_dropped_the_next_one_becomes_the_first():
    """Promise: figures stand on tickets that are kept, live and recovered alike."""
    owner = Owner(CONTRACTS).walk(
        [[*ticket("1", 10, back=11), *ticket("2", 12, back=13), *ticket("3", 14, back=15)], 100 * DAY]
    )
    assert outcomes(owner, "repeat_failure") == {"acme": 2}
    owner.step((11 + 120) * DAY)
    assert owner.book.tickets == 2
    assert outcomes(owner, "repeat_failure") == {"acme": 1}
    again = Owner(CONTRACTS, dict(owner.rows))
    assert again.book.cells == owner.book.cells


def test_a_failure_that_turns_out_to_be_none_makes_the_next_one_the_first():
    """Promise: a rewritten event that was read first takes the second failure back."""
    owner = Owner(CONTRACTS).walk(
        [[*ticket("1", 10), *ticket("2", 12, back=13)], [entry(11, Complained("review"), "1")]]
    )
    owner.step(100 * DAY)
    assert outcomes(owner, "repeat_failure") == {"acme": 1}
    (complaint,) = [entry(11, Complained("review"), "1")]
    other = replace(complaint.seen.fact, body=REFUND)
    before = Seen(Fact(other.time, 0, other.time, other.id, "/a", StatusChanged("closed", "agent")), Place("s", 0, 0))
    owner.step([Entry("acme", "ann", "1", before)])
    assert outcomes(owner, "complained") == {}
    assert outcomes(owner, "repeat_failure") == {}


def test_a_customer_with_very_many_tickets_and_words_costs_no_more_than_each():
    """Promise: news of one ticket touches the one before it at most, not all that anything is held against."""
    random = Random(1)
    facts = [one for number in range(300) for one in ticket(str(number), 10 + number / 10)]
    facts += [entry(10 + random.random() * 30, Complained("review")) for _ in range(300)]
    owner = Owner(CONTRACTS).walk([facts])
    done = owner.step(ticket("x", 25.05))
    assert done.judged <= 4
