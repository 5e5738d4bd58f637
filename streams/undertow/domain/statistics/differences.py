"""Differences and ratios of two estimates, from the interval of each; and how many customers a difference takes.

MOVER, the method of variance estimates recovery: an estimate's own asymmetric limits say how far it can lie on either side,
and the limits of a difference follow from those (R. G. Newcombe, Interval estimation for the difference between independent
proportions, Statistics in Medicine 17 (1998) 873-890, method 10; with correlation and for ratios G. Y. Zou, A. Donner,
Construction of confidence limits about effect measures, Statistics in Medicine 27 (2008) 1693-1702).
"""

from __future__ import annotations

from math import exp, inf, log, sqrt
from typing import Final, NamedTuple

from undertow.domain.statistics.intervals import Z95, wilson

POWER: Final = 0.8416212335729143
"""The 80 % quantile of the standard normal distribution."""


class Estimate(NamedTuple):
    """A value and its 95 % limits."""

    value: float
    low: float
    high: float


def proportion(share: float, n: float) -> Estimate:
    """A share (0 to 1) of ``n`` with its Wilson limits. An effective ``n`` is cut to a whole number: never too narrow."""
    whole = int(n + 1e-6)  # 199.9999999 comes from a division that should have given 200
    low, high = wilson(share * whole, whole)
    return Estimate(share, low, high)


def difference(one: Estimate, other: Estimate, correlation: float = 0.0) -> Estimate:
    """``one - other`` with its 95 % limits. ``correlation`` is that of the two estimates, -1 to 1."""
    value = one.value - other.value
    low = value - _reach(one.value - one.low, other.high - other.value, correlation)
    return Estimate(value, low, value + _reach(one.high - one.value, other.value - other.low, correlation))


def ratio(one: Estimate, other: Estimate, correlation: float = 0.0) -> Estimate:
    """``one / other`` of two estimates that are not negative: the limits of a difference, of the logarithms.

    An ``other`` whose value is 0 gives infinity, and a ``one`` whose value is 0 gives 0, with the limits that remain.
    """
    if other.value <= 0:
        return Estimate(inf, one.low / other.high if other.high > 0 else 0.0, inf)
    if one.value <= 0:
        return Estimate(0.0, 0.0, one.high / other.value)
    value = one.value / other.value
    low, high = 0.0, inf
    if one.low > 0:
        low = value * exp(-_reach(log(one.value / one.low), log(other.high / other.value), correlation))
    if other.low > 0:
        high = value * exp(_reach(log(one.high / one.value), log(other.value / other.low), correlation))
    return Estimate(value, low, high)


def _reach(one: float, other: float, correlation: float) -> float:
    """How far two deviations reach together, the second pulling the other way."""
    return sqrt(max(0.0, one * one + other * other - 2 * correlation * one * other))


def needed_to_tell(one: float, other: float) -> int:
    """Customers in each arm until two shares are told apart in four of five tries, at 5 % two-sided: 20 % from 30 % is 293.

    The classical formula with the pooled variance under no difference (J. L. Fleiss, Statistical methods for rates and
    proportions, 2nd ed. 1981, 3.14 without continuity correction), to the nearest whole customer.
    """
    if one == other:
        raise ValueError("two equal shares can never be told apart")
    mean = (one + other) / 2
    apart = Z95 * sqrt(2 * mean * (1 - mean)) + POWER * sqrt(one * (1 - one) + other * (1 - other))
    return max(1, round((apart / (one - other)) ** 2))
