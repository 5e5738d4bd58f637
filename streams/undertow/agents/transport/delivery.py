"""Which records reach the streams, and when: C4, C5's filter, C8, C10, and packing into spans."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

from faust.transport.consumer import RecordMap
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage, Message

from undertow.agents.transport.errors import LogBeganAnew
from undertow.agents.transport.producer import producer_of, stop_worker
from undertow.agents.transport.spans import SpanSchema, pack
from undertow.agents.transport.thread import ConsumerThread
from undertow.agents.transport.unsettled import Unsettled

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
#: C10: offsets that the end of a transaction takes. So small a hole is not asked about: retention drops whole segments.
MARKER = 1


class Delivery(driver.Consumer):
    """The fetching half of the consumer; `Consumer` opens and closes the sources."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self.unsettled = Unsettled()
        #: C5: whether sources may be delivered, which is from a seek to the next revoke. Each of the two begins a new epoch.
        self.sources_open = False
        self.epoch = 0
        #: Held by each fetch and each seek: a fetch from before a seek must not take records from after it.
        self.fetching = asyncio.Lock()
        self.dropped: Counter[str] = Counter()
        """C10: by topic, records that its retention took before they were read, as far as this worker saw."""
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
                if not self.sources_open or epoch != self.epoch or not await self._continued(tp, _first(message)):
                    continue
                read = self._read_offset[tp]
                if read is not None and message.offset < read:
                    # Faust drops what is below the last offset it saw. After a seek back that would be real events.
                    self._read_offset[tp] = None
                self.unsettled.deliver(tp, message.offset)
            self.app.monitor.track_tp_end_offset(tp, self.highwater(tp))
            yield tp, message

    async def _continued(self, tp: TP, offset: int) -> bool:
        """C10: whether the record at an offset may follow what was read before it, having said what lies between.

        Where the position is no longer in the log, aiokafka goes on at the first record there is and tells nobody. Holes
        alone say nothing (compaction, transactions): records are gone where the log begins behind the one expected.
        """
        expected, epoch = self.unsettled.expected(tp), self.epoch
        if expected is None or 0 <= offset - expected <= MARKER or not self.app.topics.acks_enabled_for(tp.topic):
            return True
        if offset > expected:
            gone = min(offset, (await self.earliest_offsets(tp))[tp]) - expected
            if epoch != self.epoch:
                return False
            if gone > 0:
                self.dropped[tp.topic] += gone
                text = "%s: %d records from offset %d on were gone before they were read: dropped by the topic's retention?"
                self.log.error(text, tp, gone, expected)
        elif self.unsettled.waiting(tp):
            text = f"{tp} goes on at offset {offset} after {expected - 1}: was the topic deleted and made again?"
            await stop_worker(self.app, LogBeganAnew(f"{text} The next start reads it from there."))
            return False
        else:
            text = "%s goes on at offset %d, expected was %d: a log that began anew, or lost its end; read from there"
            self.log.warning(text, tp, offset, expected)
            self._forget({tp})
            self._read_offset[tp] = self._committed_offset[tp] = None
            self.unsettled.start(tp, offset)
        return True

    def _forget(self, tps: set[TP]) -> None:
        self.unsettled.drop(tps)
        for tp in tps:
            self._acked.pop(tp, None)
            self._acked_index.pop(tp, None)

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
                if position is not None and self.sources_open and await self._continued(tp, position):
                    self.unsettled.idle(tp, position)
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


def _first(message: ConsumerMessage) -> int:
    """Offset of its first record: a span's own is its last one's."""
    records = cast(Any, message.value)
    return cast(int, records[0].offset) if isinstance(records, list) else message.offset
