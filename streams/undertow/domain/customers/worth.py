"""What an active day of a customer is worth: the amounts of the latest days that carried one, as a join.

Activity is kept as days, without event ids, so amounts cannot be added up: a duplicate would count twice. What is kept is
each day's highest amount, of the two latest days that had one. That is a join, like the set of days itself. Packed: eight
bytes a day, the day in two and hundredths of the currency's unit in six, ascending; nothing known is ``b""``.
"""

from __future__ import annotations

from typing import Final

KEPT: Final = 2
"""Days with an amount that are kept: a third would take a customer with two full years beyond 250 bytes of state."""
_DAY: Final = 2
SIZE: Final = 8
"""Bytes of one day with its amount."""
_MOST: Final = 10**14
"""Hundredths: the largest amount an event may carry."""


def add(packed: bytes, day: int, amount: float) -> bytes:
    """With the amount of one event on ``day`` (days since 1970-01-01); the very object when nothing changed."""
    if len(packed) == KEPT * SIZE and day < packed[0] | packed[1] << 8:
        return packed  # later days are known
    cents = max(-_MOST, min(round(amount * 100), _MOST))
    return _joined(packed, {day: cents})


def union(one: bytes, other: bytes) -> bytes:
    """What both know."""
    return _joined(one, _read(other))


def usual(packed: bytes) -> float | None:
    """The mean of the amounts kept, in the currency's unit; None when no amount was ever told."""
    known = _read(packed)
    return sum(known.values()) / 100 / len(known) if known else None


def days(packed: bytes) -> list[tuple[int, float]]:
    """The days kept with their amounts, in the currency's unit, ascending."""
    return [(day, cents / 100) for day, cents in sorted(_read(packed).items())]


def _read(packed: bytes) -> dict[int, int]:
    return {
        int.from_bytes(packed[at : at + _DAY], "little"): int.from_bytes(
            packed[at + _DAY : at + SIZE], "little", signed=True
        )
        for at in range(0, len(packed), SIZE)
    }


def _joined(packed: bytes, more: dict[int, int]) -> bytes:
    known = _read(packed)
    for day, cents in more.items():
        known[day] = max(cents, known.get(day, cents))
    latest = sorted(known.items())[-KEPT:]
    joined = b"".join(day.to_bytes(2, "little") + cents.to_bytes(6, "little", signed=True) for day, cents in latest)
    return packed if joined == packed else joined
