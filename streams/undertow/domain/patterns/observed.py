"""Everything one ticket's facts say about patterns, in one call."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from undertow.domain.agreement.contract import Contract
from undertow.domain.measuring.actuals import Clocks
from undertow.domain.measuring.neighbours import Neighbour, diagnoses, plain
from undertow.domain.patterns import integrity, returns, tickets
from undertow.domain.patterns.deadlines import running
from undertow.domain.patterns.evidence import BEHAVED, Case
from undertow.domain.patterns.pauses import pauses
from undertow.domain.tickets.course import Course, course
from undertow.domain.tickets.facts import Fact, Seen, in_order


def observed(
    seen: list[Seen],
    number: str,
    others: Sequence[Neighbour],
    contract: Contract,
    as_of: float,
    known: tuple[list[Fact], Course, Clocks] | None = None,
) -> list[Case]:
    """The cases of ticket ``number`` as of a time (seconds), at most one a pattern.

    ``seen`` as :func:`~undertow.domain.tickets.facts.join` gives it; ``others``: the same customer's other tickets with this
    vendor that were opened within the repeat window of its solves, or near them; ``known``: the very same facts in order, their
    course and its clocks under the agreed reading, where the caller has them.
    """
    patterns = contract.patterns
    facts, read, clocks = known if known is not None else _read(seen, contract, as_of)
    # Most tickets give a pattern no occasion, which the course tells at once: the facts are read again only where it does.
    lines = running(read, clocks, contract, as_of)
    found: list[Case | None] = []
    if read.closings:
        answered = tickets.answered_before(read, patterns.closed_within)
        found.append(tickets.closed_unasked(facts, patterns) if answered else BEHAVED["closed_unasked"])
    if (lines or read.wrote) and not {stay.status for stay in read.stays}.isdisjoint(contract.reading.paused):
        paused = pauses(facts, contract.reading.paused, patterns.question_grace)
        found.append(tickets.paused_late(paused, lines, read, contract) if lines else None)
        if read.wrote:  # a feed without messages tells nothing about questions
            found.append(tickets.paused_unasked(paused))
    if breaches := [line.breached for line in lines if line.breached is not None]:
        found += [tickets.lowered_late(facts, lines, contract), integrity.edited(seen, breaches)]
    if read.solves:
        again = bool(read.reopens)
        solved = diagnoses(facts) if others or again else []
        found += [
            tickets.flicker(facts, patterns) if again else BEHAVED["flicker"],
            returns.continued(facts, solved, number, others, contract) if others else BEHAVED["continued"],
            returns.misdiagnosed(solved, number, others, contract) if solved else BEHAVED["misdiagnosed"],
            tickets.customer_blamed(facts, _plain(patterns.blames)) if read.caused else None,
        ]
    if contract.as_of is None:  # a closed history is imported: everything arrives late
        found.append(integrity.backdated(seen, patterns.backdated_after, contract.imported_until))
    if not read.exists:
        found.append(integrity.unknown_ticket(facts, as_of, patterns.unknown_after))
    elif read.claims:
        found.append(BEHAVED["unknown_ticket"])
    return [case for case in found if case is not None]


def _read(seen: list[Seen], contract: Contract, as_of: float) -> tuple[list[Fact], Course, Clocks]:
    facts = in_order(seen)
    read = course(facts)
    return facts, read, Clocks(read, contract.reading, contract, as_of)


@lru_cache(maxsize=256)
def _plain(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(plain, words))
