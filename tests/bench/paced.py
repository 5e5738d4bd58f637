"""The steady feed onto the topics at an even rate, event times being now:
``python -m bench.paced BROKER NAMESPACE RATE SECONDS``."""

from __future__ import annotations

import sys
import time
from zlib import crc32

from kafka import KafkaProducer

from bench.steady import FACTS, Feed

CUSTOMERS = 20_000
SLICE = 0.005
"""Seconds between two looks at the clock."""


def main() -> None:
    broker, namespace = sys.argv[1:3]
    rate, seconds = float(sys.argv[3]), float(sys.argv[4])
    producer = KafkaProducer(bootstrap_servers=broker, linger_ms=2, compression_type="lz4", enable_idempotence=False)
    topics = {name: len(producer.partitions_for(namespace + name)) for name in ("vendor.tickets", "vendor.claims")}
    gap = FACTS / rate
    begun = time.monotonic()
    feed = Feed(time.time(), gap, CUSTOMERS)
    position = 0
    while (now := time.monotonic() - begun) < seconds:
        due = int(now / gap)
        for one in feed.stretch(position, due):
            partition = crc32(one.key) % topics[one.topic]
            producer.send(namespace + one.topic, value=one.value, key=one.key, partition=partition)
        position = due
        time.sleep(SLICE)
    producer.flush(30)
    producer.close(5)


if __name__ == "__main__":
    main()
