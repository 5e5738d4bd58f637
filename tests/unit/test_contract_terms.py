"""Contract terms: what a file's words become, and which target, calendar and version follow from them."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from undertow.adapters.mapping import Mapping
from undertow.contracts import parse
from undertow.contracts.writing import written
from undertow.domain.agreement.alerts import Alerts
from undertow.domain.agreement.calendars import Calendar
from undertow.domain.agreement.contract import DAY, RUNNING, Contract, Feed, Target
from undertow.domain.agreement.delivery import Delivery
from undertow.domain.agreement.readings import Reading
from undertow.domain.agreement.thresholds import Allowed, Patterns
from undertow.domain.measuring.actuals import actual
from undertow.domain.tickets import facts as f
from undertow.domain.tickets.course import course

HOUR = 3600.0


def contract(text: str) -> Contract:
    return parse(f"vendor: acme\n{text}", "acme.yaml")


def at(text: str, zone: str = "Europe/Berlin") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def day(text: str) -> int:
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


# --- targets


def test_one_duration_is_a_target_for_every_priority_from_the_beginning():
    """Promise: the short form says what it seems to say."""
    assert contract("targets: {total_resolution: 3d}").targets == {"total_resolution": (Target(3 * DAY),)}


def test_the_target_is_that_of_the_priority_and_the_time():
    """Promise: one that names the priority beats a newer one for any; a date begins at midnight of the contract's zone."""
    agreed = contract(
        """
time_zone: Europe/Berlin
targets:
  first_response:
    - {within: 2h, since: 2026-07-01}
    - {within: 1h, priority: urgent}
    - {within: 30m, priority: urgent, since: 2027-01-01T08:00:00Z}
    - within: 4h
"""
    )
    july = at("2026-07-01T00:00")
    late = datetime(2027, 1, 1, 8, tzinfo=UTC).timestamp()
    expected = {
        ("low", july - 1): 4 * HOUR,
        ("low", july): 2 * HOUR,
        (None, july): 2 * HOUR,
        ("urgent", july): 1 * HOUR,
        ("urgent", late - 1): 1 * HOUR,
        ("urgent", late): HOUR / 2,
    }
    assert {
        (priority, when): agreed.target("first_response", priority, when) for priority, when in expected
    } == expected
    assert agreed.target("next_response", "urgent", late) is None


def test_before_its_day_a_target_of_a_priority_leaves_the_one_for_any():
    """Promise: a target that is not in force yet hides nothing."""
    agreed = Contract(vendor="a", targets={"m": (Target(60.0), Target(10.0, "high", since=100.0))})
    assert [agreed.target("m", "high", when) for when in (99.0, 100.0)] == [60.0, 10.0]
    assert Contract(vendor="a", targets={"m": (Target(10.0, since=100.0),)}).target("m", "high", 99.0) is None


TARGETS = st.lists(
    st.builds(
        Target,
        st.floats(1, 10),
        st.sampled_from([None, "high", "low"]),
        st.one_of(st.none(), st.integers(0, 5).map(float)),
    ),
    unique_by=lambda target: (target.priority, target.since),
    max_size=8,
)


@given(TARGETS, st.sampled_from([None, "high", "low", "odd"]), st.integers(-1, 6))
def test_the_target_in_force_is_what_a_plain_search_finds(targets, priority, when):
    """Promise: the table made for speed answers as the definition does."""

    def latest(name):
        started = [t for t in targets if t.priority == name and (t.since is None or t.since <= when)]
        return max(started, key=lambda t: -1e9 if t.since is None else t.since, default=None)

    found = latest(priority) or latest(None)
    agreed = Contract(vendor="a", targets={"m": tuple(targets)})
    assert agreed.target("m", priority, when) == (found.seconds if found else None)


# --- the calendar


