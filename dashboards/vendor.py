"""One vendor in full: verdicts by measure and why they differ, patterns, budget, periods; ``outcomes`` has its customers."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard as make
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig

from dashboards.leaders import watermelon
from dashboards.outcomes import fairness, outcomes
from dashboards.panels import bars, dashboard, lines, number, rows
from dashboards.queries import VENDOR, WINDOW, Query, ones, top
from dashboards.words import (
    AMBER,
    BLUE,
    CLASSES,
    GREEN,
    PATTERN_STATES,
    RED,
    SHARE,
    TICKETS,
    YES_NO,
    fixed,
    mapped,
    named,
    unit,
)

UID = "undertow-vendor"


def build() -> make.Dashboard:
    """The dashboard."""
    found = dashboard(
        UID, "Undertow: vendor", "Everything that is said of one vendor.", ("vendor", "segment", "window"), "now-30d"
    )
    found = found.with_panel(watermelon("Is the green of $vendor real?", (24, 6)))
    return _periods(_budget(fairness(outcomes(_patterns(_measures(found))))))


def _measures(found: make.Dashboard) -> make.Dashboard:
    of = "vendor, measure"
    found = found.with_row(make.Row("What was claimed and what was"))
    found = found.with_panel(
        rows(
            "Measures",
            "Each measure over the tickets where claim and fact can both be told. Gap: reported minus actual, above 0 the "
            "vendor reports too much, below 0 too little; with its 95 % interval. Chance: how probable so uneven a "
            "difference is if over- and under-reports were equally frequent; above 5 % nothing is claimed of it.",
            [
                Query(top("gap_reported_ratio", of), table=True),
                Query(top("gap_actual_ratio", of), table=True),
                Query(top("gap_ratio", of), table=True),
                Query(top("gap_ratio_low", of), table=True),
                Query(top("gap_ratio_high", of), table=True),
                Query(top("gap_eligible_tickets", of), table=True),
                Query(top("gap_chance_ratio", of), table=True),
            ],
            {
                "vendor": ("Vendor", []),
                "measure": ("Measure", []),
                "Value #A": ("Reported", SHARE),
                "Value #B": ("Actual", SHARE),
                "Value #C": ("Gap", SHARE),
                "Value #D": ("at least", SHARE),
                "Value #E": ("at most", SHARE),
                "Value #F": ("tickets", TICKETS),
                "Value #G": ("chance", unit("percentunit", 2)),
            },
            (12, 9),
        )
    )
    matrix = rows(
        "Verdicts by measure",
        "Tickets by what became of the claim. Under-reported tickets are the vendor's own loss: it did better than it "
        "said. Too early: still within the follow-up, of later days too. All segments together.",
        [Query(top("verdict_tickets", "measure, class", WINDOW), table=True)],
        {},
        (12, 9),
        unit="short",
    )
    matrix = matrix.transformations(
        [
            DataTransformerConfig(
                id_val="groupingToMatrix",
                options={"rowField": "measure", "columnField": "class", "valueField": "Value", "emptyValue": "null"},
            )
        ]
    )
    matrix = matrix.override_by_name("measure\\class", [named("Measure")])
    for name, (word, _) in CLASSES.items():
        matrix = matrix.override_by_name(name, [named(word)])
    found = found.with_panel(matrix)
    for title, which, colour, words in (
        (
            "Over-reports by cause",
            "over_reported",
            RED,
            "Claimed met and was not, by the nearest reading under which the claim would be true. 'unexplained': under none.",
        ),
        (
            "Under-reports by cause",
            "under_reported",
            BLUE,
            "The vendor did better than it says, by the reading it seems to have used. Shown so that the comparison is fair.",
        ),
    ):
        found = found.with_panel(
            bars(
                title,
                words,
                "short",
                [
                    Query(
                        _causes(which),
                        "{{measure}}: {{cause}}",
                        instant=True,
                    )
                ],
                (12, 8),
                colour=colour,
            )
        )
    return found


def _patterns(found: make.Dashboard) -> make.Dashboard:
    of = "vendor, pattern"
    found = found.with_row(make.Row("Patterns and disputes"))
    found = found.with_panel(
        rows(
            "Patterns of the newest period",
            "What the tickets of the newest reporting period that is over show, held against the share both sides call "
            "normal. A match of a single ticket is no accusation; 'found' is said only where chance would hardly show as "
            "much, all patterns looked at together.",
            [
                Query(ones("pattern_state", "vendor, pattern, state", VENDOR), table=True),
                Query(top("pattern_tickets", of, VENDOR), table=True),
                Query(top("pattern_eligible_tickets", of, VENDOR), table=True),
                Query(top("pattern_normal_ratio", of, VENDOR), table=True),
                Query(top("pattern_chance_ratio", of, VENDOR), table=True),
            ],
            {
                "vendor": ("Vendor", []),
                "pattern": ("Pattern", []),
                "state": ("State", mapped(PATTERN_STATES)),
                "Value #A": (None, []),
                "Value #B": ("Tickets", TICKETS),
                "Value #C": ("of", TICKETS),
                "Value #D": ("normal", SHARE),
                "Value #E": ("chance", unit("percentunit", 2)),
            },
            (16, 9),
        )
    )
    return found.with_panel(
        bars(
            "Disputes",
            "Findings by what the vendor answered. While a finding is disputed and not ruled on it is not in the headline; "
            "withdrawn ones have left it for good.",
            "short",
            [Query(top("disputed_findings", "state", VENDOR), "{{state}}", instant=True)],
            (8, 9),
            overrides={"disputed": [fixed(AMBER)], "upheld": [fixed(RED)], "withdrawn": [fixed(GREEN)]},
        )
    )


def _causes(which: str) -> str:
    return "topk(12, " + top("cause_tickets", "measure, cause", f'{WINDOW},class="{which}"') + " > 0)"


def _budget(found: make.Dashboard) -> make.Dashboard:
    found = found.with_row(make.Row("Truth budget"))
    found = found.with_panel(
        number(
            "Confirmed claims",
            "Of the claims of met over the last 28 days that could be checked, the share that proved true, with its 95 % "
            "interval, beside what the contract asks for; and how much of the room it leaves is used up.",
            "percentunit",
            [
                Query(top("truth_budget_objective_ratio", of=VENDOR), "objective", instant=True),
                Query(top("truth_budget_confirmed_ratio", of=VENDOR), "confirmed", instant=True),
                Query(top("truth_budget_confirmed_ratio_low", of=VENDOR), "at least", instant=True),
                Query(top("truth_budget_confirmed_ratio_high", of=VENDOR), "at most", instant=True),
                Query(top("truth_budget_used_ratio", of=VENDOR), "budget used", instant=True),
                Query(top("truth_budget_eligible_tickets", of=VENDOR), "tickets", instant=True),
            ],
            (12, 7),
            decimals=1,
            overrides={"tickets": TICKETS},
        )
    )
    return found.with_panel(
        lines(
            "How fast it burns",
            "1 uses the budget up exactly within 28 days. An alert needs what the long window burns at least, and the short "
            "window's bare rate, above 3 (3 and 1 days) or above 1 (14 and 3 days).",
            "none",
            [
                Query(top("truth_budget_burn_ratio", "burn_window", VENDOR), "last {{burn_window}}"),
                Query(top("truth_budget_burn_ratio_low", "burn_window", VENDOR), "last {{burn_window}}, at least"),
            ],
            (12, 7),
        )
    )


def _periods(found: make.Dashboard) -> make.Dashboard:
    of = "vendor, measure"
    found = found.with_row(make.Row("The vendor's own reports"))
    return found.with_panel(
        rows(
            "Newest report by measure",
            "What the vendor reported of its newest period, beside the same tickets recomputed. Difference: tickets "
            "reported minus tickets solved. Restated: it first said something else.",
            [
                Query(ones("period_claim_verdict", "vendor, measure, class", VENDOR), table=True),
                Query(top("period_claim_met_tickets", of, VENDOR), table=True),
                Query(top("period_claim_tickets", of, VENDOR), table=True),
                Query(top("period_claim_actual_met_tickets", of, VENDOR), table=True),
                Query(top("period_claim_actual_tickets", of, VENDOR), table=True),
                Query(top("period_claim_open_tickets", of, VENDOR), table=True),
                Query(top("period_claim_difference_tickets", of, VENDOR), table=True),
                Query(top("period_claim_gap_ratio", of, VENDOR), table=True),
                Query(top("period_claim_restated", of, VENDOR), table=True),
            ],
            {
                "vendor": ("Vendor", []),
                "measure": ("Measure", []),
                "class": ("Verdict", mapped(CLASSES)),
                "Value #A": (None, []),
                "Value #B": ("Reported met", TICKETS),
                "Value #C": ("of", TICKETS),
                "Value #D": ("Actually met", TICKETS),
                "Value #E": ("of those judged", TICKETS),
                "Value #F": ("not judged", TICKETS),
                "Value #G": ("difference", TICKETS),
                "Value #H": ("gap", SHARE),
                "Value #I": ("restated", mapped(YES_NO)),
            },
            (24, 8),
        )
    )
