"""Young cohorts against older ones at the same age, and what a ticket counts for while it grows."""

from __future__ import annotations

import pytest

from undertow.domain.agreement.contract import DAY
from undertow.domain.counting.ledger import Rate
from undertow.domain.figures.early import YOUNG, early, words
from undertow.domain.figures.spikes import RECENT, TRAILING, Count
from undertow.domain.judging.outcomes import LAGS, visible

TODAY = 1_000
LAG = LAGS[0]
NEWEST = TODAY - LAG - 1


def counts(n: int = 12, bad: int = 1, **young: int) -> dict[int, Count]:
    """Every day alike, but for the newest cohort."""
    found = {day: Count(n, bad) for day in range(NEWEST - TRAILING, TODAY)}
    return found | {day: Count(n, young.get("young", bad)) for day in range(NEWEST - YOUNG + 1, NEWEST + 1)}


@pytest.mark.parametrize(
    ("first_bad", "lags"), [(None, []), (-1.0, [3, 7]), (3.0, [3, 7]), (3.1, [7]), (7.0, [7]), (7.1, []), (20.0, [])]
)
def test_a_failure_shows_at_the_lags_by_which_its_first_sign_had_come(first_bad, lags):
    """Promise: a failure on day 20 never counts against day 3; one that showed before the solve counts at every age."""
    solved = 5_000 * DAY + 12_345.0
    assert visible(solved, None if first_bad is None else solved + first_bad * DAY) == lags


def test_the_newest_cohort_ends_with_the_last_day_whose_tickets_are_all_old_enough():
    """Promise: a day that is not complete at the lag would look better than it is, and does not count."""
    whole = early(LAG, counts(), {}, TODAY)
    assert whole.last_day == NEWEST
    assert whole.now == Rate(YOUNG, 12 * YOUNG)
    poisoned = counts() | {day: Count(500, 500) for day in range(NEWEST + 1, TODAY)}
    assert early(LAG, poisoned, {}, TODAY) == whole


def test_old_cohorts_are_the_trailing_ninety_days_less_the_last_fourteen_at_the_same_lag():
    """Promise: like is compared with like."""
    found = early(LAG, counts(), {}, TODAY)
    assert found.before == Rate(TRAILING - RECENT, 12 * (TRAILING - RECENT))
    other = counts() | {NEWEST - RECENT + 1: Count(12, 12), NEWEST - TRAILING: Count(12, 12)}
    assert early(LAG, other, {}, TODAY).before == found.before


def test_a_worse_week_is_said_to_be_worse_and_a_usual_one_usual():
    """Promise: on the interval of the difference, never on the bare rate."""
    assert words(early(LAG, counts(), {}, TODAY), 20).startswith("as usual: 8.3% bad within 3 days, 8.3% is usual")
    worse = early(LAG, counts(young=4), {}, TODAY)
    assert words(worse, 20).startswith("getting worse: 33.3% bad within 3 days")
    assert worse.difference is not None
    assert worse.difference.low > 0.1
    assert worse.spike.state == "spike"
    assert worse.spike.began == NEWEST - YOUNG + 1
    assert words(early(LAG, counts(bad=4, young=0), {}, TODAY), 20).startswith("getting better")
    slightly = early(LAG, counts(young=2), {}, TODAY)
    assert words(slightly, 20).startswith("as usual") == (
        slightly.difference is not None and slightly.difference.low <= 0
    )


def test_too_few_tickets_say_how_many_it_takes():
    """Promise: nothing is said of a handful, nor of nothing."""
    few = {day: Count(1, 0) for day in range(NEWEST - TRAILING, TODAY)}
    assert (
        words(early(LAG, few, {}, TODAY), 20)
        == "cannot tell yet, needs about 20 tickets solved at least 3 days ago, has 7"
    )
    nothing = early(LAG, {}, {}, TODAY)
    assert (nothing.difference, nothing.now.value, nothing.spike.state) == (None, None, "learning")


def test_how_much_of_what_comes_shows_that_early_is_told_beside_it():
    """Promise: of the mature cohort's bad outcomes, the share that was visible at the lag."""
    mature = {day: Count(12, 4) for day in range(NEWEST - TRAILING, NEWEST - 30)}
    found = early(LAG, counts(), mature, TODAY)
    days = len(range(NEWEST - TRAILING + 1, NEWEST - 30))
    assert found.visible == Rate(days, 4 * days)
    assert early(LAG, counts(), {}, TODAY).visible.value is None
