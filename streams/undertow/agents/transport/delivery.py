"""Which records reach the streams, and when: C4, C5's filter, C8, and packing into spans."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

from faust.transport.consumer import RecordMap
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage, Message

from undertow.agents.transport.ledger import Ledger
from undertow.agents.transport.producer import producer_of
from undertow.agents.transport.spans import SpanSchema, pack
from undertow.agents.transport.thread import ConsumerThread

#: C8: a fetch of fewer records than this is small.
SMALL_FETCH = 1000
#: C4: seconds to wait for a free buffer before looking at the flags again.
ROOM_WAIT = 0.2
#: Seconds for which a fetch waits for records: every seek waits for the fetch that is under way.
POLL = 0.2
#: Seconds between two looks at the positions of quiet partitions.
IDLE_CHECK = 1.0


class Delivery(driver.Consumer):
    """The fetching half of the consumer; `Consumer` opens and closes the sources."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self.ledger = Ledger()
        #: C5: whether sources may be delivered, which is from a seek to the next revoke. Each of the two begins a new epoch.
        self.sources_open = False
        self.epoch = 0
        #: Held by each fetch and each seek: a fetch from before a seek must not take records from after it.
        self.fetching = asyncio.Lock()
        self._spanned: dict[str, bool] = {}
        self._room = asyncio.Event()
        self._fetched_at = self._idle_at = 0.0
        self._fetched = 0
        control = self.app.flow_control
        resume = control.resume
        # C5: Faust resumes a flow that already runs, and that clears the queues: what was delivered after the seek
        # would be dropped and, being past the position, never read again.
        control.resume = lambda: None if control.is_active() else resume()  # type: ignore[method-assign]

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    def marks(self, tp: TP) -> tuple[int | None, int | None]:
        """Return fetch position and log end of a partition, each None where not known. No I/O."""
        return cast(ConsumerThread, self._thread).marks(tp)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:  # noqa: ASYNC109
        """Fetch once and yield messages in order: a span for a topic with SpanSchema, else a record each."""
        failed = producer_of(self.app).failed
        if (
            failed is not None and not self.should_stop
        ):  # a poisoned worker that reads on only collects work it must redo
            await self.app.crash(failed)
            return
        records, active = await self._wait_next_records(timeout)
        if not records:
            return
        epoch, generation = self.epoch, self.app.consumer_generation_id
        for tp, message in self._messages(records):
            # Nothing that is dropped here is lost: every rebalance ends with a seek of every partition.
            if self.should_stop or not self.flow_active or generation != self.app.consumer_generation_id:
                return
            if not (active is None or tp in active or tp in self._buffered_partitions):
                continue
            if not self._is_changelog_tp(tp):
                # C5: Faust resumes sources first and seeks then, so records from a stale, higher position come first.
                if not self.sources_open or epoch != self.epoch:
                    continue
                read = self._read_offset[tp]
                if read is not None and message.offset < read:
                    # Faust drops what is below the last offset it saw. After a seek back that would be real events.
                    self._read_offset[tp] = None
                self.ledger.deliver(tp, message.offset)
            self.app.monitor.track_tp_end_offset(tp, self.highwater(tp))
            yield tp, message

    def _messages(self, records: RecordMap) -> Iterator[tuple[TP, ConsumerMessage]]:
        single: dict[TP, list[Any]] = {}
        for tp, run in records.items():
            if self._is_spanned(tp.topic):
                yield tp, pack(tp, run, self.app.consumer_generation_id)
            else:
                single[tp] = run
        for tp, record in self.scheduler.iterate(single):
            yield tp, self._to_message(tp, record)

    def _is_spanned(self, topic: str) -> bool:
        known = self._spanned.get(topic)
        if known is None:
            channels = cast(Any, self.app.topics)._topic_name_index.get(topic)
            if not channels:
                return False
            known = self._spanned[topic] = any(isinstance(c.schema, SpanSchema) for c in channels)
        return known

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> RecordMap:  # noqa: ASYNC109
        pace = cast(Any, self.transport).pace
        if pace and self._fetched < SMALL_FETCH and not self.app.in_recovery:  # C8
            await asyncio.sleep(max(0.0, self._fetched_at + pace - time.monotonic()))
        # A copy: to the fetcher an empty set means every partition, and Faust empties this one during a rebalance.
        wanted = set(active_partitions) if active_partitions else active_partitions
        async with self.fetching:
            records = await super()._getmany(wanted, min(timeout, POLL))
        self._fetched_at, self._fetched = time.monotonic(), sum(map(len, records.values()))
        if wanted and self._fetched_at - self._idle_at > IDLE_CHECK:
            self._idle_at = self._fetched_at
            for tp in wanted - set(records):
                position = self.marks(tp)[0]
                if position is not None and self.sources_open:
                    self.ledger.idle(tp, position)
        return records

    async def _wait_next_records(self, timeout: float) -> tuple[RecordMap | None, set[TP] | None]:  # noqa: ASYNC109
        # C4: Faust sleeps a whole second whenever the buffer of every partition is full.
        if self.flow_active and not self.app.client_only and not self._get_active_partitions():
            self._room.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._room.wait(), ROOM_WAIT)
            return {}, set()
        return await super()._wait_next_records(timeout)

    def on_buffer_drop(self, tp: TP) -> None:
        """C4: wake the fetch."""
        super().on_buffer_drop(tp)
        self._room.set()
