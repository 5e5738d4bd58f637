"""Patterns of one ticket: what shows them, and what only looks like it. Hours since the opening."""

from __future__ import annotations

import msgspec
import pytest

from patterns.desk import (
    CLOSED,
    CONTRACT,
    CUSTOMER,
    HOUR,
    OPENED,
    QUESTION,
    SOLVED,
    cases,
    evidence,
    message,
    opened,
    seen,
    status,
    told,
)
from undertow.domain.agreement.calendars import Calendar
from undertow.domain.agreement.contract import Contract
from undertow.domain.agreement.readings import Reading
from undertow.domain.patterns import CATALOG, Allowed, Patterns
from undertow.domain.patterns.observed import observed
from undertow.domain.tickets import facts as f

BEGUN = ((0, opened()), (0, CUSTOMER), (1, message()))
MINUTE = 1 / 60


def changed(**what: object) -> Contract:
    return msgspec.structs.replace(CONTRACT, **what)


# --- closed right after the answer -----------------------------------------------------------------------------------


def test_a_ticket_closed_for_good_right_after_the_answer_is_seen_with_the_answer_and_the_close():
    """Promise: the customer could not object; both events are named."""
    assert seen("closed_unasked", *BEGUN, (5, message()), (5 + 4 * MINUTE, CLOSED)) == ("a4", "a5")


@pytest.mark.parametrize(
    "said",
    [
        ((5, message()), (5.1, CLOSED)),
        ((5, message()), (5.01, SOLVED), (125, CLOSED)),
        ((5, message()), (5.01, CUSTOMER), (5.02, CLOSED)),
        ((5, message()), (5.01, status("closed", "customer"))),
        ((5, message("bot")), (5.01, CLOSED)),
        ((5, message(public=False)), (5.01, CLOSED)),
        ((5, message(substantive=False)), (5.01, CLOSED)),
        ((4, message()), (5, f.Confirmed(True)), (5.01, message()), (5.02, CLOSED)),
    ],
    ids=["six minutes", "solved first", "customer wrote", "by the customer", "bot", "note", "automatic", "confirmed"],
)
def test_a_close_after_which_the_customer_had_their_say_is_none(said):
    """Promise: solved first, closed later, closed by the customer, or confirmed: nothing is said of it."""
    assert not seen("closed_unasked", *BEGUN, *said)


def test_a_confirmation_is_void_once_the_customer_writes_again():
    """Promise: "fixed", then "not fixed after all", then an answer and a close: that is one."""
    said = ((4, f.Confirmed(True)), (5, CUSTOMER), (6, message()), (6.01, CLOSED))
    assert seen("closed_unasked", *BEGUN, *said) == ("a6", "a7")
    assert seen("closed_unasked", *BEGUN, (4, f.Confirmed(False)), (6, message()), (6.01, CLOSED)) == ("a5", "a6")


def test_only_tickets_the_vendor_closed_are_counted():
    """Promise: a help desk that knows only *solved* is not judged by it."""
    assert seen("closed_unasked", *BEGUN, (5, SOLVED)) is None
    assert seen("closed_unasked", *BEGUN, (5, status("closed", "customer"))) is None
    assert seen("closed_unasked", *BEGUN, (5, SOLVED), (99, CLOSED)) == ()


def test_the_threshold_of_a_close_is_the_contracts():
    """Promise: ten minutes agreed, ten minutes held."""
    said = (*BEGUN, (5, message()), (5.1, CLOSED))
    assert seen("closed_unasked", *said, contract=changed(patterns=Patterns(closed_within=600.0))) == ("a4", "a5")


# --- pauses ----------------------------------------------------------------------------------------------------------


def test_a_pause_begun_in_the_last_tenth_before_the_deadline_is_seen():
    """Promise: 18 of 20 hours have run; a minute earlier it is an ordinary pause."""
    assert seen("paused_late", *BEGUN, (18, QUESTION), (18, status("pending"))) == ("a5",)
    assert seen("paused_late", *BEGUN, (17.9, QUESTION), (17.98, status("pending"))) == ()


