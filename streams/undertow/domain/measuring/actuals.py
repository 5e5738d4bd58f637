"""Actuals: a measure held against the target that was in force, at every moment of it.

A breach stays a breach: the target in force at each moment is that of the priority then, so a priority lowered after the
deadline comes too late, and one raised counts from the clock's start. Which version of the contract holds is decided when
the clock starts. Times are seconds since 1970-01-01T00:00Z.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import Final, Protocol

from msgspec import Struct

from undertow.domain.agreement.calendars import Calendar
from undertow.domain.agreement.readings import Reading
from undertow.domain.measuring.measures import NOTHING_KNOWN, After, Ran, Run, count, runs
from undertow.domain.tickets.course import FOREVER, Course

SLA: Final = "sla"
"""The measure of a claim about the ticket as a whole: every measure that has a target."""


class Terms(Protocol):
    """What of a contract decides; :class:`undertow.domain.agreement.contract.Contract` has it."""

    @property
    def calendar(self) -> Calendar: ...  # noqa: D102
    @property
    def targets(self) -> Mapping[str, object]: ...  # noqa: D102
    def target(self, measure: str, priority: str | None, at: float) -> float | None: ...  # noqa: D102


class Actual(Struct, frozen=True, gc=False):
    """A measure under one reading, against the target."""

    value: float | None
    """Seconds on the reading's clock; None where the measure does not apply, cannot be told, or is the SLA as a whole."""
    met: bool | None
    """None: not decided yet (it runs, within the target), no target, or it cannot be told."""
    ended: bool
    target: float | None = None
    """The target in force at the end, seconds; of a breach the one that was passed first."""
    missing: str | None = None
    """What the feed lacks to tell."""
    known: bool = True
    """False while it is too early to tell."""


def actual(
    course: Course, measure: str, reading: Reading, terms: Terms, as_of: float, after: After = NOTHING_KNOWN
) -> Actual:
    """One measure, or :data:`SLA`, under a reading as of a time."""
    return Clocks(course, reading, terms, as_of, after).actual(measure)


class Clocks:
    """The clocks of one ticket under a reading as of a time: when each ran and what came of it, reckoned once for all who ask."""

    def __init__(
        self, course: Course, reading: Reading, terms: Terms, as_of: float, after: After = NOTHING_KNOWN
    ) -> None:
        self._course, self._reading, self._terms, self._as_of, self._after = course, reading, terms, as_of, after
        self._ran: dict[str, Ran] = {}
        self._actual: dict[str, Actual] = {}

    def ran(self, measure: str) -> Ran:
        """The runs of a measure; which priority sets its target does not matter to them."""
        found = self._ran.get(measure)
        if found is None:
            found = self._ran[measure] = runs(self._course, measure, self._reading, self._as_of, self._after)
        return found

    def actual(self, measure: str) -> Actual:
        """A measure, or :data:`SLA`."""
        found = self._actual.get(measure)
        if found is None:
            if measure == SLA:
                found = whole([self.actual(one) for one in self._terms.targets])
            else:
                found = held_against(self._course, measure, self.ran(measure), self._reading, self._terms, self._as_of)
            self._actual[measure] = found
        return found


def held_against(course: Course, measure: str, ran: Ran, reading: Reading, terms: Terms, as_of: float) -> Actual:
    """The same for runs that are known already."""
    if not ran.runs:
        return Actual(None, None, False, None, ran.missing, ran.known)
    value, target = 0.0, None
    ended = True
    agreed = False
    broken: float | None = None
    for run in ran.runs:
        lasted = count(run, reading.clock, reading, terms.calendar, as_of)
        value = max(value, lasted)
        ended = ended and run.end is not None
        in_force = limits(course, measure, run, reading, terms, as_of)
        target = in_force[-1].seconds
        agreed = agreed or any(limit.seconds is not None for limit in in_force)
        broken = passed(run, lasted, in_force, reading, terms.calendar) if broken is None else broken
    if broken is not None:
        return Actual(value, False, ended, broken)
    # a wait for which nothing was agreed takes nothing from the others
    return Actual(value, True if ended and agreed else None, ended, target)


def whole(parts: list[Actual]) -> Actual:
    """The SLA as a whole: broken by one breach, met when every part that can be told is met."""
    told = broken = False
    good = ended = known = True
    missing: str | None = None
    for part in parts:
        known = known and part.known
        missing = part.missing if missing is None else missing
        if part.target is not None or part.met is not None:
            told = True
            broken = broken or part.met is False
            good = good and part.met is True
            ended = ended and part.ended
    met = False if broken else True if told and good and known and missing is None else None
    return Actual(None, met, ended, None, None if met is not None else missing, known)


class Limit(Struct, frozen=True, gc=False):
    """From ``start`` to ``end`` the measure had to stay within ``seconds``; None: no target was agreed."""

    start: float
    end: float
    seconds: float | None


def limits(course: Course, measure: str, run: Run, reading: Reading, terms: Terms, as_of: float) -> list[Limit]:
    """The targets in force while a run lasted, in order; one where the priority did not change."""
    end = run.end if run.end is not None else as_of
    since = course.priorities
    if not since:
        return [Limit(run.start, end, terms.target(measure, None, run.start))]
    if reading.priority == "end":
        place = max(bisect_right(since, as_of, key=_since) - 1, 0)
        return [Limit(run.start, end, terms.target(measure, since[place][1], run.start))]
    place = max(bisect_right(since, run.start, key=_since) - 1, 0) if len(since) > 1 else 0
    at, priority = run.start, since[place][1]
    found: list[Limit] = []
    if reading.priority == "then":
        for change, to in since[place + 1 :]:
            if change >= end:
                break
            found.append(Limit(at, change, terms.target(measure, priority, run.start)))
            at, priority = change, to
    found.append(Limit(at, end, terms.target(measure, priority, run.start)))
    return found


def deadline(course: Course, measure: str, reading: Reading, terms: Terms, run: Run, as_of: float) -> float | None:
    """When a run used up its target, or will if it goes on and nothing pauses it; None: no target, or ended in time."""
    in_force = limits(course, measure, run, reading, terms, as_of)
    for limit in in_force:
        if limit.seconds is None:
            continue
        if count(run, reading.clock, reading, terms.calendar, limit.end) > limit.seconds:
            return max(limit.start, _reached(run, limit.seconds, reading, terms.calendar))
    last = in_force[-1]
    if run.end is not None or last.seconds is None:
        return None
    due = max(last.start, _reached(run, last.seconds, reading, terms.calendar))
    return due if due != FOREVER else None


def passed(run: Run, lasted: float, in_force: list[Limit], reading: Reading, calendar: Calendar) -> float | None:
    """The first target that a run passed unmet (seconds), None where it kept to all. ``lasted``: up to its end."""
    for limit in in_force:
        if limit.seconds is None:
            continue
        by_then = lasted if limit is in_force[-1] else count(run, reading.clock, reading, calendar, limit.end)
        if by_then > limit.seconds:
            return limit.seconds
    return None


def _reached(run: Run, seconds: float, reading: Reading, calendar: Calendar) -> float:
    """The instant at which a run has lasted so long on the reading's clock; infinite where it never does."""
    left = seconds
    for start, end in run.spans:
        at = calendar.add(start, left) if reading.clock == "business" else start + left
        if at < end or end == FOREVER:
            return at
        left -= calendar.seconds(start, end) if reading.clock == "business" else end - start
    return FOREVER


def _since(priority: tuple[float, str | None]) -> float:
    return priority[0]
