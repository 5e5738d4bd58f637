"""Alerts know the contract's thresholds and clock: silence is a difference of two numbers, in working time."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import msgspec
import pytest

from undertow.contracts import parse
from undertow.domain.agreement.alerts import ALLOWED, Alerts
from undertow.domain.agreement.calendars import Calendar
from undertow.domain.agreement.contract import Contract
from undertow.metrics.agreed import agreed, named, terms
from undertow.metrics.board import Board
from undertow.metrics.collector import Collector
from undertow.topics import CLAIMS, TICKETS

OFFICE = parse(
    "vendor: acme\ncalendar: {hours: {monday-friday: 09:00-17:00}, closed: [2026-05-25]}\nalerts: {silent_after: 4h}",
    "acme",
)
CONTRACTS = {"acme": OFFICE, "round": Contract(vendor="round")}


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def shown(now: float, *arrivals: tuple[str, str, float], read_at: float | None = None) -> dict[tuple[str, ...], float]:
    """Every sample of a scrape at a time, by name and labels without the calendar's."""
    times = iter([now if read_at is None else read_at] * len(arrivals))
    board = Board(
        feeds=(TICKETS, CLAIMS), vendors=CONTRACTS, topics=(), contracts=CONTRACTS, wall=lambda: next(times, now)
    )
    for feed, vendor, seconds in arrivals:
        board.fed(feed, arrivals={vendor: seconds})
    return {
        (sample.name, *(value for name, value in sample.labels.items() if name != "calendar")): sample.value
        for family in Collector(board).collect()
        for sample in family.samples
    }


def silence(now: float, arrival: float, vendor: str = "acme") -> float:
    found = shown(now, (TICKETS, vendor, arrival))
    return (
        found["undertow_contract_working_seconds", vendor]
        - found["undertow_feed_last_record_working_seconds", TICKETS, vendor]
    )


@pytest.mark.parametrize(
    ("arrival", "now", "hours"),
    [
        ("2026-05-22T16:00", "2026-05-26T10:00", 2.0),  # a weekend and a holiday between
        ("2026-05-22T16:00", "2026-05-25T23:00", 1.0),
        ("2026-05-19T12:00", "2026-05-19T16:30", 4.5),
        ("2026-05-23T03:00", "2026-05-24T03:00", 0.0),
    ],
)
def test_the_difference_is_working_time(arrival: str, now: str, hours: float) -> None:
    """Nights, weekends and holidays are no silence; a calendar that is always open counts every second."""
    assert silence(at(now), at(arrival)) == hours * 3600
    assert silence(at(now), at(arrival), "round") == at(now) - at(arrival)


def test_working_time_never_runs_backwards() -> None:
    """Else a maximum over time would hide a silence; across the change to winter time, too."""
    zone = msgspec.structs.replace(OFFICE.calendar, time_zone="Europe/Berlin", hours=((0, 7 * 1440),))
    for calendar in (OFFICE.calendar, zone):
        start = at("2026-10-24T00:00")
        worked = [calendar.seconds(0.0, start + step * 600) for step in range(400)]
        assert all(before <= after for before, after in pairwise(worked))


def test_the_newest_arrival_of_each_feed_counts_and_no_clock_can_put_it_later_than_its_reading() -> None:
    """A publisher that stamps records in the year 2099 must not hide its silence until then."""
    read, now = at("2026-05-19T10:00"), at("2026-05-20T10:00")
    found = shown(
        now,
        (TICKETS, "acme", at("2099-01-01T12:00")),
        (TICKETS, "acme", read - 60),
        (CLAIMS, "acme", read - 3600),
        read_at=read,
    )
    now_worked = found["undertow_contract_working_seconds", "acme"]
    assert now_worked - found["undertow_feed_last_record_working_seconds", TICKETS, "acme"] == 8 * 3600
    assert now_worked - found["undertow_feed_last_record_working_seconds", CLAIMS, "acme"] == 9 * 3600


def test_terms_are_shown_before_any_event_and_a_feed_that_never_spoke_is_absent() -> None:
    """Unknown never reads as zero; thresholds are there from the first scrape."""
    found = shown(at("2026-05-19T10:00"), (TICKETS, "company", 5.0))
    assert found["undertow_contract_silent_after_seconds", "acme"] == 4 * 3600
    assert found["undertow_contract_silent_after_seconds", "round"] == Alerts().silent_after
    for what in ALLOWED:
        assert found["undertow_contract_allowed_ratio", "acme", what] == getattr(Alerts(), what)
    assert not [name for name, *_ in found if name == "undertow_feed_last_record_working_seconds"]


def test_another_calendar_has_another_name_and_an_equal_one_the_same() -> None:
    """Numbers of two calendars must not be subtracted: a changed contract would be silent for years, or never."""
    same = Calendar(OFFICE.calendar.time_zone, tuple(reversed(OFFICE.calendar.hours)), OFFICE.calendar.holidays)
    assert named(OFFICE.calendar) == named(same)
    others = [Calendar(), Calendar("Europe/Berlin"), msgspec.structs.replace(OFFICE.calendar, holidays=frozenset())]
    others.append(msgspec.structs.replace(OFFICE.calendar, changes=((20_000, ()),)))
    assert len({named(calendar) for calendar in (OFFICE.calendar, *others)}) == 5


def test_a_calendar_costs_a_scrape_next_to_nothing() -> None:
    """Every scrape asks each calendar twice: a hundred vendors must stay far below a millisecond each."""
    many = agreed({f"v{n}": msgspec.structs.replace(OFFICE, vendor=f"v{n}") for n in range(100)})
    asked: list[str] = []
    terms(lambda name, labels, value: asked.append(name), many, {(TICKETS, "v1"): 5.0}, at("2026-05-19T10:00"))
    assert asked.count("contract_working_seconds") == 100
