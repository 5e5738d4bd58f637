"""The feed on its way: a thread that publishes at a pace and knows the place of every record it was acknowledged."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Sequence
from threading import Event, Thread
from typing import Any

from kafka import KafkaProducer

from chaos.feed import Feed
from undertow import clients, topics
from undertow.settings import Settings
from undertow.stages.records import Record, Tick, encode

IN_BURSTS = 0.5
"""Share of the feed that comes in bursts."""
SLICE = 0.05
"""Seconds between two looks at the clock."""


class Publication(Thread):
    """Publishes ``feed`` within about ``seconds``: a part evenly, the rest in ``bursts`` (seconds from the beginning).

    ``join`` it, then ask for ``records``.
    """

    def __init__(self, settings: Settings, feed: Feed, seconds: float, bursts: Sequence[float]) -> None:
        super().__init__(name="feed", daemon=True)
        self.sent = self.misplaced = 0
        self.failed: BaseException | None = None
        self._settings, self._feed, self._seconds, self._bursts = settings, feed, seconds, sorted(bursts)
        self._acks: list[Any] = []
        self._halt = Event()

    def halt(self) -> None:
        """Publish no more."""
        self._halt.set()
        if self.is_alive():
            self.join(10)

    def run(self) -> None:
        try:
            producer = KafkaProducer(
                **self._settings.broker.client(),
                acks="all",
                enable_idempotence=self._settings.broker.kind != "embedded",
                linger_ms=20,
                max_request_size=4 * 1024 * 1024,
                max_block_ms=120_000,
            )
            self._publish(producer)
            producer.flush(timeout=120)
            producer.close(timeout=10)
            for ack in self._acks:
                ack.get(0)
        except Exception as failure:  # a thread has nobody else to tell
            self.failed = failure

    def records(self) -> list[Record]:
        """Every record where it is on its topic, in the order of publishing. Raises what kept one from being published.

        A publisher whose batch was taken but whose answer was lost sends it again, and what it hears then may name no
        place, or another: ``misplaced`` counts those. So the topics are asked.
        """
        if self.failed is not None:
            raise self.failed
        there: defaultdict[tuple[str, bytes | None, bytes | None], deque[Any]] = defaultdict(deque)
        for name in topics.SOURCES:
            topic = topics.name(self._settings, name)
            for one in sorted(clients.read(self._settings, topic), key=lambda one: (one.partition, one.offset)):
                there[topic, one.key, one.value].append(one)
        found = []
        for item, ack in zip(self._feed.items, self._acks, strict=True):
            topic = topics.name(self._settings, item.topic)
            waiting = there[topic, item.key, item.value]
            if not waiting:
                raise AssertionError(f"{topic} does not hold a record that was acknowledged: {item.key!r}")
            one = waiting.popleft()
            self.misplaced += (ack.value.partition, ack.value.offset) != (one.partition, one.offset)
            found.append(Record(topic, one.partition, one.offset, one.timestamp, item.value))
        return found

    def tell(self, as_of: float) -> None:
        """Tell every casebook partition the last time, and wait until it is there."""
        producer = KafkaProducer(**self._settings.broker.client(), acks="all", enable_idempotence=False)
        for ack in self._tick(producer, as_of):
            ack.get(30)
        producer.close()

    def _publish(self, producer: KafkaProducer) -> None:
        begun = time.monotonic()
        names = {name: topics.name(self._settings, name) for name in topics.SOURCES}
        ticks: list[Any] = []
        due = 0.0
        for place, item in enumerate(self._feed.items):
            while place >= due:
                due = self._due(time.monotonic() - begun)
                if place >= due:
                    time.sleep(SLICE)
            if self._halt.is_set():
                return
            if place in self._feed.ticks:
                ticks += self._tick(producer, self._feed.ticks[place])
            self._acks.append(producer.send(names[item.topic], key=item.key, value=item.value))
            self.sent = place + 1

    def _due(self, after: float) -> float:
        """How many records must be published by then."""
        total = len(self._feed.items)
        sudden = IN_BURSTS * total if self._bursts else 0.0
        begun = bisect_right(self._bursts, after) / max(1, len(self._bursts))
        return sudden * begun + (total - sudden) * min(1.0, after / self._seconds) + 1e-6

    def _tick(self, producer: KafkaProducer, as_of: float) -> list[Any]:
        topic, value = topics.name(self._settings, topics.CASEBOOK), encode(Tick(as_of))
        return [
            producer.send(topic, value=value, partition=number) for number in range(self._settings.casebook_partitions)
        ]
