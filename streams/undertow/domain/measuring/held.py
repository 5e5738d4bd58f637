"""Where a clock ran in one ticket, and when its target was used up: what a drawing of a finding shows."""

from __future__ import annotations

from msgspec import Struct

from undertow.domain.agreement.readings import Reading
from undertow.domain.measuring.actuals import SLA, Terms, actual, deadline, limits, passed
from undertow.domain.measuring.measures import LOOKS_BACK, count, runs
from undertow.domain.tickets.course import Course


class Held(Struct, frozen=True):
    """The longest run of a measure's clock, under the agreed reading. Times and durations in seconds."""

    measure: str
    start: float
    end: float | None
    """None while it runs."""
    lasted: float
    target: float | None
    """The one in force at the end, or that was passed."""
    due: float | None
    """When the target was used up; None where it was kept, or none was agreed."""
    met: bool | None


def held(course: Course, measure: str, reading: Reading, terms: Terms, as_of: float) -> list[Held]:
    """The measure, or of the SLA as a whole each that has a target; those that look past the solve are left out."""
    named = sorted(terms.targets) if measure == SLA else [measure]
    return [one for name in named if name not in LOOKS_BACK for one in _held(course, name, reading, terms, as_of)]


def _held(course: Course, measure: str, reading: Reading, terms: Terms, as_of: float) -> list[Held]:
    ran = runs(course, measure, reading, as_of).runs
    if not ran:
        return []
    lasted = {run: count(run, reading.clock, reading, terms.calendar, as_of) for run in ran}
    run = max(ran, key=lambda one: (lasted[one], -one.start))
    due = deadline(course, measure, reading, terms, run, as_of)
    in_force = limits(course, measure, run, reading, terms, as_of)
    broken = passed(run, lasted[run], in_force, reading, terms.calendar)
    target = in_force[-1].seconds if broken is None else broken
    met = actual(course, measure, reading, terms, as_of).met
    return [Held(measure, run.start, run.end, lasted[run], target, due, met)]
