"""A board's state as Prometheus metrics. Nothing is shown that the catalog does not name."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.core import Metric as Family

from undertow.domain.counting.ledger import Figures, Rate
from undertow.domain.verdicts import Colour, Verdict
from undertow.metrics.agreed import terms
from undertow.metrics.board import Board, Exposed, State
from undertow.metrics.catalog import BY_NAME, CATALOG, EXPECTATION, RATES
from undertow.metrics.customers import count
from undertow.metrics.filling import became, keep, stand
from undertow.metrics.labels import Metric

RATE_OF: Final[dict[str, Callable[[Figures], Rate]]] = {
    "reported": lambda row: row.reported,
    "actual": lambda row: row.actual,
    "hidden_dissatisfaction": lambda row: row.hidden,
    "reopened": lambda row: row.reopened,
    "reopened_claimed": lambda row: row.reopened_claimed,
    "repeat_contact": lambda row: row.repeat_contact,
    "repeat_contact_by_chance": lambda row: row.by_chance,
}
"""Where each of the catalog's rates stands in a row of figures."""

Sample = tuple[Sequence[str], float]
"""The labels' values in the catalog's order, and the value."""


class NotInCatalog(LookupError):
    """A metric or its labels are not as the catalog says: a bug, found by the first scrape."""


class Collector:
    """What prometheus_client's exposition asks. Reads the board's state once a scrape."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def sheet(self) -> Sheet:
        """Everything that has a value, as of now."""
        sheet = Sheet()
        fill(sheet, self._board.state, self._board.clock(), self._board.wall())
        sheet.add("undertow_process_cpu_seconds_total", (), time.process_time())
        sheet.add("undertow_process_peak_memory_bytes", (), peak_memory())
        return sheet

    def collect(self) -> Iterator[Family]:
        """Every metric that has a value, in the catalog's order."""
        return self.sheet().families()


class Sheet:
    """Samples under construction. Refuses what the catalog lacks with :class:`NotInCatalog`."""

    def __init__(self) -> None:
        self._samples: dict[str, list[Sample]] = {}

    def add(self, name: str, labels: Sequence[str], value: float) -> None:
        """One sample; ``labels`` are the values in the catalog's order."""
        metric = BY_NAME.get(name)
        if metric is None:
            raise NotInCatalog(f"{name} is not in the catalog: add it there first")
        if len(labels) != len(metric.labels):
            raise NotInCatalog(f"{name} has {len(metric.labels)} labels in the catalog and was given {len(labels)}")
        samples = self._samples.get(name)
        if samples is None:
            samples = self._samples[name] = []
        samples.append((labels, value))

    def put(self, name: str, labels: Sequence[str], value: float) -> None:
        """The same for a name without its prefix."""
        self.add(f"undertow_{name}", labels, value)

    def samples(self) -> Iterator[tuple[str, list[Sample]]]:
        """By metric, those with a sample, in the catalog's order."""
        return ((metric.name, self._samples[metric.name]) for metric in CATALOG if metric.name in self._samples)

    def families(self) -> Iterator[Family]:
        """The same as prometheus_client has them."""
        for name, samples in self.samples():
            metric = BY_NAME[name]
            family = family_of(metric)
            names = [label.name for label in metric.labels]
            for labels, value in samples:
                family.add_sample(name, dict(zip(names, labels, strict=True)), value)
            yield family


def peak_memory() -> int:
    """Bytes: the most this process has held. Linux counts it in KiB, macOS in bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def fill(sheet: Sheet, state: State, now: float, wall: float) -> None:
    """Write a state on the sheet. ``now`` in the board's monotonic seconds, ``wall`` in seconds since 1970-01-01T00:00Z."""
    if state.exposed is not None:
        _exposed(sheet, state.exposed)
    terms(sheet.put, state.agreed, state.arrivals, wall)
    _feeds(sheet, state)
    sheet.add("undertow_ready", (), int(state.ready))
    if state.tickets_kept is not None:
        sheet.add("undertow_tickets_kept", (), state.tickets_kept)
    for topic, n in sorted(state.partitions.items()):
        sheet.add("undertow_partitions", (topic,), n)
    sheet.add("undertow_dead_letters_total", (), state.dead_letters)
    if state.committed is not None:
        sheet.add("undertow_commit_age_seconds", (), max(0.0, now - state.committed))
    sheet.add("undertow_build_info", (state.version,), 1)


