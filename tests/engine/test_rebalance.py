"""What a rebalance costs: records lost, records replayed, records out of their order."""

from __future__ import annotations

import asyncio
import time

import faust
import pytest
from faust.types import TP

from engine.conftest import EVENTS, Life
from engine.harness import APACHE, EMBEDDED, PARTITIONS, Scene, events, until
from undertow.agents.transport import delivery


def test_stock_rebalance_replays_what_was_acked_and_not_yet_committed(life: Life) -> None:
    """Faust drops the acks first and commits then (issue 502)."""
    assert life.offsets[: 2 * EVENTS] == list(range(EVENTS)) * 2


def test_our_rebalances_neither_lose_nor_replay_a_record(scene: Scene) -> None:
    """C1, C2, C5 with commits only at revokes: offsets come once and in order; topics without acks come again."""
    scene.create_changelog()
    scene.client.send(scene.cells, 0, events(0, 50))
    worker = scene.start(COMMIT="60", SEEK="0.3")
    sent = 0
    for rounds in range(3):
        if rounds:
            worker.rejoin()
        for _ in range(10):
            for partition in range(PARTITIONS):
                scene.client.send(scene.source, partition, events(sent, sent + 20))
            sent += 20
            time.sleep(0.05)
        until(lambda sent=sent: all(len(worker.offsets(p)) >= sent for p in range(PARTITIONS)), worker)
        until(lambda rounds=rounds: worker.state()["caught"] and len(worker.cells()) == rounds + 1, worker)
    for partition in range(PARTITIONS):
        assert worker.offsets(partition) == list(range(sent))
    assert list(worker.cells().values()) == [list(range(50))] * 3
    states = worker.reports("state")
    assert max(state["lease"] for state in states) < 3 * 0.9, "the heartbeats renew the lease"
    assert any(not state["caught"] for state in states)
    assert worker.stop() == 0
    assert scene.client.committed(scene.group) == {(scene.source, p): sent for p in range(PARTITIONS)}


@APACHE
def test_partitions_move_to_a_second_worker_without_loss_or_replay(scene: Scene) -> None:
    scene.create_changelog()
    scene.client.send(scene.cells, 0, events(0, 5))
    first = scene.start(COMMIT="60")
    for partition in range(PARTITIONS):
        scene.client.send(scene.source, partition, events(0, 100))
    until(lambda: all(len(first.offsets(p)) == 100 for p in range(PARTITIONS)), first)
    second = scene.start(COMMIT="60")
    until(lambda: second.reports("recovered"), second)
    for partition in range(PARTITIONS):
        scene.client.send(scene.source, partition, events(100, 200))
    until(lambda: sum(len(w.offsets(p)) for w in (first, second) for p in range(PARTITIONS)) >= 400, first)
    for partition in range(PARTITIONS):
        assert first.offsets(partition) + second.offsets(partition) == list(range(200))
    assert second.offsets(0) or second.offsets(1), "the second worker got a partition"
    # An acked source without lag on both; the topic without acks was read again by whoever has it now.
    until(lambda: all(not any(w.state()["lag"].values()) for w in (first, second)), first)
    until(lambda: any(w.state()["caught"] for w in (first, second)), first)
    owner = next(w for w in (first, second) if w.state()["caught"])
    assert list(owner.cells().values())[-1] == list(range(5))
    assert second.stop() == 0
    assert first.stop() == 0


def test_stock_hands_records_over_before_it_seeks(life: Life) -> None:
    """From wherever the fetch stands: an agent that skips "older offsets" after that skips real events."""
    names = [report["what"] for report in life.first]
    assert names.index("seek") < names.index("span") < names.index("sought")


@EMBEDDED
def test_our_sources_wait_for_the_seek(scene: Scene) -> None:
    """C5."""
    scene.create_changelog()
    scene.client.send(scene.changelog, 0, [(b"k", b'["a"]')])
    scene.client.send(scene.changelog, 0, [(b"k", b'["b"]')])
    scene.client.send(scene.source, 0, events(0, 20))
    worker = scene.start(SEEK="1")
    until(lambda: len(worker.offsets(0)) == 20, worker)
    names = [report["what"] for report in worker.reports("recovered", "seek", "span", "sought")]
    assert names == ["recovered", "seek", "sought", "span"]


def test_our_sources_stay_closed_when_a_rebalance_overtakes_the_seek() -> None:
    """C5. Recovery goes on with a seek whose answers come after the next revoke."""

    async def main() -> None:
        app = faust.App("overtaken", broker="undertow://127.0.0.1:1", table_standby_replicas=0)
        app.finalize()
        consumer, tp = app.consumer, TP("t", 0)
        consumer.assignment = lambda: {tp}

        async def committed() -> dict[TP, int]:
            if overtaken:
                await consumer.on_partitions_revoked(set())
            return {tp: 5}

        consumer.seek_to_committed = committed
        for overtaken in (False, True):
            await consumer.perform_seek()
            assert consumer.sources_open is not overtaken

    asyncio.run(main())


@pytest.mark.parametrize(("scheme", "late"), [("kafka", True), ("undertow", False)], ids=["stock", "ours"])
def test_full_buffers_cost_a_second_in_stock_faust_and_nothing_here(
    scheme: str, late: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C4. Faust sleeps for one second when the buffer of every partition is full, whatever becomes free meanwhile."""
    monkeypatch.setattr(delivery, "ROOM_WAIT", 60)

    async def main() -> float:
        app = faust.App("full", broker=f"{scheme}://127.0.0.1:1", table_standby_replicas=0)
        app.finalize()
        consumer, tp = app.consumer, TP("t", 0)
        consumer._set_active_tps({tp})
        consumer.on_buffer_full(tp)
        asyncio.get_running_loop().call_later(0.05, consumer.on_buffer_drop, tp)
        begun = time.monotonic()
        await consumer._wait_next_records(1.0)
        return time.monotonic() - begun

    assert (asyncio.run(main()) > 0.9) is late
