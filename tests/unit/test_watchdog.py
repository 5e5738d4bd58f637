"""The watchdog ends a worker whose log ends move and whose commits do not, and no other."""

from __future__ import annotations

import pytest

from undertow.agents.watchdog import Stuck, Watchdog


def test_records_that_wait_without_a_commit_end_the_worker_after_its_patience() -> None:
    """Just before: nothing. At the patience: the message names partition, backlog and time."""
    dog = Watchdog(60)
    dog.watch(0, {"tickets/0": 100}, {"tickets/0": 150})
    dog.watch(59.9, {"tickets/0": 100}, {"tickets/0": 9_000})
    with pytest.raises(
        Stuck, match=r"tickets/0: 8,900 records wait and nothing was committed for 60 s \(position 100\)"
    ):
        dog.watch(60, {"tickets/0": 100}, {"tickets/0": 9_000})


def test_a_slow_worker_is_not_a_stuck_one() -> None:
    """A commit now and then, however far behind, begins the patience anew."""
    dog = Watchdog(60)
    for minute in range(100):
        dog.watch(minute * 59, {"tickets/0": minute}, {"tickets/0": 1_000_000})


def test_an_idle_partition_has_all_the_time_of_the_world() -> None:
    """Nothing waits: nothing to commit. The patience begins with the first record that waits."""
    dog = Watchdog(60)
    for hour in range(10):
        dog.watch(hour * 3600, {"tickets/0": 5}, {"tickets/0": 5})
    dog.watch(36_000, {"tickets/0": 5}, {"tickets/0": 6})
    dog.watch(36_059, {"tickets/0": 5}, {"tickets/0": 6})


def test_a_rebalance_begins_the_patience_anew_and_lost_partitions_are_forgotten() -> None:
    """While partitions are dealt out nothing can be committed."""
    dog = Watchdog(60)
    dog.watch(0, {"tickets/0": 1, "tickets/1": 1}, {"tickets/0": 9, "tickets/1": 9})
    dog.forget()
    dog.watch(59, {"tickets/0": 1, "tickets/1": 1}, {"tickets/0": 9, "tickets/1": 9})
    dog.watch(100, {"tickets/1": 2}, {"tickets/1": 9})
    dog.watch(118, {"tickets/0": 1, "tickets/1": 2}, {"tickets/0": 9, "tickets/1": 9})
    dog.watch(159, {"tickets/0": 1, "tickets/1": 3}, {"tickets/0": 9, "tickets/1": 9})
