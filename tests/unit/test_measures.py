"""Measures: what the table of measures says, one case a sentence."""

from __future__ import annotations

import msgspec
import pytest

from tickets import ANSWERS, ASKS, NOTE, OFFICE, OPENED, QUESTION, THANKS, agreed, minute, status, ticket
from undertow.domain.agreement.calendars import Calendar
from undertow.domain.agreement.readings import Reading
from undertow.domain.measuring.measures import RECOVERIES, TIMED, After, Failure, Measured, measured, runs
from undertow.domain.measuring.recovery import after as what_followed
from undertow.domain.tickets import facts as f
from undertow.domain.tickets.course import Course

LONG_AFTER = minute(60 * 24 * 60)
UTC = Calendar()


def of(course: Course, measure: str, as_of: float = LONG_AFTER, after: After | None = None, **axes) -> Measured:
    reading = Reading(**axes)
    return measured(course, measure, reading, UTC, as_of, after or After())


def minutes(course: Course, measure: str, as_of: float = LONG_AFTER, after: After | None = None, **axes) -> float:
    """Calendar minutes of a measure that applies."""
    found = of(course, measure, as_of, after, **axes).calendar
    assert found is not None
    return found / 60


# --- first response --------------------------------------------------------------------------------------------------

NEVER_HUMAN = ((0, OPENED), (0, ASKS), (1, THANKS), (5, NOTE), (9, status("open")))


def test_a_bot_a_note_and_a_change_of_status_are_no_response():
    """Promise: only a human, public, substantive message counts; the claim of two minutes was the bot's."""
    answered = ticket(*NEVER_HUMAN, (280, ANSWERS))
    assert minutes(answered, "first_response") == 280
    assert minutes(answered, "first_response", reply="bot") == 1
    assert minutes(answered, "first_response", reply="status") == 9


def test_a_change_of_status_by_the_customer_or_to_new_is_no_reply_under_any_reading():
    """Promise: a reopening is no answer to whoever reopened."""
    line = ticket(
        (0, OPENED), (0, ASKS), (3, status("open")), (4, status("new")), (5, ASKS), (6, status("open", "customer"))
    )
    assert minutes(line, "first_response", reply="status") == 3
    assert of(line, "next_response", as_of=minute(50), reply="status").calendar == 45 * 60


def test_a_human_message_without_substance_is_an_automatic_one():
    """Promise: an auto-acknowledgement counts as little under an agent's name."""
    thanks = f.Message("agent", public=True, substantive=False, question=False)
    answered = ticket((0, OPENED), (0, ASKS), (1, thanks), (30, ANSWERS))
    assert minutes(answered, "first_response") == 30
    assert minutes(answered, "first_response", reply="bot") == 1


def test_a_sender_nobody_knows_passes_for_a_human():
    """Promise: as the schemas tell vendors: a bot has to be called one."""
    unknown = f.Message("unknown", public=True, substantive=True, question=False)
    assert minutes(ticket((0, OPENED), (0, ASKS), (7, unknown)), "first_response") == 7


def test_never_answered_is_open_and_counted_up_to_now():
    """Promise: also where the ticket was solved meanwhile."""
    silent = ticket(*NEVER_HUMAN, (60, status("solved")))
    found = of(silent, "first_response", as_of=minute(100))
    assert (found.calendar, found.ended, found.end) == (6000.0, False, None)


def test_a_ticket_without_any_message_tells_nothing_about_responses():
    """Promise: a feed that carries no messages is no proof that nobody answered."""
    silent = ticket((0, OPENED), (9, status("open")), (60, status("solved")))
    for measure in ("first_response", "next_response"):
        found = of(silent, measure)
        assert (found.calendar, found.missing) == (None, "messages")
    assert minutes(silent, "first_response", reply="status") == 9


def test_the_opening_is_the_customer_s_first_contact_where_the_customer_opened_it():
    """Promise: a call is counted from the call, whenever a mail follows."""
    called = ticket((0, OPENED), (500, ASKS), (600, ANSWERS))
    assert minutes(called, "first_response") == 600


def test_a_ticket_that_an_agent_opened_is_counted_from_the_customer_s_first_message():
    """Promise: what the vendor began, nobody waits for; without a customer's message the measure does not apply."""
    by_agent = msgspec.structs.replace(OPENED, actor="agent")
    assert minutes(ticket((0, by_agent), (1, ANSWERS), (500, ASKS), (530, ANSWERS)), "first_response") == 30
    found = of(ticket((0, by_agent), (1, ANSWERS)), "first_response")
    assert (found.calendar, found.missing) == (None, None)


