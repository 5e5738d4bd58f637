"""The excess that :class:`~undertow.domain.customers.arms.Arms` show, with its interval and in words."""

from __future__ import annotations

from math import erfc, sqrt
from typing import Final

from msgspec import Struct

from undertow.domain.customers.arms import Arms
from undertow.domain.statistics.differences import Estimate, difference, needed_to_tell, proportion

WORTH_TELLING: Final = 0.10
"""The difference (ratio) that enough customers must be able to show: 20 % from 30 %, as the definitions say."""


class Excess(Struct, frozen=True):
    """Silence in one arm beyond the other's. Shares and differences are ratios; None where nobody was compared."""

    horizon: int
    """Days of silence."""
    n: int
    """Customer-weeks compared."""
    customers: int
    controls: int
    unmatched: int
    silent: Estimate | None
    """Share silent after a ticket."""
    expected: Estimate | None
    """Share silent among matched controls, as they would be with the same mix."""
    gone: float
    """Of that share, the part of controls who had probably left before: it is counted against the excess."""
    difference: Estimate | None
    needed: int | None
    """Customers in each arm to tell the expected share from one ten points higher."""
    p_value: float
    """One-sided: how often chance alone would show at least this excess."""

    @property
    def clear(self) -> bool:
        """The whole interval lies above zero."""
        return self.difference is not None and self.difference.low > 0

    @property
    def enough(self) -> bool:
        """There are as many customers as a difference worth telling needs."""
        return self.needed is not None and min(self.customers, self.controls) >= self.needed


def excess(arms: Arms, horizon: int) -> Excess:
    """What the arms show.

    Each arm's variance is that of clusters, a customer with all its weeks being one, by the estimate's influence function;
    the arm is then worth as many independent customers as would have that variance (at most those it has), and has their
    Wilson limits. The arms' correlation comes from customers who stand in both and from the mix they share. The limits of the
    difference follow by MOVER, so that a small arm with nobody silent has an interval, too.

    Some controls had left before that day, which nobody had who wrote to the vendor. If a share g of them had, the share of
    those still there is (expected - g) / (1 - g), and the excess is larger by what that is less. The upper limit grows by it;
    the value and the lower limit do not, for the vendor is to be accused of nothing that was assumed.
    """
    n = arms.n
    if not n:
        return Excess(horizon, 0, 0, arms.controls, arms.unmatched, None, None, 0.0, None, None, 1.0)
    silent, expected = arms.silent / n, min(max(arms.expected / n, 0.0), 1.0)
    own = max(0.0, arms.ss - 2 * silent * arms.ns + silent * silent * arms.nn) / n**2
    others = max(0.0, arms.ee - 2 * expected * arms.ne + expected * expected * arms.nn) / n**2
    both = (arms.se - expected * arms.ns - silent * arms.ne + silent * expected * arms.nn) / n**2
    one = proportion(silent, _effective(silent, own, arms.customers, n))
    other = proportion(expected, _effective(expected, others, n * n / arms.evenness, n * n / arms.evenness))
    correlation = max(-1.0, min(both / sqrt(own * others), 1.0)) if own > 0 and others > 0 else 0.0
    between = difference(one, other, correlation)
    gone = min(arms.gone / n, expected)
    more = gone * (1 - expected) / (1 - gone) if gone < 1 else 1.0
    between = Estimate(between.value, max(-1.0, between.low), min(between.high + more, 1.0))
    spread = sqrt(max(0.0, own + others - 2 * both))
    return Excess(
        horizon=horizon,
        n=n,
        customers=arms.customers,
        controls=arms.controls,
        unmatched=arms.unmatched,
        silent=one,
        expected=other,
        gone=gone,
        difference=between,
        needed=needed_to_tell(expected, expected + WORTH_TELLING) if expected < 1 - WORTH_TELLING else None,
        p_value=erfc(between.value / spread / sqrt(2)) / 2 if spread > 0 else 1.0,
    )


def words(found: Excess, minimum: int, after: str = "after a ticket", others: str = "comparable ones") -> str:
    """The excess for a leader; ``minimum`` is the contract's smallest number of customers for any verdict.

    ``after`` and ``others`` say whom it compares.
    """
    days = f"{found.horizon} days"
    needs = f", about {max(found.needed, minimum):,} customers needed" if found.needed else ""
    has = f"has {found.customers:,}"
    between = found.difference
    if between is None or found.silent is None or found.expected is None or found.customers < minimum:
        return f"cannot tell yet{needs or f', about {minimum:,} customers needed'}, {has}"
    shares = f"{found.silent.value:.1%} were silent for {days} {after}, {found.expected.value:.1%} of {others}"
    interval = f"{100 * between.low:+.1f} to {100 * between.high:+.1f} points"
    if found.clear:
        return f"an excess of {interval}: {shares}"
    if between.high < 0:
        return f"fewer fell silent than comparable customers, {interval}: {shares}"
    if not found.enough:
        return f"cannot tell yet{needs}, {has} ({interval})"
    return f"no excess seen, {interval}: {shares}"


def _effective(share: float, variance: float, least: float, most: float) -> float:
    """How many independent customers have this variance; ``least`` when the share is all or nothing and has none."""
    binomial = share * (1 - share)
    if binomial <= 0 or variance <= 0:
        return min(least, most)
    return min(binomial / variance, most)
