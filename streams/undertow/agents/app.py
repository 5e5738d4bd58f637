"""The wiring: one Faust app of its agents, two tables and some timers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import faust
from faust.types import TP

from undertow import topics
from undertow.agents.casebook import LEFT_OVER, CasebookLoop
from undertow.agents.intake import IntakeLoop
from undertow.agents.ledger import ISSUE_EVERY, LedgerLoop
from undertow.agents.night import NightLoop
from undertow.agents.pulse import EVERY, Pulse
from undertow.agents.transport import (
    EmbeddedTransport,
    Span,
    SpanSchema,
    SpanTable,
    Transport,
    rounds,
    send_all,
    spans,
    stop_worker,
)
from undertow.agents.transport.producer import producer_of
from undertow.agents.watchdog import Stuck
from undertow.clock import wall
from undertow.domain.agreement.contract import Contract
from undertow.domain.statements.statement import PeriodStatement, encode, key
from undertow.metrics.board import Board
from undertow.settings import Broker, Settings
from undertow.stages.rows import join_rows
from undertow.wire import MAX_EVENT_BYTES, MAX_LETTER_BYTES

PACE = 0.15
"""Seconds between two small fetches of sources: at low rates CPU is paid a round, so a round should hold many records."""


def create(
    settings: Settings, contracts: Mapping[str, Contract], board: Board, logging_config: dict[str, Any] | None = None
) -> faust.App:
    """The app of one worker, not yet started."""
    app = _app(settings, logging_config)
    table = SpanTable(
        app,
        name=topics.TABLE,
        source=topics.name(settings, topics.CASEBOOK),
        partitions=settings.casebook_partitions,
        join=join_rows,
    )
    findings = SpanTable(
        app,
        name=topics.SAID,
        source=table.source,
        partitions=settings.casebook_partitions,
        join=lambda _, latest: latest,  # derived: its new owner compares each with what follows from the rows
        log=topics.name(settings, topics.FINDINGS),
    )
    intake = IntakeLoop(app, settings, contracts, board)
    casebook = CasebookLoop(app, table, findings, settings, contracts, board)
    ledger = LedgerLoop(topics.name(settings, topics.CELLS), contracts, board, settings.casebook_partitions)
    night = NightLoop(app, settings, ledger)
    sources = topics.sources(settings, topics.declared(contracts.values()))
    app.agent(app.topic(*sources, schema=SpanSchema(paced=True)), name="intake")(rounds(app, intake.intake))
    app.agent(app.topic(table.source, schema=SpanSchema()), name="casebook")(rounds(app, casebook.casebook))

    async def told(span: Span) -> None:
        await ledger.ledger(span)
        pulse.show()

    app.agent(app.topic(ledger.partition.topic, schema=SpanSchema(), acks=False), name="ledger")(spans(app, told))
    statements = TP(topics.name(settings, topics.STATEMENTS), 0)
    app.agent(app.topic(statements.topic, schema=SpanSchema(), acks=False), name="statements")(
        spans(app, ledger.issued)
    )
    table.on_recover(casebook.recovered)

    @app.on_partitions_revoked.connect(weak=False)
    async def revoked(sender: object, revoked: set[TP], **kwargs: object) -> None:
        board.ready(False, "partitions are being dealt out")
        if ledger.partition in revoked:
            ledger.revoked()

    pulse = Pulse(app, board, casebook, ledger)

    @app.timer(EVERY)  # type: ignore[untyped-decorator]
    async def beat() -> None:
        try:
            pulse.beat()
        except Stuck as stuck:
            await stop_worker(app, stuck)

    @app.timer(EVERY)  # type: ignore[untyped-decorator]
    async def watch() -> None:
        if pulse.waiting() is None:
            await night.watch()

    @app.timer(LEFT_OVER)  # type: ignore[untyped-decorator]
    async def settle() -> None:
        if pulse.waiting() is None:
            await casebook.settle()
        pulse.show()

    async def written(one: PeriodStatement) -> None:
        producer = producer_of(app)
        await send_all(producer, statements.topic, statements.partition, [(key(one), encode(one), [])])
        await producer.flush()

    @app.timer(ISSUE_EVERY)  # type: ignore[untyped-decorator]
    async def issue() -> None:
        if pulse.waiting() is None and pulse.read(ledger.partition, statements):
            await ledger.issue(settings.casebook_partitions, written)

    if settings.clock == "wall":

        @app.timer(settings.tick_every)  # type: ignore[untyped-decorator]
        async def tick() -> None:
            if pulse.waiting() is None:
                await casebook.tick(wall)

    return app


def _app(settings: Settings, logging_config: dict[str, Any] | None) -> faust.App:
    embedded = settings.broker.kind == "embedded"
    (EmbeddedTransport if embedded else Transport).pace = PACE
    scheme = "undertow-embedded" if embedded else "undertow"
    brokers = ";".join(f"{scheme}://{address}" for address in settings.broker.address.split(","))
    session = EmbeddedTransport.session_timeout if embedded else settings.session_timeout
    return faust.App(
        topics.app_id(settings),
        broker=brokers,
        broker_credentials=_credentials(settings.broker),
        datadir=settings.data_dir,
        logging_config=logging_config,
        worker_redirect_stdouts=False,
        web_enabled=False,
        store="memory://",
        key_serializer="raw",
        value_serializer="raw",
        # the registry creates topics; stock Faust would create a missing changelog with a shape of its own
        topic_allow_declare=False,
        topic_disable_leader=True,
        topic_partitions=settings.casebook_partitions,
        topic_replication_factor=settings.replication,
        table_standby_replicas=0,
        consumer_auto_offset_reset="earliest",
        broker_session_timeout=session,
        consumer_group_instance_id=settings.seat,
        broker_heartbeat_interval=session / 6,
        broker_rebalance_timeout=2 * session,
        broker_commit_interval=settings.commit_every,
        broker_commit_every=10_000_000,  # by time only: a commit waits for a flush, so each one costs a pause
        broker_max_poll_records=4000,
        stream_buffer_maxsize=8,  # counts spans
        consumer_max_fetch_size=1 << 20,
        producer_max_batch_size=900_000,
        producer_request_timeout=60.0,  # bounds a flush when the broker is gone; Faust's default is twenty minutes
        producer_max_request_size=MAX_LETTER_BYTES + MAX_EVENT_BYTES,
    )


def _credentials(broker: Broker) -> faust.auth.Credentials | None:
    context = broker.ssl_context()
    if broker.security.startswith("SASL"):
        return faust.SASLCredentials(
            username=broker.username, password=broker.password, mechanism=broker.sasl_mechanism, ssl_context=context
        )
    return faust.SSLCredentials(context) if context is not None else None
