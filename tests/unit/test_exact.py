"""Exact tests against published values, and against the same sums in whole fractions."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undertow.domain.statistics.exact import at_least, benjamini_hochberg, found_from, mcnemar, more_often, sum_at_least


def tail(count: int, n: int, share: Fraction) -> Fraction:
    return sum((comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(max(count, 0), n + 1)), Fraction(0))


@given(st.integers(-2, 42), st.integers(0, 40), st.integers(0, 100))
def test_a_binomial_tail_is_the_sum_of_its_terms(count, n, percent):
    """Promise: to ten digits of the value itself, also where it is tiny."""
    share = Fraction(percent, 100)
    assert at_least(count, n, float(share)) == pytest.approx(float(tail(count, n, share)), rel=1e-10, abs=1e-300)


@pytest.mark.parametrize(
    ("count", "n", "percent"), [(18, 600, 1), (1, 100_000, 1), (30_500, 100_000, 30), (599, 600, 99)]
)
def test_a_long_tail_keeps_its_digits(count, n, percent):
    """Promise: as many tickets as a vendor has, and the p is still exact."""
    share = Fraction(percent, 100)
    if n <= 600:
        assert at_least(count, n, float(share)) == pytest.approx(float(tail(count, n, share)), rel=1e-9)
    shares = [at_least(k, n, percent / 100) for k in (0, count - 1, count, count + 1, n + 1)]
    assert shares == sorted(shares, reverse=True)
    assert (shares[0], shares[-1]) == (1.0, 0.0)
    assert at_least(1, 100_000, 0.5) == 1.0


@pytest.mark.parametrize(
    ("over", "under", "p", "digits"),
    [
        (11, 1, 0.00634765625, 1e-12),
        (7, 6, 1.0, 0),
        (150, 86, 3.716e-05, 5e-9),
        (121, 59, 4.434e-06, 5e-10),
        (0, 0, 1.0, 0),
    ],
)
def test_mcnemars_exact_test_has_its_published_values(over, under, p, digits):
    """Promise: two-sided and exact, and the same whichever side is larger.

    Rows: mlxtend's documentation (scenario A), inferr's test suite, R's exact2x2 (Agresti's approval ratings), statsmodels'
    test suite, and no discordant pair at all.
    """
    assert mcnemar(over, under) == pytest.approx(p, abs=digits + 1e-12)
    assert mcnemar(over, under) == mcnemar(under, over)


def test_fishers_test_has_its_published_values():
    """Promise: tea tasting .2429 one-sided, and twins' convictions .0004652 (R's documentation of ``fisher.test``)."""
    assert more_often(3, 4, 1, 4) == pytest.approx(17 / 70)
    assert more_often(10, 13, 2, 17) == pytest.approx(0.0004652, abs=5e-8)


def test_an_odds_ratio_on_the_published_bound_has_the_p_of_the_bound():
    """Promise: R gives the convictions an odds ratio between 0.003326 and 0.363182 at 95 %: 2.5 % on either side.

    R searches the lower bound to four decimals only.
    """
    assert more_often(2, 17, 10, 13, 0.003325764) == pytest.approx(0.025, abs=2e-4)
    assert 1 - more_often(3, 17, 9, 13, 0.363182271) == pytest.approx(0.025, abs=2e-6)


@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 12), st.integers(0, 12), st.integers(1, 5))
def test_fishers_test_is_the_sum_of_its_terms(count, rest, other, other_rest, odds):
    """Promise: Fisher's noncentral hypergeometric tail, term by term in whole numbers."""
    n, other_n, drawn = count + rest, other + other_rest, count + other
    terms = {
        k: comb(n, k) * comb(other_n, drawn - k) * odds**k for k in range(max(0, drawn - other_n), min(n, drawn) + 1)
    }
    expected = Fraction(sum(term for k, term in terms.items() if k >= count), sum(terms.values()))
    assert more_often(count, n, other, other_n, float(odds)) == pytest.approx(float(expected), rel=1e-9)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from((0.0, 0.1, 0.5, 0.9, 1.0))), max_size=3),
    st.integers(-1, 16),
)
def test_a_sum_of_binomials_is_counted_through(parts, count):
    """Promise: the chance of a sum, held against going through every outcome."""
    single = [share for n, share in parts for _ in range(n)]
    expected = 0.0
    for outcome in product((0, 1), repeat=len(single)):
        if sum(outcome) >= count:
            chance = 1.0
            for one, share in zip(outcome, single, strict=True):
                chance *= share if one else 1 - share
            expected += chance
    assert sum_at_least(count, parts) == pytest.approx(expected, abs=1e-12)


def test_benjamini_and_hochberg_act_on_their_own_four():
    """Promise: of the paper's fifteen p-values (thrombolysis), four at 5 %, where Bonferroni keeps three."""
    ps = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240]
    ps += [0.4262, 0.5719, 0.6528, 0.7590, 1.000]
    assert benjamini_hochberg(ps, 0.05) == [True] * 4 + [False] * 11
    assert benjamini_hochberg(reversed(ps), 0.05) == [False] * 11 + [True] * 4
    assert benjamini_hochberg([], 0.05) == []


def test_a_p_above_its_own_step_is_carried_by_a_later_one():
    """Promise: it steps up: the largest rank that holds carries all before it."""
    assert benjamini_hochberg([0.04, 0.05], 0.05) == [True, True]
    assert benjamini_hochberg([0.03, 0.06], 0.05) == [False, False]


@pytest.mark.parametrize(("allowed", "n", "alarm"), [(0.05, 300, 0.05 / 13), (0.25, 75, 0.004), (0.01, 300, 0.05)])
def test_the_share_that_is_found_is_the_smallest(allowed, n, alarm):
    """Promise: at that share 95 % of vendors are found, a tenth of a percent below fewer are."""
    share = found_from(allowed, n, alarm)
    assert share is not None

    def found(true: float) -> float:
        return sum(
            at_least(k, n, true) - at_least(k + 1, n, true) for k in range(n + 1) if at_least(k, n, allowed) <= alarm
        )

    assert found(share) >= 0.95 > found(share - 0.001)


def test_too_few_cases_find_nothing():
    """Promise: where even all of them would not be enough, no share is named."""
    assert found_from(0.5, 4, 0.05) is None
