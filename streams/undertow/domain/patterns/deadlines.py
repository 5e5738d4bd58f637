"""What of a ticket had to be done by when: the runs of its measures, and when each passed its target unmet.

The clocks are those of :mod:`undertow.domain.measuring.measures` under the agreed reading, with one exception: the target is
always that of the priority in force at the time, so who lowers a priority after the breach does not undo it. Instants in
seconds.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from msgspec import Struct, structs

from undertow.domain.agreement.contract import Contract
from undertow.domain.agreement.readings import Reading
from undertow.domain.measuring.actuals import Clocks, deadline, limits
from undertow.domain.measuring.measures import Run, count
from undertow.domain.tickets.course import Course

MEASURES: Final = ("first_response", "next_response", "first_resolution", "total_resolution")
"""Those a deadline can be kept of while the ticket is worked on."""


class Running(Struct, frozen=True, gc=False):
    """One run of a measure that has a target."""

    measure: str
    run: Run
    breached: float | None
    """When its target passed unmet, None while it did not."""


def running(course: Course, clocks: Clocks, contract: Contract, as_of: float) -> list[Running]:
    """The runs as of a time, by measure and then in order of time. ``clocks``: those under the agreed reading."""
    if not contract.targets:
        return []
    reading = at_the_time(contract.reading)
    found = []
    for measure in MEASURES:
        if measure in contract.targets:
            for run in clocks.ran(measure).runs:
                at = deadline(course, measure, reading, contract, run, as_of)
                found.append(Running(measure, run, at if at is not None and at < as_of else None))
    return found


def used(one: Running, course: Course, contract: Contract, at: float) -> float | None:
    """How much of the target in force had run at a time, as a ratio; None where it did not run or had no target then."""
    run = one.run
    if at < run.start or (run.end is not None and at >= run.end):
        return None
    reading = at_the_time(contract.reading)
    in_force = [limit.seconds for limit in limits(course, one.measure, run, reading, contract, at) if limit.start <= at]
    seconds = in_force[-1]
    if not seconds:
        return None
    return count(run, reading.clock, reading, contract.calendar, at) / seconds


@lru_cache(maxsize=64)
def at_the_time(reading: Reading) -> Reading:
    """The same reading with the priority in force at every moment."""
    return structs.replace(reading, priority="then")
