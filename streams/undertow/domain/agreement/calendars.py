"""Working time: how many seconds of business hours lie between two instants, exactly.

An instant is working time when a clock on the wall of the calendar's zone shows one of its hours on a day that is no
holiday. So an hour that the change to summer time skips is not there to be worked, and one that is shown twice counts
twice. Times are seconds since 1970-01-01T00:00Z.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import lru_cache
from itertools import pairwise
from typing import Final

from msgspec import Struct

from undertow.zones import offsets

DAY: Final = 86_400
WEEK: Final = 7 * DAY
MINUTES_A_WEEK: Final = WEEK // 60
_MONDAY: Final = -3 * DAY
"""1969-12-29, the Monday before 1970-01-01: weeks are counted from it."""
KEPT: Final = 4096
"""Instants that a calendar remembers."""
_NOISE: Final = 1e-5
"""Seconds. What sums of times lose: hours begin and end on whole minutes, so nothing real is this near to one."""
_SUNDAY: Final = _MONDAY - DAY


Hours = tuple[tuple[int, int], ...]
"""[start, end) in minutes of the local week, 0 is Monday 00:00; in any order, may overlap. Empty: always open."""


class Calendar(Struct, frozen=True, cache_hash=True, forbid_unknown_fields=True):
    """Business hours. The default is always open, so that both clocks agree where no hours were agreed."""

    time_zone: str = "UTC"
    """IANA name."""
    hours: Hours = ()
    holidays: frozenset[int] = frozenset()
    """Days since 1970-01-01 in the zone on which nothing is open."""
    changes: tuple[tuple[int, Hours], ...] = ()
    """Other hours in place of those before, from a day on (since 1970-01-01 in the zone); by day, ascending. What was worked
    before they were agreed stays as it was."""

    def seconds(self, start: float, end: float) -> float:
        """Working seconds in [start, end); 0 when ``end`` is not after ``start``."""
        return _clock(self).seconds(start, end)

    def add(self, start: float, seconds: float) -> float:
        """The first instant, not before ``start``, by which ``seconds`` of working time have passed; inf where none does."""
        return _clock(self).add(start, seconds)

    def weeks(self, start: float, end: float) -> list[tuple[float, float]]:
        """[start, end) in parts that lie within one week of the zone each, Sunday to Saturday."""
        return _clock(self).weeks(start, end)

    @property
    def always_open(self) -> bool:
        """True when the business clock is the calendar clock."""
        return not self.hours and not self.holidays and not any(hours for _, hours in self.changes)

    def on(self, day: int) -> Hours:
        """The hours in force on a day (since 1970-01-01 in the zone)."""
        place = bisect_right(self.changes, day, key=_since)
        return self.changes[place - 1][1] if place else self.hours


class WorkingClock:
    """A calendar made ready: ``seconds`` and ``add`` cost two bisections, whatever lies between the instants.

    Working time up to an instant is a sum over spans of one offset; within a span the wall clock runs evenly, so there it
    is whole weeks, a part of a week, less the holidays before. Where the hours change, the sum goes on from what it was.
    """

    def __init__(self, calendar: Calendar) -> None:
        self.always_open = calendar.always_open
        self._weeks = [_Week(calendar.hours)]
        self._begin: list[float] = []
        """What the wall clock shows when each week but the first comes into force."""
        self._before = [0.0]
        """What must be added to a week's own count so that it goes on from the one before."""
        for day, hours in calendar.changes:
            self._weeks.append(_Week(hours))
            self._before.append(self._raw(day * DAY) - self._weeks[-1].worked(day * DAY))
            self._begin.append(day * DAY)
        self._ends = [self._raw(begin) for begin in self._begin]
        self._holidays = sorted(calendar.holidays)
        self._closed = [0.0]
        for day in self._holidays:
            self._closed.append(self._closed[-1] + self._raw((day + 1) * DAY) - self._raw(day * DAY))
        spans = offsets(calendar.time_zone)
        self._since = [since for since, _ in spans]
        self._shift = [shift for _, shift in spans]
        # what must be added to the wall clock's own count so that the count runs on without a jump where the offset changes
        self._jump = [0.0]
        for (_, before), (since, after) in pairwise(spans):
            self._jump.append(self._jump[-1] + self._wall(since + before) - self._wall(since + after))
        # a ticket's measures, and its readings even more so, ask for the same few instants again and again
        self._until = lru_cache(maxsize=KEPT)(self._worked)

    def seconds(self, start: float, end: float) -> float:
        """See :meth:`Calendar.seconds`."""
        if end <= start:
            return 0.0
        return end - start if self.always_open else self._until(end) - self._until(start)

    def add(self, start: float, seconds: float) -> float:
        """See :meth:`Calendar.add`."""
        if seconds <= 0:
            return start
        if self.always_open:
            return start + seconds
        target = self._until(start) + seconds
        place = bisect_right(self._since, start) - 1
        while place + 1 < len(self._since) and self._until(self._since[place + 1]) < target:
            place += 1
        return self._when(target - self._jump[place]) - self._shift[place]

    def weeks(self, start: float, end: float) -> list[tuple[float, float]]:
        """See :meth:`Calendar.weeks`."""
        parts: list[tuple[float, float]] = []
        while start < end:
            place = bisect_right(self._since, start) - 1
            shown = start + self._shift[place]
            sunday = shown + WEEK - (shown - _SUNDAY) % WEEK
            # where clocks are changed on the way, the first moment at which they show Sunday, or have skipped to it
            while place + 1 < len(self._since) and sunday - self._shift[place] >= self._since[place + 1]:
                place += 1
            then = max(self._since[place], sunday - self._shift[place])
            parts.append((start, min(then, end)))
            start = then
        return parts

    def _worked(self, instant: float) -> float:
        """Working seconds up to an instant, from an arbitrary beginning that is the same for all."""
        place = bisect_right(self._since, instant) - 1
        return self._jump[place] + self._wall(instant + self._shift[place])

    def _wall(self, shown: float) -> float:
        """Working seconds until a clock that runs evenly shows ``shown``, holidays taken out."""
        place = bisect_left(self._holidays, shown // DAY)
        if place < len(self._holidays) and self._holidays[place] == shown // DAY:
            shown -= shown % DAY
        return self._raw(shown) - self._closed[place]

    def _raw(self, shown: float) -> float:
        """The same as if there were no holidays."""
        place = bisect_right(self._begin, shown)
        return self._before[place] + self._weeks[place].worked(shown)

    def _when(self, worked: float) -> float:
        """What the clock of :meth:`_wall` shows first when so many seconds have been worked."""
        place = 0
        while True:
            shown = self._raw_when(worked + self._closed[place])
            # a holiday that has begun by then is worked through in vain as a whole, so it comes on top and we look again
            further = bisect_left(self._holidays, shown / DAY)
            if further <= place:
                return shown
            place = further

    def _raw_when(self, worked: float) -> float:
        if abs(worked - round(worked)) < _NOISE:
            worked = float(round(worked))
        place = bisect_left(self._ends, worked)  # the first that comes so far before the next one comes into force
        return self._weeks[place].when(worked - self._before[place])


class _Week:
    """The hours of a week that is repeated for ever."""

    def __init__(self, hours: Hours) -> None:
        self._edges = [0, *(edge * 60 for span in merged(hours) for edge in span), WEEK]
        self._sums = [0]
        for place, (low, high) in enumerate(pairwise(self._edges)):
            self._sums.append(self._sums[-1] + (high - low if place % 2 else 0))
        self._all = self._sums[-1]

    def worked(self, shown: float) -> float:
        """Seconds worked when the wall clock shows so much, from the week of 1970 on."""
        weeks, rest = divmod(shown - _MONDAY, WEEK)
        place = bisect_right(self._edges, rest) - 1
        return weeks * self._all + self._sums[place] + (rest - self._edges[place] if place % 2 else 0.0)

    def when(self, worked: float) -> float:
        """What the wall clock shows first when so much was worked; infinite where nothing ever is."""
        if not self._all:
            return float("inf")
        weeks, rest = divmod(worked, self._all)
        if rest == 0.0:  # a full week is reached when its last hours end, not when the next week's begin
            weeks, rest = weeks - 1, float(self._all)
        place = bisect_left(self._sums, rest) - 1
        return _MONDAY + weeks * WEEK + self._edges[place] + rest - self._sums[place]


def merged(hours: Hours) -> list[tuple[int, int]]:
    """Opening spans in minutes of the week: in order, apart from each other, none empty. ``()`` is the whole week."""
    if not hours:
        return [(0, MINUTES_A_WEEK)]
    found: list[tuple[int, int]] = []
    for start, end in sorted(hours):
        if not 0 <= start <= end <= MINUTES_A_WEEK:
            raise ValueError(f"hours [{start}, {end}): minutes of a week run from 0 to {MINUTES_A_WEEK}, start first")
        if start == end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


@lru_cache(maxsize=1024)
def _clock(calendar: Calendar) -> WorkingClock:
    return WorkingClock(calendar)


def _since(change: tuple[int, Hours]) -> int:
    return change[0]
