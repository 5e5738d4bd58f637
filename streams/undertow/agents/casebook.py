"""The casebook loop: a round of parcels and ticks in, rows to the table, cells to the ledger."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Final, cast

from faust.types import AppT

from undertow import topics
from undertow.agents.intake import parcels
from undertow.agents.transport import Consumer, Span, SpanTable, send_all
from undertow.agents.transport.producer import producer_of
from undertow.clock import Clock
from undertow.domain.agreement.contract import Contract
from undertow.metrics.board import Board
from undertow.settings import Settings
from undertow.stages import letters
from undertow.stages.casebook import Casebook
from undertow.stages.effects import Done
from undertow.stages.records import (
    Ask,
    CellSaid,
    Entry,
    Forget,
    ForLedger,
    Parcel,
    Tick,
    casebook_partition,
    decode_for_casebook,
    encode,
    ledger_key,
)

SETTLE_EVERY: Final = 0.1
"""Least seconds between two settlements: a ticket that changes several times in between is judged, its cells said, once."""
BEHIND: Final = 10_000
"""Records that wait: from there on a worker is behind, and not merely busy."""
SETTLE_BEHIND: Final = 2.0
"""Least seconds between two settlements of a worker that is behind: first come the facts, whose tickets soon change again."""
LEFT_OVER: Final = 0.25
"""Seconds after which what no round settled is settled."""
BEGINNING: Final = -1
"""Offset that a new owner's first words stand for: before anything it reads under its epoch."""


class Read:
    """What a round brought for one partition."""

    def __init__(self, timed: bool) -> None:
        self._timed = timed
        self.offset = BEGINNING
        self.entries: list[Entry] = []
        self.sent = 0.0
        """When the latest of them were sent (seconds)."""
        self.as_of = 0.0
        """As of when to judge (seconds), where a tick came."""
        self.ask: Ask | None = None
        self.orders: list[Forget] = []

    def add(self, span: Span) -> None:
        """Take in one span."""
        self.offset = span.offset
        for record in span.records:
            match decode_for_casebook(record.value):
                case Parcel(more):
                    self.entries += more
                    self.sent = max(self.sent, record.timestamp / 1000)
                case Tick(moment):
                    # by the wall clock no tick lies ahead of its sending: an import's would close what is still open
                    self.as_of = max(self.as_of, min(moment, record.timestamp / 1000) if self._timed else moment)
                case Ask() as one:
                    self.ask = one
                case Forget() as order:
                    self.orders.append(order)


