"""What became of a vendor's tickets, outcome by outcome; how the newest ones do at their age; and what has just got worse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from msgspec import Struct

from undertow.domain.agreement.periods import Known
from undertow.domain.counting.ledger import ALL
from undertow.domain.figures.early import Early, early
from undertow.domain.figures.spikes import TRAILING, Count, Spike, across, spike
from undertow.domain.figures.tallies import Tallied
from undertow.domain.judging.contributions import EARLY, GOOD, OUTCOME
from undertow.domain.judging.outcomes import LAGS, OUTCOMES

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


def days(known: Known) -> range:
    """The days that :func:`alarms` looks at."""
    first = min(known.mature, known.over - max(LAGS)) - TRAILING + 1
    return range(first, max(known.mature, known.over - min(LAGS)) + 1)


def alarms(tallied: Tallied, segments: Iterable[str], known: Known) -> tuple[tuple[Early, ...], tuple[Watched, ...]]:
    """The early figures of all segments together, by lag, and every series with a ticket in it, by lag and segment.

    No early figures while no ticket was reported as met.
    """
    series = {segment: _series(tallied, segment, known) for segment in segments}
    whole = series[ALL]
    young = [_early(lag, whole[f"{lag}d"], whole[MATURE], known.over + 1) for lag in LAGS]
    found = []
    for name in SERIES:
        last = _last(name, known)
        spikes = {segment: _spike(of[name], last) for segment, of in series.items() if of[name]}
        stands = across(spikes)
        found += [Watched(segment, name, last, one, segment in stands) for segment, one in spikes.items()]
    return tuple([one for one in young if one.now.n or one.before.n]), tuple(found)


Days = tuple[tuple[int, Count], ...]
"""Counts by day, days without a ticket left out."""
_WANTED: Final = (GOOD, *(EARLY[lag] for lag in LAGS))


def _last(name: str, known: Known) -> int:
    return known.mature if name == MATURE else known.over - int(name.removesuffix("d"))


def _series(tallied: Tallied, segment: str, known: Known) -> dict[str, Days]:
    """Each series' days as far as it looks back."""
    last = _last(MATURE, known)
    mature = [(day, tallied.counts(day, segment)) for day in range(last - TRAILING + 1, last + 1)]
    found = {
        MATURE: tuple([(day, Count(of.reported_met, of.reported_met_but_bad)) for day, of in mature if of.reported_met])
    }
    begin = known.over - max(LAGS) - TRAILING + 1
    read = [(day, tallied.on(day, _WANTED, segment)) for day in range(begin, known.over - min(LAGS) + 1)]
    for place, lag in enumerate(LAGS, 1):
        last = known.over - lag
        found[f"{lag}d"] = tuple(
            [(day, Count(of[0], of[place])) for day, of in read if of[0] and last - TRAILING < day <= last]
        )
    return found


@lru_cache(maxsize=4096)
def _spike(days: Days, last: int) -> Spike:
    """Kept: of a hundred vendors few change between two looks, and of their days hardly one."""
    return spike(dict(days), last)


@lru_cache(maxsize=4096)
def _early(lag: int, days: Days, mature: Days, today: int) -> Early:
    return early(lag, dict(days), dict(mature), today)
