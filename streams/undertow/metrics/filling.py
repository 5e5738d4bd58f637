"""Writes a vendor's standing as samples of the metrics in ``standings``. What is unknown is left out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from undertow.domain.agreement.contract import DAY
from undertow.domain.counting.ledger import ALL, Figures
from undertow.domain.figures.comparisons import Classes, Comparison
from undertow.domain.figures.equity import Equity, Gap
from undertow.domain.figures.habits import Habits
from undertow.domain.figures.period_claims import ClaimedPeriod
from undertow.domain.judging.outcomes import OUTCOMES
from undertow.domain.standing import Standing
from undertow.domain.statements.adjustments import Kept
from undertow.metrics.labels import CAUSE_NAMES, CLASSES, MEASURES, PERIOD_CAUSES, PERIOD_CLASSES, STATES, pair

Add = Callable[[str, Sequence[str], float], None]
"""Takes a metric's name without its prefix, its labels' values, and the value."""


def stand(add: Add, standing: Standing, objective: float, segments: Collection[str]) -> None:
    """Write a vendor's standing. ``objective`` is the contract's; only rows of these ``segments`` are shown."""
    _compared(add, [row for row in standing.comparisons if row.segment in segments and row.measure in MEASURES])
    _patterns(add, standing.vendor, standing.habits[-1:])
    _budget(add, standing, objective)
    for state, n in standing.answered:
        add("disputed_findings", (standing.vendor, state), n)
    for window, found in standing.equity:
        _equity(add, standing.vendor, window, found, segments)
    _alarms(add, standing, segments)
    for window, what, which, n in standing.counted:
        add("experience_events", (standing.vendor, window, what, which), n)
    newest: dict[str, ClaimedPeriod] = {}
    for stated in standing.claimed_periods:
        claim = stated.claim
        before = newest.get(claim.measure)
        # the later end is newer; of periods that end together the shorter one
        if claim.measure in MEASURES and (
            before is None or (claim.last_day, claim.first_day) > (before.claim.last_day, before.claim.first_day)
        ):
            newest[claim.measure] = stated
    for measure in sorted(newest):
        _stated(add, newest[measure])


def keep(add: Add, kept: Kept) -> None:
    """Write what was issued of a vendor's closed periods, and how they have changed since."""
    add("statement_number", (kept.vendor,), kept.number)
    add("statement_last_day_timestamp_seconds", (kept.vendor,), kept.last_day * DAY)
    for measure, what, n in kept.adjusted:
        if measure in MEASURES:
            add("adjustment_tickets", (kept.vendor, measure, what), n)


def _compared(add: Add, rows: Sequence[Comparison]) -> None:
    known = {(row.measure, one.verdict, one.cause) for row in rows if row.window == ALL for one in row.causes}
    for row in rows:
        of = (row.vendor, row.segment, row.window, row.measure)
        gap = row.gap
        add("gap_eligible_tickets", of, gap.n)
        if gap.value is not None:  # unknown never reads as zero
            add("gap_ratio", of, gap.value)
            add("gap_ratio_low", of, gap.low)
            add("gap_ratio_high", of, gap.high)
            add("gap_chance_ratio", of, gap.p)
            add("gap_reported_ratio", of, (row.classes.confirmed_met + gap.over) / gap.n)
            add("gap_actual_ratio", of, (row.classes.confirmed_met + gap.under) / gap.n)
        if row.segment == ALL:
            for name, n in zip(CLASSES, by_class(row.classes), strict=True):
                add("verdict_tickets", (row.vendor, row.window, row.measure, name), n)
            counted = {(row.measure, one.verdict, one.cause): one.n for one in row.causes}
            for measure, verdict, cause in sorted(known):
                if measure == row.measure and cause in CAUSE_NAMES:
                    n = counted.get((measure, verdict, cause), 0)
                    add("cause_tickets", (row.vendor, row.window, measure, verdict, cause), n)


def by_class(of: Classes) -> tuple[int, ...]:
    """Tickets by the classes of the domain, in the order of :data:`~undertow.metrics.labels.CLASSES`."""
    counts = {
        "confirmed": of.confirmed_met + of.confirmed_missed,
        "actual_only": of.actual_only_met + of.actual_only_missed,
        **of._asdict(),
    }
    return tuple(counts[name] for name in CLASSES)


def _patterns(add: Add, vendor: str, newest: Iterable[Habits]) -> None:
    for habits in newest:
        add("pattern_period_last_day_timestamp_seconds", (vendor,), habits.period.last * DAY)
        for one in habits.examined:
            of = (vendor, one.suspicion.pattern)
            for state in STATES:
                add("pattern_state", (*of, state), int(state == one.state))
            add("pattern_tickets", of, one.suspicion.count)
            add("pattern_eligible_tickets", of, one.suspicion.n)
            add("pattern_normal_ratio", of, one.suspicion.normal)
            add("pattern_chance_ratio", of, one.suspicion.p)


