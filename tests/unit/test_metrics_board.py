"""What is written on the board is what a scrape shows, whole and of one moment."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Event, Thread

import msgspec
import pytest
from prometheus_client.samples import Sample

from customers import night
from standings import TODAY, stand, tickets
from undertow.domain.agreement.contract import DAY, Contract
from undertow.domain.counting.ledger import Figures, PeriodClaim, Rate
from undertow.domain.customers.night import Customers
from undertow.domain.standing import Overview, Standing
from undertow.domain.statements.adjustments import Kept
from undertow.domain.statistics.intervals import wilson
from undertow.domain.verdicts import Colour, Verdict, verdict
from undertow.metrics.board import Board
from undertow.metrics.catalog import BY_NAME, CATALOG, RATES
from undertow.metrics.collector import Collector, NotInCatalog, Sheet
from undertow.metrics.labels import WINDOW_NAMES
from undertow.settings import Settings
from undertow.topics import CASEBOOK, SOURCES, TICKETS, registry
from undertow.wire import REASONS

ACME = Contract(vendor="acme", segments=("gold", "basic"))
ZENITH = Contract(vendor="zenith", minimum_n=50)
CONTRACTS = {"acme": ACME, "zenith": ZENITH}


def new_board(clock=lambda: 1000.0) -> Board:
    topics = [topic.name for topic in registry(Settings())]
    return Board(feeds=SOURCES, vendors=CONTRACTS, topics=topics, contracts=CONTRACTS, version="1.2.3", clock=clock)


def row(vendor="acme", segment="all", window="28d", n=100, count=10) -> tuple[Figures, Verdict]:
    rate = Rate(count, n)
    figures = Figures(vendor, segment, window, n, 3, rate, rate, rate, rate, rate, rate, Rate(count / 2, n), 1)
    return figures, verdict(figures, CONTRACTS.get(vendor, ACME))


def period(vendor="acme", measure="sla", first=0, last=30, met=90, total=100, recorded=1.0) -> PeriodClaim:
    return PeriodClaim(vendor, measure, first, last, met, total, recorded, "id")


def claimed(*claims: PeriodClaim) -> Standing:
    """A vendor of whom nothing is known but what it claims of periods."""
    return stand([], msgspec.structs.replace(CONTRACTS.get(claims[0].vendor, ACME), vendor=claims[0].vendor), claims)


def show(
    board: Board,
    *rows: tuple[Figures, Verdict],
    standings: Iterable[Standing] = (),
    customers: Customers | None = None,
) -> None:
    kept = (Kept("acme", 3, TODAY, (("sla", "met", -2), ("sla", "tickets", 1))),) if standings else ()
    board.expose(Overview(rows, tuple(standings), 86_400.0, kept), CONTRACTS, customers)


def show_everything(board: Board) -> None:
    rows = [row(window=window) for window in WINDOW_NAMES]
    rows += [row(segment=segment) for segment in ("gold", "basic", "other")]
    everything = stand(tickets(1, 2500), ACME, [period(first=TODAY - 30, last=TODAY - 20)])
    show(board, *rows, row("zenith"), standings=[everything], customers=night(ACME))
    board.fed(TICKETS, event_times={"acme": 5.0}, arrivals={"acme": 5.0})
    board.lag({(CASEBOOK, 0): 4})
    board.partitions({CASEBOOK: 8})
    board.tickets_kept(7)
    board.committed()


def scrape(board: Board) -> dict[str, list[Sample]]:
    found: dict[str, list[Sample]] = {}
    for family in Collector(board).collect():
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample)
    return found


def value(board: Board, name: str, **labels: str) -> float | None:
    found = [s.value for s in scrape(board).get(name, []) if s.labels == labels]
    assert len(found) <= 1
    return found[0] if found else None


ROW = {"vendor": "acme", "segment": "all", "window": "28d"}


def test_a_scrape_of_everything_is_the_catalog_in_both_directions() -> None:
    board = new_board()
    show_everything(board)
    shown = scrape(board)
    assert set(shown) == set(BY_NAME)
    for name, samples in shown.items():
        for sample in samples:
            assert set(sample.labels) == {label.name for label in BY_NAME[name].labels}


def test_families_say_type_help_and_unit_as_the_catalog() -> None:
    board = new_board()
    show_everything(board)
    for metric, family in zip(CATALOG, Collector(board).collect(), strict=True):
        assert (family.type, family.documentation) == (metric.type, metric.help)
        assert family.unit in {"", metric.unit}
        assert family.name == metric.name.removesuffix("_total").removesuffix("_info")


def test_no_label_takes_more_values_than_the_catalog_allows() -> None:
    board = new_board()
    show_everything(board)
    for name, samples in scrape(board).items():
        for label in BY_NAME[name].labels:
            if label.most != "contracts":
                assert len({sample.labels[label.name] for sample in samples}) <= label.most


def test_no_series_stands_twice() -> None:
    board = new_board()
    show_everything(board)
    for samples in scrape(board).values():
        assert len({tuple(sorted(s.labels.items())) for s in samples}) == len(samples)


def test_a_name_or_labels_outside_the_catalog_raise() -> None:
    with pytest.raises(NotInCatalog, match="undertow_nonsense is not in the catalog"):
        Sheet().add("undertow_nonsense", (), 1)
    with pytest.raises(NotInCatalog, match="1 labels in the catalog and was given 2"):
        Sheet().add("undertow_partitions", ("a", "b"), 1)


def test_a_rate_is_shown_with_numerator_denominator_and_wilson_interval() -> None:
    board = new_board()
    show(board, row(n=200, count=30))
    low, high = wilson(30, 200)
    for name in set(RATES) - {"repeat_contact_by_chance"}:
        assert value(board, f"undertow_{name}_tickets", **ROW) == 30
        assert value(board, f"undertow_{name}_eligible_tickets", **ROW) == 200
        assert value(board, f"undertow_{name}_ratio", **ROW) == 0.15
        assert value(board, f"undertow_{name}_ratio_low", **ROW) == low
        assert value(board, f"undertow_{name}_ratio_high", **ROW) == high
    assert value(board, "undertow_repeat_contact_by_chance_ratio", **ROW) == 0.075


def test_each_rate_shows_its_own_figures() -> None:
    board = new_board()
    one, two, three, four, five, six, seven = (Rate(count, 100) for count in range(1, 8))
    figures = Figures("acme", "all", "28d", 1000, 8, one, two, three, four, five, six, seven, 9)
    show(board, (figures, verdict(figures, ACME)))
    assert [value(board, f"undertow_{name}_tickets", **ROW) for name in RATES] == [1, 2, 3, 4, 5, 6, 7]
    assert value(board, "undertow_tickets", **ROW) == 1000
    assert value(board, "undertow_immature_tickets", **ROW) == 8
    assert value(board, "undertow_flicker_tickets", **ROW) == 9


def test_unknown_never_reads_as_zero() -> None:
    """With no eligible ticket there is no share and no bound; with none known yet there is no time, lag or count."""
    board = new_board()
    board.expose(Overview((row(n=0, count=0),)), CONTRACTS)
    shown = scrape(board)
    assert value(board, "undertow_reported_eligible_tickets", **ROW) == 0
    for name in RATES:
        assert not {f"undertow_{name}_ratio", f"undertow_{name}_ratio_low", f"undertow_{name}_ratio_high"} & set(shown)
    for name in (
        "undertow_judged_as_of_timestamp_seconds",
        "undertow_feed_last_event_timestamp_seconds",
        "undertow_feed_watermark_timestamp_seconds",
        "undertow_lag_records",
        "undertow_tickets_kept",
        "undertow_partitions",
        "undertow_commit_age_seconds",
        "undertow_period_claim_tickets",
    ):
        assert name not in shown


def test_the_verdict_is_one_of_its_colours() -> None:
    board = new_board()
    shown = row(n=200, count=150)
    show(board, shown)
    states = {colour: value(board, "undertow_verdict", **ROW, verdict=colour.value) for colour in Colour}
    assert states == {colour: int(colour is Colour.RED_INSIDE) for colour in Colour}
    assert value(board, "undertow_hidden_dissatisfaction_allowed_ratio", **ROW) == shown[1].limit


def test_the_contracts_minimum_is_shown() -> None:
    board = new_board()
    show(board)
    assert value(board, "undertow_contract_minimum_tickets", vendor="zenith") == 50


def test_the_newest_period_claim_of_a_vendor_and_measure_is_shown() -> None:
    board = new_board()
    claims = [period(last=60, met=1), period(first=31, last=60, met=2), period(last=30, met=3, recorded=9)]
    show(board, standings=[claimed(*claims, period(measure="first_response", met=4))])
    sla = {"vendor": "acme", "measure": "sla"}
    assert value(board, "undertow_period_claim_met_tickets", **sla) == 2
    assert value(board, "undertow_period_claim_tickets", **sla) == 100
    assert value(board, "undertow_period_claim_last_day_timestamp_seconds", **sla) == 60 * DAY
    assert value(board, "undertow_period_claim_met_tickets", vendor="acme", measure="first_response") == 4


def test_what_no_contract_bounds_is_left_out() -> None:
    """A segment or vendor that has left the contracts, while its cells are still in the ledger, makes no series."""
    board = new_board()
    rows = [row("gone"), row(segment="platinum"), row("zenith", segment="other"), row()]
    show(board, *rows, standings=[claimed(period("gone")), claimed(period(measure="charm"))])
    assert [s.labels for s in scrape(board)["undertow_tickets"]] == [ROW]
    assert "undertow_period_claim_tickets" not in scrape(board)


def test_withdraw_removes_every_vendor_figure_from_the_very_next_scrape() -> None:
    board = new_board()
    before = set(scrape(board))
    show(board, row(), standings=[claimed(period())])
    assert set(scrape(board)) > before
    board.withdraw()
    assert set(scrape(board)) == before


def test_figures_replace_those_shown_before() -> None:
    board = new_board()
    show(board, row("acme"), row("zenith"))
    show(board, row("zenith"))
    assert {s.labels["vendor"] for s in scrape(board)["undertow_tickets"]} == {"zenith"}


def test_counters_of_every_known_label_begin_at_zero() -> None:
    shown = scrape(new_board())
    assert len(shown["undertow_feed_consumed_total"]) == len(SOURCES) * (len(CONTRACTS) + 2)
    assert len(shown["undertow_feed_rejected_total"]) == len(SOURCES) * len(REASONS)
    for metric in CATALOG:
        if metric.type == "counter" and metric.name != "undertow_process_cpu_seconds_total":
            assert {sample.value for sample in shown[metric.name]} == {0}


def test_the_worker_shows_what_it_costs() -> None:
    """Processor time grows with work; memory is in bytes: an interpreter needs more than 5 MB and less than all there is."""
    board = new_board()
    before = value(board, "undertow_process_cpu_seconds_total")
    sum(n * n for n in range(300_000))
    assert value(board, "undertow_process_cpu_seconds_total") > before
    assert 5e6 < value(board, "undertow_process_peak_memory_bytes") < 1e12


def test_counters_count_by_feed_vendor_and_reason() -> None:
    board = new_board()
    board.fed(TICKETS, consumed={"acme": 3})
    board.fed(TICKETS, consumed={"acme": 4})
    board.rejected(TICKETS, "not_json", 2)
    board.fed(TICKETS, backdated={"company": 1})
    board.duplicates(5)
    board.late(6)
    board.dead_letters(7)
    assert value(board, "undertow_feed_consumed_total", feed=TICKETS, vendor="acme") == 7
    assert value(board, "undertow_feed_consumed_total", feed=TICKETS, vendor="zenith") == 0
    assert value(board, "undertow_feed_rejected_total", feed=TICKETS, reason="not_json") == 2
    assert value(board, "undertow_feed_backdated_total", feed=TICKETS, vendor="company") == 1
    assert value(board, "undertow_feed_duplicate_total") == 5
    assert value(board, "undertow_feed_late_total") == 6
    assert value(board, "undertow_dead_letters_total") == 7


def test_a_round_is_told_at_once() -> None:
    """Promise: one new state of the board, and nothing of the round is lost, not even where one vendor has nothing to add."""
    board = new_board()
    for round in range(1, 3):
        before = board.state
        board.fed(
            TICKETS,
            consumed={"acme": 3 * round, "company": 1},
            backdated={"acme": 2, "company": 0},
            event_times={"acme": 50.0 / round, "company": 0.0},
            arrivals={"acme": 60.0 * round, "company": 10.0},
        )
        assert before.consumed[TICKETS, "acme"] == 3 * (round - 1), "who holds a state keeps it as it was"
    assert board.state.consumed == {**before.consumed, (TICKETS, "acme"): 9, (TICKETS, "company"): 2}
    assert board.state.backdated == {**before.backdated, (TICKETS, "acme"): 4}
    assert board.state.event_times == {(TICKETS, "acme"): 50.0}
    assert board.state.arrivals == {(TICKETS, "acme"): 120.0, (TICKETS, "company"): 10.0}


def test_a_label_outside_the_known_ones_raises_and_makes_no_series() -> None:
    board = new_board()
    for call in (
        lambda: board.fed(TICKETS, consumed={"stranger": 1}),
        lambda: board.fed("elsewhere", consumed={"acme": 1}),
        lambda: board.rejected(TICKETS, "dislike"),
        lambda: board.fed(TICKETS, backdated={"stranger": 1}),
        lambda: board.fed(TICKETS, event_times={"stranger": 5.0}),
    ):
        with pytest.raises(ValueError, match="none of the feeds"):
            call()
    assert "stranger" not in repr(board.state)


def test_a_counter_never_goes_back() -> None:
    with pytest.raises(ValueError, match="cannot grow by -1"):
        new_board().duplicates(-1)


@pytest.mark.parametrize("taken", ["company", "unknown"])
def test_a_vendor_cannot_take_a_name_that_the_metrics_use(taken: str) -> None:
    with pytest.raises(ValueError, match=taken):
        Board(feeds=SOURCES, vendors=["acme", taken], topics=[])


def test_the_highest_event_time_stays_and_the_feeds_watermark_is_the_highest_of_its_vendors() -> None:
    board = new_board()
    for vendor, seconds in (("acme", 50.0), ("acme", 40.0), ("zenith", 60.0), ("zenith", 0.0), ("company", 0.0)):
        board.fed(TICKETS, event_times={vendor: seconds})
    assert value(board, "undertow_feed_last_event_timestamp_seconds", feed=TICKETS, vendor="acme") == 50
    assert value(board, "undertow_feed_last_event_timestamp_seconds", feed=TICKETS, vendor="company") is None
    assert value(board, "undertow_feed_watermark_timestamp_seconds", feed=TICKETS) == 60


def test_lag_and_partitions_are_those_of_the_registry_and_replace_what_was_said_before() -> None:
    board = new_board()
    board.lag({(CASEBOOK, 0): 4, (CASEBOOK, 1): 5, ("undertow-__assignor-__leader", 0): 1})
    board.lag({(CASEBOOK, 1): 6, ("undertow-__assignor-__leader", 0): 1})
    board.partitions({CASEBOOK: 8, "undertow-__assignor-__leader": 1})
    assert [(s.labels, s.value) for s in scrape(board)["undertow_lag_records"]] == [
        ({"topic": CASEBOOK, "partition": "1"}, 6)
    ]
    assert [s.labels for s in scrape(board)["undertow_partitions"]] == [{"topic": CASEBOOK}]


def test_what_was_gone_before_it_was_read_counts_from_zero_and_never_back() -> None:
    """A topic whose label is not bounded is left out; the consumer says the sum since its start, again and again."""
    board = new_board()
    assert value(board, "undertow_dropped_records_total", topic=TICKETS) == 0
    board.dropped({TICKETS: 15, "elsewhere": 3})
    board.dropped({TICKETS: 15})
    board.dropped({})
    assert value(board, "undertow_dropped_records_total", topic=TICKETS) == 15
    assert value(board, "undertow_dropped_records_total", topic=CASEBOOK) == 0
    assert value(board, "undertow_dropped_records_total", topic="elsewhere") is None


def test_the_age_of_the_last_commit_grows_by_the_clock() -> None:
    now = [10.0]
    board = new_board(lambda: now[0])
    board.committed()
    now[0] = 12.5
    assert value(board, "undertow_commit_age_seconds") == 2.5


def test_readiness_and_version_are_shown() -> None:
    board = new_board()
    assert value(board, "undertow_ready") == 0
    board.ready(True, "reading")
    assert value(board, "undertow_ready") == 1
    assert value(board, "undertow_build_info", version="1.2.3") == 1


def test_a_state_once_taken_does_not_change() -> None:
    board = new_board()
    show_everything(board)
    before = board.state
    words = repr(before)
    board.fed(TICKETS, consumed={"acme": 3})
    board.lag({})
    board.withdraw()
    board.fed(TICKETS, event_times={"acme": 99.0})
    assert repr(before) == words


def test_a_scrape_never_mixes_two_generations() -> None:
    """One thread shows ever new figures, another scrapes: all figures of a scrape bear the same generation's number."""
    board = new_board()
    stop = Event()

    def expose() -> None:
        generation = 0
        while not stop.is_set():
            generation = generation % 997 + 1
            rows = [row(v, w, n=generation, count=generation) for v in CONTRACTS for w in ("all",)]
            standings = (claimed(period(met=generation, total=generation)),)
            board.expose(Overview(tuple(rows), standings, float(generation)), CONTRACTS)
            if generation % 5 == 0:
                board.withdraw()

    writer = Thread(target=expose, daemon=True)
    writer.start()
    seen = set()
    try:
        for _ in range(400):
            shown = scrape(board)
            if "undertow_tickets" not in shown:
                assert "undertow_judged_as_of_timestamp_seconds" not in shown
                continue
            (as_of,) = (s.value for s in shown["undertow_judged_as_of_timestamp_seconds"])
            seen.add(as_of)
            for name in ("reported_tickets", "reported_eligible_tickets", "tickets", "hidden_dissatisfaction_tickets"):
                assert [s.value for s in shown[f"undertow_{name}"]] == [as_of, as_of]
            assert shown["undertow_period_claim_met_tickets"][0].value == as_of
            assert {s.value for s in shown["undertow_reported_ratio"]} == {1.0}
    finally:
        stop.set()
        writer.join(5)
    assert len(seen) > 1


