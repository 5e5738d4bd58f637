"""The ledger's loop shows what it knows, as often as it can afford, and nothing once the partition is another's."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from standings import NOON, TODAY, Ticket, cells
from undertow.agents import ledger as loop
from undertow.agents.ledger import LedgerLoop
from undertow.clock import start_of
from undertow.domain.agreement.contract import DAY, Contract
from undertow.domain.agreement.periods import holding
from undertow.domain.counting.ledger import Position
from undertow.domain.statements.statement import PeriodStatement
from undertow.domain.statements.statement import encode as statement_bytes
from undertow.metrics.board import Board
from undertow.stages.records import CellSaid, Judged, encode


class Clock:
    """Whatever is done between two looks uses as much CPU as ``costs`` says."""

    now = 100.0
    used = 0.0
    costs = 0.0

    def monotonic(self) -> float:
        return self.now

    def thread_time(self) -> float:
        self.used += self.costs
        return self.used


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


def shown(board: Board) -> int:
    exposed = board.state.exposed
    assert exposed is not None
    return exposed.figures[0][0].immature


def test_figures_that_take_long_come_less_often_and_no_change_is_lost(board: Board, clock: Clock) -> None:
    """Promise: of five seconds one goes into counts, of a hundred one into the rest; then comes the latest."""
    ledger = LedgerLoop("undertow.cells", {"acme": Contract(vendor="acme")}, board)
    tell(ledger, 3)
    clock.costs = 1.0
    ledger.expose()
    tell(ledger, 4, 1)
    ledger.expose()
    assert (shown(board), pairs(board)) == (4, 3), "counts are shown at once, whatever all the rest has cost"
    clock.costs = 0.0
    tell(ledger, 5, 2)
    clock.now += 4.9
    ledger.expose()
    assert shown(board) == 4
    clock.now += 0.2
    ledger.expose()
    assert (shown(board), pairs(board)) == (5, 3)
    clock.now += 94.8
    ledger.expose()
    assert pairs(board) == 3
    clock.now += 0.2
    ledger.expose()
    assert (shown(board), pairs(board)) == (5, 5)
    state = board.state
    ledger.expose()
    assert board.state is state, "nothing changed, nothing is written"


def test_counts_follow_each_look_and_the_rest_once_a_second(board: Board, clock: Clock) -> None:
    """Promise: however cheap a look is, all that rests on counts is reckoned once a second, and once more when all is quiet."""
    ledger = LedgerLoop("undertow.cells", {"acme": Contract(vendor="acme")}, board)
    seen = []
    for n in range(1, 9):
        tell(ledger, n, n)
        ledger.expose()
        seen.append((shown(board), pairs(board)))
        clock.now += 0.25
    assert seen == [(1, 1), (2, 1), (3, 1), (4, 1), (5, 5), (6, 5), (7, 5), (8, 5)]
    ledger.expose()
    assert pairs(board) == 8


def test_a_worker_is_ready_and_shows_its_figures_in_one_moment(board: Board, clock: Clock) -> None:
    """Promise: no scrape finds a ready worker without figures, or figures of one that is not, however late the next look."""
    ledger = LedgerLoop("undertow.cells", {"acme": Contract(vendor="acme")}, board)
    states = []
    change = board._set
    board._set = lambda **what: (change(**what), states.append(board.state))  # type: ignore[method-assign,assignment]
    tell(ledger, 3)
    ledger.expose()  # a look before a rebalance: the next whole one is far away
    board.withdraw()
    board.ready(False, "partitions are being dealt out")
    states.clear()
    ledger.expose(first=True)
    assert [(state.ready, state.exposed is not None) for state in states] == [(True, True)]
    assert (shown(board), pairs(board)) == (3, 3)


MONTH = holding("month", TODAY - 80)
OVER = start_of("UTC", MONTH.last + 1) + 31 * DAY


def closed(ledger: LedgerLoop, partitions: int = 1) -> None:
    """A month whose follow-ups are over, as each casebook says it."""
    made = cells([Ticket(MONTH.first, verdicts={"sla": "over_reported"}, mature=True, claimed=True)])
    said = [CellSaid(0, Position(0, 0), key, one.counts, [], list(one.tallies.items())) for key, one in made.items()]
    judged = [Judged(partition, OVER) for partition in range(partitions)]
    records = [SimpleNamespace(value=encode(record)) for record in [*said, *judged]]
    asyncio.run(ledger.ledger(SimpleNamespace(records=records)))  # type: ignore[arg-type]


def test_a_closed_period_is_issued_once_and_not_again_by_a_new_owner_that_reads_the_topic(
    board: Board, clock: Clock
) -> None:
    """Promise: its own record coming back changes nothing, and whoever owns the ledger next issues nothing again."""
    contracts = {"acme": Contract(vendor="acme")}
    topic: list[bytes] = []

    async def issue(one: PeriodStatement) -> None:
        topic.append(statement_bytes(one))

    first, second = LedgerLoop("cells", contracts, board), LedgerLoop("cells", contracts, board)
    for ledger in (first, second):
        closed(ledger)
    asyncio.run(first.issue(1, issue))
    asyncio.run(first.issue(1, issue))
    assert len(topic) == 1
    span = SimpleNamespace(records=[SimpleNamespace(value=value) for value in topic])
    for ledger in (first, second):
        asyncio.run(ledger.issued(span))  # type: ignore[arg-type]
        asyncio.run(ledger.issue(1, issue))
    assert len(topic) == 1
    second.expose()
    exposed = board.state.exposed
    assert exposed is not None
    assert [(one.vendor, one.number) for one in exposed.kept] == [("acme", 1)]


def test_a_crash_before_the_write_leaves_the_very_same_statement_to_be_issued(board: Board, clock: Clock) -> None:
    """Promise: what was decided and not written is decided again, to the byte."""
    contracts = {"acme": Contract(vendor="acme")}
    tried: list[bytes] = []

    async def fails(one: PeriodStatement) -> None:
        tried.append(statement_bytes(one))
        raise OSError("the broker is gone")

    async def issue(one: PeriodStatement) -> None:
        tried.append(statement_bytes(one))

    for way in (fails, issue):
        ledger = LedgerLoop("cells", contracts, board)
        closed(ledger)
        try:
            asyncio.run(ledger.issue(1, way))
        except OSError:
            assert way is fails
    assert len(tried) == 2
    assert tried[0] == tried[1]


def test_nothing_is_issued_while_a_casebook_has_not_judged_as_far(board: Board, clock: Clock) -> None:
    """Promise: one partition that lags behind may still hold tickets of the period."""
    issued: list[PeriodStatement] = []

    async def issue(one: PeriodStatement) -> None:
        issued.append(one)

    ledger = LedgerLoop("cells", {"acme": Contract(vendor="acme")}, board)
    closed(ledger)
    asyncio.run(ledger.issue(2, issue))
    assert issued == []
    asyncio.run(ledger.ledger(SimpleNamespace(records=[SimpleNamespace(value=encode(Judged(1, OVER)))])))  # type: ignore[arg-type]
    asyncio.run(ledger.issue(2, issue))
    assert [one.number for one in issued] == [1]
