"""Every number made by a known reading is explained: by that reading, or by one that gives the same number on that ticket."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

import msgspec

import tickets
from undertow.domain.agreement.readings import Reading
from undertow.domain.measuring.actuals import SLA, actual
from undertow.domain.measuring.comparison import agrees
from undertow.domain.measuring.explain import CAUSES, UNEXPLAINED, Explanation, candidates, explain, occasions
from undertow.domain.tickets.course import Course, course
from undertow.domain.tickets.facts import Claimed

SIZE = int(os.environ.get("UNDERTOW_EXPLANATIONS", "10000"))
TERMS = tickets.agreed(targets=tickets.TARGETS)
MOST = 130
"""Readings that a search may try: what the two changes of every axis come to."""


class Case(NamedTuple):
    """A discordant ticket: what was claimed of it, under which agreed reading, and the reading that made the claim."""

    course: Course
    claim: Claimed
    agreed: Reading
    known: Reading
    changed: int
    as_of: float


def cases(seed: int, size: int, *, values: bool = True) -> Iterator[Case]:
    """Discordant tickets: the claim is true under one or two changes of the agreed reading, and not under that one.

    With ``values`` the claim is a number of seconds and met or missed, without it only met or missed, also of the whole SLA.
    """
    random = Random(seed)
    made = 0
    while made < size:
        line = course(tickets.rich(random))
        found = next((one for _ in range(8) if (one := _case(random, line, values)) is not None), None)
        if found is not None:
            made += 1
            yield found


def _case(random: Random, line: Course, values: bool) -> Case | None:
    agreed = Reading(clock=random.choice(("calendar", "business")), pauses=random.choice(("asked", "none", "all")))
    axes = random.sample(sorted(tickets.AXES), random.choice((1, 1, 2)))
    changes = {axis: random.choice([v for v in tickets.AXES[axis] if v != getattr(agreed, axis)]) for axis in axes}
    known = msgspec.structs.replace(agreed, **changes)
    measure = random.choice(tuple(tickets.TARGETS) if values else (*tickets.TARGETS, SLA))
    as_of = line.last + random.choice((0.0, 40 * tickets.DAY))
    found = actual(line, measure, known, TERMS, as_of)
    if found.met is None or (values and not found.ended):
        return None
    claim = Claimed(measure, found.met, found.value if values else None, None, None)  # type: ignore[arg-type]
    if agrees(claim, actual(line, measure, agreed, TERMS, as_of)):
        return None
    return Case(line, claim, agreed, known, len(axes), as_of)


def explained(case: Case) -> Explanation:
    return explain(case.claim, case.course, case.agreed, TERMS, case.as_of)


def test_the_explanation_names_the_reading_that_made_the_number_or_an_equivalent_one():
    """Promise: 10,000 discordant tickets; the named reading gives the known one's number, and needs no more changes.

    UNDERTOW_EXPLANATIONS sets another number of tickets.
    """
    causes: Counter[str] = Counter()
    named = tried = most = 0
    for case in cases(seed=5, size=SIZE):
        answer = explained(case)
        assert answer.reading is not None, case
        if answer.reading == case.known:
            named += 1
        else:
            made = actual(case.course, case.claim.measure, case.known, TERMS, case.as_of)
            other = actual(case.course, case.claim.measure, answer.reading, TERMS, case.as_of)
            assert (other.value, other.met, other.ended) == (made.value, made.met, made.ended), case
        assert answer.cause.count("+") + 1 <= case.changed
        causes[answer.cause] += 1
        tried, most = tried + 1, max(most, answer.tried)
    assert tried == SIZE
    assert named > SIZE / 3
    assert UNEXPLAINED not in causes
    assert set(CAUSES) <= set(causes)
    assert most <= MOST


def test_a_claim_without_a_number_is_explained_by_a_reading_under_which_it_is_true():
    """Promise: met or missed as claimed, also of the SLA as a whole, which has no number."""
    measures = set()
    for case in cases(seed=8, size=500, values=False):
        answer = explained(case)
        assert answer.reading is not None, case
        assert actual(case.course, case.claim.measure, answer.reading, TERMS, case.as_of).met == case.claim.met
        assert answer.cause.count("+") + 1 <= case.changed
        measures.add(case.claim.measure)
    assert measures == {*tickets.TARGETS, SLA}


def test_a_number_that_no_reading_gives_is_unexplained_after_a_bounded_search():
    """Promise: the search tries every candidate once, and never more than the two changes of every axis come to."""
    for case in cases(seed=6, size=200):
        nobody = msgspec.structs.replace(case.claim, value=123_456_789.0, measure="first_resolution")
        answer = explain(nobody, case.course, case.agreed, TERMS, case.as_of)
        possible = candidates(case.agreed, occasions(nobody.measure, case.course, TERMS))
        assert (answer.cause, answer.reading, answer.value) == (UNEXPLAINED, None, None)
        assert answer.tried == len(possible) <= MOST


def test_candidates_are_nearest_first_and_none_is_the_agreed_reading():
    """Promise: one change before two, each reading once, in an order that is the same every time."""
    for case in cases(seed=7, size=100):
        some = candidates(case.agreed, occasions(case.claim.measure, case.course, TERMS))
        changes = [one.cause.count("+") + 1 for one in some]
        assert changes == sorted(changes)
        readings = [one.reading for one in some]
        assert case.agreed not in readings
        assert len(set(readings)) == len(readings)
        for one in some:
            differs = [axis for axis in tickets.AXES if getattr(one.reading, axis) != getattr(case.agreed, axis)]
            assert len(differs) == one.cause.count("+") + 1


def test_what_gives_no_occasion_for_a_change_is_not_tried_and_would_have_changed_nothing():
    """Promise: leaving candidates out is a saving and no loss: each reading left out gives the agreed number."""
    bare = tickets.ticket(
        (0, tickets.OPENED), (0, tickets.ASKS), (90, tickets.ANSWERS), (700, tickets.status("solved"))
    )
    agreed = Reading()
    for measure in tickets.TARGETS:
        some = candidates(agreed, occasions(measure, bare, TERMS))
        tried = {(axis, getattr(one.reading, axis)) for one in some for axis in tickets.AXES}
        expected = actual(bare, measure, agreed, TERMS, bare.last)
        for axis, values in tickets.AXES.items():
            for value in set(values) - {getattr(agreed, axis)}:
                if (axis, value) not in tried:
                    other = msgspec.structs.replace(agreed, **{axis: value})
                    assert actual(bare, measure, other, TERMS, bare.last) == expected, (measure, axis, value)
