"""Stock Faust at the same work: values of source events, JSON strings, are collected per key in a Table.

Further environment, beside `common`: ORPHANS (also a table whose changelog and an agent whose topic exist nowhere).
"""

import asyncio
import json
import os

from common import FAIL, PARTITIONS, SOURCE, create, rejoin_when_told, report, watch_seeks
from faust.transport.drivers.aiokafka import Consumer

watch_seeks(Consumer)
app = create(key_serializer="raw")
book = app.Table("book", default=list, partitions=PARTITIONS, key_type=bytes)
source = app.topic(SOURCE, partitions=PARTITIONS, key_type=bytes)
if os.environ.get("ORPHANS"):
    orphan = app.Table("orphan", default=list, partitions=PARTITIONS, key_type=bytes)

    @app.agent(app.topic(f"{SOURCE}-orphan", partitions=PARTITIONS))
    async def nothing(stream) -> None:
        async for _ in stream:
            pass


@app.agent(source)
async def collect(stream) -> None:
    async for event in stream.events():
        if FAIL and event.value == json.loads(FAIL):
            raise ValueError("told to fail")
        book[event.key] = sorted({*book[event.key], event.value})
        report("span", partition=event.message.partition, offsets=[event.message.offset])


@book.on_recover
async def recovered() -> None:
    report("recovered", count=len(book), short={key.decode(): row for key, row in book.items()})


@app.task
async def state() -> None:
    while not app.should_stop:
        await asyncio.sleep(0.1)
        rejoin_when_told(app.consumer)
        assigned = sorted(f"{tp.topic}/{tp.partition}" for tp in app.consumer.assignment())
        report("state", assigned=assigned, ready=app.tables.actives_ready and not app.rebalancing)


if __name__ == "__main__":
    app.main()
