"""The ledger's loop shows what it knows, as often as it can afford, and nothing once the partition is another's."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from standings import NOON, TODAY, Ticket, cells
from undertow.agents import ledger as loop
from undertow.agents.ledger import LedgerLoop
from undertow.domain.contract import Contract
from undertow.domain.ledger import Position
from undertow.metrics.board import Board
from undertow.stages.records import CellSaid, Judged, encode


class Clock:
    """Each look at it takes as long as ``costs`` says."""

    now = 100.0
    costs = 0.0

    def monotonic(self) -> float:
        self.now += self.costs
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(loop, "time", found)
    return found


@pytest.fixture
def board() -> Board:
    return Board(feeds=(), vendors=("acme",), topics=())


def tell(ledger: LedgerLoop, n: int, offset: int = 0) -> None:
    """The cells as casebook 0 says them: ``n`` confirmed tickets, yesterday."""
    made = cells([Ticket(TODAY - 1, verdicts={"sla": "confirmed_met"}) for _ in range(n)])
    said = [
        CellSaid(0, Position(0, offset), key, cell.counts, [], list(cell.tallies.items())) for key, cell in made.items()
    ]
    records = [SimpleNamespace(value=encode(record)) for record in [*said, Judged(0, NOON)]]
    asyncio.run(ledger.ledger(SimpleNamespace(records=records)))  # type: ignore[arg-type]


def pairs(board: Board) -> int | None:
    exposed = board.state.exposed
    if exposed is None:
        return None
    return next(one.gap.n for one in exposed.standings[0].comparisons if one.window == "7d")


def test_what_was_told_is_shown_until_the_partition_is_anothers(board: Board, clock: Clock) -> None:
    """Promise: the figures of this owner go with it, and it begins anew when it is given the partition again."""
    ledger = LedgerLoop("undertow.cells", {"acme": Contract(vendor="acme")}, board)
    tell(ledger, 3)
    assert pairs(board) is None
    ledger.expose()
    assert pairs(board) == 3
    ledger.revoked()
    assert pairs(board) is None
    tell(ledger, 2)
    ledger.expose()
    assert pairs(board) == 2


def test_figures_that_take_long_come_less_often_and_no_change_is_lost(board: Board, clock: Clock) -> None:
    """Promise: a second's work is followed by nine seconds without; then the latest is shown."""
    ledger = LedgerLoop("undertow.cells", {"acme": Contract(vendor="acme")}, board)
    tell(ledger, 3)
    clock.costs = 1.0
    ledger.expose()
    clock.costs = 0.0
    tell(ledger, 4, 1)
    clock.now += 8.9
    ledger.expose()
    assert pairs(board) == 3
    clock.now += 0.2
    ledger.expose()
    assert pairs(board) == 4
    state = board.state
    ledger.expose()
    assert board.state is state, "nothing changed, nothing is written"