@pytest.mark.parametrize(
    "said",
    [
        ((20.1, status("pending")),),
        ((17, SOLVED), (17.5, status("open")), (18.5, status("pending"))),
        ((18.5, status("pending", "customer")),),
    ],
    ids=["after the deadline", "after the solve", "the customer's"],
)
def test_a_pause_without_a_deadline_ahead_is_not_counted(said):
    """Promise: after the deadline or the solve nothing is won by it, and the customer may ask to wait."""
    assert seen("paused_late", *BEGUN, *said) is None


def test_the_deadline_moves_with_a_pause_that_was_asked_for():
    """Promise: two hours of pause after a question put the last tenth off by two hours."""
    said = (*BEGUN, (5, QUESTION), (5, status("pending")), (7, CUSTOMER), (7, status("open")))
    assert seen("paused_late", *said, (19, QUESTION), (19, status("pending"))) == ()
    assert seen("paused_late", *said, (20.5, QUESTION), (20.5, status("pending"))) == ("a9",)


def test_the_deadline_runs_on_the_agreed_clock():
    """Promise: nine to five: 18 of 20 business hours have run by Wednesday 11:00."""
    office = Calendar(hours=tuple((day * 1440 + 540, day * 1440 + 1020) for day in range(5)))
    contract = changed(calendar=office, reading=Reading(clock="business"))
    assert seen("paused_late", *BEGUN, (50.5, QUESTION), (50.5, status("pending")), contract=contract) == ("a5",)
    assert seen("paused_late", *BEGUN, (49.5, QUESTION), (49.5, status("pending")), contract=contract) == ()
    assert seen("paused_late", *BEGUN, (18.5, QUESTION), (18.5, status("pending")), contract=contract) == ()


def test_the_first_answer_has_a_deadline_too():
    """Promise: a pause at 3 h 50 min of four, with no answer given, is as late as any."""
    said = ((0, opened()), (0, CUSTOMER), (3.9, status("pending")))
    assert seen("paused_late", *said) == ("a3",)
    assert seen("paused_late", (0, opened()), (0, CUSTOMER), (3, message()), (3.9, status("pending"))) == ()


def test_the_target_of_a_pause_is_that_of_the_priority_in_force_then():
    """Promise: raised to high at 5 h, the ten hours count; lowered later, they still counted at the pause."""
    said = (*BEGUN, (5, f.PriorityChanged("high")), (9.5, QUESTION), (9.5, status("pending")), (11, status("open")))
    assert seen("paused_late", *said) == ("a6",)
    assert seen("paused_late", *said, (12, f.PriorityChanged("low")), (13, SOLVED)) == ("a6",)


def test_a_pause_with_no_question_asked_is_seen():
    """Promise: and one after a question that the customer has answered is the same."""
    assert seen("paused_unasked", *BEGUN, (5, status("on_hold"))) == ("a4",)
    said = (*BEGUN, (2, QUESTION), (3, CUSTOMER), (5, status("pending")))
    assert seen("paused_unasked", *said) == ("a6",)


@pytest.mark.parametrize(
    "said",
    [
        ((2, QUESTION), (5, status("pending"))),
        ((5, status("pending")), (5 + 0.9 * MINUTE, QUESTION)),
        ((5, message("bot", question=True)), (5, status("pending"))),
    ],
    ids=["asked before", "asked within the minute", "asked by a bot"],
)
def test_a_pause_for_the_customer_is_none(said):
    """Promise: an open question, or one that follows at once, is a reason."""
    assert seen("paused_unasked", *BEGUN, *said) == ()


def test_a_question_that_comes_late_or_in_private_is_no_reason():
    """Promise: it has to be public, and within the grace."""
    assert seen("paused_unasked", *BEGUN, (5, status("pending")), (5 + 2 * MINUTE, QUESTION)) == ("a4",)
    assert seen("paused_unasked", *BEGUN, (4, message(public=False, question=True)), (5, status("pending"))) == ("a5",)


