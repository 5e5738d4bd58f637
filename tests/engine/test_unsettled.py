"""C2, and what lag and catching up are counted from."""

from __future__ import annotations

from faust.types import TP

from undertow.agents.transport.unsettled import Unsettled

P = TP("t", 0)


def delivered(*lasts: int) -> Unsettled:
    unsettled = Unsettled()
    unsettled.start(P, 10)
    for last in lasts:
        unsettled.deliver(P, last)
    return unsettled


def test_only_the_contiguous_prefix_of_what_was_delivered_is_committed() -> None:
    unsettled, acked = delivered(14, 30, 40), {14, 40}
    assert unsettled.settle(P, acked, None) == 15
    assert unsettled.settle(P, acked, 15) is None
    acked.add(30)
    assert unsettled.settle(P, acked, 15) == 41


def test_a_copy_below_the_committed_offset_does_not_hold_the_commit_up() -> None:
    unsettled = delivered(14, 14, 20)
    assert unsettled.settle(P, {14}, None) == 15
    assert unsettled.settle(P, {20}, 15) == 21


def test_the_next_offset_counts_what_is_acked_and_not_yet_committed() -> None:
    unsettled = delivered(14, 30)
    assert unsettled.next(P) == 10
    assert unsettled.next(P, {14}) == 15
    assert unsettled.next(P, {30}) == 10


def test_an_idle_position_counts_only_when_nothing_is_open() -> None:
    unsettled = delivered(14)
    unsettled.idle(P, 20)
    assert unsettled.next(P) == 10
    unsettled.handled(P, 14)
    unsettled.idle(P, 20)
    assert unsettled.next(P) == 20


def test_a_start_forgets_what_was_delivered_before_it() -> None:
    unsettled = delivered(14)
    unsettled.start(P, 5)
    assert unsettled.settle(P, {14}, None) is None
    assert unsettled.next(P) == 5


def test_what_comes_next_is_known_from_what_was_delivered() -> None:
    """Holes are judged against it (C10); a partition that has not started expects nothing."""
    unsettled = Unsettled()
    assert unsettled.expected(P) is None
    unsettled.start(P, 7)
    assert (unsettled.expected(P), unsettled.waiting(P)) == (7, False)
    unsettled.deliver(P, 9)
    assert (unsettled.expected(P), unsettled.waiting(P)) == (10, True)
    unsettled.settle(P, {9}, None)
    assert (unsettled.expected(P), unsettled.waiting(P)) == (10, False)
