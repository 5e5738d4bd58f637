"""The floor: aiokafka, msgspec and a dict. No re-key, no durability; nothing in Python with a broker can be below it."""

from __future__ import annotations

import asyncio
import sys

import msgspec
from aiokafka import AIOKafkaConsumer

from bench.fold import Customer, Event, fold
from bench.meter import Meter


async def main(broker: str, topic: str, n: int) -> None:
    state: dict[str, Customer] = {}
    decode = msgspec.json.Decoder(Event).decode
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=broker, group_id=None, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await consumer.start()
    meter = Meter(n)
    while not meter.done:
        for records in (await consumer.getmany(timeout_ms=1000, max_records=1000)).values():
            meter.begin()
            for record in records:
                event = decode(record.value)
                data = event.data
                customer = state.get(data.customer_id)
                if customer is None:
                    customer = state[data.customer_id] = Customer(data.vendor_id, tickets={})
                fold(customer, data.ticket_id, event.type, event.time)
            meter.folded(len(records))
    meter.stop()
    meter.report(state)
    await consumer.stop()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
