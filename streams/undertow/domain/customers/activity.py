"""Activity: the set of days on which a customer was active, as a join that fits into a hundred bytes.

A set is packed as its first day (two bytes, little-endian) and a bitmap from that day on; the empty set is ``b""``.
Equal sets are equal bytes. Union is commutative, associative and idempotent, and forgetting what lies before the retained
window commutes with it: duplicated, reordered and late activity gives the same bytes. Days count from 1970-01-01.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from msgspec import Struct

RETAINED: Final = 730
"""Days of activity that are kept: two years."""
_LAST: Final = 0xFFFF
"""The last day that two bytes can name: in the year 2149."""
_START: Final = 2
"""Bytes before the bitmap."""
_BYTES: Final = [bytes((value,)) for value in range(256)]


class Days(NamedTuple):
    """A set of days, unpacked: bit i of ``bits`` is the day ``start + i``. Bit 0 is set unless the set is empty."""

    start: int
    bits: int

    @property
    def last(self) -> int:
        """The last active day; ``start - 1`` of an empty set."""
        return self.start + self.bits.bit_length() - 1

    def active(self, first: int, last: int) -> int:
        """Active days from ``first`` to ``last``, both included."""
        low = first - self.start
        high = last - self.start + 1
        if high <= 0 or high <= low:
            return 0
        bits = self.bits & ((1 << high) - 1)
        return (bits >> low if low > 0 else bits).bit_count()

    def until(self, last: int) -> Days:
        """The days up to and including ``last``."""
        width = last - self.start + 1
        return Days(self.start, self.bits & ((1 << width) - 1)) if width > 0 else NONE

    def listed(self) -> list[int]:
        """Every day, ascending."""
        return [self.start + place for place, bit in enumerate(bin(self.bits)[:1:-1]) if bit == "1"]


NONE: Final = Days(0, 0)
"""No activity."""


class History(Struct, frozen=True):
    """What a churn model knows of a customer, in units of ``unit`` days (7: weeks).

    ``repeats`` is x, the active days after the first; ``recency`` t_x, from the first to the last; ``age`` T, from the
    first to the end of observation. Only the retained days count: a customer of ten years is seen from two years ago.
    """

    repeats: int
    recency: float
    age: float


def of(days: Iterable[int]) -> bytes:
    """The packed set of ``days``. Raises ValueError for a day before 1970 or after 2149."""
    packed = b""
    for day in days:
        packed = add(packed, day)
    return packed


def unpack(packed: bytes) -> Days:
    """The set as numbers."""
    if not packed:
        return NONE
    return Days(int.from_bytes(packed[:2], "little"), int.from_bytes(packed[2:], "little"))


def pack(days: Days) -> bytes:
    """The set as bytes."""
    start, bits = days
    return start.to_bytes(2, "little") + bits.to_bytes((bits.bit_length() + 7) >> 3, "little") if bits else b""


def add(packed: bytes, day: int) -> bytes:
    """The set with ``day`` in it: the very object when it was. Raises ValueError for a day no set can hold."""
    if packed:
        place = day - (packed[0] | packed[1] << 8)
        at = _START + (place >> 3)
        if place >= 0 and at < len(packed):  # within the bitmap: one byte changes, and nothing need be unpacked
            byte = packed[at]
            with_it = byte | 1 << (place & 7)
            return packed if with_it == byte else packed[:at] + _BYTES[with_it] + packed[at + 1 :]
    if not 0 <= day <= _LAST:
        raise ValueError(f"day {day} is not between 1970 and 2149")
    start, bits = unpack(packed)
    if not bits:
        return pack(Days(day, 1))
    place = day - start
    if place < 0:
        return pack(Days(day, bits << -place | 1))
    return pack(Days(start, bits | 1 << place))


def union(one: bytes, other: bytes) -> bytes:
    """All days of both."""
    if not one or not other or one == other:
        return one or other
    a, b = unpack(one), unpack(other)
    start = min(a.start, b.start)
    return pack(Days(start, a.bits << (a.start - start) | b.bits << (b.start - start)))


def retained(packed: bytes, today: int) -> bytes:
    """The last :data:`RETAINED` days up to ``today`` (and whatever lies after it): what is older is forgotten.

    For ``today`` that only grows, forgetting before or after a union gives the same set.
    """
    if not packed:
        return packed
    start = packed[0] | packed[1] << 8
    gone = today - RETAINED + 1 - start
    if gone <= 0:
        return packed
    bits = unpack(packed).bits >> gone
    if not bits:
        return b""
    skip = (bits & -bits).bit_length() - 1
    return pack(Days(start + gone + skip, bits >> skip))


def history(days: Days, end: int, unit: float = 1.0) -> History | None:
    """What is known of the customer at the close of day ``end``; None before the first active day."""
    seen = days.until(end)
    if not seen.bits:
        return None
    return History(seen.bits.bit_count() - 1, (seen.last - seen.start) / unit, (end - seen.start) / unit)
