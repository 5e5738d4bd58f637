"""How a vendor stands: what it reports against what was recomputed. A pure function of cells, claims, contract and a time.

Of ``figures``, ``comparisons`` has the measures, ``period_claims`` the periods, ``habits`` the patterns, ``alarms`` what became
of the tickets and what has just got worse, ``budget`` and ``equity`` the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from msgspec import Struct

from undertow.domain.agreement.contract import BURNS, ROLLING, WINDOWS, Contract
from undertow.domain.agreement.periods import Known, Period
from undertow.domain.counting.cells import Tally
from undertow.domain.counting.ledger import ALL, Cells, Figures, PeriodClaim
from undertow.domain.figures import budget as truth
from undertow.domain.figures.alarms import Became, Watched, alarms, outcomes
from undertow.domain.figures.alarms import days as watched_days
from undertow.domain.figures.budget import Budget, Told
from undertow.domain.figures.comparisons import Classes, Comparison, comparisons, labels, looks_back
from undertow.domain.figures.early import Early
from undertow.domain.figures.equity import Counted, Equity, Stratum, equity
from undertow.domain.figures.habits import BLAMED, Habits, habits
from undertow.domain.figures.period_claims import ClaimedPeriod, claimed_periods
from undertow.domain.figures.tallies import Tallied, cases
from undertow.domain.figures.trend import Trend, trend
from undertow.domain.figures.trend import days as trend_days
from undertow.domain.judging.disputes import totals
from undertow.domain.measuring.actuals import SLA
from undertow.domain.patterns.accusations import Cases
from undertow.domain.statements.adjustments import Kept
from undertow.domain.verdicts import Verdict

_WATCHED: Final = max(ROLLING, *(long for _, long, _ in BURNS))


class Standing(Struct, frozen=True):
    """Everything that is said of one vendor beside its figures."""

    vendor: str
    comparisons: tuple[Comparison, ...] = ()
    """By segment, then by when they are known, window and measure."""
    claimed_periods: tuple[ClaimedPeriod, ...] = ()
    """By measure and period."""
    habits: tuple[Habits, ...] = ()
    """By period, those without a case left out."""
    budget: Budget | None = None
    """None while no claim can be checked."""
    budgeted: tuple[str, ...] = ()
    """The measures it is over."""
    equity: tuple[tuple[str, Equity], ...] = ()
    """Of hidden dissatisfaction, by window; empty where the contract tells no segments apart."""
    outcomes: tuple[Became, ...] = ()
    """By segment and window, those that any ticket has."""
    early: tuple[Early, ...] = ()
    """By lag; empty while no ticket was reported as met."""
    watched: tuple[Watched, ...] = ()
    """By lag and segment."""
    counted: tuple[tuple[str, str, str, int], ...] = ()
    """Window, what, which, how many: promises, hand-offs, ratings, how soon failures were owned, one contact and durable."""
    trend: Trend = Trend()
    """Hidden dissatisfaction week by week."""
    answered: tuple[tuple[str, int], ...] = ()
    """How many findings are in which state of a dispute, over all days."""


class Overview(Struct, frozen=True):
    """All that is shown of the vendors, of one moment. ``as_of`` in seconds, None before the first judgement."""

    figures: tuple[tuple[Figures, Verdict], ...] = ()
    standings: tuple[Standing, ...] = ()
    as_of: float | None = None
    kept: tuple[Kept, ...] = ()
    """What was issued of closed periods (:mod:`undertow.domain.statements.statement`), of vendors that had a statement."""


def edges(known: Known, periods: Iterable[Period]) -> set[int]:
    """The days at which a window or a period begins, and the days after their ends."""
    found = {edge for period in periods for edge in (period.first, period.last + 1)}
    for last in (known.complete, known.mature):
        found |= {last + 1, *(last - window + 1 for window in WINDOWS)}
    return found


def standing(
    tallied: Tallied,
    said: Iterable[tuple[PeriodClaim, ...]],
    contract: Contract,
    known: Known,
    others: Mapping[Period, Cases],
) -> Standing:
    """One vendor. ``said``: its period claims, the first and the last version of each.

    ``others``: the periods to examine for patterns, each with how often the other vendors put tickets down to the
    customer in it. ``tallied`` has the :func:`edges` of the same days and periods.
    """
    compared = comparisons(tallied, contract, known)
    measures = budgeted(compared, contract)
    segments = (ALL, *(tallied.segments if contract.segments else ()))
    examined = [habits(tallied, period, blame, contract, known) for period, blame in sorted(others.items())]
    return Standing(
        contract.vendor,
        tuple(compared),
        tuple(claimed_periods(said, tallied, contract, known)),
        tuple(one for one in examined if one.examined),
        told(tallied, measures, contract, known) if measures else None,
        measures,
        *_kept(tallied, segments, contract, known),
    )


def _kept(tallied: Tallied, segments: tuple[str, ...], contract: Contract, known: Known) -> Iterator[Any]:
    """The rest of a standing: each part is found anew only once what it follows from has changed, and most news are of today."""
    kept, of = tallied.kept, (known, segments)
    yield kept(("equity", of, contract.minimum_n), "mix", lambda: tuple(_equities(tallied, contract, known)))
    yield kept(("outcomes", of), "outcome", lambda: tuple(outcomes(tallied, segments, known)))
    yield from kept(("alarms", of), watched_days(known), lambda: alarms(tallied, segments, known))
    yield kept(("counted", of), "counted", lambda: tuple(_counted(tallied, known)))
    yield kept(("trend", of), trend_days(known), lambda: trend(tallied, known))
    yield kept(("answered", of), "answered", lambda: tuple(_answered(tallied, known)))


def _counted(tallied: Tallied, known: Known) -> Iterator[tuple[str, str, str, int]]:
    for window, sums, _ in tallied.windows("counted", ALL, known.mature):
        for tally, n in sorted(sums.items()):
            yield window, tally.kind, tally.label, n


def _answered(tallied: Tallied, known: Known) -> Iterable[tuple[str, int]]:
    return totals(sums for window, sums, _ in tallied.windows("answered", ALL, known.mature) if window == ALL).items()


def blamed(cells: Cells, period: Period) -> Cases:
    """How often tickets of a period were put down to the customer, among those solved with a cause."""
    return together(
        cases(cell.tallies, BLAMED) for key, cell in cells.items() if period.first <= key.day <= period.last
    )


def together(some: Iterable[Cases]) -> Cases:
    """The sum of some cases."""
    every = list(some)
    return Cases(sum(one.matched for one in every), sum(one.n for one in every))


def budgeted(compared: Iterable[Comparison], contract: Contract) -> tuple[str, ...]:
    """The measures of the truth budget: the SLA as a whole where it is claimed and can be checked, else all together.

    Those that are known only after the follow-up count where no other can be checked: they would be missing of every day
    that the alerts look at.
    """
    checked = [one.measure for one in compared if (one.segment, one.window) == (ALL, ALL) and one.gap.n]
    if SLA in checked:
        return (SLA,)
    soon = tuple(sorted(measure for measure in checked if not looks_back(measure, contract)))
    return soon or tuple(sorted(checked))


def told(tallied: Tallied, measures: Sequence[str], contract: Contract, known: Known) -> Budget:
    """The truth budget over some measures, up to the newest day of which they are known."""
    late = all(looks_back(measure, contract) for measure in measures)
    last = known.mature if late else known.complete
    objective, minimum_n = contract.objective, contract.minimum_n
    days = range(last - _WATCHED + 1, last + 1)
    what = ("budget", tuple(measures), objective, minimum_n, last)
    return tallied.kept(
        what, days, lambda: truth.budget(dict(_told(tallied, measures, days)), last, objective, minimum_n)
    )


def _told(tallied: Tallied, measures: Iterable[str], days: range) -> Iterator[tuple[int, Told]]:
    for day in days:
        of = [Classes(*tallied.on(day, labels(measure))) for measure in measures]
        confirmed, over = sum(one.confirmed_met for one in of), sum(one.over_reported for one in of)
        if confirmed or over:
            yield day, Told(confirmed, confirmed + over)


def _equities(tallied: Tallied, contract: Contract, known: Known) -> Iterator[tuple[str, Equity]]:
    if not contract.segments:
        return
    windows: dict[str, dict[str, Mapping[Stratum, Counted]]] = {}
    for segment in tallied.segments:
        for window, sums, _ in tallied.windows("mix", segment, known.mature):
            mix = {
                Stratum(name, label): Counted(sums.get(Tally("mix_bad", name, label), 0), n)
                for (kind, name, label), n in sums.items()
                if kind == "mix"
            }
            windows.setdefault(window, {})[segment] = mix
    for window, segments in windows.items():
        same = tuple((segment, tuple(sorted(mix.items()))) for segment, mix in sorted(segments.items()))
        yield window, _equity(same, contract.minimum_n)


@lru_cache(maxsize=1024)
def _equity(segments: tuple[tuple[str, tuple[tuple[Stratum, Counted], ...]], ...], minimum_n: int) -> Equity:
    """Kept: mature tickets hardly change."""
    return equity({segment: dict(mix) for segment, mix in segments}, minimum_n)