def test_an_opening_by_nobody_known_counts_unless_a_customer_wrote_before_the_reply():
    """Promise: the table's own words first: from the first customer message."""
    by_nobody = msgspec.structs.replace(OPENED, actor="unknown")
    assert minutes(ticket((0, by_nobody), (10, ASKS), (30, ANSWERS)), "first_response") == 20
    assert minutes(ticket((0, by_nobody), (30, ANSWERS), (50, ASKS)), "first_response") == 30


@pytest.mark.parametrize("opener", ["agent", "unknown"])
def test_what_was_said_before_the_question_is_no_reply_though_it_has_the_same_time(opener):
    """Promise: help desks cut to the minute; the vendor's sequence tells which came first, for both response measures."""
    opened = msgspec.structs.replace(OPENED, actor=opener)
    before = ticket((0, opened), (5, ANSWERS), (5, ASKS), (25, ANSWERS))
    assert minutes(before, "first_response") == (20 if opener == "agent" else 5)
    assert minutes(before, "next_response") == 20
    after = ticket((0, opened), (5, ASKS), (5, ANSWERS), (25, ANSWERS))
    assert (minutes(after, "first_response"), minutes(after, "next_response")) == (0, 0)


def test_a_response_is_paused_only_under_the_reading_that_pauses_everything():
    """Promise: setting a ticket to pending before answering it stops nothing."""
    parked = ticket((0, OPENED), (0, ASKS), (10, status("pending")), (100, status("open")), (120, ANSWERS))
    assert minutes(parked, "first_response") == 120
    assert minutes(parked, "first_response", pauses="none") == 120
    assert minutes(parked, "first_response", pauses="all") == 30


# --- next response ---------------------------------------------------------------------------------------------------

TALK = ((0, OPENED), (0, ASKS), (20, ANSWERS), (100, ASKS), (110, ASKS), (190, ANSWERS), (200, ANSWERS), (300, ASKS))


def test_the_next_response_is_the_longest_wait_of_the_ticket():
    """Promise: of messages in a row the first counts, and an answer to nobody is no wait."""
    assert minutes(ticket(*TALK, (310, ANSWERS)), "next_response") == 90


def test_the_last_speaker_decides_and_an_unanswered_message_counts_up_to_now():
    """Promise: the customer spoke last, so somebody waits still."""
    found = of(ticket(*TALK), "next_response", as_of=minute(500))
    assert (found.calendar, found.ended) == (200 * 60, False)
    assert of(ticket(*TALK, (310, ANSWERS)), "next_response").ended


def test_waits_after_the_first_reply_can_be_told_from_the_first():
    """Promise: what help desks call next reply time is a reading of its own."""
    slow_first = ticket((0, OPENED), (0, ASKS), (90, ANSWERS), (100, ASKS), (110, ANSWERS))
    assert minutes(slow_first, "next_response") == 90
    assert minutes(slow_first, "next_response", waits="later") == 10
    assert of(ticket((0, OPENED), (0, ASKS)), "next_response", waits="later").calendar is None


# --- resolutions -----------------------------------------------------------------------------------------------------

REOPENED = ((0, OPENED), (0, ASKS), (60, status("solved")), (100, status("open", "customer")), (160, status("solved")))


def test_first_and_total_resolution_stop_at_the_first_and_the_last_solve():
    """Promise: the total includes the time after a reopen."""
    twice = ticket(*REOPENED)
    assert minutes(twice, "first_resolution") == 60
    assert minutes(twice, "total_resolution") == 160
    assert minutes(twice, "first_resolution", solve="last") == 160
    assert minutes(twice, "total_resolution", solve="first") == 60
    assert minutes(twice, "total_resolution", reset="reopen") == 60


def test_a_reopened_ticket_runs_on_though_its_first_solve_stands():
    """Promise: a close is a solve, a reopened ticket is none."""
    again = ticket(*REOPENED[:-1])
    assert minutes(again, "first_resolution") == 60
    found = of(again, "total_resolution", as_of=minute(130))
    assert (found.calendar, found.ended) == (130 * 60, False)


