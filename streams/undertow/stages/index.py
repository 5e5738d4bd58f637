"""The contacts of a customer with many tickets: an index by topic and by link."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Collection, Iterable

from undertow.stages.contacts import Contacts, Ticket
from undertow.stages.rows import name_of, ticket_key

Moment = tuple[float, bytes]
"""A time (seconds) and the key of the ticket it belongs to."""


class _Topic:
    """Openings and solves of one topic, ascending."""

    __slots__ = ("bases", "openings")

    def __init__(self) -> None:
        self.openings: list[Moment] = []
        self.bases: list[Moment] = []


class Many(Contacts):
    """All tickets of one customer with one vendor."""

    __slots__ = ("_linked", "_opened", "_tickets", "_topics")

    def __init__(self, tickets: Iterable[Ticket]) -> None:
        self._tickets: dict[bytes, Ticket] = {}
        self._opened = 0
        self._topics: dict[str, _Topic] = {}
        self._linked: defaultdict[str, set[bytes]] = defaultdict(set)
        """Ticket id to the tickets that continue it."""
        for ticket in tickets:
            self.add(ticket)
            self._enter(ticket, 0.0)

    @property
    def tickets(self) -> Collection[Ticket]:  # noqa: D102
        return self._tickets.values()

    @property
    def opened(self) -> int:  # noqa: D102
        return self._opened

    def add(self, ticket: Ticket) -> None:  # noqa: D102
        self._tickets[ticket.key] = ticket

    def next_return(self, ticket: Ticket, after: float) -> float | None:  # noqa: D102
        key = ticket.key
        found = []
        if self._linked and (linked := self._linked.get(name_of(key)[2])):
            for other in linked:
                opened = self._tickets[other].opened_at
                if other != key and opened is not None and opened > after:
                    found.append(opened)
        if ticket.topic is not None and (group := self._topics.get(ticket.topic)) is not None:
            openings = group.openings
            at = bisect_right(openings, after, key=_time)
            while at < len(openings):
                opened, other = openings[at]
                if other != key:
                    found.append(opened)
                    break
                at += 1
        return min(found, default=None)

    def solved(self, ticket: Ticket, bases: tuple[float, ...]) -> None:  # noqa: D102
        if bases == ticket.bases:
            return
        if ticket.topic is not None:
            group = self._group(ticket.topic)
            for base in ticket.bases:
                _remove(group.bases, (base, ticket.key))
            for base in bases:
                insort(group.bases, (base, ticket.key))
        ticket.bases = bases

    def _withdraw(self, ticket: Ticket, window: float) -> set[bytes]:
        key = ticket.key
        stale: set[bytes] = set()
        for related in ticket.continues:
            self._linked[related].discard(key)
            stale |= self._named(key, related)
        if ticket.topic is not None:
            group = self._group(ticket.topic)
            for base in ticket.bases:
                _remove(group.bases, (base, key))
            if ticket.opened_at is not None:
                _remove(group.openings, (ticket.opened_at, key))
                stale |= _waiting_for(group, ticket.opened_at, window)
        self._opened -= ticket.opened_at is not None
        return stale

    def _enter(self, ticket: Ticket, window: float) -> set[bytes]:
        key = ticket.key
        stale: set[bytes] = set()
        for related in ticket.continues:
            self._linked[related].add(key)
            stale |= self._named(key, related)
        if ticket.topic is not None:
            group = self._group(ticket.topic)
            for base in ticket.bases:
                insort(group.bases, (base, key))
            if ticket.opened_at is not None:
                stale |= _waiting_for(group, ticket.opened_at, window)
                insort(group.openings, (ticket.opened_at, key))
        self._opened += ticket.opened_at is not None
        return stale

    def _forget(self, ticket: Ticket) -> None:
        del self._tickets[ticket.key]

    def _group(self, topic: str) -> _Topic:
        group = self._topics.get(topic)
        if group is None:
            group = self._topics[topic] = _Topic()
        return group

    def _named(self, key: bytes, id: str) -> set[bytes]:
        vendor, customer, _ = name_of(key)
        return {named for named in (ticket_key(vendor, customer, id),) if named in self._tickets}


def _waiting_for(group: _Topic, opened: float, window: float) -> set[bytes]:
    """Tickets whose next contact an opening at ``opened`` may be: solved in the window before it, not answered earlier.

    A solve before the second-last earlier opening has its next contact there (one of the two may be the ticket's own).
    Without this bound a customer with 400 solves a month would cost 400 judgements a ticket.
    """
    at = bisect_left(group.openings, opened, key=_time)
    # a second early: rounding must not hide a ticket whose window ends with this very opening
    start = max(opened - window - 1.0, group.openings[at - 2][0] if at >= 2 else float("-inf"))
    low = bisect_left(group.bases, start, key=_time)
    high = bisect_left(group.bases, opened, key=_time)
    return {key for _, key in group.bases[low:high]}


def _time(moment: Moment) -> float:
    return moment[0]


def _remove(moments: list[Moment], moment: Moment) -> None:
    at = bisect_left(moments, moment)
    if at < len(moments) and moments[at] == moment:
        del moments[at]
