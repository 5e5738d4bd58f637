"""Patterns that show between a ticket and the customer's other tickets with the same vendor. Facts in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from undertow.domain.facts import Fact, Linked, Message, Opened, StatusChanged, TopicChanged
from undertow.domain.patterns.evidence import BEHAVED, Case, match
from undertow.domain.patterns.tickets import VENDOR, plain
from undertow.domain.timeline import SOLVED

if TYPE_CHECKING:
    from undertow.domain.contract import Contract

Ticket = Sequence[Fact]


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


def continued(
    facts: Ticket, solved: Sequence[Diagnosis], number: str, others: Iterable[Ticket], contract: Contract
) -> Case | None:
    """``solved``, and the vendor itself opened a ticket on the matter within ``continued_within`` of it, before or after.

    On the matter: linked to this one (``number``), or under its topic. A ticket the customer opened is a repeat contact.
    """
    last = solved[-1]
    for other in others:
        opening = next((fact for fact in other if isinstance(fact.body, Opened)), None)
        if opening is None or not isinstance(opening.body, Opened) or opening.body.actor not in VENDOR:
            continue
        if abs(opening.time - last.solve.time) > contract.patterns.continued_within or opening.time <= facts[0].time:
            continue
        topic = opening.body.topic
        same = topic is not None and last.topic is not None and plain(topic) == plain(last.topic)
        link = _link(other, number)
        if same or link is not None:
            told = sorted([last.solve, opening, *([link] if link is not None else [])], key=lambda fact: fact.time)
            return Case("continued", match("continued", *told))
    return BEHAVED["continued"]


def misdiagnosed(solved: Sequence[Diagnosis], number: str, others: Iterable[Ticket], contract: Contract) -> Case | None:
    """The customer came back within the window, and the vendor then solved it under another topic or cause.

    Came back: reopened it; or opened a ticket that is linked to it; or one under its topic, where only another topic in the
    end counts, for an unrelated contact on the same topic has a cause of its own.
    """
    for first, second in pairwise(solved):
        undone = first.undone
        if undone is None or not first.by_customer or undone.time - first.solve.time > contract.reopen_window:
            continue
        if first.differs(second):
            return Case("misdiagnosed", match("misdiagnosed", first.solve, undone, second.solve))
    last = solved[-1]
    for other in others:
        opening = next((fact for fact in other if isinstance(fact.body, Opened)), None)
        if opening is None or not isinstance(opening.body, Opened) or opening.body.actor in VENDOR:
            continue
        if not last.solve.time < opening.time <= last.solve.time + contract.repeat_window:
            continue
        then, linked = diagnoses(other), _link(other, number) is not None
        topic = opening.body.topic
        same = topic is not None and last.topic is not None and plain(topic) == plain(last.topic)
        if then and (linked or same) and last.differs(then[-1], topic_only=not linked):
            return Case("misdiagnosed", match("misdiagnosed", last.solve, opening, then[-1].solve))
    return BEHAVED["misdiagnosed"]


def _link(facts: Ticket, number: str) -> Fact | None:
    return next((fact for fact in facts if isinstance(fact.body, Linked) and fact.body.related == number), None)
