"""When a feed is refused as a whole."""

from __future__ import annotations

from random import Random

import pytest

from undertow.stages.limits import WINDOW, RejectLimit, TooManyRejects


def limit(share: float = 0.5, run: int = WINDOW + 1) -> RejectLimit:
    return RejectLimit("vendor.tickets/0", share, run)


def saw(limit: RejectLimit, refused: list[bool], example: str) -> None:
    limit.saw(len(refused), [position for position, bad in enumerate(refused) if bad], example)


def test_a_run_of_refusals_stops_the_feed_at_the_agreed_length():
    """Promise: one fewer does not, and a good record in between begins anew."""
    seen = limit(run=5)
    saw(seen, [True] * 4 + [False] + [True] * 4, "not_json")
    with pytest.raises(
        TooManyRejects, match=r"vendor\.tickets/0: 5 records in a row were refused \(the last one: not_json\)"
    ):
        saw(seen, [True], "not_json")


def test_a_run_may_reach_over_several_spans():
    """Promise: how records are batched does not matter."""
    seen = limit(run=3)
    saw(seen, [True], "x")
    saw(seen, [True], "x")
    with pytest.raises(TooManyRejects):
        saw(seen, [True], "x")


def test_a_share_above_the_limit_stops_the_feed_and_one_on_it_does_not():
    """Promise: more than the share of the last thousand, not the share itself."""
    half = [True, False] * (WINDOW // 2)
    saw(limit(), half, "x")
    with pytest.raises(TooManyRejects, match=f"of the last {WINDOW} records"):
        saw(limit(), [*half[:-1], True], "x")


def test_the_share_is_taken_only_once_a_whole_window_was_seen():
    """Promise: a handful of bad events at the start of a feed stops nobody."""
    saw(limit(), [True] * (WINDOW - 1), "x")


def test_what_left_the_window_is_forgotten():
    """Promise: an old bad stretch does not add to a new one."""
    seen = limit()
    saw(seen, [True] * 500 + [False] * 500, "x")
    for _ in range(5):
        saw(seen, [False] * 500 + [True] * 500, "x")
    with pytest.raises(TooManyRejects):
        saw(seen, [True] * 501, "x")


def stops_at(refused: list[bool], share: float, run: int) -> int | None:
    """The record at which the limit's words hold, by looking at every window."""
    for end in range(1, len(refused) + 1):
        if end >= run and all(refused[end - run : end]):
            return end
        if end >= WINDOW and sum(refused[end - WINDOW : end]) / WINDOW > share:
            return end
    return None


@pytest.mark.parametrize("seed", range(12))
def test_any_feed_in_any_spans_stops_within_the_very_span_in_which_a_look_at_every_window_does(seed):
    """Promise: counting only refusals is the same as looking at every record."""
    random = Random(seed)
    rate = random.choice((0.45, 0.5, 0.55))
    refused = [random.random() < (rate if i < 1500 else rate + 0.05) for i in range(2500)]
    share, run = 0.5, random.choice((12, 10_000))
    expected = stops_at(refused, share, run)
    seen, at = limit(share, run), 0
    while at < len(refused):
        more = random.choice((1, 7, 400))
        try:
            saw(seen, refused[at : at + more], "x")
        except TooManyRejects:
            assert expected is not None
            assert at < expected <= at + more
            return
        at += more
    assert expected is None
