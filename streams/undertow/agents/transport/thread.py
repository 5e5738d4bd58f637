"""The thread that talks to the group: lease renewal (C3), what the group refuses (C11), log ends that can be trusted."""

# ruff: noqa: ANN401 -- aiokafka is untyped: its coordinator takes and returns Any
from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any, cast

import aiokafka
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    InconsistentGroupProtocolError,
    NoError,
    RebalanceInProgressError,
    TopicAuthorizationFailedError,
)
from aiokafka.protocol.group import HeartbeatRequest, SyncGroupRequest
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from undertow.agents.transport.errors import Refused, SeatLost
from undertow.agents.transport.headers import read_by_aiokafka
from undertow.agents.transport.producer import producer_of, stop_worker
from undertow.agents.transport.seat import Seat, watch_topics

read_by_aiokafka()
#: C3: answers by which the group counts us as a member; during a rebalance it does, until it is completed.
COUNTED = (NoError.errno, RebalanceInProgressError.errno)
#: C11: answers that stay the same until somebody changes the account's rights, or the other members.
REFUSALS = (GroupAuthorizationFailedError, TopicAuthorizationFailedError, InconsistentGroupProtocolError)
#: Seconds a broker may take to answer the fetch that verifies a log end.
VERIFY_TIMEOUT = 10.0
#: Milliseconds which a fetch of an idle log waits for news.
FETCH_WAIT_MS = 500


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """Faust's consumer thread. All its coroutines run in the loop of that thread."""

    async def on_start(self) -> None:
        """Start the client, with the hooks of C3, C9 and C11 in its group coordinator.

        Private methods of aiokafka are wrapped; an aiokafka without them raises AttributeError here, so that an upgrade
        stops the worker instead of silently leaving the lease unrenewed.
        """
        await super().on_start()
        coordinator, lease = self._ensure_consumer()._coordinator, cast(Any, self.consumer).lease
        send, push, conf = coordinator._send_req, coordinator._push_error_to_user, self.app.conf
        name = conf.consumer_group_instance_id
        seat = Seat(name, conf.broker_session_timeout, lease) if name else None

        async def send_req(request: Any) -> Any:
            if seat is not None:
                await seat.guard()
            asked = lease.clock()  # before the request: the broker counts from when it read it, not from the answer
            answer = await send(request)
            if isinstance(request, (HeartbeatRequest, SyncGroupRequest)) and answer.error_code in COUNTED:
                lease.renew(asked)
            if seat is not None:
                lost = seat.look(request, answer)
                if lost is not None:
                    self._lose(lost)
                    raise lost
                await watch_topics(coordinator, request, answer)
            return answer

        def push_error(exc: BaseException) -> Any:
            # it waits for a fetch to raise this, and Faust fetches nothing before the group has dealt out
            if isinstance(exc, REFUSALS):
                self._end(Refused(f"{exc!r}; rights are listed in deploy/README.md"))
            return push(exc)

        coordinator._send_req, coordinator._push_error_to_user = send_req, push_error

    def _lose(self, lost: SeatLost) -> None:
        producer_of(self.app).fail(lost)  # here and now: the other may write already
        self._end(lost)

    def _end(self, exc: BaseException) -> None:
        asyncio.run_coroutine_threadsafe(stop_worker(self.app, exc), self.parent_loop)

    async def on_thread_stop(self) -> None:
        """C9: leave the group after a failure. What is cured by dealing out anew (C6) would else come back with the seat."""
        if self._consumer is not None and producer_of(self.app).failed is not None:
            assert hasattr(self._consumer._coordinator, "_group_instance_id")
            self._consumer._coordinator._group_instance_id = None  # aiokafka leaves for members without one only
        await super().on_thread_stop()

    def _create_worker_consumer(self, transport: driver.Transport) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # A seek asks for offsets on the connection on which a fetch waits for news, and waits with it: Faust's 1.5 s
        # would be added to every rebalance. Private, and read once at start; the assert notices its end.
        assert hasattr(consumer, "_fetch_max_wait_ms")
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS
        return consumer

    def marks(self, tp: TP) -> tuple[int | None, int | None]:
        """Return fetch position and log end of a partition, each None where not known. No I/O; safe from any thread."""
        subscription = self._ensure_consumer()._subscription.subscription
        assignment = subscription.assignment if subscription is not None else None
        state = assignment.state_value(driver.ensure_aiokafka_TP(tp)) if assignment is not None else None
        if state is None:
            return None, None
        return (state.position if state.has_valid_position else None), state.highwater

    async def start_of_log(self, tps: set[TP]) -> Mapping[TP, int]:
        """Seek partitions to their first record and return that offset of each."""
        consumer = self._ensure_consumer()
        await self.call_thread(consumer.seek_to_beginning, *driver.ensure_aiokafka_TPset(tps))
        return {tp: await self.call_thread(consumer.position, driver.ensure_aiokafka_TP(tp)) for tp in tps}

    async def _highwaters(self, partitions: list[TP]) -> Mapping[TP, int]:
        listed = await super()._highwaters(partitions)
        if not cast(Any, self.transport).verify_ends or not partitions:
            return listed
        return await self._verified({tp: listed.get(tp) or 0 for tp in partitions})

    async def _verified(self, listed: Mapping[TP, int]) -> Mapping[TP, int]:
        """Log ends as a fetch answers them, never below `listed`.

        The embedded broker lists the base of the last *batch* plus one as the end of a log: recovery would stop inside
        that batch and the worker would go on without its rows.
        """
        conf, transport = self.app.conf, cast(Any, self.transport)
        probe = aiokafka.AIOKafkaConsumer(
            bootstrap_servers=driver.server_list(transport.url, transport.default_port),
            enable_auto_commit=False,
            fetch_max_wait_ms=50,
            **driver.credentials_to_aiokafka_auth(conf.broker_credentials, conf.ssl_context),
        )
        await probe.start()
        try:
            raw = {driver.ensure_aiokafka_TP(tp): end for tp, end in listed.items()}
            probe.assign(list(raw))
            for tp, end in raw.items():
                probe.seek(tp, end)
            deadline = time.monotonic() + VERIFY_TIMEOUT
            while any(probe.highwater(tp) is None for tp in raw):
                if time.monotonic() > deadline:
                    raise TimeoutError(f"no log end of {sorted(raw)} within {VERIFY_TIMEOUT} s")
                await probe.getmany(timeout_ms=100, max_records=1)
            return {tp: max(end, probe.highwater(driver.ensure_aiokafka_TP(tp))) for tp, end in listed.items()}
        finally:
            await probe.stop()
