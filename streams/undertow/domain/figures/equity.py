"""Equity: how differently a vendor serves the segments of customers, and whether the mix of their tickets explains it.

Rates are of something bad (hidden dissatisfaction, reopened, missed), so the worst-served segment has the highest. Ratios
0 to 1 throughout.

Choosing the worst and the best of m segments is choosing the largest of m (m - 1) / 2 differences, so chance alone makes
it large. The interval is Bonferroni's for all of them: whatever pair is chosen, it holds the true difference in at least
95 % of cases. A bound, and the wider the more segments: two segments are not corrected at all. Thin strata make the
standardised interval wider than it need be, too: it errs on the vendor's side.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import comb
from typing import NamedTuple

from msgspec import Struct

from undertow.domain.statistics.intervals import Sample, critical, newcombe, weighted_sum, wilson


class Stratum(NamedTuple):
    """What makes tickets comparable."""

    priority: str | None
    topic: int | str | None
    """The topic, or its class (:func:`undertow.domain.counting.cells.topic_class`)."""


class Counted(NamedTuple):
    """``bad`` tickets with a bad end among ``n``."""

    bad: int
    n: int


Mix = Mapping[Stratum, Counted]


class Served(Struct, frozen=True):
    """One segment's rate with its 95 % interval: as it is, or standardised."""

    segment: str
    n: int
    rate: float
    low: float
    high: float


class Gap(Struct, frozen=True):
    """Worst-served minus best-served. ``low`` and ``high`` allow for having chosen the two among ``segments``."""

    worst: Served
    best: Served
    difference: float
    low: float
    high: float
    ratio: float | None
    """Worst over best, None when the best has no bad end at all."""
    segments: int

    @property
    def shown(self) -> bool:
        """True when the difference is more than the choice and chance explain."""
        return self.low > 0


class Equity(Struct, frozen=True):
    """Both comparisons. None where fewer than two segments have enough tickets."""

    raw: Gap | None
    standardised: Gap | None
    """As if every segment had the mix of priorities and topics of all of them together."""
    covered: float
    """Share of those segments' tickets whose stratum every one of them has; only these are standardised."""
    too_few: tuple[str, ...]
    """Segments with fewer tickets than the minimum: they are shown and not compared."""

    @property
    def explained(self) -> bool:
        """The raw gap is there, and with the same mix it no longer is."""
        return self.raw is not None and self.raw.shown and self.standardised is not None and not self.standardised.shown


def equity(segments: Mapping[str, Mix], minimum_n: int, coverage: float = 0.95) -> Equity:
    """Compare the segments with at least ``minimum_n`` tickets.

    Standardised directly: each stratum's rate weighted with its share of all compared tickets, over the strata in which
    every compared segment has a ticket. Source: J. L. Fleiss, B. Levin, M. C. Paik, Statistical Methods for Rates and
    Proportions (2003), chapter 19; the interval is :func:`~undertow.domain.statistics.intervals.weighted_sum` over strata.
    """
    totals = {name: _total(mix) for name, mix in segments.items()}
    compared = {name: segments[name] for name, total in sorted(totals.items()) if total.n >= max(1, minimum_n)}
    too_few = tuple(sorted(set(segments) - set(compared)))
    if len(compared) < 2:
        return Equity(None, None, 0.0, too_few)
    z = critical(coverage)
    chosen = critical(1 - (1 - coverage) / comb(len(compared), 2))
    raw = [
        Served(name, totals[name].n, totals[name].bad / totals[name].n, *wilson(totals[name].bad, totals[name].n, z))
        for name in compared
    ]
    worst, best = _ends(raw)
    one, other = totals[worst.segment], totals[best.segment]
    plain = _gap(worst, best, newcombe(one.bad, one.n, other.bad, other.n, chosen), len(compared))
    weights, covered = _weights(compared)
    if not weights:
        return Equity(plain, None, 0.0, too_few)
    even = [_standardised(name, mix, weights, z) for name, mix in compared.items()]
    worst, best = _ends(even)
    _, low, high = weighted_sum(
        [
            *_samples(compared[worst.segment], weights, 1.0),
            *_samples(compared[best.segment], weights, -1.0),
        ],
        chosen,
    )
    standard = _gap(worst, best, (max(-1.0, low), min(1.0, high)), len(compared))
    return Equity(plain, standard, covered, too_few)


def _total(mix: Mix) -> Counted:
    return Counted(sum(one.bad for one in mix.values()), sum(one.n for one in mix.values()))


def _ends(served: list[Served]) -> tuple[Served, Served]:
    """The worst and the best; of equal ones, by name, so that ties have an order."""
    ordered = sorted(served, key=lambda one: (one.rate, one.segment))
    return ordered[-1], ordered[0]


def _gap(worst: Served, best: Served, interval: tuple[float, float], segments: int) -> Gap:
    ratio = worst.rate / best.rate if best.rate > 0 else None
    return Gap(worst, best, worst.rate - best.rate, *interval, ratio, segments)


def _weights(compared: Mapping[str, Mix]) -> tuple[dict[Stratum, float], float]:
    """Each common stratum's share of the tickets in common strata, and those tickets' share of all."""
    mixes = list(compared.values())
    common = [stratum for stratum in mixes[0] if all(stratum in mix and mix[stratum].n > 0 for mix in mixes)]
    sizes = {stratum: sum(mix[stratum].n for mix in mixes) for stratum in common}
    inside, every = sum(sizes.values()), sum(_total(mix).n for mix in mixes)
    return {stratum: size / inside for stratum, size in sizes.items()}, inside / every


def _samples(mix: Mix, weights: Mapping[Stratum, float], sign: float) -> list[Sample]:
    return [Sample(sign * weight, mix[stratum].bad, mix[stratum].n) for stratum, weight in weights.items()]


def _standardised(name: str, mix: Mix, weights: Mapping[Stratum, float], z: float) -> Served:
    rate, low, high = weighted_sum(_samples(mix, weights, 1.0), z)
    return Served(name, sum(mix[stratum].n for stratum in weights), rate, max(0.0, low), min(1.0, high))
