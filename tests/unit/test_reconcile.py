"""Claims held against the same tickets recomputed."""

from __future__ import annotations

from itertools import permutations

import pytest

from undertow.domain.counting.ledger import PeriodClaim
from undertow.domain.figures.reconcile import Cohort, paired, reconcile, versions
from undertow.domain.statistics.intervals import newcombe_paired


def claim(met: int, total: int, recorded: float = 1.0, name: str = "c1") -> PeriodClaim:
    return PeriodClaim("acme", "first_response", 20_000, 20_029, met, total, recorded, name)


def judged(said: PeriodClaim, cohort: Cohort, *, closed: bool = True):
    return reconcile(versions([said]), cohort, closed=closed)


def test_a_gap_has_its_value_its_interval_and_its_test():
    """Promise: 12 over and 2 under of 200: 5 points, McNemar .0129, Newcombe's paired interval."""
    gap = paired(150, 12, 2, 36)
    assert (gap.n, gap.value) == (200, pytest.approx(0.05))
    assert gap.p == pytest.approx(2 * (1 + 14 + 91) / 2**14)
    assert (gap.low, gap.high) == newcombe_paired(150, 12, 2, 36)
    assert 0 < gap.low < 0.05 < gap.high


def test_an_under_report_is_a_gap_of_the_other_sign():
    """Promise: what the vendor did better than it said is shown as much."""
    gap = paired(150, 2, 12, 36)
    assert gap.value == pytest.approx(-0.05)
    assert gap.high < 0
    assert paired(0, 0, 0, 0).value is None


def test_a_period_that_adds_up_is_confirmed():
    """Promise: the same rate over the same tickets, no difference, no cause."""
    found = judged(claim(90, 100), Cohort(total=100, met=90, claimed=100, claimed_met=90))
    assert (found.verdict, found.tickets, found.met, found.gap, found.causes) == ("confirmed", 0, 0, 0.0, ())


def test_a_period_that_says_too_much_is_over_reported_and_one_that_says_too_little_under_reported():
    """Promise: on the rate, exactly: both counts are of all tickets, so one ticket is a difference."""
    over = judged(claim(95, 100), Cohort(total=100, met=94))
    assert (over.verdict, over.met) == ("over_reported", 1)
    assert over.gap == pytest.approx(0.01)
    assert judged(claim(93, 100), Cohort(total=100, met=94)).verdict == "under_reported"


def test_tickets_left_out_are_a_finding_of_their_own():
    """Promise: eight missed tickets fewer, and the rate is better by them."""
    found = judged(claim(90, 92), Cohort(total=100, met=90))
    assert (found.verdict, found.tickets, found.met, found.causes) == ("over_reported", -8, 0, ("left_out",))


def test_tickets_left_out_at_random_are_counted_and_not_called_left_out():
    """Promise: nine met and one missed fewer is a difference in count, and no better rate."""
    found = judged(claim(81, 90), Cohort(total=100, met=90))
    assert (found.verdict, found.tickets, found.causes) == ("confirmed", -10, ())


def test_tickets_that_were_never_solved_are_added():
    """Promise: more tickets claimed than the help desk solved."""
    found = judged(claim(100, 110), Cohort(total=100, met=90))
    assert (found.tickets, found.causes) == (10, ("added",))


def test_a_vendor_whose_own_tickets_say_otherwise_contradicts_itself():
    """Promise: its claims ticket by ticket are over the very same number of tickets and add up to less."""
    found = judged(claim(95, 100), Cohort(total=100, met=90, claimed=100, claimed_met=91))
    assert found.causes == ("own_tickets_differ",)
    assert judged(claim(95, 100), Cohort(total=100, met=90, claimed=60, claimed_met=50)).causes == ()


def test_tickets_that_cannot_be_judged_are_not_missing():
    """Promise: five without messages are in the claim's count and in ours."""
    found = judged(claim(90, 100), Cohort(total=95, met=86, open=5))
    assert found.tickets == 0
    assert judged(claim(90, 100), Cohort(total=0, met=0, open=100)).verdict == "unverifiable"


@pytest.mark.parametrize(
    ("said", "cohort", "verdict"),
    [
        (claim(5, 5), Cohort(0, 0), "claim_only"),
        (claim(0, 0), Cohort(0, 0), "confirmed"),
        (claim(0, 0), Cohort(9, 9), "under_reported"),
    ],
)
def test_a_period_without_tickets_on_one_side_has_a_verdict(said, cohort, verdict):
    """Promise: no rate is made up where there is no ticket."""
    found = judged(said, cohort)
    assert found.verdict == verdict
    assert found.gap is None


def test_an_open_period_is_immature_and_its_counts_are_shown():
    """Promise: shown, never dropped, and not judged."""
    found = judged(claim(99, 100), Cohort(total=80, met=70), closed=False)
    assert (found.verdict, found.tickets) == ("immature", 20)


def test_the_latest_version_of_a_claim_counts_and_the_change_is_visible():
    """Promise: whatever order they come in, once or twice."""
    first, second, third = claim(90, 100, 1.0, "c9"), claim(95, 100, 2.0, "c2"), claim(97, 100, 3.0, "c3")
    for order in permutations([first, second, third, second]):
        found = versions(order)
        assert (found.first, found.last) == (first, third)
    judged = reconcile(versions([second, first]), Cohort(100, 90), closed=True)
    assert judged.restated_from == first
    assert judged.claim == second
    assert judged.verdict == "over_reported"
    assert reconcile(versions([first]), Cohort(100, 90), closed=True).restated_from is None


def test_versions_of_versions_are_the_versions_of_all():
    """Promise: a join: two halves put together are the whole."""
    said = [claim(90 + n, 100, float(n), f"c{n}") for n in range(5)]
    one, other = versions(said[:2]), versions(said[2:])
    assert versions([one.first, one.last, other.first, other.last]) == versions(said)
    with pytest.raises(ValueError, match="no claim"):
        versions([])
