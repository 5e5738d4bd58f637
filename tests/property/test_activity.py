"""Activity and what a day is worth are joins: duplicated, reordered and late events give the same bytes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from undertow.domain.customers import activity, worth
from undertow.domain.customers.activity import RETAINED, History

days = st.integers(min_value=19_000, max_value=20_200)
some = st.lists(days, max_size=30)
"""More than the retained days lie between the first and the last."""
amounts = st.lists(st.tuples(st.integers(19_000, 19_005), st.floats(-1e6, 1e6)), max_size=8)


def valued(told: list[tuple[int, float]]) -> bytes:
    packed = b""
    for day, amount in told:
        packed = worth.add(packed, day, amount)
    return packed


@given(some, some)
def test_union_is_the_union_of_sets_and_equal_sets_are_equal_bytes(one, other):
    """Promise: packing loses nothing, and the order of union does not matter."""
    both = activity.union(activity.of(one), activity.of(other))
    assert set(activity.unpack(both).listed()) == {*one, *other}
    assert both == activity.union(activity.of(other), activity.of(one)) == activity.of([*other, *one])


@given(some, some, some)
def test_union_does_not_depend_on_grouping_or_repetition(a, b, c):
    """Promise: associative and idempotent."""
    a, b, c = map(activity.of, (a, b, c))
    assert activity.union(activity.union(a, b), c) == activity.union(a, activity.union(b, c))
    assert activity.union(a, a) == a
    assert activity.union(activity.union(a, b), b) == activity.union(a, b)


@given(some, some, days, days)
def test_forgetting_early_and_forgetting_late_give_the_same_set(one, other, today, later):
    """Promise: a set pruned by an older watermark and joined is the joined set, pruned by the newer one."""
    today, later = sorted((today, later))
    early = activity.union(activity.retained(activity.of(one), today), activity.of(other))
    late = activity.of([*one, *other])
    assert activity.retained(early, later) == activity.retained(late, later)
    assert set(activity.unpack(activity.retained(late, later)).listed()) == {
        day for day in {*one, *other} if day > later - RETAINED
    }


@given(some, days, days)
def test_active_days_of_a_span_are_counted_as_in_a_set(told, first, last):
    """Promise: both ends belong to the span; a span that ends before it begins holds nothing."""
    assert activity.unpack(activity.of(told)).active(first, last) == len({d for d in told if first <= d <= last})


@given(some, days, st.sampled_from([1.0, 7.0]))
def test_a_history_is_read_off_the_set(told, end, unit):
    """Promise: x, t_x and T of the days up to the end of observation, in the unit asked for."""
    seen = sorted({day for day in told if day <= end})
    expected = History(len(seen) - 1, (seen[-1] - seen[0]) / unit, (end - seen[0]) / unit) if seen else None
    assert activity.history(activity.unpack(activity.of(told)), end, unit) == expected


@given(amounts, amounts, amounts)
def test_what_a_day_is_worth_is_a_join_too(a, b, c):
    """Promise: repeats and any order of amounts give the same bytes."""
    one, other, third = map(valued, (a, b, c))
    assert worth.union(one, other) == worth.union(other, one) == valued([*b, *a])
    assert worth.union(worth.union(one, other), third) == worth.union(one, worth.union(other, third))
    assert worth.union(one, one) == one


@given(amounts)
def test_the_usual_amount_is_that_of_the_latest_days(told):
    """Promise: of each day the highest, of the latest days the mean; unknown is None, never zero."""
    highest: dict[int, float] = {}
    for day, amount in told:
        highest[day] = max(round(amount * 100), highest.get(day, -(10**18)))
    latest = [highest[day] / 100 for day in sorted(highest)[-worth.KEPT :]]
    usual = worth.usual(valued(told))
    assert (usual is None) == (not latest)
    if usual is not None:
        assert abs(usual - sum(latest) / len(latest)) < 1e-6
