"""The seeded plan: what happens to workers and broker, and when. A pure list; ``supervisor`` carries it out."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal

What = Literal["start", "leave", "kill", "leave in a rebalance", "pause", "broker dies", "broker stalls"]


@dataclass(frozen=True, order=True, slots=True)
class Happening:
    """``at`` seconds after the feed began. ``pick`` (0 to 1) chooses among the workers there are by then."""

    at: float
    what: What
    pick: float = 0.0
    lasts: float = 0.0
    """Seconds until a paused worker wakes, and a broker is back. A stalled broker comes back to a worker killed
    meanwhile: whatever that one held for written and had not been told so is gone, and must not have been committed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outline:
    """How much has to go wrong. Times in seconds."""

    seconds: float
    session: float
    kills: int
    rebalances: int = 1
    """Leavings in the middle of a rebalance that a new worker brought about."""
    pauses: int = 0
    """Longer than the session: others have taken over when the process wakes."""
    stalls: int = 0
    broker_deaths: int = 0


GROWN, SHRUNK = (0.10, 0.14), (0.78, 0.84)
"""When the second and third worker come and go, as shares of the time."""
ALONE = 0.02, 0.95
TOGETHER = 0.18, 0.70


def plan(seed: int, outline: Outline) -> list[Happening]:
    """One to three workers and back to one, and everything of the outline at random moments."""
    chance = Random(f"plan/{seed}")
    length = outline.seconds

    def some(count: int, within: tuple[float, float]) -> list[float]:
        """Random moments, one in each of ``count`` equal parts: random, and not all at once."""
        first, last = (length * share for share in within)
        part = (last - first) / max(1, count)
        return [first + part * (number + chance.random()) for number in range(count)]

    found = [Happening(length * share, "start") for share in GROWN]
    found += [Happening(length * share, "leave", chance.random()) for share in SHRUNK]
    found += [Happening(at, "kill", chance.random()) for at in some(outline.kills, ALONE)]
    found += [Happening(at, "leave in a rebalance", chance.random()) for at in some(outline.rebalances, TOGETHER)]
    for at in some(outline.pauses, TOGETHER):
        found.append(Happening(at, "pause", chance.random(), outline.session * chance.uniform(1.4, 2.2)))
    for at in some(outline.stalls, ALONE):
        found.append(Happening(at, "broker stalls", chance.random(), chance.uniform(1.2, 2.5)))
    for at in some(outline.broker_deaths, (0.25, 0.9)):
        found.append(Happening(at, "broker dies", lasts=outline.session * chance.uniform(0.1, 1.5)))
    return sorted(found)


def bursts(happenings: list[Happening]) -> list[float]:
    """When much is published at once: a moment before what hurts most the worker that is busy."""
    return [max(0.0, it.at - 0.7) for it in happenings if it.what in {"kill", "pause", "broker stalls"}]
