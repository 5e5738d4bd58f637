"""The iceberg ratio: who is counted where, and what is said when nobody complained."""

from __future__ import annotations

from math import inf

import pytest

from undertow.domain.customers.activity import NONE
from undertow.domain.customers.arms import Arms
from undertow.domain.customers.excess import Excess, excess
from undertow.domain.customers.iceberg import STOPPED, Heard, heard, iceberg, words
from undertow.domain.customers.silence import WEEK, Customer, Ticket
from undertow.domain.statistics.differences import Estimate
from undertow.domain.statistics.intervals import wilson

ACME = frozenset({"acme"})
WEEKS = range(2_800, 2_813)
INSIDE = WEEKS[3] * WEEK


def quiet(n: int, *difference: float) -> Excess:
    return Excess(STOPPED, n, n, 9 * n, 0, None, None, 0.0, Estimate(*difference), 293, 0.01)


def one(*tickets: Ticket, unhappy: frozenset[str] = frozenset(), complained: frozenset[str] = frozenset()) -> Customer:
    return Customer("c", NONE, tickets, (), unhappy, complained)


def test_customers_are_counted_by_their_last_ticket_of_all():
    """Promise: each once, in the weeks of the cohort, for the vendor of that ticket; an open ticket is not the last."""
    inside, later = Ticket("acme", INSIDE - 2, INSIDE), Ticket("acme", INSIDE, INSIDE + 13 * WEEK)
    found = heard(
        [
            one(inside),
            one(inside, unhappy=ACME),
            one(inside, unhappy=ACME, complained=ACME),
            one(inside, complained=ACME),
            one(inside, unhappy=frozenset({"zenith"})),
            one(inside, later, unhappy=ACME),
            one(inside, Ticket("acme", INSIDE, None), unhappy=ACME),
            one(Ticket("zenith", INSIDE, INSIDE), unhappy=ACME),
            one(unhappy=ACME),
        ],
        "acme",
        WEEKS,
    )
    assert found == Heard(customers=5, hidden=1, complained=2)


def test_the_ratio_is_hidden_ones_and_excess_silent_ones_for_each_complaint():
    """Promise: (customers with a bad outcome and no complaint + excess silent ones) / customers who complained."""
    found = iceberg(Heard(500, 60, 20), quiet(300, 0.10, 0.05, 0.15))
    assert found.quiet == pytest.approx((30, 15, 45))
    assert found.ratio is not None
    assert found.ratio.value == pytest.approx((60 + 30) / 20)
    assert 2.5 < found.ratio.low < found.ratio.value < found.ratio.high < 8
    assert words(found).startswith("for each customer who complained, 4.5 were unhappy and said nothing (")


def test_the_interval_narrows_with_either_part_of_it():
    """Promise: more customers and surer silence both say more."""
    wide = iceberg(Heard(500, 60, 20), quiet(300, 0.10, 0.0, 0.2)).ratio
    narrow = iceberg(Heard(500, 60, 20), quiet(300, 0.10, 0.09, 0.11)).ratio
    many = iceberg(Heard(5_000, 600, 200), quiet(3_000, 0.10, 0.09, 0.11)).ratio
    assert wide is not None
    assert narrow is not None
    assert many is not None
    assert wide.value == pytest.approx(narrow.value) == pytest.approx(many.value)
    assert many.high - many.low < narrow.high - narrow.low < wide.high - wide.low


def test_who_complained_is_not_hidden_and_the_interval_knows_it():
    """Promise: where everybody is one or the other, the ratio is the odds, with the odds' own (Wilson) limits."""
    found = iceberg(Heard(100, 50, 50), quiet(0, 0.0, 0.0, 0.0)).ratio
    low, high = wilson(50, 100)
    assert found == pytest.approx((1.0, low / (1 - low), high / (1 - high)), rel=0.01)


def test_fewer_silent_ones_than_expected_never_make_others_happy():
    """Promise: a negative excess counts as none."""
    found = iceberg(Heard(500, 60, 20), quiet(300, -0.04, -0.08, 0.01))
    assert found.quiet == pytest.approx((0, 0, 3))
    assert found.ratio is not None
    assert found.ratio.value == pytest.approx(3)


def test_without_a_complaint_or_without_anyone_to_compare_no_number_is_made_up():
    """Promise: unknown never reads as zero."""
    silent = iceberg(Heard(500, 60, 0), quiet(300, 0.1, 0.05, 0.15))
    assert silent.ratio is not None
    assert silent.ratio.value == inf
    assert silent.ratio.low > 1
    assert words(silent) == "nobody complained; 60 customers had a bad outcome and said nothing"
    unknown = iceberg(Heard(500, 60, 20), excess(Arms(), STOPPED))
    assert (unknown.quiet, unknown.ratio) == (None, None)
    assert words(unknown).startswith("cannot tell yet")
    assert words(iceberg(Heard(0, 0, 0), quiet(0, 0.0, 0.0, 0.0))).startswith("cannot tell yet")