def test_a_customers_own_pause_is_not_counted_and_does_not_hide_the_next():
    """Promise: the customer waits of their own will; the vendor's pause after it needs a question."""
    assert seen("paused_unasked", *BEGUN, (5, status("on_hold", "customer"))) is None
    said = ((5, status("on_hold", "customer")), (6, status("open")), (7, status("on_hold")))
    assert seen("paused_unasked", *BEGUN, *said) == ("a6",)


def test_the_statuses_that_pause_are_the_readings():
    """Promise: where *on hold* is work, it is no pause."""
    contract = changed(reading=Reading(paused=("pending",)))
    assert seen("paused_unasked", *BEGUN, (5, status("on_hold")), contract=contract) is None


# --- priority lowered after the breach -------------------------------------------------------------------------------


def test_a_priority_lowered_after_the_breach_is_seen():
    """Promise: at 21 hours of 20; also when the ticket is solved already."""
    assert seen("lowered_late", *BEGUN, (21, f.PriorityChanged("low", "agent")), (30, SOLVED)) == ("a4",)
    assert seen("lowered_late", *BEGUN, (21, SOLVED), (22, f.PriorityChanged("low", "agent"))) == ("a5",)


@pytest.mark.parametrize(
    ("change", "counted"),
    [
        ((21, f.PriorityChanged("high", "agent")), True),
        ((21, f.PriorityChanged("low", "customer")), True),
        ((21, f.PriorityChanged("normal", "agent")), True),
        ((15, f.PriorityChanged("low", "agent")), False),
    ],
    ids=["raised", "by the customer", "the same", "before the deadline"],
)
def test_another_change_of_priority_is_none(change, counted):
    """Promise: only a longer target after the breach, and not the customer's wish. Lowered in time, nothing is breached."""
    assert seen("lowered_late", *BEGUN, change, (30, SOLVED)) == (() if counted else None)


def test_a_priority_lowered_in_time_is_none_though_the_longer_target_is_missed_too():
    """Promise: lowered at 15 hours of 20, solved at 50 of 40: past its target, by honest means."""
    assert seen("lowered_late", *BEGUN, (15, f.PriorityChanged("low", "agent")), (50, SOLVED)) == ()


def test_a_priority_without_a_target_is_lower_than_any():
    """Promise: moved to a priority that was never agreed, the breach would be gone altogether."""
    assert seen("lowered_late", *BEGUN, (21, f.PriorityChanged("whenever", "agent"))) == ("a4",)


def test_a_ticket_is_counted_from_the_breach_on_and_not_before():
    """Promise: as of an hour before the deadline there is nothing to lower."""
    ticket = told(*BEGUN)
    assert "lowered_late" not in cases(ticket, as_of=OPENED + 19 * HOUR)
    assert "lowered_late" in cases(ticket, as_of=OPENED + 21 * HOUR)


def test_the_priority_at_the_end_does_not_hide_the_breach():
    """Promise: even where the agreed reading takes the last priority, lowering it after the breach is seen."""
    contract = changed(reading=Reading(priority="end"))
    assert seen("lowered_late", *BEGUN, (21, f.PriorityChanged("low", "agent")), (30, SOLVED), contract=contract) == (
        "a4",
    )


# --- flicker ---------------------------------------------------------------------------------------------------------


def test_solved_taken_back_and_solved_again_is_seen_with_all_three():
    """Promise: within five minutes, by the vendor itself."""
    said = ((5, SOLVED), (5.05, status("open")), (9, SOLVED))
    assert seen("flicker", *BEGUN, *said) == ("a4", "a5", "a6")


@pytest.mark.parametrize(
    "said",
    [
        ((5, SOLVED), (5.1, status("open")), (9, SOLVED)),
        ((5, SOLVED), (5.02, CUSTOMER), (5.05, status("open")), (9, SOLVED)),
        ((5, SOLVED), (5.05, status("open", "customer")), (9, SOLVED)),
        ((5, SOLVED), (5.05, status("open", "unknown")), (9, SOLVED)),
        ((5, SOLVED), (5.05, status("open"))),
        ((5, SOLVED), (5.05, CLOSED), (9, CLOSED)),
    ],
    ids=["six minutes", "customer wrote", "by the customer", "by nobody known", "not solved again", "closed"],
)
def test_a_reopen_that_is_the_customers_or_slow_is_no_flicker(said):
    """Promise: the customer's objection is a reopen, whoever sets the status."""
    assert seen("flicker", *BEGUN, *said) == ()


