"""The catalog keeps its conventions, and says what it promises about labels."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from undertow.domain.verdicts import Colour
from undertow.metrics.catalog import BY_NAME, CATALOG, EXPECTATION, RATES, label_table, metric_table
from undertow.metrics.collector import RATE_OF
from undertow.metrics.labels import Label, Metric
from undertow.wire import REASONS

LABELS = sorted({label for metric in CATALOG for label in metric.labels}, key=repr)
EVERY = pytest.mark.parametrize("metric", CATALOG, ids=lambda m: m.name)


@EVERY
def test_a_name_has_the_prefix_and_the_characters_prometheus_allows(metric: Metric) -> None:
    assert re.fullmatch(r"undertow_[a-z][a-z0-9_]*", metric.name)


@EVERY
def test_counters_and_nothing_else_end_in_total(metric: Metric) -> None:
    assert metric.name.endswith("_total") == (metric.type == "counter")
    assert metric.name.endswith("_info") == (metric.type == "info")


@EVERY
def test_seconds_and_ratios_are_named_in_the_metric(metric: Metric) -> None:
    for unit in ("seconds", "ratio"):
        assert (metric.unit == unit) == (f"_{unit}" in metric.name)


@EVERY
def test_a_help_is_a_sentence_that_fits_a_table(metric: Metric) -> None:
    assert metric.help.endswith(".")
    assert metric.help[0].isupper()
    assert not set("|\n") & set(metric.help)


def test_no_name_stands_twice() -> None:
    assert len(BY_NAME) == len(CATALOG)


def test_no_label_carries_a_ticket_a_customer_or_an_agent() -> None:
    closed = {"vendor", "segment", "window", "verdict", "measure", "feed", "reason", "topic", "partition", "version"}
    standing = {
        "class",
        "cause",
        "pattern",
        "state",
        "mix",
        "pair",
        "burn_window",
        "what",
        "which",
        "outcome",
        "lag",
        "calendar",
    }
    customers = {"horizon", "compared", "part", "parameter"}
    assert {label.name for label in LABELS} == closed | standing | customers, (
        "a new label needs a bound, and a thought about whom it names"
    )
    for label in LABELS:
        assert not re.search(r"ticket|customer|agent|user|person|mail|\bid\b", label.name)


@pytest.mark.parametrize("label", LABELS, ids=lambda label: label.name)
def test_every_label_says_its_bound(label: Label) -> None:
    assert label.bound
    assert label.most == "contracts" or label.most >= 1


def test_bounds_follow_the_lists_they_speak_of() -> None:
    most = {label.name: label.most for label in LABELS}
    assert most["reason"] == len(REASONS)
    assert most["verdict"] == len(Colour)
    assert most["feed"] == most["topic"] == "contracts"
    assert most["window"] == 4


def test_every_rate_has_a_numerator_a_denominator_and_an_interval_but_the_expectation_has_none() -> None:
    assert set(RATE_OF) == set(RATES)
    for name in RATES:
        for ending in ("tickets", "eligible_tickets", "ratio"):
            assert f"undertow_{name}_{ending}" in BY_NAME
        for ending in ("ratio_low", "ratio_high"):
            assert (f"undertow_{name}_{ending}" in BY_NAME) == (name != EXPECTATION)


def test_the_command_prints_every_metric_and_label_as_markdown() -> None:
    run = subprocess.run([sys.executable, "-m", "undertow.metrics.catalog"], capture_output=True, text=True, check=True)
    assert run.stdout == f"{metric_table()}\n{label_table()}"
    lines = metric_table().splitlines()
    assert len(lines) == len(CATALOG) + 2
    assert {line.count("|") for line in lines} == {6}
    assert all(f"| `{metric.name}` |" in metric_table() for metric in CATALOG)
    assert all(f"| `{label.name}` |" in label_table() for label in LABELS)
