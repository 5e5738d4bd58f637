"""A customer's contacts with one vendor: the index that tells a ticket what came after it.

Derived from the tickets' facts, so it is never stored: rebuilt after recovery, and small (a few numbers a ticket).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from typing import Final, NamedTuple

from undertow.domain.cells import bucket
from undertow.domain.outcomes import Surroundings
from undertow.domain.timeline import Timeline
from undertow.stages.rows import ticket_key

Moment = tuple[float, bytes]
"""A time (seconds) and the key of the ticket it belongs to."""


Owner = tuple[str, str | None, str | None]
"""Whose contacts: vendor and customer; tickets without a customer are strangers to each other, so each owns itself."""


def owner_of(vendor: str, customer: str | None, ticket: str) -> Owner:
    """Whose contacts a ticket belongs to."""
    return (vendor, customer, None if customer is not None else ticket)


class Ticket:
    """What is kept in memory of one ticket beside its row."""

    __slots__ = ("bases", "continues", "id", "opened_at", "topic")

    def __init__(self, id: str) -> None:
        self.id = id
        self.opened_at: float | None = None
        self.topic: str | None = None
        self.bases: tuple[float, ...] = ()
        self.continues: tuple[str, ...] = ()


class _Topic:
    """Openings and solves of one topic, ascending."""

    __slots__ = ("bases", "openings")

    def __init__(self) -> None:
        self.openings: list[Moment] = []
        self.bases: list[Moment] = []


class Touched(NamedTuple):
    """What a change of one ticket does to the others of its customer."""

    stale: set[bytes]
    """Tickets whose outcome it may change."""
    moved: bool
    """True when the exposure of every ticket changes, and nothing else of them."""


NOTHING: Final = Touched(set(), False)


class Contacts:
    """All tickets of one customer with one vendor."""

    __slots__ = ("_customer", "_linked", "_topics", "_vendor", "opened", "tickets")

    def __init__(self, vendor: str, customer: str | None) -> None:
        self._vendor, self._customer = vendor, customer
        self.tickets: dict[bytes, Ticket] = {}
        self.opened = 0
        """How many of the tickets have an opening time."""
        self._topics: dict[str, _Topic] = {}
        self._linked: defaultdict[str, set[bytes]] = defaultdict(set)
        """Ticket id to the tickets that continue it."""

    def surroundings(self, key: bytes, segment: str | None) -> Surroundings:
        """What the other tickets say about ``key``."""
        ticket = self.tickets[key]
        return Surroundings(
            next_return=lambda after: self._next(key, ticket, after), others=self.others(ticket), segment=segment
        )

    def others(self, ticket: Ticket) -> int:
        """How many other tickets have an opening time."""
        return self.opened - (ticket.opened_at is not None)

    def put(self, key: bytes, id: str, line: Timeline, window: float) -> Touched:
        """Take in a ticket's timeline."""
        ticket = self.tickets.get(key)
        if ticket is None:
            ticket = self.tickets[key] = Ticket(id)
        same = (ticket.opened_at, ticket.topic, ticket.continues) == (line.opened_at, line.topic, line.continues)
        if same:
            return NOTHING
        before = self.opened
        stale = self._withdraw(key, ticket, window)
        ticket.opened_at, ticket.topic, ticket.continues = line.opened_at, line.topic, line.continues
        self.opened += ticket.opened_at is not None
        stale |= self._enter(key, ticket, window)
        return Touched(stale - {key}, self._moved(before))

    def solved(self, key: bytes, bases: tuple[float, ...]) -> None:
        """Remember from which solves the ticket's repeat contacts are counted."""
        ticket = self.tickets[key]
        if bases == ticket.bases:
            return
        if ticket.topic is not None:
            group = self._topics.setdefault(ticket.topic, _Topic())
            for base in ticket.bases:
                _remove(group.bases, (base, key))
            for base in bases:
                insort(group.bases, (base, key))
        ticket.bases = bases

    def drop(self, key: bytes, window: float) -> Touched:
        """Forget a closed ticket."""
        ticket = self.tickets[key]
        before = self.opened
        stale = self._withdraw(key, ticket, window)
        if ticket.topic is not None and (group := self._topics.get(ticket.topic)) is not None:
            for base in ticket.bases:
                _remove(group.bases, (base, key))
        del self.tickets[key]
        return Touched(stale - {key}, self._moved(before))

    def _moved(self, before: int) -> bool:
        """Whether the number of other contacts left its bucket: the exposures of all tickets move with it."""
        now = self.opened
        return bucket(now) != bucket(before) or bucket(max(now - 1, 0)) != bucket(max(before - 1, 0))

    def _withdraw(self, key: bytes, ticket: Ticket, window: float) -> set[bytes]:
        """Take the ticket's opening, links and solves out of the index."""
        stale: set[bytes] = set()
        for related in ticket.continues:
            self._linked[related].discard(key)
            stale |= self._named(related)
        if ticket.topic is not None:
            group = self._topics[ticket.topic]
            for base in ticket.bases:
                _remove(group.bases, (base, key))
            if ticket.opened_at is not None:
                _remove(group.openings, (ticket.opened_at, key))
                stale |= _waiting_for(group, ticket.opened_at, window)
        self.opened -= ticket.opened_at is not None
        return stale

    def _enter(self, key: bytes, ticket: Ticket, window: float) -> set[bytes]:
        stale: set[bytes] = set()
        for related in ticket.continues:
            self._linked[related].add(key)
            stale |= self._named(related)
        if ticket.topic is not None:
            group = self._topics.setdefault(ticket.topic, _Topic())
            for base in ticket.bases:
                insort(group.bases, (base, key))
            if ticket.opened_at is not None:
                stale |= _waiting_for(group, ticket.opened_at, window)
                insort(group.openings, (ticket.opened_at, key))
        return stale

    def _named(self, id: str) -> set[bytes]:
        return {key for key in (ticket_key(self._vendor, self._customer, id),) if key in self.tickets}

    def _next(self, key: bytes, ticket: Ticket, after: float) -> float | None:
        found = [
            opened
            for other in self._linked.get(ticket.id, ())
            if other != key and (opened := self.tickets[other].opened_at) is not None and opened > after
        ]
        if ticket.topic is not None:
            openings = self._topics[ticket.topic].openings
            at = bisect_right(openings, after, key=_time)
            while at < len(openings):
                opened, other = openings[at]
                if other != key:
                    found.append(opened)
                    break
                at += 1
        return min(found, default=None)


def _waiting_for(group: _Topic, opened: float, window: float) -> set[bytes]:
    """Tickets whose next contact an opening at ``opened`` may be: solved in the window before it, not answered earlier.

    A solve before the second-last earlier opening has its next contact there (one of the two may be the ticket's own).
    Without this bound a customer with 400 solves a month would cost 400 judgements a ticket.
    """
    at = bisect_left(group.openings, opened, key=_time)
    start = max(opened - window, group.openings[at - 2][0] if at >= 2 else float("-inf"))
    low = bisect_left(group.bases, start, key=_time)
    high = bisect_left(group.bases, opened, key=_time)
    return {key for _, key in group.bases[low:high]}


def _time(moment: Moment) -> float:
    return moment[0]


def _remove(moments: list[Moment], moment: Moment) -> None:
    at = bisect_left(moments, moment)
    if at < len(moments) and moments[at] == moment:
        del moments[at]
