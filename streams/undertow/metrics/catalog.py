"""Every metric that Undertow exposes, with its labels and their bounds; run as a module, it prints them.

Conventions: the prefix is ``undertow_``, units are base units (seconds, ratio 0 to 1, things counted), a counter ends
in ``_total``; the labels stand in ``labels``, what is said of a vendor beside its figures in ``standings``. Renaming
anything here breaks somebody's dashboard.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Final

from undertow.metrics.customers import CUSTOMERS
from undertow.metrics.labels import (
    CALENDAR,
    FEED,
    PARTITION,
    PUBLISHER,
    REASON,
    ROW,
    TERM,
    TOPIC,
    VENDOR,
    VERDICT,
    VERSION,
    Label,
    Metric,
)
from undertow.metrics.standings import STANDINGS

RATES: Final = {
    "reported": ("reported as met by the vendor", "mature tickets with a claim"),
    "actual": ("reported as met with nothing bad after it", "mature tickets with a claim"),
    "hidden_dissatisfaction": ("followed by a bad outcome all the same", "mature tickets reported as met"),
    "reopened": ("reopened by the customer", "mature tickets"),
    "reopened_claimed": ("reopened by the vendor's own count", "mature tickets with a claim"),
    "repeat_contact": ("followed by a new contact on the same topic", "mature tickets with a customer and a topic"),
    "repeat_contact_by_chance": (
        "expected to be followed by an unrelated contact",
        "mature tickets with a customer and a topic",
    ),
}
"""Each rate's numerator and denominator in words."""
EXPECTATION: Final = "repeat_contact_by_chance"
"""The rate that is an expectation and not an observation: it has no interval."""


def _rate(name: str) -> tuple[Metric, ...]:
    count, of = RATES[name]
    stem = f"undertow_{name}"
    shown = (
        Metric(f"{stem}_tickets", "gauge", "tickets", ROW, f"Tickets {count}."),
        Metric(f"{stem}_eligible_tickets", "gauge", "tickets", ROW, f"Of how many: {of}."),
        Metric(f"{stem}_ratio", "gauge", "ratio", ROW, f"Share of the {of} that were {count}; absent without any."),
    )
    if name == EXPECTATION:
        return shown
    return (
        *shown,
        Metric(f"{stem}_ratio_low", "gauge", "ratio", ROW, f"Lower bound of {stem}_ratio, Wilson 95 %."),
        Metric(f"{stem}_ratio_high", "gauge", "ratio", ROW, f"Upper bound of {stem}_ratio, Wilson 95 %."),
    )


