"""The garbage collector, as a process that keeps a state wants it. Without Faust, so that a measurement can ask for the same."""

from __future__ import annotations

import gc
from typing import Final

COLLECT_EVERY: Final = 50_000
"""Objects between two looks of the garbage collector: rows and facts hold no cycles, so by default it would look at a whole
state for nothing, seventy times as often."""


def spare_collections() -> None:
    """Let the garbage collector look seldom, and never at what is there already: what was imported stays until the end."""
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY, 10, 10)
