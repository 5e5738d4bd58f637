"""What a worker does, rule by rule, on real brokers and as a real process."""

from __future__ import annotations

import json
import time

import pytest

from engine.harness import PARTITIONS, Scene, until

APACHE = pytest.mark.parametrize("broker", [pytest.param("apache", marks=pytest.mark.broker)], indirect=True)


def events(start: int, stop: int) -> list[tuple[bytes, bytes]]:
    return [(b"k%d" % (i % 7), b"e%d" % i) for i in range(start, stop)]


def test_rebalances_neither_lose_nor_replay_a_record(scene: Scene) -> None:
    """C1, C2, C5 with commits only at revokes: offsets come once and in order; topics without acks come again."""
    scene.create_changelog()
    scene.client.send(scene.cells, 0, events(0, 50))
    worker = scene.start(COMMIT="60")
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
    assert max(state["lease"] for state in states) < 3 * 0.9, "the heartbeat hooks renew the lease"
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


def test_a_changelog_that_misses_partitions_of_its_source_stops_the_worker(scene: Scene) -> None:
    """C6. The embedded broker makes each topic that is asked for, so one with too few partitions stands for none."""
    if scene.broker.kind == "embedded":
        scene.create_changelog(partitions=1)
    scene.client.send(scene.source, 0, events(0, 10))
    worker = scene.start()
    assert worker.exit_code() != 0
    assert f"MissingChangelog: {scene.source} and {scene.changelog} must both exist" in worker.log.read_text()
    assert not worker.reports("span")


@APACHE
def test_a_refused_changelog_write_stops_the_worker_before_the_commit(scene: Scene) -> None:
    """P1 and C2. The embedded broker refuses nothing."""
    scene.create_changelog(max_message_bytes="1000")
    scene.client.send(scene.source, 0, [(b"k" * 2000, b"e0")])
    worker = scene.start()
    assert worker.exit_code() != 0
    assert "MessageSizeTooLarge" in worker.log.read_text()
    assert worker.reports("span"), "the agent itself saw no error"
    assert not scene.client.committed(scene.group)


@APACHE
def test_a_failed_event_is_not_committed_and_comes_again(scene: Scene) -> None:
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


def test_recovery_joins_and_brings_back_every_key(scene: Scene) -> None:
    """A zombie's older row comes last and takes nothing away; a deleted key has only what came after.

    The keys come as one batch, of which the embedded broker's listed log end covers the first record only.
    """
    scene.create_changelog()
    row = [json.dumps(ids).encode() for ids in (["a"], ["b", "c"], ["a", "b", "c"])]
    joined = [(b"k", row[1]), (b"k", row[2]), (b"k", row[0])]
    deleted = [(b"x", row[0]), (b"x", None), (b"y", row[1]), (b"y", None), (b"y", row[0])]
    scene.client.send(scene.changelog, 1, joined + deleted)
    for partition in range(PARTITIONS):
        scene.client.send(scene.changelog, partition, [(b"n%d.%d" % (partition, i), row[0]) for i in range(10_000)])
    worker = scene.start()
    until(lambda: worker.reports("recovered"), worker)
    (recovered,) = worker.reports("recovered")
    assert recovered["short"] == {"k": ["a", "b", "c"], "y": ["a"]}
    assert recovered["count"] == PARTITIONS * 10_000 + 2


@APACHE
def test_a_row_that_recovery_cannot_read_stops_the_worker(scene: Scene) -> None:
    scene.create_changelog()
    scene.client.send(scene.changelog, 0, [(b"k", b'["a"]'), (b"k", b"not JSON")])
    scene.client.send(scene.source, 0, events(0, 10))
    worker = scene.start()
    assert worker.exit_code() != 0
    assert "JSONDecodeError" in worker.log.read_text()
    assert not worker.reports("span")
    assert not scene.client.committed(scene.group)
