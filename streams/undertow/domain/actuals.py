"""Actuals: a measure held against the target that was in force, at every moment of it.

A breach stays a breach: the target in force at each moment is that of the priority then, so a priority lowered after the
deadline comes too late, and one raised counts from the clock's start. Which version of the contract holds is decided when
the clock starts. Times are seconds since 1970-01-01T00:00Z.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import Final, NamedTuple, Protocol

from undertow.domain.calendars import Calendar
from undertow.domain.course import FOREVER, Course
from undertow.domain.measures import NOTHING_KNOWN, After, Ran, Run, count, runs
from undertow.domain.readings import Reading

SLA: Final = "sla"
"""The measure of a claim about the ticket as a whole: every measure that has a target."""


class Terms(Protocol):
    """What of a contract decides; :class:`undertow.domain.contract.Contract` has it."""

    @property
    def calendar(self) -> Calendar: ...  # noqa: D102
    @property
    def targets(self) -> Mapping[str, object]: ...  # noqa: D102
    def target(self, measure: str, priority: str | None, at: float) -> float | None: ...  # noqa: D102


class Actual(NamedTuple):
    """A measure under one reading, against the target."""

    value: float | None
    """Seconds on the reading's clock; None where the measure does not apply, cannot be told, or is the SLA as a whole."""
    met: bool | None
    """None: not decided yet (it runs, within the target), no target, or it cannot be told."""
    ended: bool
    target: float | None = None
    """The target in force at the end, seconds."""
    missing: str | None = None
    """What the feed lacks to tell."""
    known: bool = True
    """False while it is too early to tell."""


def actual(
    course: Course, measure: str, reading: Reading, terms: Terms, as_of: float, after: After = NOTHING_KNOWN
) -> Actual:
    """One measure, or :data:`SLA`, under a reading as of a time."""
    if measure == SLA:
        return whole([actual(course, one, reading, terms, as_of, after) for one in terms.targets])
    return held_against(course, measure, runs(course, measure, reading, as_of, after), reading, terms, as_of)


def held_against(course: Course, measure: str, ran: Ran, reading: Reading, terms: Terms, as_of: float) -> Actual:
    """The same for runs that are known already."""
    if not ran.runs:
        return Actual(None, None, ended=False, missing=ran.missing, known=ran.known)
    value, target = 0.0, None
    met: bool | None = True
    ended = True
    for run in ran.runs:
        lasted = count(run, reading.clock, reading, terms.calendar, as_of)
        value = max(value, lasted)
        ended = ended and run.end is not None
        in_force = limits(course, measure, run, reading, terms, as_of)
        target = in_force[-1].seconds
        if not _within(run, lasted, in_force, reading, terms.calendar):
            met = False
        elif met and (run.end is None or all(limit.seconds is None for limit in in_force)):
            met = None
    return Actual(value, met, ended, target)


def whole(parts: list[Actual]) -> Actual:
    """The SLA as a whole: broken by one breach, met when every part that can be told is met."""
    told = [part for part in parts if part.target is not None]
    missing = next((part.missing for part in parts if part.missing is not None), None)
    met: bool | None = None
    if any(part.met is False for part in told):
        met = False
    elif told and missing is None and all(part.met for part in told) and all(part.known for part in parts):
        met = True
    known = all(part.known for part in parts)
    return Actual(None, met, all(part.ended for part in told), None, None if met is not None else missing, known)


class Limit(NamedTuple):
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
    due: float | None = None
    for start, end, seconds in limits(course, measure, run, reading, terms, as_of):
        if seconds is None:
            due = None
            continue
        due = max(start, _reached(run, seconds, reading, terms.calendar))
        if count(run, reading.clock, reading, terms.calendar, end) > seconds:
            return due
    return due if run.end is None and due != FOREVER else None


def _within(run: Run, lasted: float, in_force: list[Limit], reading: Reading, calendar: Calendar) -> bool:
    if len(in_force) == 1:
        return in_force[0].seconds is None or lasted <= in_force[0].seconds
    for limit in in_force:
        if limit.seconds is not None and count(run, reading.clock, reading, calendar, limit.end) > limit.seconds:
            return False
    return True


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
