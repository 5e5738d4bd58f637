"""Intervals and sample sizes. Small samples decide whether anyone believes a figure. Tests stand in ``exact``.

All in pure Python: closed formulas, no table, no random numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import fsum, sqrt
from statistics import NormalDist
from typing import Final, NamedTuple

Z95: Final = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution."""


def wilson(count: float, n: int, z: float = Z95) -> tuple[float, float]:
    """The Wilson score interval of a proportion ``count / n`` (ratios 0 to 1); (0, 1) when n is 0.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).
    ``count`` may be an expectation, so it need not be whole.
    """
    if n <= 0:
        return (0.0, 1.0)
    share = count / n
    middle = share + z * z / (2 * n)
    half = z * sqrt(max(share * (1 - share), 0.0) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    # none and all have exact bounds: rounding must not put 2e-19 above a limit of zero
    low = max(0.0, (middle - half) / scale) if count > 0 else 0.0
    high = min(1.0, (middle + half) / scale) if count < n else 1.0
    return (low, high)


def needed(share: float, limit: float, minimum: int, most: int = 1_000_000) -> int | None:
    """How many tickets until the Wilson interval of ``share`` lies wholly on one side of ``limit``; at least ``minimum``.

    None when more than ``most`` would be needed: the share is the limit, as far as anyone will ever see.
    """

    def decided(n: int) -> bool:
        low, high = wilson(share * n, n)
        return low > limit or high < limit

    if not decided(most):
        return None
    # where the score test, which Wilson turned round, just tells them apart; rounding decides about the last ticket
    enough = max(1, int(Z95 * Z95 * limit * (1 - limit) / (share - limit) ** 2))
    while not decided(enough):
        enough += 1
    while enough > 1 and decided(enough - 1):
        enough -= 1
    return max(enough, minimum)


def critical(coverage: float) -> float:
    """The z of a two-sided interval that covers ``coverage`` (ratio, 0 < coverage < 1): 1.96 for 0.95."""
    return NormalDist().inv_cdf((1 + coverage) / 2)


class Sample(NamedTuple):
    """``found`` of ``n`` with a weight: its share is one term of a sum. ``n`` must not be 0."""

    weight: float
    found: float
    n: int


def weighted_sum(samples: Iterable[Sample], z: float = Z95) -> tuple[float, float, float]:
    """The sum of weight x share over independent samples, with its lower and upper bound.

    Source: G. Y. Zou, W. Huang, X. Zhang, A note on confidence interval estimation for a linear function of binomial
    proportions, Computational Statistics & Data Analysis 53 (2009) 1080-1085: each share's Wilson bounds, recovered as
    variances and added. Weights 1 and -1 give Newcombe's interval below, positive ones a standardised rate.
    """
    terms, below, above = [], [], []
    for weight, count, n in samples:
        share = count / n
        low, high = wilson(count, n, z)
        if weight < 0:
            low, high = high, low
        terms.append(weight * share)
        below.append((weight * (share - low)) ** 2)
        above.append((weight * (high - share)) ** 2)
    value = fsum(terms)
    return (value, value - sqrt(fsum(below)), value + sqrt(fsum(above)))


def newcombe(count: float, n: int, other: float, other_n: int, z: float = Z95) -> tuple[float, float]:
    """The interval of ``count / n - other / other_n`` for independent samples; (-1, 1) when one is empty.

    Source: R. G. Newcombe, Interval estimation for the difference between independent proportions: comparison of eleven
    methods, Statistics in Medicine 17 (1998) 873-890, method 10.
    """
    if n <= 0 or other_n <= 0:
        return (-1.0, 1.0)
    _, low, high = weighted_sum((Sample(1.0, count, n), Sample(-1.0, other, other_n)), z)
    return (max(-1.0, low), min(1.0, high))


def newcombe_paired(both: int, first: int, second: int, neither: int, z: float = Z95) -> tuple[float, float]:
    """The interval of the difference of two shares over the same tickets; (-1, 1) without any.

    Of n = both + first + second + neither tickets, ``first`` have only the first property and ``second`` only the other:
    the difference is (first - second) / n. Source: R. G. Newcombe, Improved confidence intervals for the difference
    between binomial proportions based on paired data, Statistics in Medicine 17 (1998) 2635-2650, method 10.
    """
    n = both + first + second + neither
    if n <= 0:
        return (-1.0, 1.0)
    one, other = (both + first) / n, (both + second) / n
    one_low, one_high = wilson(both + first, n, z)
    other_low, other_high = wilson(both + second, n, z)
    margins = (both + first) * (second + neither) * (both + second) * (first + neither)
    linked = float(both * neither - first * second)
    if linked > 0:
        linked = max(linked - n / 2, 0.0)  # the paper's continuity correction, of a positive correlation only
    phi = linked / sqrt(margins) if margins else 0.0

    def spread(down: float, up: float) -> float:
        return sqrt(max(down * down - 2 * phi * down * up + up * up, 0.0))

    difference = (first - second) / n
    low = difference - spread(one - one_low, other_high - other)
    high = difference + spread(one_high - one, other - other_low)
    return (max(-1.0, low), min(1.0, high))
