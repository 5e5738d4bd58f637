"""The worker under test: ids of source events are collected per key in a SpanTable; it reports to a file of JSON lines.

A row is a JSON list of ids, sorted. Environment: RUN, BROKER, SCHEME, OUT, REJOIN (a file: each time it appears the
worker leaves and joins its group again), and FAIL (raise on an event whose value is it).
"""

import asyncio
import json
import os
from pathlib import Path

import faust

from undertow.agents.transport import SpanSchema, SpanTable, Transport, spans

RUN, FAIL = os.environ["RUN"], os.environ.get("FAIL", "").encode()
PARTITIONS = 2
Transport.pace = 0.05
SOURCE, CELLS = f"src-{RUN}", f"cells-{RUN}"

app = faust.App(
    f"book-{RUN}",
    broker=f"{os.environ['SCHEME']}://{os.environ['BROKER']}",
    store="memory://",
    datadir=str(Path(os.environ["OUT"]).parent / "data"),
    topic_partitions=PARTITIONS,
    topic_allow_declare=False,
    topic_disable_leader=True,
    table_standby_replicas=0,
    broker_session_timeout=3,
    broker_heartbeat_interval=0.5,
    broker_commit_interval=float(os.environ.get("COMMIT", "0.5")),
    broker_commit_every=1_000_000,
    broker_max_poll_records=2000,
    stream_buffer_maxsize=8,
    producer_request_timeout=10,
    producer_max_batch_size=200_000,
    worker_redirect_stdouts=False,
    web_enabled=False,
)


def union(old: bytes, new: bytes) -> bytes:
    return json.dumps(sorted({*json.loads(old), *json.loads(new)})).encode()


book = SpanTable(app, name="book", source=SOURCE, partitions=PARTITIONS, join=union)


def report(what: str, **more: object) -> None:
    with Path(os.environ["OUT"]).open("a") as out:
        out.write(json.dumps({"what": what, **more}) + "\n")


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
    offsets = [record.offset for record in span.records]
    ids = sum(len(json.loads(row)) for row in book.rows(partition).values())
    report("span", partition=partition, offsets=offsets, ids=ids)


async def watch(span) -> None:
    offsets = [record.offset for record in span.records]
    report("cell", offsets=offsets, assignment=app.consumer.epoch)  # the embedded broker repeats generations


app.agent(app.topic(SOURCE, schema=SpanSchema(), partitions=PARTITIONS))(spans(app, collect))
app.agent(app.topic(CELLS, schema=SpanSchema(), partitions=1, acks=False))(spans(app, watch))


@book.on_recover
async def recovered() -> None:
    rows = {key.decode(): json.loads(row) for p in range(PARTITIONS) for key, row in book.rows(p).items()}
    report("recovered", count=len(rows), short={key: ids for key, ids in rows.items() if len(key) == 1})


@app.task
async def state() -> None:
    rejoin = Path(os.environ["REJOIN"])
    while not app.should_stop:
        await asyncio.sleep(0.1)
        consumer = app.consumer
        if rejoin.exists():  # noqa: ASYNC240
            rejoin.unlink()  # noqa: ASYNC240
            thread = consumer._thread
            thread.thread_loop.call_soon_threadsafe(thread._consumer._coordinator.request_rejoin)
        if consumer.lease.age is not None:
            lag = {f"{tp.topic}/{tp.partition}": n for tp, n in consumer.lag().items()}
            caught = consumer.caught_up(faust.types.TP(CELLS, 0))
            report("state", lag=lag, caught=caught, lease=consumer.lease.age)


if __name__ == "__main__":
    app.main()
