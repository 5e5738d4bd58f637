"""Comparison and explanation, told by the ticket of the house: a claim of two minutes that was the bot's."""

from __future__ import annotations

import msgspec
import pytest

from tickets import ANSWERS, ASKS, HOUR, OPENED, THANKS, agreed, facts, minute, status, ticket
from undertow.domain.agreement.contract import Contract, Target
from undertow.domain.agreement.readings import Reading
from undertow.domain.measuring.actuals import Actual, actual
from undertow.domain.measuring.comparison import agrees, compare
from undertow.domain.measuring.explain import explain
from undertow.domain.measuring.measures import After
from undertow.domain.measuring.sheets import sheet
from undertow.domain.tickets import facts as f
from undertow.domain.tickets.course import Course, course

TERMS = agreed(targets={"first_response": (Target(4 * HOUR),), "total_resolution": (Target(40 * HOUR),)})
AT_NINE = 9 * 60
WALK = ticket(
    (AT_NINE, OPENED),
    (AT_NINE, ASKS),
    (AT_NINE + 2, THANKS),
    (AT_NINE + 280, ANSWERS),
    (15 * 60, status("solved")),
)
"""Opened at 09:00, a bot at 09:02, a human at 13:40, solved at 15:00."""
NOW = minute(60 * 24 * 60)


def claim(met: bool, value: float | None = None, measure="first_response") -> f.Claimed:
    return f.Claimed(measure, met, value, None, None)


def cause(said: f.Claimed, course: Course = WALK, agreed: Reading | None = None, after: After | None = None) -> str:
    return explain(said, course, agreed or Reading(), TERMS, NOW, after or After()).cause


def test_two_minutes_were_the_bot_s():
    """Promise: over-reported, and the nearest reading under which two minutes is true counts the bot."""
    judged = actual(WALK, "first_response", Reading(), TERMS, NOW)
    assert (judged.value, judged.met) == (280 * 60, False)
    said = claim(True, 120.0)
    assert compare(said, WALK, judged) == "over_reported"
    answer = explain(said, WALK, Reading(), TERMS, NOW)
    assert (answer.cause, answer.value, answer.reading) == ("actor", 120.0, Reading(reply="bot"))


@pytest.mark.parametrize(
    ("said", "agreed", "expected"),
    [
        (claim(True, 280 * 60.0), Reading(), "unexplained"),
        (claim(True, 119.0), Reading(), "actor"),
        (claim(True, 59.0), Reading(), "unexplained"),
        (claim(True), Reading(), "actor"),
        (claim(False, 280 * 60.0), Reading(reply="bot"), "actor"),
    ],
    ids=["true and yet not met", "rounded", "too far off", "only met", "the other way round"],
)
def test_a_cause_is_named_only_where_the_number_and_the_verdict_are_true(said, agreed, expected):
    """Promise: a value within a minute and met as claimed; a number that is right with a wrong verdict has no excuse."""
    assert cause(said, agreed=agreed) == expected


def test_two_changes_are_named_together_in_the_order_of_the_axes():
    """Promise: business clock and the first solve, where neither alone gives the number."""
    line = ticket(
        (AT_NINE, OPENED), (AT_NINE, ASKS), (AT_NINE + 1440, status("solved")),
        (2 * 1440, status("open", "customer")), (5 * 1440, status("solved")),
    )  # fmt: skip
    assert cause(claim(True, 10 * HOUR, "total_resolution"), line) == "clock+solve"


def test_a_reading_that_gives_the_very_number_beats_a_nearer_one_that_needs_rounding():
    """Promise: a status set thirty seconds after the bot wrote does not hide whose number it was."""
    line = ticket((0, OPENED), (0, ASKS), (2, THANKS), (2.5, status("open")), (300, ANSWERS))
    assert cause(claim(True, 150.0), line) == "status"
    assert cause(claim(True, 120.0), line) == "actor"


def test_a_narrower_list_of_pauses_can_be_the_difference():
    """Promise: agreed was pending only; the vendor pauses on hold too, and without a question."""
    line = ticket((0, OPENED), (10, status("on_hold")), (3000, status("open")), (3010, status("solved")))
    narrow = Reading(paused=("pending",), pauses="all")
    assert cause(claim(True, 1200.0, "total_resolution"), line, narrow) == "pauses"


def test_the_sla_as_a_whole_is_explained_by_the_reading_under_which_it_is_met():
    """Promise: a claim without a value about the whole ticket finds the one change that makes all of it true."""
    assert cause(claim(True, measure="sla")) == "actor"
    assert cause(claim(False, measure="sla"), agreed=Reading(reply="bot")) == "actor"


