"""An independent answer key: 206 tickets as the public SQL models of fivetran/dbt_zendesk computed them."""

from __future__ import annotations

import pytest

import zendesk
from undertow.domain.measuring.actuals import actual
from undertow.domain.measuring.measures import Measured, measured

pytestmark = [zendesk.needed, pytest.mark.data]

MINUTES = "minutes"
COLUMNS = {
    "first_reply_time_calendar_minutes": ("first_response", "calendar", None),
    "first_reply_time_business_minutes": ("first_response", "business", None),
    "first_resolution_calendar_minutes": ("first_resolution", "calendar", MINUTES),
    "first_resolution_business_minutes": ("first_resolution", "business", None),
    "final_resolution_calendar_minutes": ("total_resolution", "calendar", MINUTES),
    "full_resolution_business_minutes": ("total_resolution", "business", None),
    "requester_wait_time_in_calendar_minutes": ("requester_wait", "calendar", MINUTES),
    "requester_wait_time_in_business_minutes": ("requester_wait", "business", None),
    "agent_work_time_in_calendar_minutes": ("agent_work", "calendar", MINUTES),
    "agent_work_time_in_business_minutes": ("agent_work", "business", None),
}
"""Column of the key to measure, clock and the name of the reading in the contract, None for the agreed one."""
METRICS = {
    "first_reply_time": "first_response",
    "requester_wait_time": "requester_wait",
    "agent_work_time": "agent_work",
}


def of(ticket: str, measure: str, name: str | None) -> Measured:
    terms = zendesk.contract()
    reading = terms.reading if name is None else terms.readings[name]
    return measured(zendesk.courses()[ticket], measure, reading, terms.calendar, zendesk.AS_OF)


def minutes(seconds: float | None) -> float | None:
    """As the key writes them: to four decimals."""
    return None if seconds is None else round(seconds / 60, 4)


@pytest.mark.parametrize("column", COLUMNS)
def test_every_ticket_s_durations_equal_the_key(column: str) -> None:
    """206 tickets, no tolerance."""
    measure, clock, name = COLUMNS[column]
    key = {row["ticket_id"]: row[column] for row in zendesk.rows("expected/ticket_metrics.csv")}
    found = {ticket: of(ticket, measure, name) for ticket in key}
    assert {t: minutes(m.on(clock)) if m.ended else None for t, m in found.items()} == {
        t: float(value) if value else None for t, value in key.items()
    }
    assert len(key) == 206


def test_every_ticket_s_solves_and_reopens_equal_the_key() -> None:
    """A reopen leaves solved; a close after a solve is no second one in the key's count of solves, nor in ours."""
    key = {
        row["ticket_id"]: (
            int(float(row["count_reopens"] or 0)),
            row["first_solved_at"][:19],
            row["last_solved_at"][:19],
        )
        for row in zendesk.rows("expected/ticket_metrics.csv")
    }
    found = {
        ticket: (len(course.reopens), *(zendesk.written(course.solves[place]) for place in (0, -1)))
        for ticket, course in zendesk.courses().items()
    }
    assert found == key


def policy(row: dict[str, str]) -> str:
    """The reading that a row of the key was computed under."""
    replies = row["metric"] == "first_reply_time"
    return f"replies, {row['sla_policy_name']}" if replies else row["sla_policy_name"]


def test_every_policy_s_breach_flag_and_target_equal_the_key() -> None:
    """206 tickets with three targets each, under the reading of the policy that was applied to the ticket."""
    terms = zendesk.contract()
    key, found = {}, {}
    for row in zendesk.rows("expected/sla_policies.csv"):
        name, reading = (row["ticket_id"], row["metric"]), terms.readings[policy(row)]
        key[name] = (row["is_sla_breach"] == "True", float(row["target"]), row["in_business_hours"] == "True")
        course = zendesk.courses()[row["ticket_id"]]
        judged = actual(course, METRICS[row["metric"]], reading, terms, zendesk.AS_OF)
        found[name] = (judged.met is False, minutes(judged.target), reading.clock == "business")
    assert found == key
    assert len(key) == 618


def test_the_time_that_a_policy_counted_equals_the_key() -> None:
    """The elapsed minutes behind every flag, hours outside the schedule that the SQL counts included."""
    terms = zendesk.contract()
    for row in zendesk.rows("expected/sla_policies.csv"):
        found = of(row["ticket_id"], METRICS[row["metric"]], policy(row)).on(terms.readings[policy(row)].clock)
        assert minutes(found) == float(row["sla_elapsed_time"]), row
