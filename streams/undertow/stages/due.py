"""What must be judged again, and when. In memory only: rebuilt with the judgements themselves."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Final

from undertow.stages.contacts import Ticket

HOUR: Final = 3600.0
"""Seconds. Tickets lie in a drawer an hour: a heap entry a ticket would cost as much memory as all else kept of it."""


class Due:
    """Keys of tickets by the hour in which they are due; ``at`` tells the exact time (seconds), None for never."""

    def __init__(self, at: Callable[[bytes], float | None]) -> None:
        self._at = at
        self._hours: list[int] = []
        self._drawers: dict[int, list[bytes]] = {}

    def put(self, key: bytes, when: float) -> None:
        """Set a ticket's time. An earlier setting need not be taken back: ``at`` says which one holds."""
        hour = int(when // HOUR)
        drawer = self._drawers.get(hour)
        if drawer is None:
            self._drawers[hour] = [key]
            heappush(self._hours, hour)
        else:
            drawer.append(key)

    def wake(self, ticket: Ticket, when: float) -> None:
        """Set a ticket's time, unless it is what it was; infinity is never."""
        if when != ticket.due and when != float("inf"):
            ticket.due = when
            self.put(ticket.key, when)

    def ripe(self, as_of: float) -> set[bytes]:
        """Take out the tickets whose time has come."""
        found: set[bytes] = set()
        now = int(as_of // HOUR)
        while self._hours and self._hours[0] <= now:
            hour = self._hours[0]
            later = []
            for key in self._drawers[hour]:
                when = self._at(key)
                if when is None or when // HOUR != hour:  # dropped, or set anew
                    continue
                if when <= as_of:
                    found.add(key)
                else:
                    later.append(key)
            if later:  # only the present hour can hold some
                self._drawers[hour] = later
                break
            del self._drawers[hour]
            heappop(self._hours)
        return found
