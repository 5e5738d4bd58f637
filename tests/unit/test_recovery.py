"""What became of a ticket: the solve that held, failures and who owned them, first contact, ratings, hand-offs."""

from __future__ import annotations

import pytest

from tickets import ANSWERS, ASKS, DAY, NOTE, OPENED, THANKS, agreed, facts, minute, status, ticket
from undertow.domain.judging.assessment import Named, assess
from undertow.domain.judging.contributions import tallied
from undertow.domain.judging.outcomes import Surroundings, judge
from undertow.domain.measuring.measures import After, Failure
from undertow.domain.measuring.recovery import Contact, Rating, after, first_contact_resolution, hand_offs, rating
from undertow.domain.measuring.sheets import sheet
from undertow.domain.tickets import facts as f
from undertow.domain.tickets.course import Course
from undertow.domain.tickets.facts import Place, Seen
from undertow.domain.tickets.timeline import timeline

TERMS = agreed()
A_DAY = 24 * 60
BACK, DONE = status("open", "customer"), status("solved")
SOLVED_ONCE = ((0, OPENED), (0, ASKS), (30, ANSWERS), (60, status("solved")))
REOPENED = (*SOLVED_ONCE, (2 * A_DAY, ASKS), (2 * A_DAY, status("open", "customer")))
AGAIN = (*REOPENED, (2 * A_DAY + 45, ANSWERS), (3 * A_DAY, status("solved")))


def what(*told, contacts: tuple[Contact, ...] = (), as_of: float = minute(100 * A_DAY)) -> After:
    return after(ticket(*told), contacts, TERMS, as_of)


def back(day: float, replied: float | None = None, held: float | None = None) -> Contact:
    """The customer came back with another ticket, times in days."""
    times = (None if one is None else minute(one * A_DAY) for one in (replied, held))
    return Contact(minute(day * A_DAY), *times)


def test_a_solve_that_nothing_undid_held_once_its_follow_up_has_passed():
    """Promise: unknown before, and unknown is not no."""
    assert what(*SOLVED_ONCE) == After(minute(60), known=True)
    early = minute(60) + 30 * DAY - 1
    assert what(*SOLVED_ONCE, as_of=early) == After(None, known=False)


def test_a_reopen_within_its_window_undoes_a_solve_and_one_after_it_does_not():
    """Promise: fourteen days; whoever reopened, it did not hold."""
    assert what(*AGAIN).held == minute(3 * A_DAY)
    late = (*SOLVED_ONCE, (20 * A_DAY, status("open")), (21 * A_DAY, status("solved")))
    assert what(*late).held == minute(60)
    by_vendor = (*SOLVED_ONCE, (62, status("open")), (70, status("solved")))
    assert what(*by_vendor).held == minute(70)


def test_a_repeat_contact_undoes_a_solve():
    """Promise: thirty days, counted from each solve; on time is known at once."""
    assert what(*SOLVED_ONCE, contacts=(back(20),), as_of=minute(21 * A_DAY)).held is None
    assert what(*SOLVED_ONCE, contacts=(back(20),), as_of=minute(21 * A_DAY)).known
    assert what(*SOLVED_ONCE, contacts=(back(31),)).held == minute(60)
    assert what(*AGAIN, contacts=(back(1),)).held == minute(3 * A_DAY)


def test_windows_end_with_their_last_second_and_begin_after_the_solve():
    """Promise: a reopen after fourteen days and a contact after thirty still undo it, one in the solve's own second does not."""
    end = 60 + 14 * A_DAY
    reopened = (*SOLVED_ONCE, (end, BACK), (end + 9, DONE))
    assert what(*reopened).held == minute(end + 9)
    assert [failure.at for failure in what(*reopened).failures] == [minute(end)]
    later = (*SOLVED_ONCE, (end + 1 / 60, BACK), (end + 9, DONE))
    assert (what(*later).held, what(*later).failures) == (minute(60), ())
    for seconds, undone in ((0, False), (1, True), (30 * DAY, True), (30 * DAY + 1, False)):
        found = what(*SOLVED_ONCE, contacts=(Contact(minute(60) + seconds),))
        assert (found.held is None, len(found.failures)) == (undone, undone)


def test_a_failure_in_the_moment_of_the_solve_that_held_is_solved_by_it():
    """Promise: a promise that broke as the ticket was solved took no time to mend."""
    line = (*SOLVED_ONCE, (10, f.PromiseMade("call", minute(0))))
    assert what(*line).failures == (Failure(minute(60), None, minute(60)),)


def test_failures_are_reopens_repeat_contacts_and_broken_promises():
    """Promise: each with the next human reply to it, in its own ticket or the later one, and the solve that held."""
    line = (*AGAIN, (10, f.PromiseMade("call", minute(100))))
    contact = back(9, replied=9.5, held=12)
    reopened, kept = minute(2 * A_DAY), minute(3 * A_DAY)
    found = what(*line, contacts=(contact,)).failures
    broken = Failure(minute(160), minute(2 * A_DAY + 45), None)
    assert found == (broken, Failure(reopened, minute(2 * A_DAY + 45), None), Failure(*contact))
    alone = what(*line).failures
    assert alone == (
        Failure(minute(160), minute(2 * A_DAY + 45), kept),
        Failure(reopened, minute(2 * A_DAY + 45), kept),
    )


