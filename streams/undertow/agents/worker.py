"""One worker process: Faust, until a signal or a failure."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib.metadata import version
from signal import Signals
from threading import Timer
from typing import Any

import faust
import structlog
from aiokafka.errors import KafkaTimeoutError, RequestTimedOutError

from undertow import exits
from undertow.agents.app import create
from undertow.agents.garbage import spare_collections
from undertow.domain.agreement.contract import Contract
from undertow.metrics.board import Board
from undertow.settings import Settings
from undertow.stages.limits import TooManyRejects

log = structlog.get_logger(__name__)


class Worker(faust.Worker):
    """Faust's worker, which leaves within a bound: without its broker a last commit can wait for minutes or for ever.

    Nothing is lost by leaving without: what was not committed is read again.
    """

    within: float = Settings().leave_within
    """Seconds."""
    _timer: Timer | None = None

    def _schedule_shutdown(self, signal: Signals) -> None:
        self._leave()
        super()._schedule_shutdown(signal)

    def on_worker_shutdown(self) -> None:
        """Whatever ended the loop: what follows is clearing up."""
        self._leave()
        super().on_worker_shutdown()

    def _leave(self) -> None:
        if self._timer is None:
            self._timer = Timer(self.within, self._end)
            self._timer.daemon = True
            self._timer.start()

    def _end(self) -> None:
        begun = self.crash_reason or self.app.crash_reason
        log.error(
            "the worker stopped",
            reason=f"it could not leave the group in {self.within:g} s: is the broker gone?",
            after="a signal" if begun is None else why(begun),
        )
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(exits.FAILED)


def why(reason: BaseException) -> str:
    """A failure in words; the class alone of a client's time-out tells nobody what was waited for."""
    if isinstance(reason, KafkaTimeoutError | RequestTimedOutError):
        return f"the broker did not take what was written, for as long as it is waited for: {reason!r}"
    return repr(reason)


def run(settings: Settings, contracts: Mapping[str, Contract], board: Board, logging_config: dict[str, Any]) -> int:
    """Run until stopped. Returns an exit code of ``undertow.exits``."""
    log.info(
        "the worker starts",
        version=version("undertow"),
        broker=settings.broker.address,
        namespace=settings.namespace,
        contracts={name: contract.version for name, contract in contracts.items()},
        clock=settings.clock,
        seat=settings.seat,
    )
    app = create(settings, contracts, board, logging_config)
    spare_collections()
    worker = Worker(app, loglevel="INFO", logging_config=logging_config, redirect_stdouts=False, quiet=True)
    worker.within = settings.leave_within
    try:
        worker.execute_from_commandline()
    except SystemExit as stopped:
        reason = worker.crash_reason or app.crash_reason
        if isinstance(reason, TooManyRejects):
            log.error("the worker stopped", reason=str(reason))
            return exits.REJECTED
        if reason is not None:
            log.error("the worker stopped", reason=why(reason))
            return exits.FAILED
        if stopped.code:
            log.error("the worker stopped", reason="it could not be started: the lines above say why")
            return exits.FAILED
        log.info("the worker stopped", reason="it was told to")
        return exits.OK
    return exits.OK
