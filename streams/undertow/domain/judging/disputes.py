"""What both sides say of a finding - the vendor's answers, the company's rulings - and what it comes to.

It is a function of the set of these facts, ordered by when they were recorded, so neither their order of arrival nor a
repetition can change it:

- The vendor's latest answer counts.
- A ruling is final for the vendor: later answers are kept and shown, and reopen nothing, or a vendor could keep any finding
  out of the headline by disputing it again. The company may rule anew, and the latest ruling counts.
- What nobody has disputed cannot be upheld: such a ruling counts for nothing, or it would take the vendor's answer away.
  A finding may be withdrawn at any time.

While it is disputed and not ruled on, and for good once it is withdrawn, a finding is left out of every figure it was
counted in, and counted apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Final, get_args

import msgspec
from msgspec import Struct

from undertow.domain.counting.cells import Tally
from undertow.domain.judging.findings import Evidence, Finding, State
from undertow.domain.tickets.facts import SPOKEN, Answered, Ruled, Seen, in_order

STATES: Final[tuple[State, ...]] = get_args(State)
OUT: Final[frozenset[State]] = frozenset({"disputed", "withdrawn"})
"""States of findings that are in no headline."""
_ANSWERED: Final[Mapping[str, State]] = {"accept": "accepted", "dispute": "disputed", "explain": "explained"}


class Answer(Struct, frozen=True):
    """What was said of a finding comes to this; ``events`` are those that decide it, as they were read."""

    state: State
    reason: str | None
    events: tuple[Seen, ...]


def parted(seen: Iterable[Seen]) -> tuple[list[Seen], list[Seen]]:
    """What happened to the ticket, and what was said of its findings; each in the order given."""
    facts: list[Seen] = []
    spoken: list[Seen] = []
    for one in seen:
        (spoken if type(one.fact.body) in SPOKEN else facts).append(one)
    return facts, spoken


def by_then(seen: Iterable[Seen], end: float) -> list[Seen]:
    """Of a closed history what had happened by its end (seconds); what is said of its findings comes later."""
    return [one for one in seen if one.fact.time <= end or type(one.fact.body) in SPOKEN]


def settled(spoken: Sequence[Seen]) -> dict[str, Answer]:
    """By finding, what the facts of :func:`parted` come to. A finding of which nothing counts is not in it."""
    places = {one.fact: one for one in reversed(spoken)}
    said: dict[str, list[Seen]] = {}
    for fact in sorted(in_order(list(spoken)), key=lambda one: (one.recorded, one.sequence, one.id, one.source)):
        assert isinstance(fact.body, Answered | Ruled)
        said.setdefault(fact.body.finding, []).append(places[fact])
    return {finding: answer for finding, some in said.items() if (answer := _settled(some)) is not None}


def _settled(said: Iterable[Seen]) -> Answer | None:
    """``said`` of one finding, in the order in which it was recorded."""
    answer: Answer | None = None
    ruling: Answer | None = None
    disputed: Seen | None = None
    for one in said:
        body = one.fact.body
        if isinstance(body, Answered):
            answer = Answer(_ANSWERED[body.answer], body.reason, (one,))
            if body.answer == "dispute" and disputed is None:
                disputed = one
        elif isinstance(body, Ruled):
            if body.ruling == "withdrawn":
                ruling = Answer("withdrawn", body.reason, (one,))
            elif disputed is not None:
                ruling = Answer("upheld", body.reason, (disputed, one))
    return ruling or answer


def answered(finding: Finding, answers: Mapping[str, Answer]) -> Finding:
    """The finding with what was said of it, and the events that say so at the end of its evidence."""
    answer = answers.get(finding.id) if answers else None
    if answer is None:
        return finding
    told = (*finding.evidence, *map(_evidence, answer.events))
    return msgspec.structs.replace(finding, state=answer.state, reason=answer.reason, evidence=told)


def _evidence(one: Seen) -> Evidence:
    return Evidence(one.fact.source, one.fact.id, one.place.topic, one.place.partition, one.place.offset)


def counted(state: State | None, name: str, label: str, headline: Sequence[Tally]) -> Sequence[Tally]:
    """What a finding of ``name`` (measure or pattern) and ``label`` adds: ``headline`` unless it is :data:`OUT`."""
    if state is None:
        return headline
    apart = Tally(state, name, label)
    return (apart,) if state in OUT else (*headline, apart)


def totals(tallies: Iterable[Mapping[Tally, int]]) -> dict[State, int]:
    """How many findings are in which state, every state named."""
    found = dict.fromkeys(STATES, 0)
    for tally, n in chain.from_iterable(some.items() for some in tallies):
        for state in STATES:
            if tally.kind in {state, WAITING.get(state)}:
                found[state] += n
    return found


WAITING: Final[Mapping[str, str]] = {
    "verdict": "unsolved",
    "disputed": "unsolved_disputed",
    "withdrawn": "unsolved_withdrawn",
}
"""Kinds of tallies of tickets not solved yet: counted by their day of opening, they belong to no period's cohort."""
