"""Working time against an oracle that looks at the clock on the wall once a minute."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from undertow.domain.agreement.calendars import Calendar
from undertow.zones import offsets

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "America/Sao_Paulo",
    "Pacific/Apia",
)
EPOCH = datetime(1970, 1, 1).toordinal()  # noqa: DTZ001
MINUTE = 60

minutes = st.integers(0, 10_080) | st.integers(0, 7).map(lambda day: day * 1440)
spans = st.tuples(minutes, minutes).map(lambda pair: (min(pair), max(pair)))


@st.composite
def calendars(draw: st.DrawFn) -> tuple[Calendar, int]:
    """A calendar, and a minute near to something odd: a change of the clocks, or a holiday."""
    zone = draw(st.sampled_from(ZONES))
    changes = [int(since) for since, _ in offsets(zone)[1:]]
    near = draw(st.sampled_from([1_710_000_000, *changes[-200:]])) // MINUTE * MINUTE
    start = near - draw(st.integers(0, 4 * 1440)) * MINUTE
    days = draw(st.sets(st.integers(-1, 6), max_size=3))
    hours = draw(st.lists(spans, max_size=5))
    later = draw(st.dictionaries(st.integers(-2, 20), st.lists(spans, max_size=3), max_size=3))
    others = tuple((start // 86_400 + day, tuple(then)) for day, then in sorted(later.items()))
    return Calendar(zone, tuple(hours), frozenset(start // 86_400 + day for day in days), others), start


def open_at(calendar: Calendar, minute: int) -> bool:
    """What the wall shows at a minute (seconds since 1970)."""
    shown = datetime.fromtimestamp(minute, ZoneInfo(calendar.time_zone))
    if shown.toordinal() - EPOCH in calendar.holidays:
        return False
    hours = calendar.hours
    for since, others in calendar.changes:
        if shown.toordinal() - EPOCH >= since:
            hours = others
    of_week = shown.weekday() * 1440 + shown.hour * 60 + shown.minute
    return not hours or any(start <= of_week < end for start, end in hours)


def oracle(calendar: Calendar, start: float, end: float) -> float:
    """Minute by minute."""
    first = int(start // MINUTE * MINUTE)
    return sum(
        min(minute + MINUTE, end) - max(minute, start)
        for minute in range(first, int(end) + MINUTE, MINUTE)
        if minute < end and open_at(calendar, minute)
    )


@settings(max_examples=120, deadline=None)
@given(calendars(), st.integers(0, 5 * 86_400), st.integers(0, 3600))
def test_working_seconds_are_the_open_minutes_on_the_wall(drawn, length, offset):
    """Promise: exact to the second, through changes of the clocks, holidays, and hours of any shape."""
    calendar, near = drawn
    start = near + offset
    assert calendar.seconds(start, start + length) == oracle(calendar, start, start + length)


@settings(max_examples=150, deadline=None)
@given(calendars(), st.lists(st.integers(0, 400 * 86_400), min_size=3, max_size=3))
def test_working_time_adds_up(drawn, cuts):
    """Promise: what lies between two instants is what lies in the parts, over months and their changes of the clocks."""
    calendar, start = drawn
    times = sorted(start + cut for cut in cuts)
    parts = sum(calendar.seconds(*pair) for pair in pairwise(times))
    assert calendar.seconds(times[0], times[-1]) == parts
    weeks = calendar.weeks(times[0], times[-1])
    assert sum(calendar.seconds(*week) for week in weeks) == parts
    assert [end for _, end in weeks[:-1]] == [begin for begin, _ in weeks[1:]]


@settings(max_examples=150, deadline=None)
@given(calendars(), st.integers(1, 20 * 86_400))
def test_adding_working_time_is_the_inverse_and_gives_the_first_such_moment(drawn, seconds):
    """Promise: so much has been worked by then, and not a second earlier."""
    calendar, start = drawn
    end = calendar.add(start, seconds)
    assume(end < datetime(2099, 1, 1, tzinfo=UTC).timestamp())
    assert calendar.seconds(start, end) == seconds
    assert calendar.seconds(start, end - 1) == seconds - 1
