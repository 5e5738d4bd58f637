"""Reading and writing topics outside the worker, by kafka-python: import, replay, dead letters, tests.

Synchronous, and so never used inside the worker's loop.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

from undertow.settings import Settings
from undertow.wire import MAX_EVENT_BYTES, MAX_LETTER_BYTES

IDLE = 10.0
"""Seconds without a record, short of the log's end, after which a reader gives up instead of waiting for ever."""


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
        """Queue one record."""
        sent = self._producer.send(topic, value=value, key=key, headers=list(headers), partition=partition)
        sent.add_errback(self._failed.append)
        if self._failed:
            raise KafkaUnavailable(f"a record could not be written to {topic}: {self._failed[0]}")

    def flush(self) -> None:
        """Wait until all that was sent is acknowledged."""
        self._producer.flush(timeout=60)
        if self._failed:
            raise KafkaUnavailable(f"a record could not be written: {self._failed[0]}")

    def __enter__(self) -> Publisher:
        return self

    def __exit__(self, kind: object, *exc: object) -> None:
        try:
            if kind is None:
                self.flush()
        finally:
            self._producer.close(timeout=5)


def ends(settings: Settings, topic: str) -> dict[int, int]:
    """Log end by partition, verified by a fetch where the broker's own answer cannot be trusted."""
    with _Reader(settings) as reader:
        return {tp.partition: end for tp, end in _ends(reader, _partitions(reader, topic), settings).items()}


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


def fetch(settings: Settings, topic: str, partition: int, offset: int) -> Any | None:  # noqa: ANN401 - kafka-python's record
    """One record by its place, None when it is no longer there."""
    with _Reader(settings) as consumer:
        tp = TopicPartition(topic, partition)
        consumer.assign([tp])
        consumer.seek(tp, offset)
        deadline = time.monotonic() + IDLE
        while time.monotonic() < deadline:
            for record in consumer.poll(timeout_ms=500, max_records=1).get(tp, []):
                return record if record.offset == offset else None
    return None


class _Reader:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __enter__(self) -> KafkaConsumer:
        try:
            self._consumer = KafkaConsumer(
                **self._settings.broker.client(),
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                fetch_max_wait_ms=50,
                max_partition_fetch_bytes=MAX_LETTER_BYTES + MAX_EVENT_BYTES,
            )
        except (KafkaError, OSError, ValueError) as error:
            raise KafkaUnavailable(self._settings.broker.silent(error)) from None
        return self._consumer

    def __exit__(self, *exc: object) -> None:
        self._consumer.close()


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