def test_hours_are_minutes_of_the_week_in_the_calendar_s_zone():
    """Promise: weekdays, ranges of weekdays, several spans a day; a day that is not named, or closed, has none."""
    calendar = contract(
        """
time_zone: Europe/Berlin
calendar:
  hours: {tuesday-wednesday: [13:00-17:00, 8:00-12:00], saturday: 00:00-24:00, sunday: closed}
"""
    ).calendar
    tuesday, wednesday, saturday = 24 * 60, 2 * 24 * 60, 5 * 24 * 60
    expected = [(tuesday, 8, 12), (tuesday, 13, 17), (wednesday, 8, 12), (wednesday, 13, 17), (saturday, 0, 24)]
    assert calendar == Calendar("Europe/Berlin", tuple((d + h * 60, d + k * 60) for d, h, k in expected))


CHANGED = """
time_zone: Europe/Berlin
calendar:
  hours: {monday-friday: 09:00-17:00}
  changes:
    - since: 2027-01-01
    - {since: 2026-07-01, hours: {monday-saturday: 09:00-17:00}}
  open: [2026-10-03]
  holidays: {country: DE}
reading: {clock: business}
targets: {first_response: 4h}
"""


def test_hours_that_were_agreed_later_hold_from_their_day_on():
    """Promise: in order of time, in place of all before; without hours around the clock; a term of the contract."""
    agreed = contract(CHANGED)
    week = agreed.calendar.hours
    saturday = (5 * 24 * 60 + 540, 5 * 24 * 60 + 1020)
    assert agreed.calendar.changes == ((day("2026-07-01"), (*week, saturday)), (day("2027-01-01"), ()))
    assert day("2026-10-03") not in agreed.calendar.holidays  # a Saturday, worked by then
    before = msgspec.structs.replace(agreed, calendar=msgspec.structs.replace(agreed.calendar, changes=()))
    assert agreed.version != before.version
    assert contract(written(agreed).removeprefix("vendor: acme\n")) == agreed


def test_what_was_late_under_the_hours_of_its_time_stays_late_and_in_time_stays_in_time():
    """Promise: the calendar in force is that of the time; agreeing Saturdays from July on moves no figure of June."""
    agreed = contract(CHANGED)
    for friday, monday, met in (("2026-06-26", "2026-06-29", True), ("2026-07-03", "2026-07-06", False)):
        told = [
            (at(f"{friday}T16:00"), f.Opened("bill", actor="customer")),
            (at(f"{friday}T16:00"), f.Message("customer", True, True, False)),
            (at(f"{monday}T10:00"), f.Message("agent", True, True, False)),
        ]
        read = course([f.Fact(when, place, when, str(place), "/a", body) for place, (when, body) in enumerate(told)])
        assert actual(read, "first_response", agreed.reading, agreed, at("2026-08-01")).met is met


def test_the_calendar_s_own_zone_comes_before_the_contract_s():
    """Promise: a vendor may work in another zone than the reports are in."""
    assert contract("time_zone: Europe/Berlin\ncalendar: {time_zone: Asia/Manila}").calendar.time_zone == "Asia/Manila"
    assert contract("calendar: {time_zone: Asia/Manila}").time_zone == "UTC"


def test_holidays_are_those_of_the_country_and_its_part_and_the_vendor_s_own():
    """Promise: Women's Day is one in Berlin alone; own days are of one year or of each, 29 February where there is one."""
    calendar = contract(
        "calendar: {holidays: {country: DE, subdivision: BE}, closed: [12-24, 2026-07-06, 02-29], open: [05-01, 2026-10-03]}"
    ).calendar
    closed = ["2026-12-25", "2026-03-08", "2026-12-24", "2031-12-24", "2026-07-06", "2028-02-29", "2027-10-03"]
    opened = ["2026-05-01", "2033-05-01", "2026-10-03", "2027-07-06", "2026-12-23"]
    assert [text for text in closed + opened if day(text) in calendar.holidays] == closed
    assert day("2026-03-08") not in contract("calendar: {holidays: {country: DE}}").calendar.holidays


def test_norway_is_a_country_and_not_a_refusal():
    """Promise: NO is no boolean, as YAML 1.1 would have it."""
    assert day("2026-05-17") in contract("calendar: {holidays: {country: NO}}").calendar.holidays


