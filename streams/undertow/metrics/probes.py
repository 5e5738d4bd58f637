"""Two questions an orchestrator asks: does the loop turn (else restart it), does the worker do its work (else wait)."""

from __future__ import annotations

from msgspec import Struct

from undertow.metrics.board import State


class Limits(Struct, frozen=True):
    """Seconds. ``stalled`` leaves room for the longest turn, a rebuild of the cells after a rebalance."""

    stalled: float = 30.0
    """From the loop's last turn until it counts as stalled."""
    start: float = 300.0
    """From the board's making to the loop's first turn: a restart any sooner would interrupt the start it waits for."""


class Probe(Struct, frozen=True):
    """The answer, with a sentence for the person who looks."""

    ok: bool
    words: str


def health(state: State, now: float, limits: Limits) -> Probe:
    """Whether the loop turns. ``now`` in the board's monotonic seconds. A worker that starts is healthy for a while."""
    if state.turned is None:
        age = now - state.started
        if age < limits.start:
            return Probe(True, f"starting for {age:.0f} s")
        return Probe(False, f"the loop has not turned once in {age:.0f} s since the start: restart the worker")
    age = now - state.turned
    if age < limits.stalled:
        return Probe(True, f"the loop turned {max(0.0, age):.1f} s ago")
    return Probe(False, f"the loop has stood still for {age:.0f} s (limit {limits.stalled:.0f} s): restart the worker")


def readiness(state: State, now: float, limits: Limits) -> Probe:
    """Whether the worker does its work. What a loop said that stands still does not count any more."""
    healthy = health(state, now, limits)
    return healthy if not healthy.ok else Probe(state.ready, state.why)
