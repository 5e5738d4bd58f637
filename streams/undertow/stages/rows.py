"""The state, row by row: facts by ticket, facts by customer, the clock. Bytes under bytes; joined, never overwritten.

A row is MessagePack, packed (:mod:`undertow.stages.frames`): the facts of a ticket resemble each other, and those of others,
so a third is left to be kept in memory, on the broker and read at a recovery, for three microseconds a row. A customer of
whom only activity is known has a flat row: nothing in it resembles anything, and there may be millions.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

import msgspec
from msgspec import Struct

from undertow.domain.customers import activity, worth
from undertow.domain.tickets.facts import Seen, join
from undertow.stages.frames import pack, unpack


class TicketRow(Struct, frozen=True, array_like=True, tag=0):
    """All facts of the ticket that the key names."""

    facts: list[Seen]


class CustomerRow(Struct, frozen=True, array_like=True, tag=1):
    """Facts that name no ticket, the active days (UTC) and their worth, packed. Whose they are, the key says."""

    facts: list[Seen]
    days: bytes
    """As :mod:`undertow.domain.customers.activity` packs them."""
    amounts: bytes
    """As :mod:`undertow.domain.customers.worth` packs them."""


class ClockRow(Struct, frozen=True, array_like=True, tag=2):
    """The latest time judged as of (seconds), and how often the partition was assigned."""

    as_of: float
    epoch: int


class ForgottenRow(Struct, frozen=True, array_like=True, tag=3):
    """The customer whose hash the key has was forgotten ``at`` (seconds): nothing dated up to then is taken in again."""

    at: float


Row = TicketRow | CustomerRow | ClockRow | ForgottenRow
TicketName = tuple[str, str | None, str]
"""Vendor, customer, ticket."""
_pack: Final = msgspec.msgpack.Encoder().encode
_unpack: Final = msgspec.msgpack.Decoder(Row).decode
_customer_name: Final = msgspec.msgpack.Decoder(tuple[str]).decode
_ONE: Final = _pack(("",))[0]
"""The first byte of a key of one part."""
name_of: Final = msgspec.msgpack.Decoder(TicketName).decode
"""The ticket that a key of :func:`ticket_key` names."""
MAX_ROW_BYTES: Final = 900_000
"""Before compression. A row is one changelog record, and a broker takes a million bytes by default: thousands of facts."""
_FLAT: Final = 0x80
"""Marks a flat row in its third byte, which is less in all that is packed."""
_START: Final = 2
"""Bytes of a packed set before its bitmap: the flat row has its mark behind them, and the amounts at its end."""
_HEAD: Final = len(_pack(TicketRow([]))) - 1
"""Where in a ticket's row, unpacked, MessagePack says how many facts follow: it counts on from :data:`_ARRAY` in one byte up

to :data:`_SHORT` of them, then in two that follow :data:`_ARRAY_16`; in four it never has to, by MAX_ROW_BYTES.
"""
_ARRAY: Final = 0x90
_SHORT: Final = 15
_ARRAY_16: Final = 0xDC
_BYTES: Final = [bytes((byte,)) for byte in range(256)]
CLOCK: Final = _pack(())
"""Key of the clock: keys of tickets have three parts, of customers one, so none can be it."""


_TICKET: Final = _pack(("", None, ""))[:1]


def ticket_key(vendor: str, customer: str | None, ticket: str) -> bytes:
    """A ticket belongs to one customer: the same number under another customer is another ticket."""
    # a copy, for an encoder's bytes keep room to grow: 16 of 96 bytes, as long as the ticket is kept
    return bytes(memoryview(_pack((vendor, customer, ticket))))


def customer_key(customer: str) -> bytes:
    """Key of a customer's own facts."""
    return _pack((customer,))


def is_ticket(key: bytes) -> bool:
    """Whether a key is that of a ticket's row: its first byte says that it has three parts."""
    return key[:1] == _TICKET


def is_customer(key: bytes) -> bool:
    """Whether a key is that of a customer's own facts: one part."""
    return key[0] == _ONE


def forgotten_key(customer: str) -> bytes:
    """Key that remembers a forgotten customer, without its name: two parts, as no other has."""
    return _pack(("forgotten", sha256(customer.encode()).digest()[:16]))


