"""Days of a contract's time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfoNotFoundError

import pytest

from undertow.clock import day_of


def number(text: str) -> int:
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("zone", "utc", "day"),
    [
        ("UTC", "1970-01-01T00:00:00", "1970-01-01"),
        ("UTC", "2024-03-30T23:59:59.999", "2024-03-30"),
        ("Etc/UTC", "2024-03-31T00:00:00", "2024-03-31"),
        ("Europe/Berlin", "2024-03-30T22:59:59", "2024-03-30"),
        ("Europe/Berlin", "2024-03-30T23:00:00", "2024-03-31"),
        ("Europe/Berlin", "2024-03-31T21:59:59", "2024-03-31"),
        ("Europe/Berlin", "2024-03-31T22:00:00", "2024-04-01"),
        ("Europe/Berlin", "2024-10-26T22:00:00", "2024-10-27"),
        ("Europe/Berlin", "2024-10-27T22:59:59", "2024-10-27"),
        ("America/New_York", "2024-11-03T04:00:00", "2024-11-03"),
        ("America/New_York", "2024-11-04T04:59:59", "2024-11-03"),
        ("Australia/Lord_Howe", "2024-04-06T13:00:00", "2024-04-07"),
        ("Australia/Lord_Howe", "2024-04-07T13:29:59", "2024-04-07"),
        ("Asia/Kolkata", "2024-01-01T18:30:00", "2024-01-02"),
        ("Pacific/Apia", "2011-12-30T09:59:59", "2011-12-29"),
        ("Pacific/Apia", "2011-12-30T10:00:00", "2011-12-31"),
    ],
)
def test_a_day_begins_at_the_zone_s_own_midnight(zone, utc, day):
    """Promise: days are of 23, 24 or 25 hours, or missing, as the zone has them."""
    assert day_of(zone)(seconds(utc)) == number(day)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "UTC"])
def test_days_never_run_backwards(zone):
    """Promise: a later moment is never of an earlier day, in a year with both changes of the clock."""
    day = day_of(zone)
    days = [day(seconds("2011-01-01T00:00:00") + 1800 * n) for n in range(2 * 24 * 366)]
    assert days == sorted(days)


def test_a_zone_that_does_not_exist_is_an_error_that_says_so():
    """Promise: no silent UTC."""
    with pytest.raises(ZoneInfoNotFoundError):
        day_of("Europe/Atlantis")
