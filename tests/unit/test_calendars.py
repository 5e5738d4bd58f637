"""Working time: hours of the local week, less holidays, on clocks that are changed twice a year."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from undertow.domain.agreement.calendars import Calendar, merged
from undertow.zones import offsets

HOUR = 3600.0
OFFICE = tuple((day * 1440 + 480, day * 1440 + 1080) for day in range(5))
"""Monday to Friday, 08:00 to 18:00."""
NIGHT = tuple((day * 1440 + 60, day * 1440 + 300) for day in range(7))
"""Every day, 01:00 to 05:00: the hours in which clocks are changed."""


def at(text: str, zone: str = "Europe/Berlin") -> float:
    """Seconds of a local time; of two with the same name the first."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def day(text: str) -> int:
    return date.fromisoformat(text).toordinal() - date(1970, 1, 1).toordinal()


def test_a_weekend_is_no_working_time():
    """Promise: Friday 17:00 to Monday 09:00 is two hours of office time."""
    office = Calendar("Europe/Berlin", OFFICE)
    assert office.seconds(at("2026-06-05 17:00"), at("2026-06-08 09:00")) == 2 * HOUR


def test_without_hours_it_is_always_open_and_both_clocks_agree():
    """Promise: the default calendar counts calendar time, to the fraction."""
    assert Calendar().seconds(10.25, 20.5) == 10.25
    assert Calendar().add(10.25, 5.5) == 15.75
    assert Calendar("Europe/Berlin").always_open
    assert not Calendar(holidays=frozenset({20_000})).always_open


def test_nothing_has_been_worked_before_the_start():
    """Promise: an end before the start is zero and not negative."""
    office = Calendar("UTC", OFFICE)
    assert office.seconds(at("2026-06-05 17:00"), at("2026-06-05 12:00")) == 0.0


@pytest.mark.parametrize(
    ("date", "worked"),
    [("2026-03-29", 3), ("2026-10-25", 5), ("2026-03-28", 4)],
    ids=["clocks forward", "clocks back", "no change"],
)
def test_an_hour_that_clocks_skip_is_not_there_and_one_they_show_twice_counts_twice(date, worked):
    """Promise: what counts is what the clock on the wall shows."""
    night = Calendar("Europe/Berlin", NIGHT)
    assert night.seconds(at(f"{date} 00:00"), at(f"{date} 12:00")) == worked * HOUR
    assert night.add(at(f"{date} 00:00"), worked * HOUR) == at(f"{date} 05:00")


def test_half_an_hour_of_summer_time_is_half_an_hour():
    """Promise: Lord Howe moves its clocks by thirty minutes; nothing assumes whole hours."""
    night = Calendar("Australia/Lord_Howe", NIGHT)
    start, end = (at(f"2026-10-04 {hour}:00", "Australia/Lord_Howe") for hour in ("00", "12"))
    assert night.seconds(start, end) == 3.5 * HOUR


def test_overlapping_hours_count_once_and_empty_ones_not_at_all():
    """Promise: hours may come in any order, overlap, touch or be of no length."""
    odd = Calendar("UTC", ((600, 660), (540, 630), (700, 700), (660, 661)))
    monday = at("2026-06-08 00:00", "UTC")
    assert odd.seconds(monday, monday + 86_400) == 121 * 60
    assert merged(odd.hours) == [(540, 661)]


def test_hours_to_the_last_minute_of_the_week_run_into_the_next_one():
    """Promise: Sunday 22:00 to 24:00 and Monday 00:00 to 02:00 are four hours on end."""
    over = Calendar("UTC", ((6 * 1440 + 1320, 7 * 1440), (0, 120)))
    sunday = at("2026-06-07 21:00", "UTC")
    assert over.add(sunday, 4 * HOUR) == at("2026-06-08 02:00", "UTC")


def test_a_calendar_with_hours_of_no_length_is_never_open():
    """Promise: it counts nothing, and no deadline in it is ever reached."""
    never = Calendar("UTC", ((480, 480),))
    assert never.seconds(0.0, 1e9) == 0.0
    assert never.add(0.0, 1.0) == float("inf")
    assert never.add(5.0, 0.0) == 5.0


def test_hours_that_change_count_from_their_day_on_and_change_nothing_before_it():
    """Promise: the calendar in force is that of the time: Saturdays agreed from July on were never worked in June."""
    office = tuple((day * 1440 + 540, day * 1440 + 1020) for day in range(5))
    saturdays = (*office, (5 * 1440 + 540, 5 * 1440 + 780))
    calendar = Calendar("Europe/Berlin", office, changes=((day("2026-07-01"), saturdays),))
    assert calendar.seconds(at("2026-06-27"), at("2026-06-28")) == 0.0
    assert calendar.seconds(at("2026-07-04"), at("2026-07-05")) == 4 * HOUR
    # two hours from Friday 16:00: Monday 10:00 in June, Saturday 10:00 in July
    assert calendar.add(at("2026-06-26T16:00"), 2 * HOUR) == at("2026-06-29T10:00")
    assert calendar.add(at("2026-07-03T16:00"), 2 * HOUR) == at("2026-07-04T10:00")
    # what is reached with the last hour before the change is not put off to the first one after it
    assert calendar.add(at("2026-06-30T16:00"), HOUR) == at("2026-06-30T17:00")
    assert (calendar.on(day("2026-06-30")), calendar.on(day("2026-07-01"))) == (office, saturdays)


