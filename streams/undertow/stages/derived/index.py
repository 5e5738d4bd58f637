"""The contacts of a customer with many tickets: an index by topic, by topic that was left, and by link."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from undertow.domain.measuring.neighbours import Weight
from undertow.stages.derived.contacts import Contacts, Moment, Reach, Ticket, nearest, weighs
from undertow.stages.rows import ticket_key

SLACK: Final = 1.0
"""Seconds by which what may be touched is taken too wide: rounding must not hide a ticket on the very boundary."""
_NEVER: Final = float("-inf")
_FOREVER: Final = float("inf")


class _Moments:
    """Times (seconds) and the keys of the tickets they belong to, ascending. Two lists, so that times are found as they are."""

    __slots__ = ("keys", "times")

    def __init__(self) -> None:
        self.times: list[float] = []
        self.keys: list[bytes] = []

    def place(self, time: float, key: bytes) -> int:
        """Where that moment stands, or would."""
        times, keys = self.times, self.keys
        at = bisect_left(times, time)
        while at < len(times) and times[at] == time and keys[at] < key:
            at += 1
        return at

    def add(self, time: float, key: bytes) -> None:
        at = self.place(time, key)
        self.times.insert(at, time)
        self.keys.insert(at, key)

    def remove(self, time: float, key: bytes) -> None:
        at = self.place(time, key)
        if at < len(self.keys) and self.times[at] == time and self.keys[at] == key:
            del self.times[at], self.keys[at]

    def time(self, place: int) -> float:
        """The time at a place; infinitely early or late beyond the ends."""
        return _NEVER if place < 0 else self.times[place] if place < len(self.times) else _FOREVER

    def around(self, time: float, key: bytes) -> tuple[float, float]:
        """The times next to a moment, whether it stands here or not; infinitely early or late beyond the ends."""
        place = self.place(time, key)
        stands = place < len(self.keys) and self.keys[place] == key
        return self.time(place - 1), self.time(place + stands)

    def last(self, until: float, but: bytes) -> int:
        """The place of the last up to a time that is not of one ticket, -1 for none."""
        at = bisect_right(self.times, until) - 1
        return at - 1 if at >= 0 and self.keys[at] == but else at

    def first(self, after: float, but: bytes) -> int:
        """The place of the first after a time that is not of one ticket, the end for none."""
        at = bisect_right(self.times, after)
        return at + 1 if at < len(self.keys) and self.keys[at] == but else at

    def beside(self, at: float, but: bytes) -> list[Moment]:
        """The last up to a time and the first after it, of others than one ticket."""
        places = (self.last(at, but), self.first(at, but))
        return [(self.times[place], self.keys[place]) for place in places if 0 <= place < len(self.keys)]

    def between(self, low: float, high: float) -> list[bytes]:
        """Whose moments lie there."""
        return self.keys[bisect_left(self.times, low) : bisect_right(self.times, high)]


class _Topic:
    """Openings and solves of one topic."""

    __slots__ = ("openings", "solves")

    def __init__(self) -> None:
        self.openings = _Moments()
        self.solves = _Moments()


class Many(Contacts):
    """All tickets of one customer with one vendor."""

    __slots__ = ("_failures", "_left", "_linked", "_opened", "_tickets", "_topics")

    def __init__(self, tickets: Iterable[Ticket]) -> None:
        self._tickets: dict[bytes, Ticket] = {}
        self._opened = 0
        self._topics: dict[str, _Topic] = {}
        self._left: defaultdict[str, _Moments] = defaultdict(_Moments)
        """Openings under a topic of tickets that were filed under another since."""
        self._linked: defaultdict[str, set[bytes]] = defaultdict(set)
        """Ticket id to the tickets that continue it."""
        for ticket in tickets:
            self.add(ticket)
            self._enter(ticket)
        self._failures = sorted([(one.failed, one.key) for one in self.tickets if one.failed is not None])

    @property
    def tickets(self) -> Collection[Ticket]:  # noqa: D102
        return self._tickets.values()

    @property
    def opened(self) -> int:  # noqa: D102
        return self._opened

    def add(self, ticket: Ticket) -> None:  # noqa: D102
        self._tickets[ticket.key] = ticket

    def next_return(self, ticket: Ticket, after: float) -> float | None:  # noqa: D102
        first = min([opened for opened, _ in self._linked_to(ticket) if opened > after], default=_FOREVER)
        if ticket.topic is not None and (group := self._topics.get(ticket.topic)) is not None:
            first = min(first, group.openings.time(group.openings.first(after, ticket.key)))
        return first if first != _FOREVER else None

    def next_to(self, ticket: Ticket, solve: float, reach: Reach) -> list[bytes]:  # noqa: D102
        near = self._linked_to(ticket)
        if ticket.topic is not None and (group := self._topics.get(ticket.topic)) is not None:
            near += group.openings.beside(solve, ticket.key)
        return nearest(near, solve, reach)

    def elsewhere(self, ticket: Ticket, solve: float, reach: Reach) -> list[bytes]:  # noqa: D102
        left = self._left.get(ticket.topic) if ticket.topic is not None else None
        return nearest(left.beside(solve, ticket.key), solve, reach) if left is not None else []

    def watching(self, ticket: Ticket, reach: Reach) -> set[Ticket]:
        """Tickets solved between the openings on either side of this one, and those it is linked to.

        Without that bound a customer with 400 solves a month would cost 400 judgements a ticket.
        """
        found = set()
        vendor, customer, _ = ticket.owner
        for related in ticket.continues:
            found.add(ticket_key(vendor, customer, related))
        found &= self._tickets.keys()
        opened = ticket.opened_at
        if opened is not None and ticket.topic is not None:
            group = self._group(ticket.topic)
            openings = group.openings
            place = openings.place(opened, ticket.key)
            low, high = opened - reach.ahead - SLACK, opened + reach.back + SLACK
            before, after = openings.time(place - 1), openings.time(place + 1)
            found.update(group.solves.between(max(low, before), min(high, after)))
            # the tickets opened just before and after do not stand in their own way
            for beside, begin, end in (
                (place - 1, openings.time(place - 2), before),
                (place + 1, after, openings.time(place + 2)),
            ):
                if 0 <= beside < len(openings.keys):
                    key = openings.keys[beside]
                    if any(max(low, begin) <= solve <= min(high, end) for solve in self._tickets[key].solves):
                        found.add(key)
        if opened is not None and ticket.left is not None and ticket.left in self._topics:
            group = self._topics[ticket.left]
            openings = self._left[ticket.left]
            low, high = opened - reach.ahead - SLACK, opened + reach.back + SLACK
            before, after = openings.around(opened, ticket.key)
            found.update(group.solves.between(max(low, before), min(high, after)))
        found.discard(ticket.key)
        return {self._tickets[key] for key in found}

    def beside(self, ticket: Ticket, reach: Reach, weight: Weight) -> list[bytes]:
        """Those watching: hardly ever does a link come between them."""
        return [other.key for other in self.watching(ticket, reach) if weighs(weight, ticket, other)]

    def solved(self, ticket: Ticket, solves: tuple[float, ...]) -> None:  # noqa: D102
        if ticket.topic is not None:
            group = self._group(ticket.topic)
            for solve in ticket.solves:
                group.solves.remove(solve, ticket.key)
            for solve in solves:
                group.solves.add(solve, ticket.key)
        ticket.solves = solves

    @property
    def failures(self) -> list[Moment]:  # noqa: D102
        return self._failures

    def failed(self, ticket: Ticket, solved: float | None) -> None:  # noqa: D102
        if ticket.failed is not None:
            del self._failures[bisect_left(self._failures, (ticket.failed, ticket.key))]
        if solved is not None:
            insort(self._failures, (solved, ticket.key))
        ticket.failed = solved

    def _linked_to(self, ticket: Ticket) -> list[Moment]:
        if not self._linked:
            return []
        linked = [self._tickets[key] for key in self._linked.get(ticket.number, ())]
        return [(other.opened_at, other.key) for other in linked if other is not ticket and other.opened_at is not None]

    def _withdraw(self, ticket: Ticket) -> None:
        for related in ticket.continues:
            self._linked[related].discard(ticket.key)
        for moments, time in self._places(ticket):
            moments.remove(time, ticket.key)
        self._opened -= ticket.opened_at is not None

    def _enter(self, ticket: Ticket) -> None:
        for related in ticket.continues:
            self._linked[related].add(ticket.key)
        for moments, time in self._places(ticket):
            moments.add(time, ticket.key)
        self._opened += ticket.opened_at is not None

    def _places(self, ticket: Ticket) -> Iterator[tuple[_Moments, float]]:
        """Where the ticket's opening and solves stand, and when they were."""
        opened = ticket.opened_at
        if ticket.topic is not None:
            group = self._group(ticket.topic)
            for solve in ticket.solves:
                yield group.solves, solve
            if opened is not None:
                yield group.openings, opened
        if ticket.left is not None and opened is not None:
            yield self._left[ticket.left], opened

    def _forget(self, ticket: Ticket) -> None:
        del self._tickets[ticket.key]

    def _group(self, topic: str) -> _Topic:
        group = self._topics.get(topic)
        if group is None:
            group = self._topics[topic] = _Topic()
        return group
