"""Hidden dissatisfaction early: what is visible 3 and 7 days after the solve, beside the mature figure weeks later.

An early share is lower than the mature one by nature, so it is never held against it: a young cohort is compared with older
cohorts **at the same age**, counting of their bad outcomes only those that were visible by then. A day counts at a lag once
its last ticket is that old.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from undertow.domain.counting.ledger import Rate
from undertow.domain.figures.spikes import RECENT, TRAILING, Count, Spike, spike
from undertow.domain.statistics.differences import Estimate
from undertow.domain.statistics.intervals import newcombe

YOUNG: Final = 7
"""Days of solving that make up the newest cohort."""


class Early(Struct, frozen=True):
    """One lag's figures as of a day."""

    lag: int
    """Days after the solve."""
    last_day: int
    """The newest day of solving whose tickets are all that old."""
    now: Rate
    """Bad within the lag, of the tickets reported as good in the :data:`YOUNG` days up to ``last_day``."""
    before: Rate
    """The same at the same lag in the trailing 90 days before, less the last 14."""
    difference: Estimate | None
    """``now - before`` with Newcombe's limits; None while either is empty."""
    visible: Rate
    """Of the bad outcomes of those older tickets that are mature, the ones that showed within the lag."""
    spike: Spike
    """The CUSUM over the same counts: the alarm that comes weeks before the mature one."""


def early(lag: int, counts: Mapping[int, Count], mature: Mapping[int, Count], today: int) -> Early:
    """The figures at one lag as of the beginning of day ``today``.

    By day of the solve: ``counts`` has the tickets and those bad within ``lag`` days, ``mature`` the mature tickets and those
    bad at all. Both are over the tickets that were reported as good. Days whose tickets are not all that old are not looked
    at: what they have not shown yet is unknown.
    """
    last_day = today - lag - 1
    young = range(last_day - YOUNG + 1, last_day + 1)
    older = range(last_day - TRAILING + 1, last_day - RECENT + 1)
    now, before = _rate(counts, young), _rate(counts, older)
    between = None
    if now.value is not None and before.value is not None:
        low, high = newcombe(now.count, now.n, before.count, before.n)
        between = Estimate(now.value - before.value, low, high)
    judged = [day for day in older if mature.get(day, _NOTHING).n]
    return Early(
        lag=lag,
        last_day=last_day,
        now=now,
        before=before,
        difference=between,
        visible=Rate(
            sum(min(counts.get(day, _NOTHING).bad, mature[day].bad) for day in judged),
            sum(mature[day].bad for day in judged),
        ),
        spike=spike(counts, last_day),
    )


def words(found: Early, minimum: int) -> str:
    """The early figure for a leader; ``minimum`` is the contract's smallest number of tickets for any verdict."""
    if found.difference is None or found.now.n < minimum:
        return f"cannot tell yet, needs about {minimum} tickets solved at least {found.lag} days ago, has {found.now.n}"
    shares = f"{found.now.value:.1%} bad within {found.lag} days, {found.before.value:.1%} is usual by then"
    if found.difference.low > 0:
        return f"getting worse: {shares}"
    if found.difference.high < 0:
        return f"getting better: {shares}"
    return f"as usual: {shares}"


def _rate(counts: Mapping[int, Count], days: range) -> Rate:
    chosen = [counts[day] for day in days if day in counts]
    return Rate(sum(count.bad for count in chosen), sum(count.n for count in chosen))


_NOTHING: Final = Count(0, 0)