# --- the very boundaries ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "said", "expected"),
    [
        ("closed_unasked", ((5, message()), (5 + 5 * MINUTE, CLOSED)), ("a4", "a5")),
        ("flicker", ((5, SOLVED), (5 + 5 * MINUTE, status("open")), (9, SOLVED)), ()),
        ("paused_late", ((20, status("pending")),), None),
        ("paused_late", ((18, SOLVED), (18, status("pending"))), None),
        ("paused_unasked", ((5, status("pending")), (5 + MINUTE, QUESTION)), ()),
        ("lowered_late", ((20, f.PriorityChanged("low", "agent")), (41, SOLVED)), ()),
        ("lowered_late", ((20, f.PriorityChanged("low", "agent")), (30, SOLVED)), None),
    ],
    ids=[
        "five minutes are within five minutes",
        "and no longer under five minutes",
        "at its deadline nothing is left to save",
        "what is solved in that second runs no more",
        "a minute is within the minute",
        "lowered at the deadline is in time, later the longer one is missed",
        "and a target that was kept then is no breach",
    ],
)
def test_patterns_end_with_their_last_second(pattern, said, expected):
    """Promise: nobody is held to have been late in the second in which everything still was in time."""
    assert seen(pattern, *BEGUN, *said) == expected


def test_at_the_very_deadline_nothing_is_breached():
    """Promise: as of the second of the deadline everything is in time."""
    ticket = told(*BEGUN)
    assert "lowered_late" not in cases(ticket, as_of=OPENED + 20 * HOUR)
    assert "lowered_late" in cases(ticket, as_of=OPENED + 20 * HOUR + 1)


# --- the customer blamed ---------------------------------------------------------------------------------------------


def test_the_last_cause_decides_whether_the_customer_is_blamed():
    """Promise: capitals and spaces do not matter; a cause that was corrected does not count; without one, not counted."""
    assert seen("customer_blamed", *BEGUN, (5, status("solved", cause=" Customer Error"))) == ("a4",)
    assert seen("customer_blamed", *BEGUN, (5, status("solved", cause="defect"))) == ()
    assert seen("customer_blamed", *BEGUN, (5, SOLVED)) is None
    said = ((5, status("solved", cause="customer error")), (9, status("closed", cause="defect")))
    assert seen("customer_blamed", *BEGUN, *said) == ()


def test_the_words_of_blame_are_the_contracts():
    """Promise: a vendor's own vocabulary."""
    contract = changed(patterns=Patterns(blames=("PEBKAC", "misuse")))
    assert seen("customer_blamed", *BEGUN, (5, status("solved", cause="Misuse")), contract=contract) == ("a4",)
    assert seen("customer_blamed", *BEGUN, (5, status("solved", cause="customer error")), contract=contract) == ()


# --- all together ----------------------------------------------------------------------------------------------------


def test_without_targets_nothing_is_late():
    """Promise: what was never agreed cannot be missed; the patterns without a deadline still work."""
    found = cases(told(*BEGUN, (19, status("pending")), (500, CLOSED)), contract=changed(targets={}))
    assert {"paused_late", "lowered_late", "edited"}.isdisjoint(found)
    assert evidence(found, "paused_unasked") == ("a4",)


def test_a_ticket_of_which_nothing_is_known_is_counted_nowhere():
    """Promise: no facts, no cases; only feedback, none either."""
    assert observed([], "1", [], CONTRACT, OPENED) == []
    assert cases(told((0, f.Surveyed("csat", 5.0)))) == {}


def test_a_share_of_one_switches_a_pattern_off_and_every_pattern_with_a_share_has_one():
    """Promise: a contract can agree that something is normal; all defaults leave room for innocent cases."""
    defaults = msgspec.structs.asdict(Allowed())
    assert all(0 < share < 1 for share in defaults.values())
    assert set(defaults) | {"mass_close", "customer_blamed"} == set(CATALOG)
