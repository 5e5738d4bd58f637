"""A customer's contacts with one vendor: the index that tells a ticket what came after it.

Derived from the tickets' facts, so it is never stored: rebuilt after recovery, and small. Most customers have a handful
of tickets, so :class:`Few` looks at all of them; :class:`undertow.stages.index.Many` answers the same for the others.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NamedTuple

from msgspec import Struct

from undertow.domain.cells import Contribution, bucket
from undertow.domain.timeline import Timeline
from undertow.stages.rows import name_of

FEW: Final = 16
"""Tickets up to which looking at each of them costs less than an index, in time and in memory."""

Owner = tuple[str, str | None, str | None]
"""Whose contacts: vendor and customer; tickets without a customer are strangers to each other, so each owns itself."""


def owner_of(vendor: str, customer: str | None, ticket: str) -> Owner:
    """Whose contacts a ticket belongs to."""
    return (vendor, customer, None if customer is not None else ticket)


class Ticket(Struct, gc=False, eq=False):
    """What is kept in memory of one ticket beside its row. Nothing here refers back to it, so no cycle needs collecting."""

    key: bytes
    opened_at: float | None = None
    topic: str | None = None
    continues: tuple[str, ...] = ()
    bases: tuple[float, ...] = ()
    """The solves from which its repeat contacts are counted."""
    given: Contribution = ()
    """What it has added to the cells."""
    due: float | None = None
    """When it must be judged again (seconds)."""


class Touched(NamedTuple):
    """What a change of one ticket does to the others of its customer."""

    stale: set[bytes]
    """Tickets whose outcome it may change."""
    moved: bool
    """True when the exposure of every ticket changes, and nothing else of them."""


NOTHING: Final = Touched(set(), False)


class Contacts:
    """All tickets of one customer with one vendor: what the two kinds share."""

    __slots__ = ()

    @property
    def tickets(self) -> Collection[Ticket]:
        """Every ticket kept."""
        raise NotImplementedError

    @property
    def opened(self) -> int:
        """How many of the tickets have an opening time."""
        raise NotImplementedError

    def add(self, ticket: Ticket) -> None:
        """Take in a ticket of which nothing is known yet."""
        raise NotImplementedError

    def next_return(self, ticket: Ticket, after: float) -> float | None:
        """The first opening time after a moment, of another ticket on this one's topic or one linked to it."""
        raise NotImplementedError

    def solved(self, ticket: Ticket, bases: tuple[float, ...]) -> None:
        """Remember from which solves the ticket's repeat contacts are counted."""
        raise NotImplementedError

    def _withdraw(self, ticket: Ticket, window: float) -> set[bytes]:
        """Take the ticket's opening, links and solves out. Returns the tickets whose outcome that may change."""
        raise NotImplementedError

    def _enter(self, ticket: Ticket, window: float) -> set[bytes]:
        raise NotImplementedError

    def _forget(self, ticket: Ticket) -> None:
        raise NotImplementedError

    def others(self, ticket: Ticket) -> int:
        """How many other tickets have an opening time."""
        return self.opened - (ticket.opened_at is not None)

    def put(self, ticket: Ticket, line: Timeline, window: float) -> Touched:
        """Take in a ticket's timeline; ``window`` in seconds."""
        if (ticket.opened_at, ticket.topic, ticket.continues) == (line.opened_at, line.topic, line.continues):
            return NOTHING
        before = self.opened
        stale = self._withdraw(ticket, window)
        ticket.opened_at, ticket.topic, ticket.continues = line.opened_at, line.topic, line.continues
        stale |= self._enter(ticket, window)
        stale.discard(ticket.key)
        return Touched(stale, self._moved(before))

    def drop(self, ticket: Ticket, window: float) -> Touched:
        """Forget a closed ticket."""
        before = self.opened
        stale = self._withdraw(ticket, window)
        self._forget(ticket)
        stale.discard(ticket.key)
        return Touched(stale, self._moved(before))

    def _moved(self, before: int) -> bool:
        """Whether the number of other contacts left its bucket: the exposures of all tickets move with it."""
        now = self.opened
        return bucket(now) != bucket(before) or bucket(max(now - 1, 0)) != bucket(max(before - 1, 0))


class Few(Contacts):
    """A short list, looked at as a whole."""

    __slots__ = ("_tickets",)

    def __init__(self) -> None:
        self._tickets: list[Ticket] = []

    @property
    def tickets(self) -> Collection[Ticket]:  # noqa: D102
        return self._tickets

    @property
    def opened(self) -> int:  # noqa: D102
        return sum([ticket.opened_at is not None for ticket in self._tickets])

    def add(self, ticket: Ticket) -> None:  # noqa: D102
        self._tickets.append(ticket)

    def next_return(self, ticket: Ticket, after: float) -> float | None:  # noqa: D102
        first: float | None = None
        for other in self._tickets:
            opened = other.opened_at
            if opened is None or opened <= after or other is ticket or (first is not None and opened >= first):
                continue
            if (ticket.topic is not None and other.topic == ticket.topic) or (
                other.continues and name_of(ticket.key)[2] in other.continues
            ):
                first = opened
        return first

    def solved(self, ticket: Ticket, bases: tuple[float, ...]) -> None:  # noqa: D102
        ticket.bases = bases

    def _withdraw(self, ticket: Ticket, window: float) -> set[bytes]:
        return self._enter(ticket, window)

    def _enter(self, ticket: Ticket, window: float) -> set[bytes]:
        stale = set()
        opened, topic, continues = ticket.opened_at, ticket.topic, ticket.continues
        for other in self._tickets:
            if (
                topic is not None
                and opened is not None
                and other.topic == topic
                and any(base < opened <= base + window for base in other.bases)
            ) or (continues and name_of(other.key)[2] in continues):
                stale.add(other.key)
        return stale

    def _forget(self, ticket: Ticket) -> None:
        self._tickets = [other for other in self._tickets if other is not ticket]
