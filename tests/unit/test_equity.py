"""How differently segments are served: raw, standardised, and with the choice of worst and best allowed for."""

from __future__ import annotations

from random import Random

import pytest

from undertow.domain.figures.equity import Counted, Stratum, equity
from undertow.domain.statistics.intervals import newcombe, wilson

ONE = Stratum("normal", "billing")
OTHER = Stratum("high", "outage")


def test_the_worst_and_the_best_are_compared_with_newcombes_interval():
    """Promise: two segments need no correction: 30 of 100 against 10 of 100, ratio 3."""
    found = equity({"gold": {ONE: Counted(10, 100)}, "basic": {ONE: Counted(30, 100)}}, 20)
    assert found.raw is not None
    assert (found.raw.worst.segment, found.raw.best.segment) == ("basic", "gold")
    assert (found.raw.difference, found.raw.ratio) == (pytest.approx(0.2), pytest.approx(3))
    assert (found.raw.low, found.raw.high) == pytest.approx(newcombe(30, 100, 10, 100))
    assert (found.raw.worst.low, found.raw.worst.high) == pytest.approx(wilson(30, 100))
    assert found.raw.shown


def test_more_segments_widen_the_interval():
    """Promise: the same two, chosen among five, have to differ by more."""
    two = {"gold": {ONE: Counted(10, 100)}, "basic": {ONE: Counted(24, 100)}}
    five = {**two, **{name: {ONE: Counted(17, 100)} for name in ("a", "b", "c")}}
    narrow, wide = equity(two, 20).raw, equity(five, 20).raw
    assert narrow is not None
    assert wide is not None
    assert wide.difference == narrow.difference
    assert narrow.shown
    assert not wide.shown


def test_a_mix_that_explains_the_gap_is_named_as_the_explanation():
    """Promise: one segment has the hard tickets; ticket for ticket both are served alike."""
    easy, hard = 0.05, 0.5
    segments = {
        "gold": {ONE: Counted(round(180 * easy), 180), OTHER: Counted(round(20 * hard), 20)},
        "basic": {ONE: Counted(round(20 * easy), 20), OTHER: Counted(round(180 * hard), 180)},
    }
    found = equity(segments, 20)
    assert found.raw is not None
    assert found.standardised is not None
    assert found.raw.difference == pytest.approx(0.36, abs=0.01)
    assert found.standardised.difference == pytest.approx(0, abs=1e-9)
    assert found.explained
    assert found.covered == 1


def test_a_mix_that_hides_a_gap_does_not():
    """Promise: Simpson's paradox: worse with every kind of ticket, and the same in all."""
    segments = {
        "gold": {ONE: Counted(2, 40), OTHER: Counted(48, 160)},
        "basic": {ONE: Counted(26, 160), OTHER: Counted(24, 40)},
    }
    found = equity(segments, 20)
    assert found.raw is not None
    assert found.standardised is not None
    assert not found.raw.shown
    assert found.standardised.worst.segment == "basic"
    # each stratum has 200 tickets of all: weights of one half
    assert found.standardised.worst.rate == pytest.approx((26 / 160 + 24 / 40) / 2)
    assert found.standardised.best.rate == pytest.approx((2 / 40 + 48 / 160) / 2)
    assert found.standardised.shown
    assert not found.explained


def test_a_stratum_weighs_as_much_as_it_has_tickets_in_all_segments_together():
    """Promise: direct standardisation: 300 of one kind and 100 of the other, weights of three quarters and one."""
    segments = {
        "gold": {ONE: Counted(10, 100), OTHER: Counted(20, 50)},
        "basic": {ONE: Counted(40, 200), OTHER: Counted(30, 50)},
    }
    found = equity(segments, 20).standardised
    assert found is not None
    assert found.best.rate == pytest.approx(0.75 * 0.1 + 0.25 * 0.4)
    assert found.worst.rate == pytest.approx(0.75 * 0.2 + 0.25 * 0.6)
    assert found.worst.low < found.worst.rate < found.worst.high


def test_only_tickets_that_every_segment_has_are_standardised():
    """Promise: what cannot be compared is left out, and how much is said."""
    segments = {
        "gold": {ONE: Counted(5, 50), OTHER: Counted(9, 50)},
        "basic": {ONE: Counted(10, 100)},
    }
    found = equity(segments, 20)
    assert found.standardised is not None
    assert found.covered == pytest.approx(150 / 200)
    assert found.standardised.difference == pytest.approx(0)
    assert {found.standardised.worst.n, found.standardised.best.n} == {50, 100}
    apart = equity({"gold": {OTHER: Counted(9, 50)}, "basic": {ONE: Counted(10, 100)}}, 20)
    assert apart.standardised is None
    assert apart.covered == 0
    assert apart.raw is not None


def test_a_segment_below_the_minimum_is_named_and_not_compared():
    """Promise: three tickets say nothing about how a segment is served; one segment alone has no gap."""
    found = equity({"gold": {ONE: Counted(0, 19)}, "basic": {ONE: Counted(9, 30)}, "pro": {ONE: Counted(3, 20)}}, 20)
    assert found.too_few == ("gold",)
    assert found.raw is not None
    assert found.raw.segments == 2
    assert equity({"gold": {ONE: Counted(0, 19)}, "basic": {ONE: Counted(9, 30)}}, 20).raw is None
    assert equity({}, 20).raw is None


def test_a_best_without_a_bad_end_has_no_ratio():
    """Promise: nothing is divided by zero, and equal segments have an order."""
    found = equity({"gold": {ONE: Counted(0, 50)}, "basic": {ONE: Counted(9, 50)}}, 20)
    assert found.raw is not None
    assert found.raw.ratio is None
    same = equity({"b": {ONE: Counted(5, 50)}, "a": {ONE: Counted(5, 50)}}, 20)
    assert same.raw is not None
    assert (same.raw.worst.segment, same.raw.best.segment, same.raw.difference) == ("b", "a", 0.0)


@pytest.mark.parametrize(("segments", "strata"), [(2, 1), (5, 1), (5, 6)])
def test_equal_segments_show_a_gap_in_at_most_5_percent(segments, strata):
    """Promise: choosing the worst and the best of equals is not found; 300 vendors, 120 tickets a segment at 8 %."""
    random = Random(7)
    raw = standardised = 0
    for _ in range(300):
        each = {
            f"s{name}": {
                Stratum(None, kind): Counted(sum(random.random() < 0.08 for _ in range(120 // strata)), 120 // strata)
                for kind in range(strata)
            }
            for name in range(segments)
        }
        found = equity(each, 20)
        raw += found.raw is not None and found.raw.shown
        standardised += found.standardised is not None and found.standardised.shown
    assert raw <= 15
    assert standardised <= 15