def test_working_time_follows_the_contract_s_words():
    """Promise: from Wednesday noon before Easter to Tuesday noon after it, two afternoons and one morning are worked."""
    agreed = contract(
        """
time_zone: Europe/Berlin
calendar: {hours: {monday-friday: 09:00-17:00}, holidays: {country: DE}}
"""
    )
    worked = agreed.calendar.seconds(at("2026-04-01T12:00"), at("2026-04-07T12:00"))
    assert (
        worked == (5 + 8 + 3) * HOUR
    )  # Wednesday, Maundy Thursday, Tuesday; Good Friday and Easter Monday are holidays


# --- the rest


def test_readings_patterns_and_feeds_are_read_as_their_owners_define_them():
    """Promise: every axis and threshold may be set, each left out keeps its default; seconds may be durations."""
    agreed = contract(
        """
reading: {pauses: all, paused: [pending]}
readings: {bots: {reply: bot}}
patterns: {closed_within: 10m, last_days: 3, allowed: {flicker: 0.5}, blames: [user error]}
alerts: {silent_after: 6h, backdated: 0.2}
feeds:
  - {topic: acme.tickets, adapter: zendesk}
  - topic: acme.log
    adapter: table
    mapping:
      file: {format: csv, columns: [Case, Who, When]}
      ticket: "{Case}"
      customer: "{Who}"
      time: "{When}"
      events: [{type: ticket.opened}]
"""
    )
    assert agreed.reading == Reading(pauses="all", paused=("pending",))
    assert agreed.readings == {"bots": Reading(reply="bot")}
    allowed = Allowed(flicker=0.5)
    assert agreed.patterns == Patterns(closed_within=600.0, last_days=3, allowed=allowed, blames=("user error",))
    assert agreed.alerts == Alerts(silent_after=6 * 3600.0, backdated=0.2)
    assert agreed.feeds[0] == Feed("acme.tickets", "zendesk")
    mapping = agreed.feeds[1].mapping
    assert isinstance(mapping, Mapping)
    assert (mapping.ticket, mapping.events[0].type) == ("{Case}", "ticket.opened")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-06-30", datetime(2026, 6, 30, tzinfo=UTC)),
        ("2026-06-30T12:00:00+02:00", datetime(2026, 6, 30, 10, tzinfo=UTC)),
        ("1782777600", datetime(2026, 6, 30, tzinfo=UTC)),
    ],
)
def test_a_closed_history_s_end_is_a_date_a_time_or_seconds(text, seconds):
    """Promise: UTC where nothing else is said."""
    assert contract(f"as_of: {text}").as_of == seconds.timestamp()


# --- the version

OTHER = {
    "vendor": "zenith",
    "time_zone": "Europe/Berlin",
    "calendar": Calendar("UTC", ((0, 60),)),
    "reading": Reading(clock="business"),
    "readings": {"other": Reading()},
    "targets": {"first_response": (Target(60.0),)},
    "good_csat": 3.0,
    "promise_grace": 0.0,
    "repeat_window": DAY,
    "reopen_window": DAY,
    "solve_time": "resolved_at",
    "minimum_n": 5,
    "tolerance": 0.2,
    "objective": 0.9,
    "patterns": Patterns(last_days=3),
    "alerts": Alerts(equity=0.2),
    "segments": ("gold",),
    "period": "rolling",
    "feeds": (Feed("t", "cloudevents"),),
    "delivery": Delivery(after=0.0),
    "horizon": 90 * DAY,
    "as_of": 1.0,
    "imported_until": 1.0,
    "keep_all": True,
}


def test_every_term_changes_the_version_and_nothing_else_does():
    """Promise: a figure's version tells the terms it was made under; how the product is run is none of them."""
    assert set(OTHER) == set(Contract.__struct_fields__)
    plain = Contract(vendor="acme")
    changed = {name for name in OTHER if msgspec.structs.replace(plain, **{name: OTHER[name]}).version != plain.version}
    assert changed == set(OTHER) - RUNNING
    versions = [msgspec.structs.replace(plain, **{name: OTHER[name]}).version for name in changed]
    assert len(set(versions)) == len(versions)


