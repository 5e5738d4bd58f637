"""Reading and writing topics outside the worker, by kafka-python: import, replay, dead letters, tests.

Synchronous, and so never used inside the worker's loop.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

from undertow.headers import read_by_kafka_python
from undertow.settings import Settings
from undertow.wire import MAX_EVENT_BYTES, MAX_LETTER_BYTES

read_by_kafka_python()
IDLE = 10.0
"""Seconds without a record, short of the log's end, after which a reader gives up instead of waiting for ever."""


BOOTSTRAP_MS = 10_000
"""Milliseconds within which some broker of the list must answer."""

FAR = 5_000
"""Records that are read through rather than sought behind: a fetch brings about as many."""


class KafkaUnavailable(Exception):
    """The cluster or topic does not answer; the message says what to check."""


class Publisher:
    """Sends records and, on closing, waits until every one is acknowledged. Raises :class:`KafkaUnavailable`."""

    def __init__(self, settings: Settings) -> None:
        embedded = settings.broker.kind == "embedded"
        try:
            self._producer = KafkaProducer(
                **settings.broker.client(),
                acks="all",
                enable_idempotence=not embedded,  # the embedded broker cannot answer InitProducerId
                linger_ms=20,
                bootstrap_timeout_ms=BOOTSTRAP_MS,
                max_request_size=MAX_LETTER_BYTES + MAX_EVENT_BYTES,
            )
        except (KafkaError, OSError, ValueError) as error:
            raise KafkaUnavailable(settings.broker.silent(error)) from None
        self._failed: list[BaseException] = []

    def send(
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None = None,
        headers: Sequence[tuple[str, bytes]] = (),
        partition: int | None = None,
    ) -> None:
        """Queue one record. Raises :class:`KafkaUnavailable`."""
        try:
            sent = self._producer.send(topic, value=value, key=key, headers=list(headers), partition=partition)
        except KafkaError as error:  # too large, or no such topic: said at once, not by the broker
            raise KafkaUnavailable(f"a record could not be written to {topic}: {error}") from None
        sent.add_errback(self._failed.append)
        if self._failed:
            raise KafkaUnavailable(f"a record could not be written to {topic}: {self._failed[0]}")

    def flush(self) -> None:
        """Wait until all that was sent is acknowledged."""
        try:
            self._producer.flush(timeout=60)
        except KafkaError as error:
            raise KafkaUnavailable(f"records were not acknowledged within 60 s: {error}") from None
        if self._failed:
            raise KafkaUnavailable(f"a record could not be written: {self._failed[0]}")

    def __enter__(self) -> Publisher:
        return self

    def __exit__(self, kind: object, *exc: object) -> None:
        try:
            if kind is None:
                self.flush()
        finally:
            self._close()

    def _close(self) -> None:
        try:
            self._producer.close(timeout=5)
        except KafkaError:  # given up, or the client's destructor would wait, too, and print a traceback
            self._producer._sender.force_close()
            with suppress(KafkaError):
                self._producer.close(timeout=5)


def ends(settings: Settings, topic: str) -> dict[int, int]:
    """Log end by partition, verified by a fetch where the broker's own answer cannot be trusted."""
    with _Reader(settings) as reader:
        return {tp.partition: end for tp, end in _ends(reader, _partitions(reader, topic), settings).items()}


def held(settings: Settings, names: Sequence[str]) -> dict[TopicPartition, int]:
    """Log end by partition of some topics, of those partitions that hold anything. Raises :class:`KafkaUnavailable`."""
    with _Reader(settings) as reader:
        partitions = [tp for name in names for tp in _partitions(reader, name)]
        begin = reader.beginning_offsets(partitions)
        return {tp: end for tp, end in _ends(reader, partitions, settings).items() if end > begin[tp]}


def read(settings: Settings, topic: str, progress: Callable[[int, int], None] | None = None) -> Iterator[Any]:
    """Every record of a topic from its beginning to the end it had at the call, partition by partition as they come.

    ``progress`` is told (records read, records in all). Raises :class:`KafkaUnavailable`.
    """
    with _Reader(settings) as consumer:
        partitions = _partitions(consumer, topic)
        end = _ends(consumer, partitions, settings)
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        begin = consumer.beginning_offsets(partitions)
        total = sum(end.values()) - sum(begin.values())
        waited = time.monotonic()
        read_so_far = 0
        while any(consumer.position(tp) < end[tp] for tp in partitions):
            batch = consumer.poll(timeout_ms=500, max_records=2000)
            if batch:
                waited = time.monotonic()
            elif time.monotonic() - waited > IDLE:
                raise KafkaUnavailable(f"{topic}: no record for {IDLE:.0f} s before the end of the log; try again")
            for tp, records in batch.items():
                for record in records:
                    if record.offset < end[tp]:
                        read_so_far += 1
                        yield record
            if progress is not None:
                progress(read_so_far, total)


