"""C9, static membership (KIP-345): what a seat in the group saves, and what aiokafka would do with it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import RebalanceInProgressError, UnknownMemberIdError
from aiokafka.protocol.commit import OffsetCommitRequest
from aiokafka.protocol.group import HeartbeatRequest

from engine.harness import APACHE, PARTITIONS, Scene, Worker, events, until
from undertow.agents.transport import SeatLost
from undertow.agents.transport.lease import Lease
from undertow.agents.transport.seat import FENCED, Seat

TAKEN = "another worker joined with the same --instance-id"
LONG, SHORT = "30", "3"
"""Session timeouts, seconds: one that no restart here outlasts, one that a killed worker's does."""


def publish(scene: Scene, start: int, stop: int) -> None:
    for partition in range(PARTITIONS):
        scene.client.send(scene.source, partition, events(start, stop))


def pair(scene: Scene, session: str, **env: str) -> tuple[Worker, Worker]:
    """Two workers with a partition each, which have read what is published."""
    scene.create_changelog()
    publish(scene, 0, 50)
    first = scene.start(INSTANCE="a", SESSION=session, **env)
    until(lambda: first.reports("recovered"), first)
    second = scene.start(INSTANCE="b", SESSION=session)
    until(lambda: second.reports("recovered") and len(first.reports("assigned")) == 2, second)
    publish(scene, 50, 100)
    until(lambda: sum(99 in w.offsets(p) for w in (first, second) for p in range(PARTITIONS)) == PARTITIONS, second)
    return first, second


def own(worker: Worker) -> int:
    """The partition that a worker read last."""
    return int(worker.reports("span")[-1]["partition"])


def answers(lease: Lease, *pairs: tuple[Any, Any]) -> list[SeatLost | None]:
    seat = Seat("a", 10.0, lease)
    return [seat.look(request, answer) for request, answer in pairs]


@pytest.mark.parametrize("code", [UnknownMemberIdError.errno, FENCED])
def test_a_seat_is_lost_by_whatever_answer_says_so_first_and_once(code: int) -> None:
    """A join that meets another one is fenced, a heartbeat and a commit are unknown."""
    beat, commit = HeartbeatRequest("g", 1, "m"), OffsetCommitRequest("g", 1, "m", -1, [])
    good, moved = SimpleNamespace(error_code=0), SimpleNamespace(error_code=RebalanceInProgressError.errno)
    gone, refused = SimpleNamespace(error_code=code), SimpleNamespace(topics=[("t", [(0, 0), (1, code)])])
    now = 100.0
    lease = Lease(10.0, lambda: now)
    lease.renew(now)
    for request, answer in ((beat, gone), (commit, refused)):
        first, second, lost, again = answers(lease, (beat, good), (beat, moved), (request, answer), (request, answer))
        assert (first, second, again) == (None, None, None)
        assert TAKEN in str(lost)
    now += 11
    (late,) = answers(lease, (beat, gone))
    assert "no heartbeat came through for 11 s" in str(late)


@APACHE
def test_a_restart_within_the_session_is_no_rebalance_to_the_other_worker(scene: Scene) -> None:
    """Stopped or killed, the same worker comes back to the same partition and generation; the other notices nothing.

    Then a topic grows. The worker that came back leads the group without being told so, and aiokafka's leader alone looks.
    """
    first, second = pair(scene, LONG)
    mine, (before,) = own(first), second.reports("assigned")
    assert first.stop() == 0
    publish(scene, 100, 150)
    stopped = scene.start(INSTANCE="a", SESSION=LONG)
    until(lambda: 149 in stopped.offsets(mine) and 149 in second.offsets(1 - mine), stopped)
    assert first.offsets(mine)[-1:] + stopped.offsets(mine) == list(range(99, 150)), "nothing lost, nothing read twice"
    stopped.kill()
    publish(scene, 150, 200)
    killed = scene.start(INSTANCE="a", SESSION=LONG)
    until(lambda: 199 in killed.offsets(mine) and 199 in second.offsets(1 - mine), killed)
    assert killed.reports("span")[-1]["ids"] == 200
    assert second.reports("assigned") == [before]
    for worker in (stopped, killed):
        assert [report["generation"] for report in worker.reports("assigned")] == [before["generation"]]
    assert {own(second), own(killed)} == set(range(PARTITIONS))
    scene.client.grow(scene.cells, 2)
    scene.client.send(scene.cells, 1, events(0, 5))
    until(lambda: any(r["partition"] == 1 for w in (second, killed) for r in w.reports("cell")), killed)


