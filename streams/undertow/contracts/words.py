"""A contract in plain words: what it means today, and what can never happen under it. No figure here decides anything."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import groupby
from typing import Final, NamedTuple

from undertow.clock import day_of
from undertow.contracts import File, holidays, receivers
from undertow.contracts.forms import WEEKDAYS
from undertow.contracts.never import never
from undertow.contracts.quantities import A_DAY, in_words
from undertow.domain.agreement.alerts import ALLOWED
from undertow.domain.agreement.calendars import Calendar, Hours, merged
from undertow.domain.agreement.contract import ROLLING, Contract, Target
from undertow.domain.agreement.readings import Reading
from undertow.domain.measuring.measures import TIMED
from undertow.zones import LAST_YEAR

READS: Final[dict[str, dict[str, str]]] = {
    "clock": {
        "calendar": "Targets are held against the calendar clock: nights, weekends and holidays count.",
        "business": "Targets are held against the business clock: only opening hours count.",
    },
    "pauses": {
        "none": "No pause stops the clock.",
        "asked": "A pause ({paused}) stops the clock of a resolution where a public question to the customer came before it.",
        "all": "Every pause ({paused}) stops the clock, that of responses too.",
    },
    "reply": {
        "human": "A reply is a human's public, substantive message.",
        "bot": "A reply is any public message of the vendor, also a bot's or an automatic one.",
        "status": "A reply is any public message of the vendor, and a change of status is one, too.",
    },
    "solve": {
        "own": "The first resolution ends at the first solve, the total one at the last.",
        "first": "Every resolution ends at the first solve.",
        "last": "Every resolution ends at the last solve.",
    },
    "reset": {
        "never": "Nothing starts the clock anew.",
        "reopen": "A reopened ticket starts the clock anew.",
        "assignment": "An assignment starts the clock anew.",
    },
    "priority": {
        "then": "The target is that of the priority in force at the time: a breach stays one, whatever the priority becomes.",
        "start": "The target is that of the priority in force when the clock started.",
        "end": "The target is that of the last priority, even if it was changed after the breach.",
    },
    "start": {
        "opened": "The clock starts when the ticket is opened, for replies at the customer's message.",
        "assigned": "The clock starts at the first assignment.",
    },
    "waits": {
        "all": "The next response is the worst of all waits.",
        "later": "The next response is the worst of the waits after the first reply.",
    },
    "unit": {
        "second": "Times are subtracted to the second.",
        "minute": "Times are cut to the minute before they are subtracted.",
    },
    "empty_weeks": {
        "stopped": "Outside the hours the business clock stands still, always.",
        "counted": "A stretch within one week that touches no business hours counts in full.",
    },
}
"""Every axis of a reading but ``paused``, and each of its values, in a sentence."""
NEXT_HOLIDAYS: Final = 5


class Part(NamedTuple):
    """A heading and the lines below it."""

    heading: str
    lines: list[str]


def explained(file: File, now: float) -> list[Part]:
    """The contract in words, as of a time (seconds)."""
    contract = file.contract
    parts = [
        Part("Business clock", list(_calendar(file, now))),
        Part("Targets in force", list(targets_in_words(contract, now))),
        Part("The agreed reading", reads(contract.reading)),
        *(Part(f"The reading {name}", _differs(r, contract.reading)) for name, r in sorted(contract.readings.items())),
        Part("Follow-up", list(_follow_up(contract, now))),
        Part("Reports", list(_reports(contract, now))),
        Part("Feeds", list(_feeds(contract))),
        Part("Statements are delivered", list(receivers.words(contract))),
        Part("What can never happen under it", never(contract, now)),
    ]
    return [part for part in parts if part.lines]


def reads(reading: Reading) -> list[str]:
    """A reading in sentences, one an axis."""
    paused = " or ".join(status.replace("_", " ") for status in reading.paused)
    return [says[getattr(reading, axis)].format(paused=paused) for axis, says in READS.items()]


def _differs(reading: Reading, agreed: Reading) -> list[str]:
    said = [line for line in reads(reading) if line not in reads(agreed)]
    return ["As agreed, but:", *said] if said else ["As agreed."]


def _calendar(file: File, now: float) -> Iterator[str]:
    calendar, terms = file.contract.calendar, file.document.calendar
    today = day_of(calendar.time_zone)(now)
    hours = calendar.on(today)
    yield opening(calendar, hours)
    for since, others in calendar.changes:
        if since > today:
            yield f"From {_date(since)}: {opening(calendar, others)}"
    names: dict[int, str] = {}
    if (public := terms.holidays) is not None:
        names = holidays.public(public.country, public.subdivision)
        where = public.country if public.subdivision is None else f"{public.country}, {public.subdivision}"
        yield f"Closed on the public holidays of {where}."
        last = holidays.known_years(public.country)[1]
        if last < LAST_YEAR - 1:
            yield f"Public holidays of {public.country} are known up to {last} only; later years have none."
    weekdays = {start // A_DAY for start, _ in hours} or set(range(7))
    opened = {day for one in terms.open for day in holidays.numbers(one)}
    for heading, days in (("Closed next", calendar.holidays), ("Open all the same", opened)):
        near = [day for day in sorted(days) if today <= day < today + 366 and holidays.dated(day).weekday() in weekdays]
        told = [f"{_date(day)} {names.get(day, 'own holiday')}" for day in near[:NEXT_HOLIDAYS]]
        if told:
            yield f"{heading}: {'; '.join(told)}."


def opening(calendar: Calendar, hours: Hours) -> str:
    """Some hours of a calendar in a sentence."""
    if not hours:
        return f"Open around the clock ({calendar.time_zone})" + (", but for holidays." if calendar.holidays else ".")
    minutes = sum(end - start for start, end in merged(hours))
    return f"{week(hours)}, in {calendar.time_zone}: {minutes / 60:g} hours a week."


def week(hours: Hours) -> str:
    """``monday to thursday 08:00-12:00 and 13:00-17:00; friday 08:00-14:00``."""
    days: list[str] = []
    for day in range(7):
        low, high = day * A_DAY, (day + 1) * A_DAY
        spans = [
            (max(start, low) - low, min(end, high) - low) for start, end in merged(hours) if start < high and end > low
        ]
        days.append(" and ".join(f"{_time(start)}-{_time(end)}" for start, end in spans))
    told = []
    for spans_of, group in groupby(range(7), key=lambda day: days[day]):
        named = [WEEKDAYS[day].capitalize() for day in group]
        if spans_of:
            told.append(f"{named[0]}{f' to {named[-1]}' if named[1:] else ''} {spans_of}")
    return f"Open {'; '.join(told)}"


def targets_in_words(contract: Contract, now: float) -> Iterator[str]:
    """Each measure's targets in force at a time (seconds), and those to come."""
    day = day_of(contract.time_zone)
    for measure in TIMED:
        in_force: dict[str | None, Target] = {}
        later: list[Target] = []
        for target in contract.targets.get(measure, ()):
            if target.since is not None and target.since > now:
                later.append(target)
            else:
                in_force[target.priority] = target  # in order of time: the latest stays
        said = [
            f"{_within(contract, target, now)} for {_whom(priority, in_force)}"
            for priority, target in _ordered(in_force)
        ]
        if said:
            yield f"{measure}: {', '.join(said)}"
        for target in later:
            assert target.since is not None
            within = _within(contract, target, target.since)
            yield f"{measure}, from {_date(day(target.since))}: {within} for {_whom(target.priority, {})}"


