"""Targets: the one in force at every moment, and breaches that stay."""

from __future__ import annotations

import msgspec
import pytest

from tickets import ANSWERS, ASKS, HOUR, OPENED, QUESTION, agreed, minute, status, ticket
from undertow.domain.agreement.contract import Contract, Target
from undertow.domain.agreement.readings import Reading
from undertow.domain.measuring.actuals import Actual, actual, deadline
from undertow.domain.measuring.comparison import compare
from undertow.domain.measuring.measures import After, runs
from undertow.domain.tickets import facts as f
from undertow.domain.tickets.course import Course

TERMS = agreed(
    targets={
        "first_response": (Target(4 * HOUR), Target(HOUR, "high"), Target(8 * HOUR, "low")),
        "total_resolution": (Target(24 * HOUR),),
    }
)
LONG_AFTER = minute(60 * 24 * 60)


def response(course: Course, as_of: float = LONG_AFTER, terms: Contract = TERMS, **axes) -> Actual:
    return actual(course, "first_response", Reading(**axes), terms, as_of)


def answered(at: float, *more) -> Course:
    return ticket((0, OPENED), (0, ASKS), (at, ANSWERS), *more)


def test_a_target_is_met_to_the_second():
    """Promise: four hours are within four hours, a second more is not."""
    assert response(answered(240)).met is True
    assert response(answered(240 + 1 / 60)).met is False


def test_a_running_measure_is_undecided_until_its_target_has_passed():
    """Promise: too early is neither met nor missed; missed is missed before anybody answers."""
    line = ticket((0, OPENED), (0, ASKS))
    assert response(line, minute(240)).met is None
    assert response(line, minute(241)).met is False


def test_a_breach_stays_a_breach_when_the_priority_is_lowered_later():
    """Promise: at every moment the target of the priority then; the last priority excuses only under that reading."""
    late = answered(300, (290, f.PriorityChanged("low")))
    assert response(late).met is False
    assert response(late, priority="end").met is True
    in_time = answered(300, (200, f.PriorityChanged("low")))
    assert response(in_time).met is True
    assert response(in_time, priority="start").met is False


def test_a_priority_that_changes_in_the_moment_of_the_reply_changes_nothing():
    """Promise: what was answered is answered."""
    assert response(answered(130, (130, f.PriorityChanged("high")))).met is True


def test_a_priority_that_is_raised_counts_from_the_start():
    """Promise: urgent after two hours leaves no hour; under the priority of the start it leaves four."""
    raised = answered(130, (120, f.PriorityChanged("high")))
    assert response(raised).met is False
    assert response(raised, priority="start").met is True
    assert response(raised).target == HOUR


@pytest.mark.parametrize("priority", ["normal", None])
def test_the_contract_in_force_is_the_one_of_the_start(priority):
    """Promise: a target that comes into force later does not change what was agreed when the clock started."""
    stricter = Target(HOUR, since=minute(10))
    terms = agreed(targets={"first_response": (Target(4 * HOUR), stricter)})
    opened = msgspec.structs.replace(OPENED, priority=priority)
    assert response(ticket((0, opened), (0, ASKS), (120, ANSWERS)), terms=terms).met is True
    later = ticket((10, opened), (10, ASKS), (130, ANSWERS))
    assert response(later, terms=terms).met is False


def test_a_priority_that_changes_later_keeps_the_contract_of_the_clock_s_start():
    """Promise: a stricter target that came into force meanwhile is neither that of the first nor of the second priority."""
    strict = [Target(HOUR, priority, since=minute(10)) for priority in ("normal", "high")]
    terms = agreed(targets={"first_response": (Target(4 * HOUR), *strict)})
    assert response(answered(130, (120, f.PriorityChanged("high"))), terms=terms).met is True


def test_the_clock_of_the_reading_is_held_against_the_target():
    """Promise: a night is no office time."""
    over_night = ticket((17 * 60, OPENED), (17 * 60, ASKS), (33 * 60, ANSWERS))
    assert response(over_night).met is False
    found = response(over_night, clock="business")
    assert (found.met, found.value) == (True, 2 * HOUR)


def test_without_a_target_nothing_is_met_or_missed():
    """Promise: no target, no verdict; the value is there all the same."""
    found = actual(answered(30), "next_response", Reading(), TERMS, LONG_AFTER)
    assert (found.value, found.met, found.target) == (1800.0, None, None)


def test_one_wait_too_long_breaks_the_next_response_though_a_later_one_runs():
    """Promise: the worst wait decides, and a wait that runs decides nothing yet."""
    terms = agreed(targets={"next_response": (Target(HOUR),)})
    line = ticket((0, OPENED), (0, ASKS), (90, ANSWERS), (100, ASKS))
    assert actual(line, "next_response", Reading(), terms, minute(110)).met is False
    quick = ticket((0, OPENED), (0, ASKS), (30, ANSWERS), (100, ASKS))
    assert actual(quick, "next_response", Reading(), terms, minute(110)).met is None


@pytest.mark.parametrize(
    ("reply", "solve", "expected"),
    [(60, 600, True), (300, 600, False), (60, None, None), (300, None, False)],
    ids=["both", "one missed", "one runs", "one missed, one runs"],
)
def test_the_sla_as_a_whole_is_every_measure_with_a_target(reply, solve, expected):
    """Promise: broken by one, met by all, undecided while one runs."""
    ends = [] if solve is None else [(solve, status("solved"))]
    line = answered(reply, *ends)
    assert actual(line, "sla", Reading(), TERMS, minute(700)).met is expected


