"""Logs: structlog for our own, the same renderer for Faust's, aiokafka's and kafka-python's. JSON lines or console."""

from __future__ import annotations

import logging
import logging.config
import sys
import time
from collections.abc import Callable
from typing import Any, Final, Literal

import structlog

Form = Literal["auto", "json", "console"]

FRAMEWORK: Final = ("faust", "mode", "undertow.agents.transport")
"""What speaks in Faust's words of its own parts."""

QUIET: Final = 30.0
"""Seconds in which a Kafka client says the same thing once: without its broker it said a hundred lines a second."""


class Repeats(logging.Filter):
    """Lets each message of aiokafka's (told by its template, not by what is filled in) pass once in :data:`QUIET` seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._since: dict[tuple[str, int, str], tuple[float, int]] = {}
        """When a message passed last, and how often it was held back since."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record passes; one that does says how many like it did not."""
        if record.name.partition(".")[0] != "aiokafka":
            return True
        what = (record.name, record.levelno, str(record.msg))
        at, held = self._since.get(what, (float("-inf"), 0))
        now = self._clock()
        if now - at < QUIET:
            self._since[what] = (at, held + 1)
            return False
        if held:
            record.msg, record.args = f"{record.getMessage()} ({held:,} more like it since the last one)", ()
        self._since[what] = (now, 0)
        return True


def configure(level: str = "info", form: Form = "auto") -> dict[str, Any]:
    """Set up structlog, and return the ``logging`` configuration that Faust must be given.

    Faust clears the root logger's handlers when a worker starts, so it has to install ours itself. ``auto`` is console
    on a terminal and JSON elsewhere; logs go to standard error, for standard output belongs to results.
    """
    console = form == "console" or (form == "auto" and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    renderer: list[Any] = (
        # plain tracebacks: drawing thousands of lines of locals kept a worker that had to stop alive for seconds
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)]
        if console
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    config: dict[str, Any] = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "undertow": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
            }
        },
        "filters": {"repeats": {"()": Repeats}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stderr",
                "formatter": "undertow",
                "filters": ["repeats"],
            }
        },
        "root": {"handlers": ["stderr"], "level": level.upper()},
        # dozens of lines a start and a rebalance, tables of offsets among them: the worker says in its own words what it does;
        # one line a fetch or a request: of use only to those who debug the clients; what kafka-python's connections
        # say of every attempt, our own error says once
        "loggers": {
            "aiokafka": {"level": "WARNING"},
            "kafka": {"level": "CRITICAL"},
            **({} if level == "debug" else {name: {"level": "WARNING"} for name in FRAMEWORK}),
        },
    }
    logging.config.dictConfig(config)
    return config