def test_terms_that_are_equal_have_one_version_however_they_are_written():
    """Promise: order of targets, segments and keys, and a default said aloud, are no change."""
    one = contract(
        "segments: [a, b]\ntargets: {first_response: [{within: 1h}, {within: 30m, priority: p}], next_response: 2h}\n"
        "minimum_n: 20\nreading: {clock: calendar}\nrepeat_window: 30d"
    )
    other = contract(
        "targets: {next_response: 120m, first_response: [{priority: p, within: 0.5h}, {within: 3600}]}\nsegments: [b, a]"
    )
    assert one.version == other.version
    assert msgspec.structs.replace(one, targets=one.targets | {"agent_work": ()}).version == one.version
    assert contract("calendar: {closed: [2026-01-02, 2026-01-01]}").version == (
        contract("calendar: {closed: [2026-01-01, 2026-01-02]}").version
    )


def test_nested_terms_are_told_apart():
    """Promise: the same numbers in another place are other terms."""
    texts = [
        "targets: {first_response: [{within: 1h, priority: a}]}",
        "targets: {first_response: [{within: 1h, priority: b}]}",
        "targets: {first_response: [{within: 1h, priority: a, since: 2026-01-01}]}",
        "targets: {next_response: [{within: 1h, priority: a}]}",
        "reading: {pauses: all}",
        "readings: {a: {pauses: all}}",
        "readings: {b: {pauses: all}}",
        "patterns: {allowed: {flicker: 0.5}}",
        "patterns: {allowed: {continued: 0.5}}",
    ]
    assert len({contract(text).version for text in texts}) == len(texts)


def test_a_set_has_one_version_however_it_was_built():
    """Promise: the order in which a set gives its days up is its own affair."""
    days, same = frozenset([8, 16]), frozenset([16, 8])
    assert list(days) != list(same)
    one, other = (Contract(vendor="a", calendar=Calendar(holidays=holidays)) for holidays in (days, same))
    assert one.version == other.version


def test_a_term_that_the_product_learns_later_changes_no_version():
    """Promise: after an upgrade no finding is marked as made under other terms, as long as the new term is at its default."""

    class Later(Contract, frozen=True, kw_only=True, dict=True):
        learnt: int = 0

    class LaterReading(Reading, frozen=True, kw_only=True):
        learnt: int = 0

    assert Later(vendor="a", minimum_n=5).version == Contract(vendor="a", minimum_n=5).version
    assert Later(vendor="a", learnt=1).version != Contract(vendor="a").version
    before = Contract(vendor="a", reading=Reading(clock="business"))
    assert Contract(vendor="a", reading=LaterReading(clock="business")).version == before.version
    assert Contract(vendor="a", reading=LaterReading(clock="business", learnt=1)).version != before.version


def test_the_version_is_the_same_in_every_process():
    """Promise: two workers put the same version on their findings, whatever order their hash seeds give sets."""
    code = (
        "from undertow.contracts import parse;"
        "print(parse('vendor: a\\ncalendar: {holidays: {country: DE}}\\nsegments: [x, y]', 'a').version)"
    )
    run = [
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True, text=True
        )
        for seed in ("1", "2")
    ]
    assert run[0].stdout == run[1].stdout
    assert len(run[0].stdout.strip()) == 12


def test_equal_contracts_are_one_key():
    """Promise: a contract can key a cache; a changed copy counts as another and keeps nothing that was derived."""
    one, other = Contract(vendor="a"), Contract(vendor="a")
    assert {one: 1}[other] == 1
    assert one.follow_up == 30 * DAY
    longer = msgspec.structs.replace(one, repeat_window=60 * DAY)
    assert (longer.follow_up, longer.kept_for) == (60 * DAY, 150 * DAY)
    assert longer not in {one: 1}
