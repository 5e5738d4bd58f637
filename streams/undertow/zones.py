"""The time zone database as a table: since when which offset from UTC holds. A constant, as far as figures are concerned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

FIRST_YEAR: Final = 1990
LAST_YEAR: Final = 2100
"""Events carry no time outside these years (:mod:`undertow.wire`); before and after, the nearest offset holds."""
_DAY: Final = 86_400


@lru_cache(maxsize=256)
def offsets(zone: str) -> tuple[tuple[float, float], ...]:
    """(since, offset) in order: from ``since`` on (seconds since 1970, the first minus infinity) walls show UTC + ``offset``.

    Raises ``ZoneInfoNotFoundError`` or ``ValueError`` for a name that is no IANA time zone.
    """
    place = ZoneInfo(zone)
    start = int(datetime(FIRST_YEAR, 1, 1, tzinfo=UTC).timestamp())
    end = int(datetime(LAST_YEAR, 1, 1, tzinfo=UTC).timestamp())
    found = [(float("-inf"), _offset(place, start))]
    # day by day: no zone has changed its offset twice within a day, and the change itself is then found to the second
    for day in range(start, end, _DAY):
        after = _offset(place, day + _DAY)
        if after != found[-1][1]:
            found.append((float(_change(place, day, day + _DAY)), after))
    return tuple(found)


def _offset(place: ZoneInfo, seconds: int) -> float:
    shift = datetime.fromtimestamp(seconds, place).utcoffset()
    assert isinstance(shift, timedelta)
    return shift.total_seconds()


def _change(place: ZoneInfo, low: int, high: int) -> int:
    """The second at which the offset of ``low`` ended: it lies in (low, high]."""
    before = _offset(place, low)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(place, middle) == before:
            low = middle
        else:
            high = middle
    return high