def test_no_count_is_lost_between_threads() -> None:
    board = new_board()
    threads = [Thread(target=lambda: [board.fed(TICKETS, consumed={"acme": 1}) for _ in range(2000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert value(board, "undertow_feed_consumed_total", feed=TICKETS, vendor="acme") == 8000


def test_what_became_of_customers_is_shown_as_the_night_found_it() -> None:
    """Promise: 40 % silent where 25 % are expected is an excess of 15 points; the list is a number, never a name."""
    board = new_board()
    show(board, customers=night(ACME))
    of = {"vendor": "acme", "segment": "all", "horizon": "60d", "compared": "after_a_ticket"}
    assert value(board, "undertow_excess_silence_ratio", **of) == pytest.approx(0.15)
    low, high = (value(board, f"undertow_excess_silence_ratio_{end}", **of) for end in ("low", "high"))
    assert low is not None
    assert high is not None
    assert 0 < low < 0.15 < high
    assert value(board, "undertow_excess_silence_clear", **of) == 1
    assert value(board, "undertow_silent_ratio", **of) == pytest.approx(0.4)
    assert value(board, "undertow_silent_expected_ratio", **of) == pytest.approx(0.25)
    assert value(board, "undertow_silence_eligible_customers", **of) == 400
    assert value(board, "undertow_iceberg_customers", vendor="acme", part="quiet") == pytest.approx(60)
    assert value(board, "undertow_iceberg_ratio", vendor="acme") == pytest.approx((100 + 60) / 20)
    assert value(board, "undertow_customers_to_call", vendor="acme") == 7
    assert value(board, "undertow_customers_to_call", vendor="none") == 0
    assert value(board, "undertow_value_at_risk", vendor="acme") == 612.5
    assert value(board, "undertow_churn_model_parameter", parameter="alpha") == 6.0
    assert value(board, "undertow_customers_as_of_timestamp_seconds") == 20_000 * DAY


def test_before_the_first_night_nothing_is_said_of_customers() -> None:
    """Promise: unknown never reads as zero, and a vendor that left the contracts is not shown."""
    board = new_board()
    show(board)
    assert not [name for name in scrape(board) if "silence" in name or "churn" in name or "iceberg" in name]
    show(board, customers=night(Contract(vendor="gone")))
    assert value(board, "undertow_iceberg_ratio", vendor="gone") is None
    assert value(board, "undertow_customers_to_call", vendor="gone") is None
