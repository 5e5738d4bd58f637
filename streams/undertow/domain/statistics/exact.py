"""Exact tests: the chance that an honest vendor shows this much, summed up term by term. No approximation, no table.

The two-sided one is twice the smaller tail, at most 1. All are p-values: probabilities 0 to 1, small when the assumption
("no more than ...") does not hold.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import exp, fsum, lgamma, log, log1p
from typing import Final

NOTHING: Final = 1e-30
"""A probability that no sum is the larger for."""


def at_least(count: int, n: int, share: float) -> float:
    """P(X >= ``count``) for X ~ Binomial(``n``, ``share``): 1 when ``count`` is 0 or less, 0 when it is more than ``n``."""
    if count <= 0:
        return 1.0
    if count > n or share <= 0.0:
        return 0.0
    if share >= 1.0:
        return 1.0
    # the shorter tail is summed, so that a small one keeps its digits
    if count > n * share:
        return min(1.0, _from(count, n, share))
    return max(0.0, 1.0 - _from(n - count + 1, n, 1.0 - share))


def binomial(count: int, n: int, share: float) -> float:
    """P(X = ``count``) for X ~ Binomial(``n``, ``share``), 0 < share < 1."""
    chosen = lgamma(n + 1) - lgamma(count + 1) - lgamma(n - count + 1)
    return exp(chosen + count * log(share) + (n - count) * log1p(-share))


def mcnemar(over: int, under: int) -> float:
    """Two-sided p that ``over`` and ``under`` are equally likely: the exact test on discordant pairs; 1 without any.

    Source: Q. McNemar, Note on the sampling error of the difference between correlated proportions or percentages,
    Psychometrika 12 (1947) 153-157, in its exact form: Binomial(over + under, 1/2).
    """
    return min(1.0, 2.0 * at_least(max(over, under), over + under, 0.5))


def more_often(count: int, n: int, other: int, other_n: int, odds_ratio: float = 1.0) -> float:
    """One-sided p that the odds of ``count`` of ``n`` are at most ``odds_ratio`` times those of ``other`` of ``other_n``.

    Fisher's exact test, for a ratio other than 1 with his noncentral hypergeometric distribution. Source: R. A. Fisher,
    The logic of inductive inference, Journal of the Royal Statistical Society 98 (1935) 39-82.
    """
    drawn = count + other
    least, most = max(0, drawn - other_n), min(n, drawn)
    if odds_ratio <= 0.0 or least == most:
        return 1.0
    weights = [_log_comb(n, k) + _log_comb(other_n, drawn - k) + k * log(odds_ratio) for k in range(least, most + 1)]
    highest = max(weights)
    scaled = [exp(weight - highest) for weight in weights]
    return min(1.0, fsum(scaled[count - least :]) / fsum(scaled))


def sum_at_least(count: int, parts: Sequence[tuple[int, float]]) -> float:
    """P(X >= ``count``) for a sum X of independent binomials, given as (n, share) pairs.

    Terms below :data:`NOTHING` are left out, so that what it costs grows with n and not with its square.
    """
    spread, least = [1.0], 0
    for n, share in parts:
        first, one = _terms(n, share)
        longer = [0.0] * (len(spread) + len(one) - 1)
        for i, left in enumerate(spread):
            for j, right in enumerate(one):
                longer[i + j] += left * right
        spread, least = longer, least + first
    return min(1.0, fsum(spread[max(count - least, 0) :]))


def benjamini_hochberg(ps: Iterable[float], share: float) -> list[bool]:
    """Which of the p-values to act on, so that of those at most ``share`` (ratio) are expected to be false alarms.

    Where none of the assumptions is wrong, at most ``share`` of all such families give any alarm at all, for independent
    and for positively dependent tests. Source: Y. Benjamini, Y. Hochberg, Controlling the false discovery rate, Journal
    of the Royal Statistical Society B 57 (1995) 289-300.
    """
    known = list(ps)
    ranked = sorted(known)
    limit = max((p for rank, p in enumerate(ranked, 1) if p <= rank * share / len(ranked)), default=-1.0)
    return [p <= limit for p in known]


@lru_cache(maxsize=256)
def found_from(allowed: float, n: int, alarm: float, power: float = 0.95) -> float | None:
    """The smallest true share that :func:`at_least` finds with probability ``power`` among ``n``; None where none is.

    Found: p <= ``alarm`` against ``allowed``. To three digits, rounded up.
    """
    # the least count that is found; the tail falls with the count, so halving finds it
    low, high = 0, n + 1
    while high - low > 1:
        half = (low + high) // 2
        low, high = (low, half) if at_least(half, n, allowed) <= alarm else (half, high)
    if high > n:
        return None
    return (bisect_left(range(1, 1000), power, key=lambda mille: at_least(high, n, mille / 1000)) + 1) / 1000


def _from(count: int, n: int, share: float) -> float:
    """The upper tail from a count above the mean: each term from the one before, until they no longer matter."""
    term = binomial(count, n, share)
    total, odds = term, share / (1.0 - share)
    for k in range(count, n):
        term *= (n - k) / (k + 1) * odds
        total += term
        if term < total * 1e-17:
            break
    return total


def _log_comb(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def _terms(n: int, share: float) -> tuple[int, list[float]]:
    """The terms of a binomial that are not nothing, from the count on at which they begin."""
    if share <= 0.0 or share >= 1.0:
        return (n if share >= 1.0 else 0), [1.0]
    middle = min(n, int((n + 1) * share))
    found = deque([binomial(middle, n, share)])
    first = middle
    while first > 0 and found[0] > NOTHING:
        first -= 1
        found.appendleft(binomial(first, n, share))
    last = middle
    while last < n and found[-1] > NOTHING:
        last += 1
        found.append(binomial(last, n, share))
    return first, list(found)
