"""What a process of the comparison reports of itself, in the peers' protocol (see ``child``)."""

from __future__ import annotations

import hashlib
import json
import resource
import sys
import time
from collections.abc import Mapping

import msgspec

from bench.child import peak_rss_mb
from bench.fold import Customer


def cpu() -> float:
    """User and system seconds of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def mark(name: str) -> None:
    """Say how much CPU was used until now."""
    sys.stderr.write(f"MARK {name} {cpu():.6f} {time.time():.6f}\n")
    sys.stderr.flush()


def digest(state: Mapping[str, Customer]) -> str:
    """One word for the whole state: equal when every customer's is."""
    rows = sorted((key, msgspec.to_builtins(value)) for key, value in state.items())
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()[:16]


class Meter:
    """Counts folded events and reports once all are."""

    def __init__(self, n: int) -> None:
        self._n, self._folded = n, 0
        self._begun = False

    @property
    def done(self) -> bool:
        return self._folded >= self._n

    def begin(self) -> None:
        """The first event is here: start-up is over."""
        if not self._begun:
            self._begun = True
            mark("first")

    def folded(self, n: int) -> None:
        self._folded += n

    def stop(self) -> None:
        """The last event is folded, and all it asks for is done."""
        mark("stop")

    def report(self, state: Mapping[str, Customer]) -> None:
        """Say what the final state is; what that costs is not the job's."""
        memory = peak_rss_mb("self")
        word = digest(state)
        mark("checked")
        sys.stderr.write("RESULT " + json.dumps({"folded": self._folded, "peak_rss_mb": memory, "state": word}) + "\n")
        sys.stderr.flush()
