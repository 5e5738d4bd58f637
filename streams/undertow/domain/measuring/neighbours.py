"""What a ticket tells those it is next to: when it came, how soon it was answered, what it was solved as, and its links."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from enum import IntEnum
from typing import Final

from msgspec import Struct

from undertow.domain.measuring.measures import LOOKS_BACK
from undertow.domain.measuring.recovery import Contact, first_from
from undertow.domain.tickets.course import PERSONS, VENDOR
from undertow.domain.tickets.facts import (
    Body,
    Fact,
    Linked,
    Message,
    Opened,
    Seen,
    StatusChanged,
    TopicChanged,
    in_order,
)
from undertow.domain.tickets.timeline import SOLVED


class Diagnosis(Struct, frozen=True, gc=False):
    """What the vendor held a ticket for while it was solved, from ``solve`` until ``undone``."""

    solve: Fact
    topic: str | None
    cause: str | None
    undone: Fact | None = None
    by_customer: bool = False
    """Undone by the customer, or after they wrote, or nobody knows by whom."""

    def differs(self, other: Diagnosis, *, topic_only: bool = False) -> bool:
        """Another topic or another cause; what one of them lacks is no difference."""
        pairs = [(self.topic, other.topic)] if topic_only else [(self.topic, other.topic), (self.cause, other.cause)]
        return any(one is not None and two is not None and plain(one) != plain(two) for one, two in pairs)


def diagnoses(facts: Iterable[Fact]) -> list[Diagnosis]:
    """One each time it was solved. A topic or cause that is corrected while it is solved belongs to that solve.

    Both hold until another is given: who solves again and names no cause stands by the last.
    """
    found: list[Diagnosis] = []
    topic = cause = None
    solve: Fact | None = None
    wrote = False
    for fact in facts:
        body = fact.body
        if isinstance(body, Message):
            wrote |= body.actor == "customer"
        elif isinstance(body, Opened):
            topic = topic if topic is not None else body.topic
        elif isinstance(body, TopicChanged):
            topic = body.to
        elif isinstance(body, StatusChanged):
            if body.to in SOLVED:
                if solve is None:
                    solve, wrote = fact, False
                cause = body.cause if body.cause is not None else cause
            elif solve is not None:
                found.append(Diagnosis(solve, topic, cause, fact, wrote or body.actor not in VENDOR))
                solve = None
    return [*found, Diagnosis(solve, topic, cause)] if solve is not None else found


class Neighbour(Struct, frozen=True, gc=False):
    """A ticket next to others, read once for all of them."""

    number: str
    seen: list[Seen]
    opening: Fact | None
    contact: Contact | None
    """None where it was never opened."""
    solved: Diagnosis | None
    """The last time that it was."""
    links: tuple[Fact, ...]

    def link(self, number: str) -> Fact | None:
        """The first fact that links it to a ticket."""
        for fact in self.links:
            if isinstance(fact.body, Linked) and fact.body.related == number:
                return fact
        return None


def neighbour(number: str, seen: list[Seen]) -> Neighbour:
    """Read a ticket's facts, as :func:`~undertow.domain.tickets.facts.join` gives them, for those that are held against it."""
    facts = in_order(seen)
    opening: Fact | None = None
    replies: list[float] = []
    links: list[Fact] = []
    for fact in facts:
        body = fact.body
        if isinstance(body, Message):
            if body.public and body.substantive and body.actor in PERSONS:
                replies.append(fact.time)
        elif isinstance(body, Opened):
            opening = opening or fact
        elif isinstance(body, Linked):
            links.append(fact)
    solved = diagnoses(facts)
    last = solved[-1] if solved else None
    contact: Contact | None = None
    if opening is not None:
        held = last.solve.time if last is not None and last.undone is None else None
        contact = Contact(opening.time, first_from(replies, opening.time), held)
    return Neighbour(number, seen, opening, contact, last, tuple(links))


class Weight(IntEnum):
    """With which of the tickets next to it a fact of a ticket weighs."""

    GROUNDS = 0
    """With none. It is nevertheless among the grounds of what is said of them."""
    SOLVED = 1
    """With those solved before it was opened, where :func:`solves_weigh`."""
    LATER = 2
    """With those solved before it was opened: it is how the customer came back."""
    ALL = 3


def weight(body: Body, *, solved: bool) -> Weight:
    """Of one of the facts that concern others; ``solved``: the ticket has been, ever.

    What an earlier ticket told is when it was opened, by whom, and its links. Of a later one the vendor's first words
    count, and what it was solved as: the customer's words and a pause change neither.
    """
    if isinstance(body, Message):
        return Weight.LATER if body.public and body.substantive and body.actor in PERSONS else Weight.GROUNDS
    if isinstance(body, StatusChanged):
        return Weight.SOLVED if solved or body.to in SOLVED else Weight.GROUNDS
    return Weight.ALL


def solves_weigh(facts: Iterable[Seen], targets: Collection[str]) -> bool:
    """Whether what a ticket is solved as, and when, may matter to an earlier one under such targets.

    To a measure of what followed it does. To a pattern only where the ticket is linked or its topic changed: else it is
    solved under the topic under which the customer came back.
    """
    if not LOOKS_BACK.isdisjoint(targets):
        return True
    return any(type(one.fact.body) in _ELSEWHERE for one in facts)


_ELSEWHERE: Final = frozenset({Linked, TopicChanged})


def contacts_of(near: Sequence[Neighbour]) -> list[Contact]:
    """Tickets as contacts by opening time, ascending."""
    return sorted([one.contact for one in near if one.contact is not None])


def plain(word: str) -> str:
    """A label as labels are compared: capitals and spaces at the ends do not count."""
    return word.strip().casefold()
