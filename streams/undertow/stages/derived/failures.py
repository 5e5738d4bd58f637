"""Which of a customer's tickets went bad, in order of their solves: so that the second can be told. Derived, never stored."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Final

from undertow.domain.agreement.contract import DAY
from undertow.stages.derived.contacts import Contacts, Ticket

APART: Final = 60 * DAY
"""Seconds between two first solves up to which the later failure is the customer's second one: so far back a ticket is kept

while the later one is within a window of 7 or 28 days, so that no figure of those changes when the earlier one is dropped.
"""


def put(ticket: Ticket, solved: float | None, contacts: Contacts) -> list[bytes]:
    """A ticket solved first at a time (seconds) failed; None: it did not, or is dropped.

    Returns the other tickets of which :func:`again` may now say something else: those just after it, before and now.
    """
    touched = _after(ticket, contacts)
    if solved in ticket.solves:
        solved = ticket.solves[ticket.solves.index(solved)]  # the very object, nearly always: 32 bytes less
    contacts.failed(ticket, solved)
    return touched + _after(ticket, contacts)


def again(ticket: Ticket, contacts: Contacts) -> bool:
    """Whether the ticket failed, and another one had at most :data:`APART` seconds before."""
    if ticket.failed is None:
        return False
    failures = contacts.failures
    place = bisect_left(failures, (ticket.failed, ticket.key))
    return place > 0 and ticket.failed - failures[place - 1][0] <= APART


def _after(ticket: Ticket, contacts: Contacts) -> list[bytes]:
    """The ticket that failed next after one that failed."""
    if ticket.failed is None:
        return []
    failures = contacts.failures
    place = bisect_right(failures, (ticket.failed, ticket.key))
    return [key for _, key in failures[place : place + 1]]
