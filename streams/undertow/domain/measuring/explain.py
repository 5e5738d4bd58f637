"""Explain before accusing: the reading closest to the agreed one under which the vendor's number is true.

Candidates in a fixed order: every single change of the agreed reading, then every pair, nearest first: clock, pauses,
actor (a bot's reply counts), status (a change of status counts as a reply), solve, reset, priority, start, waits. A reading
that gives the very number beats one that gives it only after rounding to the minute. A change for which the ticket has no
occasion (no bot wrote, nothing paused) is not tried: it could change nothing.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from undertow.domain.agreement.readings import Reading
from undertow.domain.measuring.actuals import SLA, Actual, Terms, held_against, whole
from undertow.domain.measuring.comparison import EXACT, TOLERANCE, agrees
from undertow.domain.measuring.measures import NOTHING_KNOWN, RESOLUTIONS, RESPONSES, After, Ran, runs
from undertow.domain.tickets.course import AUTOMATIC, STATUS, Course
from undertow.domain.tickets.facts import Claimed

UNEXPLAINED: Final = "unexplained"
CAUSES: Final = ("clock", "pauses", "actor", "status", "solve", "reset", "priority", "start", "waits")
"""In the order in which they are tried. Two are joined with ``+``."""
_PAUSES: Final = ("pending", "on_hold")


class Explanation(NamedTuple):
    """Why the vendor's number differs. ``reading`` is None when no reading fits."""

    cause: str
    reading: Reading | None
    value: float | None
    """Seconds under that reading."""
    tried: int
    """Readings that were tried, the cost of the search."""


class Candidate(NamedTuple):
    """A reading to try."""

    cause: str
    reading: Reading
    response: Reading
    """The same in all that decides when the clock of a response ran, the agreed defaults elsewhere."""
    resolution: Reading
    """The same for a resolution."""


class Occasions(NamedTuple):
    """Which changes of a reading could matter to a measure of a ticket at all."""

    clock: bool
    pauses: bool
    bots: bool
    statuses: bool
    replies: bool
    solves: bool
    reopens: bool
    assigned: bool
    priorities: bool
    waits: bool


class _Change(NamedTuple):
    """One change of a reading. Two causes can be of one axis, so they are no pair."""

    cause: str
    axis: str
    to: dict[str, Any]


def explain(
    claim: Claimed,
    course: Course,
    agreed: Reading,
    terms: Terms,
    as_of: float,
    after: After = NOTHING_KNOWN,
    tolerance: float = TOLERANCE,
) -> Explanation:
    """The nearest reading under which the claim is true. The agreed one itself is not tried."""
    search = _Search(claim.measure, course, terms, as_of, after)
    rounded: tuple[Candidate, Actual] | None = None
    tried = 0
    for candidate in candidates(agreed, occasions(claim.measure, course, terms)):
        tried += 1
        found = search.actual(candidate)
        if not agrees(claim, found, tolerance):
            continue
        if claim.value is None or found.value is None or abs(claim.value - found.value) < EXACT:
            return Explanation(candidate.cause, candidate.reading, found.value, tried)
        if rounded is None:
            rounded = (candidate, found)
    if rounded is not None:
        candidate, found = rounded
        return Explanation(candidate.cause, candidate.reading, found.value, tried)
    return Explanation(UNEXPLAINED, None, None, tried)


def occasions(measure: str, course: Course, terms: Terms) -> Occasions:
    """What the ticket gives occasion for."""
    measures = terms.targets if measure == SLA else (measure,)
    response = any(one in measures for one in RESPONSES)
    senders = {said.by for said in course.talk} if response else set()
    return Occasions(
        clock=not terms.calendar.always_open,
        pauses=any(stay.status in _PAUSES for stay in course.stays),
        bots=AUTOMATIC in senders,
        statuses=STATUS in senders,
        replies=response,
        solves=bool(course.solves) and any(one in measures for one in RESOLUTIONS),
        reopens=bool(course.reopens),
        assigned=bool(course.assigned),
        priorities=len(course.priorities) > 1,
        waits="next_response" in measures,
    )


