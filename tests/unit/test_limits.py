"""When a feed is refused as a whole."""

from __future__ import annotations

import pytest

from undertow.stages.limits import WINDOW, RejectLimit, TooManyRejects


def limit(share: float = 0.5, run: int = WINDOW + 1) -> RejectLimit:
    return RejectLimit("vendor.tickets/0", share, run)


def test_a_run_of_refusals_stops_the_feed_at_the_agreed_length():
    """Promise: one fewer does not, and a good record in between begins anew."""
    seen = limit(run=5)
    seen.saw([True] * 4 + [False] + [True] * 4, "not_json")
    with pytest.raises(
        TooManyRejects, match=r"vendor\.tickets/0: 5 records in a row were refused \(the last one: not_json\)"
    ):
        seen.saw([True], "not_json")


def test_a_run_may_reach_over_several_spans():
    """Promise: how records are batched does not matter."""
    seen = limit(run=3)
    seen.saw([True], "x")
    seen.saw([True], "x")
    with pytest.raises(TooManyRejects):
        seen.saw([True], "x")


def test_a_share_above_the_limit_stops_the_feed_and_one_on_it_does_not():
    """Promise: more than the share of the last thousand, not the share itself."""
    half = [True, False] * (WINDOW // 2)
    limit().saw(half, "x")
    with pytest.raises(TooManyRejects, match=f"of the last {WINDOW} records"):
        limit().saw([*half[:-1], True], "x")


def test_the_share_is_taken_only_once_a_whole_window_was_seen():
    """Promise: a handful of bad events at the start of a feed stops nobody."""
    limit().saw([True] * (WINDOW - 1), "x")


def test_what_left_the_window_is_forgotten():
    """Promise: an old bad stretch does not add to a new one."""
    seen = limit()
    seen.saw([True] * 500 + [False] * 500, "x")
    for _ in range(5):
        seen.saw([False] * 500 + [True] * 500, "x")
    with pytest.raises(TooManyRejects):
        seen.saw([True] * 501, "x")