def _ordered(targets: dict[str | None, Target]) -> list[tuple[str | None, Target]]:
    return sorted(targets.items(), key=lambda item: (item[0] is None, item[1].seconds))


def _whom(priority: str | None, others: dict[str | None, Target]) -> str:
    return (
        f"priority {priority}"
        if priority is not None
        else "every other priority"
        if len(others) > 1
        else "every priority"
    )


def _within(contract: Contract, target: Target, at: float) -> str:
    """A target, in working days of a time as well where a day of the clock is not a day of work."""
    said = in_words(target.seconds)
    hours = contract.calendar.on(day_of(contract.calendar.time_zone)(at))
    if contract.reading.clock == "calendar" or not hours:
        return said
    days = {day for day in range(7) for start, end in merged(hours) if start < (day + 1) * A_DAY and end > day * A_DAY}
    of_work = sum(end - start for start, end in merged(hours)) * 60 / len(days)
    if target.seconds <= of_work:
        return said
    return f"{said} ({target.seconds / 3600:g} opening hours, about {target.seconds / of_work:.1f} working days)"


def _follow_up(contract: Contract, now: float) -> Iterator[str]:
    window = in_words(contract.reopen_window)
    yield f"Reopened by the customer within {window} of a solve: it was not solved."
    yield f"A refund, cancellation, complaint or survey that names no ticket counts within {window} of the last solve before it."
    base = "the solve that the vendor claims" if contract.solve_time == "resolved_at" else "the solve in the feed"
    within = in_words(contract.repeat_window)
    yield f"A new ticket of the same customer on the same topic within {within} of {base}: a repeat contact."
    yield f"A promise kept up to {in_words(contract.promise_grace)} late is late; after that it is broken."
    yield f"A survey below {contract.good_csat:g} says that the customer was not satisfied."
    mature = _date(day_of(contract.time_zone)(now + contract.follow_up))
    longest = in_words(contract.follow_up)
    yield f"A ticket is mature {longest} after its last solve: one that is solved now will be judged on {mature}."
    if contract.kept_for == float("inf"):
        yield "Tickets are never dropped."
    else:
        yield f"A ticket is dropped {in_words(contract.kept_for)} after its last event; what comes later is a dead letter."


