"""From cases to what is said of a vendor: how often, how often is normal, and how likely an honest vendor shows as much.

One period of one vendor is one family of tests: at most ``false_alarm`` of all honest vendors are accused of anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct

from undertow.domain.agreement.thresholds import CATALOG, Allowed, Pattern, Patterns
from undertow.domain.statistics.exact import at_least, benjamini_hochberg, found_from


class Cases(Struct, frozen=True):
    """``matched`` among ``n`` cases."""

    matched: int = 0
    n: int = 0


class Suspicion(Struct, frozen=True):
    """One pattern put to the test. ``normal`` is the share (0 to 1) that both sides call normal for these cases.

    ``p``: the chance that a vendor at that share shows at least ``count`` of ``n``.
    """

    pattern: Pattern
    count: int
    n: int
    normal: float
    p: float


class Examined(Struct, frozen=True):
    """What is said of one pattern. ``words`` for people."""

    suspicion: Suspicion
    state: Literal["found", "not_found", "cannot_tell"]
    words: str
    alarm: float
    """The p at which this pattern is found though no other shows anything: the strictest step of the family."""

    @property
    def found_from(self) -> float | None:
        """The true share (0 to 1) that so many cases show with 95 % probability; None where they are too few for any."""
        one = self.suspicion
        return found_from(one.normal, one.n, self.alarm) if 0 < one.normal < 1 else None


def suspicions(tallies: Mapping[Pattern, Cases], allowed: Allowed) -> list[Suspicion]:
    """The patterns that have an allowed share, each held against it, in the catalog's order."""
    found = []
    for pattern in CATALOG:
        normal: float | None = getattr(allowed, pattern, None)
        have = tallies.get(pattern)
        if normal is not None and have is not None:
            p = at_least(have.matched, have.n, normal)
            found.append(Suspicion(pattern, have.matched, have.n, normal, p))
    return found


def judged(tested: Iterable[Suspicion], patterns: Patterns, minimum_n: int) -> list[Examined]:
    """The verdict on one vendor and period, by Benjamini and Hochberg over all patterns that have enough cases."""
    every = list(tested)
    enough = [one for one in every if one.n >= minimum_n]
    found = {
        one.pattern: yes
        for one, yes in zip(enough, benjamini_hochberg((one.p for one in enough), patterns.false_alarm), strict=True)
    }
    alarm = patterns.false_alarm / max(1, len(enough))
    return [_finding(one, found.get(one.pattern), minimum_n, alarm) for one in every]


def _finding(one: Suspicion, found: bool | None, minimum_n: int, alarm: float) -> Examined:
    entry = CATALOG[one.pattern]
    counted = f"{one.count:,} of {one.n:,} {entry.of}"
    if found is None:
        words = f"{entry.says}: cannot tell yet, needs about {minimum_n} {entry.of}, has {one.n}"
        return Examined(one, "cannot_tell", words, alarm)
    normal = f"up to {one.normal:.1%} would be normal"
    if found:
        often = f"once in {1 / one.p:,.0f}" if one.p > 1e-9 else "less than once in a billion"
        words = f"{entry.says}: {counted}; {normal}, and who keeps to that shows as much {often} periods"
        return Examined(one, "found", words, alarm)
    return Examined(one, "not_found", f"{entry.says}: {counted}; {normal}", alarm)