def test_a_clock_may_stop_for_good_or_begin_to_run():
    """Promise: around the clock until a day, then never, and the other way round."""
    never = ((480, 480),)
    ends = Calendar("UTC", (), changes=((10, never),))
    assert ends.add(9 * 86_400.0, 86_400.0) == 10 * 86_400.0
    assert ends.add(9 * 86_400.0, 86_401.0) == float("inf")
    begins = Calendar("UTC", never, changes=((10, ()),))
    assert begins.add(0.0, 60.0) == 10 * 86_400.0 + 60
    assert (ends.always_open, begins.always_open) == (False, False)
    assert Calendar("UTC", (), changes=((10, ()),)).always_open


def test_holidays_are_days_of_the_zone():
    """Promise: a holiday takes its local day out, also the part of it that is another day in UTC."""
    free = Calendar("Pacific/Auckland", OFFICE, frozenset({day("2026-06-09")}))
    start, end = (at(f"2026-06-{date} 12:00", "Pacific/Auckland") for date in ("08", "10"))
    assert free.seconds(start, end) == 10 * HOUR
    assert free.add(start, 6.5 * HOUR) == at("2026-06-10 08:30", "Pacific/Auckland")


def test_holidays_close_a_calendar_without_hours_too():
    """Promise: always open but for the holidays."""
    free = Calendar("UTC", holidays=frozenset({day("2026-06-09"), day("2026-06-10")}))
    start = at("2026-06-08 12:00", "UTC")
    assert free.seconds(start, start + 4 * 86_400) == 2 * 86_400
    assert free.add(start, 12 * HOUR + 1) == at("2026-06-11 00:00:01", "UTC")


def test_a_deadline_is_the_first_moment_at_which_it_is_reached():
    """Promise: ten hours from Friday 08:00 end on Friday 18:00 and not on Monday 08:00, whatever the fractions."""
    office = Calendar("UTC", OFFICE)
    friday = at("2026-06-05 08:00", "UTC")
    assert office.add(friday, 10 * HOUR) == at("2026-06-05 18:00", "UTC")
    assert office.add(friday, 10 * HOUR + 1) == at("2026-06-08 08:00:01", "UTC")
    for part in range(1, 200):
        early = friday + part / 997
        assert office.add(early, 10 * HOUR - part / 997) == pytest.approx(at("2026-06-05 18:00", "UTC"), abs=1e-4)


def test_weeks_begin_on_sunday_of_the_zone():
    """Promise: an interval is cut at each local Sunday midnight, also over a change of the clocks."""
    berlin = Calendar("Europe/Berlin", OFFICE)
    start, end = at("2026-03-26 10:00"), at("2026-04-06 10:00")
    cuts = [start, at("2026-03-29 00:00"), at("2026-04-05 00:00"), end]
    assert berlin.weeks(start, end) == list(pairwise(cuts))
    assert berlin.weeks(start, start) == []


@pytest.mark.parametrize("hours", [((-1, 60),), ((60, 30),), ((0, 10_081),)])
def test_hours_outside_the_week_are_refused(hours):
    """Promise: impossible hours are an error that says what is possible, not a silent zero."""
    with pytest.raises(ValueError, match="minutes of a week run from 0 to 10080"):
        Calendar("UTC", hours).seconds(0.0, 1.0)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Africa/Casablanca", "Australia/Lord_Howe", "Pacific/Apia", "UTC"])
def test_offsets_are_those_of_the_zone_database(zone):
    """Promise: just before and at each change, to the second; Casablanca changes around Ramadan, Apia lost a whole day."""
    found = offsets(zone)
    place = ZoneInfo(zone)
    for (_, before), (since, after) in pairwise(found):
        for moment, offset in ((since - 1, before), (since, after)):
            shown = datetime.fromtimestamp(moment, place).utcoffset()
            assert shown is not None
            assert shown.total_seconds() == offset
    for year in range(1991, 2100):
        moment = datetime(year, 7, 2, 12, tzinfo=UTC).timestamp()
        offset = next(offset for since, offset in reversed(found) if since <= moment)
        assert datetime.fromtimestamp(moment, place).utcoffset().total_seconds() == offset  # type: ignore[union-attr]
