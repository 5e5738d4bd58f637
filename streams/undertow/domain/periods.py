"""Days that belong together: which are over, which are known, and the reporting periods they make up.

A day is a number, days since 1970-01-01 in the contract's time zone. What a claim can be held against is known at
different times: most measures on the day of the solve, those that look at what came after it once the follow-up is over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from undertow.domain.contract import ROLLING, Contract

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


def day_of_month(day: int) -> int:
    """1 to 31. Source: H. Hinnant, chrono-compatible low-level date algorithms (2013), civil_from_days."""
    of_era = (day + 719_468) % 146_097
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    return of_year - (153 * ((5 * of_year + 2) // 153) + 2) // 5 + 1
