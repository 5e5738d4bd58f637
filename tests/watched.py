"""A worker's board as leaders find it: three simulated vendors - honest, gaming, too small to judge -, judged and shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Final

from msgspec.structs import replace

from customers import night
from undertow import wire
from undertow.domain.agreement.contract import Contract, Target
from undertow.domain.standing import Overview
from undertow.metrics.board import Board
from undertow.settings import Settings
from undertow.simulation import World
from undertow.simulation.story import TARGETS
from undertow.stages.ledger import Speaker
from undertow.stages.records import Record
from undertow.stages.rereading.replay import Offline
from undertow.topics import CASEBOOK, CELLS, CLAIMS, FINDINGS, SOURCES, TICKETS, registry

DAYS: Final = 150
DAY: Final = 86_400.0
UNPLAYED: Final = {}
"""Metrics that the board below leaves empty, with the reason."""


@cache
def told() -> tuple[Overview, Mapping[str, Contract]]:
    """What the ledger says at the world's end, and under which contracts. The vendors agreed on how fast an answer is."""
    world = World(seed=1, start=datetime(2026, 1, 1, tzinfo=UTC), days=DAYS)
    agreed = {"first_response": tuple(Target(float(seconds), priority) for priority, seconds in TARGETS.items())}
    contracts = {name: replace(contract, targets=agreed) for name, contract in world.contracts().items()}
    book = Offline(contracts)
    events = list(world.events())
    book.take([Record("world", 0, place, 0, wire.encode(event)) for place, event in enumerate(events)])
    book.tick(world.end)
    return Speaker(book.close(), contracts).state(), contracts


def board(version: str = "1.2.3") -> Board:
    """A board that a worker has filled: the owner of the ledger, ready, with something put aside."""
    statement, contracts = told()
    found = Board(
        feeds=SOURCES,
        vendors=tuple(contracts),
        topics=[topic.name for topic in registry(Settings())],
        version=version,
    )
    found.expose(statement, contracts, night(contracts["gaming"]))
    fill_feeds(found)
    return found


def fill_feeds(found: Board) -> None:
    """What the worker says of itself and of its feeds. Again: a little more of everything that is counted."""
    statement, contracts = told()
    found.alive()
    found.ready(True, "reading 8 partitions")
    found.committed()
    found.tickets_kept(731)
    found.partitions({CASEBOOK: 8, CELLS: 1, FINDINGS: 8})
    found.lag({(CASEBOOK, place): place for place in range(8)})
    for vendor in contracts:
        at = statement.as_of or DAY
        found.fed(TICKETS, consumed={vendor: 250}, backdated={vendor: 2}, event_times={vendor: at})
    found.fed(CLAIMS, consumed={"gaming": 40})
    found.rejected(CLAIMS, "wrong_value", 3)
    found.dead_letters(3)
    found.duplicates(5)
    found.late(1)
