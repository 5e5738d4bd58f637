"""Every clock of a ticket with its working: what ran, what did not, what was agreed. A person can add it up by hand.

Durations in seconds, times in seconds since 1970-01-01T00:00Z.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from undertow.domain.agreement.contract import Contract
from undertow.domain.agreement.readings import Reading
from undertow.domain.judging.grounds import changed
from undertow.domain.measuring.actuals import SLA, Actual, Limit, actual, deadline, limits
from undertow.domain.measuring.comparison import DISCORDANT, Class, compare
from undertow.domain.measuring.explain import explain
from undertow.domain.measuring.measures import TIMED, After, Run, count, measured, runs
from undertow.domain.tickets.course import Course


class Interval(Struct, frozen=True):
    """A span in which the clock ran, and what it counts on each clock. ``end`` None: it still runs, counted up to now."""

    start: float
    end: float | None
    calendar: float
    business: float


class Stop(Struct, frozen=True):
    """A pause of the ticket while the measure ran, and whether it stopped this clock."""

    start: float
    end: float | None
    status: str
    asked: bool
    """A public question to the customer stood when it began."""
    stopped: bool


class Running(Struct, frozen=True):
    """One run of a measure: of ``next_response`` one a wait."""

    start: float
    end: float | None
    calendar: float
    business: float
    counted: tuple[Interval, ...]
    stops: tuple[Stop, ...]
    limits: tuple[Limit, ...]
    """The targets in force while it ran; None for no target."""
    deadline: float | None
    """When its target was used up, or will be if nothing pauses it."""


class Working(Struct, frozen=True, kw_only=True):
    """One measure. ``calendar`` and ``business`` are those of the longest run, on each clock for itself."""

    measure: str
    calendar: float | None = None
    business: float | None = None
    ended: bool = False
    known: bool = True
    missing: str | None = None
    runs: tuple[Running, ...] = ()
    target: float | None = None
    met: bool | None = None
    claimed_met: bool | None = None
    claimed: float | None = None
    verdict: Class | None = None
    cause: str | None = None
    changes: dict[str, Any] | None = None
    """What of the reading has to change for the claim to be true, by axis."""
    then: float | None = None
    """The value under that reading."""


def workings(course: Course, contract: Contract, reading: Reading, as_of: float, what: After) -> list[Working]:
    """Every measure that applies, or of which anything is claimed, under a reading as of a time."""
    named = [*TIMED, SLA] if contract.targets or SLA in course.claims else TIMED
    found = [_working(course, measure, contract, reading, as_of, what) for measure in named]
    return [one for one in found if one.runs or one.claimed_met is not None or one.met is not None]


def _working(course: Course, measure: str, contract: Contract, reading: Reading, as_of: float, what: After) -> Working:
    judged = actual(course, measure, reading, contract, as_of, what)
    claim = course.claims.get(measure)
    verdict = compare(claim, course, judged)
    said: dict[str, Any] = {"target": judged.target, "met": judged.met, "verdict": verdict}
    if claim is not None:
        said |= {"claimed_met": claim.met, "claimed": claim.value}
        if verdict in DISCORDANT:
            why = explain(claim, course, reading, contract, as_of, what)
            said |= {"cause": why.cause, "changes": changed(reading, why.reading), "then": why.value}
    if measure == SLA:
        return _whole(judged, said)
    seconds = measured(course, measure, reading, contract.calendar, as_of, what)
    found = tuple(
        _running(course, measure, run, contract, reading, as_of)
        for run in runs(course, measure, reading, as_of, what).runs
    )
    return Working(
        measure=measure,
        calendar=seconds.calendar,
        business=seconds.business,
        ended=seconds.ended,
        known=seconds.known,
        missing=seconds.missing,
        runs=found,
        **said,
    )


def _whole(judged: Actual, said: dict[str, Any]) -> Working:
    return Working(measure=SLA, ended=judged.ended, known=judged.known, missing=judged.missing, **said)


def _running(course: Course, measure: str, run: Run, contract: Contract, reading: Reading, as_of: float) -> Running:
    calendar = contract.calendar
    counted = []
    for start, end in run.spans:
        alone = Run(start, ((start, end),), run.end)
        on = [count(alone, clock, reading, calendar, as_of) for clock in ("calendar", "business")]
        counted.append(Interval(start, end if end <= as_of else None, *on))
    return Running(
        run.start,
        run.end,
        count(run, "calendar", reading, calendar, as_of),
        count(run, "business", reading, calendar, as_of),
        tuple(counted),
        tuple(_stops(course, run, reading, as_of)),
        tuple(limits(course, measure, run, reading, contract, as_of)),
        deadline(course, measure, reading, contract, run, as_of),
    )


def _stops(course: Course, run: Run, reading: Reading, as_of: float) -> Iterator[Stop]:
    until = as_of if run.end is None else run.end
    for stay in course.stays:
        if stay.status in reading.paused and stay.start < until and stay.end > run.start:
            middle = max(stay.start, run.start)
            ran = any(start <= middle < end for start, end in run.spans)
            end = stay.end if stay.end <= as_of else None
            yield Stop(stay.start, end, stay.status, course.asked(stay.start), not ran)