def customer_of(key: bytes) -> str | None:
    """The customer whose own facts a key names; None for the key of anything else."""
    if key[0] != _ONE:
        return None
    (customer,) = _customer_name(key)
    return customer


def encode(row: Row) -> bytes:
    """The row as bytes; equal rows give equal bytes."""
    if isinstance(row, CustomerRow) and not row.facts:
        return flat(row.days, row.amounts)
    return pack(_pack(row))


def decode(value: bytes) -> Row:
    """The row that :func:`encode` wrote."""
    if value[_START] >= _FLAT:
        days, amounts = unflattened(value) or (b"", b"")
        return CustomerRow([], days, amounts)
    row: Row = _unpack(unpack(value))
    return row


def flat(days: bytes, amounts: bytes) -> bytes:
    """The row of a customer without facts."""
    mark = _FLAT + len(amounts) // worth.SIZE
    return (days[:_START] or b"\0\0") + mark.to_bytes(1, "little") + days[_START:] + amounts


def unflattened(value: bytes) -> tuple[bytes, bytes] | None:
    """Days and amounts of a flat row; None where there are facts, too."""
    mark = value[_START] - _FLAT
    if mark < 0:
        return None
    end = len(value) - mark * worth.SIZE
    bits = value[_START + 1 : end]
    return value[:_START] + bits if bits else b"", value[end:]


def with_day(value: bytes, day: int, oldest: int, *, valued: bool) -> bytes | None:
    """A row with an active day in it, changed in one byte: the very object when it knew the day.

    None where that cannot be: there are facts, the day lies outside the bitmap, days before ``oldest`` have to go, or the day
    is ``valued`` and may be one of the latest. Most activity is spared everything else by it.
    """
    mark = value[_START] - _FLAT
    if mark < 0:
        return None
    start = value[0] | value[1] << 8
    end = len(value) - mark * worth.SIZE
    at = _START + 1 + (day - start >> 3)
    if day < start or at >= end or start < oldest:
        return None
    if valued and (mark < worth.KEPT or day >= value[end] | value[end + 1] << 8):
        return None
    byte = value[at]
    changed = byte | 1 << (day - start & 7)
    return value if changed == byte else value[:at] + _BYTES[changed] + value[at + 1 :]


def bounded(row: Row) -> bytes | None:
    """The row as bytes, None when a broker would refuse it: one overfull ticket must not stop a worker."""
    if isinstance(row, CustomerRow) and not row.facts:
        return flat(row.days, row.amounts)
    value = _pack(row)
    return pack(value) if len(value) <= MAX_ROW_BYTES else None


def appended(value: bytes, news: Sequence[Seen]) -> bytes | None:
    """A ticket's row with facts, in order, that all come after its own: what :func:`encode` would give, without reading it.

    None where one of their ids may be in it already, or a broker would refuse it.
    """
    row = unpack(value)
    for one in news:
        if _pack(one.fact.id) in row:
            return None
    long = row[_HEAD] == _ARRAY_16
    facts = row[_HEAD + (3 if long else 1) :]
    many = len(news) + (int.from_bytes(row[_HEAD + 1 : _HEAD + 3], "big") if long else row[_HEAD] - _ARRAY)
    head = _BYTES[_ARRAY + many] if many <= _SHORT else _BYTES[_ARRAY_16] + many.to_bytes(2, "big")
    row = b"".join([row[:_HEAD], head, facts, *map(_pack, news)])
    return pack(row) if len(row) <= MAX_ROW_BYTES else None


def join_rows(one: bytes, other: bytes) -> bytes:
    """The least row that holds both: how recovery meets a record that an older owner wrote late."""
    a, b = decode(one), decode(other)
    match a, b:
        case TicketRow(), TicketRow():
            return encode(TicketRow(join(a.facts, b.facts)[0]))
        case CustomerRow(), CustomerRow():
            facts, _ = join(a.facts, b.facts)
            return encode(CustomerRow(facts, activity.union(a.days, b.days), worth.union(a.amounts, b.amounts)))
        case ClockRow(), ClockRow():
            return encode(ClockRow(max(a.as_of, b.as_of), max(a.epoch, b.epoch)))
        case ForgottenRow(), ForgottenRow():
            return encode(ForgottenRow(max(a.at, b.at)))
        case _:
            raise TypeError(f"rows of two kinds under one key: {a!r} and {b!r}")
