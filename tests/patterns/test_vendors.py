"""From counts to what is said of a vendor."""

from __future__ import annotations

from typing import get_args

import pytest

from undertow.domain.patterns import CATALOG, Allowed, Pattern, Patterns
from undertow.domain.patterns.accusations import Cases, Suspicion, judged, suspicions
from undertow.domain.patterns.periods import backdated, customer_blamed, mass_close
from undertow.domain.statistics.exact import at_least, more_often

PATTERNS = Patterns()
FIRST, LAST = 20_179, 20_208
"""2025-04-01 and 2025-04-30, a Tuesday and a Wednesday."""
BEFORE = range(FIRST, LAST - 1)


def counts(usual: int, end: int) -> dict[int, int]:
    return {**dict.fromkeys(BEFORE, usual), LAST - 1: end, LAST: end}


def test_a_month_that_ends_as_it_ran_is_normal():
    """Promise: ten a day and ten at the end: as much is to be expected."""
    found = mass_close(counts(10, 10), LAST, BEFORE, PATTERNS)
    assert found is not None
    # four other Tuesdays and four other Wednesdays; one and a half times is normal: 1.5 / 5.5 of 50 each
    assert (found.count, found.n) == (20, 100)
    assert found.normal == pytest.approx(1.5 / 5.5)
    assert found.p > 0.5


def test_a_mass_close_is_seen_weekday_by_weekday():
    """Promise: three times the usual is no chance, one and a half times is normal."""
    assert mass_close(counts(10, 30), LAST, BEFORE, PATTERNS).p < 1e-4
    assert mass_close(counts(10, 15), LAST, BEFORE, PATTERNS).p > 0.4


def test_a_weekend_at_the_end_is_held_against_weekends():
    """Promise: a month that ends on the busiest weekdays is not a mass close, nor is one on a quiet weekend a missing one."""
    week = [20, 10, 5, 10, 10, 1, 1]
    solved = {day: week[(day - 4) % 7] for day in range(FIRST, LAST + 1)}
    for last in range(FIRST + 13, LAST + 1):
        found = mass_close(solved, last, range(FIRST, last - 1), PATTERNS)
        assert found is not None
        assert found.p > 0.2


def test_a_habit_is_not_hidden_by_earlier_ends():
    """Promise: who gives the days of earlier periods leaves their ends out; the more days, the surer."""
    habit = {day: 30 if day % 30 in (LAST % 30, (LAST - 1) % 30) else 10 for day in range(LAST - 89, LAST + 1)}
    usual = [day for day in habit if habit[day] == 10]
    one, more = (mass_close(habit, LAST, days, PATTERNS) for days in (list(BEFORE), usual))
    assert more.p < one.p < 1e-4


def test_nothing_to_compare_with_is_no_suspicion():
    """Promise: the first days of a feed, or a month without a solve."""
    assert mass_close(counts(10, 30), LAST, [], PATTERNS) is None
    assert mass_close({}, LAST, BEFORE, PATTERNS) is None
    assert customer_blamed(Cases(9, 30), None, None, PATTERNS, 20) is None
    assert customer_blamed(Cases(9, 30), Cases(1, 19), Cases(0, 0), PATTERNS, 20) is None
    assert customer_blamed(Cases(), Cases(1, 90), None, PATTERNS, 20) is None


def test_blame_is_held_against_others_and_against_earlier_months():
    """Promise: twice the odds is normal; the worse of two comparisons counts, for two chances."""
    own, others, earlier = Cases(60, 200), Cases(30, 300), Cases(40, 200)
    alone = customer_blamed(own, others, None, PATTERNS, 20)
    assert alone is not None
    assert alone.p == pytest.approx(more_often(60, 200, 30, 300, 2.0))
    assert alone.normal == pytest.approx((60 / 270) / (1 + 60 / 270))
    both = customer_blamed(own, others, earlier, PATTERNS, 20)
    assert both is not None
    assert both.p == pytest.approx(2 * alone.p)
    assert both.normal == alone.normal
    assert customer_blamed(own, None, earlier, PATTERNS, 20).p > 0.5


def test_a_catch_up_of_the_export_does_not_count_however_much_it_carries():
    """Promise: of thirty days the three worst are left out; what is spread over the month stays."""
    assert backdated({FIRST + 12: 90}, 30, 300) == Cases(0, 300)
    assert backdated({FIRST + 12: 90, FIRST + 13: 9, FIRST + 20: 1}, 30, 300) == Cases(0, 300)
    assert backdated({FIRST + day: 1 for day in range(20)}, 30, 300) == Cases(17, 300)
    assert backdated({}, 30, 300) == Cases(0, 300)


def test_each_share_is_held_against_what_is_allowed():
    """Promise: the exact tail of a binomial at the allowed share, in the catalog's order."""
    found = suspicions({"continued": Cases(20, 300), "flicker": Cases(5, 300)}, Allowed(flicker=0.01))
    assert [one.pattern for one in found] == ["flicker", "continued"]
    assert found[0].p == at_least(5, 300, 0.01)
    assert found[1].p == at_least(20, 300, 0.03)


def suspicion(pattern: str, count: int, n: int = 300, normal: float = 0.05) -> Suspicion:
    return Suspicion(pattern, count, n, normal, at_least(count, n, normal))  # type: ignore[arg-type]


def test_one_pattern_among_many_has_to_pass_the_strictest_step():
    """Promise: with ten patterns looked for, a p of one in a hundred is chance; of one in a thousand it is not."""
    calm = [suspicion(pattern, 10) for pattern in [*list(CATALOG)[:8], "edited"]]
    chance, real = suspicion("customer_blamed", 24), suspicion("customer_blamed", 29)
    assert 0.005 < chance.p < 0.05
    assert real.p < 0.005
    assert [one.state for one in judged([*calm, chance], PATTERNS, 20)] == ["not_found"] * 10
    assert [one.state for one in judged([*calm, real], PATTERNS, 20)] == ["not_found"] * 9 + ["found"]
    assert [one.state for one in judged([chance], PATTERNS, 20)] == ["found"]


def test_too_few_cases_cannot_be_told_and_do_not_weigh_on_the_others():
    """Promise: below the minimum nothing is said, whatever it shows."""
    few = suspicion("edited", 19, 19)
    found = judged([few, suspicion("flicker", 24)], PATTERNS, 20)
    assert [one.state for one in found] == ["cannot_tell", "found"]
    assert "cannot tell yet, needs about 20 tickets past their target, has 19" in found[0].words


def test_a_finding_says_how_often_how_often_is_normal_and_how_likely_that_is():
    """Promise: a sentence that a vendor can check; and from which share on it would have been seen."""
    (found,) = judged([suspicion("flicker", 29)], PATTERNS, 20)
    assert "29 of 300 tickets solved" in found.words
    assert "up to 5.0% would be normal" in found.words
    assert f"once in {1 / found.suspicion.p:,.0f} periods" in found.words
    assert found.found_from is not None
    assert 0.05 < found.found_from < 0.15


def test_the_false_alarm_share_is_the_contracts():
    """Promise: whoever wants to be surer says so."""
    one = suspicion("flicker", 24)
    assert judged([one], Patterns(false_alarm=0.001), 20)[0].state == "not_found"


def test_every_pattern_is_in_the_catalog_and_says_what_it_is_counted_among():
    """Promise: one name, one sentence, one denominator."""
    assert set(get_args(Pattern)) == set(CATALOG)
    assert all(entry.says and entry.of for entry in CATALOG.values())
