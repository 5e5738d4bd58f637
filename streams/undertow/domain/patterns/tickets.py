"""Patterns that one ticket's own facts show. Facts in order; None where the ticket is not among those that are counted."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from undertow.domain.agreement.contract import Contract
from undertow.domain.agreement.thresholds import Patterns
from undertow.domain.measuring.neighbours import plain
from undertow.domain.patterns.deadlines import Running, used
from undertow.domain.patterns.evidence import BEHAVED, Case, match
from undertow.domain.patterns.pauses import Pause
from undertow.domain.tickets.course import PERSONS, VENDOR, Course
from undertow.domain.tickets.facts import Confirmed, Fact, Message, Opened, PriorityChanged, StatusChanged
from undertow.domain.tickets.timeline import SOLVED


def answered_before(course: Course, within: float) -> bool:
    """Whether the ticket was closed at most ``within`` seconds after an answer: else :func:`closed_unasked` finds nothing."""
    for closing in course.closings:
        place = bisect_right(course.replies, closing)
        if place and closing - course.replies[place - 1] <= within:
            return True
    return False


def closed_unasked(facts: Iterable[Fact], patterns: Patterns) -> Case | None:
    """Closed for good within ``closed_within`` of the vendor's last answer, with no word from the customer in between.

    *Solved* right after the answer is how most help desks work, for the customer can object; *closed* is not. A customer
    who closed it or confirmed that it is fixed had their say.
    """
    said: Fact | None = None
    closed = counted = confirmed = False
    for fact in facts:
        body = fact.body
        if isinstance(body, Message):
            if body.actor == "customer":
                said, confirmed = None, False
            elif body.actor in PERSONS and body.public and body.substantive:
                said = fact
        elif isinstance(body, Confirmed):
            confirmed = body.fixed
        elif isinstance(body, StatusChanged):
            closing, closed = body.to == "closed" and not closed, body.to == "closed"
            if closing and body.actor != "customer":
                counted = True
                if said is not None and not confirmed and fact.time - said.time <= patterns.closed_within:
                    return Case("closed_unasked", match("closed_unasked", said, fact))
    return Case("closed_unasked") if counted else None


def paused_late(found: Iterable[Pause], lines: Sequence[Running], course: Course, contract: Contract) -> Case | None:
    """A pause that began in the last part (``last_share``) of a target that was still running."""
    counted = False
    for pause in found:
        for line in () if pause.by_customer else lines:
            share = used(line, course, contract, pause.begun.time)
            if share is not None and share < 1:
                counted = True
                if share >= 1 - contract.patterns.last_share:
                    return Case("paused_late", match("paused_late", pause.begun))
    return Case("paused_late") if counted else None


def paused_unasked(found: Iterable[Pause]) -> Case | None:
    """A pause while the customer had been asked nothing that they had not answered."""
    own = [pause for pause in found if not pause.by_customer]
    for pause in own:
        if not pause.asked:
            return Case("paused_unasked", match("paused_unasked", pause.begun))
    return BEHAVED["paused_unasked"] if own else None


def lowered_late(facts: Iterable[Fact], lines: Iterable[Running], contract: Contract) -> Case | None:
    """The priority was changed, after a target had passed unmet, to one whose target is longer or that has none."""
    passed = [line for line in lines if line.breached is not None]
    if not passed:
        return None
    priority: str | None = None
    for fact in facts:
        body = fact.body
        if isinstance(body, Opened):
            priority = body.priority if priority is None else priority
        elif isinstance(body, PriorityChanged):
            if body.actor != "customer" and any(_eased(line, fact, priority, body.to, contract) for line in passed):
                return Case("lowered_late", match("lowered_late", fact))
            priority = body.to
    return Case("lowered_late")


def _eased(line: Running, fact: Fact, before: str | None, to: str, contract: Contract) -> bool:
    if line.breached is None or fact.time <= line.breached:
        return False
    old = contract.target(line.measure, before, line.run.start)
    new = contract.target(line.measure, to, line.run.start)
    return old is not None and (new is None or new > old)


def flicker(facts: Iterable[Fact], patterns: Patterns) -> Case | None:
    """Solved, taken back by the vendor itself within ``flicker_within``, and solved once more."""
    solve: Fact | None = None
    undone: tuple[Fact, Fact] | None = None
    wrote = counted = False
    for fact in facts:
        body = fact.body
        if isinstance(body, Message):
            wrote |= body.actor == "customer"
        elif isinstance(body, StatusChanged):
            if body.to in SOLVED:
                if undone is not None:
                    return Case("flicker", match("flicker", *undone, fact))
                if solve is None:
                    solve, wrote, counted = fact, False, True
            elif solve is not None:
                own = body.actor in VENDOR and not wrote
                undone = (solve, fact) if own and fact.time - solve.time < patterns.flicker_within else None
                solve = None
    return Case("flicker") if counted else None


def customer_blamed(facts: Iterable[Fact], blames: frozenset[str]) -> Case | None:
    """The last cause given for a solved ticket is one that blames the customer. ``blames`` as :func:`plain` writes them."""
    named: Fact | None = None
    word = ""
    for fact in facts:
        body = fact.body
        if isinstance(body, StatusChanged) and body.to in SOLVED and body.cause is not None:
            named, word = fact, plain(body.cause)
    if named is None:
        return None
    return Case("customer_blamed", match("customer_blamed", named) if word in blames else None)
