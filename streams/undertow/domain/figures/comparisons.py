"""What a vendor reports, ticket by ticket, against what was recomputed: by segment, window and measure."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from undertow.domain.agreement.contract import Contract
from undertow.domain.agreement.periods import Known
from undertow.domain.counting.cells import Tally
from undertow.domain.counting.ledger import ALL, Rate
from undertow.domain.figures.reconcile import Gap, paired
from undertow.domain.figures.tallies import Tallied, Tallies
from undertow.domain.measuring.actuals import SLA
from undertow.domain.measuring.comparison import DISCORDANT
from undertow.domain.measuring.measures import LOOKS_BACK
from undertow.domain.statistics.rounding import points

SURE: Final = 0.05
"""The p up to which a difference is said aloud, if the interval excludes none, too."""
MOST: Final = 20_000
"""Where not even so many paired tickets would tell, the difference is nil as far as anybody will see."""
NONE: Final[Tallies] = {}


class Classes(NamedTuple):
    """Tickets by class; where both sides can be paired, or only we can tell, also which way."""

    confirmed_met: int = 0
    confirmed_missed: int = 0
    over_reported: int = 0
    under_reported: int = 0
    claim_only: int = 0
    actual_only_met: int = 0
    actual_only_missed: int = 0
    unverifiable: int = 0
    immature: int = 0
    """Those of later days than the window's included: shown beside, never dropped."""


class Caused(NamedTuple):
    """``n`` discordant tickets with one cause."""

    verdict: Literal["over_reported", "under_reported"]
    cause: str
    n: int


class Comparison(Struct, frozen=True):
    """One measure. Reported, actual and gap are over the same tickets, those that both sides can judge."""

    vendor: str
    segment: str
    window: str
    measure: str
    classes: Classes
    gap: Gap
    causes: tuple[Caused, ...]
    """The most frequent first."""

    @property
    def reported(self) -> Rate:
        """Claimed met."""
        return Rate(self.classes.confirmed_met + self.classes.over_reported, self.gap.n)

    @property
    def actual(self) -> Rate:
        """Met."""
        return Rate(self.classes.confirmed_met + self.classes.under_reported, self.gap.n)


class Said(NamedTuple):
    """What a comparison comes to. ``over``: reports too much; ``under``: did better than it says; in words for people."""

    state: Literal["over", "under", "agrees", "cannot_tell"]
    words: str


def said(one: Comparison, minimum_n: int) -> Said:
    """The words of one comparison: on the bounds of the interval and the exact test, never on the bare gap."""
    gap = one.gap
    if gap.value is None or gap.n < minimum_n:
        counted = (
            (one.classes.immature, "still to be judged"),
            (one.classes.unverifiable, "cannot be checked: no target agreed, or the feed lacks what it takes"),
            (one.classes.claim_only, "claimed of tickets never seen"),
        )
        beside = "; ".join(f"{n:,} {words}" for n, words in counted if n)
        if not gap.n and not one.classes.immature:  # waiting would not help
            return Said("cannot_tell", beside or "nothing is claimed")
        yet = f"cannot tell yet, needs about {enough(one, minimum_n):,}, has {gap.n}"
        return Said("cannot_tell", f"{yet} ({beside})" if beside else yet)
    rates = f"reported {one.reported.value:.1%}, actual {one.actual.value:.1%}"
    if _shown(gap) and gap.low > 0:
        return Said("over", f"{rates}: at least {points(gap.low)} too many")
    if _shown(gap):
        return Said("under", f"{rates}: better than it says by at least {points(-gap.high)}")
    return Said("agrees", f"{rates}: no difference that chance would not make")


def enough(one: Comparison, minimum_n: int) -> int:
    """About how many paired tickets would tell, if the shares stay as they are; at least ``minimum_n``."""
    of = one.classes
    pairs = (of.confirmed_met, of.over_reported, of.under_reported, of.confirmed_missed)
    low, high = minimum_n - 1, MOST
    while high - low > 1:
        half = (low + high) // 2
        gap = paired(*[round(n * half / max(1, one.gap.n)) for n in pairs])
        low, high = (low, half) if _shown(gap) else (half, high)
    return minimum_n if high == MOST else high


def _shown(gap: Gap) -> bool:
    """Whether both the interval and the exact test say that there is a difference."""
    return gap.p <= SURE and (gap.low > 0 or gap.high < 0)


def comparisons(tallied: Tallied, contract: Contract, known: Known) -> list[Comparison]:
    """Every measure that anybody speaks of: all segments together, then each if the contract tells them apart.

    Windows end with the newest day that is over, for most of its verdicts are known; those of measures that look at what
    came after the solve end with the newest day whose follow-up is over, as the windows of outcomes do.
    """
    found: list[Comparison] = []
    for segment in (ALL, *(tallied.segments if contract.segments else ())):
        soon: list[str] = []
        late: list[str] = []
        for measure in tallied.measures(segment):
            (late if looks_back(measure, contract) else soon).append(measure)
        for measures, last in ((soon, known.complete), (late, known.mature)):
            if measures:
                for window, sums, later in tallied.windows("verdict", segment, last):
                    found += _rows(contract.vendor, segment, window, measures, sums, later)
    return found


def looks_back(measure: str, contract: Contract) -> bool:
    """Whether the verdict on a measure has to wait for the follow-up of the solve."""
    measures = contract.targets if measure == SLA else (measure,)
    return not LOOKS_BACK.isdisjoint(measures)


def classes(measure: str, sums: Tallies, later: Tallies = NONE) -> Classes:
    """The classes of one measure in some sums, immature ones of later days included."""
    keys, waiting = labels(measure), labels(measure, "unsolved")
    found = Classes(*[sums.get(key, 0) + sums.get(other, 0) for key, other in zip(keys, waiting, strict=True)])
    return (
        found._replace(immature=found.immature + later.get(keys[-1], 0) + later.get(waiting[-1], 0)) if later else found
    )


def _rows(
    vendor: str, segment: str, window: str, measures: list[str], sums: Tallies, later: Tallies
) -> Iterator[Comparison]:
    causes: dict[str, list[Caused]] = {}
    for tally, n in sums.items():
        if tally.kind in DISCORDANT:
            causes.setdefault(tally.name, []).append(Caused(tally.kind, tally.label, n))  # type: ignore[arg-type]
    for measure in measures:
        of = classes(measure, sums, later)
        gap = _gap(of.confirmed_met, of.over_reported, of.under_reported, of.confirmed_missed)
        why = sorted(causes.get(measure, ()), key=lambda one: (-one.n, one))
        yield Comparison(vendor, segment, window, measure, of, gap, tuple(why))


_gap = lru_cache(maxsize=1 << 16)(paired)
"""Of a thousand rows, a ticket changes a few: the exact test need not be made again for the others."""


@cache
def labels(measure: str, kind: Literal["verdict", "unsolved"] = "verdict") -> tuple[Tally, ...]:
    """The tallies of a measure's classes, in the order of :class:`Classes`."""
    return tuple(Tally(kind, measure, label) for label in Classes._fields)