@APACHE
def test_the_partitions_of_a_killed_worker_go_to_others_after_the_session(scene: Scene) -> None:
    first, second = pair(scene, SHORT)
    first.kill()
    publish(scene, 100, 150)
    until(lambda: all(149 in second.offsets(p) for p in range(PARTITIONS)), second, within=30)
    assert [r["generation"] for r in second.reports("assigned")] == [
        second.reports("assigned")[0]["generation"],
        second.reports("assigned")[0]["generation"] + 1,
    ]
    assert second.stop() == 0


@APACHE
def test_a_worker_that_ends_on_a_failure_leaves_its_seat(scene: Scene) -> None:
    """Some failures are cured by dealing the partitions out anew (C6): who comes back must not find the same ones."""
    failing, second = pair(scene, LONG, FAIL="e100")
    mine = own(failing)
    publish(scene, 100, 101)
    assert failing.exit_code() != 0
    assert "told to fail" in failing.log.read_text(errors="replace")
    until(lambda: 100 in second.offsets(mine), second)


@APACHE
def test_stock_workers_with_one_seat_take_it_from_each_other(scene: Scene) -> None:
    """aiokafka knows no FENCED_INSTANCE_ID: a worker that lost its seat joins again, and again."""
    scene.create_changelog()
    first = scene.start("naive", INSTANCE="a", SESSION=LONG)
    until(lambda: first.reports("recovered"), first)
    second = scene.start("naive", INSTANCE="a", SESSION=LONG)
    for worker in (first, second):
        until(
            lambda worker=worker: worker.log.read_text(errors="replace").count("resetting and re-joining") > 1, worker
        )


@APACHE
def test_our_worker_ends_when_another_takes_its_seat(scene: Scene) -> None:
    """With a plain reason and not 0; the other goes on, and what both read and wrote counts once."""
    scene.create_changelog()
    publish(scene, 0, 100)
    older = scene.start(INSTANCE="a", SESSION=LONG, COMMIT="60", HEARTBEAT="2")
    until(lambda: all(99 in older.offsets(p) for p in range(PARTITIONS)), older)
    newer = scene.start(INSTANCE="a", SESSION=LONG)
    until(lambda: newer.reports("assigned"), newer)
    publish(scene, 100, 200)
    assert older.exit_code() != 0
    assert TAKEN in older.log.read_text(errors="replace")
    assert not older.reports("assigned")[1:], "it does not join again"
    until(lambda: all(199 in newer.offsets(p) for p in range(PARTITIONS)), newer)
    for partition in range(PARTITIONS):
        assert newer.offsets(partition) == list(range(200)), "the older one's were not committed any more"
    assert len(newer.reports("assigned")) == 1
    assert newer.stop() == 0
    publish(scene, 200, 201)
    fresh = scene.start(INSTANCE="a", SESSION=LONG)
    until(lambda: all(200 in fresh.offsets(p) for p in range(PARTITIONS)), fresh)
    assert [report["ids"] for report in fresh.reports("span")] == [201] * PARTITIONS, "what both wrote is there once"
    assert fresh.stop() == 0
    assert scene.client.committed(scene.group) == {(scene.source, p): 201 for p in range(PARTITIONS)}