@lru_cache(maxsize=4096)
def candidates(agreed: Reading, given: Occasions) -> tuple[Candidate, ...]:
    """The readings to try, nearest first. Kept, for a vendor's tickets give few kinds of occasion."""
    single = _changes(agreed, given)
    changed = [(one.cause, one.to) for one in single]
    changed += [
        (f"{one.cause}+{other.cause}", {**one.to, **other.to})
        for one, other in combinations(single, 2)
        if one.axis != other.axis
    ]
    same: dict[Reading, Reading] = {}
    found = []
    for cause, to in changed:
        reading = replace(agreed, **to)
        ran = replace(reading, clock="calendar", priority="then")
        response = replace(ran, solve="own", pauses="all" if ran.pauses == "all" else "none")
        resolution = replace(ran, reply="human", waits="all")
        found.append(Candidate(cause, reading, *(same.setdefault(one, one) for one in (response, resolution))))
    return tuple(found)


def _changes(agreed: Reading, given: Occasions) -> list[_Change]:
    """Every single change there is occasion for, in the order of :data:`CAUSES`."""
    found: list[_Change] = []
    if given.clock:
        found += _values("clock", agreed, "calendar", "business")
    if given.pauses:
        found += _values("pauses", agreed, "none", "all", "asked")
        if set(agreed.paused) != set(_PAUSES):
            found.append(_Change("pauses", "pauses", {"pauses": "all", "paused": _PAUSES}))
    if given.bots and agreed.reply != "bot":
        found.append(_Change("actor", "reply", {"reply": "bot"}))
    if given.replies and agreed.reply == "bot":
        found.append(_Change("actor", "reply", {"reply": "human"}))
    if given.statuses and agreed.reply != "status":
        found.append(_Change("status", "reply", {"reply": "status"}))
    if given.replies and agreed.reply == "status":
        found.append(_Change("status", "reply", {"reply": "human"}))
    if given.solves:
        found += _values("solve", agreed, "first", "last", "own")
    if given.reopens or given.assigned:
        ways = (("reopen", given.reopens), ("assignment", given.assigned), ("never", True))
        found += _values("reset", agreed, *[way for way, occasion in ways if occasion])
    if given.priorities:
        found += _values("priority", agreed, "end", "start", "then")
    if given.assigned:
        found += _values("start", agreed, "assigned", "opened")
    if given.waits:
        found += _values("waits", agreed, "later", "all")
    return found


def _values(axis: str, agreed: Reading, *values: str) -> list[_Change]:
    return [_Change(axis, axis, {axis: value}) for value in values if value != getattr(agreed, axis)]


_BROKEN: Final = Actual(None, met=False, ended=True)


class _Search:
    """Evaluates candidates, and nothing twice: most readings make a ticket's clock run as another one did."""

    def __init__(self, measure: str, course: Course, terms: Terms, as_of: float, after: After) -> None:
        self._measures = list(terms.targets) if measure == SLA else [measure]
        self._whole = measure == SLA
        self._course, self._terms, self._as_of, self._after = course, terms, as_of, after
        self._ran: dict[tuple[str, Reading], Ran] = {}
        self._found: dict[tuple[str, Ran, str, str], Actual] = {}

    def actual(self, candidate: Candidate) -> Actual:
        """The measure under a candidate; of the SLA as a whole no more than decides it."""
        if not self._whole:
            return self._part(self._measures[0], candidate)
        parts: list[Actual] = []
        for place, measure in enumerate(self._measures):
            part = self._part(measure, candidate)
            parts.append(part)
            if part.met is False:
                # what broke it once will break it under most readings: look there first next time
                self._measures.insert(0, self._measures.pop(place))
                return _BROKEN
        return whole(parts)

    def _part(self, measure: str, candidate: Candidate) -> Actual:
        under = candidate.response if measure in RESPONSES else candidate.resolution
        ran = self._ran.get((measure, under))
        if ran is None:
            ran = self._ran[measure, under] = runs(self._course, measure, under, self._as_of, self._after)
        reading = candidate.reading
        same = (measure, ran, reading.clock, reading.priority)
        found = self._found.get(same)
        if found is None:
            found = held_against(self._course, measure, ran, reading, self._terms, self._as_of)
            self._found[same] = found
        return found