@pytest.mark.parametrize(
    ("pauses", "expected"), [("asked", 200 - 40), ("all", 200 - 40 - 30), ("none", 200)], ids=["asked", "all", "none"]
)
def test_a_pause_stops_the_clock_only_where_a_public_question_came_before_it(pauses, expected):
    """Promise: the second pause has no question: it stops the clock only under the reading in which every pause does."""
    paused = ticket(
        (0, OPENED), (0, ASKS),
        (10, QUESTION), (10, status("pending")), (50, ASKS), (50, status("open")),
        (100, NOTE), (100, status("on_hold")), (130, status("open")),
        (200, status("solved")),
    )  # fmt: skip
    assert minutes(paused, "total_resolution", pauses=pauses) == expected


def test_a_question_that_was_answered_excuses_no_later_pause():
    """Promise: and one in a private note, or asked after the pause began, never did."""
    private = f.Message("agent", public=False, substantive=True, question=True)
    paused = ticket(
        (0, OPENED), (0, QUESTION), (5, ASKS), (10, private), (20, status("pending")), (30, QUESTION),
        (60, status("open")), (100, status("solved")),
    )  # fmt: skip
    assert minutes(paused, "total_resolution") == 100


def test_which_statuses_are_pauses_is_agreed():
    """Promise: on hold stops nothing where only pending was agreed."""
    held = ticket((0, OPENED), (1, QUESTION), (2, status("on_hold")), (52, status("open")), (100, status("solved")))
    assert minutes(held, "total_resolution") == 50
    assert minutes(held, "total_resolution", paused=("pending",)) == 100


def test_a_pause_that_is_running_stops_a_running_clock():
    """Promise: while the customer is asked nothing is counted, also up to now."""
    waiting = ticket((0, OPENED), (5, QUESTION), (5, status("pending")))
    assert minutes(waiting, "total_resolution", as_of=minute(500)) == 5


def test_counted_from_assignment_or_anew_with_each():
    """Promise: the two excuses for a slow start."""
    passed = ticket(
        (0, OPENED), (0, ASKS), (30, f.Assigned("a", None)), (40, f.Assigned("b", None)), (50, ANSWERS),
        (90, status("solved")), (95, f.Assigned("c", None)),
    )  # fmt: skip
    assert minutes(passed, "first_response", start="assigned") == 20
    assert minutes(passed, "first_response", reset="assignment") == 10
    assert minutes(passed, "total_resolution", reset="assignment") == 50
    assert minutes(passed, "total_resolution", start="assigned") == 60


def test_a_clock_does_not_begin_anew_in_the_moment_it_stops():
    """Promise: who takes a ticket and answers it in one update has not answered in no time."""
    taken = ticket((0, OPENED), (0, ASKS), (50, f.Assigned("a", None)), (50, ANSWERS))
    assert minutes(taken, "first_response", reset="assignment") == 50
    slip = ticket((0, OPENED), (40, status("solved")), (60, status("open")), (60, status("solved")))
    assert minutes(slip, "total_resolution", reset="reopen") == 60


def test_without_an_opening_a_resolution_cannot_be_told():
    """Promise: a feed that begins in the middle is no proof of speed."""
    found = of(ticket((10, status("open")), (60, status("solved"))), "total_resolution")
    assert (found.calendar, found.missing) == (None, "opened")


def test_a_durable_resolution_ends_at_the_solve_that_held_and_is_unknown_before():
    """Promise: immature is not zero; never held runs on."""
    twice = ticket(*REOPENED)
    early = of(twice, "durable_resolution", after=After(known=False))
    assert (early.calendar, early.known) == (None, False)
    assert minutes(twice, "durable_resolution", after=After(minute(160), known=True)) == 160
    never = of(twice, "durable_resolution", as_of=minute(900), after=After(None, known=True))
    assert (never.calendar, never.ended) == (900 * 60, False)


def test_a_solve_that_was_reopened_after_its_window_may_still_have_held():
    """Promise: until its follow-up is over that is unknown, and no clock runs into a breach that later is none."""
    late = ticket((0, OPENED), (60, status("solved")), (20 * 1440, status("open", "customer")))
    early = what_followed(late, (), agreed(), minute(25 * 1440))
    assert of(late, "durable_resolution", as_of=minute(25 * 1440), after=early) == Measured(
        "durable_resolution", None, None, ended=False, known=False
    )
    known = what_followed(late, (), agreed(), minute(31 * 1440))
    assert minutes(late, "durable_resolution", after=known) == 60
    assert of(ticket((0, OPENED)), "durable_resolution", as_of=minute(9)).calendar == 540


