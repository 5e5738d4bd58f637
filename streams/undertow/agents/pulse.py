"""The pulse: once a second, what the worker shows of itself, and whether it is ready."""

from __future__ import annotations

import time
from typing import Final

import faust
import structlog
from faust.types import TP

from undertow.agents.casebook import CasebookLoop
from undertow.agents.ledger import LedgerLoop
from undertow.agents.transport import Consumer
from undertow.agents.watchdog import Watchdog
from undertow.metrics.board import Board

log = structlog.get_logger(__name__)

EVERY: Final = 1.0
"""Seconds between two beats."""
PATIENCE: Final = 180.0
"""Seconds that records may wait without a commit: far above a commit interval, a flush, or a span of a busy customer."""


class Pulse:
    """Reads the app, writes the board."""

    def __init__(self, app: faust.App, board: Board, casebook: CasebookLoop, ledger: LedgerLoop) -> None:
        self._app, self._board, self._casebook, self._ledger = app, board, casebook, ledger
        self._commits = 0
        self._watchdog = Watchdog(PATIENCE)
        self._logged: tuple[str | None, dict[str, int]] | None = None

    def waiting(self) -> str | None:
        """Why the worker cannot work yet, in words; None when it can."""
        if self._app.rebalancing:
            return "partitions are being dealt out"
        if not self._app.tables.actives_ready:
            return "state is being recovered from the changelog"
        return None

    def show(self) -> None:
        """Show what changed, oftener than a beat. Only the ledger's owner does, and not before the worker is called ready."""
        if self._board.state.ready and self.waiting() is None and self.read(self._ledger.partition):
            self._ledger.expose()

    def read(self, *partitions: TP) -> bool:
        """Whether partitions of topics that are read whole at each assignment are all ours, and read to their end."""
        consumer = self._app.consumer
        assert isinstance(consumer, Consumer)
        return all(consumer.caught_up(tp) for tp in partitions)

    def beat(self) -> None:
        """One beat."""
        self._board.alive()
        consumer = self._app.consumer
        assert isinstance(consumer, Consumer)
        waiting, ours = self.waiting(), self._ledger.partition in consumer.assignment()
        if waiting is None and ours and not self.read(self._ledger.partition):
            waiting = "the ledger is being read"
        if waiting is None and ours and not self._board.state.ready:
            self._ledger.expose(first=True)
        else:
            self._board.ready(waiting is None, waiting or "ready")
        self._board.dropped(consumer.dropped)
        if consumer.commits != self._commits:
            self._commits = consumer.commits
            self._board.committed()
        if self.waiting() is None:
            self._watchdog.watch(time.monotonic(), *consumer.progress())
        else:
            self._watchdog.forget()
        if waiting is None:
            self._board.lag({(tp.topic, tp.partition): records for tp, records in consumer.lag().items()})
            self._board.tickets_kept(self._casebook.tickets)
            owned: dict[str, int] = {}
            for tp in consumer.assignment():
                owned[tp.topic] = owned.get(tp.topic, 0) + 1
            self._board.partitions(owned)
            self._log(None, owned)
        else:
            self._log(waiting, {})

    def _log(self, waiting: str | None, owned: dict[str, int]) -> None:
        """Say it where it changed: what a person asks of a worker's log first."""
        if self._logged != (waiting, owned):
            self._logged = (waiting, owned)
            if waiting is None:
                log.info("the worker is ready", partitions=owned, tickets=self._casebook.tickets)
            else:
                log.info("the worker waits", reason=waiting)
