"""What became of a vendor's tickets, outcome by outcome; how the newest ones do at their age; and what has just got worse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from msgspec import Struct

from undertow.domain.contributions import EARLY, GOOD, OUTCOME
from undertow.domain.early import LAGS, Early, early
from undertow.domain.ledger import ALL
from undertow.domain.outcomes import OUTCOMES
from undertow.domain.periods import Known
from undertow.domain.spikes import TRAILING, Count, Spike, across, spike
from undertow.domain.tallied import Tallied

MATURE: Final = "mature"
SERIES: Final = (MATURE, *(f"{lag}d" for lag in LAGS))
"""What is watched: mature tickets, and all tickets at each lag."""


class Became(NamedTuple):
    """Mature tickets with an outcome: of those reported as met, and of those reported as missed."""

    segment: str
    window: str
    outcome: str
    met: int
    missed: int


class Watched(Struct, frozen=True):
    """One series of a vendor."""

    segment: str
    lag: str
    """One of :data:`SERIES`."""
    last_day: int
    """The newest day of solving it can be told of."""
    spike: Spike
    alarm: bool
    """Whether the spike still stands when all segments are looked at together."""


def outcomes(tallied: Tallied, segments: Iterable[str], known: Known) -> Iterator[Became]:
    """By segment and window, those that any ticket has."""
    for segment in segments:
        for window, sums, _ in tallied.windows("outcome", segment, known.mature):
            for name in OUTCOMES:
                met, missed = (sums.get(OUTCOME[name, said], 0) for said in (True, False))
                if met or missed:
                    yield Became(segment, window, name, met, missed)


def earlies(tallied: Tallied, known: Known) -> tuple[Early, ...]:
    """All segments together at each lag; empty while no ticket was reported as met."""
    mature = _mature(tallied, ALL, known)
    found = [_early(lag, _young(tallied, ALL, lag, known), mature, known.over + 1) for lag in LAGS]
    return tuple([one for one in found if one.now.n or one.before.n])


def watched(tallied: Tallied, segments: Iterable[str], known: Known) -> Iterator[Watched]:
    """Every series with a ticket in it, by lag and segment."""
    names = list(segments)
    for lag in (None, *LAGS):
        last = known.mature if lag is None else known.over - lag
        found = {}
        for segment in names:
            days = _mature(tallied, segment, known) if lag is None else _young(tallied, segment, lag, known)
            if days:
                found[segment] = _spike(days, last)
        alarms = across(found)
        for segment, one in found.items():
            yield Watched(segment, MATURE if lag is None else f"{lag}d", last, one, segment in alarms)


Days = tuple[tuple[int, Count], ...]
"""Counts by day, days without a ticket left out."""


def _mature(tallied: Tallied, segment: str, known: Known) -> Days:
    days = range(known.mature - TRAILING + 1, known.mature + 1)
    counts = [(day, tallied.counts(day, segment)) for day in days]
    return tuple([(day, Count(of.reported_met, of.reported_met_but_bad)) for day, of in counts if of.reported_met])


def _young(tallied: Tallied, segment: str, lag: int, known: Known) -> Days:
    last = known.over - lag
    counts = [(day, tallied.on(day, _WANTED[lag], segment)) for day in range(last - TRAILING + 1, last + 1)]
    return tuple([(day, Count(*of)) for day, of in counts if of[0]])


_WANTED: Final = {lag: (GOOD, EARLY[lag]) for lag in LAGS}


@lru_cache(maxsize=4096)
def _spike(days: Days, last: int) -> Spike:
    """Kept: of a hundred vendors few change between two looks, and of their days hardly one."""
    return spike(dict(days), last)


@lru_cache(maxsize=4096)
def _early(lag: int, days: Days, mature: Days, today: int) -> Early:
    return early(lag, dict(days), dict(mature), today)
