"""A vendor's figures in plain words. Start reading here: this is what everything else is for.

Green outside, red inside: the vendor reports its tickets as good, and behind them customers came back, or left. The
verdict compares hidden dissatisfaction with what both sides call normal, after what chance alone would bring.
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache

from msgspec import Struct

from undertow.domain.agreement.contract import Contract
from undertow.domain.counting.ledger import Figures, Rate
from undertow.domain.statistics.intervals import needed
from undertow.domain.statistics.rounding import at_least, at_most


class Colour(Enum):
    """The verdict, as a word that metrics and JSON carry."""

    CANNOT_TELL = "cannot_tell"
    HOLDS = "holds"
    UNCLEAR = "unclear"
    RED_INSIDE = "red_inside"


class Verdict(Struct, frozen=True):
    """The colour, the words for a leader, and the limit that was applied (ratio 0 to 1)."""

    colour: Colour
    words: str
    limit: float


def verdict(figures: Figures, contract: Contract) -> Verdict:
    """Judge one row of figures, on the bounds of the interval and never on the bare rate."""
    waiting = figures.immature if figures.hidden.value is None else 0
    return _verdict(figures.hidden, allowed(figures, contract), waiting, contract.minimum_n)


@lru_cache(maxsize=4096)
def _verdict(hidden: Rate, limit: float, immature: int, minimum_n: int) -> Verdict:
    """Kept: counts are shown several times a second, and of most rows only what was opened has changed."""
    if hidden.value is None:
        waiting = f" ({immature} tickets are still within their follow-up)" if immature else ""
        return Verdict(
            Colour.CANNOT_TELL, f"cannot tell yet, needs about {minimum_n} tickets reported as met{waiting}", limit
        )
    enough = needed(hidden.value, limit, minimum_n)
    about = f"needs about {enough:,} tickets" if enough else "the share lies on the limit"
    if hidden.n < minimum_n:
        return Verdict(Colour.CANNOT_TELL, f"cannot tell yet, {about}, has {hidden.n}", limit)
    normal = f"{limit:.1%} would be normal, chance included"
    if hidden.low > limit:
        least = at_least(hidden.low)
        words = f"red inside: at least {least} of the tickets reported as met left an unhappy customer; {normal}"
        return Verdict(Colour.RED_INSIDE, words, limit)
    if hidden.high <= limit:
        words = f"holds up: at most {at_most(hidden.high)} of the tickets reported as met went wrong later; {normal}"
        return Verdict(Colour.HOLDS, words, limit)
    return Verdict(Colour.UNCLEAR, f"not clear yet, {about}", limit)


def allowed(figures: Figures, contract: Contract) -> float:
    """The share of hidden dissatisfaction that is normal: the agreed tolerance on top of the chance level."""
    chance = figures.by_chance.value or 0.0
    return 1 - (1 - contract.tolerance) * (1 - chance)
