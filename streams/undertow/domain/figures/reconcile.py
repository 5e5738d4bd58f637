"""Claims held against the same tickets recomputed: paired tickets, and periods with what was restated of them.

A period claim is a census of tickets and so is our count, so a difference there is a fact and no estimate. Paired tickets
are a sample of how a vendor reports, so their gap has an interval and a test.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from undertow.domain.counting.ledger import PeriodClaim
from undertow.domain.statistics.exact import mcnemar
from undertow.domain.statistics.intervals import newcombe_paired

Cause = Literal["left_out", "added", "own_tickets_differ"]


class Gap(Struct, frozen=True):
    """Reported minus actual over the same tickets: of n, ``over`` were claimed met and were not, ``under`` the reverse."""

    n: int
    over: int
    under: int
    value: float | None
    """(over - under) / n, ratio -1 to 1; None without a ticket."""
    low: float
    high: float
    p: float
    """Exact McNemar test of ``over`` and ``under`` being equally likely, two-sided."""


def paired(confirmed_met: int, over: int, under: int, confirmed_missed: int) -> Gap:
    """The gap from the four kinds of pairs of claim and actual."""
    n = confirmed_met + over + under + confirmed_missed
    low, high = newcombe_paired(confirmed_met, over, under, confirmed_missed)
    return Gap(n, over, under, (over - under) / n if n else None, low, high, mcnemar(over, under))


class Cohort(Struct, frozen=True):
    """The tickets of a claimed period as recomputed: those solved in its days, in the contract's zone.

    ``total`` of them can be judged under the claim's measure, ``met`` met it. ``claimed`` carry a claim of their own about
    it, ``claimed_met`` say met. ``open`` more were solved in the period and cannot be judged yet, or not at all.
    """

    total: int
    met: int
    claimed: int = 0
    claimed_met: int = 0
    open: int = 0


class Versions(Struct, frozen=True):
    """What a vendor said of one period first, and what it says now. A join, see :func:`versions`."""

    first: PeriodClaim
    last: PeriodClaim

    @property
    def restated(self) -> bool:
        """True when the vendor now says something else than at first."""
        return (self.first.met, self.first.total) != (self.last.met, self.last.total)


class Reconciled(Struct, frozen=True):
    """A period claim beside its cohort. Differences are claimed minus recomputed; ratios are None where there is no ticket."""

    claim: PeriodClaim
    restated_from: PeriodClaim | None
    """The first version, where it said something else."""
    cohort: Cohort
    verdict: Literal["confirmed", "over_reported", "under_reported", "claim_only", "unverifiable", "immature"]
    """On the rate. ``claim_only``: none of its tickets was ever seen; ``unverifiable``: seen, and none can be judged."""
    claimed: float | None
    actual: float | None
    tickets: int
    """Difference in the count of tickets, a finding of its own whatever the rate says."""
    met: int
    causes: tuple[Cause, ...]
    """``left_out``: fewer tickets, and more of the missed than of the met ones are lacking; ``added``: more tickets than
    were solved; ``own_tickets_differ``: the vendor's claims about these very tickets add up to something else."""

    @property
    def gap(self) -> float | None:
        """Claimed minus actual rate."""
        return None if self.claimed is None or self.actual is None else self.claimed - self.actual


def reconcile(said: Versions, cohort: Cohort, *, closed: bool) -> Reconciled:
    """Hold the standing version against the recomputed cohort. ``closed``: every ticket of the period could be judged by now.

    While tickets of the period cannot be judged yet, the verdict is ``immature`` and the counts are shown as they are.
    """
    claim = said.last
    claimed = claim.met / claim.total if claim.total else None
    actual = cohort.met / cohort.total if cohort.total else None
    tickets = claim.total - cohort.total - cohort.open
    return Reconciled(
        claim,
        said.first if said.restated else None,
        cohort,
        _verdict(claim, cohort, closed=closed),
        claimed,
        actual,
        tickets,
        claim.met - cohort.met,
        tuple(_causes(claim, cohort, tickets)),
    )


def _verdict(
    claim: PeriodClaim, cohort: Cohort, *, closed: bool
) -> Literal["confirmed", "over_reported", "under_reported", "claim_only", "unverifiable", "immature"]:
    if not closed:
        return "immature"
    if not cohort.total:
        if not claim.total and not cohort.open:
            return "confirmed"
        return "unverifiable" if cohort.open else "claim_only"
    if not claim.total:
        return "under_reported"
    # as whole numbers, so that equal rates are equal
    one, other = claim.met * cohort.total, cohort.met * claim.total
    if one == other:
        return "confirmed"
    return "over_reported" if one > other else "under_reported"


def _causes(claim: PeriodClaim, cohort: Cohort, tickets: int) -> Iterable[Cause]:
    missed = cohort.total - cohort.met
    if tickets < 0 and missed - (claim.total - claim.met) > max(cohort.met - claim.met, 0):
        yield "left_out"
    if tickets > 0:
        yield "added"
    if cohort.claimed == claim.total and cohort.claimed_met != claim.met:
        yield "own_tickets_differ"


def versions(claims: Iterable[PeriodClaim]) -> Versions:
    """The first and the standing version of one period's claims: lowest and highest recorded time, ties by id and content.

    Any order, grouping and repetition gives the same, so ``versions([a.first, a.last, b.first, b.last])`` joins two.
    Raises ValueError without a claim.
    """
    ordered = sorted(claims, key=_order)
    if not ordered:
        raise ValueError("no claim to take a version of")
    return Versions(ordered[0], ordered[-1])


def _order(claim: PeriodClaim) -> tuple[float, str, int, int]:
    return (claim.recorded, claim.id, claim.met, claim.total)
