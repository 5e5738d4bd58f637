"""How vendors stand, on ``/metrics``: the numbers of the standing, and nothing where nothing is known."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from standings import TODAY, Ticket, spoken, stand, tickets
from undertow.domain.agreement.contract import DAY, Contract
from undertow.domain.agreement.readings import Reading
from undertow.domain.counting.ledger import PeriodClaim
from undertow.domain.figures.comparisons import Caused
from undertow.domain.figures.spikes import THRESHOLD
from undertow.domain.judging.outcomes import OUTCOMES
from undertow.domain.measuring.explain import CAUSES, UNEXPLAINED, Occasions, candidates
from undertow.domain.patterns import CATALOG as PATTERNS
from undertow.domain.standing import Overview, Standing
from undertow.metrics import labels
from undertow.metrics.board import Board
from undertow.metrics.collector import Collector
from undertow.metrics.standings import STANDINGS

ACME = Contract(vendor="acme", segments=("gold", "basic"), objective=0.9)
SLA = {"vendor": "acme", "measure": "sla"}
ROW = {**SLA, "segment": "all", "window": "28d"}


class Scrape:
    """The text of ``/metrics``, read back."""

    def __init__(self, standing: Standing, contract: Contract = ACME) -> None:
        board = Board(feeds=(), vendors=("acme",), topics=())
        board.expose(Overview((), (standing,), 1.0), {"acme": contract})
        self.samples = [
            sample
            for family in text_string_to_metric_families(generate_latest(Collector(board)).decode())
            for sample in family.samples
        ]

    def __call__(self, name: str, **labels: str) -> float | None:
        found = [s.value for s in self.samples if s.name == f"undertow_{name}" and s.labels == labels]
        assert len(found) <= 1
        return found[0] if found else None

    def names(self) -> set[str]:
        return {sample.name for sample in self.samples} & {metric.name for metric in STANDINGS}

    def values(self, name: str, label: str) -> list[str]:
        return [s.labels[label] for s in self.samples if s.name == f"undertow_{name}"]


def several(n: int, label: str, day: int = TODAY - 1, cause: str | None = None) -> list[Ticket]:
    return [
        Ticket(day, "gold", verdicts={"sla": label}, causes={} if cause is None else {"sla": cause}) for _ in range(n)
    ]


PAIRS = [
    *several(150, "confirmed_met"),
    *several(9, "over_reported", cause="clock"),
    *several(3, "over_reported", TODAY - 60, "unexplained"),
    *several(2, "under_reported", cause="solve"),
    *several(36, "confirmed_missed"),
    *several(4, "actual_only_met"),
    *several(1, "actual_only_missed"),
    *several(5, "immature"),
    *several(6, "immature", TODAY),
]


def test_a_gap_is_shown_with_its_interval_its_test_and_both_sides() -> None:
    standing = stand(PAIRS, ACME)
    shown = Scrape(standing)
    (row,) = [one for one in standing.comparisons if (one.window, one.segment) == ("28d", "all")]
    assert shown("gap_eligible_tickets", **ROW) == 197
    assert shown("gap_ratio", **ROW) == pytest.approx(7 / 197)
    assert (shown("gap_ratio_low", **ROW), shown("gap_ratio_high", **ROW)) == (row.gap.low, row.gap.high)
    assert shown("gap_chance_ratio", **ROW) == row.gap.p
    assert shown("gap_reported_ratio", **ROW) == 159 / 197
    assert shown("gap_actual_ratio", **ROW) == 152 / 197
    assert shown("gap_ratio", **{**ROW, "segment": "gold"}) == shown("gap_ratio", **ROW)


def test_every_class_is_shown_and_immature_tickets_beside_it() -> None:
    shown = Scrape(stand(PAIRS, ACME))
    counts = {name: shown("verdict_tickets", **SLA, window="28d", **{"class": name}) for name in labels.CLASSES}
    assert counts == {
        "confirmed": 186,
        "over_reported": 9,
        "under_reported": 2,
        "claim_only": 0,
        "actual_only": 5,
        "unverifiable": 0,
        "immature": 11,
    }


def test_a_cause_once_seen_is_shown_as_zero_where_it_is_none() -> None:
    shown = Scrape(stand(PAIRS, ACME))
    old = {**SLA, "class": "over_reported", "cause": "unexplained"}
    assert [shown("cause_tickets", window=window, **old) for window in ("7d", "28d", "90d", "all")] == [0, 0, 3, 3]
    assert shown("cause_tickets", **SLA, window="7d", **{"class": "under_reported", "cause": "solve"}) == 2
    assert shown("cause_tickets", **SLA, window="7d", **{"class": "under_reported", "cause": "clock"}) is None


def test_without_a_pair_there_is_no_gap() -> None:
    shown = Scrape(stand(several(9, "unverifiable"), ACME))
    assert shown("gap_eligible_tickets", **ROW) == 0
    assert shown.names() == {
        "undertow_gap_eligible_tickets",
        "undertow_verdict_tickets",
        "undertow_truth_budget_objective_ratio",
        "undertow_disputed_findings",
    }


def test_of_a_vendor_of_whom_nothing_is_known_only_the_objective_and_that_nothing_is_disputed_is_shown() -> None:
    shown = Scrape(stand([], ACME))
    assert shown.names() == {"undertow_truth_budget_objective_ratio", "undertow_disputed_findings"}
    assert shown("disputed_findings", vendor="acme", state="disputed") == 0


def test_patterns_show_their_state_count_and_normal_share() -> None:
    april = (20_544, 20_573)
    made = [Ticket(april[0] + i % 30, cases={"flicker": i < 40, "edited": False}) for i in range(400)]
    shown = Scrape(stand([*made, Ticket(april[0], cases={"continued": True})], ACME))
    flicker = {"vendor": "acme", "pattern": "flicker"}
    assert [shown("pattern_state", **flicker, state=state) for state in labels.STATES] == [1, 0, 0]
    assert [shown("pattern_state", vendor="acme", pattern="edited", state=state) for state in labels.STATES] == [
        0,
        1,
        0,
    ]
    few = {"vendor": "acme", "pattern": "continued"}
    assert [shown("pattern_state", **few, state=state) for state in labels.STATES] == [0, 0, 1]
    assert (shown("pattern_tickets", **flicker), shown("pattern_eligible_tickets", **flicker)) == (40, 400)
    assert shown("pattern_normal_ratio", **flicker) == 0.02
    assert shown("pattern_chance_ratio", **flicker) < 1e-9
    assert shown("pattern_period_last_day_timestamp_seconds", vendor="acme") == april[1] * DAY
    assert shown("pattern_state", vendor="acme", pattern="gaps", state="found") is None


def test_the_truth_budget_shows_share_use_burn_and_alerts() -> None:
    bad = [t for day in range(TODAY - 21, TODAY) for t in several(20, "confirmed_met", day)]
    bad += [t for day in range(TODAY - 21, TODAY) for t in several(5, "over_reported", day)]
    standing = stand(bad, ACME)
    shown = Scrape(standing)
    assert shown("truth_budget_objective_ratio", vendor="acme") == 0.9
    assert (
        shown("truth_budget_confirmed_tickets", vendor="acme"),
        shown("truth_budget_eligible_tickets", vendor="acme"),
    ) == (
        420,
        525,
    )
    assert shown("truth_budget_confirmed_ratio", vendor="acme") == 0.8
    assert shown("truth_budget_confirmed_ratio_low", vendor="acme") == standing.budget.low
    assert shown("truth_budget_confirmed_ratio_high", vendor="acme") == standing.budget.high
    assert shown("truth_budget_used_ratio", vendor="acme") == pytest.approx(2)
    for days in ("1d", "3d", "14d"):
        assert shown("truth_budget_burn_ratio", vendor="acme", burn_window=days) == pytest.approx(2)
    assert shown("truth_budget_burn_ratio_low", vendor="acme", burn_window="14d") == standing.budget.alerts[1].long.low
    assert [shown("truth_budget_alert", vendor="acme", pair=pair) for pair in ("3d_1d", "14d_3d")] == [0, 1]
    assert shown("truth_budget_measure", **SLA) == 1


def test_a_window_without_a_claim_does_not_burn() -> None:
    shown = Scrape(stand(several(9, "confirmed_met", TODAY - 10), ACME))
    assert shown.values("truth_budget_burn_ratio", "burn_window") == ["14d"]
    old = Scrape(stand(several(9, "confirmed_met", TODAY - 60), ACME))
    assert old("truth_budget_eligible_tickets", vendor="acme") == 0
    assert not {"undertow_truth_budget_confirmed_ratio", "undertow_truth_budget_used_ratio"} & old.names()


def mixed(segment: str, bad: int, n: int) -> list[Ticket]:
    return [Ticket(TODAY - 60, segment, mix=("1", "a"), bad=i < bad, mature=True) for i in range(n)]


def test_equity_shows_the_worst_and_the_best_served_segment() -> None:
    standing = stand([*mixed("gold", 10, 100), *mixed("basic", 30, 100)], ACME)
    gap = dict(standing.equity)["90d"].raw
    shown = Scrape(standing)
    for mix in labels.MIXES:
        of = {"vendor": "acme", "window": "90d", "mix": mix}
        assert shown("equity_gap_ratio", **of) == pytest.approx(0.2)
        assert shown("equity_worst_over_best_ratio", **of) == pytest.approx(3)
        assert shown("equity_worst_ratio", **of, segment="basic") == pytest.approx(0.3)
        assert shown("equity_best_ratio", **of, segment="gold") == pytest.approx(0.1)
    raw = {"vendor": "acme", "window": "90d", "mix": "raw"}
    assert (shown("equity_gap_ratio_low", **raw), shown("equity_gap_ratio_high", **raw)) == (gap.low, gap.high)
    assert shown("equity_covered_ratio", vendor="acme", window="90d") == 1
    assert shown("equity_gap_ratio", vendor="acme", window="7d", mix="raw") is None
    even = Scrape(stand([*mixed("gold", 0, 100), *mixed("basic", 30, 100)], ACME))
    assert even("equity_worst_over_best_ratio", **raw) is None
    one = Scrape(stand(mixed("gold", 10, 100), ACME))
    assert not [name for name in one.names() if "equity" in name]


def period(met: int, total: int, days: tuple[int, int], recorded: float = 1.0) -> PeriodClaim:
    return PeriodClaim("acme", "sla", *days, met, total, recorded, f"c{recorded}")


def test_a_period_claim_shows_its_cohort_verdict_and_cause() -> None:
    day = TODAY - 9
    made = [*several(8, "confirmed_met", day), *several(2, "confirmed_missed", day), *several(1, "unverifiable", day)]
    shown = Scrape(stand(made, ACME, [period(8, 9, (day, day)), period(9, 9, (day, day), 2.0), period(1, 1, (1, 2))]))
    assert (shown("period_claim_met_tickets", **SLA), shown("period_claim_tickets", **SLA)) == (9, 9)
    assert shown("period_claim_last_day_timestamp_seconds", **SLA) == day * DAY
    assert shown("period_claim_restated", **SLA) == 1
    assert (shown("period_claim_actual_met_tickets", **SLA), shown("period_claim_actual_tickets", **SLA)) == (8, 10)
    assert (shown("period_claim_open_tickets", **SLA), shown("period_claim_difference_tickets", **SLA)) == (1, -2)
    assert shown("period_claim_gap_ratio", **SLA) == pytest.approx(0.2)
    verdicts = [shown("period_claim_verdict", **SLA, **{"class": name}) for name in labels.PERIOD_CLASSES]
    assert verdicts == [float(name == "over_reported") for name in labels.PERIOD_CLASSES]
    causes = [shown("period_claim_cause", **SLA, cause=cause) for cause in labels.PERIOD_CAUSES]
    assert causes == [float(cause == "left_out") for cause in labels.PERIOD_CAUSES]


def test_of_a_period_that_can_no_longer_be_recomputed_only_the_claim_is_shown() -> None:
    shown = Scrape(stand(several(8, "confirmed_met"), ACME, [period(8, 9, (TODAY - 200, TODAY - 190))]))
    assert {name for name in shown.names() if "period_claim" in name} == {
        "undertow_period_claim_met_tickets",
        "undertow_period_claim_tickets",
        "undertow_period_claim_last_day_timestamp_seconds",
        "undertow_period_claim_restated",
    }


def test_what_no_contract_and_no_list_bounds_is_left_out() -> None:
    """A segment that has left the contract, a cause of a later version, a standing of a vendor without a contract."""
    made = [replace_segment(ticket, "platinum") for ticket in tickets(3, 800)]
    standing = stand(made, ACME)
    assert {one.segment for one in standing.comparisons} == {"all", "platinum"}
    shown = Scrape(standing)
    assert {s.labels.get("segment", "all") for s in shown.samples} == {"all"}
    odd = replace(
        standing,
        comparisons=tuple(
            replace(one, causes=(*one.causes, Caused("over_reported", "moon", 1))) for one in standing.comparisons
        ),
    )
    assert set(Scrape(odd).values("cause_tickets", "cause")) == set(shown.values("cause_tickets", "cause"))
    assert not Scrape(replace(standing, vendor="gone")).names()


def replace_segment(ticket: Ticket, segment: str) -> Ticket:
    ticket.segment = segment
    return ticket


def test_bounds_follow_the_lists_of_the_domain() -> None:
    """Every cause an explanation can have is one of the label's values, and so are all patterns and classes."""
    pairs = [f"{one}+{other}" for place, one in enumerate(CAUSES) for other in CAUSES[place + 1 :]]
    assert set(labels.CAUSE_NAMES) == {*CAUSES, *pairs, UNEXPLAINED}
    every = candidates(Reading(), Occasions(*[True] * len(Occasions._fields)))
    assert {one.cause for one in every} <= set(labels.CAUSE_NAMES)
    assert labels.CAUSE.most == len(labels.CAUSE_NAMES)
    assert set(labels.PATTERNS) == set(PATTERNS)
    assert labels.PAIRS == ("3d_1d", "14d_3d")
    assert labels.BURN_WINDOWS == ("1d", "3d", "14d")


