"""Kafka, both ways: statements onto a receiver's topic, and what was delivered onto and off our own."""

from __future__ import annotations

import asyncio

from undertow import clients, topics
from undertow.delivery.items import Document, Recorded, decode, encode
from undertow.delivery.schedule import Errand
from undertow.delivery.sending import MOST_BYTES, NotSent
from undertow.delivery.webhook import payload
from undertow.settings import Settings


class OnTopic:
    """Sends the first document, JSON, as one record whose key is the delivery's: a compacted topic keeps it once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def __call__(self, errand: Errand, documents: tuple[Document, ...]) -> str:
        """Send, and wait until it is acknowledged. Raises :class:`NotSent`."""
        value = payload(errand, documents[0])
        if len(value) > MOST_BYTES:
            raise NotSent(f"{len(value):,} bytes are too large for a record, which takes {MOST_BYTES:,}", final=True)
        return await asyncio.to_thread(self._publish, errand, value)

    def _publish(self, errand: Errand, value: bytes) -> str:
        topic = topics.name(self._settings, errand.to.address)
        headers = [("content-type", b"application/json"), ("idempotency-key", errand.key.encode())]
        try:
            clients.ends(self._settings, topic)  # a producer would wait a minute for a topic that is not there
            with clients.Publisher(self._settings) as publisher:
                publisher.send(topic, value, key=errand.key.encode(), headers=headers)
        except clients.KafkaUnavailable as error:
            raise NotSent(str(error)) from None
        return "acknowledged by the broker"


class Book:
    """What is on ``undertow.deliveries``."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._topic = topics.name(settings, topics.DELIVERIES)

    def read(self) -> dict[str, Recorded]:
        """The last word on each delivery, by key. Raises :class:`undertow.clients.KafkaUnavailable`."""
        found: dict[str, Recorded] = {}
        for record in clients.read(self._settings, self._topic):
            if record.key is None:
                continue
            key = record.key.decode("utf-8", "replace")
            said = decode(record.value) if record.value is not None else None
            if said is not None:
                found[key] = said
            elif record.value is None:
                found.pop(key, None)
        return found

    async def write(self, key: str, said: Recorded) -> None:
        """Write one down, and wait until it is acknowledged. Raises :class:`undertow.clients.KafkaUnavailable`."""
        await asyncio.to_thread(self._write, key, said)

    def _write(self, key: str, said: Recorded) -> None:
        with clients.Publisher(self._settings) as publisher:
            publisher.send(self._topic, encode(said), key=key.encode())
