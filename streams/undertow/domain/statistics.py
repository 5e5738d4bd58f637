"""Intervals and sample sizes. Small samples decide whether anyone believes a figure."""

from __future__ import annotations

from math import sqrt
from typing import Final

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
    low, high = 0, most
    while high - low > 1:
        half = (low + high) // 2
        low, high = (low, half) if decided(half) else (half, high)
    return max(high, minimum)
