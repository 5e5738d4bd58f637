"""What became of customers, as metrics: excess silence, icebergs, whom to call, the churn model. No customer in any label."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from math import isfinite
from typing import Final

from undertow.domain.agreement.contract import DAY
from undertow.domain.customers.calls import NOBODY
from undertow.domain.customers.night import Customers, Hidden, Silence
from undertow.domain.statistics.differences import Estimate
from undertow.metrics.labels import (
    COMPARED,
    HORIZON,
    ICEBERG_PART,
    PARAMETER,
    PARAMETERS,
    SEGMENT,
    STOPPED_AFTER,
    VENDOR,
    Label,
    Metric,
    Unit,
)

Add = Callable[[str, Sequence[str], float], None]
"""Takes a metric's name without its prefix, its labels' values, and the value."""
_SILENCE: Final = (VENDOR, SEGMENT, HORIZON, COMPARED)


def _gauge(name: str, unit: Unit, labels: tuple[Label, ...], help: str) -> Metric:
    return Metric(f"undertow_{name}", "gauge", unit, labels, help)


CUSTOMERS: Final = (
    _gauge(
        "excess_silence_ratio",
        "ratio",
        _SILENCE,
        "Share of customers silent after a ticket beyond that of comparable customers: an excess, never a cause.",
    ),
    _gauge("excess_silence_ratio_low", "ratio", _SILENCE, "Its lower bound, 95 %."),
    _gauge(
        "excess_silence_ratio_high", "ratio", _SILENCE, "Its upper bound, 95 %, with controls that had left before."
    ),
    _gauge("excess_silence_clear", "", _SILENCE, "Is 1 where the whole interval lies above zero, else 0."),
    _gauge("silent_ratio", "ratio", _SILENCE, "Share of the customers without an active day over the horizon."),
    _gauge("silent_expected_ratio", "ratio", _SILENCE, "The same share among the comparable customers."),
    _gauge("silence_eligible_customers", "customers", _SILENCE, "Customers that were compared."),
    _gauge(
        "silence_needed_customers",
        "customers",
        _SILENCE,
        "Customers in each arm to tell the expected share from one ten points higher.",
    ),
    _gauge(
        "iceberg_ratio",
        "ratio",
        (VENDOR,),
        "Unhappy customers who said nothing for each who complained; absent where nobody complained.",
    ),
    _gauge("iceberg_ratio_low", "ratio", (VENDOR,), "Its lower bound, 95 %."),
    _gauge("iceberg_ratio_high", "ratio", (VENDOR,), "Its upper bound, 95 %; absent where it has none."),
    _gauge(
        "iceberg_customers",
        "customers",
        (VENDOR, ICEBERG_PART),
        "Customers with a bad outcome and no complaint, silent beyond what is usual, and with a complaint.",
    ),
    _gauge(
        "customers_to_call",
        "customers",
        (STOPPED_AFTER,),
        "Customers who have probably left, and not long ago, by whose ticket they stopped after.",
    ),
    _gauge("value_at_risk", "", (STOPPED_AFTER,), "What their departure is expected to cost within a year."),
    _gauge("customers_left", "customers", (), "Expected number of customers who have left, ever."),
    _gauge(
        "customers_as_of_timestamp_seconds",
        "seconds",
        (),
        "As of when customers were last evaluated: the end of the newest day on which anyone was active.",
    ),
    _gauge("churn_model_parameter", "", (PARAMETER,), "Parameters of MBG/NBD, times in weeks."),
    _gauge("churn_model_log_likelihood", "", (), "Its log-likelihood."),
    _gauge("churn_model_customers", "customers", (), "Customers it was fitted on."),
    _gauge("churn_model_fit_seconds", "seconds", (), "Time that fitting took."),
    _gauge("churn_model_fitted_timestamp_seconds", "seconds", (), "When it was fitted."),
)
"""Only the worker that owns the ledger shows them."""


def count(add: Add, found: Customers, segments: Mapping[str, Collection[str]]) -> None:
    """Write what is said of customers; of vendors and segments only those in ``segments``. What is unknown is left out."""
    for silence in found.silences:
        if silence.segment in segments.get(silence.vendor, ()):
            _silence(add, silence)
    for one in found.icebergs:
        if one.vendor in segments:
            _iceberg(add, one)
    for calls in found.calls:
        if calls.vendor in segments or calls.vendor == NOBODY:
            add("customers_to_call", (calls.vendor,), calls.customers)
            add("value_at_risk", (calls.vendor,), calls.at_risk)
    if found.left is not None:
        add("customers_left", (), found.left)
    add("customers_as_of_timestamp_seconds", (), found.today * DAY)
    if found.fit is not None:
        for name in PARAMETERS:
            add("churn_model_parameter", (name,), getattr(found.fit.model, name))
        add("churn_model_log_likelihood", (), found.fit.log_likelihood)
        add("churn_model_customers", (), found.fit.customers)
        add("churn_model_fit_seconds", (), found.seconds)
        add("churn_model_fitted_timestamp_seconds", (), found.fitted_at)


def _silence(add: Add, silence: Silence) -> None:
    shown = silence.excess
    of = (silence.vendor, silence.segment, f"{shown.horizon}d", silence.compared)
    add("silence_eligible_customers", of, shown.customers)
    if shown.needed is not None:
        add("silence_needed_customers", of, shown.needed)
    if shown.difference is None or shown.silent is None or shown.expected is None:
        return
    _estimate(add, "excess_silence_ratio", of, shown.difference)
    add("excess_silence_clear", of, int(shown.clear))
    add("silent_ratio", of, shown.silent.value)
    add("silent_expected_ratio", of, shown.expected.value)


def _iceberg(add: Add, one: Hidden) -> None:
    of, heard = (one.vendor,), one.iceberg.heard
    add("iceberg_customers", (*of, "hidden"), heard.hidden)
    add("iceberg_customers", (*of, "complained"), heard.complained)
    if one.iceberg.quiet is not None:
        add("iceberg_customers", (*of, "quiet"), one.iceberg.quiet.value)
    if one.iceberg.ratio is not None:
        _estimate(add, "iceberg_ratio", of, one.iceberg.ratio)


def _estimate(add: Add, name: str, of: Sequence[str], found: Estimate) -> None:
    for ending, value in zip(("", "_low", "_high"), found, strict=True):
        if isfinite(value):
            add(f"{name}{ending}", of, value)
