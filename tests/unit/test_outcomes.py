"""What happened after *solved*: every boundary, both readings of the solve, and what it adds to the cells."""

from __future__ import annotations

import msgspec
import pytest

from undertow.domain.agreement.contract import DAY, Contract
from undertow.domain.counting.cells import Counts, Exposure, topic_class
from undertow.domain.judging.outcomes import BAD, OUTCOMES, UNSOLVED, Signal, Surroundings, contribution, judge
from undertow.domain.tickets.facts import (
    Body,
    Cancelled,
    Claimed,
    Complained,
    Confirmed,
    Fact,
    Invoiced,
    Message,
    Refunded,
    StatusChanged,
    Surveyed,
)
from undertow.domain.tickets.timeline import Reopen, Timeline, timeline

ACME = Contract(vendor="acme", segments=("gold",))
CLAIMED = msgspec.structs.replace(ACME, solve_time="resolved_at")
SOLVED_AT = 100 * DAY
EVER = 1000 * DAY
LINE = Timeline(
    begun=SOLVED_AT - DAY,
    opened_at=SOLVED_AT - DAY,
    topic="bill",
    segment="gold",
    solves=(SOLVED_AT,),
    reopens=(),
    claim=Claimed("sla", True, None, None, None),
    continues=(),
    last=SOLVED_AT,
)


def line(**changes) -> Timeline:
    return msgspec.structs.replace(LINE, **changes)


def around(*openings: float, others: int | None = None, segment: str | None = None) -> Surroundings:
    return Surroundings(
        next_return=lambda after: min((at for at in openings if at > after), default=None),
        others=lambda: len(openings) if others is None else others,
        segment=segment,
    )


def outcome(ticket=LINE, *openings: float, contract=ACME, as_of=EVER, customer="ann"):
    return judge(ticket, around(*openings), customer, contract, as_of)


