"""The state, row by row: facts by ticket, facts by customer, the clock. Bytes under bytes; joined, never overwritten.

A row is MessagePack in an LZ4 block: the facts of a ticket resemble each other, so that halves what is kept in memory, on
the broker and read at a recovery, for two microseconds a row.
"""

from __future__ import annotations

from typing import Final

import msgspec
from cramjam import lz4
from msgspec import Struct

from undertow.domain.facts import Seen, join


class TicketRow(Struct, frozen=True, array_like=True, tag=0):
    """All facts of the ticket that the key names."""

    facts: list[Seen]


class CustomerRow(Struct, frozen=True, array_like=True, tag=1):
    """Facts that name no ticket, and the set of active days (days since 1970-01-01 UTC), ascending."""

    customer: str
    facts: list[Seen]
    days: list[int]


class ClockRow(Struct, frozen=True, array_like=True, tag=2):
    """The latest time judged as of (seconds), and how often the partition was assigned."""

    as_of: float
    epoch: int


Row = TicketRow | CustomerRow | ClockRow
TicketName = tuple[str, str | None, str]
"""Vendor, customer, ticket."""
_pack: Final = msgspec.msgpack.Encoder().encode
_unpack: Final = msgspec.msgpack.Decoder(Row).decode
name_of: Final = msgspec.msgpack.Decoder(TicketName).decode
"""The ticket that a key of :func:`ticket_key` names."""
MAX_ROW_BYTES: Final = 900_000
"""Before compression. A row is one changelog record, and a broker takes a million bytes by default: thousands of facts."""
CLOCK: Final = _pack(())
"""Key of the clock: keys of tickets have three parts, of customers one, so none can be it."""


_TICKET: Final = _pack(("", None, ""))[:1]


def ticket_key(vendor: str, customer: str | None, ticket: str) -> bytes:
    """A ticket belongs to one customer: the same number under another customer is another ticket."""
    return _pack((vendor, customer, ticket))


def customer_key(customer: str) -> bytes:
    """Key of a customer's own facts."""
    return _pack((customer,))


def is_ticket(key: bytes) -> bool:
    """Whether a key is that of a ticket's row: its first byte says that it has three parts."""
    return key[:1] == _TICKET


def encode(row: Row) -> bytes:
    """The row as bytes; equal rows give equal bytes."""
    return bytes(lz4.compress_block(_pack(row)))


def decode(value: bytes) -> Row:
    """The row that :func:`encode` wrote."""
    row: Row = _unpack(lz4.decompress_block(value))
    return row


def bounded(row: Row) -> bytes | None:
    """The row as bytes, None when a broker would refuse it: one overfull ticket must not stop a worker."""
    value = _pack(row)
    return bytes(lz4.compress_block(value)) if len(value) <= MAX_ROW_BYTES else None


def join_rows(one: bytes, other: bytes) -> bytes:
    """The least row that holds both: how recovery meets a record that an older owner wrote late."""
    a, b = decode(one), decode(other)
    match a, b:
        case TicketRow(), TicketRow():
            return encode(TicketRow(join(a.facts, b.facts)[0]))
        case CustomerRow(), CustomerRow():
            return encode(CustomerRow(a.customer, join(a.facts, b.facts)[0], sorted({*a.days, *b.days})))
        case ClockRow(), ClockRow():
            return encode(ClockRow(max(a.as_of, b.as_of), max(a.epoch, b.epoch)))
        case _:
            raise TypeError(f"rows of two kinds under one key: {a!r} and {b!r}")
