"""What a vendor states about a period, held against the tickets of its days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from msgspec import Struct

from undertow.domain.agreement.contract import Contract
from undertow.domain.agreement.periods import Known, Period
from undertow.domain.counting.cells import Counts, Tally
from undertow.domain.counting.ledger import PeriodClaim
from undertow.domain.figures.comparisons import Classes, labels, looks_back
from undertow.domain.figures.reconcile import Cohort, Reconciled, Versions, reconcile, versions
from undertow.domain.figures.tallies import Tallied
from undertow.domain.judging.disputes import OUT
from undertow.domain.measuring.actuals import SLA
from undertow.domain.measuring.comparison import DISCORDANT


class ClaimedPeriod(Struct, frozen=True):
    """The versions of one period claim, and the standing one against its cohort."""

    versions: Versions
    reconciled: Reconciled | None
    """None where tickets of its days have been dropped: nothing is said of what can no longer be recomputed."""

    @property
    def claim(self) -> PeriodClaim:
        """The version that stands."""
        return self.versions.last


def claimed_periods(
    said: Iterable[tuple[PeriodClaim, ...]], tallied: Tallied, contract: Contract, known: Known
) -> list[ClaimedPeriod]:
    """Every period claim of one vendor; ``said`` are some versions of each, the first and the last among them."""
    return [_claimed(versions(some), tallied, contract, known) for some in said]


def cohort(period: Period, measure: str, tallied: Tallied) -> tuple[Cohort, int]:
    """The tickets of a period under a measure, and how many of them are still to be judged.

    A disputed or withdrawn finding counts as it was claimed: left out, it would make the census of a period a false one.

    Of tickets that cannot be judged a cell does not say what was claimed; of the SLA as a whole it does once they are mature.
    """
    counts, sums = tallied.within(period, (*labels(measure), *out(measure)))
    known = len(Classes._fields)
    of = as_claimed(Classes(*sums[:known]), sums[known:])
    return of_classes(measure, of, counts), of.immature


def of_classes(measure: str, of: Classes, counts: Counts) -> Cohort:
    """The same from the classes and counts of the period's tickets."""
    paired = of.confirmed_met + of.confirmed_missed + of.over_reported + of.under_reported
    claimed, claimed_met = paired, of.confirmed_met + of.over_reported
    if measure == SLA and counts.solved == counts.mature:
        claimed, claimed_met = counts.claimed, counts.reported_met
    total = paired + of.actual_only_met + of.actual_only_missed
    met = of.confirmed_met + of.under_reported + of.actual_only_met
    return Cohort(total, met, claimed, claimed_met, max(0, counts.solved - total))


@cache
def out(measure: str) -> tuple[Tally, ...]:
    """The tallies of findings that are in no figure: claimed met, claimed missed, of each state."""
    return tuple(Tally(state, measure, verdict) for state in sorted(OUT) for verdict in DISCORDANT)


def as_claimed(of: Classes, out: Sequence[int]) -> Classes:
    """The classes, with tickets whose findings are out (counts of :func:`out`, in its order) as the vendor claimed them."""
    met, missed = sum(out[::2]), sum(out[1::2])
    return of._replace(confirmed_met=of.confirmed_met + met, confirmed_missed=of.confirmed_missed + missed)


def _claimed(said: Versions, tallied: Tallied, contract: Contract, known: Known) -> ClaimedPeriod:
    claim = said.last
    if known.kept is not None and claim.first_day < known.kept:
        return ClaimedPeriod(said, None)
    found, waiting = cohort(Period(claim.first_day, claim.last_day), claim.measure, tallied)
    last = known.mature if looks_back(claim.measure, contract) else known.complete
    return ClaimedPeriod(said, reconcile(said, found, closed=claim.last_day <= last and not waiting))
