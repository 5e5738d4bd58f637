"""What tests ask a broker, by kafka-python: a client that shares no code with the worker's."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, Protocol

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient


class Broker(Protocol):
    """A running broker."""

    kind: str
    scheme: str

    @property
    def address(self) -> str: ...


class Client:
    """Topics, records and offsets of one broker."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self._admin = KafkaAdminClient(bootstrap_servers=broker.address)
        self._producer = KafkaProducer(
            bootstrap_servers=broker.address, enable_idempotence=False, acks="all", linger_ms=200, batch_size=900_000
        )

    def close(self) -> None:
        self._producer.close()
        self._admin.close()

    def topics(self) -> set[str]:
        """Names of the topics there are, Kafka's own left out."""
        return {topic["name"] for topic in self._admin.describe_topics() if not topic["name"].startswith("__")}

    def create(self, topic: str, partitions: int, **configs: str) -> None:
        """Create a topic; underscores in option names stand for dots."""
        options = {name.replace("_", "."): value for name, value in configs.items()}
        self._admin.create_topics({topic: {"num_partitions": partitions, "replication_factor": 1, "configs": options}})

    def grow(self, topic: str, partitions: int) -> None:
        """Give a topic more partitions."""
        self._admin.create_partitions({topic: partitions})

    def drop(self, topic: str, partition: int, before: int) -> None:
        """Delete the records below an offset, as a topic's retention does."""
        self._admin.delete_records({TopicPartition(topic, partition): before})

    def send(self, topic: str, partition: int, records: Iterable[tuple[bytes | None, bytes | None]]) -> None:
        """Append records, in one batch where they fit, and wait for all acks."""
        sent = [self._producer.send(topic, key=k, value=v, partition=partition) for k, v in records]
        self._producer.flush()
        for future in sent:
            future.get(10)

    def read(self, topic: str, partition: int, count: int, within: float = 10.0) -> list[Any]:
        """Return the first `count` records of a partition, fewer after `within` seconds."""
        consumer = KafkaConsumer(bootstrap_servers=self.broker.address, fetch_max_wait_ms=50)
        tp = TopicPartition(topic, partition)
        consumer.assign([tp])
        consumer.seek(tp, 0)
        found: list[Any] = []
        deadline = time.monotonic() + within
        while len(found) < count and time.monotonic() < deadline:
            for run in consumer.poll(200).values():
                found.extend(run)
        consumer.close()
        return found[:count]

    def committed(self, group: str) -> dict[tuple[str, int], int]:
        """Return the committed offset of each partition that has one."""
        answer = self._admin.list_group_offsets(group) or {}
        return {
            (tp.topic, tp.partition): at.offset
            for offsets in answer.values()
            for tp, at in offsets.items()
            if at.offset >= 0
        }
