"""How vendors stand, as metrics: claims against actuals, patterns, the truth budget, equity, periods."""

from __future__ import annotations

from typing import Final

from undertow.domain.agreement.contract import ROLLING
from undertow.metrics.labels import (
    ANSWERED,
    BURN_WINDOW,
    CAUSE,
    CLASS,
    LAG,
    MEASURE,
    MIX,
    OUTCOME,
    PAIR,
    PART,
    PATTERN,
    PERIOD_CAUSE,
    PERIOD_CLASS,
    ROW,
    SEGMENT,
    STATE,
    VENDOR,
    WATCHED,
    WHAT,
    WHICH,
    WHICH_WAY,
    WINDOW,
    Label,
    Metric,
    Unit,
)

_COMPARED: Final = (*ROW, MEASURE)
_CLAIM: Final = (VENDOR, MEASURE)
_YOUNG: Final = (VENDOR, LAG)
_WATCHED: Final = (VENDOR, SEGMENT, WATCHED)
_MIXED: Final = (VENDOR, WINDOW, MIX)
_SERVED: Final = (VENDOR, SEGMENT, WINDOW, MIX)


def _gauge(name: str, unit: Unit, labels: tuple[Label, ...], help: str) -> Metric:
    return Metric(f"undertow_{name}", "gauge", unit, labels, help)