def test_a_running_clock_is_no_excuse_and_has_no_value_to_claim():
    """Promise: undecided is not met, and a value of what has not ended is not true."""
    line = ticket((0, OPENED), (0, ASKS))
    running = actual(line, "first_response", Reading(), TERMS, minute(10))
    assert not agrees(claim(True), running)
    assert not agrees(claim(True, 600.0), running)


@pytest.mark.parametrize(
    ("said", "judged", "expected"),
    [
        (claim(True), Actual(1.0, True, True, 5.0), "confirmed"),
        (claim(False), Actual(9.0, False, True, 5.0), "confirmed"),
        (claim(True), Actual(9.0, False, True, 5.0), "over_reported"),
        (claim(False), Actual(1.0, True, True, 5.0), "under_reported"),
        (None, Actual(1.0, True, True, 5.0), "actual_only"),
        (None, Actual(1.0, None, False, 5.0), None),
        (claim(True), Actual(1.0, None, False, 5.0), "immature"),
        (claim(True), Actual(None, None, False, None, None, False), "immature"),
        (claim(True), Actual(None, None, False, None, "messages"), "unverifiable"),
        (claim(True), Actual(1.0, None, True, None), "unverifiable"),
        (claim(True), Actual(None, None, False), "unverifiable"),
    ],
)
def test_every_class_has_its_rule(said, judged, expected):
    """Promise: the seven words, and silence where neither side says anything."""
    assert compare(said, WALK, judged) == expected


def test_an_sla_claimed_while_a_clock_still_runs_in_time_is_immature():
    """Promise: too early is not uncheckable; without any target, or without messages, it is."""
    said = claim(True, measure="sla")
    answered = ticket((0, OPENED), (0, ASKS), (10, ANSWERS))
    assert compare(said, answered, actual(answered, "sla", Reading(), TERMS, minute(60))) == "immature"
    assert compare(said, answered, actual(answered, "sla", Reading(), agreed(), minute(60))) == "unverifiable"
    silent = ticket((0, OPENED))
    assert compare(said, silent, actual(silent, "sla", Reading(), TERMS, minute(60))) == "unverifiable"


def test_an_sla_runs_on_the_sheet_while_one_of_its_clocks_does():
    """Promise: running is not "does not apply", which it is where nothing was agreed."""
    line = ticket((0, OPENED), (0, ASKS), (10, ANSWERS), (20, claim(True, measure="sla")))

    def state(terms: Contract, as_of: float) -> str:
        return next(one.state for one in sheet(line, (), terms, Reading(), as_of) if one.measure == "sla")

    assert (state(TERMS, minute(60)), state(agreed(), minute(60))) == ("running", "none")
    solved = agreed(targets={"first_response": (Target(4 * HOUR),)})
    assert state(solved, minute(60)) == "ended"


@pytest.mark.parametrize(("seconds", "same"), [(0, True), (60, True), (-60, True), (60.001, False)])
def test_a_minute_is_the_same_number(seconds, same):
    """Promise: up to and including sixty seconds, which is what cutting to the minute can cost."""
    judged = actual(WALK, "total_resolution", Reading(), TERMS, NOW)
    assert agrees(claim(True, (judged.value or 0.0) + seconds), judged) is same


def test_a_number_does_not_excuse_a_verdict_that_no_target_at_the_end_hides():
    """Promise: met in time, then of a priority without a target: a claim of missed is not true for having its value right."""
    judged = Actual(600.0, True, True, None)
    assert not agrees(claim(False, 600.0), judged)
    assert agrees(claim(True, 600.0), judged)
    assert agrees(claim(False, 600.0), Actual(600.0, None, True, None))


def test_a_claim_about_a_ticket_nobody_else_speaks_of_is_a_claim_only():
    """Promise: it is not confirmed by silence."""
    alone = ticket((5, claim(True, measure="sla")))
    assert compare(alone.claims["sla"], alone, actual(alone, "sla", Reading(), TERMS, NOW)) == "claim_only"


def test_the_latest_claim_of_a_measure_is_the_claim():
    """Promise: the highest recorded time wins, each measure for itself."""
    line = ticket((0, OPENED), (5, claim(True)), (9, claim(False)), (7, claim(True, measure="sla")))
    assert {measure: said.met for measure, said in line.claims.items()} == {"first_response": False, "sla": True}
    told = facts((0, OPENED), (5, claim(True)), (9, claim(False)))
    restated = msgspec.structs.replace(told[1], recorded=minute(12))
    assert course([told[0], restated, told[2]]).claims["first_response"].met is True
