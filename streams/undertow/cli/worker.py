"""``undertow worker``: consume, judge, expose."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import click
import structlog
from msgspec.structs import replace

from undertow import admin, exits, logging
from undertow.cli.options import broker_options, contracts, contracts_option, settings
from undertow.cli.portal import access_options, portal_of
from undertow.cli.topics import end_on
from undertow.domain.agreement.contract import Contract
from undertow.metrics.board import Board
from undertow.metrics.server import CannotListen, MetricsServer
from undertow.portal.access import Refused
from undertow.settings import Settings
from undertow.topics import declared, registry, seat, sources


@click.command()
@broker_options
@contracts_option
@click.option(
    "--metrics-host",
    default="127.0.0.1",
    envvar="UNDERTOW_METRICS_HOST",
    show_default=True,
    help="0.0.0.0 for all addresses",
)
@click.option(
    "--metrics-port", type=click.IntRange(0, 65535), default=9464, envvar="UNDERTOW_METRICS_PORT", show_default=True
)
@click.option(
    "--clock",
    type=click.Choice(["wall", "events"]),
    default="wall",
    show_default=True,
    help="'events' where time comes with the data: import and demo",
)
@click.option(
    "--reject-share",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.5,
    show_default=True,
    help="stop beyond this share of the last 1000",
)
@click.option(
    "--reject-run", type=click.IntRange(1), default=500, show_default=True, help="stop after so many refused in a row"
)
@click.option(
    "--session-timeout",
    type=click.FloatRange(1),
    default=10.0,
    envvar="UNDERTOW_SESSION_TIMEOUT",
    show_default=True,
    help="seconds without a heartbeat after which others take over",
)
@click.option(
    "--instance-id",
    envvar="UNDERTOW_INSTANCE_ID",
    help="keep the seat in the group when stopped: who is back under this id within --session-timeout gets its partitions "
    "without a rebalance of the others, and until then they stand still; no two workers may share one",
)
@click.option(
    "--leave-within",
    type=click.FloatRange(0, min_open=True),
    default=25.0,
    envvar="UNDERTOW_LEAVE_WITHIN",
    show_default=True,
    help="seconds for the last commit after a signal; then it ends without",
)
@click.option(
    "--log-level", type=click.Choice(["debug", "info", "warning", "error"]), default="info", show_default=True
)
@click.option("--log-form", type=click.Choice(["auto", "json", "console"]), default="auto", show_default=True)
@click.option(
    "--portal-port",
    type=click.IntRange(0, 65535),
    envvar="UNDERTOW_PORTAL_PORT",
    help="serve the portal, too; see 'undertow portal'",
)
@click.option("--portal-host", default="127.0.0.1", envvar="UNDERTOW_PORTAL_HOST", show_default=True)
@access_options("portal-")
@click.option(
    "--data-dir", default=".undertow", envvar="UNDERTOW_DATA_DIR", show_default=True, help="scratch; holds no state"
)
def worker(
    folder: Path,
    log_level: str,
    log_form: Literal["auto", "json", "console"],
    metrics_host: str,
    metrics_port: int,
    clock: Literal["wall", "events"],
    reject_share: float,
    reject_run: int,
    session_timeout: float,
    leave_within: float,
    portal_port: int | None,
    portal_host: str,
    instance_id: str | None,
    data_dir: str,
    **more: Any,
) -> None:
    """Run one worker until a signal stops it. Run as many as you like: Kafka deals the partitions out.

    \b
    Example:  undertow worker --broker kafka-1:9092 --contracts /etc/undertow/contracts
    Exit codes: 0 stopped by a signal, 1 failure (start it again), 2 usage, 3 topics, 4 a feed refused as a whole.
    """
    chosen = settings(
        more,
        metrics_host=metrics_host,
        metrics_port=metrics_port,
        clock=clock,
        reject_share=reject_share,
        reject_run=reject_run,
        session_timeout=session_timeout,
        leave_within=leave_within,
        data_dir=data_dir,
    )
    _check_seat(instance_id, chosen)
    agreed = contracts(folder)
    config = logging.configure(log_level, log_form)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(exits.OK))  # until Faust sets its own: nothing is begun yet
    try:
        board = _board(chosen, agreed)
        server = MetricsServer(board, metrics_host, metrics_port)
    except CannotListen as error:
        raise click.UsageError(f"{error} (--metrics-host, --metrics-port)") from None
    with server:  # before anything that can take time, so that probes are answered from the start
        structlog.get_logger(__name__).info("metrics are served", url=f"http://{metrics_host}:{server.port}/metrics")
        end_on(admin.check(chosen, declared(agreed.values())))
        if instance_id is not None:
            chosen = replace(chosen, seat=seat(instance_id, admin.partitions(chosen, declared(agreed.values()))))
        from undertow.agents.worker import run  # noqa: PLC0415 - Faust is imported by workers alone

        with _portal(chosen, agreed, portal_host, portal_port, more):
            code = run(chosen, agreed, board, config)
        sys.exit(code)


@contextmanager
def _portal(
    chosen: Settings, agreed: Mapping[str, Contract], host: str, port: int | None, given: Mapping[str, Any]
) -> Iterator[None]:
    """The portal on a thread of its own, where a port is named."""
    if port is None:
        yield
        return
    try:
        with portal_of(chosen, agreed, host, port, given) as running:
            structlog.get_logger(__name__).info("the portal is served", url=running.url)
            yield
    except Refused as error:
        raise click.UsageError(f"{error} (--portal-host, --portal-port)") from None


def _check_seat(instance_id: str | None, chosen: Settings) -> None:
    if instance_id is None:
        return
    if chosen.broker.kind == "embedded":
        raise click.UsageError("--instance-id needs Apache Kafka: the embedded broker keeps no seats")
    try:
        seat(instance_id, {})
    except ValueError as error:
        raise click.BadParameter(f"{error}, not {instance_id[:80]!r}", param_hint="'--instance-id'") from None


def _board(chosen: Settings, agreed: Mapping[str, Contract]) -> Board:
    own = declared(agreed.values())
    return Board(
        feeds=sources(chosen, own),
        vendors=tuple(agreed),
        contracts=agreed,
        topics=[topic.name for topic in registry(chosen, own)],
    )