def test_a_pause_after_the_clock_ended_and_one_from_its_start_are_no_part_of_it():
    """Promise: spans lie within the run, one after the other, none of them empty."""
    told = ((0, OPENED), (0, QUESTION), (0, status("pending")), (20, status("open")), (60, status("solved")))
    line = ticket(*told, (100, status("open")), (110, QUESTION), (110, status("pending")))
    (run,) = runs(line, "first_resolution", Reading(), LONG_AFTER).runs
    assert run.spans == ((minute(20), minute(60)),)
    assert minutes(line, "first_resolution") == 40


# --- both clocks, waits, recovery ------------------------------------------------------------------------------------


def test_both_clocks_are_given_whatever_the_reading_says():
    """Promise: Monday 07:00 to 09:00 is two hours, one of them worked; the worst wait is each clock's own."""
    early = ticket((7 * 60, OPENED), (7 * 60, ASKS), (9 * 60, ANSWERS), (17 * 60, ASKS), (18 * 60 + 30, ANSWERS))
    found = measured(early, "first_response", Reading(clock="business"), OFFICE, LONG_AFTER)
    assert (found.calendar, found.business, found.on("business"), found.on("calendar")) == (7200, 3600, 3600, 7200)
    late = measured(early, "next_response", Reading(), OFFICE, LONG_AFTER)
    assert (late.calendar, late.business) == (7200, 3600)


def test_requester_wait_and_agent_work_are_times_in_statuses():
    """Promise: the requester waits unless pending, agents work unless pending or on hold; solved ends both."""
    line = ticket(
        (0, OPENED), (10, status("open")), (30, status("pending")), (60, status("on_hold")), (100, status("open")),
        (110, status("solved")), (200, status("closed")),
    )  # fmt: skip
    assert minutes(line, "requester_wait") == 30 + 40 + 10
    assert minutes(line, "agent_work") == 30 + 10
    assert of(line, "agent_work").end == minute(110)
    assert not of(ticket((0, OPENED)), "agent_work").ended


def test_instants_can_be_cut_to_the_minute_and_empty_weeks_counted():
    """Promise: the two habits of SQL that the answer key of dbt_zendesk has."""
    line = ticket((0.5, OPENED), (2.25, status("solved")))
    assert minutes(line, "total_resolution") == 1.75
    assert minutes(line, "total_resolution", unit="minute") == 2
    saturday = 5 * 1440
    weekend = ticket((saturday, OPENED), (saturday + 90, status("solved")))
    for way, expected in (("stopped", 0.0), ("counted", 5400.0)):
        assert measured(weekend, "agent_work", Reading(empty_weeks=way), OFFICE, LONG_AFTER).business == expected


def test_recovery_is_the_slowest_answer_to_a_failure_and_the_slowest_solve_that_held():
    """Promise: two numbers; one that nobody owned yet runs up to now."""
    line = ticket(*REOPENED)
    failures = (Failure(minute(100), minute(130), minute(160)), Failure(minute(200), None, minute(205)))
    after = After(minute(160), True, failures)
    reply, solve = (of(line, measure, as_of=minute(300), after=after) for measure in RECOVERIES)
    assert (reply.calendar, reply.ended) == (100 * 60, False)
    assert (solve.calendar, solve.ended) == (60 * 60, True)
    assert of(line, "recovery_reply").calendar is None


def test_a_ticket_nobody_but_the_vendor_s_reports_speaks_of_has_no_measure():
    """Promise: a claim alone is no ticket."""
    alone = ticket((5, f.Claimed("sla", True, None, None, None)))
    assert not alone.exists
    assert all(of(alone, measure).calendar is None for measure in TIMED)


def test_a_measure_nobody_knows_is_an_error_that_lists_those_we_have():
    """Promise: a misspelled name is no empty column."""
    with pytest.raises(ValueError, match="'first_reply' is none of first_response"):
        of(ticket((0, OPENED)), "first_reply")


def test_what_happens_later_than_asked_for_is_not_read():
    """Promise: a course up to a time is the course of a ticket that ended there."""
    from tickets import facts
    from undertow.domain.tickets.course import course

    told = facts(*REOPENED)
    assert course(told, until=minute(60)) == course(told[:3])
    assert len(course(told).solves) == 2
