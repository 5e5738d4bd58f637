"""Many records onto a broker at once: batches are built first and then sent, so that readers find a backlog."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from aiokafka import AIOKafkaProducer

Item = tuple[str, int, bytes | None, bytes | None]
"""Topic, partition, key, value."""
BATCH = 900_000
"""Bytes: a broker takes a million by default."""


def blast(address: str, items: Iterable[Item]) -> None:
    """Append ``items``, in order within a partition, and wait until all are acknowledged."""
    asyncio.run(_blast(address, items))


async def _blast(address: str, items: Iterable[Item]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=address, max_batch_size=BATCH, compression_type="lz4", acks="all")
    await producer.start()
    try:
        full: list[tuple[str, int, Any]] = []
        filling: dict[tuple[str, int], Any] = {}
        for topic, partition, key, value in items:
            batch = filling.get((topic, partition))
            if batch is None or batch.append(timestamp=None, key=key, value=value) is None:
                if batch is not None:
                    full.append((topic, partition, batch))
                batch = filling[topic, partition] = producer.create_batch()
                batch.append(timestamp=None, key=key, value=value)
        full += [(topic, partition, batch) for (topic, partition), batch in filling.items()]
        acks = [await producer.send_batch(batch, topic, partition=partition) for topic, partition, batch in full]
        for ack in acks:
            await ack
    finally:
        await producer.stop()
