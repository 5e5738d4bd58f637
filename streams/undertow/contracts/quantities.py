"""How a contract writes durations, times, days and hours. Each reader raises ``ValueError`` with what to write instead."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Final

from msgspec import Struct

from undertow.contracts.problems import quoted
from undertow.zones import FIRST_YEAR, LAST_YEAR

_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_DURATION: Final = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>[smhd])", re.ASCII)
_DAY: Final = re.compile(r"(?:(?P<year>\d{4})-)?(?P<month>\d{2})-(?P<day>\d{2})", re.ASCII)
_SPAN: Final = re.compile(r"(\d{1,2}):(\d{2}) ?- ?(\d{1,2}):(\d{2})", re.ASCII)
A_DAY: Final = 24 * 60
"""Minutes."""


class Day(Struct, frozen=True):
    """A day of one year, or of every year where ``year`` is None."""

    year: int | None
    month: int
    day: int


class Span(Struct, frozen=True):
    """[start, end) in minutes of a day."""

    start: int
    end: int


def duration(text: str) -> float:
    """``"30d"`` as seconds. Raises ``ValueError`` with what to write instead."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{quoted(text)} is not a duration: write a number and s, m, h or d, such as 30d or 12h")
    return float(found["number"]) * _UNITS[found["unit"]]


def in_words(seconds: float) -> str:
    """Seconds as :func:`duration` reads them, in the largest unit that needs no point: ``30d``, ``90m``, ``0.5s``."""
    unit = next((unit for unit in "dhm" if seconds and not seconds % _UNITS[unit]), "s")
    return f"{seconds / _UNITS[unit]:.15g}{unit}"


def instant(value: object) -> float | None:
    """``"2026-06-30"`` or ``"2026-06-30T12:00:00Z"``, or what YAML makes of them, as seconds; UTC where nothing else is said.

    Raises ``ValueError`` with what to write instead.
    """
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    try:
        when = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"{quoted(value)} is no time: write 2026-06-30 or 2026-06-30T12:00:00Z") from None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def since(text: str) -> date | float:
    """A date, whose beginning depends on the contract's zone, or the seconds of a time with an offset."""
    try:
        if _DAY.fullmatch(text):
            return _in_years(date.fromisoformat(text))
        when = datetime.fromisoformat(text)
    except ValueError as error:
        reason = f" ({error})" if "years" in str(error) else ""
        raise ValueError(f"{quoted(text)} is no day{reason}: write 2026-07-01 or 2026-07-01T08:00:00+02:00") from None
    if when.tzinfo is None:
        raise ValueError(f"{quoted(text)} has no offset: write {text}+02:00, {text}Z or only the date")
    _in_years(when.date())
    return when.timestamp()


def day(text: str) -> Day:
    """``2026-12-24``, or ``12-24`` for every year."""
    found = _DAY.fullmatch(text)
    try:
        if found is None:
            raise ValueError
        year, month, number = (None if part is None else int(part) for part in found.groups())
        assert month is not None
        assert number is not None
        _in_years(date(2000 if year is None else year, month, number))  # 2000: a year with a 29 February
    except ValueError as error:
        reason = f" ({error})" if "years" in str(error) else ""
        raise ValueError(f"{quoted(text)} is no day{reason}: write 2026-12-24, or 12-24 for every year") from None
    return Day(year, month, number)


def span(text: str) -> Span:
    """``"09:00-17:00"``; a day ends at 24:00."""
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{quoted(text)} are no hours: write them as 09:00-17:00")
    hours = [int(part) for part in found.groups()]
    start, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    if hours[1] > 59 or hours[3] > 59 or max(start, end) > A_DAY:
        raise ValueError(f"{quoted(text)} leaves the day: hours run from 00:00 to 24:00")
    if end < start:
        first, second = (part.strip() for part in text.split("-"))
        rest = f", and 00:00-{second} for the day after" if end else ""
        raise ValueError(f"{quoted(text)} ends before it starts: write {first}-24:00{rest}")
    if end == start:
        raise ValueError(f"{quoted(text)} ends as it starts: write its end, or 'closed' for a day without hours")
    return Span(start, end)


def _in_years(day: date) -> date:
    if not FIRST_YEAR <= day.year < LAST_YEAR:
        raise ValueError(f"years run from {FIRST_YEAR} to {LAST_YEAR - 1}")
    return day
