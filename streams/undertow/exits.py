"""Exit codes: part of the contract with supervisors and scripts."""

from __future__ import annotations

from typing import Final

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2
TOPICS: Final = 3
REJECTED: Final = 4

MEANING: Final = {
    OK: "done, or stopped by a signal after committing",
    FAILED: "stopped on a failure; a supervisor should start it again",
    USAGE: "the options, a file or a contract cannot be used; the message says what to change",
    TOPICS: "topics are missing or have the wrong shape; run 'undertow topics apply'",
    REJECTED: "a feed was refused as a whole; fix the publisher or raise the limits",
}