STANDINGS: Final = (
    # claims against actuals
    _gauge(
        "gap_ratio", "ratio", _COMPARED, "Reported minus actual share of met, over the same tickets; above 0 too good."
    ),
    _gauge("gap_ratio_low", "ratio", _COMPARED, "Lower bound of undertow_gap_ratio, Newcombe 95 % for paired tickets."),
    _gauge(
        "gap_ratio_high", "ratio", _COMPARED, "Upper bound of undertow_gap_ratio, Newcombe 95 % for paired tickets."
    ),
    _gauge("gap_eligible_tickets", "tickets", _COMPARED, "Tickets whose claim and actual can both be told: the pairs."),
    _gauge("gap_reported_ratio", "ratio", _COMPARED, "Share of the pairs that were claimed met."),
    _gauge("gap_actual_ratio", "ratio", _COMPARED, "Share of the pairs that were met."),
    _gauge(
        "gap_chance_ratio",
        "ratio",
        _COMPARED,
        "Probability that over- and under-reports as frequent as each other come out so uneven (exact McNemar test).",
    ),
    _gauge(
        "verdict_tickets",
        "tickets",
        (VENDOR, WINDOW, MEASURE, CLASS),
        "Tickets by the claim's verdict; immature ones of later days included.",
    ),
    _gauge(
        "cause_tickets",
        "tickets",
        (VENDOR, WINDOW, MEASURE, WHICH_WAY, CAUSE),
        "Over- and under-reported tickets by the nearest reading under which the claim is true.",
    ),
    # patterns of the newest period that is over
    _gauge("pattern_state", "", (VENDOR, PATTERN, STATE), "State set: 1 for what is said of the pattern, else 0."),
    _gauge("pattern_tickets", "tickets", (VENDOR, PATTERN), "Tickets that show the pattern."),
    _gauge("pattern_eligible_tickets", "tickets", (VENDOR, PATTERN), "Tickets that it is counted among."),
    _gauge("pattern_normal_ratio", "ratio", (VENDOR, PATTERN), "The share that both sides call normal."),
    _gauge(
        "pattern_chance_ratio",
        "ratio",
        (VENDOR, PATTERN),
        "Probability that a vendor who keeps to the normal share shows as much.",
    ),
    _gauge(
        "pattern_period_last_day_timestamp_seconds",
        "seconds",
        (VENDOR,),
        "Last day of the period examined for patterns, as 00:00 UTC of its date.",
    ),
    # what is counted of tickets, beside any target
    _gauge(
        "experience_events",
        "events",
        (VENDOR, WINDOW, WHAT, WHICH),
        "Promises, hand-offs, ratings, answers to failures and first-contact resolutions of tickets whose follow-up is over.",
    ),
    # what became of the tickets, the newest at their age, and what has just got worse
    _gauge(
        "outcome_tickets",
        "tickets",
        (*ROW, OUTCOME),
        "Mature tickets reported as met with that outcome; a ticket may have several.",
    ),
    _gauge(
        "early_ratio",
        "ratio",
        _YOUNG,
        "Of the newest week of tickets reported as met and that old, the share bad by then; absent without any.",
    ),
    _gauge("early_ratio_low", "ratio", _YOUNG, "Lower bound of undertow_early_ratio, Wilson 95 %."),
    _gauge("early_ratio_high", "ratio", _YOUNG, "Upper bound of undertow_early_ratio, Wilson 95 %."),
    _gauge("early_eligible_tickets", "tickets", _YOUNG, "Of how many: that week's tickets reported as met."),
    _gauge("early_usual_ratio", "ratio", _YOUNG, "The same of older tickets at the same age; absent without any."),
    _gauge("early_difference_ratio", "ratio", _YOUNG, "The one minus the other: above 0 is worse than usual."),
    _gauge("early_difference_ratio_low", "ratio", _YOUNG, "Its lower bound, Newcombe 95 %."),
    _gauge("early_difference_ratio_high", "ratio", _YOUNG, "Its upper bound, Newcombe 95 %."),
    _gauge("spike_score", "score", _WATCHED, "CUSUM of the share of bad tickets; absent until the usual is known."),
    _gauge("spike_threshold_score", "score", _WATCHED, "The score from which it is a spike."),
    _gauge("spike", "", _WATCHED, "Is 1 while an alarm stands, all segments looked at together, else 0."),
    # what both sides said of findings
    _gauge(
        "disputed_findings",
        "findings",
        (VENDOR, ANSWERED),
        "Findings that the vendor answered or the company ruled on; those disputed and not ruled on, and those withdrawn, are in "
        "no other figure.",
    ),
    # the truth budget
    _gauge(
        "truth_budget_objective_ratio", "ratio", (VENDOR,), "Of what is reported as met, the share to be confirmed."
    ),
    _gauge("truth_budget_measure", "", _CLAIM, "Is 1 for each measure that the budget is over."),
    _gauge(
        "truth_budget_confirmed_tickets",
        "tickets",
        (VENDOR,),
        f"Claims of met that were confirmed, over {ROLLING} days.",
    ),
    _gauge(
        "truth_budget_eligible_tickets",
        "tickets",
        (VENDOR,),
        f"Claims of met that could be checked, over {ROLLING} days.",
    ),
    _gauge(
        "truth_budget_confirmed_ratio", "ratio", (VENDOR,), "Share of them that were confirmed; absent without any."
    ),
    _gauge("truth_budget_confirmed_ratio_low", "ratio", (VENDOR,), "Its lower bound, Wilson 95 %."),
    _gauge("truth_budget_confirmed_ratio_high", "ratio", (VENDOR,), "Its upper bound, Wilson 95 %."),
    _gauge("truth_budget_used_ratio", "ratio", (VENDOR,), "Share of the budget that is used up; above 1 overspent."),
    _gauge(
        "truth_budget_burn_ratio",
        "ratio",
        (VENDOR, BURN_WINDOW),
        f"How fast it is used: 1 uses it up exactly within {ROLLING} days; absent without a claim to check.",
    ),
    _gauge(
        "truth_budget_burn_ratio_low",
        "ratio",
        (VENDOR, BURN_WINDOW),
        "What it is used at least as fast as, Wilson 95 %.",
    ),
    _gauge("truth_budget_alert", "", (VENDOR, PAIR), "Is 1 while both windows burn faster than agreed, else 0."),
    # equity: the rate is hidden dissatisfaction
    _gauge("equity_gap_ratio", "ratio", _MIXED, "Rate of the worst-served minus the best-served segment."),
    _gauge("equity_gap_ratio_low", "ratio", _MIXED, "Its lower bound, allowing for having chosen the two."),
    _gauge("equity_gap_ratio_high", "ratio", _MIXED, "Its upper bound, allowing for having chosen the two."),
    _gauge(
        "equity_worst_over_best_ratio", "ratio", _MIXED, "The one divided by the other; absent where the best is 0."
    ),
    _gauge("equity_worst_ratio", "ratio", _SERVED, "Hidden dissatisfaction of the worst-served segment."),
    _gauge("equity_best_ratio", "ratio", _SERVED, "Hidden dissatisfaction of the best-served segment."),
    _gauge(
        "equity_covered_ratio",
        "ratio",
        (VENDOR, WINDOW),
        "Share of the compared segments' tickets whose priority and topic every one of them has.",
    ),
    # the newest period claim by measure
    _gauge(
        "period_claim_met_tickets",
        "tickets",
        _CLAIM,
        "Tickets reported as met in the newest period the vendor reported.",
    ),
    _gauge("period_claim_tickets", "tickets", _CLAIM, "Tickets in that period, as reported."),
    _gauge(
        "period_claim_last_day_timestamp_seconds",
        "seconds",
        _CLAIM,
        "Last day of that period, as 00:00 UTC of its date.",
    ),
    _gauge("period_claim_restated", "", _CLAIM, "Is 1 where the vendor first said something else of it, else 0."),
    _gauge("period_claim_actual_met_tickets", "tickets", _CLAIM, "Tickets solved in that period that met the measure."),
    _gauge("period_claim_actual_tickets", "tickets", _CLAIM, "Tickets solved in that period that can be judged."),
    _gauge("period_claim_open_tickets", "tickets", _CLAIM, "Tickets solved in it that cannot be judged, or not yet."),
    _gauge(
        "period_claim_difference_tickets", "tickets", _CLAIM, "Tickets reported minus tickets solved, judged or not."
    ),
    _gauge("period_claim_gap_ratio", "ratio", _CLAIM, "Reported minus actual share of met in that period."),
    _gauge("period_claim_verdict", "", (*_CLAIM, PERIOD_CLASS), "State set: 1 for the verdict on that period, else 0."),
    _gauge("period_claim_cause", "", (*_CLAIM, PERIOD_CAUSE), "Is 1 where this explains the difference, else 0."),
    # statements of closed periods
    _gauge("statement_number", "", (VENDOR,), "Number of the vendor's newest statement; absent before the first."),
    _gauge(
        "statement_last_day_timestamp_seconds",
        "seconds",
        (VENDOR,),
        "Last day of that statement's period, as 00:00 UTC of its date.",
    ),
    _gauge(
        "adjustment_tickets",
        "tickets",
        (*_CLAIM, PART),
        "Closed periods as they are now minus as first stated, all together: late events, restated claims, rulings.",
    ),
)
"""Only the worker that owns the ledger shows them."""
