"""What cannot be handled, written or found must stop the worker and never be committed."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import faust
import pytest
from faust.events import Event
from faust.types import TP, ConsumerMessage, StreamT

from brokers.apache import ApacheKafka
from brokers.client import Client
from engine.conftest import FAILED, GOOD, UNDECODABLE, Life
from engine.harness import APACHE, STREAMS, Scene, Worker, events, until
from undertow.agents.transport import Span, SpanSchema, spans


def test_stock_commits_an_event_that_its_agent_failed_on(life: Life) -> None:
    """Faust acks what was yielded, commits at once, starts the agent again and goes on behind the event."""
    assert FAILED not in life.offsets
    assert GOOD in life.offsets
    assert life.committed == UNDECODABLE + 1
    assert "told to fail" in life.log


@APACHE
def test_our_failed_event_is_not_committed_and_comes_again(scene: Scene) -> None:
    """C7."""
    scene.create_changelog()
    scene.client.send(scene.source, 0, events(0, 100))
    failing = scene.start(FAIL="e150")
    until(lambda: len(failing.offsets(0)) == 100, failing)
    scene.client.send(scene.source, 0, events(100, 200))
    assert failing.exit_code() != 0
    assert "told to fail" in failing.log.read_text()
    done = failing.offsets(0)
    assert scene.client.committed(scene.group).get((scene.source, 0), 0) <= done[-1] + 1 <= 150
    mended = scene.start()
    until(lambda: 199 in mended.offsets(0), mended)
    assert sorted({*done, *mended.offsets(0)}) == list(range(200))
    until(lambda: scene.client.committed(scene.group).get((scene.source, 0)) == 200, mended)
    assert mended.reports("span")[-1]["ids"] == 200, "each event is in the table once"


def test_stock_commits_an_event_that_it_cannot_decode(life: Life) -> None:
    """The agent never sees it."""
    assert UNDECODABLE not in life.offsets
    assert life.committed == UNDECODABLE + 1
    assert "ValueDecodeError" in life.log


def test_our_agents_get_every_record_as_it_is() -> None:
    """Nothing is decoded on the way, so nothing can fail on it: bad data becomes a dead letter of the agent's."""

    async def main() -> None:
        app = faust.App("raw", broker="undertow://127.0.0.1:1", value_serializer="json")
        decode = SpanSchema().compile(app)
        message = ConsumerMessage("t", 0, 0, 0.0, 0, None, None, [b"\xff{"], None, tp=TP("t", 0))
        assert (await decode(message)).value == [b"\xff{"]

    asyncio.run(main())


async def acked_of_a_cancelled_agent(app: faust.App, body) -> set[int]:
    """Cancel an agent in the middle of an event, as a stopping worker does. Returns the offsets that count as acked."""
    app.finalize()
    app.flow_control.resume()
    topic, tp = app.topic("t"), TP("t", 0)
    app.topics.add(topic)
    await app.topics._update_indices()
    stream = app.stream(app.channel())
    message = ConsumerMessage(
        "t", 0, 7, 0.0, 0, None, None, [SimpleNamespace(value=b"v")], None, tp=tp,
        generation_id=app.consumer_generation_id,
    )  # fmt: skip
    agent = asyncio.create_task(body(stream))
    await stream.channel.queue.put(Event(app, None, message.value, None, message))
    await asyncio.sleep(0.05)
    assert set(app.consumer.unacked) == {message}, "the agent has it in hand"
    assert not agent.done()
    agent.cancel()
    await asyncio.wait([agent])
    del agent
    gc.collect()
    await asyncio.sleep(0.05)  # the event loop closes what the agent has left open, and that is when Faust acks
    return app.consumer._acked_index[tp]


def test_stock_acks_what_a_cancelled_agent_had_in_hand() -> None:
    async def body(stream: StreamT) -> None:
        async for _ in stream.events():
            await asyncio.sleep(60)

    async def main() -> None:
        assert await acked_of_a_cancelled_agent(faust.App("cancel", broker="kafka://127.0.0.1:1"), body) == {7}

    asyncio.run(main())


def test_our_cancelled_agent_has_not_done_what_it_had_in_hand() -> None:
    """C7."""

    async def handle(span: Span) -> None:
        await asyncio.sleep(60)

    async def main() -> None:
        app = faust.App("cancel", broker="undertow://127.0.0.1:1", table_standby_replicas=0)
        assert await acked_of_a_cancelled_agent(app, spans(app, handle)) == set()

    asyncio.run(main())


