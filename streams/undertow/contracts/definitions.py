"""The terms of a statement in words: the same for the same contract and period, whenever it is asked for."""

from __future__ import annotations

from collections.abc import Iterator

from undertow.clock import start_of
from undertow.contracts import holidays
from undertow.contracts.quantities import A_DAY, in_words
from undertow.contracts.words import opening, reads, targets_in_words
from undertow.domain.agreement.calendars import Hours
from undertow.domain.agreement.contract import ROLLING, Contract
from undertow.domain.agreement.periods import Period, iso
from undertow.domain.measuring.measures import TIMED
from undertow.domain.tickets.story import MEASURE_WORDS

MOST_DAYS = 12
"""Days a sentence names."""


def definitions(contract: Contract, period: Period) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Headings, each with its sentences; targets are those in force when the period ended."""
    ended = start_of(contract.time_zone, period.last + 1) - 1
    parts = (
        ("Business clock", _calendar(contract, period)),
        ("Targets", map(_in_words, targets_in_words(contract, ended))),
        ("How times are measured", iter(reads(contract.reading))),
        ("What is looked at after a solve", _follow_up(contract)),
        ("How sure a statement is", _sure(contract)),
    )
    said = ((heading, tuple(lines)) for heading, lines in parts)
    return tuple((heading, lines) for heading, lines in said if lines)


def _in_words(target: str) -> str:
    """A sentence about a target, its measure in words."""
    name = next((name for name in TIMED if target.startswith(name)), "")
    said = MEASURE_WORDS[name] if name else ""
    return f"{said[:1].upper()}{said[1:]}{target[len(name) :]}"


def _calendar(contract: Contract, period: Period) -> Iterator[str]:
    calendar = contract.calendar
    yield opening(calendar, calendar.on(period.first))
    for since, hours in calendar.changes:
        if period.first < since <= period.last:
            yield f"From {iso(since)}: {opening(calendar, hours)}"
    closed = sorted(
        day
        for day in calendar.holidays
        if period.first <= day <= period.last and holidays.dated(day).weekday() in _worked(calendar.on(day))
    )
    if closed:
        more = f" and {len(closed) - MOST_DAYS} more" if len(closed) > MOST_DAYS else ""
        yield f"Closed in this period: {', '.join(map(iso, closed[:MOST_DAYS]))}{more}."
    if contract.time_zone != calendar.time_zone:
        yield f"Days and months are those of {contract.time_zone}."


def _worked(hours: Hours) -> set[int]:
    return {start // A_DAY for start, _ in hours} or set(range(7))


def _follow_up(contract: Contract) -> Iterator[str]:
    yield f"Reopened: the customer took the ticket out of solved within {in_words(contract.reopen_window)}."
    base = "the solve that the vendor claims" if contract.solve_time == "resolved_at" else "a solve in the feed"
    within = in_words(contract.repeat_window)
    yield f"Repeat contact: a new ticket of the same customer on the same topic within {within} of {base}."
    yield f"Promise: kept up to {in_words(contract.promise_grace)} late is late; after that it is broken."
    yield f"A survey below {contract.good_csat:g} says that the customer was not satisfied."
    after = in_words(contract.follow_up)
    yield f"A ticket counts in the period of its first solve, and is judged for good {after} after its last."


def _sure(contract: Contract) -> Iterator[str]:
    yield f"Fewer than {contract.minimum_n} tickets get the verdict 'cannot tell yet'."
    yield "Intervals hold the true share in 95 of 100 cases (Wilson; Newcombe for differences over the same tickets)."
    yield "A difference is said aloud only where its interval excludes none and McNemar's exact test gives at most 5 %."
    yield (
        "Patterns are held against the share both sides call normal; the chance that a vendor within it is accused of "
        f"anything in a period is {contract.patterns.false_alarm * 100:g} %."
    )
    yield f"Of the tickets reported as met, {contract.objective * 100:g} % have to be confirmed."
    if contract.segments:
        yield f"Customers are told apart as {', '.join(contract.segments)}; every other segment is 'other'."
    if contract.period == "rolling":
        yield f"Periods are {ROLLING} days long."
