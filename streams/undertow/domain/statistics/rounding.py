"""Shares and their bounds as people read them: no rounding may say more than is known. Ratios 0 to 1."""

from __future__ import annotations

from math import ceil, floor
from typing import Final

_NOISE: Final = 1e-9
"""0.3 has to stay 30.0%, whatever a float makes of a thousand times it."""


def at_least(ratio: float) -> str:
    """A lower bound as a share of 100, cut to one decimal: rounded up it would claim more than is known."""
    return f"{floor(1000 * ratio + _NOISE) / 10:.1f}%"


def at_most(ratio: float) -> str:
    """An upper bound, for the same reason never rounded down."""
    return f"{ceil(1000 * ratio - _NOISE) / 10:.1f}%"


def points(ratio: float) -> str:
    """The same of a difference of two shares: ``6.9 points`` for 0.0696."""
    return f"{at_least(ratio).removesuffix('%')} points"


def beside(ratio: float, limit: float) -> str:
    """A share of 100 as it is shown beside a limit: with one decimal, or as many more (up to three) as tell the two apart."""
    for places in (1, 2, 3):
        if ratio == limit or f"{ratio:.{places}%}" != f"{limit:.{places}%}":
            break
    return f"{ratio:.{places}%}"
