"""The ledger loop: what casebooks say in; figures on the board and statements out, while this worker owns the partition."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from faust.types import TP
from msgspec.structs import replace

from undertow.agents.transport import Span
from undertow.domain.agreement.contract import Contract
from undertow.domain.counting.ledger import Ledger
from undertow.domain.statements.adjustments import Kept
from undertow.domain.statements.statement import PeriodStatement
from undertow.metrics.board import Board
from undertow.stages.ledger import Speaker, fold
from undertow.stages.night import Night
from undertow.stages.statements import Statements

SHARE: Final = 0.2
"""Of the loop's time at most so much goes into counts: with very many vendors they come less often than each beat."""
WHOLE_SHARE: Final = 0.01
"""The same for all that rests on counts: chance, intervals, the truth budget, alarms, equity."""
WHOLE_EVERY: Final = 1.0
"""Seconds at least between two looks at all of that, which costs many times what the counts do."""
ISSUE_EVERY: Final = 5.0
"""Seconds between two looks at whether a period has closed: it closes weeks after its last day."""
Issue = Callable[[PeriodStatement], Awaitable[None]]


class LedgerLoop:
    """Handles spans of the cells and statements topics, which are read from their beginnings at every assignment."""

    def __init__(self, topic: str, contracts: Mapping[str, Contract], board: Board, casebooks: int = 1) -> None:
        self.partition = TP(topic, 0)
        self._contracts, self._board, self._casebooks = contracts, board, casebooks
        self._begin()

    def _begin(self) -> None:
        self._ledger = Ledger()
        self._statements = Statements(self._ledger, self._contracts)
        self.night = Night(self._casebooks)
        """What is known of customers; another one with each assignment."""
        self._speaker = Speaker(self._ledger, self._contracts)
        self._kept: tuple[Kept, ...] = ()
        """As of the last look at what has closed: it changes by the hour, and summing up months takes its time."""
        self._changed = self._owed = True
        """Since the counts were shown, and since everything was."""
        self._not_before = self._whole_not_before = 0.0

    async def ledger(self, span: Span) -> None:
        """One span."""
        for record in span.records:
            if record.value is not None:
                fold(self._ledger, record.value, self.night)
        self._changed = self._owed = True

    async def issued(self, span: Span) -> None:
        """One span of statements, this worker's own included."""
        for record in span.records:
            self._statements.fold(record.value)
        self._changed = self._owed = True

    async def issue(self, partitions: int, issue: Issue) -> None:
        """Issue the statement of each period that has closed. Call only while both partitions are ours and read to their end.

        A period closes by the time that the last of the ``partitions`` of the casebook has judged as of: one that lags
        behind has not told all of its tickets yet.
        """
        as_of = self._ledger.judged_by_all(partitions)
        if as_of is None:
            return
        statements = self._statements
        if (kept := statements.kept(as_of)) != self._kept:
            self._kept, self._changed = kept, True
        for one in statements.all_due(as_of):
            await issue(one)
            statements.put(one)  # its record comes back later than the next look
            self._changed = True
            await asyncio.sleep(0)
            if statements is not self._statements:  # revoked meanwhile
                return
            self._kept = statements.kept(as_of)

    def revoked(self) -> None:
        """Another worker may speak for the vendors from now on."""
        self._board.withdraw()
        self._begin()

    def expose(self, *, first: bool = False) -> None:
        """Show the figures, if anything changed. Call only while the partition is ours and read to its end.

        ``first``: all of them, and in the same moment say that the worker is ready.
        """
        begun, used = time.monotonic(), time.thread_time()
        whole = first or (self._owed and begun >= self._whole_not_before)
        if not whole and (not self._changed or begun < self._not_before):
            return
        overview = self._speaker.state() if whole else self._speaker.counted()
        self._changed, self._owed = False, self._owed and not whole
        customers = self.night.state(self._contracts)
        self._board.expose(replace(overview, kept=self._kept), self._contracts, customers, ready=first)
        used = time.thread_time() - used  # CPU: on a busy machine time on the wall would say more than it cost
        if whole:
            self._whole_not_before = begun + max(WHOLE_EVERY, used / WHOLE_SHARE)
        else:
            self._not_before = begun + used / SHARE
