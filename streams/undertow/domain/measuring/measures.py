"""Measures: the SLA quantities of one ticket, in seconds of event time on both clocks, under a reading.

What runs when is decided here once for both clocks: a measure is one or more runs, a run the spans in which its clock ran.
Definitions: the table of measures in ARCHITECTURE.md. Times are seconds since 1970-01-01T00:00Z.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

from msgspec import Struct

from undertow.domain.agreement.calendars import Calendar
from undertow.domain.agreement.readings import Reading
from undertow.domain.tickets.course import AUTOMATIC, CUSTOMER, FOREVER, HUMAN, STATUS, Course, Stay
from undertow.domain.tickets.timeline import SOLVED

RESPONSES: Final = ("first_response", "next_response")
RESOLUTIONS: Final = ("first_resolution", "total_resolution", "durable_resolution")
RECOVERIES: Final = ("recovery_reply", "recovery_solve")
LOOKS_BACK: Final = frozenset({"durable_resolution", *RECOVERIES})
"""Measures that depend on what came after the solve."""
WAITS: Final = ("requester_wait", "agent_work")
TIMED: Final = (*RESPONSES, *RESOLUTIONS, *RECOVERIES, *WAITS)
"""Every measure that is a duration, and that a target can be agreed for. ``recovery`` of the table is two of them."""

_WAITING: Final = {"requester_wait": ("new", "open", "on_hold"), "agent_work": ("new", "open")}
"""The statuses in which the requester waits, and in which agents work (Zendesk's names and definitions)."""
_REPLIES: Final = {"human": (HUMAN,), "bot": (HUMAN, AUTOMATIC), "status": (HUMAN, STATUS)}


class Failure(Struct, frozen=True, gc=False):
    """A failure of the vendor, when a human replied to it, and the solve that held; None while that has not happened."""

    at: float
    replied: float | None
    solved: float | None


class After(Struct, frozen=True, gc=False):
    """What became of the ticket later, as far as its own facts do not say: :mod:`undertow.domain.measuring.recovery` makes it."""

    held: float | None = None
    """The solve that held: no reopen and no repeat contact within the follow-up."""
    known: bool = False
    """False while the follow-up of the solve that may have held still runs."""
    failures: tuple[Failure, ...] = ()


NOTHING_KNOWN: Final = After()


class Run(Struct, frozen=True, gc=False):
    """One running of a measure's clock: the spans in which it ran, and when it ended, None while it runs."""

    start: float
    spans: tuple[tuple[float, float], ...]
    end: float | None


class Ran(Struct, frozen=True, gc=False):
    """All runs of a measure. Without any it does not apply, or ``missing`` says what the feed lacks to tell."""

    runs: tuple[Run, ...] = ()
    missing: str | None = None
    known: bool = True
    """False while it cannot be told yet (a solve that may have held)."""


class Measured(Struct, frozen=True):
    """One measure of one ticket. Of several waits it is the longest, on each clock for itself."""

    measure: str
    calendar: float | None
    """Seconds of calendar time; None where the measure does not apply or cannot be told."""
    business: float | None
    """Seconds of business time."""
    ended: bool
    """False while it runs; then the seconds are counted up to the time of judging."""
    missing: str | None = None
    """What the feed lacks to tell: ``opened`` or ``messages``."""
    known: bool = True
    """False while it is too early to tell."""
    start: float | None = None
    """When its (last) run began."""
    end: float | None = None

    def on(self, clock: str) -> float | None:
        """The seconds on one of the two clocks."""
        return self.business if clock == "business" else self.calendar


def measured(
    course: Course, measure: str, reading: Reading, calendar: Calendar, as_of: float, after: After = NOTHING_KNOWN
) -> Measured:
    """One of :data:`TIMED` under a reading, on both clocks, as of a time."""
    ran = runs(course, measure, reading, as_of, after)
    if not ran.runs:
        return Measured(measure, None, None, ended=False, missing=ran.missing, known=ran.known)
    last = ran.runs[-1]
    return Measured(
        measure,
        calendar=max([count(run, "calendar", reading, calendar, as_of) for run in ran.runs]),
        business=max([count(run, "business", reading, calendar, as_of) for run in ran.runs]),
        ended=all(run.end is not None for run in ran.runs),
        start=last.start,
        end=last.end,
    )


def count(run: Run, clock: str, reading: Reading, calendar: Calendar, until: float) -> float:
    """The seconds a run has lasted on a clock, up to a time."""
    total = 0.0
    business = clock == "business"
    minutes = reading.unit == "minute"
    for low, end in run.spans:
        high = min(end, until)
        if minutes:
            low, high = low - low % 60, high - high % 60  # noqa: PLW2901 - the span as it is counted
        if high <= low:
            continue
        if not business:
            total += high - low
        elif reading.empty_weeks == "stopped":
            total += calendar.seconds(low, high)
        else:
            total += sum([calendar.seconds(*part) or part[1] - part[0] for part in calendar.weeks(low, high)])
    return total


def runs(course: Course, measure: str, reading: Reading, as_of: float, after: After = NOTHING_KNOWN) -> Ran:
    """When the clock of a measure ran under a reading. ``reading.clock`` and ``.priority`` do not matter to it."""
    if measure in RECOVERIES:
        return _recovery(after, measure)
    if measure == "first_response":
        return _first_response(course, reading, as_of)
    if measure == "next_response":
        return _next_response(course, reading, as_of)
    if course.opened is None:
        return Ran(missing="opened")
    if measure in _WAITING:
        return Ran((_waiting(course, course.opened, _WAITING[measure]),))
    if measure in RESOLUTIONS:
        return _resolution(course, measure, reading, as_of, after)
    raise ValueError(f"{measure!r} is none of {', '.join(TIMED)}")


def _first_response(course: Course, reading: Reading, as_of: float) -> Ran:
    """From the customer's first contact to the first reply.

    An opening by the customer is their first contact. One by an agent is none: the ticket's first customer message is, and
    without any the measure does not apply. Of an opening by nobody known the customer's message tells, if one came before
    the reply.
    """
    if not course.wrote and reading.reply != "status":
        return Ran(missing="messages")
    counted = _REPLIES[reading.reply]
    opened, wrote = course.opened, course.inbound[0] if course.inbound else None
    # by their order: what was said before the customer's message is no reply to it, though it has the same time
    place = next((place for place, said in enumerate(course.talk) if said.by == CUSTOMER), len(course.talk))
    start, talk = wrote, course.talk[place:]
    if opened is not None and course.opener != "agent":
        replied = any(said.by in counted for said in course.talk[:place])
        if wrote is None or (opened <= wrote if course.opener == "customer" else replied):
            start, talk = opened, course.talk
    if start is None:
        return Ran(missing="opened" if opened is None else None)
    end = next((said.at for said in talk if said.by in counted and said.at >= start), None)
    return Ran((_run(course, start, end, reading, as_of, response=True),))


def _next_response(course: Course, reading: Reading, as_of: float) -> Ran:
    """Every wait from a customer's message to the next reply; of messages in a row, from the first."""
    if not course.wrote:
        return Ran(missing="messages")
    counted = _REPLIES[reading.reply]
    skip = reading.waits == "later"
    waits: list[Run] = []
    since: float | None = None
    for said in course.talk:
        at, by = said.at, said.by
        if by == CUSTOMER:
            since = at if since is None else since
        elif by in counted:
            if since is not None and not skip:
                waits.append(_run(course, since, at, reading, as_of, response=True))
            since, skip = None, False
    if since is not None and not skip:
        waits.append(_run(course, since, None, reading, as_of, response=True))
    return Ran(tuple(waits))


def _resolution(course: Course, measure: str, reading: Reading, as_of: float, after: After) -> Ran:
    """From the opening to a solve."""
    assert course.opened is not None
    end: float | None
    if reading.solve != "own":
        which = 0 if reading.solve == "first" else -1
        end = course.solves[which] if course.solves else None
    elif measure == "first_resolution":
        end = course.solves[0] if course.solves else None
    elif measure == "total_resolution":
        end = course.solves[-1] if course.resolved else None
    elif after.known or not course.solves:
        end = after.held
    else:
        return Ran(known=False)
    return Ran((_run(course, course.opened, end, reading, as_of, response=False),))


def _recovery(after: After, measure: str) -> Ran:
    """From each failure to the next human reply, or to the solve that held."""
    reply = measure == "recovery_reply"
    ends = [(failure.at, failure.replied if reply else failure.solved) for failure in after.failures]
    return Ran(tuple([Run(at, ((at, FOREVER if end is None else end),), end) for at, end in ends]))


def _waiting(course: Course, opened: float, statuses: tuple[str, ...]) -> Run:
    """The time spent in some statuses; ended while the ticket is solved."""
    spans = [(max(stay.start, opened), stay.end) for stay in course.stays if stay.status in statuses]
    if not course.stays or course.stays[-1].status not in SOLVED:
        return Run(opened, tuple(spans), None)
    return Run(opened, tuple(spans), spans[-1][1] if spans else opened)


def _run(course: Course, start: float, end: float | None, reading: Reading, as_of: float, *, response: bool) -> Run:
    """From ``start`` to ``end``, moved to where the reading lets the clock begin, less its pauses."""
    until = end if end is not None else as_of
    if reading.start == "assigned" and course.assigned:
        start = max(start, _first_from(course.assigned, start))
    if reading.reset == "reopen":
        start = max([start, *[reopen.at for reopen in course.reopens if reopen.at < until]])
    elif reading.reset == "assignment":
        start = max([start, *[at for at in course.assigned if at < until]])
    stop = FOREVER if end is None else end
    if reading.pauses == "none" or (response and reading.pauses != "all"):
        return Run(start, ((start, stop),), end)
    spans: list[tuple[float, float]] = []
    since = start
    for stay in course.stays:
        if stay.end > since and stay.start < stop and _stops(course, stay, reading):
            if stay.start > since:
                spans.append((since, stay.start))
            since = stay.end
    if since < stop:
        spans.append((since, stop))
    return Run(start, tuple(spans), end)


def _stops(course: Course, stay: Stay, reading: Reading) -> bool:
    return stay.status in reading.paused and (reading.pauses == "all" or course.asked(stay.start))


def _first_from(times: tuple[float, ...], at: float) -> float:
    """The first of ascending times not before ``at``, or the last of all."""
    place = bisect_left(times, at)
    return times[place] if place < len(times) else times[-1]
