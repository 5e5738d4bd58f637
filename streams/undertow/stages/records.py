"""What the stages say to each other: the records of our own topics, as compact MessagePack arrays.

``undertow.casebook`` carries parcels (entries of one intake span) and ticks; ``undertow.cells`` what casebooks and
claims tell the ledger. Nobody else reads them, so their form may change with a version; see ARCHITECTURE.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol
from zlib import crc32

import msgspec
from msgspec import Struct

from undertow.domain.cells import CellKey, Counts, Tally
from undertow.domain.facts import Seen
from undertow.domain.findings import Finding
from undertow.domain.ledger import PeriodClaim, Position


class KafkaRecord(Protocol):
    """What the stages read of a Kafka record; aiokafka's and kafka-python's both have it. Timestamp in milliseconds."""

    @property
    def topic(self) -> str: ...  # noqa: D102
    @property
    def partition(self) -> int: ...  # noqa: D102
    @property
    def offset(self) -> int: ...  # noqa: D102
    @property
    def timestamp(self) -> int: ...  # noqa: D102
    @property
    def value(self) -> bytes | None: ...  # noqa: D102
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...  # noqa: D102


class Record(Struct, frozen=True):
    """A :class:`KafkaRecord` of our own making, for input that comes from a file."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()


class Entry(Struct, frozen=True, array_like=True, gc=False):
    """One fact on its way to its customer's casebook. Without a ticket it is a fact of the customer alone."""

    vendor: str | None
    customer: str | None
    ticket: str | None
    seen: Seen


class Parcel(Struct, frozen=True, array_like=True, tag=0):
    """Entries for one casebook partition."""

    entries: list[Entry]


class Tick(Struct, frozen=True, array_like=True, tag=1):
    """Time passed: judge what has become due as of ``as_of`` (seconds)."""

    as_of: float


class CellSaid(Struct, frozen=True, array_like=True, tag=0):
    """A cell of casebook ``partition`` as of ``position``. Exposures are (topic, others, tickets), tallies (tally, tickets)."""

    partition: int
    position: Position
    key: CellKey
    counts: Counts
    exposures: list[tuple[int, int, int]]
    tallies: list[tuple[Tally, int]]


class Completed(Struct, frozen=True, array_like=True, tag=1):
    """Casebook ``partition`` has said every cell it has as of ``position``."""

    partition: int
    position: Position


class Judged(Struct, frozen=True, array_like=True, tag=2):
    """Casebook ``partition`` has judged as of ``as_of`` (seconds)."""

    partition: int
    as_of: float


class PeriodSaid(Struct, frozen=True, array_like=True, tag=3):
    """One version of a vendor's claim about a period."""

    claim: PeriodClaim


_encode: Final = msgspec.msgpack.Encoder().encode
decode_for_casebook: Final = msgspec.msgpack.Decoder(Parcel | Tick).decode
decode_for_ledger: Final = msgspec.msgpack.Decoder(CellSaid | Completed | Judged | PeriodSaid).decode


def encode(record: Struct) -> bytes:
    """A record of this file as bytes."""
    return _encode(record)


encode_finding: Final = msgspec.json.Encoder().encode
decode_finding: Final = msgspec.json.Decoder(Finding).decode
"""A finding as it is published: JSON, for others read it, too."""


def ledger_key(record: CellSaid | Completed | Judged | PeriodSaid) -> bytes:
    """The key under which compaction keeps the latest."""
    match record:
        case CellSaid():
            return _encode(("cell", record.partition, *record.key))
        case Completed():
            return _encode(("complete", record.partition))
        case Judged():
            return _encode(("judged", record.partition))
        case PeriodSaid():
            # every version is kept: the first and the standing one count, and neither is known before all are read
            return _encode(("period", record.claim))


def casebook_partition(entry_owner: str, partitions: int) -> int:
    """The casebook partition of a customer (or of a ticket without one).

    CRC-32 and not Kafka's murmur2: the topic is ours alone, and murmur2 in Python costs ten times as much.
    """
    return crc32(entry_owner.encode()) % partitions
