"""A casebook's customers as what a churn model is fitted on: histories, counted and packed; a sample where they are many.

Chosen are customers whose hash ends low enough, so the same customers every night, whatever the order they came in; each
then stands for as many as it was chosen from. The upper bits decide: the lower ones say which casebook a customer is in, and
all of one casebook's may agree in them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from struct import iter_unpack, pack
from typing import Final
from zlib import crc32

from msgspec import Struct

from undertow.domain.customers.activity import RETAINED, retained, unpack
from undertow.domain.customers.activity import pack as pack_days

SAMPLE: Final = 20_000
"""Customers of one casebook beyond which a sample is taken: four parameters are found to about a hundredth from so many, and
their histories fit into one record."""
_MOST: Final = 0xFFFF

Counted = tuple[int, int, int, int]
"""Active days after the first; days from the first to the last; days from the first to the close; customers."""


class Population(Struct, frozen=True, array_like=True):
    """The customers of one casebook at the close of ``day`` (since 1970-01-01, UTC)."""

    day: int
    newest: int | None
    """The newest active day of anyone; None when nobody ever was."""
    customers: int
    """With any activity."""
    weight: int
    """How many customers each history stands for."""
    histories: bytes
    worth: float
    """Sum of what an active day of each of ``valued`` customers is worth."""
    valued: int


def gather(activity: Iterable[tuple[str, bytes]], values: Iterable[float], day: int, most: int = SAMPLE) -> Population:
    """Customers with their packed days, and what an active day is worth of those of whom it is known."""
    known = [
        (crc32(customer.encode()), days) for customer, packed in activity if (days := unpack(packed).until(day)).bits
    ]
    newest = max((days.last for _, days in known), default=None)
    if newest is not None:  # where a feed has stopped, time alone must take nothing away
        oldest = newest + 2 - RETAINED
        known = [
            (hashed, days if days.start >= oldest else unpack(retained(pack_days(days), newest + 1)))
            for hashed, days in known
            if days.last >= oldest
        ]
    halvings = 0
    while len(known) >> halvings > most:
        halvings += 1
    counted = Counter(
        (days.bits.bit_count() - 1, days.last - days.start, day - days.start)
        for hashed, days in known
        if not hashed >> (32 - halvings)
    )
    worths = list(values)
    return Population(
        day=day,
        newest=newest,
        customers=len(known),
        weight=1 << halvings,
        histories=_packed([(*history, n) for history, n in sorted(counted.items())]),
        worth=float(sum(worths)),
        valued=len(worths),
    )


def histories(populations: Sequence[Population], end: int) -> list[Counted]:
    """All of them at the close of day ``end``: no later than theirs, and not before anybody's last activity."""
    found = []
    for one in populations:
        for repeats, recency, age, n in _unpacked(one.histories):
            found.append((repeats, recency, age - (one.day - end), n * one.weight))
    return found


def _packed(rows: Iterable[Counted]) -> bytes:
    """Two bytes a number, little-endian; of more customers alike than fit, several rows."""
    flat: list[int] = []
    for *history, n in rows:
        for counted in range(0, n, _MOST):
            flat.extend((*history, min(n - counted, _MOST)))
    return pack(f"<{len(flat)}H", *flat)


def _unpacked(packed: bytes) -> Iterable[Counted]:
    return iter_unpack("<4H", packed)
