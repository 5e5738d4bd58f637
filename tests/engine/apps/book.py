"""The worker under test: ids of source events are collected per key in a SpanTable.

A row is a JSON list of ids, sorted. Further environment, beside `common`: ASSIGN (seconds by which the handling of an
assignment begins late), STALL (after a write the process finds itself that many seconds older, and what it wrote still
waits in its producer).
"""

import asyncio
import json
import os

import faust
from common import CELLS, FAIL, PARTITIONS, SOURCE, create, rejoin_when_told, report, watch_seeks

from undertow.agents.transport import Consumer, SpanSchema, SpanTable, Transport, spans

ASSIGN, STALL = (float(os.environ.get(name, "0")) for name in ("ASSIGN", "STALL"))
Transport.pace = 0.05
watch_seeks(Consumer)

app = create(broker_max_poll_records=2000, stream_buffer_maxsize=8, producer_max_batch_size=200_000)


def union(old: bytes, new: bytes) -> bytes:
    return json.dumps(sorted({*json.loads(old), *json.loads(new)})).encode()


book = SpanTable(app, name="book", source=SOURCE, partitions=PARTITIONS, join=union)


async def collect(span) -> None:
    partition, changes = span.partition, {}
    for record in span.records:
        if FAIL and record.value == FAIL:
            raise ValueError("told to fail")
        if record.value == b"delete":
            changes[record.key] = None
            continue
        new = json.dumps([record.value.decode()]).encode()
        old = changes.get(record.key, book.rows(partition).get(record.key))
        changes[record.key] = new if old is None else union(old, new)
    await book.write(partition, changes)
    if STALL:  # nothing has awaited since the batch was handed over: aiokafka has not begun to send it
        clock = app.consumer.lease.clock
        app.consumer.lease.clock = lambda: clock() + STALL
    offsets = [record.offset for record in span.records]
    ids = sum(len(json.loads(row)) for row in book.rows(partition).values())
    report("span", partition=partition, offsets=offsets, ids=ids)


async def watch(span) -> None:
    offsets = [record.offset for record in span.records]
    assignment = app.consumer.epoch  # the embedded broker repeats generations
    report("cell", partition=span.partition, offsets=offsets, assignment=assignment)


app.agent(app.topic(SOURCE, schema=SpanSchema(), partitions=PARTITIONS))(spans(app, collect))
app.agent(app.topic(CELLS, schema=SpanSchema(), partitions=1, acks=False))(spans(app, watch))


@app.on_partitions_assigned.connect
async def assigned(*args: object, **kwargs: object) -> None:
    await asyncio.sleep(ASSIGN)
    report("assigned", lease=app.consumer.lease.age, generation=app.consumer_generation_id)


@book.on_recover
async def recovered() -> None:
    rows = {key.decode(): json.loads(row) for p in range(PARTITIONS) for key, row in book.rows(p).items()}
    report("recovered", count=len(rows), short={key: ids for key, ids in rows.items() if len(key) == 1})


@app.task
async def state() -> None:
    while not app.should_stop:
        await asyncio.sleep(0.1)
        consumer = app.consumer
        rejoin_when_told(consumer)
        if consumer.lease.age is not None:
            lag = {f"{tp.topic}/{tp.partition}": n for tp, n in consumer.lag().items()}
            caught = consumer.caught_up(faust.types.TP(CELLS, 0))
            report("state", lag=lag, caught=caught, lease=consumer.lease.age, dropped=consumer.dropped)


if __name__ == "__main__":
    app.main()