CATALOG: Final[tuple[Metric, ...]] = (
    # vendor figures: only the worker that owns the ledger shows them
    *(metric for name in RATES for metric in _rate(name)),
    Metric("undertow_tickets", "gauge", "tickets", ROW, "Tickets opened in the window."),
    Metric("undertow_immature_tickets", "gauge", "tickets", ROW, "Tickets solved and still within their follow-up."),
    Metric("undertow_flicker_tickets", "gauge", "tickets", ROW, "Tickets the vendor took out of solved for a moment."),
    Metric("undertow_verdict", "gauge", "", (*ROW, VERDICT), "State set: 1 for the verdict given, 0 for the others."),
    Metric(
        "undertow_hidden_dissatisfaction_allowed_ratio",
        "gauge",
        "ratio",
        ROW,
        "The share of hidden dissatisfaction that is normal: the contract's tolerance on top of chance.",
    ),
    Metric(
        "undertow_judged_as_of_timestamp_seconds",
        "gauge",
        "seconds",
        (),
        "Event time as of which the figures are judged.",
    ),
    Metric(
        "undertow_contract_minimum_tickets", "gauge", "tickets", (VENDOR,), "Fewer tickets than this get no verdict."
    ),
    *STANDINGS,
    *CUSTOMERS,
    # what alerts need of contracts: every worker shows the same, take the maximum over instances
    Metric(
        "undertow_contract_silent_after_seconds",
        "gauge",
        "seconds",
        (VENDOR,),
        "Working time without a record after which the feed counts as silent.",
    ),
    Metric(
        "undertow_contract_allowed_ratio",
        "gauge",
        "ratio",
        (VENDOR, TERM),
        "The share up to which something is normal, by the contract's alerts.",
    ),
    Metric(
        "undertow_contract_working_seconds",
        "gauge",
        "seconds",
        (VENDOR, CALENDAR),
        "Working time by the contract's calendar since 1970, up to now.",
    ),
    Metric(
        "undertow_feed_last_record_working_seconds",
        "gauge",
        "seconds",
        (FEED, VENDOR, CALENDAR),
        "The same up to the newest record, by the broker's time; absent before the first. The difference is silence.",
    ),
    # feeds: every worker shows its own part, sum over instances
    Metric(
        "undertow_feed_consumed_total", "counter", "records", (FEED, PUBLISHER), "Records read, refused ones included."
    ),
    Metric("undertow_feed_rejected_total", "counter", "records", (FEED, REASON), "Records refused, by reason."),
    Metric("undertow_feed_duplicate_total", "counter", "events", (), "Events seen before; they change nothing."),
    Metric("undertow_feed_late_total", "counter", "events", (), "Events for tickets that are closed and dropped."),
    Metric(
        "undertow_feed_backdated_total",
        "counter",
        "events",
        (FEED, PUBLISHER),
        "Events whose own time lies far before the broker's.",
    ),
    Metric(
        "undertow_feed_last_event_timestamp_seconds",
        "gauge",
        "seconds",
        (FEED, PUBLISHER),
        "Highest event time read; absent before the first.",
    ),
    Metric(
        "undertow_feed_watermark_timestamp_seconds",
        "gauge",
        "seconds",
        (FEED,),
        "Highest event time read from the feed, whoever sent it.",
    ),
    Metric(
        "undertow_dropped_records_total",
        "counter",
        "records",
        (TOPIC,),
        "Records that the topic's retention took before they were read: figures lack them.",
    ),
    Metric("undertow_lag_records", "gauge", "records", (TOPIC, PARTITION), "Records on the broker and not yet read."),
    # the worker
    Metric("undertow_ready", "gauge", "", (), "Whether the worker has recovered its state and reads: 1 or 0."),
    Metric("undertow_tickets_kept", "gauge", "tickets", (), "Tickets in this worker's state."),
    Metric("undertow_partitions", "gauge", "partitions", (TOPIC,), "Partitions assigned to this worker."),
    Metric("undertow_dead_letters_total", "counter", "letters", (), "Records put aside on the topic of dead letters."),
    Metric(
        "undertow_commit_age_seconds", "gauge", "seconds", (), "Time since the last commit; absent before the first."
    ),
    Metric("undertow_process_cpu_seconds_total", "counter", "seconds", (), "Processor time the worker has used."),
    Metric(
        "undertow_process_peak_memory_bytes", "gauge", "bytes", (), "The most memory it has held since it was started."
    ),
    Metric("undertow_build_info", "info", "", (VERSION,), "What is running."),
)
BY_NAME: Final = {metric.name: metric for metric in CATALOG}


def metric_table() -> str:
    """The catalog as a Markdown table, one line a metric, a newline at the end."""
    rows = (
        (f"`{m.name}`", m.type, m.unit or "-", ", ".join(f"`{label.name}`" for label in m.labels) or "-", m.help)
        for m in CATALOG
    )
    return _table(("Metric", "Type", "Unit", "Labels", "Meaning"), rows)


def label_table() -> str:
    """The labels and their bounds as a Markdown table, a newline at the end."""
    labels = dict.fromkeys(label for metric in CATALOG for label in metric.labels)
    rows = ((f"`{label.name}`", label.bound, _most(label)) for label in labels)
    return _table(("Label", "Values", "At most"), rows)


def _most(label: Label) -> str:
    return "as the contracts say" if label.most == "contracts" else str(label.most)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = (head, ("---",) * len(head), *rows)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    sys.stdout.write(f"{metric_table()}\n{label_table()}")
