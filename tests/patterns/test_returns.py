"""Patterns between a ticket and the customer's other tickets. Hours since the first was opened."""

from __future__ import annotations

import pytest

from patterns.desk import CUSTOMER, DAY, HOUR, OPENED, SOLVED, Told, cases, evidence, message, opened, status, told
from undertow.domain.tickets import facts as f

FIRST = ((0, opened()), (0, CUSTOMER), (1, message()), (10, status("solved", cause="defect")))


def other(hours: float, *said: tuple[float, f.Body]) -> Told:
    """Another ticket, opened so many hours after the first."""
    return told(*said, letter="b", at=OPENED + hours * HOUR)


LINK = f.Linked("1", "follows_up")


def continued(*others: Told) -> tuple[str, ...] | None:
    return evidence(cases(told(*FIRST), *others), "continued")


def misdiagnosed(*others: Told, first: tuple[tuple[float, f.Body], ...] = FIRST) -> tuple[str, ...] | None:
    return evidence(cases(told(*first), *others), "misdiagnosed")


def test_a_ticket_the_vendor_opens_after_its_solve_on_the_same_topic_continues_it():
    """Promise: the solve and the new opening are the evidence, and a link where there is one."""
    assert continued(other(12, (0, opened(actor="agent")))) == ("a4", "b1")
    assert continued(other(12, (0, opened(topic="other", actor="system")), (1, LINK))) == ("a4", "b1", "b2")


def test_a_ticket_opened_shortly_before_the_solve_continues_it_too():
    """Promise: whichever the agent does first, closing the old one or opening the new one."""
    assert continued(other(9, (0, opened(actor="agent")))) == ("b1", "a4")


@pytest.mark.parametrize(
    "another",
    [
        other(12, (0, opened())),
        other(12, (0, opened(actor="unknown"))),
        other(12, (0, opened(topic="login", actor="agent"))),
        other(12, (0, opened(topic=None, actor="agent"))),
        other(83, (0, opened(actor="agent"))),
        other(-1, (0, opened(actor="agent"))),
        other(12, (0, opened(topic="login", actor="agent")), (1, f.Linked("2", "follows_up"))),
        other(12, (0, message("agent"))),
    ],
    ids=[
        "customer's",
        "nobody knows whose",
        "other topic",
        "no topic",
        "later",
        "before",
        "linked elsewhere",
        "never opened",
    ],
)
def test_another_ticket_that_is_not_the_vendors_continuation_is_none(another):
    """Promise: a customer's own ticket is a repeat contact, and the vendor may open tickets on other matters."""
    assert continued(another) == ()


def test_an_unsolved_ticket_is_counted_nowhere_here():
    """Promise: of the tickets solved."""
    found = cases(told(*FIRST[:3]), other(12, (0, opened(actor="agent"))))
    assert {"continued", "misdiagnosed"}.isdisjoint(found)


BACK = ((50.0, CUSTOMER), (50.1, status("open")))


def test_a_reopened_ticket_that_is_solved_under_another_topic_was_misdiagnosed():
    """Promise: the first solve, the reopening and the second solve are the evidence."""
    said = (*FIRST, *BACK, (60, f.TopicChanged("login")), (70, SOLVED))
    assert misdiagnosed(first=said) == ("a4", "a6", "a8")


def test_a_reopened_ticket_that_is_solved_under_another_cause_was_misdiagnosed():
    """Promise: the cause may also come with the close."""
    assert misdiagnosed(first=(*FIRST, *BACK, (70, status("solved", cause="outage")))) == ("a4", "a6", "a7")
    said = (
        *FIRST[:3],
        (10, SOLVED),
        (11, status("closed", cause="outage")),
        *BACK,
        (70, status("solved", cause="defect")),
    )
    assert misdiagnosed(first=said) == ("a4", "a7", "a8")


def test_a_cause_holds_until_another_is_given():
    """Promise: solved as a defect, again without a word, and at last as an outage: the first diagnosis did not hold."""
    said = (*FIRST, *BACK, (70, SOLVED), (80, CUSTOMER), (80.1, status("open")), (90, status("solved", cause="outage")))
    assert misdiagnosed(first=said) == ("a7", "a9", "a10")


