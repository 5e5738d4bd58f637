"""A customer's contacts with one vendor: the index that tells a ticket what came after it.

Derived from the tickets' facts, so it is never stored: rebuilt after recovery, and small. Most customers have a handful of
tickets, so :class:`~undertow.stages.derived.few.Few` looks at all of them; :class:`~undertow.stages.derived.index.Many`
answers the same for the others.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from sys import intern
from typing import Final, NamedTuple

from msgspec import Struct

from undertow.domain.agreement.contract import Contract
from undertow.domain.counting.cells import Added, CellKey, Contribution, Share, bucket
from undertow.domain.judging.assessment import Assessment
from undertow.domain.measuring.neighbours import Weight
from undertow.domain.tickets.timeline import Timeline
from undertow.stages.derived.experience import Experience
from undertow.stages.rows import name_of

FEW: Final = 16
"""Tickets up to which looking at each of them costs less than an index, in time and in memory."""

Moment = tuple[float, bytes]
"""A time (seconds) and the key of the ticket it belongs to."""
Owner = tuple[str, str | None, str | None]
"""Whose contacts: vendor and customer; tickets without a customer are strangers to each other, so each owns itself."""


def owner_of(vendor: str, customer: str | None, ticket: str) -> Owner:
    """Whose contacts a ticket belongs to."""
    return (intern(vendor), customer, None if customer is not None else ticket)


class Ticket(Struct, gc=False, eq=False):
    """What is kept in memory of one ticket beside its row. Nothing here refers back to it, so no cycle needs collecting.

    There may be millions: what many have alike (owner, topic, ``cells``, ``added``, ``assessed``, ``after``) is one object.
    """

    key: bytes
    owner: Owner
    """Whose contacts it is in."""
    opened_at: float | None = None
    topic: str | None = None
    left: str | None = None
    """The topic it was opened under, where it was filed under another since."""
    continues: tuple[str, ...] = ()
    cells: tuple[CellKey, ...] = ()
    """The cells it has added to."""
    added: tuple[Added, ...] = ()
    """What to each of them: apart, both are alike in thousands of tickets; together in hardly two."""
    due: float | None = None
    """When it must be judged again (seconds)."""
    findings: tuple[bytes, ...] = ()
    """Ids of what is said of it."""
    failed: float | None = None
    """Its first solve (seconds) if a bad outcome followed."""
    assessed: Assessment | None = None
    """Its tallies, without the findings."""
    experience: Experience | None = None
    _solves: float | tuple[float, ...] = ()
    """Nearly always one, which weighs 48 bytes less than a tuple of it."""

    @property
    def solves(self) -> tuple[float, ...]:
        """Its solves, and the moments from which its repeat contacts are counted."""
        return self._solves if isinstance(self._solves, tuple) else (self._solves,)

    @solves.setter
    def solves(self, solves: tuple[float, ...]) -> None:
        self._solves = solves[0] if len(solves) == 1 else solves

    @property
    def given(self) -> Contribution:
        """What it has added to the cells."""
        return tuple([Share(key, *what) for key, what in zip(self.cells, self.added, strict=True)])

    @property
    def number(self) -> str:
        """As the vendor calls it."""
        number: str = name_of(self.key)[2]
        return number


class Touched(NamedTuple):
    """What a change of one ticket does to the others of its customer."""

    stale: set[bytes]
    """Tickets whose outcome it may change."""
    moved: bool
    """True when the exposure of every ticket changes, and nothing else of them."""


class Reach(NamedTuple):
    """How far a ticket's solve reaches to others' openings (seconds): those before it, those after it."""

    back: float
    ahead: float


class Near(NamedTuple):
    """Keys of the tickets next to a solve: ``related`` ones are on its topic or linked to it, ``elsewhere`` left its topic."""

    related: list[bytes]
    elsewhere: list[bytes]


ALONE: Final = Near([], [])


def reach_of(contract: Contract) -> Reach:
    """A repeat contact comes after the solve; a ticket the vendor continues may have its successor just before."""
    return Reach(contract.patterns.continued_within, max(contract.repeat_window, contract.patterns.continued_within))


class Contacts(ABC):
    """All tickets of one customer with one vendor: what the two kinds share."""

    __slots__ = ()

    @property
    @abstractmethod
    def tickets(self) -> Collection[Ticket]:
        """Every ticket kept."""

    @property
    @abstractmethod
    def opened(self) -> int:
        """How many of the tickets have an opening time."""

    @abstractmethod
    def add(self, ticket: Ticket) -> None:
        """Take in a ticket of which nothing is known yet."""

    @abstractmethod
    def next_return(self, ticket: Ticket, after: float) -> float | None:
        """The first opening time after a moment, of another ticket on this one's topic or one linked to it."""

    @abstractmethod
    def next_to(self, ticket: Ticket, solve: float, reach: Reach) -> list[bytes]:
        """The tickets opened next to a solve of this one, on its topic or linked to it: the last up to it, the first after."""

    @abstractmethod
    def elsewhere(self, ticket: Ticket, solve: float, reach: Reach) -> list[bytes]:
        """The same of those opened under its topic and filed under another since, which are no repeat contacts."""

    @abstractmethod
    def watching(self, ticket: Ticket, reach: Reach) -> set[Ticket]:
        """At least the tickets that this one may be next to."""

    @abstractmethod
    def solved(self, ticket: Ticket, solves: tuple[float, ...]) -> None:
        """Remember a ticket's solves."""

    @property
    @abstractmethod
    def failures(self) -> list[Moment]:
        """The tickets that failed, by first solve, then key."""

    @abstractmethod
    def failed(self, ticket: Ticket, solved: float | None) -> None:
        """Remember whether a ticket failed, by its first solve (seconds)."""

    @abstractmethod
    def _withdraw(self, ticket: Ticket) -> None:
        """Take the ticket's opening, links and solves out."""

    @abstractmethod
    def _enter(self, ticket: Ticket) -> None:
        """Put them in."""

    @abstractmethod
    def _forget(self, ticket: Ticket) -> None:
        """Let go of a ticket that is withdrawn."""

    def near(self, ticket: Ticket, solves: tuple[float, ...], reach: Reach) -> Near:
        """The tickets next to the last of a ticket's solves."""
        if not solves:
            return ALONE
        related = self.next_to(ticket, solves[-1], reach)
        left = self.elsewhere(ticket, solves[-1], reach)
        return Near(related, [key for key in left if key not in related] if left else left)

    def others(self, ticket: Ticket) -> int:
        """How many other tickets have an opening time."""
        return self.opened - (ticket.opened_at is not None)

    def put(self, ticket: Ticket, line: Timeline, reach: Reach) -> Touched | None:
        """Take in a ticket's timeline; None where that changes nothing for others."""
        if (ticket.opened_at, ticket.topic, ticket.left, ticket.continues) == (
            line.opened_at,
            line.topic,
            line.left,
            line.continues,
        ):
            return None
        before = self.opened
        stale = self.watching(ticket, reach)
        self._withdraw(ticket)
        ticket.opened_at, ticket.continues = line.opened_at, line.continues
        ticket.topic = None if line.topic is None else intern(line.topic)
        ticket.left = None if line.left is None else intern(line.left)
        self._enter(ticket)
        stale |= self.watching(ticket, reach)
        return Touched({other.key for other in stale}, self._moved(before))

    def beside(self, ticket: Ticket, reach: Reach, weight: Weight) -> list[bytes]:
        """The tickets to which this one is next and with which news of such weight weigh."""
        return [
            other.key
            for other in self.watching(ticket, reach)
            if weighs(weight, ticket, other)
            and any(
                ticket.key in self.next_to(other, at, reach) or ticket.key in self.elsewhere(other, at, reach)
                for at in other.solves
            )
        ]

    def drop(self, ticket: Ticket, reach: Reach) -> Touched:
        """Forget a closed ticket."""
        before = self.opened
        stale = self.watching(ticket, reach)
        self._withdraw(ticket)
        self._forget(ticket)
        return Touched({other.key for other in stale}, self._moved(before))

    def _moved(self, before: int) -> bool:
        """Whether the number of other contacts left its bucket: the exposures of all tickets move with it."""
        now = self.opened
        return bucket(now) != bucket(before) or bucket(max(now - 1, 0)) != bucket(max(before - 1, 0))


def weighs(weight: Weight, ticket: Ticket, other: Ticket) -> bool:
    """Whether news of a ticket weigh with another that it is next to; of what something is said, that rests on all of them."""
    if weight is Weight.ALL or other.findings:
        return True
    opened = ticket.opened_at
    return weight is Weight.LATER and opened is not None and any(solve < opened for solve in other.solves)


def nearest(near: Sequence[Moment], solve: float, reach: Reach) -> list[bytes]:
    """Whose moment is the last up to a solve, and whose the first after it, of those within reach."""
    before = [moment for moment in near if solve - reach.back <= moment[0] <= solve]
    later = [moment for moment in near if solve < moment[0] <= solve + reach.ahead]
    return [key for _, key in (*([max(before)] if before else ()), *([min(later)] if later else ()))]
