"""The contacts of a customer with many tickets: an index by topic and by link."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Final

from undertow.stages.contacts import Contacts, Moment, Reach, Ticket
from undertow.stages.rows import ticket_key

SLACK: Final = 1.0
"""Seconds by which what may be touched is taken too wide: rounding must not hide a ticket on the very boundary."""


class _Topic:
    """Openings and solves of one topic, ascending."""

    __slots__ = ("openings", "solves")

    def __init__(self) -> None:
        self.openings: list[Moment] = []
        self.solves: list[Moment] = []


class Many(Contacts):
    """All tickets of one customer with one vendor."""

    __slots__ = ("_failures", "_linked", "_opened", "_tickets", "_topics")

    def __init__(self, tickets: Iterable[Ticket]) -> None:
        self._tickets: dict[bytes, Ticket] = {}
        self._opened = 0
        self._topics: dict[str, _Topic] = {}
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
        found = [moment[0] for moment in self._linked_to(ticket) if moment[0] > after]
        if ticket.topic is not None and (group := self._topics.get(ticket.topic)) is not None:
            at = bisect_right(group.openings, after, key=_time)
            found += [opened for opened, key in group.openings[at : at + 2] if key != ticket.key][:1]
        return min(found, default=None)

    def next_to(self, ticket: Ticket, solve: float, reach: Reach) -> list[bytes]:  # noqa: D102
        near = self._linked_to(ticket)
        if ticket.topic is not None and (group := self._topics.get(ticket.topic)) is not None:
            at = bisect_right(group.openings, solve, key=_time)
            near += group.openings[max(at - 2, 0) : at + 2]
        found = sorted(
            {
                (opened, key)
                for opened, key in near
                if key != ticket.key and solve - reach.back <= opened <= solve + reach.ahead
            }
        )
        later = [moment for moment in found if moment[0] > solve]
        return [key for _, key in (*found[: len(found) - len(later)][-1:], *later[:1])]

    def watching(self, ticket: Ticket, reach: Reach) -> set[Ticket]:
        """Tickets solved between this opening and the second-next ones on either side, one of which may be their own.

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
            before = bisect_left(group.openings, opened, key=_time) - 2
            after = bisect_right(group.openings, opened, key=_time) + 1
            low = max(opened - reach.ahead - SLACK, group.openings[before][0] if before >= 0 else float("-inf"))
            high = opened + reach.back + SLACK
            if after < len(group.openings):
                high = min(high, group.openings[after][0])
            start = bisect_left(group.solves, low, key=_time)
            found.update([key for _, key in group.solves[start : bisect_right(group.solves, high, key=_time)]])
        found.discard(ticket.key)
        return {self._tickets[key] for key in found}

    def solved(self, ticket: Ticket, solves: tuple[float, ...]) -> None:  # noqa: D102
        if ticket.topic is not None:
            group = self._group(ticket.topic)
            for solve in ticket.solves:
                _remove(group.solves, (solve, ticket.key))
            for solve in solves:
                insort(group.solves, (solve, ticket.key))
        ticket.solves = solves

    @property
    def failures(self) -> list[Moment]:  # noqa: D102
        return self._failures

    def failed(self, ticket: Ticket, solved: float | None) -> None:  # noqa: D102
        if ticket.failed is not None:
            _remove(self._failures, (ticket.failed, ticket.key))
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
        if ticket.topic is not None:
            group = self._group(ticket.topic)
            for solve in ticket.solves:
                _remove(group.solves, (solve, ticket.key))
            if ticket.opened_at is not None:
                _remove(group.openings, (ticket.opened_at, ticket.key))
        self._opened -= ticket.opened_at is not None

    def _enter(self, ticket: Ticket) -> None:
        for related in ticket.continues:
            self._linked[related].add(ticket.key)
        if ticket.topic is not None:
            group = self._group(ticket.topic)
            for solve in ticket.solves:
                insort(group.solves, (solve, ticket.key))
            if ticket.opened_at is not None:
                insort(group.openings, (ticket.opened_at, ticket.key))
        self._opened += ticket.opened_at is not None

    def _forget(self, ticket: Ticket) -> None:
        del self._tickets[ticket.key]

    def _group(self, topic: str) -> _Topic:
        group = self._topics.get(topic)
        if group is None:
            group = self._topics[topic] = _Topic()
        return group


def _time(moment: Moment) -> float:
    return moment[0]


def _remove(moments: list[Moment], moment: Moment) -> None:
    at = bisect_left(moments, moment)
    if at < len(moments) and moments[at] == moment:
        del moments[at]
