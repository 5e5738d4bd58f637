"""A row of figures in plain words."""

from __future__ import annotations

import re

import pytest

from undertow.domain.agreement.contract import Contract
from undertow.domain.counting.ledger import Figures, Rate
from undertow.domain.statistics.rounding import at_least, at_most, beside, points
from undertow.domain.verdicts import Colour, Verdict, allowed, verdict

ACME = Contract(vendor="acme")


def judged(count: int, n: int, chance: float = 0.0, immature: int = 0, contract: Contract = ACME) -> Verdict:
    nothing = Rate(0, 0)
    figures = Figures(
        vendor="acme",
        segment="all",
        window="28d",
        tickets=n,
        immature=immature,
        reported=nothing,
        actual=nothing,
        hidden=Rate(count, n),
        reopened=nothing,
        reopened_claimed=nothing,
        repeat_contact=nothing,
        by_chance=Rate(chance * 100, 100),
        flicker=0,
    )
    found = verdict(figures, contract)
    assert found.limit == allowed(figures, contract)
    return found


def test_with_nothing_mature_the_verdict_says_what_it_waits_for():
    """Promise: no colour without a ticket, and the waiting ones are named."""
    found = judged(0, 0, immature=3)
    assert found.colour is Colour.CANNOT_TELL
    assert found.words.startswith("cannot tell yet, needs about 20 tickets")
    assert "3 tickets are still within their follow-up" in found.words


@pytest.mark.parametrize("count", [0, 10, 19])
def test_below_the_agreed_minimum_no_colour_is_given_however_bad_it_looks(count):
    """Promise: below the contract's minimum the verdict is "cannot tell yet, needs about N, has n"."""
    found = judged(count, 19)
    assert found.colour is Colour.CANNOT_TELL
    assert found.words.startswith("cannot tell yet, needs about ")
    assert found.words.endswith(", has 19")


def test_red_inside_says_at_least_how_many_customers_were_left_unhappy():
    """Promise: the accusation quotes the lower bound, and what would have been normal."""
    found = judged(40, 100, chance=0.10)
    assert found.colour is Colour.RED_INSIDE
    assert found.words.startswith("red inside: at least 30.9% of the tickets reported as met left an unhappy customer")
    assert found.words.endswith("19.0% would be normal, chance included")


def test_holds_up_says_at_most_how_many_went_wrong():
    """Promise: the praise quotes the upper bound."""
    found = judged(0, 100)
    assert found.colour is Colour.HOLDS
    assert found.words.startswith("holds up: at most 3.7% of the tickets reported as met went wrong later")


@pytest.mark.parametrize("n", [40, 100, 137, 1000, 20_011])
def test_a_bound_in_words_is_never_more_than_what_is_known(n):
    """Promise: "at least" is no more than the lower bound, "at most" no less than the upper one, each within 0.1 points."""
    for count in range(0, n, max(1, n // 40)):
        found, rate = judged(count, n), Rate(count, n)
        said = re.search(r"at (least|most) ([\d.]+)%", found.words)
        if said is not None and said[1] == "least":
            assert 0 <= 100 * rate.low - float(said[2]) < 0.1 + 1e-9
        elif said is not None:
            assert -1e-9 <= float(said[2]) - 100 * rate.high < 0.1


def test_a_difference_in_words_is_cut_too():
    """Promise: 6.96 points are not at least 7."""
    assert points(0.0696) == "6.9 points"


def test_a_bound_that_needs_no_rounding_stays_itself():
    """Promise: 30 % is 30.0%, whatever a float makes of it, also of 0 and of all."""
    for mille in range(1001):
        assert at_least(mille / 1000) == at_most(mille / 1000) == f"{mille / 10:.1f}%"


def test_a_share_beside_the_limit_it_misses_does_not_look_like_it():
    """Promise: 94.95 % of tickets do not read 95.0% beside an objective of 95 %; what is equal reads alike."""
    assert beside(0.9495, 0.95) == "94.95%"
    assert beside(0.949996, 0.95) == "95.000%"
    assert beside(0.94, 0.95) == "94.0%"
    assert beside(0.95, 0.95) == "95.0%"


def test_unclear_says_how_many_tickets_would_decide_more_than_there_are():
    """Promise: "needs about N" names a number that is not yet reached."""
    found = judged(10, 60)
    assert found.colour is Colour.UNCLEAR
    asked = re.fullmatch(r"not clear yet, needs about ([\d,]+) tickets", found.words)
    assert asked is not None
    assert int(asked[1].replace(",", "")) > 60


def test_a_share_on_the_limit_is_unclear_and_promises_no_number():
    """Promise: no sample size is invented where none would do."""
    found = judged(10, 100)
    assert (found.colour, found.words) == (Colour.UNCLEAR, "not clear yet, the share lies on the limit")


def test_what_chance_explains_is_not_held_against_the_vendor():
    """Promise: the same share is red without, and not red with, a chance level that explains it."""
    assert judged(30, 100).colour is Colour.RED_INSIDE
    assert judged(30, 100, chance=0.25).colour is Colour.UNCLEAR


def test_the_limit_is_the_tolerance_of_those_whom_chance_spares():
    """Promise: tolerance and chance combine as independent causes, never beyond 1."""
    assert judged(1, 100, chance=0.5).limit == pytest.approx(0.55)
    assert judged(1, 100, chance=1.0).limit == 1.0


def test_where_nothing_is_tolerated_and_nothing_happened_the_vendor_is_not_red():
    """Promise: no rounding of an interval accuses anyone: 0 of 1,000 is not more than zero."""
    strict = Contract(vendor="acme", tolerance=0.0)
    for n in (20, 100, 1000, 1001):
        assert judged(0, n, contract=strict).colour is Colour.UNCLEAR
