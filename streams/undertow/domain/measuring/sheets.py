"""A ticket's sheet: every measure of it on both clocks, beside the target, the claim and what explains the difference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from undertow.domain.agreement.contract import Contract
from undertow.domain.agreement.readings import Reading
from undertow.domain.measuring.actuals import SLA, Actual, actual
from undertow.domain.measuring.comparison import DISCORDANT, Class, compare
from undertow.domain.measuring.explain import explain
from undertow.domain.measuring.measures import TIMED, After, measured
from undertow.domain.measuring.recovery import Contact, after, first_contact_resolution, hand_offs, rating
from undertow.domain.tickets.course import Course
from undertow.domain.tickets.promises import promises, tally

State = Literal["ended", "running", "immature", "unverifiable", "none"]
COUNTED: Final = ("first_contact_resolution", "hand_offs", "csat")
PROMISES: Final = ("kept", "late", "broken", "withdrawn", "open")


class Line(Struct, frozen=True):
    """One measure of one ticket. Durations in seconds, times in seconds since 1970."""

    measure: str
    state: State
    """``none``: it does not apply; ``unverifiable``: the feed lacks what it needs; ``immature``: too early to tell."""
    calendar: float | None = None
    business: float | None = None
    value: float | None = None
    """Of a measure that is no duration: how many; of one that is yes or no: 1 or 0."""
    start: float | None = None
    end: float | None = None
    target: float | None = None
    met: bool | None = None
    claimed_met: bool | None = None
    claimed: float | None = None
    verdict: Class | None = None
    cause: str | None = None
    """Of a discordant claim: the reading under which it would be true."""


def sheet(
    course: Course, contacts: Sequence[Contact], contract: Contract, reading: Reading, as_of: float
) -> list[Line]:
    """Every measure of a ticket under a reading, as of a time: durations, the SLA as a whole, then what is counted."""
    what = after(course, contacts, contract, as_of)
    named = [*TIMED, SLA] if contract.targets or SLA in course.claims else TIMED
    lines = [_line(course, measure, contract, reading, as_of, what) for measure in named]
    return [*lines, *_counted(course, what, contract, as_of)]


def _line(course: Course, measure: str, contract: Contract, reading: Reading, as_of: float, what: After) -> Line:
    judged = actual(course, measure, reading, contract, as_of, what)
    claim = course.claims.get(measure)
    verdict = compare(claim, course, judged)
    cause = None
    if claim is not None and verdict in DISCORDANT:
        cause = explain(claim, course, reading, contract, as_of, what).cause
    line = Line(
        measure,
        _state(measure, judged),
        target=judged.target,
        met=judged.met,
        claimed_met=claim.met if claim is not None else None,
        claimed=claim.value if claim is not None else None,
        verdict=verdict,
        cause=cause,
    )
    if measure == SLA:
        return line
    found = measured(course, measure, reading, contract.calendar, as_of, what)
    return replace(line, calendar=found.calendar, business=found.business, start=found.start, end=found.end)


def _state(measure: str, judged: Actual) -> State:
    if not judged.known:
        return "immature"
    if judged.missing is not None:
        return "unverifiable"
    if judged.value is None and judged.met is None and (judged.ended or measure != SLA):
        return "none"  # as a whole it has no value of its own, and runs while one of its clocks does
    return "ended" if judged.ended else "running"


def _counted(course: Course, what: After, contract: Contract, as_of: float) -> Iterator[Line]:
    first = first_contact_resolution(course, what, contract)
    state: State = "ended" if course.resolved else "running"
    unknown: State = "none" if not course.solves else "immature" if course.wrote else "unverifiable"
    yield Line("first_contact_resolution", unknown if first is None else state, value=_number(first))
    yield Line("hand_offs", state, value=float(hand_offs(course)))
    rated = rating(course, contract)
    # a ticket that could have been rated and was not has a csat without a value: the response rate counts it
    yield Line("csat", "ended" if rated.eligible else "none", value=float(rated.good) if rated.rated else None)
    found = tally(promises(course, contract.promise_grace, as_of))
    for name in PROMISES:
        yield Line(f"promise_{name}", "running" if name == "open" else "ended", value=float(getattr(found, name)))


def _number(answer: bool | None) -> float | None:
    return None if answer is None else float(answer)