def day(seconds: float) -> int:
    return int(seconds // DAY)


@pytest.mark.parametrize(
    ("after", "back"), [(0.0, False), (1.0, True), (30 * DAY, True), (30 * DAY + 1, False), (-1.0, False)]
)
def test_a_return_counts_up_to_the_end_of_the_window_and_not_at_the_solve_itself(after, back):
    """Promise: a contact in (solve, solve + window] is a repeat contact: the end included, the solve's own second not."""
    assert outcome(LINE, SOLVED_AT + after).repeat_contact is back


def test_the_second_solve_has_a_window_of_its_own():
    """Promise: a ticket solved twice is followed from both solves."""
    twice = line(solves=(SOLVED_AT, SOLVED_AT + 20 * DAY))
    assert outcome(twice, SOLVED_AT + 45 * DAY).repeat_contact
    assert outcome(twice).matures_at == SOLVED_AT + 50 * DAY


@pytest.mark.parametrize(("after", "reopened"), [(1.0, True), (14 * DAY, True), (14 * DAY + 1, False)])
@pytest.mark.parametrize("cause", ["customer", "unknown"])
def test_a_reopen_counts_up_to_the_end_of_its_window(after, reopened, cause):
    """Promise: the end of the reopen window is included, and a cause nobody recorded is not assumed to be a slip."""
    assert outcome(line(reopens=(Reopen(SOLVED_AT + after, after, cause),))).reopened is reopened


@pytest.mark.parametrize(("after", "flicker"), [(0.0, True), (299.0, True), (300.0, False)])
def test_the_vendor_s_own_slip_is_a_flicker_and_no_reopen(after, flicker):
    """Promise: solved and taken back by the vendor under five minutes is kept apart, and never counts as bad."""
    found = outcome(line(reopens=(Reopen(SOLVED_AT + after, after, "vendor"),)))
    assert (found.flicker, found.reopened, found.bad) == (flicker, False, False)


def test_a_customer_s_quick_reopen_is_no_flicker():
    """Promise: only the vendor flickers."""
    found = outcome(line(reopens=(Reopen(SOLVED_AT + 10, 10.0, "customer"),)))
    assert (found.flicker, found.reopened) == (False, True)


def test_a_ticket_is_mature_when_its_longest_window_has_passed_and_not_a_second_before():
    """Promise: an outcome is told once it can no longer change."""
    assert outcome(as_of=SOLVED_AT + 30 * DAY).mature
    assert not outcome(as_of=SOLVED_AT + 30 * DAY - 1).mature


def test_a_ticket_never_solved_has_no_outcome():
    """Promise: unknown is not good."""
    assert outcome(line(solves=())) == UNSOLVED
    assert outcome(line(solves=(), claim=Claimed("sla", True, None, SOLVED_AT, None)), contract=CLAIMED) == UNSOLVED


def test_under_the_claimed_reading_returns_count_from_the_time_the_vendor_says():
    """Promise: the two readings of *solved* differ only in where the window of a repeat contact begins."""
    early = line(claim=Claimed("sla", True, None, SOLVED_AT - 10 * DAY, None))
    returned = SOLVED_AT + 25 * DAY
    assert outcome(early, returned).repeat_contact
    assert not outcome(early, returned, contract=CLAIMED).repeat_contact
    assert outcome(early, SOLVED_AT - 5 * DAY, contract=CLAIMED).repeat_contact
    assert outcome(early, contract=CLAIMED).matures_at == SOLVED_AT + 30 * DAY


def test_under_the_claimed_reading_a_ticket_without_a_claimed_time_is_not_eligible():
    """Promise: what cannot be followed is left out of the denominator, not counted as fine."""
    found = outcome(LINE, SOLVED_AT + 1, contract=CLAIMED)
    assert (found.eligible, found.repeat_contact, found.solved_at) == (False, False, SOLVED_AT)


def test_a_ticket_without_customer_or_topic_is_not_eligible_for_a_return():
    """Promise: nobody can return who is not known, nor to a topic that is not."""
    assert not outcome(LINE, SOLVED_AT + 1, customer=None).eligible
    assert not outcome(line(topic=None), SOLVED_AT + 1).eligible


def test_an_unhappy_ticket_reported_as_met_is_what_the_cells_are_for():
    """Promise: one mature ticket adds one to each count that is true of it, and its exposure."""
    returned = around(SOLVED_AT + DAY, others=5)
    found = judge(LINE, returned, "ann", ACME, EVER)
    opening, share = contribution(LINE, returned, found, ACME, day)
    assert (opening.key, opening.counts) == (("acme", "gold", 99), Counts(opened=1))
    assert share.key == ("acme", "gold", 100)
    assert share.counts == Counts(
        solved=1,
        mature=1,
        claimed=1,
        reported_met=1,
        repeat_eligible=1,
        repeat_contact=1,
        bad=1,
        reported_met_but_bad=1,
    )
    assert share.exposure == Exposure(topic_class("bill"), 4)


def test_an_immature_ticket_is_shown_and_judged_by_nothing():
    """Promise: immature tickets add to solved alone: no numerator is ahead of its denominator."""
    young = judge(LINE, around(SOLVED_AT + 1), "ann", ACME, SOLVED_AT + 2)
    shares = contribution(LINE, around(SOLVED_AT + 1), young, ACME, day)
    assert [share.counts for share in shares] == [Counts(opened=1), Counts(solved=1)]
    assert shares[1].exposure is None


def test_bad_tickets_count_as_bad_only_where_the_vendor_claimed_something():
    """Promise: hidden dissatisfaction is measured on what was reported."""
    silent = line(claim=None)
    returned = around(SOLVED_AT + DAY)
    counts = contribution(silent, returned, judge(silent, returned, "ann", ACME, EVER), ACME, day)[1].counts
    assert (counts.repeat_contact, counts.claimed, counts.bad, counts.reported_met_but_bad) == (1, 0, 0, 0)


@pytest.mark.parametrize(
    ("company", "vendor", "label"),
    [("gold", None, "gold"), ("basic", "gold", "other"), (None, "gold", "gold"), (None, None, "other")],
)
def test_the_company_s_word_on_a_customer_s_segment_outranks_the_vendor_s(company, vendor, label):
    """Promise: segments come from the closed list; the vendor cannot file a customer elsewhere."""
    ticket = line(segment=vendor)
    shares = contribution(ticket, around(segment=company), outcome(ticket), ACME, day)
    assert {share.key.segment for share in shares} == {label}


def test_a_ticket_that_only_others_speak_of_adds_nothing():
    """Promise: a claim for a ticket nobody saw makes no ticket."""
    ghost = line(begun=None, opened_at=None, solves=())
    assert contribution(ghost, around(), judge(ghost, around(), "ann", ACME, EVER), ACME, day) == ()


# --- what the company knows


def fact(days: float, body: Body) -> Fact:
    """So many days after the solve."""
    at = SOLVED_AT + days * DAY
    return Fact(at, 0, at, f"{days}-{body}", "/company", body)


def told(*facts: Fact, unnamed: tuple[Fact, ...] = (), openings: tuple[float, ...] = (), **changes):
    ticket = line(told=facts, **changes)
    beside = msgspec.structs.replace(around(*openings), told=unnamed)
    return judge(ticket, beside, "ann", ACME, EVER)


EVENTS = [
    (Refunded(5.0, "EUR"), "refunded"),
    (Cancelled(), "cancelled"),
    (Complained("review"), "complained"),
    (Surveyed("csat", 3.0), "rejected"),
    (Confirmed(False), "rejected"),
]


@pytest.mark.parametrize(("body", "name"), EVENTS)
@pytest.mark.parametrize("unnamed", [True, False])
def test_what_the_company_says_makes_the_ticket_bad_whether_it_names_it_or_is_held_against_it(body, name, unnamed):
    """Promise: one outcome of that name, from the first such event on."""
    first, second = fact(2, body), fact(5, body)
    found = told(unnamed=(first, second)) if unnamed else told(first, second)
    assert found.signals == (Signal(name, SOLVED_AT + 2 * DAY),)
    assert (found.bad, found.first_bad) == (True, SOLVED_AT + 2 * DAY)


@pytest.mark.parametrize(
    "body", [Surveyed("csat", 4.0), Surveyed("nps", 0.0), Surveyed("ces", 1.0), Confirmed(True), Invoiced(5.0, "EUR")]
)
def test_a_good_answer_another_scale_and_a_bill_are_not_bad(body):
    """Promise: the good score of the contract is one of satisfaction; of a ticket that held, a bill is in order."""
    assert not told(fact(2, body)).bad


def test_the_last_answer_to_a_question_stands_and_the_other_question_has_its_own():
    """Promise: who changes their mind is believed; a "no" is not outvoted by a good score."""
    low, high, no, yes = (Surveyed("csat", 1.0), Surveyed("csat", 5.0), Confirmed(False), Confirmed(True))
    assert not told(fact(1, low), fact(2, high)).bad
    assert told(fact(1, high), fact(2, low)).first_bad == SOLVED_AT + 2 * DAY
    assert told(fact(1, low), fact(2, high), fact(3, low)).first_bad == SOLVED_AT + DAY
    assert not told(fact(1, no), fact(2, yes)).bad
    assert told(fact(1, high), fact(2, no), fact(3, high)).first_bad == SOLVED_AT + 2 * DAY
    assert not told(fact(1, low), unnamed=(fact(2, high),)).bad


def test_a_ticket_is_charged_for_wrongly_if_no_solve_held_and_from_the_moment_both_are_known():
    """Promise: a return after the last solve, or a reopen never solved again; a second solve that holds is a solution."""
    bill = fact(2, Invoiced(5.0, "EUR"))
    back = SOLVED_AT + 10 * DAY
    reopened = (Reopen(SOLVED_AT + DAY, DAY, "customer"),)
    assert Signal("charged", back) in told(bill, openings=(back,)).signals
    assert Signal("charged", SOLVED_AT + 2 * DAY) in told(bill, reopens=reopened).signals
    again = told(bill, reopens=reopened, solves=(SOLVED_AT, SOLVED_AT + 3 * DAY))
    assert [signal.outcome for signal in again.signals] == ["reopened"]
    assert not told(bill, openings=(SOLVED_AT + 31 * DAY,)).bad
    late = (Reopen(SOLVED_AT + 15 * DAY, 15 * DAY, "customer"),)
    assert not told(bill, reopens=late).bad
    at_the_end = (Reopen(SOLVED_AT + 14 * DAY, 14 * DAY, "customer"),)
    assert Signal("charged", SOLVED_AT + 14 * DAY) in told(bill, reopens=at_the_end).signals


@pytest.mark.parametrize("amount", [0.0, -5.0])
def test_an_invoice_or_a_refund_of_nothing_is_none(amount):
    """Promise: a warranty's invoice of 0, a credit note and a refund taken back are held against nobody; the next real one is."""
    reopened = (Reopen(SOLVED_AT + DAY, DAY, "customer"),)
    nothing, bill = (fact(day, Invoiced(sum_, "EUR")) for day, sum_ in ((2, amount), (3, 5.0)))
    assert [one.outcome for one in told(nothing, reopens=reopened).signals] == ["reopened"]
    assert Signal("charged", SOLVED_AT + 3 * DAY) in told(nothing, bill, reopens=reopened).signals
    assert not told(fact(2, Refunded(amount, "EUR"))).bad
    assert told(fact(2, Refunded(amount, "EUR")), fact(3, Refunded(5.0, "EUR"))).first_bad == SOLVED_AT + 3 * DAY


def test_a_broken_promise_is_bad_whenever_it_broke():
    """Promise: before the solve, too: it was visible with it."""
    broken = msgspec.structs.replace(around(), broken_at=SOLVED_AT - DAY)
    assert judge(LINE, broken, "ann", ACME, EVER).signals == (Signal("promise_broken", SOLVED_AT - DAY),)


def test_bad_outcomes_stand_in_one_order_and_the_first_of_them_in_time_is_the_first_signal():
    """Promise: which contribute, and since when."""
    found = told(
        fact(4, Complained("direct")),
        fact(3, Refunded(1.0, "EUR")),
        openings=(SOLVED_AT + 9 * DAY,),
        reopens=(Reopen(SOLVED_AT + 5 * DAY, 5 * DAY, "customer"),),
    )
    assert [signal.outcome for signal in found.signals] == ["reopened", "repeat_contact", "refunded", "complained"]
    assert found.first_bad == SOLVED_AT + 3 * DAY
    assert OUTCOMES[: len(BAD)] == BAD


AGENT, CUSTOMER = (Message(actor, True, True, False) for actor in ("agent", "customer"))


def solves(*more: Fact, actor: str = "agent") -> Timeline:
    ordered = sorted((fact(0, StatusChanged("solved", actor)), *more), key=lambda one: one.time)  # type: ignore[arg-type]
    return timeline(ordered)


@pytest.mark.parametrize(
    ("said", "unconfirmed"),
    [
        ((), True),
        ((fact(1, AGENT),), True),
        ((fact(-1, CUSTOMER),), True),
        ((fact(1, CUSTOMER),), False),
        ((fact(1, Surveyed("nps", 2.0)),), False),
        ((fact(1, Confirmed(False)),), False),
        ((fact(1, Refunded(1.0, "EUR")),), True),
        ((fact(1, StatusChanged("closed", "customer")),), False),
        ((fact(1, StatusChanged("closed", "system")),), True),
        ((fact(1, CUSTOMER), fact(2, StatusChanged("open", "agent")), fact(3, StatusChanged("solved", "agent"))), True),
        ((fact(1, CUSTOMER), fact(2, StatusChanged("open", "agent"))), False),
        ((fact(1, StatusChanged("closed", "customer")), fact(2, StatusChanged("solved", "system"))), False),
        (
            (
                fact(1, Confirmed(False)),
                fact(2, StatusChanged("open", "agent")),
                fact(3, StatusChanged("solved", "bot")),
            ),
            True,
        ),
    ],
)
def test_a_ticket_stands_on_the_vendor_s_word_alone_if_nobody_else_spoke_since_the_last_solve(said, unconfirmed):
    """Promise: a message of the customer's, any survey or an answer confirms that somebody heard of it; it is not bad."""
    found = judge(solves(*said), around(), "ann", ACME, EVER)
    assert found.unconfirmed is unconfirmed
    assert "unconfirmed" not in [signal.outcome for signal in found.signals]


def test_a_customer_who_solved_it_or_answered_a_survey_that_names_no_ticket_has_spoken():
    """Promise: their own word is no vendor's word."""
    assert not judge(solves(actor="customer"), around(), "ann", ACME, EVER).unconfirmed
    asked = msgspec.structs.replace(around(), told=(fact(1, Surveyed("csat", 5.0)),))
    assert not judge(solves(), asked, "ann", ACME, EVER).unconfirmed
