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

#: C8: a fetch of fewer paced records than this is small.
SMALL_FETCH = 1000
#: C8: least seconds between two fetches at such a rate: what was written in one go then comes in one fetch.
BREATH = 0.02
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
        self._schemas: dict[str, SpanSchema | None] = {}
        self._room = asyncio.Event()
        self._fetched_at = self._paced_at = self._idle_at = 0.0
        self._small = True
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
        return self._schema(topic) is not None

    def _is_paced(self, topic: str) -> bool:
        schema = self._schema(topic)
        return schema is not None and schema.paced

    def _schema(self, topic: str) -> SpanSchema | None:
        """The topic's schema by which it asks for spans; None where it does not, or is not known yet."""
        if topic in self._schemas:
            return self._schemas[topic]
        channels = cast(Any, self.app.topics)._topic_name_index.get(topic)
        if not channels:
            return None
        asked = [channel.schema for channel in channels if isinstance(channel.schema, SpanSchema)]
        found = self._schemas[topic] = asked[0] if asked else None
        return found

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> RecordMap:  # noqa: ASYNC109
        # A copy: to the fetcher an empty set means every partition, and Faust empties this one during a rebalance.
        wanted = set(active_partitions) if active_partitions else active_partitions
        timeout = min(timeout, POLL)
        if wanted and not self.app.in_recovery:
            wanted, timeout = await self._paced(wanted, timeout)
        async with self.fetching:
            records = await super()._getmany(wanted, timeout)
        self._note(records)
        if wanted and self._fetched_at - self._idle_at > IDLE_CHECK:
            self._idle_at = self._fetched_at
            for tp in wanted - set(records):
                position = self.marks(tp)[0]
                if position is not None and self.sources_open:
                    self.ledger.idle(tp, position)
        return records

    async def _paced(self, wanted: set[TP], timeout: float) -> tuple[set[TP], float]:  # noqa: ASYNC109
        """C8: from which partitions to fetch now, and how long to wait for records (seconds)."""
        pace = cast(Any, self.transport).pace
        if not pace or not self._small:
            return wanted, timeout
        await asyncio.sleep(self._fetched_at + min(pace, BREATH) - time.monotonic())
        left = self._paced_at + pace - time.monotonic()
        others = {tp for tp in wanted if not self._is_paced(tp.topic)}
        if left <= 0:
            return wanted, timeout
        if others:
            return others, min(timeout, left)
        await asyncio.sleep(left)
        return wanted, timeout

    def _note(self, records: RecordMap) -> None:
        """Remember when was fetched, and whether little of what is paced."""
        self._fetched_at = time.monotonic()
        paced = [len(run) for tp, run in records.items() if self._is_paced(tp.topic)]
        if paced:
            self._paced_at, self._small = self._fetched_at, sum(paced) < SMALL_FETCH

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
