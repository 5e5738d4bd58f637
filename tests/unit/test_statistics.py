"""Intervals and sample sizes against published values and closed forms."""

from __future__ import annotations

from math import comb, sqrt

import pytest

from undertow.domain.counting.cells import bucket, middle
from undertow.domain.statistics.intervals import (
    Z95,
    Sample,
    critical,
    needed,
    newcombe,
    newcombe_paired,
    weighted_sum,
    wilson,
)


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (0, 10, 0.0, 0.2775),
        (8, 100, 0.0411, 0.1500),
    ],
)
def test_the_wilson_interval_has_its_published_values(count, n, low, high):
    """Promise: the interval is Wilson's (the first four rows: Newcombe, Statistics in Medicine 17, 1998, method 3)."""
    assert wilson(count, n) == pytest.approx((low, high), abs=5e-5)


def test_nothing_seen_means_nothing_known():
    """Promise: without a ticket the interval is everything, never zero."""
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("n", [1, 2, 19, 1000, 1001, 9973])
def test_the_interval_stays_within_zero_and_one_and_is_symmetric(n):
    """Promise: a share of all is the mirror of a share of none."""
    low, high = wilson(0, n)
    assert (low, wilson(n, n)[1]) == (0.0, 1.0)
    assert wilson(n, n)[0] == pytest.approx(1 - high)


def test_the_interval_covers_a_small_rate_as_often_as_it_should():
    """Promise: at a true rate of 8 % and 20 tickets the interval holds it in 93 % of samples (Wald would in 81 %)."""
    p, n = 0.08, 20
    covered = sum(
        comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1) if wilson(k, n)[0] <= p <= wilson(k, n)[1]
    )
    assert covered == pytest.approx(0.93, abs=0.005)


def test_the_tickets_needed_are_the_smallest_number_that_decides():
    """Promise: "needs about N" is true: N decide and N - 1 do not. For a share of 0 the closed form is z2 (1 - l) / l."""
    assert needed(0.0, 0.10, 20) == int(Z95**2 * 9) + 1 == 35
    n = needed(0.16, 0.10, 1)
    assert n is not None
    assert wilson(0.16 * n, n)[0] > 0.10 >= wilson(0.16 * (n - 1), n - 1)[0]


def test_the_tickets_needed_are_never_fewer_than_the_contract_asks_for():
    """Promise: a contract's minimum holds even where fewer tickets would decide."""
    assert needed(0.9, 0.1, 20) == 20


def test_a_share_on_the_limit_needs_more_tickets_than_anyone_will_see():
    """Promise: no number is invented where none is enough."""
    assert needed(0.1, 0.1, 20) is None


def test_buckets_are_the_floors_of_a_grid_that_doubles_in_two_steps():
    """Promise: 0 1 2 3 4 6 8 12 16 24 32 ..., each number in the bucket that begins at or below it."""
    grid = [0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96]
    assert sorted({bucket(n) for n in range(97)}) == grid
    assert all(bucket(n) == max(step for step in grid if step <= n) for n in range(97))


def test_a_bucket_s_middle_is_the_mean_of_what_falls_into_it():
    """Promise: no bias: the value that stands for a bucket is the average of its numbers."""
    for floor in {bucket(n) for n in range(64)}:
        members = [n for n in range(200) if bucket(n) == floor]
        assert middle(floor) == sum(members) / len(members)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [((56, 70, 48, 80), 0.0524, 0.3339), ((7, 34, 1, 34), 0.0189, 0.3404)],
)
def test_newcombes_interval_has_its_published_values(counts, low, high):
    """Promise: method 10 for independent samples (Newcombe 1998, table II; Perondi et al. 2004 as in Fagerland et al. 2017)."""
    assert newcombe(*counts) == pytest.approx((low, high), abs=5e-5)


def test_newcombes_interval_turns_around_with_its_samples():
    """Promise: the difference the other way round has the same interval with the signs changed."""
    low, high = newcombe(48, 80, 56, 70)
    assert (-high, -low) == pytest.approx(newcombe(56, 70, 48, 80))
    assert newcombe(0, 0, 3, 9) == (-1.0, 1.0)


def test_newcombes_paired_interval_has_its_published_value():
    """Promise: method 10 for paired samples: -0.0621 (-0.1186 to -0.0046), complete responses before and after therapy.

    Source: Cavo et al. 2012 in M. Fagerland, S. Lydersen, P. Laake, Statistical Analysis of Contingency Tables (2017),
    chapter 8, and the test suite of its R package. Without the continuity correction of phi it is -0.1174 to -0.0059.
    """
    assert newcombe_paired(59, 6, 16, 80) == pytest.approx((-0.1186, -0.0046), abs=5e-5)


def test_the_paired_interval_turns_around_and_stays_in_range():
    """Promise: over and under exchanged change the sign; every small table's interval holds its difference within [-1, 1]."""
    low, high = newcombe_paired(59, 16, 6, 80)
    assert (-high, -low) == pytest.approx(newcombe_paired(59, 6, 16, 80))
    assert newcombe_paired(0, 0, 0, 0) == (-1.0, 1.0)
    for both in range(4):
        for first in range(4):
            for second in range(4):
                for neither in range(4):
                    n = both + first + second + neither
                    if n:
                        low, high = newcombe_paired(both, first, second, neither)
                        assert -1 <= low <= (first - second) / n + 1e-12
                        assert (first - second) / n - 1e-12 <= high <= 1


def test_the_paired_interval_covers_a_gap_as_often_as_it_should():
    """Promise: of 60 tickets of which 8 % are over- and 2 % under-reported, the interval holds the gap in at least 94 %."""
    n, over, under = 60, 0.08, 0.02
    covered = 0.0
    for first in range(n + 1):
        for second in range(n + 1 - first):
            if first + second > 25:
                continue
            chance = comb(n, first) * comb(n - first, second) * over**first * under**second
            chance *= (1 - over - under) ** (n - first - second)
            rest = n - first - second
            low, high = newcombe_paired(rest * 3 // 4, first, second, rest - rest * 3 // 4)
            covered += chance * (low <= over - under <= high)
    assert covered >= 0.94


def test_a_weighted_sum_of_one_sample_is_wilsons_and_of_two_newcombes():
    """Promise: one rule for a rate, a difference and a standardised rate."""
    assert weighted_sum([Sample(1.0, 8, 100)])[1:] == pytest.approx(wilson(8, 100))
    assert weighted_sum([Sample(1.0, 56, 70), Sample(-1.0, 48, 80)])[1:] == pytest.approx(newcombe(56, 70, 48, 80))
    value, low, high = weighted_sum([Sample(0.5, 8, 100), Sample(0.5, 8, 100)])
    assert value == pytest.approx(0.08)
    narrower = [(0.08 - wilson(8, 100)[0]) / sqrt(2), (wilson(8, 100)[1] - 0.08) / sqrt(2)]
    assert (value - low, high - value) == pytest.approx(narrower)


def test_the_critical_value_of_95_percent_is_the_one_used_everywhere():
    """Promise: and of 99 % it is 2.5758."""
    assert critical(0.95) == pytest.approx(Z95)
    assert critical(0.99) == pytest.approx(2.5758, abs=5e-5)
