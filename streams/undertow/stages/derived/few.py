"""The contacts of a customer with a handful of tickets."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from undertow.stages.derived.contacts import Contacts, Moment, Reach, Ticket, nearest


class Few(Contacts):
    """A handful, looked at as a whole. A tuple: a list keeps room for more."""

    __slots__ = ("_tickets",)

    def __init__(self) -> None:
        self._tickets: tuple[Ticket, ...] = ()

    @property
    def tickets(self) -> Collection[Ticket]:  # noqa: D102
        return self._tickets

    @property
    def opened(self) -> int:  # noqa: D102
        return sum([ticket.opened_at is not None for ticket in self._tickets])

    def add(self, ticket: Ticket) -> None:  # noqa: D102
        self._tickets = (*self._tickets, ticket)

    def next_return(self, ticket: Ticket, after: float) -> float | None:  # noqa: D102
        first: float | None = None
        for other in self._related(ticket):
            opened = other.opened_at
            if opened is not None and opened > after and (first is None or opened < first):
                first = opened
        return first

    def next_to(self, ticket: Ticket, solve: float, reach: Reach) -> list[bytes]:  # noqa: D102
        return nearest(_openings(self._related(ticket)), solve, reach)

    def elsewhere(self, ticket: Ticket, solve: float, reach: Reach) -> list[bytes]:  # noqa: D102
        topic = ticket.topic
        if topic is None:
            return []
        return nearest(_openings([one for one in self._tickets if one.left == topic]), solve, reach)

    def watching(self, ticket: Ticket, reach: Reach) -> set[Ticket]:
        """Those of which a solve reaches this opening; to nobody else does it matter."""
        topic, left, continues, opened = ticket.topic, ticket.left, ticket.continues, ticket.opened_at
        if opened is None:
            return set()
        return {
            other
            for other in self._tickets
            if other is not ticket
            and (
                (other.topic is not None and other.topic in {topic, left}) or (continues and other.number in continues)
            )
            and any(solve - reach.back <= opened <= solve + reach.ahead for solve in other.solves)
        }

    def solved(self, ticket: Ticket, solves: tuple[float, ...]) -> None:  # noqa: D102
        ticket.solves = solves

    @property
    def failures(self) -> list[Moment]:  # noqa: D102
        return sorted([(ticket.failed, ticket.key) for ticket in self._tickets if ticket.failed is not None])

    def failed(self, ticket: Ticket, solved: float | None) -> None:  # noqa: D102
        ticket.failed = solved

    def _related(self, ticket: Ticket) -> list[Ticket]:
        """The other tickets on this one's topic or linked to it."""
        topic, number = ticket.topic, None
        found = []
        for other in self._tickets:
            if other is ticket:
                continue
            if topic is not None and other.topic == topic:
                found.append(other)
            elif other.continues:
                number = ticket.number if number is None else number
                if number in other.continues:
                    found.append(other)
        return found

    def _withdraw(self, ticket: Ticket) -> None:
        """Nothing is kept but the tickets."""

    def _enter(self, ticket: Ticket) -> None:
        """Nothing is kept but the tickets."""

    def _forget(self, ticket: Ticket) -> None:
        self._tickets = tuple([other for other in self._tickets if other is not ticket])


def _openings(tickets: Iterable[Ticket]) -> list[Moment]:
    return [(one.opened_at, one.key) for one in tickets if one.opened_at is not None]