def _exposed(sheet: Sheet, exposed: Exposed) -> None:
    for row, verdict in exposed.figures:
        _row(sheet, row, verdict)
    if exposed.as_of is not None:
        sheet.add("undertow_judged_as_of_timestamp_seconds", (), exposed.as_of)
    for vendor, bounds in exposed.bounds.items():
        sheet.add("undertow_contract_minimum_tickets", (vendor,), bounds.minimum_n)
    became(sheet.put, [row for row, _ in exposed.figures], exposed.standings)
    for standing in exposed.standings:
        bounds = exposed.bounds[standing.vendor]
        stand(sheet.put, standing, bounds.objective, bounds.segments)
    for kept in exposed.kept:
        keep(sheet.put, kept)
    if exposed.customers is not None:
        count(sheet.put, exposed.customers, {vendor: bounds.segments for vendor, bounds in exposed.bounds.items()})


def _row(sheet: Sheet, row: Figures, verdict: Verdict) -> None:
    of = (row.vendor, row.segment, row.window)
    for name in RATES:
        rate = RATE_OF[name](row)
        sheet.add(f"undertow_{name}_tickets", of, rate.count)
        sheet.add(f"undertow_{name}_eligible_tickets", of, rate.n)
        if rate.value is None:  # unknown never reads as zero
            continue
        sheet.add(f"undertow_{name}_ratio", of, rate.value)
        if name != EXPECTATION:
            sheet.add(f"undertow_{name}_ratio_low", of, rate.low)
            sheet.add(f"undertow_{name}_ratio_high", of, rate.high)
    sheet.add("undertow_tickets", of, row.tickets)
    sheet.add("undertow_immature_tickets", of, row.immature)
    sheet.add("undertow_flicker_tickets", of, row.flicker)
    for colour in Colour:
        sheet.add("undertow_verdict", (*of, colour.value), int(colour is verdict.colour))
    sheet.add("undertow_hidden_dissatisfaction_allowed_ratio", of, verdict.limit)


def _feeds(sheet: Sheet, state: State) -> None:
    for name, counts in (("consumed", state.consumed), ("rejected", state.rejected), ("backdated", state.backdated)):
        for key, n in counts.items():
            sheet.add(f"undertow_feed_{name}_total", key, n)
    sheet.add("undertow_feed_duplicate_total", (), state.duplicates)
    sheet.add("undertow_feed_late_total", (), state.late)
    watermarks: dict[str, float] = {}
    for (feed, vendor), seconds in sorted(state.event_times.items()):
        sheet.add("undertow_feed_last_event_timestamp_seconds", (feed, vendor), seconds)
        watermarks[feed] = max(seconds, watermarks.get(feed, seconds))
    for feed, seconds in watermarks.items():
        sheet.add("undertow_feed_watermark_timestamp_seconds", (feed,), seconds)
    for topic, n in sorted(state.dropped.items()):
        sheet.add("undertow_dropped_records_total", (topic,), n)
    for (topic, partition), n in sorted(state.lag.items()):
        sheet.add("undertow_lag_records", (topic, str(partition)), n)


def family_of(metric: Metric) -> Family:
    """Its family, without a sample."""
    if metric.type == "info":
        return InfoMetricFamily(metric.name.removesuffix("_info"), metric.help)
    if metric.type == "counter":
        return CounterMetricFamily(metric.name, metric.help)
    # OpenMetrics allows a unit only as the name's end, and prometheus_client would add it to another name
    return GaugeMetricFamily(
        metric.name, metric.help, unit=metric.unit if metric.name.endswith(f"_{metric.unit}") else ""
    )