@pytest.mark.parametrize(
    "said",
    [
        (*FIRST, *BACK, (70, status("solved", cause=" Defect "))),
        (*FIRST, *BACK, (70, SOLVED)),
        (*FIRST, (10.05, status("open")), (70, status("solved", cause="outage"))),
        (*FIRST, (400, CUSTOMER), (400, status("open")), (410, status("solved", cause="outage"))),
        (*FIRST[:3], (5, f.TopicChanged("login")), FIRST[3]),
        (*FIRST, (20, f.TopicChanged("login"))),
        (*FIRST, *BACK),
    ],
    ids=[
        "the same",
        "no cause",
        "the vendor's own",
        "after the window",
        "before the solve",
        "not reopened",
        "not solved",
    ],
)
def test_a_ticket_that_came_back_for_the_same_reason_or_not_at_all_was_not(said):
    """Promise: a correction without a return is order, and what nobody said differs from nothing."""
    assert misdiagnosed(first=said) == ()


def test_a_topic_set_right_while_it_was_solved_belongs_to_the_first_diagnosis():
    """Promise: corrected the day after, and solved under the corrected topic again: the diagnosis held."""
    said = (*FIRST, (20, f.TopicChanged("login")), *BACK, (70, status("solved", cause="defect")))
    assert misdiagnosed(first=said) == ()


def test_a_new_ticket_under_the_old_topic_that_is_solved_under_another_shows_it():
    """Promise: the first solve, the customer's new ticket, and what it was in the end."""
    another = other(100, (0, opened()), (5, f.TopicChanged("login")), (9, SOLVED))
    assert misdiagnosed(another) == ("a4", "b1", "b3")


def test_a_linked_ticket_may_differ_in_cause_alone_and_an_unlinked_one_may_not():
    """Promise: an unrelated contact on the same topic has a cause of its own."""
    said = ((0, opened()), (9, status("solved", cause="outage")))
    assert misdiagnosed(other(100, *said)) == ()
    assert misdiagnosed(other(100, said[0], (1, LINK), said[1])) == ("a4", "b1", "b3")


@pytest.mark.parametrize(
    "another",
    [
        other(100, (0, opened()), (9, SOLVED)),
        other(100, (0, opened(topic="login")), (9, SOLVED)),
        other(100, (0, opened()), (5, f.TopicChanged("login"))),
        other(100, (0, opened(actor="agent")), (5, f.TopicChanged("login")), (9, SOLVED)),
        other(10 + 30 * DAY / HOUR + 0.1, (0, opened()), (5, f.TopicChanged("login")), (9, SOLVED)),
        other(9, (0, opened()), (5, f.TopicChanged("login")), (9, SOLVED)),
    ],
    ids=["the same", "another matter", "unsolved", "the vendor's", "after the window", "before the solve"],
)
def test_a_new_ticket_that_says_nothing_of_the_first_diagnosis_is_none(another):
    """Promise: it has to come back, in the window, and end otherwise."""
    assert misdiagnosed(another) == ()


def test_windows_of_returns_end_with_their_last_second():
    """Promise: reopened 14 days, or back 30 days, after the solve is within the window; 3 days for a ticket of the vendor's."""
    end = 10 + 14 * 24
    for late, expected in ((0, ("a4", "a5", "a6")), (1 / 3600, ())):
        first = (*FIRST, (end + late, status("open", "customer")), (end + 9, status("solved", cause="outage")))
        assert misdiagnosed(first=first) == expected
    end = 10 + 30 * 24
    for late, expected in ((0, ("a4", "b1", "b3")), (1 / 3600, ())):
        assert misdiagnosed(other(end + late, (0, opened()), (5, f.TopicChanged("login")), (9, SOLVED))) == expected
    for late, expected in ((0, ("a4", "b1")), (1 / 3600, ())):
        assert continued(other(10 + 3 * 24 + late, (0, opened(actor="agent")))) == expected
