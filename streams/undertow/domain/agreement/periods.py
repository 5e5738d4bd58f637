"""Days that belong together: which are over, which are known, and the reporting periods they make up.

A day is a number, days since 1970-01-01 in the contract's time zone. What a claim can be held against is known at
different times: most measures on the day of the solve, those that look at what came after it once the follow-up is over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from undertow.domain.agreement.contract import ROLLING, Contract

Day = Callable[[float], int]
"""Seconds to the day number in the contract's time zone."""


class Period(NamedTuple):
    """Days, both included."""

    first: int
    last: int


class Known(NamedTuple):
    """How far the days of one vendor are known."""

    complete: int
    """The newest day that is over."""
    mature: int
    """The newest day all of whose tickets have had their follow-up."""
    kept: int | None
    """The first day none of whose tickets has been dropped; None: no ticket is ever dropped."""
    ended: int | None = None
    """The last day of a history that ended in its midst; None while days go on."""

    @property
    def over(self) -> int:
        """The newest day after which whole days are known: of a history that ended, the one before its last."""
        return self.complete if self.ended is None else min(self.complete, self.ended - 1)


def known(contract: Contract, as_of: float, day: Day) -> Known:
    """How far days are known as of a time (seconds); of a closed history as of its own."""
    now = as_of if contract.as_of is None else contract.as_of
    dropped = now - contract.kept_for
    kept = None if dropped == float("-inf") else day(dropped) + 1
    return Known(day(now) - 1, day(now - contract.follow_up) - 1, kept)


def newest(kind: Literal["month", "rolling"], complete: int) -> Period:
    """The newest period that is over with the day ``complete``: a calendar month, or the last :data:`ROLLING` days."""
    if kind == "rolling":
        return Period(complete - ROLLING + 1, complete)
    # the month that holds the day after it began the day after the newest month ended
    last = complete + 1 - day_of_month(complete + 1)
    return Period(last - day_of_month(last) + 1, last)


def every(kind: Literal["month", "rolling"], first: int, complete: int) -> list[Period]:
    """All periods that are over, oldest first, from the one that holds the day ``first`` on."""
    found = []
    period = newest(kind, complete)
    while period.last >= first:
        found.append(period)
        period = newest(kind, period.first - 1)
    return found[::-1]


def ordinary(period: Period, last_days: int) -> list[int]:
    """The days of a month and of the month before it, less the ``last_days`` of each."""
    before = newest("month", period.first - 1)
    return [day for one in (before, period) for day in range(one.first, one.last - last_days + 1)]


def holding(kind: Literal["month", "rolling"], day: int) -> Period:
    """The period of statements that holds a day: periods follow each other without gap or overlap.

    A rolling contract's are :data:`ROLLING` days long, counted from 1970-01-01: what rolls has no beginning of its own.
    """
    if kind == "rolling":
        first = day - day % ROLLING
        return Period(first, first + ROLLING - 1)
    first = day - day_of_month(day) + 1
    after = first + 31
    return Period(first, after - day_of_month(after))


def named(period: Period) -> str:
    """A month as ``2026-05``, other days as ``2026-05-04..2026-05-31``."""
    first, last = iso(period.first), iso(period.last)
    month = first.endswith("-01") and iso(period.last + 1).endswith("-01") and period.last - period.first < 31
    return first[:7] if month else f"{first}..{last}"


def iso(day: int) -> str:
    """A day as 2026-05-04."""
    return "{:04}-{:02}-{:02}".format(*_civil(day))


def day_of_month(day: int) -> int:
    """1 to 31."""
    return _civil(day)[2]


def _civil(day: int) -> tuple[int, int, int]:
    """Year, month, day. Source: H. Hinnant, chrono-compatible low-level date algorithms (2013), civil_from_days."""
    era, of_era = divmod(day + 719_468, 146_097)
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    of_month = of_year - (153 * month + 2) // 5 + 1
    month = month + 3 if month < 10 else month - 9
    return year + era * 400 + (month <= 2), month, of_month
