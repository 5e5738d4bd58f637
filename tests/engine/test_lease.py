"""C3: a worker that its group may have given up on writes nothing, wherever the write stands by then."""

from __future__ import annotations

import asyncio
import inspect

import faust
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import AIOKafkaConnection
from aiokafka.consumer.group_coordinator import GroupCoordinator

from brokers.client import Broker, Client
from engine.harness import EMBEDDED, Scene, events, run, until
from undertow.agents.transport import LeaseExpired, Producer, PublishFailed, send_all
from undertow.agents.transport.lease import Lease


class Clock:
    """A clock that is set by hand, in seconds."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_lease_ends_before_the_session_does() -> None:
    clock = Clock()
    lease = Lease(10.0, clock)
    lease.check()
    lease.renew(clock.now)
    clock.now += 8.9
    lease.check()
    clock.now += 0.2
    with pytest.raises(LeaseExpired, match=r"9\.1 s ago, writes are allowed for 9\.0 s"):
        lease.check()


def test_a_batch_that_waited_in_the_queue_through_a_pause_is_never_written(
    broker: Broker, client: Client, topic: str
) -> None:
    """The batch was handed over in time. Neither it nor anything after it leaves, though the lease is renewed later."""

    async def body(app: faust.App, producer: Producer) -> None:
        clock = Clock()
        lease = app.consumer.lease = Lease(10.0, clock)
        lease.renew(clock.now)
        await send_all(producer, topic, 0, [(b"before", b"v", [])])
        await producer.flush()
        (queued,) = await send_all(producer, topic, 0, [(b"queued", b"v", [])])
        clock.now += 60  # nothing has awaited since: aiokafka has the batch and has not begun to send it
        with pytest.raises(PublishFailed, match="LeaseExpired"):
            await producer.flush()
        assert isinstance(queued.exception(), LeaseExpired)
        lease.renew(clock.now)
        (late,) = await send_all(producer, topic, 0, [(b"late", b"v", [])])
        with pytest.raises(PublishFailed, match="nothing is written any more"):
            await late

    run(broker, body)
    assert [record.key for record in client.read(topic, 0, 2, within=1.0)] == [b"before"]


@EMBEDDED
def test_a_worker_that_wakes_with_a_write_in_its_queue_stops_and_commits_nothing(scene: Scene) -> None:
    scene.create_changelog()
    scene.client.send(scene.source, 0, events(0, 10))
    worker = scene.start(STALL="60")
    assert worker.exit_code() != 0
    assert "LeaseExpired" in worker.log.read_text()
    assert worker.offsets(0) == list(range(10)), "the agent itself saw no error"
    assert not scene.client.committed(scene.group)
    assert not scene.client.read(scene.changelog, 0, 1, within=1.0)


@EMBEDDED
def test_a_slow_assignment_is_no_heartbeat(scene: Scene) -> None:
    """The group counts from the answer of the join; aiokafka sends no heartbeat while partitions are being taken over."""
    scene.create_changelog()
    worker = scene.start(ASSIGN="1", HEARTBEAT="2.9")
    until(lambda: worker.reports("assigned"), worker)
    (assigned,) = worker.reports("assigned")
    assert assigned["lease"] > 1


def test_the_private_methods_that_lease_and_seat_lean_on_are_there() -> None:
    """A new aiokafka with other ones would let a zombie write, or stop every worker: better seen here."""
    for method, parameters in (
        (GroupCoordinator._send_req, ["self", "request"]),
        (AIOKafkaClient._get_conn, ["self", "node_id", "group", "no_hint"]),
        (AIOKafkaConnection.send, ["self", "request", "expect_response"]),
    ):
        assert list(inspect.signature(method).parameters) == parameters
    assert not inspect.iscoroutinefunction(AIOKafkaConnection.send), "check and write are one step of the loop"
    assert "self._writer.write(" in inspect.getsource(AIOKafkaConnection.send)
    for caller in (GroupCoordinator._do_heartbeat, inspect.getmodule(GroupCoordinator).CoordinatorGroupRebalance):
        assert "_send_req(request)" in inspect.getsource(caller)
    assert "self._get_conn(" in inspect.getsource(AIOKafkaClient.ready)

    assert "self._group_instance_id is None" in inspect.getsource(GroupCoordinator._maybe_leave_group)
    assert "self._group_subscription = None" in inspect.getsource(GroupCoordinator._on_join_prepare)
    assert "_metadata_snapshot != " in inspect.getsource(GroupCoordinator._handle_metadata_update)

    async def main() -> None:
        consumer = AIOKafkaConsumer()
        assert consumer._fetch_max_wait_ms == 500
        consumer._closed = True

    asyncio.run(main())
