"""What became of one vendor's customers: outcomes, how failures were owned, and who of them was served worse."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard as make

from dashboards.panels import bars, lines, rows
from dashboards.queries import WINDOW, Query, top
from dashboards.words import (
    AMBER,
    GREEN,
    RED,
    SHARE,
    fixed,
    unit,
)


def outcomes(found: make.Dashboard) -> make.Dashboard:
    """The row of what happened after the vendor said solved."""
    found = found.with_row(make.Row("What became of the customers"))
    found = found.with_panel(
        bars(
            "Outcomes after 'solved'",
            "Tickets reported as met after which this happened all the same. A ticket may have several. 'unconfirmed' is "
            "solved on the vendor's word alone and not bad; 'repeat_failure' is the same customer failed a second time.",
            "short",
            [Query(top("outcome_tickets", "outcome"), "{{outcome}}", instant=True)],
            (8, 9),
            colour=RED,
        )
    )
    found = found.with_panel(
        lines(
            "Reopened and back again",
            "Shares of the tickets whose follow-up is over. Reopened by our count and by the vendor's; back again with the "
            "same topic, beside what the same customers would do by chance.",
            "percentunit",
            [
                Query(top("reopened_ratio"), "reopened"),
                Query(top("reopened_claimed_ratio"), "reopened, by the vendor's count"),
                Query(top("repeat_contact_ratio"), "back with the same topic"),
                Query(top("repeat_contact_by_chance_ratio"), "back by chance"),
            ],
            (8, 9),
        )
    )
    found = found.with_panel(
        bars(
            "Promises",
            "Promises made to customers of tickets whose follow-up is over: kept, late, broken, withdrawn by the customer, "
            "or open. Moving the date is a broken promise and a new one.",
            "short",
            [Query(_counted("promise"), "{{which}}", instant=True)],
            (4, 9),
            overrides={"kept": [fixed(GREEN)], "late": [fixed(AMBER)], "broken": [fixed(RED)]},
        )
    )
    found = found.with_panel(
        bars(
            "Hand-offs",
            "Tickets by how often they changed hands before they were solved; 5 is five or more. Each one makes the "
            "customer explain again.",
            "short",
            [Query(_counted("hand_offs"), "{{which}} times", instant=True)],
            (4, 9),
        )
    )
    for title, what, words in (
        ("Failures owned within", "recovery", "How soon a human answered after a failure: a reopen, a repeat contact."),
        ("Solved by one contact", "first_contact", "Tickets with one human contact that held, and those without."),
        (
            "Ratings",
            "csat",
            "Ratings of the customers. Unrated ones are shown, for who was asked is part of the figure.",
        ),
    ):
        found = found.with_panel(
            bars(title, words, "short", [Query(_counted(what), "{{which}}", instant=True)], (8, 7))
        )
    return found


def _counted(what: str) -> str:
    return top("experience_events", "which", f'{WINDOW},what="{what}"') + " > 0"


def fairness(found: make.Dashboard) -> make.Dashboard:
    """The row of how differently segments are served."""
    of = "vendor, mix"
    found = found.with_row(make.Row("Are all customers served alike?"))
    found = found.with_panel(
        rows(
            "Equity gap",
            "Hidden dissatisfaction of the worst-served minus the best-served segment, with an interval that allows for "
            "having picked the two. Standardised: as if every segment had the same priorities and topics.",
            [
                Query(top("equity_gap_ratio", of, WINDOW), table=True),
                Query(top("equity_gap_ratio_low", of, WINDOW), table=True),
                Query(top("equity_gap_ratio_high", of, WINDOW), table=True),
                Query(top("equity_worst_over_best_ratio", of, WINDOW), table=True),
            ],
            {
                "vendor": ("Vendor", []),
                "mix": ("Mix", []),
                "Value #A": ("Gap", SHARE),
                "Value #B": ("at least", SHARE),
                "Value #C": ("at most", SHARE),
                "Value #D": ("worst over best", unit("none", 2)),
            },
            (12, 6),
        )
    )
    return found.with_panel(
        bars(
            "Worst and best served segment",
            "Hidden dissatisfaction of the two segments, as their tickets are.",
            "percentunit",
            [
                Query(top("equity_worst_ratio", "segment", f'{WINDOW},mix="raw"'), "worst: {{segment}}", instant=True),
                Query(top("equity_best_ratio", "segment", f'{WINDOW},mix="raw"'), "best: {{segment}}", instant=True),
            ],
            (12, 6),
            overrides={"worst: .*": [fixed(RED)], "best: .*": [fixed(GREEN)]},
        )
    )
