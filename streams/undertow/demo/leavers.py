"""The demo's last scene: a vendor whose reported figures stay green while customers leave, and who they are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime

from msgspec import Struct
from prometheus_client.parser import text_string_to_metric_families

from undertow import clients, topics
from undertow.domain.agreement.contract import DAY
from undertow.domain.customers.calls import Call
from undertow.settings import Settings
from undertow.stages.night import Night
from undertow.stages.records import decode_for_ledger

SHOWN = 5
"""Customers named in the scene."""


class Found(Struct, frozen=True):
    """The list as the worker published it, as of the beginning of day ``today``."""

    today: int
    listed: list[Call]


class Scored(Struct, frozen=True):
    """A list against what the simulation knows. Ratios 0 to 1, None where there is nothing to divide by."""

    right: int
    precision: float | None
    """Of the named ones, those who had left."""
    recall: float | None
    """Of those who had left, the named ones."""


def found(settings: Settings) -> Found | None:
    """The customers to call, from the topics as ``undertow customers`` reads them; None before the first night."""
    night = Night(settings.casebook_partitions)
    for record in clients.read(settings, topics.name(settings, topics.CELLS)):
        if record.value is not None:
            night.fold(decode_for_ledger(record.value))
    today = night.evaluated_as_of
    return Found(today, night.listed()) if today is not None and night.answered else None


def scored(named: Collection[str], left: Collection[str]) -> Scored:
    """How good a list of names is."""
    right = len(set(named) & set(left))
    return Scored(right, right / len(named) if named else None, right / len(left) if left else None)


def spiking(metrics: str) -> dict[str, float]:
    """Vendors of whom an alarm stands, whatever segment and lag, and as of when, from the text of ``/metrics``."""
    samples = [sample for family in text_string_to_metric_families(metrics) for sample in family.samples]
    as_of = next((one.value for one in samples if one.name == "undertow_judged_as_of_timestamp_seconds"), 0.0)
    return {one.labels["vendor"]: as_of for one in samples if one.name == "undertow_spike" and one.value}


def lines(vendor: str, listed: Sequence[Call], left: Collection[str], reported: float | None) -> Iterator[str]:
    """The scene: what the vendor reports, who has left by the list, and the truth beside it."""
    own = [one for one in listed if one.vendor == vendor]
    named = {one.customer for one in own}
    score = scored(named, left)
    green = "" if reported is None else f" reports {reported:.0%} met, and"
    yield f"{vendor}{green} {len(own)} customers have probably left after a ticket, first:"
    for one in own[:SHOWN]:
        last = datetime.fromtimestamp(one.last_day * DAY, UTC)
        mark = "had left" if one.customer in left else "was still there"
        yield f"  {one.customer}, last seen {last:%Y-%m-%d}, {one.alive:.0%} still here, after {one.ticket}: {mark}"
    precision = "-" if score.precision is None else f"{score.precision:.0%}"
    recall = "-" if score.recall is None else f"{score.recall:.0%}"
    yield f"truth: {len(left)} of {vendor}'s customers had left, {score.right} of them are named"
    yield f"       precision {precision}, recall {recall}"
