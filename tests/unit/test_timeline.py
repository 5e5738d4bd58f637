"""One ticket's facts, read as solves, reopens and the latest claim."""

from __future__ import annotations

from itertools import count

import pytest

from undertow.domain.tickets import facts as f
from undertow.domain.tickets.facts import Body, Fact, Place, Seen, in_order, join, rewritten
from undertow.domain.tickets.timeline import Reopen, Timeline, timeline

MINUTE = 60.0
ids = count()


def at(minutes: float, body: Body, recorded: float | None = None, sequence: int = 0) -> Fact:
    time = minutes * MINUTE
    return Fact(time, sequence, time if recorded is None else recorded * MINUTE, f"{next(ids):06}", "/a", body)


def read(*facts: Fact) -> Timeline:
    return timeline(in_order(join([], [Seen(fact, Place("vendor.tickets", 0, 0)) for fact in facts])[0]))


def status(to: str, actor: str = "agent") -> f.StatusChanged:
    return f.StatusChanged(to, actor)


def wrote(actor: str) -> f.Message:
    return f.Message(actor, True, True, False)


def claim(*, met: bool, measure: str = "sla") -> f.Claimed:
    return f.Claimed(measure, met, None, None, None)


def test_a_ticket_closed_after_it_was_solved_was_solved_once():
    """Promise: closing confirms a solve, it is none."""
    line = read(at(0, f.Opened("bill")), at(10, status("solved")), at(20, status("closed")), at(30, status("solved")))
    assert line.solves == (10 * MINUTE,)
    assert line.reopens == ()


def test_a_ticket_closed_without_being_solved_was_solved_then():
    """Promise: closed is a solve where none came before."""
    assert read(at(0, f.Opened()), at(20, status("closed"))).solves == (20 * MINUTE,)


def test_a_reopen_is_timed_from_the_solve_it_undid():
    """Promise: the second reopen counts from the second solve."""
    line = read(
        at(0, status("solved")),
        at(7, status("open", "customer")),
        at(8, status("pending")),
        at(10, status("closed")),
        at(11, status("open", "agent")),
    )
    assert line.solves == (0.0, 10 * MINUTE)
    assert line.reopens == (Reopen(7 * MINUTE, 7 * MINUTE, "customer"), Reopen(11 * MINUTE, MINUTE, "vendor"))


@pytest.mark.parametrize(
    ("actor", "cause"),
    [("customer", "customer"), ("agent", "vendor"), ("bot", "vendor"), ("system", "vendor"), ("unknown", "unknown")],
)
def test_a_reopen_is_caused_by_who_set_the_status(actor, cause):
    """Promise: the vendor's slip is not the customer's return, and what nobody recorded is not the vendor's slip."""
    assert read(at(0, status("solved")), at(9, status("open", actor))).reopens[0].cause == cause


def test_an_agent_who_reopens_after_the_customer_wrote_acts_for_the_customer():
    """Promise: the customer's message, not the click, is the cause."""
    assert read(at(0, status("solved")), at(3, wrote("customer")), at(4, status("open"))).reopens[0].cause == "customer"


def test_what_the_customer_wrote_before_the_solve_causes_no_reopen():
    """Promise: only a message after the solve can undo it."""
    line = read(at(0, wrote("customer")), at(1, status("solved")), at(2, wrote("agent")), at(3, status("open")))
    assert line.reopens[0].cause == "vendor"


def test_the_claim_recorded_last_stands():
    """Promise: a restated claim replaces the earlier one, whatever time either speaks of."""
    line = read(at(9, claim(met=True), recorded=10), at(3, claim(met=False), recorded=20))
    assert line.claim == claim(met=False)


def test_of_claims_recorded_together_the_later_in_the_vendor_s_sequence_stands():
    """Promise: ties have one order."""
    one, other = at(3, claim(met=True), sequence=2), at(3, claim(met=False), sequence=1)
    assert read(one, other).claim == read(other, one).claim == claim(met=True)


def test_a_claim_of_another_measure_is_not_the_ticket_s_sla():
    """Promise: only the SLA claim says reported met."""
    assert read(at(1, claim(met=True, measure="first_response"))).claim is None


def test_the_topic_is_the_one_the_ticket_was_filed_under_last():
    """Promise: a ticket is compared under the topic it ended with."""
    assert read(at(0, f.Opened("bill")), at(5, f.TopicChanged("line"))).topic == "line"


def test_a_topic_change_dated_before_the_opening_is_still_a_change():
    """Promise: the opening's topic is where a ticket begins, never a correction."""
    assert read(at(0, f.TopicChanged("line")), at(5, f.Opened("bill"))).topic == "line"


def test_before_its_opening_arrives_a_ticket_begins_with_its_first_own_fact():
    """Promise: a missing opening loses no ticket; until it comes no contact is counted from it."""
    line = read(at(4, claim(met=True)), at(5, wrote("agent")), at(6, status("solved")))
    assert (line.begun, line.opened_at, line.last) == (5 * MINUTE, None, 6 * MINUTE)


def test_the_opening_dates_a_ticket_even_where_other_facts_are_older():
    """Promise: a message imported from before the ticket does not date it."""
    line = read(at(1, wrote("customer")), at(5, f.Opened("bill", "gold")), at(6, f.Opened("line", "basic")))
    assert (line.begun, line.opened_at, line.topic, line.segment) == (5 * MINUTE, 5 * MINUTE, "bill", "gold")


def test_a_ticket_only_others_speak_of_has_not_begun():
    """Promise: a claim or a survey alone makes no ticket."""
    line = read(at(4, claim(met=True)), at(5, f.Surveyed("csat", 1.0)), at(6, f.Linked("1", "follows_up")))
    assert (line.begun, line.continues) == (None, ("1",))


def test_facts_of_one_time_are_ordered_by_sequence_then_by_when_they_were_recorded():
    """Promise: ties have one order everywhere: a solve and a reopen of one second are read as the vendor wrote them."""
    solved, opened = at(5, status("solved"), sequence=1), at(5, status("open"), sequence=2)
    assert len(read(opened, solved).reopens) == 1
    first, second = at(5, status("solved"), recorded=6), at(5, status("open"), recorded=7)
    assert len(read(second, first).reopens) == 1


def test_a_rewritten_fact_is_evidence_and_the_first_reading_counts():
    """Promise: editing history changes no figure and is shown."""
    was = Fact(60.0, 0, 60.0, "7", "/a", status("open"))
    became = Fact(60.0, 0, 60.0, "7", "/a", status("solved"))
    facts, _ = join([], [Seen(became, Place("vendor.tickets", 0, 9)), Seen(was, Place("vendor.tickets", 0, 3))])
    assert in_order(facts) == [was]
    assert rewritten(facts) == [("/a", "7")]
