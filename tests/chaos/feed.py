"""The seeded feed: a world's events out of order, some twice, some rewritten, one in a hundred poison."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

import msgspec
from msgspec.structs import replace

from undertow import events as e
from undertow import wire
from undertow.domain.agreement.contract import DAY, Contract, Target
from undertow.simulation import DEFAULT, World
from undertow.topics import SOURCES, key_of, topic_of

START = datetime(2026, 1, 5, tzinfo=UTC)
DAYS = 90
EVENTS_OF_A_WORLD = 14_000
"""What ninety days of the default vendors come to at twice their load, about."""
WINDOW = 1_000
"""Positions within which the order is lost."""
POISON, REPEATED, REWRITTEN = 0.01, 0.05, 0.002
"""Shares of the feed. A repeated event comes again anywhere later; a rewritten one has other content under its id."""
TARGETS = {"first_response": (Target(4 * 3600.0),), "total_resolution": (Target(3 * DAY),)}
"""So that claims have something to be held against, and findings come and go."""
TICKS = 20
"""How often the feed says what time it is."""

Key = tuple[str, str]
"""Source and id of an event."""


@dataclass(frozen=True, slots=True)
class Item:
    """One record to publish. ``event`` is None for poison. ``topic`` is without namespace."""

    topic: str
    key: bytes
    value: bytes | None
    event: e.Event | None


@dataclass(slots=True)
class Feed:
    """Records in the order of publishing, and what their readers must know."""

    items: list[Item]
    contracts: Mapping[str, Contract]
    as_of: float
    """When everything is mature: seconds since 1970."""
    ticks: dict[int, float] = field(default_factory=dict)
    """Before which position which time (seconds) is told."""

    @property
    def poison(self) -> list[int]:
        """Positions of the records that must become dead letters."""
        return [place for place, item in enumerate(self.items) if item.event is None]


def feed(seed: int, records: int) -> Feed:
    """Exactly ``records`` records; the same for the same arguments."""
    chance = Random(f"feed/{seed}")
    poison, repeated, rewritten = (round(records * share) for share in (POISON, REPEATED, REWRITTEN))
    world = _world(seed, records)
    events = list(world.events())[: records - poison - repeated - rewritten]
    said = [(place + chance.uniform(0, WINDOW), event) for place, event in enumerate(events)]
    said += [_later(chance, place, len(events), events[place]) for place in _some(chance, events, repeated)]
    changes = [place for place, event in enumerate(events) if isinstance(event, e.TicketStatusChanged)]
    for place in chance.sample(changes, rewritten):
        said.append(_later(chance, place, len(events), _rewritten(events[place])))
    placed = [
        (at, number, Item(topic_of(event), key_of(event).encode(), wire.encode(event), event))
        for number, (at, event) in enumerate(said)
    ]
    placed += [
        (chance.uniform(0, len(events)), len(said) + number, _poison(chance, number)) for number in range(poison)
    ]
    items = [item for _, _, item in sorted(placed, key=lambda one: one[:2])]
    assert len(items) == records, f"the world is too small: {len(items)} of {records} records"
    last = events[-1].time.timestamp()
    every = len(items) // TICKS
    ticks = {
        place: max(item.event.time.timestamp() for item in items[place - every : place] if item.event is not None)
        for place in range(every, len(items), every)
    }
    contracts = {vendor: replace(contract, targets=TARGETS) for vendor, contract in world.contracts().items()}
    return Feed(items, contracts, last + max(c.follow_up for c in contracts.values()) + DAY, ticks)


def _world(seed: int, records: int) -> World:
    size = records / EVENTS_OF_A_WORLD * 1.1
    return World(
        seed,
        START,
        DAYS,
        tuple(
            replace(
                plan, tickets_per_day=2 * size * plan.tickets_per_day, customers=max(5, round(size * plan.customers))
            )
            for plan in DEFAULT
        ),
    )


def _some(chance: Random, events: list[e.Event], count: int) -> list[int]:
    return [chance.randrange(len(events)) for _ in range(count)]


def _later(chance: Random, place: int, end: int, event: e.Event) -> tuple[float, e.Event]:
    """Soon after, as a publisher's retry, or any time later, as an export that is sent again."""
    soon = chance.random() < 0.7
    return (place + chance.uniform(0, 2 * WINDOW) if soon else chance.uniform(place, end)), event


def _rewritten(event: e.Event) -> e.Event:
    return replace(event, time=event.time + timedelta(seconds=1))


def _poison(chance: Random, number: int) -> Item:
    vendor = chance.choice(DEFAULT).name
    good = {
        "specversion": "1.0",
        "type": "undertow.ticket.opened",
        "source": f"/vendors/{vendor}",
        "id": f"poison-{number}",
        "time": "2026-03-01T09:00:00Z",
        "data": {"vendor": vendor, "ticket": f"P{number}", "customer": f"C{number}", "topic": "billing"},
    }
    large = number % 200 == 0
    value = chance.choice(
        [
            b"{half an event of " + vendor.encode(),
            b"\xff\xfe not text %d" % number,
            _json(good | {"type": "undertow.ticket.sneezed"}),
            _json(good | {"time": "0001-01-01T00:00:00Z"}),
            _json(good | {"time": number}),
            _json(good | {"data": {"vendor": vendor, "ticket": f"P{number}"}}),
            _json(good | {"data": {**good["data"], "vendor": "nobody"}}),  # type: ignore[dict-item]
            None,
        ]
    )
    if large:
        value = b"x" * (wire.MAX_EVENT_BYTES + 1)
    return Item(chance.choice(SOURCES), f"poison-{number}".encode(), value, None)


def _json(event: dict[str, object]) -> bytes:
    return msgspec.json.encode(event)
