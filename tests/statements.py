"""A history with everything late in it, for the tests of statements: a simulated vendor, and what arrives after closing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Final

from msgspec.structs import replace

from undertow import events as e
from undertow import wire
from undertow.domain.contract import DAY, Contract, Target
from undertow.simulation.plans import DEFAULT
from undertow.simulation.world import World
from undertow.stages.records import Record

START: Final = datetime(2026, 1, 10, tzinfo=UTC)
LATE: Final = datetime(2026, 4, 5, tzinfo=UTC).timestamp()
"""When the late ones arrive: January and February are closed by then, March is not."""


@cache
def world() -> tuple[dict[str, Contract], tuple[e.Event, ...]]:
    """The terms, and three months of one vendor that reports too well, weeks and months included."""
    plan = next(one for one in DEFAULT if one.name == "gaming")
    made = World(5, START, 80, (plan,))
    terms = {"first_response": (Target(4 * 3600.0),), "total_resolution": (Target(5 * DAY),)}
    contracts = {
        name: replace(one, targets=terms, imported_until=None, keep_all=True) for name, one in made.contracts().items()
    }
    return contracts, tuple(made.events())


def record(event: e.Event, offset: int, at: float | None = None) -> Record:
    """As a broker took it: at its own time where nothing else is said."""
    time = event.time.timestamp() if at is None else at
    return Record("vendor.tickets", 0, offset, int(time * 1000), wire.encode(event))


def records(*, late: bool) -> list[Record]:
    """The history; with ``late`` some arrive after January was closed: a reply, a restated claim, a restated period."""
    _, events = world()
    found = [record(event, place) for place, event in enumerate(events)]
    if not late:
        return found
    held = next(
        place for place, one in enumerate(events) if isinstance(one, e.TicketMessage) and one.data.actor.kind == "agent"
    )
    found[held] = record(events[held], held, LATE)
    return [*found, *(record(one, len(found) + place, LATE) for place, one in enumerate(restated(events)))]


def restated(events: Iterable[e.Event]) -> Iterator[e.Event]:
    """January's first claim turned round, and its first period claim with other figures."""
    later = datetime.fromtimestamp(LATE, UTC)
    some = list(events)
    claim = next(one for one in some if isinstance(one, e.TicketClaimed) and one.data.measure == "sla")
    yield replace(claim, id=f"{claim.id}-again", recordedtime=later, data=replace(claim.data, met=not claim.data.met))
    period = next(one for one in some if isinstance(one, e.PeriodClaimed))
    changed = replace(period.data, met=max(0, period.data.met - 1))
    yield replace(period, id=f"{period.id}-again", recordedtime=later, data=changed)
