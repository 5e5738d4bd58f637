"""What happened after *solved*: every boundary, both readings of the solve, and what it adds to the cells."""

from __future__ import annotations

import msgspec
import pytest

from undertow.domain.cells import Counts, Exposure, topic_class
from undertow.domain.contract import DAY, Contract
from undertow.domain.facts import Claimed
from undertow.domain.outcomes import UNSOLVED, Surroundings, contribution, judge
from undertow.domain.timeline import Reopen, Timeline

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
        others=len(openings) if others is None else others,
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