@pytest.fixture(scope="module")
def bare(apache: ApacheKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """A stock worker with what is missing: a topic, a changelog, and the leave to write one record of its other one.

    It ends when it has committed the two events that there are.
    """
    client = Client(apache)
    scene = Scene(apache, client, tmp_path_factory.mktemp("bare"))
    scene.create_changelog(max_message_bytes="1000")
    scene.client.send(scene.source, 0, [(b"k" * 2000, b'"e0"'), (b"k", b'"e1"')])
    worker = scene.start("naive", ORPHANS="1")
    try:
        until(lambda: len(worker.offsets(0)) == 2, worker)
        until(lambda: client.committed(scene.group).get((scene.source, 0)) == 2, worker)
        assert [record.key for record in client.read(scene.changelog, 0, 1)] == [b"k"]
        yield worker
    finally:
        scene.close()
        client.close()


@pytest.mark.broker
def test_stock_commits_past_a_refused_changelog_write(bare: Worker) -> None:
    """The fixture has seen the commit of both events and the record of one; the other is a line in the log."""
    assert "MessageSizeTooLarge" in bare.log.read_text()


@APACHE
def test_our_refused_changelog_write_stops_the_worker_before_the_commit(scene: Scene) -> None:
    """P1 and C2. The embedded broker refuses nothing."""
    scene.create_changelog(max_message_bytes="1000")
    scene.client.send(scene.source, 0, [(b"k" * 2000, b"e0")])
    worker = scene.start()
    assert worker.exit_code() != 0
    assert "MessageSizeTooLarge" in worker.log.read_text()
    assert worker.reports("span"), "the agent itself saw no error"
    assert not scene.client.committed(scene.group)


@pytest.mark.broker
def test_stock_runs_a_table_without_its_changelog_and_an_agent_without_its_topic(bare: Worker) -> None:
    """Both are warnings (issue 558), and the worker says that it is ready."""
    assert bare.log.read_text().count("Ignoring missing topic") == 2
    assert bare.reports("state")[-1]["ready"]
    assert not any("orphan" in tp for tp in bare.reports("state")[-1]["assigned"])


def test_our_changelog_that_misses_partitions_of_its_source_stops_the_worker(scene: Scene) -> None:
    """C6. The embedded broker makes each topic that is asked for, so one with too few partitions stands for none."""
    if scene.broker.kind == "embedded":
        scene.create_changelog(partitions=1)
    scene.client.send(scene.source, 0, events(0, 10))
    worker = scene.start()
    assert worker.exit_code() != 0
    log = worker.log.read_text()
    assert f"MissingChangelog: assigned are partitions [0, 1] of {scene.source} but [" in log
    assert "does not exist with 2 partitions, or the group dealt out by what it knew before a broker's restart" in log
    assert not worker.reports("span")


@APACHE
def test_our_missing_source_stops_the_worker(scene: Scene) -> None:
    """C6."""
    scene.create_changelog()
    worker = scene.start(SOURCE="src-absent")
    assert worker.exit_code() != 0
    text = f"MissingChangelog: assigned are partitions [] of src-absent but [0, 1] of {scene.changelog}"
    assert text in worker.log.read_text()


def logged(configure: str, tmp_path: Path) -> str:
    """What a process that has logging of its own writes to standard error once a worker is set up."""
    code = f"""
import logging, sys
import faust
from undertow import logging as ours
{configure}
worker = faust.Worker(faust.App("logs", broker="kafka://127.0.0.1:1"), loglevel="INFO", redirect_stdouts=False, **more)
worker._setup_logging()
logging.getLogger("somebody").info("said")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(STREAMS)}, cwd=tmp_path, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    return done.stderr


def test_stock_worker_takes_the_log_handlers_away(tmp_path: Path) -> None:
    ours = "more = {}; logging.basicConfig(level='INFO', format='mine: %(message)s')"
    assert "mine: said" not in logged(ours, tmp_path)


def test_our_log_handlers_outlive_the_workers_start(tmp_path: Path) -> None:
    assert '"event": "said"' in logged("more = {'logging_config': ours.configure('info', 'json')}", tmp_path)
