"""Records that the broker drops before they are read, and logs that lose what was read (C10)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import faust
import pytest
from faust.types import TP

from brokers.apache import ApacheKafka
from brokers.client import Client
from engine.harness import APACHE, PARTITIONS, Scene, Worker, events, until
from undertow.agents.transport import LogBeganAnew, delivery


def _sent(scene: Scene, start: int, stop: int) -> None:
    for partition in range(PARTITIONS):
        scene.client.send(scene.source, partition, events(start, stop))


def _done(worker: Worker, *offsets: int) -> bool:
    return all(set(offsets) <= set(worker.offsets(partition)) for partition in range(PARTITIONS))


@APACHE
def test_records_gone_before_they_were_read_are_said_and_counted(scene: Scene) -> None:
    """The worker was down for longer than the topic keeps records: what is left is read, what is not is no secret."""
    scene.create_changelog()
    _sent(scene, 0, 10)
    worker = scene.start()
    until(lambda: _done(worker, 9), worker)
    assert worker.stop() == 0
    _sent(scene, 10, 30)
    scene.client.drop(scene.source, 0, 25)
    scene.client.drop(scene.source, 1, 5)
    worker = scene.start()
    until(lambda: _done(worker, 29), worker)
    assert worker.offsets(0) == list(range(25, 30))
    assert worker.offsets(1) == list(range(10, 30)), "what was dropped after it was read is no loss"
    assert "15 records from offset 10 on were gone before they were read" in worker.log.read_text()
    until(lambda: worker.state()["dropped"] == {scene.source: 15}, worker)
    assert worker.stop() == 0
    assert scene.client.committed(scene.group) == {(scene.source, p): 30 for p in range(PARTITIONS)}


@APACHE
def test_a_log_of_which_nothing_is_left_is_said_before_anything_new_comes(scene: Scene) -> None:
    scene.create_changelog()
    _sent(scene, 0, 10)
    worker = scene.start()
    until(lambda: _done(worker, 9), worker)
    assert worker.stop() == 0
    _sent(scene, 10, 30)
    scene.client.drop(scene.source, 0, 30)
    worker = scene.start()
    until(lambda: worker.state().get("dropped") == {scene.source: 20}, worker)
    assert worker.offsets(0) == []
    assert worker.stop() == 0


@pytest.mark.broker
def test_a_log_that_lost_its_end_is_read_anew_and_committed(apache: ApacheKafka, tmp_path: Path) -> None:
    """Offsets committed for the lost records lie behind its end: what comes now was never committed below them."""
    client = Client(apache)
    scene = Scene(apache, client, tmp_path)
    scene.create_changelog()
    _sent(scene, 0, 50)
    worker = scene.start()
    until(lambda: _done(worker, 49), worker)
    assert worker.stop() == 0
    client.close()
    apache.kill()
    apache.lose(scene.source)
    apache.restart()
    scene.client = client = Client(apache)
    _sent(scene, 50, 60)
    worker = scene.start()
    until(lambda: _done(worker, 9), worker)
    _sent(scene, 60, 70)
    until(lambda: _done(worker, 19), worker)
    assert worker.offsets(0) == worker.offsets(1) == list(range(20))
    until(lambda: set(client.committed(scene.group).values()) == {20}, worker)
    assert "a log that began anew" in worker.log.read_text()
    assert worker.state()["dropped"] == {}
    assert worker.stop() == 0
    scene.close()
    client.close()


@pytest.mark.parametrize(
    ("offset", "begins", "in_hand", "acks", "asked", "follows", "gone", "then"),
    [
        (10, 0, True, True, False, True, 0, 10),
        (11, 0, True, True, False, True, 0, 10),  # the end of a transaction
        (15, 3, True, True, True, True, 0, 10),  # compacted
        (15, 12, False, True, True, True, 2, 10),
        (15, 15, True, True, True, True, 5, 10),
        (15, 40, False, True, True, True, 5, 10),  # and it is being dropped on
        (15, 15, False, False, False, True, 0, 10),  # read whole at each assignment: nothing of it is committed
        (3, 0, False, True, False, True, 0, 3),
        (3, 0, True, True, False, False, 0, 10),
    ],
)
def test_a_hole_is_a_loss_only_where_the_log_begins_behind_it(
    offset: int,
    begins: int,
    in_hand: bool,
    acks: bool,
    asked: bool,
    follows: bool,
    gone: int,
    then: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Record 10 is expected. A way back with records in hand stops the worker: their acks would commit others."""
    stopped: list[BaseException] = []

    async def main() -> None:
        app = faust.App("hole", broker="undertow://127.0.0.1:1", table_standby_replicas=0)
        app.finalize()
        app.topics._acking_topics = {"t"} if acks else set()
        consumer, tp, asks = app.consumer, TP("t", 0), []

        async def earliest(*tps: TP) -> dict[TP, int]:
            asks.append(tps)
            return dict.fromkeys(tps, begins)

        async def stop(app: faust.App, exc: BaseException) -> None:
            stopped.append(exc)

        consumer.earliest_offsets = earliest
        monkeypatch.setattr(delivery, "stop_worker", stop)
        consumer.unsettled.start(tp, 10)
        if in_hand:
            consumer.unsettled.start(tp, 5)
            consumer.unsettled.deliver(tp, 9)
        assert await consumer._continued(tp, offset) is follows
        assert bool(asks) is asked
        assert consumer.dropped["t"] == gone
        assert consumer.unsettled.expected(tp) == then
        assert [type(exc) for exc in stopped] == ([] if follows else [LogBeganAnew])

    asyncio.run(main())
