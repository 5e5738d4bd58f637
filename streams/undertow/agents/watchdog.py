"""The watchdog: a worker that has records before it and commits nothing is stuck, and says so by ending.

Consumers of Faust can "slowly die" (its issue 175): the process lives, heartbeats go out, nothing moves. The group then
never deals the partitions out again. So progress is watched where it counts: at the commits.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

Partition = TypeVar("Partition", bound=Hashable)


class Stuck(Exception):
    """Records wait and no offset moves; the message says where and for how long."""


class Watchdog:
    """Remembers since when each partition has had records waiting without a commit. Times in monotonic seconds."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._since: dict[Hashable, tuple[int, float]] = {}

    def forget(self) -> None:
        """Partitions are being dealt out or recovered: nothing can be committed, and nothing counts."""
        self._since.clear()

    def watch(self, now: float, committed: Mapping[Partition, int], ends: Mapping[Partition, int]) -> None:
        """Compare positions (the next offset to commit) with log ends.

        Raises :class:`Stuck` when records of a partition have waited for ``patience`` seconds without a commit of it.
        """
        for gone in self._since.keys() - committed.keys():
            del self._since[gone]
        for partition, position in committed.items():
            if position >= ends.get(partition, 0):
                self._since.pop(partition, None)
                continue
            before = self._since.get(partition)
            if before is None or before[0] != position:
                self._since[partition] = (position, now)
            elif now - before[1] >= self._patience:
                waiting = ends[partition] - position
                raise Stuck(
                    f"{partition}: {waiting:,} records wait and nothing was committed for {now - before[1]:.0f} s "
                    f"(position {position:,}); the worker ends so that its supervisor starts it anew"
                )
