"""The registry of every topic and table: one name, one shape, one purpose each. ``undertow.admin`` applies it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Final

from msgspec import Struct

from undertow.domain.agreement.contract import Contract
from undertow.events import Event
from undertow.settings import Settings
from undertow.wire import MAX_EVENT_BYTES, MAX_LETTER_BYTES

DAY_MS: Final = 86_400_000
COMPACTED_WITHIN: Final = ("max.compaction.lag.ms", str(7 * DAY_MS))
"""Else a broker compacts when it pays: what was erased of a customer could lie on a quiet topic for ever."""
SHAPE_DIGITS: Final = 8
MAX_INSTANCE_ID: Final = 249 - 1 - SHAPE_DIGITS
"""Characters; Kafka takes 249, and we add a dot and a hash."""
TICKETS: Final = "vendor.tickets"
CLAIMS: Final = "vendor.claims"
ACTIVITY: Final = "customer.activity"
FEEDBACK: Final = "customer.feedback"
DISPUTES: Final = "vendor.disputes"
SOURCES: Final = (TICKETS, CLAIMS, ACTIVITY, FEEDBACK, DISPUTES)
CASEBOOK: Final = "undertow.casebook"
CELLS: Final = "undertow.cells"
FINDINGS: Final = "undertow.findings"
STATEMENTS: Final = "undertow.statements"
DELIVERIES: Final = "undertow.deliveries"
DEAD_LETTERS: Final = "undertow.dead-letters"
APP: Final = "undertow"
TABLE: Final = "casebook"
SAID: Final = "findings"
"""The table whose changelog is :data:`FINDINGS`: a new owner reads there what it may have to take back."""
OWN: Final = "records of a vendor that its contract says how to read"
"""The purpose of a topic that a contract names."""
ARRIVAL: Final = ("message.timestamp.type", "LogAppendTime")
"""The broker says when a record came: a publisher could claim any time, and a worker with a wrong clock move everybody's."""
_FEED_OF: Final = {"ticket": TICKETS, "claim": CLAIMS, "customer": ACTIVITY, "feedback": FEEDBACK, "dispute": DISPUTES}


class Topic(Struct, frozen=True):
    """One topic as it must be. ``partitions`` None: any number, for it belongs to whoever publishes."""

    name: str
    partitions: int | None
    purpose: str
    config: tuple[tuple[str, str], ...] = ()


def name(settings: Settings, topic: str) -> str:
    """The topic's name on the cluster."""
    return settings.namespace + topic


def app_id(settings: Settings) -> str:
    """Name of the consumer group, and prefix of the changelog."""
    return settings.namespace + APP


def changelog(settings: Settings) -> str:
    """The casebook table's changelog topic (Faust's own naming)."""
    return f"{app_id(settings)}-{TABLE}-changelog"


def declared(contracts: Iterable[Contract]) -> tuple[str, ...]:
    """The vendors' own topics: those that contracts name beside :data:`SOURCES` (without namespace)."""
    named = {feed.topic for contract in contracts for feed in contract.feeds}
    return tuple(sorted(named - set(SOURCES)))


def sources(settings: Settings, own: Iterable[str] = ()) -> list[str]:
    """Every topic that intake reads, as the cluster names it. ``own`` as :func:`declared` gives them."""
    return [name(settings, topic) for topic in (*SOURCES, *own)]


def seat(instance_id: str, partitions: Mapping[str, int]) -> str:
    """The group instance id of a worker that reads topics with so many partitions.

    Who comes back to a seat gets the partitions it had. A worker that reads other topics than before, or grown ones,
    must make the group deal anew, so its seat is another one. Two workers with one id still meet on the same seat.
    Raises ``ValueError``, whose text says what an id may be.
    """
    if not re.fullmatch(r"[a-zA-Z0-9._-]+", instance_id) or len(instance_id) > MAX_INSTANCE_ID:
        raise ValueError(
            f"an instance id has 1 to {MAX_INSTANCE_ID} letters, digits, '.', '_' and '-', like a topic's name"
        )
    said = "\n".join(f"{name} {count}" for name, count in sorted(partitions.items()))
    return f"{instance_id}.{sha256(said.encode()).hexdigest()[:SHAPE_DIGITS]}"


def registry(settings: Settings, own: Iterable[str] = ()) -> tuple[Topic, ...]:
    """Every topic, in the order of the flow. ``own`` as :func:`declared` gives them."""
    large = ("max.message.bytes", str(MAX_LETTER_BYTES + MAX_EVENT_BYTES))
    ours = settings.casebook_partitions
    return (
        Topic(name(settings, TICKETS), None, "ticket events of all vendors", (ARRIVAL,)),
        Topic(name(settings, CLAIMS), None, "what the vendors report, per ticket and per period", (ARRIVAL,)),
        Topic(name(settings, ACTIVITY), None, "what customers do, first-party", (ARRIVAL,)),
        Topic(name(settings, FEEDBACK), None, "surveys, complaints, confirmations", (ARRIVAL,)),
        Topic(
            name(settings, DISPUTES),
            None,
            "vendors' answers to findings, and the company's rulings",
            (ARRIVAL, ("retention.ms", "-1")),  # who said what, and when
        ),
        *(Topic(name(settings, topic), None, OWN, (ARRIVAL,)) for topic in own),
        Topic(
            name(settings, CASEBOOK),
            ours,
            "facts by customer, and ticks",
            (ARRIVAL, ("retention.ms", str(7 * DAY_MS))),
        ),
        Topic(
            changelog(settings),
            ours,
            "facts by ticket: the state",
            # a day's grace: a record that a paused worker wrote late must still be there to be joined
            (("cleanup.policy", "compact"), ("min.compaction.lag.ms", str(DAY_MS)), COMPACTED_WITHIN),
        ),
        Topic(
            name(settings, FINDINGS),
            ours,
            "what can be said of single tickets, with its evidence; a tombstone takes it back",
            (("cleanup.policy", "compact"), COMPACTED_WITHIN),
        ),
        Topic(
            name(settings, CELLS),
            1,
            "cells and period claims, for the ledger",
            (("cleanup.policy", "compact"), COMPACTED_WITHIN),
        ),
        Topic(
            name(settings, STATEMENTS),
            1,
            "statements of closed periods as they were issued, by vendor, period and number",
            (("cleanup.policy", "compact"),),
        ),
        Topic(
            name(settings, DELIVERIES),
            1,
            "what was delivered to whom, or why not yet",
            (("cleanup.policy", "compact"),),
        ),
        Topic(
            name(settings, DEAD_LETTERS),
            1,
            "what could not be read, and why",
            # compacted, so that a letter can be erased; its tombstone, and letters without a value, stay as long as any
            (
                ("cleanup.policy", "compact,delete"),
                ("retention.ms", str(90 * DAY_MS)),
                ("delete.retention.ms", str(90 * DAY_MS)),
                COMPACTED_WITHIN,
                large,
            ),
        ),
    )


def key_of(event: Event) -> str:
    """The record key that keeps a ticket's events in order: ticket, else customer, else vendor. The worker reads none."""
    data = event.data
    return getattr(data, "ticket", None) or getattr(data, "customer", None) or data.vendor or ""


def topic_of(event: Event) -> str:
    """The source topic an event belongs on (without namespace); the worker accepts it on any of them."""
    return _FEED_OF[str(event.__struct_config__.tag).split(".")[1]]
