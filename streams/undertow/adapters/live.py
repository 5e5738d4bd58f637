"""The topics that contracts name, read one record at a time. What stands on no contract's topic is not looked at here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, cast

from undertow import wire
from undertow.adapters import mapping as mappings
from undertow.adapters import zendesk_records
from undertow.adapters.table_records import Records
from undertow.domain.agreement.contract import Contract, Feed
from undertow.events import CustomerActive, CustomerMerged, CustomerSegmentChanged, DisputeRuled, Event
from undertow.topics import SOURCES
from undertow.wire import Dialect, Headers, Refused

Read = Callable[[bytes], Sequence[Event]]

ADAPTERS: Final = ("cloudevents", "table", "zendesk")
"""Names of the adapters that can read a record alone."""
FILES_ONLY: Final = {
    "servicenow": (
        "reads the rows of an incident together, which a topic gives one at a time: write adapter: table and a mapping, "
        "or import files with 'undertow import servicenow'"
    )
}
"""The others, and why they cannot."""
_FIRST_PARTY: Final = (CustomerActive, CustomerMerged, CustomerSegmentChanged)


def dialects(contracts: Mapping[str, Contract], namespace: str = "") -> dict[str, Dialect]:
    """By topic, as the cluster names it: how its records are read. Source topics are everybody's and not among them."""
    named: dict[str, list[tuple[str, Feed]]] = {}
    for contract in contracts.values():
        for feed in contract.feeds:
            if feed.topic not in SOURCES:
                named.setdefault(feed.topic, []).append((contract.vendor, feed))
    return {namespace + topic: _dialect(said) for topic, said in named.items()}


def _dialect(said: list[tuple[str, Feed]]) -> Dialect:
    (vendor, feed), *others = said
    if feed.adapter == "cloudevents":
        return _cloudevents([vendor, *(other for other, _ in others)])
    # contracts see to it that nobody shares a topic whose records do not say whose they are
    assert not others, feed.topic
    if feed.adapter == "zendesk":
        return _foreign(lambda value: zendesk_records.events(value, vendor), vendor)
    assert feed.adapter == "table", feed.adapter
    return _foreign(Records(cast(mappings.Mapping, feed.mapping), vendor).events, vendor)


def _cloudevents(speakers: Iterable[str]) -> Dialect:
    vendors = frozenset(speakers)
    whose = " and ".join(sorted(vendors))

    def decode(value: bytes | None, headers: Headers) -> Sequence[Event]:
        event = wire.decode(value, headers)
        vendor = event.data.vendor
        if vendor is None:
            raise Refused("wrong_vendor", "$.data.vendor", f"is missing: only {whose} speaks on this topic")
        if vendor not in vendors:
            raise Refused("wrong_vendor", "$.data.vendor", f"{vendor[:80]!r} speaks on a topic of {whose}")
        if isinstance(event, _FIRST_PARTY):
            words = "what customers do and are is the company's to say: publish it on customer.activity"
            raise Refused("wrong_vendor", "$.type", words)
        if isinstance(event, DisputeRuled):
            raise Refused("may_not_rule", "$.type", "a vendor answers findings; rulings are the company's")
        return (event,)

    return Dialect(decode, whose if len(vendors) == 1 else None)


def _foreign(read: Read, vendor: str) -> Dialect:
    """Records in another format than ours; their headers say nothing."""

    def decode(value: bytes | None, _headers: Headers) -> Sequence[Event]:
        if value is None:
            raise Refused("empty", "$", "send the row as the record's value")
        if len(value) > wire.MAX_EVENT_BYTES:
            raise Refused("too_large", "$", f"{len(value)} bytes; at most {wire.MAX_EVENT_BYTES}")
        return read(value)

    return Dialect(decode, vendor)