def fetch_all(settings: Settings, topic: str, wanted: Mapping[int, Sequence[int]]) -> Iterator[Any]:
    """The records of a topic at some offsets, given by partition in ascending order; those that are gone are left out.

    Reads ranges: what lies up to :data:`FAR` records apart is read through, further away is sought.
    """
    with _Reader(settings) as consumer:
        partitions = [tp for tp in _partitions(consumer, topic) if wanted.get(tp.partition)]
        if not partitions:
            return
        ends = _ends(consumer, partitions, settings)
        begins = consumer.beginning_offsets(partitions)
        for tp in partitions:
            yield from _at(consumer, tp, [at for at in wanted[tp.partition] if begins[tp] <= at < ends[tp]])


def _at(consumer: KafkaConsumer, tp: TopicPartition, offsets: Sequence[int]) -> Iterator[Any]:
    """The records of one partition at some offsets, ascending, all before its end."""
    consumer.assign([tp])
    place, waited = 0, time.monotonic()
    if offsets:
        consumer.seek(tp, offsets[0])
    while place < len(offsets):
        records = consumer.poll(timeout_ms=500, max_records=2000).get(tp, [])
        for record in records:
            while place < len(offsets) and offsets[place] < record.offset:
                place += 1  # compacted away, or no record but a transaction's mark
            if place < len(offsets) and offsets[place] == record.offset:
                place += 1
                yield record
        if records:
            waited = time.monotonic()
            if place < len(offsets) and offsets[place] > consumer.position(tp) + FAR:
                consumer.seek(tp, offsets[place])
        elif consumer.position(tp) > offsets[-1]:
            return
        elif time.monotonic() - waited > IDLE:
            raise KafkaUnavailable(f"{tp.topic}: no record for {IDLE:.0f} s before the end of the log; try again")


def follow(
    settings: Settings, names: Sequence[str], positions: dict[tuple[str, int], int], stopped: Callable[[], bool]
) -> Iterator[tuple[list[Any], bool]]:
    """Every record of some topics, from ``positions`` (else the beginning) and for as long as it is not ``stopped``.

    Gives batches, and whether the ends that the topics had at the call are reached; ``positions`` moves on after each batch
    that was taken. A topic that does not exist is left out. Raises :class:`KafkaUnavailable`.
    """
    with _Reader(settings) as consumer:
        partitions = [tp for name in names if consumer.partitions_for_topic(name) for tp in _partitions(consumer, name)]
        ends = _ends(consumer, partitions, settings) if partitions else {}
        consumer.assign(partitions)
        for tp in partitions:
            known = positions.get((tp.topic, tp.partition))
            consumer.seek_to_beginning(tp) if known is None else consumer.seek(tp, known)
        while not stopped():
            try:
                batch = consumer.poll(timeout_ms=200, max_records=5000) if partitions else {}
                where = {tp: consumer.position(tp) for tp in partitions}
            except (KafkaError, OSError) as error:
                raise KafkaUnavailable(settings.broker.silent(error)) from None
            if not partitions:
                time.sleep(0.2)
            yield (
                [record for records in batch.values() for record in records],
                all(where[tp] >= ends[tp] for tp in partitions),
            )
            positions.update({(tp.topic, tp.partition): where[tp] for tp in partitions})


class _Reader:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __enter__(self) -> KafkaConsumer:
        try:
            self._consumer = KafkaConsumer(
                **self._settings.broker.client(),
                enable_auto_commit=False,
                bootstrap_timeout_ms=BOOTSTRAP_MS,
                auto_offset_reset="earliest",
                fetch_max_wait_ms=50,
                max_partition_fetch_bytes=MAX_LETTER_BYTES + MAX_EVENT_BYTES,
            )
        except (KafkaError, OSError, ValueError) as error:
            raise KafkaUnavailable(self._settings.broker.silent(error)) from None
        return self._consumer

    def __exit__(self, kind: object, error: BaseException | None, *trace: object) -> None:
        self._consumer.close()
        if isinstance(error, KafkaError):  # it went away meanwhile, or refuses
            raise KafkaUnavailable(self._settings.broker.failed(error)) from None


def _partitions(consumer: KafkaConsumer, topic: str) -> list[TopicPartition]:
    found = consumer.partitions_for_topic(topic)
    if not found:
        raise KafkaUnavailable(f"there is no topic {topic}: check --namespace, or run 'undertow topics apply'")
    return [TopicPartition(topic, partition) for partition in sorted(found)]


def _ends(consumer: KafkaConsumer, partitions: list[TopicPartition], settings: Settings) -> dict[TopicPartition, int]:
    listed: dict[TopicPartition, int] = consumer.end_offsets(partitions)
    if settings.broker.kind != "embedded":
        return listed
    # the embedded broker lists the last batch's base + 1: what a fetch says is the end is the end
    consumer.assign(partitions)
    for tp in partitions:
        consumer.seek(tp, listed[tp])
    deadline = time.monotonic() + IDLE
    while any(consumer.highwater(tp) is None for tp in partitions) and time.monotonic() < deadline:
        consumer.poll(timeout_ms=100, max_records=1)
    return {tp: max(listed[tp], consumer.highwater(tp) or 0) for tp in partitions}
