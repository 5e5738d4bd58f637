"""Intervals of differences and ratios against published values and each other."""

from __future__ import annotations

from math import inf, log

import pytest

from undertow.domain.statistics.differences import Estimate, difference, needed_to_tell, proportion, ratio


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 20), 0.6791, 1.0),
    ],
)
def test_independent_shares_have_newcombe_s_limits(one, other, low, high):
    """Promise: without correlation it is method 10 of Newcombe, Statistics in Medicine 17 (1998) 873-890, table II."""
    found = difference(proportion(one[0] / one[1], one[1]), proportion(other[0] / other[1], other[1]))
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def test_arms_that_rise_and_fall_together_give_a_narrower_difference():
    """Promise: positive correlation narrows, negative widens, full correlation of equal arms leaves nothing."""
    arm = Estimate(0.3, 0.2, 0.4)
    widths = [difference(arm, arm, c).high - difference(arm, arm, c).low for c in (-1.0, 0.0, 0.5, 1.0)]
    assert widths == sorted(widths, reverse=True)
    assert (widths[0], widths[-1]) == pytest.approx((0.4, 0.0))


def test_the_limits_of_a_ratio_are_those_of_a_difference_of_logarithms():
    """Promise: MOVER on logarithms; and a ratio turned upside down has the limits turned upside down."""
    one, other = Estimate(30, 24, 37), Estimate(8, 5, 13)
    found, turned = ratio(one, other, -0.3), ratio(other, one, -0.3)
    logs = difference(Estimate(*map(log, one)), Estimate(*map(log, other)), -0.3)
    assert tuple(map(log, found)) == pytest.approx(tuple(logs))
    assert (1 / turned.value, 1 / turned.high, 1 / turned.low) == pytest.approx(tuple(found))


def test_a_ratio_of_or_to_nothing_says_what_is_left():
    """Promise: none to compare with is infinite with a lower limit; nothing to compare is zero with an upper one."""
    some, none = Estimate(8, 5, 13), Estimate(0.0, 0.0, 4.0)
    assert ratio(some, none) == (inf, 5 / 4, inf)
    assert ratio(none, some) == (0.0, 0.0, 4 / 8)
    assert ratio(some, Estimate(2, 0, 4)).high == inf


def test_to_tell_twenty_from_thirty_per_cent_takes_293_customers_an_arm():
    """Promise: the number of the definitions, the same in both directions; closer shares take more."""
    assert needed_to_tell(0.2, 0.3) == needed_to_tell(0.3, 0.2) == 293
    assert needed_to_tell(0.2, 0.25) > 1_000 > needed_to_tell(0.02, 0.12)
    with pytest.raises(ValueError, match="never"):
        needed_to_tell(0.2, 0.2)


def test_an_effective_size_is_cut_and_none_at_all_means_nothing_known():
    """Promise: half a customer never narrows an interval."""
    assert proportion(0.25, 20.9) == proportion(0.25, 20)
    assert proportion(0.25, 0.4) == (0.25, 0.0, 1.0)
