"""Days and the reporting periods they make up."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from undertow.clock import day_of
from undertow.domain.agreement.contract import DAY, Contract
from undertow.domain.agreement.periods import Known, Period, day_of_month, every, known, newest, ordinary

EPOCH = date(1970, 1, 1)


def number(year: int, month: int, day: int) -> int:
    return (date(year, month, day) - EPOCH).days


def days(year: int, month: int, first: int, last: int) -> list[int]:
    return [number(year, month, day) for day in range(first, last + 1)]


def test_the_day_of_the_month_is_the_calendars():
    """Promise: every day of six centuries, leap years and none, before 1970 and after."""
    for day in range(number(1600, 1, 1), number(2200, 1, 1)):
        assert day_of_month(day) == (EPOCH + timedelta(days=day)).day


@pytest.mark.parametrize(
    ("complete", "first", "last"),
    [
        ((2026, 6, 14), (2026, 5, 1), (2026, 5, 31)),
        ((2026, 5, 31), (2026, 5, 1), (2026, 5, 31)),
        ((2026, 5, 30), (2026, 4, 1), (2026, 4, 30)),
        ((2024, 3, 9), (2024, 2, 1), (2024, 2, 29)),
        ((2026, 1, 1), (2025, 12, 1), (2025, 12, 31)),
    ],
)
def test_the_newest_month_is_the_last_one_that_is_over(complete, first, last):
    """Promise: on the last day of a month, that month."""
    assert newest("month", number(*complete)) == Period(number(*first), number(*last))


def test_a_rolling_period_is_the_last_28_days():
    """Promise: the day that is over included."""
    assert newest("rolling", 100) == Period(73, 100)


def test_every_period_since_a_day_is_listed_once_and_without_a_hole():
    """Promise: from the one that holds the first day, to the newest."""
    found = every("month", number(2025, 11, 20), number(2026, 2, 10))
    assert [(EPOCH + timedelta(days=one.first)).isoformat()[:7] for one in found] == ["2025-11", "2025-12", "2026-01"]
    for kind in ("month", "rolling"):
        found = every(kind, 20_000, 20_200)
        assert found[0].first <= 20_000 <= found[0].last
        assert found[-1] == newest(kind, 20_200)
        assert [one.last + 1 for one in found[:-1]] == [one.first for one in found[1:]]
    assert every("rolling", 101, 100) == []


def test_the_usual_days_are_those_of_two_months_less_their_ends():
    """Promise: an end that is always busy would hide itself."""
    may = Period(number(2026, 5, 1), number(2026, 5, 31))
    assert ordinary(may, 2) == days(2026, 4, 1, 28) + days(2026, 5, 1, 29)


def test_what_is_known_of_days_follows_the_contracts_clock_and_windows():
    """Promise: yesterday is over; a day is mature after the follow-up; what is dropped is gone from the next day on."""
    noon = datetime(2026, 6, 15, 12, tzinfo=UTC).timestamp()
    contract = Contract(vendor="acme", repeat_window=30 * DAY, reopen_window=14 * DAY)
    assert known(contract, noon, day_of("UTC")) == Known(
        number(2026, 6, 14), number(2026, 5, 15), number(2026, 6, 16) - 120
    )
    # dropped is who had no fact since 15 February 12:00; of the sixteenth on, nobody
    assert contract.kept_for == 120 * DAY
    late = datetime(2026, 6, 15, 23, tzinfo=UTC).timestamp()
    assert known(contract, late, day_of("Europe/Berlin")).complete == number(2026, 6, 15)
    history = Contract(vendor="acme", as_of=noon)
    assert known(history, late + 90 * DAY, day_of("UTC")) == Known(number(2026, 6, 14), number(2026, 5, 15), None)
    assert known(Contract(vendor="acme", keep_all=True), noon, day_of("UTC")).kept is None
