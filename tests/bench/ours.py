"""The peers' job on our transport: decode, re-key by customer through Kafka, fold, one changelog record a changed key."""

from __future__ import annotations

import os
import sys
import tempfile
from collections import defaultdict
from typing import Any
from zlib import crc32

import faust
import msgspec

from bench.feed import PARTITIONS
from bench.fold import Customer, Event, fold
from bench.meter import Meter
from undertow.agents.garbage import spare_collections
from undertow.agents.transport import Span, SpanSchema, SpanTable, send_all, spans
from undertow.agents.transport.producer import producer_of

BROKER, RUN, SOURCE, N = os.environ["BROKER"], os.environ["RUN"], os.environ["SOURCE"], int(os.environ["N"])
REKEYED = f"{RUN}-by-customer"
Row = tuple[str, str, str, str, str]
"""Customer, vendor, ticket, type, time."""

app = faust.App(
    RUN,
    broker=f"undertow://{BROKER}",
    store="memory://",
    datadir=tempfile.mkdtemp(),
    key_serializer="raw",
    value_serializer="raw",
    web_enabled=False,
    worker_redirect_stdouts=False,
    topic_allow_declare=False,
    topic_disable_leader=True,
    topic_partitions=PARTITIONS,
    topic_replication_factor=1,
    table_standby_replicas=0,
    consumer_auto_offset_reset="earliest",
    broker_session_timeout=10,
    broker_heartbeat_interval=2,
    broker_commit_interval=1.0,
    broker_commit_every=10_000_000,
    broker_max_poll_records=4000,
    stream_buffer_maxsize=8,
    consumer_max_fetch_size=1 << 20,
    producer_max_batch_size=900_000,
)
encode = msgspec.msgpack.Encoder().encode
decode_event = msgspec.json.Decoder(Event).decode
decode_rows = msgspec.msgpack.Decoder(list[Row]).decode
decode_customer = msgspec.msgpack.Decoder(Customer).decode
table = SpanTable(
    app, name="customers", source=REKEYED, partitions=PARTITIONS, join=lambda old, new: max(old, new, key=len)
)
meter = Meter(N)


async def rekey(span: Span) -> None:
    """Decode, and hand on by customer."""
    meter.begin()
    out: defaultdict[int, list[Row]] = defaultdict(list)
    for record in span.records:
        event = decode_event(record.value)
        data = event.data
        customer = data.customer_id
        out[crc32(customer.encode()) % PARTITIONS].append(
            (customer, data.vendor_id, data.ticket_id, event.type, event.time)
        )
    for partition, rows in out.items():
        await send_all(producer_of(app), REKEYED, partition, [(None, encode(rows), [])])


async def count(span: Span) -> None:
    """Fold, and write each changed customer once."""
    rows = table.rows(span.partition)
    changed: dict[bytes, Customer] = {}
    for record in span.records:
        events = decode_rows(record.value)
        for name, vendor, ticket, type, time in events:
            key = name.encode()
            customer = changed.get(key)
            if customer is None:
                value = rows.get(key)
                customer = changed[key] = Customer(vendor, tickets={}) if value is None else decode_customer(value)
            fold(customer, ticket, type, time)
        meter.folded(len(events))
    await table.write(span.partition, {key: encode(customer) for key, customer in changed.items()})


app.agent(app.topic(SOURCE, schema=SpanSchema()))(spans(app, rekey))
app.agent(app.topic(REKEYED, schema=SpanSchema()))(spans(app, count))


@app.timer(0.1)
async def watch() -> None:
    if meter.done:
        await app.consumer.commit()
        meter.stop()
        state: dict[str, Any] = {
            key.decode(): decode_customer(value)
            for partition in range(PARTITIONS)
            for key, value in table.rows(partition).items()
        }
        meter.report(state)
        os._exit(0)


if __name__ == "__main__":
    spare_collections()  # as a worker of the product does
    faust.Worker(app, loglevel="ERROR", quiet=True, redirect_stdouts=False).execute_from_commandline()
    sys.exit(1)
