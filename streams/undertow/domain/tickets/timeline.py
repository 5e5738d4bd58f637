"""A ticket's timeline: its facts in order, read as solves, reopens and the latest claim."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from msgspec import Struct

from undertow.domain.tickets.facts import (
    SPOKEN,
    Assigned,
    Body,
    Cancelled,
    Claimed,
    Complained,
    Confirmed,
    Fact,
    Invoiced,
    Linked,
    Message,
    Opened,
    PriorityChanged,
    PromiseFulfilled,
    PromiseMade,
    PromiseMoved,
    Refunded,
    StatusChanged,
    Surveyed,
    TopicChanged,
)

SOLVED: Final = frozenset({"solved", "closed"})
FLICKER: Final = 300.0
"""Seconds. A solve taken back by the vendor itself within five minutes is a slip of the mouse (domain: outcomes)."""

Cause = Literal["customer", "vendor", "unknown"]


class Reopen(Struct, frozen=True, gc=False):
    """The ticket left *solved*. ``after`` is the seconds since the solve it undid."""

    at: float
    after: float
    cause: Cause


class Timeline(Struct, frozen=True, gc=False):
    """What one ticket's facts say. ``begun`` is None while only others (claims, feedback) speak of it."""

    begun: float | None
    """When it was opened; before that fact arrives, its earliest own fact."""
    opened_at: float | None
    topic: str | None
    segment: str | None
    solves: tuple[float, ...]
    reopens: tuple[Reopen, ...]
    claim: Claimed | None
    """The latest version of the vendor's SLA claim: highest recorded time, then sequence, then id."""
    continues: tuple[str, ...]
    """Earlier tickets the vendor linked this one to."""
    last: float
    """Time of the latest fact of any kind; what is said of findings only where there is no other."""
    told: tuple[Fact, ...] = ()
    """What the company says of the customer and names this ticket for, in order."""
    unheard: bool = False
    """Solved, and since the last solve neither a word of the customer's nor an answer: on the vendor's word alone."""
    left: str | None = None
    """The topic it was opened under, where it was filed under another since."""


def timeline(facts: Sequence[Fact]) -> Timeline:  # noqa: PLR0912 - one branch a kind of fact, the frequent ones first
    """Read ``facts`` (in the order of :func:`undertow.domain.tickets.facts.in_order`)."""
    begun = opened_at = topic = opened_as = segment = claim = None
    claim_order: tuple[float, int, str] | None = None
    solves: list[float] = []
    reopens: list[Reopen] = []
    continues: list[str] = []
    told: list[Fact] = []
    solved = customer_wrote = heard = spoken = False
    for fact in facts:
        body = fact.body
        if begun is None and type(body) in _OWN:
            begun = fact.time
        if isinstance(body, Message):
            if body.actor == "customer":
                customer_wrote = True
        elif isinstance(body, StatusChanged):
            if body.to in SOLVED:
                if not solved:
                    solves.append(fact.time)
                    solved, customer_wrote, heard = True, False, False
                heard |= body.actor == "customer"
            elif solved:
                reopens.append(Reopen(fact.time, fact.time - solves[-1], cause_of(body, customer_wrote)))
                solved = False
        elif isinstance(body, Opened):
            if opened_at is None:
                opened_at, segment, opened_as = fact.time, body.segment, body.topic
                topic = topic or opened_as
        elif isinstance(body, Claimed):
            if body.measure == "sla":
                order = (fact.recorded, fact.sequence, fact.id)
                if claim_order is None or order > claim_order:
                    claim, claim_order = body, order
        elif isinstance(body, TopicChanged):
            topic = body.to
        elif isinstance(body, Linked):
            continues.append(body.related)
        elif type(body) in _COMPANY_S:
            told.append(fact)
            heard |= type(body) in _ANSWERS
        elif type(body) in SPOKEN:
            spoken = True
    last = facts[-1].time if facts else 0.0
    if spoken:
        last = max((fact.time for fact in facts if type(fact.body) not in SPOKEN), default=last)
    return Timeline(
        opened_at if opened_at is not None else begun,
        opened_at,
        topic,
        segment,
        tuple(solves),
        tuple(reopens),
        claim,
        tuple(continues),
        last,
        tuple(told),
        solved and not (customer_wrote or heard),
        opened_as if opened_as != topic else None,
    )


_OWN: Final = frozenset({Opened, StatusChanged, Message, TopicChanged})
"""Facts that show the ticket exists in the vendor's system, enough of them to date it."""
_ANSWERS: Final = frozenset({Surveyed, Confirmed})
_COMPANY_S: Final = _ANSWERS | {Cancelled, Refunded, Invoiced, Complained}


_ON_THE_WAY: Final = frozenset({Message, Assigned, PriorityChanged, PromiseMade, PromiseFulfilled, PromiseMoved})
_TOLD: Final = frozenset({Opened, Message, StatusChanged, TopicChanged, Linked})


def on_the_way(body: Body) -> bool:
    """Whether this changes no outcome of a ticket that was opened, never solved, and of which nothing is claimed."""
    return type(body) in _ON_THE_WAY or (isinstance(body, StatusChanged) and body.to not in SOLVED)


def concerns_others(body: Body) -> bool:
    """Whether a customer's other tickets may be judged by this: when a contact began, was answered, and what came of it."""
    return type(body) in _TOLD


def cause_of(change: StatusChanged, customer_wrote: bool) -> Cause:
    """Who caused a reopen: an agent who sets the status after the customer wrote acts on the customer's behalf."""
    if change.actor == "customer" or customer_wrote:
        return "customer"
    return "unknown" if change.actor == "unknown" else "vendor"
