"""One worker process: Faust, until a signal or a failure."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from typing import Any, Final

import faust
import structlog

from undertow import exits
from undertow.agents.app import create
from undertow.domain.contract import Contract
from undertow.metrics.board import Board
from undertow.settings import Settings
from undertow.stages.limits import TooManyRejects

log = structlog.get_logger(__name__)

COLLECT_EVERY: Final = 50_000
"""Objects between two looks of the garbage collector: rows and facts hold no cycles, so by default it would look at a whole
state for nothing, seventy times as often."""


def run(settings: Settings, contracts: Mapping[str, Contract], board: Board, logging_config: dict[str, Any]) -> int:
    """Run until stopped. Returns an exit code of ``undertow.exits``."""
    app = create(settings, contracts, board, logging_config)
    gc.freeze()  # what was imported stays until the end
    gc.set_threshold(COLLECT_EVERY, 10, 10)
    worker = faust.Worker(app, loglevel="INFO", logging_config=logging_config, redirect_stdouts=False, quiet=True)
    try:
        worker.execute_from_commandline()
    except SystemExit as stopped:
        reason = worker.crash_reason or app.crash_reason
        if isinstance(reason, TooManyRejects):
            log.error("the worker stopped", reason=str(reason))
            return exits.REJECTED
        if reason is not None:
            log.error("the worker stopped", reason=repr(reason))
            return exits.FAILED
        if stopped.code:
            log.error("the worker stopped", reason="it could not be started: the lines above say why")
            return exits.FAILED
        return exits.OK
    return exits.OK