def test_the_sla_as_a_whole_cannot_be_met_where_a_part_cannot_be_told():
    """Promise: no messages, no met; without targets there is nothing to meet; too early is too early."""
    silent = ticket((0, OPENED), (60, status("solved")))
    found = actual(silent, "sla", Reading(), TERMS, LONG_AFTER)
    assert (found.met, found.missing) == (None, "messages")
    assert actual(answered(60), "sla", Reading(), agreed(), LONG_AFTER).met is None
    durable = agreed(targets={"durable_resolution": (Target(HOUR),)})
    early = actual(answered(60, (70, status("solved"))), "sla", Reading(), durable, LONG_AFTER, After())
    assert (early.met, early.known) == (None, False)


def test_a_breach_is_not_undone_by_a_priority_for_which_nothing_was_agreed():
    """Promise: the SLA as a whole stays broken by it, and the target that is named is the one that was passed."""
    terms = agreed(
        targets={"first_response": (Target(4 * HOUR, "normal"),), "total_resolution": (Target(HOUR, "low"),)}
    )
    line = answered(300, (290, f.PriorityChanged("trivial")))
    found = response(line, terms=terms)
    assert (found.met, found.target) == (False, 4 * HOUR)
    whole = actual(line, "sla", Reading(), terms, LONG_AFTER)
    assert (whole.met, compare(f.Claimed("sla", True, None, None, None), line, whole)) == (False, "over_reported")
    in_time = answered(300, (200, f.PriorityChanged("trivial")))
    assert actual(in_time, "sla", Reading(), terms, LONG_AFTER).met is True


def test_a_wait_for_which_nothing_was_agreed_takes_nothing_from_the_others():
    """Promise: of several waits those with a target decide; while one runs nothing is met."""
    terms = agreed(targets={"next_response": (Target(HOUR, "high"),)})
    told = ((0, OPENED), (0, ASKS), (300, ANSWERS), (310, f.PriorityChanged("high")), (320, ASKS))
    assert actual(ticket(*told, (330, ANSWERS)), "next_response", Reading(), terms, LONG_AFTER).met is True
    assert actual(ticket(*told, (390, ANSWERS)), "next_response", Reading(), terms, LONG_AFTER).met is False
    assert actual(ticket(*told), "next_response", Reading(), terms, minute(330)).met is None
    assert actual(ticket(*told[:3]), "next_response", Reading(), terms, LONG_AFTER).met is None


def due(course: Course, as_of: float = LONG_AFTER, **axes) -> float | None:
    reading = Reading(**axes)
    (run,) = runs(course, "first_response", reading, as_of).runs
    return deadline(course, "first_response", reading, TERMS, run, as_of)


def test_the_deadline_is_when_the_target_was_or_will_be_used_up():
    """Promise: of what ended in time there is none."""
    assert due(answered(241)) == minute(240)
    assert due(answered(240)) is None
    assert due(ticket((0, OPENED), (0, ASKS)), minute(10)) == minute(240)


def test_a_deadline_moves_with_the_priority_until_it_has_passed():
    """Promise: lowered in time it is later, lowered too late it stays; raised too late it is the moment of raising."""
    assert due(answered(700, (200, f.PriorityChanged("low")))) == minute(480)
    assert due(answered(700, (250, f.PriorityChanged("low")))) == minute(240)
    assert due(answered(700, (120, f.PriorityChanged("high")))) == minute(120)


def test_a_target_used_up_as_the_pause_begins_is_passed_only_once_the_clock_goes_on():
    """Promise: whoever lowers the priority meanwhile lowers it in time."""
    paused = ticket((0, OPENED), (0, ASKS), (240, status("pending")), (300, status("open")))
    assert due(paused, pauses="all") == minute(300)
    assert response(paused, minute(300), pauses="all").met is None
    assert response(paused, minute(301), pauses="all").met is False


def test_a_deadline_on_the_business_clock_skips_what_is_not_worked():
    """Promise: Monday 16:00 and four office hours is Tuesday 10:00."""
    monday = ticket((16 * 60, OPENED), (16 * 60, ASKS))
    assert due(monday, clock="business") == minute(34 * 60)


def test_a_deadline_skips_pauses():
    """Promise: forty minutes of a justified pause come on top."""
    reading = Reading()
    line = ticket((0, OPENED), (5, QUESTION), (10, status("pending")), (50, status("open")))
    (run,) = runs(line, "total_resolution", reading, minute(60)).runs
    assert deadline(line, "total_resolution", reading, TERMS, run, minute(60)) == minute(24 * 60 + 40)


def test_an_opening_without_priority_has_the_target_for_any():
    """Promise: a priority that is said later counts from then."""
    bare = msgspec.structs.replace(OPENED, priority=None)
    line = ticket((0, bare), (0, ASKS), (30, f.PriorityChanged("high")), (50, ANSWERS))
    assert line.priorities == ((minute(0), None), (minute(30), "high"))
    assert response(line).target == HOUR
    assert response(line, priority="start").target == 4 * HOUR
