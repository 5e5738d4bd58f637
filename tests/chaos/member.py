"""A worker under a supervisor, and what we did to it."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass
from typing import Literal

from integration.installation import Worker
from undertow import exits

UNKNOWN = "unknown"
EXPECTED = {
    "killed": {-signal.SIGKILL},
    # SIGTERM before a signal handler stands ends a process that has done nothing yet
    "told to leave": {exits.OK, exits.FAILED, -signal.SIGTERM},
    "nothing": {exits.FAILED},
}
"""Exit codes by what we did."""


@dataclass(slots=True)
class Member:
    """One worker."""

    worker: Worker
    number: int
    seat: int | None = None
    """Number of its seat in the group, where seats are kept over a restart."""
    did: Literal["nothing", "killed", "told to leave"] = "nothing"
    since: float = 0.0
    """When it was told to leave."""
    wakes_at: float | None = None

    @property
    def paused(self) -> bool:
        return self.wakes_at is not None

    @property
    def running(self) -> bool:
        return self.did == "nothing" and self.worker.process.poll() is None

    def is_ready(self) -> bool:
        return self.worker.get("/readyz")[0] == 200

    def gives_back(self) -> bool:
        """Whether it is in the middle of a rebalance."""
        status, why = self.worker.get("/readyz")
        return status == 503 and "dealt out" in why

    def reason(self) -> str:
        """The kind of failure that its log ends with."""
        for line in reversed(self.worker.log.read_text(errors="replace").splitlines()):
            if "the worker stopped" in line or line.startswith("undertow:"):
                found = re.search(r"reason\"?[=:]\s*['\"]*(\w+)", line)
                return found[1] if found else line.removeprefix("undertow: ").split(" (")[0].split(" at ")[0]
        return UNKNOWN
