"""Time: the injected clock, and days of a contract's time zone."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

Clock = Callable[[], float]
"""Seconds since 1970-01-01T00:00Z."""

wall: Final[Clock] = time.time

_EPOCH_ORDINAL: Final = datetime(1970, 1, 1).toordinal()  # noqa: DTZ001 - a date's ordinal has no zone


@lru_cache(maxsize=256)
def day_of(zone: str) -> Callable[[float], int]:
    """Seconds to days since 1970-01-01 in the IANA time zone. Raises ``ZoneInfoNotFoundError`` for an unknown one."""
    if zone in {"UTC", "Etc/UTC"}:
        return lambda seconds: int(seconds // 86_400)
    place = ZoneInfo(zone)
    return lambda seconds: datetime.fromtimestamp(seconds, place).toordinal() - _EPOCH_ORDINAL


def start_of(zone: str, day: int) -> float:
    """The first second of a day (days since 1970-01-01) in the IANA time zone."""
    number = day_of(zone)
    low, high = (day - 1) * 86_400, (day + 1) * 86_400  # no zone is a day or more from UTC
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if number(middle) >= day else (middle, high)
    return float(high)
