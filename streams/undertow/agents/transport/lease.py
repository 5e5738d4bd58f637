"""C3: how long a worker may write without news from its group."""

from __future__ import annotations

import time
from collections.abc import Callable

from undertow.agents.transport.errors import LeaseExpired


class Lease:
    """The right to write, renewed by every good heartbeat and by every completed join of the group.

    A process that was stopped and wakes (a suspended container, a long pause) is a zombie: its partitions have another
    owner, and its next changelog record would move a key backwards. The lease is shorter than the session, so such a
    process refuses to write. What it cannot cover is what the operating system already has; joins on recovery and the
    compaction lag of the changelogs do.
    """

    #: part of the session timeout (ratio 0 to 1) after which a write is refused
    ratio = 0.9

    def __init__(self, session_timeout: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Make a lease for a group whose session lasts `session_timeout` seconds; it starts with the first join."""
        self.length = session_timeout * self.ratio
        self.clock = clock
        self._from: float | None = None

    def renew(self, at: float) -> None:
        """Note that the group counted us as a member at `at` on the clock, seconds. Called in the consumer thread."""
        self._from = at

    @property
    def age(self) -> float | None:
        """Seconds since the last renewal; None before the first join, when there is nothing yet that we could lose."""
        return None if self._from is None else self.clock() - self._from

    def check(self) -> None:
        """Raise LeaseExpired where the lease is over."""
        age = self.age
        if age is not None and age > self.length:
            raise LeaseExpired(f"last good heartbeat {age:.1f} s ago, writes are allowed for {self.length:.1f} s")
