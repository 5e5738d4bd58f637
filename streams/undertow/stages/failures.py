"""Which of a customer's tickets went bad, in order of their solves: so that the second can be told. Derived, never stored."""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

from undertow.domain.contract import DAY
from undertow.stages.contacts import Owner, Ticket
from undertow.stages.voices import Moment

APART: Final = 60 * DAY
"""Seconds between two first solves up to which the later failure is the customer's second one: so far back a ticket is kept

while the later one is within a window of 7 or 28 days, so that no figure of those changes when the earlier one is dropped.
"""


class Failures:
    """Failed tickets by first solve, then key. What is asked about a ticket depends on the one just before it only."""

    def __init__(self) -> None:
        self._failed: dict[Owner, list[Moment]] = {}
        """Of known customers: tickets of nobody known have nothing to do with each other."""

    def put(self, ticket: Ticket, solved: float | None) -> list[bytes]:
        """A ticket solved first at a time (seconds) failed; None: it did not, or is dropped.

        Returns the tickets of which :meth:`again` may now say something else.
        """
        before = ticket.failed
        if before == solved:
            return []
        if ticket.owner[1] is None:
            return []
        ticket.failed = solved
        failed = self._failed.setdefault(ticket.owner, [])
        touched: list[Moment] = []
        if before is not None:
            place = bisect_left(failed, (before, ticket.key))
            del failed[place]
            touched += failed[place : place + 1]
        if solved is not None:
            place = bisect_left(failed, (solved, ticket.key))
            failed.insert(place, (solved, ticket.key))
            touched += failed[place + 1 : place + 2]
        elif not failed:
            del self._failed[ticket.owner]
        return [key for _, key in touched]

    def again(self, ticket: Ticket) -> bool:
        """Whether the ticket failed, and another one had at most :data:`APART` seconds before."""
        if ticket.failed is None:
            return False
        failed = self._failed[ticket.owner]
        place = bisect_left(failed, (ticket.failed, ticket.key))
        return place > 0 and ticket.failed - failed[place - 1][0] <= APART
