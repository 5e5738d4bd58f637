"""Logs: structlog for our own, the same renderer for Faust's, aiokafka's and kafka-python's. JSON lines or console."""

from __future__ import annotations

import logging
import logging.config
import sys
from typing import Any, Literal

import structlog

Form = Literal["auto", "json", "console"]


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
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "stream": "ext://sys.stderr", "formatter": "undertow"}
        },
        "root": {"handlers": ["stderr"], "level": level.upper()},
        # one line a fetch or a request: of use only to those who debug the clients; what kafka-python's connections
        # say of every attempt, our own error says once
        "loggers": {"aiokafka": {"level": "WARNING"}, "kafka": {"level": "CRITICAL"}},
    }
    logging.config.dictConfig(config)
    return config
