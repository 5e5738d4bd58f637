"""P1 to P3: nothing counts as written before the broker has acknowledged it."""

# ruff: noqa: ANN401 -- aiokafka is untyped: its batches and futures are Any
from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Iterable, Mapping
from typing import Any, cast

from faust.exceptions import ImproperlyConfigured
from faust.transport.drivers import aiokafka as driver
from faust.transport.producer import ProducerBuffer
from faust.types import AppT, FutureMessage, HeadersArg, RecordMetadata

from undertow.agents.transport.errors import PublishFailed
from undertow.agents.transport.gate import guard

#: One record to append: key, value (None deletes the key of a compacted topic), headers.
Record = tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]

#: Room for a record's lengths, offsets and batch header, bytes. Generous: the check must fail before the broker does.
RECORD_OVERHEAD = 128


class Buffer(ProducerBuffer):
    """P3: a publish that raises settles its future. Faust leaves it open, and a flush would wait for it forever."""

    async def _send_pending(self, fut: FutureMessage) -> None:
        try:
            await super()._send_pending(fut)
        except Exception as exc:  # the failure belongs to whoever waits for the future, not to this task
            if not fut.done():
                fut.set_exception(exc)


class Producer(driver.Producer):
    """Faust's producer whose `flush` tells the truth.

    `failed` is the poison: once set, every flush raises, so nothing can be committed and the worker has to start over.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.max_batch_size > self.max_request_size:
            raise ImproperlyConfigured("producer_max_batch_size is above producer_max_request_size")
        if self.threaded_producer is not None:
            raise ImproperlyConfigured("producer_threaded must be off: its writes would pass by these rules")
        self.buffer = Buffer(loop=self.loop, beacon=self.beacon)
        self.buffer.app = self.app
        self.failed: BaseException | None = None
        self._unsettled: set[asyncio.Future[Any]] = set()

    def _settings_extra(self) -> Mapping[str, Any]:
        # P2: acks=all keeps a record through the loss of a leader; idempotence keeps order and drops retried batches.
        return {"acks": "all", "enable_idempotence": cast(Any, self.transport).idempotent}

    def _new_producer(self, transactional_id: str | None = None) -> Any:
        producer = super()._new_producer(transactional_id)
        guard(producer, self.check)
        return producer

    def check(self) -> None:
        """Raise where nothing may be written: after a failure, or when our partitions may be lost (C3).

        A process without a consumer may write.
        """
        if self.failed is not None:
            raise PublishFailed(f"nothing is written any more: {self.failed!r}") from self.failed
        consumer = cast(Any, self.app)._consumer  # the property would build a consumer for a process that has none
        if consumer is not None:
            consumer.lease.check()

    def fail(self, exc: BaseException) -> None:
        """Poison: from now on every flush, and so every commit, raises. The first reason is kept."""
        if self.failed is None:
            self.failed = exc

    def _track(self, future: asyncio.Future[Any]) -> asyncio.Future[Any]:
        self._unsettled.add(future)
        future.add_done_callback(self._settle)
        return future

    def _settle(self, future: asyncio.Future[Any]) -> None:
        self._unsettled.discard(future)
        exc = asyncio.CancelledError() if future.cancelled() else future.exception()
        if exc is not None:
            self.fail(exc)

    def send_soon(self, fut: FutureMessage) -> None:
        """Hand over a message that `flush` waits for."""
        self._track(cast("asyncio.Future[Any]", fut))
        super().send_soon(fut)

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int | None,
        timestamp: float | None,
        headers: HeadersArg | None,
        *,
        transactional_id: str | None = None,
    ) -> Awaitable[RecordMetadata]:
        """Send one record that `flush` waits for."""
        sent = await super().send(topic, key, value, partition, timestamp, headers, transactional_id=transactional_id)
        return self._track(cast("asyncio.Future[Any]", sent))

    async def send_batch(self, batch: Any, topic: str, partition: int) -> asyncio.Future[Any]:
        """Send a built record batch; one future for all of it."""
        return self._track(await self._ensure_producer().send_batch(batch, topic, partition=partition))

    def new_batch(self) -> Any:
        """Return an empty aiokafka batch of at most `producer_max_batch_size` bytes (its first record always fits)."""
        return self._ensure_producer().create_batch()

    async def flush(self) -> None:
        """P1: return when the broker has acknowledged all that was handed over before this call.

        Raises PublishFailed on the first failure, now or earlier. Faust's flush returns while writes are still buffered
        and logs a failed one; the offsets committed next then cover records that exist nowhere.
        """
        waiting = set(self._unsettled)
        while waiting and self.failed is None:
            _, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_EXCEPTION)
        if self.failed is not None:
            raise PublishFailed(repr(self.failed)) from self.failed


def producer_of(app: AppT) -> Producer:
    """Return the app's producer. Raises ImproperlyConfigured where its broker URL names another transport."""
    producer = cast(Any, app).producer
    if not isinstance(producer, Producer):
        raise ImproperlyConfigured(f"the broker URL must use an undertow transport, not {app.conf.broker}")
    return producer


async def stop_worker(app: AppT, exc: BaseException) -> None:
    """Poison the producer, then crash the app: it exits with a code other than 0 and a supervisor starts it again."""
    producer_of(app).fail(exc)
    await app.crash(exc)


async def send_all(
    producer: Producer, topic: str, partition: int, records: Iterable[Record]
) -> list[asyncio.Future[Any]]:
    """Append `records` in order as record batches, and return a future a batch; `producer.flush` waits for them.

    Appending waits while the previous batch of the partition is not sent off, so memory stays bounded. A record larger
    than a batch is sent in a batch of its own. Raises PublishFailed, and poisons the producer, for a record above
    `producer_max_request_size` (the message names its key and size in bytes).
    """
    futures: list[asyncio.Future[Any]] = []
    now = int(time.time() * 1000)
    batch, count = producer.new_batch(), 0
    for key, value, headers in records:
        size = len(key or b"") + len(value or b"") + sum(len(name) + len(text) for name, text in headers)
        if size + RECORD_OVERHEAD > producer.max_request_size:
            exc = PublishFailed(
                f"{topic}/{partition}: the record of key {key!r} has {size} bytes, above the "
                f"{producer.max_request_size} of producer_max_request_size"
            )
            producer.fail(exc)
            raise exc
        if batch.append(timestamp=now, key=key, value=value, headers=headers) is None:
            futures.append(await producer.send_batch(batch, topic, partition))
            batch, count = producer.new_batch(), 0
            batch.append(timestamp=now, key=key, value=value, headers=headers)
        count += 1
    if count:
        futures.append(await producer.send_batch(batch, topic, partition))
    return futures
