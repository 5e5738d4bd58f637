"""Patterns that show between a ticket and the customer's other tickets with the same vendor. Facts in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from undertow.domain.agreement.contract import Contract
from undertow.domain.measuring.neighbours import Diagnosis, Neighbour, plain
from undertow.domain.patterns.evidence import BEHAVED, Case, match
from undertow.domain.tickets.course import VENDOR
from undertow.domain.tickets.facts import Fact, Opened


def continued(
    facts: Sequence[Fact], solved: Sequence[Diagnosis], number: str, others: Iterable[Neighbour], contract: Contract
) -> Case | None:
    """``solved``, and the vendor itself opened a ticket on the matter within ``continued_within`` of it, before or after.

    On the matter: linked to this one (``number``), or under its topic. A ticket the customer opened is a repeat contact.
    """
    last = solved[-1]
    for other in others:
        opening = other.opening
        if opening is None or not isinstance(opening.body, Opened) or opening.body.actor not in VENDOR:
            continue
        if abs(opening.time - last.solve.time) > contract.patterns.continued_within or opening.time <= facts[0].time:
            continue
        topic = opening.body.topic
        same = topic is not None and last.topic is not None and plain(topic) == plain(last.topic)
        link = other.link(number)
        if same or link is not None:
            told = sorted([last.solve, opening, *([link] if link is not None else [])], key=lambda fact: fact.time)
            return Case("continued", match("continued", *told))
    return BEHAVED["continued"]


def misdiagnosed(
    solved: Sequence[Diagnosis], number: str, others: Iterable[Neighbour], contract: Contract
) -> Case | None:
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
        opening = other.opening
        if opening is None or not isinstance(opening.body, Opened) or opening.body.actor in VENDOR:
            continue
        if not last.solve.time < opening.time <= last.solve.time + contract.repeat_window:
            continue
        then = other.solved
        if then is None:
            continue
        linked = other.link(number) is not None
        topic = opening.body.topic
        same = topic is not None and last.topic is not None and plain(topic) == plain(last.topic)
        if (linked or same) and last.differs(then, topic_only=not linked):
            return Case("misdiagnosed", match("misdiagnosed", last.solve, opening, then.solve))
    return BEHAVED["misdiagnosed"]
