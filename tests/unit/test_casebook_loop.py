"""The casebook's loop judges as of when facts were sent, and settles seldom while it is behind."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from undertow.agents import casebook as loop
from undertow.agents.casebook import BEHIND, SETTLE_BEHIND, SETTLE_EVERY, CasebookLoop
from undertow.agents.transport import Span
from undertow.domain.agreement.contract import DAY, Contract
from undertow.domain.tickets.facts import Body, Fact, Opened, Place, Seen, StatusChanged
from undertow.metrics.board import Board
from undertow.settings import Settings
from undertow.stages.records import CellSaid, Entry, Parcel, Tick, decode_for_ledger, encode

NOW = 1_772_366_400.0
"""2026-03-01T12:00Z in seconds."""


@dataclass
class Rows:
    """A table's rows, without a changelog."""

    kept: dict[bytes, bytes] = field(default_factory=dict)

    def rows(self, _: int) -> dict[bytes, bytes]:
        return self.kept

    async def write(self, _: int, changes: dict[bytes, bytes | None]) -> None:
        self.kept.update({key: value for key, value in changes.items() if value is not None})

    async def repair(self, _: int) -> None:
        """Nothing is broken."""


class Desk:
    """The loop between tables and topics that only remember."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **options: Any) -> None:
        self.said: list[Any] = []
        self.waiting = 0
        self.clock = 100.0
        monkeypatch.setattr(loop, "time", SimpleNamespace(monotonic=lambda: self.clock))
        monkeypatch.setattr(loop, "producer_of", lambda _: None)
        monkeypatch.setattr(loop, "send_all", self._send)
        consumer = SimpleNamespace(lag=lambda: {"a": self.waiting // 2, "b": self.waiting - self.waiting // 2})
        board = Board(feeds=(), vendors=("acme",), topics=())
        contracts = {"acme": Contract(vendor="acme")}
        app: Any = SimpleNamespace(consumer=consumer)
        table: Any = Rows()
        findings: Any = Rows()
        self.loop = CasebookLoop(app, table, findings, Settings(**options), contracts, board)

    async def _send(self, _: object, topic: str, partition: int, records: Any) -> None:
        self.said += [decode_for_ledger(value) for _, value, _ in records]

    def cells(self) -> list[CellSaid]:
        """As they were said last."""
        return list({said.key: said for said in self.said if isinstance(said, CellSaid)}.values())

    def solved(self) -> int:
        """Solved tickets."""
        return sum(said.counts.solved for said in self.cells())

    @property
    def assessed(self) -> bool:
        """Whether any ticket was held against the patterns, which takes a solve that is not ahead."""
        return any(tally.kind == "case" for said in self.cells() for tally, _ in said.tallies)

    def tell(self, ticket: str, at: float, body: Body, sent: float) -> None:
        """A round of one fact."""
        seen = Seen(Fact(at, 0, at, f"{ticket}-{at}", "/acme", body), Place("vendor.tickets", 0, 0))
        self.read(encode(Parcel([Entry("acme", "ann", ticket, seen)])), sent)

    def read(self, value: bytes, sent: float) -> None:
        """A round of one record."""
        record = SimpleNamespace(value=value, timestamp=int(sent * 1000))
        asyncio.run(self.loop.casebook([Span("undertow.casebook", 0, 0, [record])]))


@pytest.mark.parametrize(("clock", "judged"), [("wall", True), ("events", False)])
def test_a_solve_is_judged_as_of_when_it_was_sent(monkeypatch: pytest.MonkeyPatch, clock: str, judged: bool) -> None:
    """As of the last tick it would lie ahead. Where time comes with the data, records' own times mean nothing."""
    desk = Desk(monkeypatch, clock=clock)
    desk.tell("T1", NOW - 9, Opened("billing"), sent=NOW - 8)
    desk.clock += 1
    desk.tell("T1", NOW, StatusChanged("solved", "agent"), sent=NOW + 0.2)
    assert desk.assessed == judged
    desk.read(encode(Tick(NOW + 1)), sent=NOW + 1)
    assert desk.assessed


@pytest.mark.parametrize(("clock", "kept"), [("wall", 1), ("events", 0)])
def test_an_import_does_not_move_the_wall_clock(monkeypatch: pytest.MonkeyPatch, clock: str, kept: int) -> None:
    """Its tick says that the follow-ups of its newest ticket are over. By the wall clock that is not known yet."""
    desk = Desk(monkeypatch, clock=clock)
    desk.tell("T1", NOW - 9, Opened("billing"), sent=NOW)
    desk.tell("T1", NOW - 5, StatusChanged("solved", "agent"), sent=NOW)
    desk.read(encode(Tick(NOW + 400 * DAY)), sent=NOW + 1)
    assert desk.loop.tickets == kept
    if kept:
        desk.tell("T2", NOW + 2, Opened("billing"), sent=NOW + 3)
        assert desk.loop.tickets == 2, "what comes next is not too late"


def test_while_it_is_behind_it_settles_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch)

    def another(number: int, after: float) -> int:
        desk.clock += after * 1.01
        desk.tell(f"T{number}", NOW - 5, StatusChanged("solved", "agent"), sent=NOW)
        return desk.solved()

    assert another(1, 0) == 1
    assert another(2, SETTLE_EVERY / 2) == 1, "at most so often"
    assert another(3, SETTLE_EVERY) == 3
    desk.waiting = BEHIND + 1
    assert another(4, SETTLE_BEHIND / 2) == 3
    assert another(5, SETTLE_BEHIND) == 5
    assert another(6, SETTLE_EVERY) == 5
    desk.waiting = BEHIND
    assert another(7, SETTLE_EVERY) == 7, "caught up"


def test_what_no_round_settled_is_settled_by_the_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch)
    for number in range(3):
        desk.tell(f"T{number}", NOW - 5, StatusChanged("solved", "agent"), sent=NOW)
    assert desk.solved() == 1
    asyncio.run(desk.loop.settle())
    assert desk.solved() == 1, "not before its time"
    desk.clock += SETTLE_EVERY * 1.01
    asyncio.run(desk.loop.settle())
    assert desk.solved() == 3