def became(add: Add, rows: Iterable[Figures], standings: Iterable[Standing]) -> None:
    """Write how many tickets had each outcome, of the rows in which any was reported as met."""
    known = {
        (standing.vendor, one.segment, one.window, one.outcome): one.met
        for standing in standings
        for one in standing.outcomes
    }
    for row in rows:
        of = (row.vendor, row.segment, row.window)
        if row.hidden.n:
            for name in OUTCOMES:
                add("outcome_tickets", (*of, name), known.get((*of, name), 0))


def _alarms(add: Add, standing: Standing, segments: Collection[str]) -> None:
    for early in standing.early:
        young = (standing.vendor, f"{early.lag}d")
        add("early_eligible_tickets", young, early.now.n)
        if early.now.value is not None:
            add("early_ratio", young, early.now.value)
            add("early_ratio_low", young, early.now.low)
            add("early_ratio_high", young, early.now.high)
        if early.before.value is not None:
            add("early_usual_ratio", young, early.before.value)
        if early.difference is not None:
            add("early_difference_ratio", young, early.difference.value)
            add("early_difference_ratio_low", young, early.difference.low)
            add("early_difference_ratio_high", young, early.difference.high)
    for one in standing.watched:
        if one.segment in segments:
            of = (standing.vendor, one.segment, one.lag)
            if one.spike.baseline is not None:
                add("spike_score", of, one.spike.score)
            add("spike_threshold_score", of, one.spike.threshold)
            add("spike", of, int(one.alarm))


def _budget(add: Add, standing: Standing, objective: float) -> None:
    of, budget = (standing.vendor,), standing.budget
    add("truth_budget_objective_ratio", of, objective)
    if budget is None:
        return
    for measure in standing.budgeted:
        add("truth_budget_measure", (*of, measure), 1)
    add("truth_budget_confirmed_tickets", of, budget.told.confirmed)
    add("truth_budget_eligible_tickets", of, budget.told.met)
    if budget.share is not None and budget.used is not None:
        add("truth_budget_confirmed_ratio", of, budget.share)
        add("truth_budget_confirmed_ratio_low", of, budget.low)
        add("truth_budget_confirmed_ratio_high", of, budget.high)
        add("truth_budget_used_ratio", of, budget.used)
    rates = {rate.days: rate for alert in budget.alerts for rate in (alert.long, alert.short)}
    for days, rate in sorted(rates.items()):
        if rate.told.met:
            add("truth_budget_burn_ratio", (*of, f"{days}d"), rate.bare)
            add("truth_budget_burn_ratio_low", (*of, f"{days}d"), rate.low)
    for alert in budget.alerts:
        add("truth_budget_alert", (*of, pair(alert.burn)), int(alert.fires))


def _equity(add: Add, vendor: str, window: str, equity: Equity, segments: Collection[str]) -> None:
    for mix, gap in (("raw", equity.raw), ("standardised", equity.standardised)):
        if gap is not None and {gap.worst.segment, gap.best.segment} <= set(segments):
            _gap(add, (vendor, window, mix), gap)
    if equity.raw is not None:
        add("equity_covered_ratio", (vendor, window), equity.covered)


def _gap(add: Add, of: tuple[str, str, str], gap: Gap) -> None:
    vendor, *rest = of
    add("equity_gap_ratio", of, gap.difference)
    add("equity_gap_ratio_low", of, gap.low)
    add("equity_gap_ratio_high", of, gap.high)
    if gap.ratio is not None:
        add("equity_worst_over_best_ratio", of, gap.ratio)
    add("equity_worst_ratio", (vendor, gap.worst.segment, *rest), gap.worst.rate)
    add("equity_best_ratio", (vendor, gap.best.segment, *rest), gap.best.rate)


def _stated(add: Add, stated: ClaimedPeriod) -> None:
    claim, found = stated.claim, stated.reconciled
    of = (claim.vendor, claim.measure)
    add("period_claim_met_tickets", of, claim.met)
    add("period_claim_tickets", of, claim.total)
    add("period_claim_last_day_timestamp_seconds", of, claim.last_day * DAY)
    add("period_claim_restated", of, int(stated.versions.restated))
    if found is None:
        return
    add("period_claim_actual_met_tickets", of, found.cohort.met)
    add("period_claim_actual_tickets", of, found.cohort.total)
    add("period_claim_open_tickets", of, found.cohort.open)
    add("period_claim_difference_tickets", of, found.tickets)
    if found.gap is not None:
        add("period_claim_gap_ratio", of, found.gap)
    for name in PERIOD_CLASSES:
        add("period_claim_verdict", (*of, name), int(name == found.verdict))
    for cause in PERIOD_CAUSES:
        add("period_claim_cause", (*of, cause), int(cause in found.causes))
