"""Intervals and sample sizes against published values and closed forms."""

from __future__ import annotations

from math import comb

import pytest

from undertow.domain.cells import bucket, middle
from undertow.domain.statistics import Z95, needed, wilson


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
