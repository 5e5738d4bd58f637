"""C2, and what lag and catching up are counted from."""

from __future__ import annotations

from faust.types import TP

from undertow.agents.transport.ledger import Ledger

P = TP("t", 0)


def delivered(*lasts: int) -> Ledger:
    ledger = Ledger()
    ledger.start(P, 10)
    for last in lasts:
        ledger.deliver(P, last)
    return ledger


def test_only_the_contiguous_prefix_of_what_was_delivered_is_committed() -> None:
    ledger, acked = delivered(14, 30, 40), {14, 40}
    assert ledger.settle(P, acked, None) == 15
    assert ledger.settle(P, acked, 15) is None
    acked.add(30)
    assert ledger.settle(P, acked, 15) == 41


def test_a_copy_below_the_committed_offset_does_not_hold_the_commit_up() -> None:
    ledger = delivered(14, 14, 20)
    assert ledger.settle(P, {14}, None) == 15
    assert ledger.settle(P, {20}, 15) == 21


def test_the_next_offset_counts_what_is_acked_and_not_yet_committed() -> None:
    ledger = delivered(14, 30)
    assert ledger.next(P) == 10
    assert ledger.next(P, {14}) == 15
    assert ledger.next(P, {30}) == 10


def test_an_idle_position_counts_only_when_nothing_is_open() -> None:
    ledger = delivered(14)
    ledger.idle(P, 20)
    assert ledger.next(P) == 10
    ledger.handled(P, 14)
    ledger.idle(P, 20)
    assert ledger.next(P) == 20


def test_a_start_forgets_what_was_delivered_before_it() -> None:
    ledger = delivered(14)
    ledger.start(P, 5)
    assert ledger.settle(P, {14}, None) is None
    assert ledger.next(P) == 5


def test_what_comes_next_is_known_from_what_was_delivered() -> None:
    """Holes are judged against it (C10); a partition that has not started expects nothing."""
    ledger = Ledger()
    assert ledger.expected(P) is None
    ledger.start(P, 7)
    assert (ledger.expected(P), ledger.waiting(P)) == (7, False)
    ledger.deliver(P, 9)
    assert (ledger.expected(P), ledger.waiting(P)) == (10, True)
    ledger.settle(P, {9}, None)
    assert (ledger.expected(P), ledger.waiting(P)) == (10, False)
