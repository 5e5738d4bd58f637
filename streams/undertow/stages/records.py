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

from undertow.domain.counting.cells import CellKey, Counts, Tally
from undertow.domain.counting.ledger import PeriodClaim, Position
from undertow.domain.customers.arms import Arms
from undertow.domain.customers.calls import Call, Calls
from undertow.domain.customers.churn import Fit
from undertow.domain.customers.iceberg import Heard
from undertow.domain.customers.night import Compared
from undertow.domain.customers.population import Population
from undertow.domain.judging.findings import Finding
from undertow.domain.tickets.facts import Seen


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


class Ask(Struct, frozen=True, array_like=True, tag=20):
    """Evaluate every customer for ``night`` (a day), as of the beginning of day ``today``, with this model if there is one.

    ``usual`` is what an active day is worth of a customer of whom nothing else is known; None where no value is.
    """

    night: int
    today: int
    fit: Fit | None
    usual: float | None


class Forget(Struct, frozen=True, array_like=True, tag=21):
    """Erase a customer, and take in nothing of it that is dated up to ``at`` (seconds)."""

    customer: str
    at: float


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


class PopulationSaid(Struct, frozen=True, array_like=True, tag=20):
    """The customers of a casebook ``partition`` at the close of the day before ``night``."""

    partition: int
    position: Position
    night: int
    population: Population


class ModelSaid(Struct, frozen=True, array_like=True, tag=21):
    """The churn model fitted on the populations of ``night``; ``seconds`` it took, ``at`` when (seconds since 1970)."""

    night: int
    fit: Fit
    seconds: float
    at: float


class SilenceSaid(Struct, frozen=True, array_like=True, tag=22):
    """What a casebook ``partition`` found of the customers of one vendor. Arms by comparison, segment and horizon."""

    partition: int
    position: Position
    night: int
    vendor: str
    arms: list[tuple[Compared, str, int, Arms]]
    heard: Heard


class EvaluatedSaid(Struct, frozen=True, array_like=True, tag=23):
    """A casebook ``partition`` has said all of ``night``, as of ``today``: ``vendors`` of them, and who has probably left."""

    partition: int
    position: Position
    night: int
    today: int
    vendors: list[str]
    customers: int
    left: float | None
    """Expected number of customers who have left; None without a model."""
    calls: list[Calls]


class LeaversSaid(Struct, frozen=True, array_like=True, tag=24):
    """The customers of a casebook ``partition`` to call, by value at risk: for the business alone, never for a vendor."""

    partition: int
    position: Position
    night: int
    today: int
    leavers: list[Call]


ForLedger = (
    CellSaid | Completed | Judged | PeriodSaid | PopulationSaid | ModelSaid | SilenceSaid | EvaluatedSaid | LeaversSaid
)
_encode: Final = msgspec.msgpack.Encoder().encode
decode_for_casebook: Final = msgspec.msgpack.Decoder(Parcel | Tick | Ask | Forget).decode
decode_for_ledger: Final = msgspec.msgpack.Decoder(ForLedger).decode


def encode(record: Struct) -> bytes:
    """A record of this file as bytes."""
    return _encode(record)


encode_finding: Final = msgspec.json.Encoder().encode
decode_finding: Final = msgspec.json.Decoder(Finding).decode
"""A finding as it is published: JSON, for others read it, too."""


def ledger_key(record: ForLedger) -> bytes:
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
        case PopulationSaid():
            return _encode(("population", record.partition))
        case ModelSaid():
            return _encode(("model",))
        case SilenceSaid():
            return _encode(("silence", record.partition, record.vendor))
        case EvaluatedSaid():
            return _encode(("evaluated", record.partition))
        case LeaversSaid():
            return _encode(("leavers", record.partition))


def casebook_partition(entry_owner: str, partitions: int) -> int:
    """The casebook partition of a customer (or of a ticket without one).

    CRC-32 and not Kafka's murmur2: the topic is ours alone, and murmur2 in Python costs ten times as much.
    """
    return crc32(entry_owner.encode()) % partitions
