"""What must be judged again, and when. In memory only: rebuilt with the judgements themselves."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Final

from undertow.domain.agreement.contract import Contract
from undertow.domain.tickets.course import FOREVER
from undertow.stages.derived.contacts import Ticket

HOUR: Final = 3600.0
"""Seconds. Tickets lie in a drawer an hour: a heap entry a ticket would cost as much memory as all else kept of it."""


def over(ticket: Ticket, contract: Contract, as_of: float) -> bool:
    """Whether a ticket that is due is past its horizon, without a look at its facts: it waits for nothing else any more."""
    if contract.kept_for == FOREVER or not ticket.added or not ticket.added[-1][0].mature:
        return False
    return ticket.assessed is not None and as_of < ticket.assessed.changes_at


class Due:
    """Tickets by the hour in which they are due; which time (seconds) holds, each says itself: ``Ticket.due``.

    One that is put off stays where it lies until that hour comes: most are several times, and lie in one drawer then.
    """

    def __init__(self) -> None:
        self._hours: list[int] = []
        self._drawers: dict[int, list[Ticket]] = {}
        self._taken = 0.0
        """Up to this time (seconds) everything was taken out."""

    def wake(self, ticket: Ticket, when: float) -> None:
        """Set a ticket's time, unless it is what it was; infinity is never."""
        before = ticket.due
        if when == before or when == float("inf"):
            return
        ticket.due = when
        if before is None or before <= self._taken or when < before:
            self._put(ticket, when)

    def ripe(self, as_of: float) -> set[bytes]:
        """Take out the tickets whose time has come: their keys."""
        found: set[bytes] = set()
        now = int(as_of // HOUR)
        while self._hours and self._hours[0] <= now:
            hour = heappop(self._hours)
            later = []
            for ticket in self._drawers.pop(hour):
                when = ticket.due
                if when is None:  # dropped
                    continue
                if when <= as_of:
                    found.add(ticket.key)
                else:
                    later.append(ticket)
            for ticket in later:
                assert ticket.due is not None
                self._put(ticket, ticket.due)
            if hour == now:
                break
        self._taken = max(self._taken, as_of)
        return found

    def _put(self, ticket: Ticket, when: float) -> None:
        hour = int(when // HOUR)
        drawer = self._drawers.get(hour)
        if drawer is None:
            self._drawers[hour] = [ticket]
            heappush(self._hours, hour)
        else:
            drawer.append(ticket)