def test_a_slip_of_the_vendor_s_own_is_no_failure():
    """Promise: what the vendor took back itself, no customer had to complain about."""
    assert what(*SOLVED_ONCE, (62, status("open")), (70, status("solved"))).failures == ()


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (SOLVED_ONCE, True),
        ((*SOLVED_ONCE, (40, THANKS), (41, NOTE)), True),
        ((*SOLVED_ONCE, (40, ANSWERS)), False),
        ((*SOLVED_ONCE, (80, ANSWERS)), True),
        (AGAIN, False),
        (((0, OPENED), (0, ASKS), (1, THANKS), (60, status("solved"))), False),
        (((0, OPENED), (60, status("solved"))), None),
        (((0, OPENED), (0, ASKS), (30, ANSWERS)), None),
    ],
    ids=["one", "bots and notes", "two", "one after it", "reopened", "none", "no messages", "unsolved"],
)
def test_first_contact_resolution_is_one_human_contact_and_durable(told, expected):
    """Promise: what cannot be known is not no."""
    assert first_contact_resolution(ticket(*told), what(*told), TERMS) is expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ((*SOLVED_ONCE, (62, status("open")), (70, status("solved"))), True),
        ((*SOLVED_ONCE, (70, status("open"))), False),
        ((*SOLVED_ONCE, (2 * A_DAY, status("open", "customer")), (3 * A_DAY, status("solved"))), False),
        ((*SOLVED_ONCE, (20 * A_DAY, ASKS), (20 * A_DAY, BACK), (20 * A_DAY + 9, ANSWERS), (21 * A_DAY, DONE)), True),
        ((*AGAIN, (20 * A_DAY, status("open"))), False),
        (SOLVED_ONCE, True),
    ],
    ids=["a slip", "taken back for good", "back without a word", "back after the window", "twice", "once"],
)
def test_a_ticket_s_sheet_and_the_vendor_s_count_say_the_same_of_first_contact(told, expected):
    """Promise: one definition: one human contact up to the solve that stood, and nobody had to come back for it."""
    course, as_of = ticket(*told), minute(100 * A_DAY)
    lines = {line.measure: line for line in sheet(course, (), TERMS, TERMS.reading, as_of)}
    assert lines["first_contact_resolution"].value == float(expected)
    line, seen = timeline(facts(*told)), [Seen(fact, Place("t", 0, 0)) for fact in facts(*told)]
    outcome = judge(line, Surroundings(lambda _: None, lambda: 0, None), "ann", TERMS, as_of)
    found, _ = assess(Named("acme", "T-1", "ann", 0), seen, (), TERMS, lambda at: int(at // DAY), as_of)
    counted = [tally.label for tally in tallied(line, outcome, found, again=False) if tally.kind == "first_contact"]
    assert counted == ["yes" if expected else "no"]


def test_first_contact_resolution_is_known_once_it_held_or_failed():
    """Promise: immature is unknown, two contacts are no at once, a repeat contact is no."""
    early = minute(A_DAY)
    assert first_contact_resolution(ticket(*SOLVED_ONCE), what(*SOLVED_ONCE, as_of=early), TERMS) is None
    twice = (*SOLVED_ONCE, (40, ANSWERS))
    assert first_contact_resolution(ticket(*twice), what(*twice, as_of=early), TERMS) is False
    assert first_contact_resolution(ticket(*SOLVED_ONCE), what(*SOLVED_ONCE, contacts=(back(2),)), TERMS) is False


def test_an_answer_in_the_second_of_the_solve_counts_and_hand_offs_count_up_to_the_last_solve():
    """Promise: most help desks answer and solve in one update; who was handed on after a reopen was handed on."""
    at_once = ((0, OPENED), (0, ASKS), (60, ANSWERS), (60, DONE))
    assert first_contact_resolution(ticket(*at_once), what(*at_once), TERMS) is True
    passed = (*REOPENED, (2 * A_DAY + 1, f.Assigned("b", None)), (3 * A_DAY, DONE), (4 * A_DAY, f.Assigned("c", None)))
    assert hand_offs(ticket((5, f.Assigned("a", None)), *passed)) == 1


def rated(*scores: float) -> Course:
    return ticket(*SOLVED_ONCE, *((100 + place, f.Surveyed("csat", score)) for place, score in enumerate(scores)))


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ((), (True, False, False)),
        ((4.0,), (True, True, True)),
        ((3.0,), (True, True, False)),
        ((1.0, 5.0), (True, True, True)),
    ],
    ids=["not asked or no answer", "good", "neutral", "the latest counts"],
)
def test_a_rating_counts_over_all_that_could_have_been_rated(scores, expected):
    """Promise: neutral is in the denominator and not in the numerator; who was never asked is in it too."""
    assert rating(rated(*scores), TERMS) == Rating(*expected)


def test_an_unsolved_ticket_could_not_be_rated_and_another_scale_is_no_csat():
    """Promise: effort and loyalty have other scores."""
    assert not rating(ticket((0, OPENED)), TERMS).eligible
    assert not rating(ticket(*SOLVED_ONCE, (90, f.Surveyed("nps", 9.0))), TERMS).rated


def test_hand_offs_are_changes_of_agent_or_team_before_the_ticket_was_solved():
    """Promise: the first holder is none, a queue's own agent is none, back to the one before is one, both at once is one."""
    held = (
        (1, f.Assigned(None, "first")), (2, f.Assigned("ann", "first")), (3, f.Assigned("ann", "first")),
        (4, f.Assigned("bob", "second")), (5, f.Assigned(None, None)), (6, f.Assigned("ann", "second")),
    )  # fmt: skip
    assert hand_offs(ticket((0, OPENED), *held)) == 2
    assert hand_offs(ticket((0, OPENED), *held, (7, f.Assigned("ann", "third")))) == 3
    assert hand_offs(ticket((0, OPENED), *held, (10, status("solved")), (20, f.Assigned("bob", None)))) == 2
    assert (
        hand_offs(ticket((0, OPENED), *held, (10, status("solved")), (15, status("open")), (20, f.Assigned("b", None))))
        == 3
    )