def _reports(contract: Contract, now: float) -> Iterator[str]:
    today = _dated(day_of(contract.time_zone)(now))
    if contract.period == "month":
        yield f"By calendar month in {contract.time_zone}; today is in {today:%Y-%m}."
    else:
        first = today - timedelta(days=ROLLING - 1)
        yield f"Over the last {ROLLING} days in {contract.time_zone}; today from {first} to {today}."
    if contract.as_of is not None:
        yield f"Judged as of {_date(day_of(contract.time_zone)(contract.as_of))}, as if nothing had happened since."
    if contract.imported_until is not None:
        imported = _date(day_of(contract.time_zone)(contract.imported_until))
        yield f"Events before {imported} were imported: none of them counts as backdated."
    yield f"Fewer than {contract.minimum_n} tickets get the verdict 'cannot tell yet'."
    yield f"Up to {contract.tolerance * 100:g} % hidden dissatisfaction beyond chance is what both sides call normal."
    yield f"Of the tickets reported as met, {contract.objective * 100:g} % have to be confirmed (truth budget)."
    alerts, shares = (
        contract.alerts,
        ", ".join(f"{name} {getattr(contract.alerts, name) * 100:g} %" for name in ALLOWED),
    )
    yield f"Alerts: after {alerts.silent_after / 3600:g} opening hours without a record; beyond {shares}."
    if contract.segments:
        yield f"Customers are told apart as {', '.join(contract.segments)}; every other segment is 'other'."


def _feeds(contract: Contract) -> Iterator[str]:
    for feed in contract.feeds:
        mapped = ", by the mapping of this contract" if feed.mapping is not None else ""
        yield f"Topic {feed.topic} is read as {feed.adapter}{mapped}."
    if not contract.feeds:
        yield "The vendor publishes CloudEvents on the source topics."


def _time(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _dated(day: int) -> date:
    return holidays.dated(day)


def _date(day: int) -> str:
    when = _dated(day)
    return f"{WEEKDAYS[when.weekday()][:3].capitalize()} {when}"
