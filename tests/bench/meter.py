"""What a process of the comparison reports of itself: CPU from the first event to the last, memory, and its final state."""

from __future__ import annotations

import hashlib
import json
import resource
import sys
import time
from collections.abc import Mapping

import msgspec

from bench.fold import Customer


def cpu() -> float:
    """User and system seconds of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def digest(state: Mapping[str, Customer]) -> str:
    """One word for the whole state: equal when every customer's is."""
    rows = sorted((key, msgspec.to_builtins(value)) for key, value in state.items())
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()[:16]


class Meter:
    """Counts folded events and reports once all are."""

    def __init__(self, n: int) -> None:
        self._n, self._folded = n, 0
        self._begun: tuple[float, float] | None = None

    @property
    def done(self) -> bool:
        return self._folded >= self._n

    def begin(self) -> None:
        """The first event is here: start-up is over."""
        if self._begun is None:
            self._begun = (cpu(), time.monotonic())

    def folded(self, n: int) -> None:
        self._folded += n

    def report(self, state: Mapping[str, Customer]) -> None:
        """One line of JSON on standard output."""
        assert self._begun is not None
        used, taken = cpu() - self._begun[0], time.monotonic() - self._begun[1]
        line = {
            "cpu_us_per_event": round(used / self._n * 1e6, 2),
            "events_per_second": round(self._n / taken),
            "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            "state": digest(state),
        }
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