def test_outcomes_show_how_many_of_those_reported_as_met_had_each() -> None:
    """None is zero where any was reported as met, and absent where nothing was."""
    made = [Ticket(TODAY - 40, "gold", met=True, mature=True, claimed=True, outcomes=("refunded",)) for _ in range(3)]
    made += [Ticket(TODAY - 40, "gold", mature=True, outcomes=("refunded", "reopened"))]
    figures, standing = spoken(made)
    board = Board(feeds=(), vendors=("acme",), topics=())
    board.expose(Overview(figures, (standing,), 1.0), {"acme": ACME})
    shown = {
        (s.labels["segment"], s.labels["window"], s.labels["outcome"]): s.value
        for family in text_string_to_metric_families(generate_latest(Collector(board)).decode())
        for s in family.samples
        if s.name == "undertow_outcome_tickets"
    }
    assert shown["gold", "28d", "refunded"] == shown["all", "all", "refunded"] == 3
    assert shown["gold", "28d", "reopened"] == 0
    assert {window for segment, window, _ in shown if segment == "gold"} == {"28d", "90d", "all"}
    assert {outcome for _, _, outcome in shown} == set(OUTCOMES)


def test_early_figures_and_spikes_are_shown_by_lag() -> None:
    """What is not known yet - the usual share, a score - is left out; no alarm is zero."""
    made = [Ticket(TODAY - 5, "gold", met=True, shows=2 if place < 3 else None) for place in range(10)]
    shown = Scrape(stand(made, ACME))
    young = {"vendor": "acme", "lag": "3d"}
    assert (shown("early_eligible_tickets", **young), shown("early_ratio", **young)) == (10, 0.3)
    assert shown("early_usual_ratio", **young) is None
    series = {"vendor": "acme", "segment": "gold", "lag": "3d"}
    assert (shown("spike_score", **series), shown("spike", **series)) == (None, 0)
    assert shown("spike_threshold_score", **series) == THRESHOLD
    old = [Ticket(TODAY - 20 - day, "gold", met=True, shows=2 if day % 10 == 0 else None) for day in range(70)]
    standing = stand([*made, *old], ACME)
    shown, (early, _) = Scrape(standing), standing.early
    assert shown("early_usual_ratio", **young) == early.before.value
    assert shown("early_difference_ratio", **young) == early.difference.value
    assert shown("early_difference_ratio_low", **young) == early.difference.low
    assert shown("early_difference_ratio_high", **young) == early.difference.high
    (gold,) = [one for one in standing.watched if (one.segment, one.lag) == ("gold", "3d")]
    assert shown("spike_score", **series) == gold.spike.score > 0