class CasebookLoop:
    """Handles rounds of the casebook topic; owns one :class:`Casebook` a partition."""

    def __init__(
        self,
        app: AppT,
        table: SpanTable,
        findings: SpanTable,
        settings: Settings,
        contracts: Mapping[str, Contract],
        board: Board,
    ) -> None:
        self._app, self._table, self._findings, self._contracts, self._board = app, table, findings, contracts, board
        self._topic = topics.name(settings, topics.CASEBOOK)
        self._cells = topics.name(settings, topics.CELLS)
        self._partitions = settings.casebook_partitions
        self._dead = topics.name(settings, topics.DEAD_LETTERS)
        self._books: dict[int, tuple[Casebook, dict[bytes, bytes]]] = {}
        self._read: dict[int, int] = {}
        """The last offset folded, by partition."""
        self._timed = settings.clock == "wall"
        """Else time passes with the data alone."""
        self._gathered: dict[int, tuple[Casebook, int]] = {}
        """Of which owner's which day the customers were said."""
        self._one_at_a_time = asyncio.Lock()
        """Spans and the timer's settlements write the same rows: their records must not overtake each other."""
        self._settled_at = 0.0

    async def recovered(self) -> None:
        """After each recovery: open the partitions that came, forget those that went."""
        async with self._one_at_a_time:
            mine = {tp.partition for tp in self._app.consumer.assignment() if tp.topic == self._topic}
            for partition in self._books.keys() - mine:
                del self._books[partition]
            for partition in sorted(mine):
                await self._book(partition)

    async def casebook(self, spans: list[Span]) -> None:
        """One round."""
        read: dict[int, Read] = {}
        for span in spans:
            read.setdefault(span.partition, Read(self._timed)).add(span)
        async with self._one_at_a_time:
            books = {partition: await self._book(partition) for partition in read}
            for partition, what in read.items():
                await self._fold(books[partition], what)
            await self._settle()
            for partition, what in read.items():
                if what.ask is not None:
                    # in a thread: the loop must turn, and this round is not over before it has its answers
                    await self._say(await asyncio.to_thread(books[partition].evaluated, what.ask, what.offset))

    async def _fold(self, book: Casebook, what: Read) -> None:
        self._read[book.partition] = what.offset
        for order in what.orders:  # before the facts: those it is about are dated, and dropped
            await self._tell(book, book.forget(order.customer, order.at))
        if what.entries:
            await self._tell(book, book.fold(what.entries, what.sent if self._timed else 0.0))
        if what.as_of:
            await self._tell(book, book.tick(what.as_of))
            await self._say([book.judged()])
            await self._gather(book)
        if what.orders and book.as_of:  # said anew, it is asked about anew: the list must not name the customer either
            self._gathered.pop(book.partition, None)
            await self._tell(book, book.settle())
            await self._gather(book)

    async def settle(self) -> None:
        """Judge what is owed; for the timer, so that the last facts before a silence are judged, too."""
        if not self._one_at_a_time.locked():
            async with self._one_at_a_time:
                await self._settle()

    async def tick(self, clock: Clock) -> None:
        """Send every partition of ours the time."""
        value = encode(Tick(clock()))
        for partition in self._books:
            await send_all(producer_of(self._app), self._topic, partition, [(None, value, [])])

    @property
    def tickets(self) -> int:
        """Tickets kept by this worker."""
        return sum(book.tickets for book, _ in self._books.values())

    async def _book(self, partition: int) -> Casebook:
        """The partition's casebook, rebuilt from the rows when they are not those it was built from."""
        rows = self._table.rows(partition)
        known = self._books.get(partition)
        if known is not None and known[1] is rows:
            return known[0]
        book = Casebook(partition, self._contracts, rows, self._findings.rows(partition))
        self._books[partition] = (book, rows)
        self._read[partition] = BEGINNING
        begun = book.assigned()
        await self._table.repair(partition)
        await self._tell(book, begun)
        await self._say([book.completed(BEGINNING), book.judged()])
        return book

    async def _gather(self, book: Casebook) -> None:
        """Once a day, and once of each new owner: the customers, for the model to be fitted on."""
        if self._gathered.get(book.partition) != (book, book.night):
            self._gathered[book.partition] = (book, book.night)
            await self._say([await asyncio.to_thread(book.population, self._read[book.partition])])

    async def _settle(self) -> None:
        """Settle every book whose rows are still those of its partition, if it is time. The cells of all are one send."""
        if time.monotonic() - self._settled_at < (SETTLE_BEHIND if self._behind() else SETTLE_EVERY):
            return
        said: list[CellSaid] = []
        for book, rows in list(self._books.values()):
            if book.owing and self._table.rows(book.partition) is rows:
                done = book.settle()
                await self._write(book, done)
                said += book.snapshots(done.cells, self._read[book.partition])
                self._settled_at = time.monotonic()
        if said:
            await self._say(said)

    def _behind(self) -> bool:
        return sum(cast(Consumer, self._app.consumer).lag().values()) > BEHIND

    async def _tell(self, book: Casebook, done: Done) -> None:
        """Rows first: a cell must never stand on facts that exist nowhere."""
        await self._write(book, done)
        if done.cells:
            await self._say(book.snapshots(done.cells, self._read[book.partition]))

    async def _write(self, book: Casebook, done: Done) -> None:
        """All of it but the cells."""
        if done.rows:
            await self._table.write(book.partition, done.rows)
        if done.findings:
            await self._findings.write(book.partition, done.findings)
        await self._pass_on(done.moved)
        refused = [letters.record_of_fact(entry, "too_late") for entry in done.late]
        refused += [letters.record_of_fact(entry, "too_many_facts") for entry in done.overfull]
        if refused:
            await send_all(producer_of(self._app), self._dead, 0, refused)
        self._board.duplicates(done.duplicates)
        self._board.late(len(done.late))
        self._board.dead_letters(len(refused))

    async def _pass_on(self, moved: Iterable[Entry]) -> None:
        """Facts of customers who were merged into others, to the casebooks of those."""
        by_partition: dict[int, list[Entry]] = {}
        for entry in moved:
            partition = casebook_partition(entry.customer or "", self._partitions)
            by_partition.setdefault(partition, []).append(entry)
        for partition, entries in by_partition.items():
            values = list(parcels(entries))
            await send_all(producer_of(self._app), self._topic, partition, [(None, value, []) for value in values])

    async def _say(self, said: Iterable[ForLedger]) -> None:
        await send_all(
            producer_of(self._app), self._cells, 0, ((ledger_key(record), encode(record), []) for record in said)
        )
