"""Packed delivery: Faust's machinery is paid once for the run of records that one fetch brought for one partition."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast

import faust
from faust.events import Event
from faust.types import TP, AppT, ConsumerMessage, EventT, Message, StreamT

from undertow.agents.transport.producer import stop_worker

#: Bytes of values that a round holds at most, but for its last span: a round bounds how long the loop stands still.
ROUND_BYTES = 1 << 20

#: Seconds for which the first span of a round waits for those that its fetch brought with it.
GATHER = 0.01


@dataclass(frozen=True, slots=True)
class Span:
    """A run of ConsumerRecords of one partition, in offset order, never empty; `offset` is the last one's."""

    topic: str
    partition: int
    offset: int
    records: list[Any]


class SpanSchema(faust.Schema[bytes, bytes]):
    """Schema by which a topic or a table asks for spans.

    Its agent sees one event per partition and fetch: `event.value` is the list of aiokafka ConsumerRecords in offset
    order, never empty; `event.message.offset` is the offset of the last one, so that Faust's ack moves the whole span.
    Keys and values stay bytes: a decode error inside Faust would ack the record (bad data is a dead letter instead).

    `paced` is for topics that others fill (C8). What this app writes for itself comes in runs already.
    """

    def __init__(self, *, paced: bool = False) -> None:
        super().__init__()
        self.paced = paced

    def compile(self, app: AppT, **_: Any) -> Callable[..., Awaitable[EventT[Any]]]:  # noqa: ANN401
        """Return Faust's decode function: the records are handed through untouched."""

        async def decode(message: Message, *, propagate: bool = False) -> EventT[Any]:
            return Event(app, message.key, message.value, None, message)

        return decode


def pack(tp: TP, records: list[Any], generation: int) -> ConsumerMessage:
    """Make one Faust message of a run of ConsumerRecords; its timestamp (seconds) and offset are the last record's."""
    last = records[-1]
    return ConsumerMessage(
        tp.topic,
        tp.partition,
        last.offset,
        last.timestamp / 1000.0,
        last.timestamp_type,
        None,
        None,
        cast(Any, records),  # Faust types the value as bytes; a span is the one place where it is not
        None,
        0,
        0,
        tp,
        generation_id=generation,
    )


def rounds(
    app: AppT,
    handle: Callable[[list[Span]], Awaitable[None]],
    *,
    most: int = ROUND_BYTES,
    on_error: Callable[[Span, Exception], None] | None = None,
) -> Callable[[StreamT[Any]], Awaitable[None]]:
    """Return an agent body which awaits `handle(round)` for each round: the spans that wait, up to about `most` bytes.

    At a steady rate a fetch brings a small span of every partition. Handled together they share what is paid a send, a
    settlement, a loop; the spans of one round are acked together, after it.

    C7: an exception poisons the producer and crashes the app, so the round is never committed and the next start reads
    it again. Faust acks and commits whatever was yielded, error or not, and also what it cancels an agent in. Bad data
    must not raise: it is a dead letter. `on_error` is called before that with the first span, to count or to log.
    """

    async def body(stream: StreamT[Any]) -> None:
        stream.enable_acks = False  # done below, when a round is: Faust would ack what it cancels an agent in
        async for first in stream.events():
            room = most - _bytes(first) if most else 0
            if room > 0:  # Faust hands over one span at a time and lets the agent run in between
                await asyncio.sleep(GATHER)
            events = [first, *_waiting(app, cast(Any, stream).channel.queue, room)]
            those = [Span(e.message.topic, e.message.partition, e.message.offset, cast(Any, e.value)) for e in events]
            try:
                await handle(those)
            except Exception as exc:
                if on_error is not None:
                    on_error(those[0], exc)
                await stop_worker(app, exc)
                raise
            for event in events:
                event.ack()
                cast(Any, app.consumer).handled(event.message)

    # Faust names an agent after its function: two agents called `body` would be one.
    for name in ("__name__", "__qualname__", "__module__", "__doc__"):
        setattr(body, name, getattr(handle, name, getattr(body, name)))
    return body


def spans(
    app: AppT,
    handle: Callable[[Span], Awaitable[None]],
    *,
    on_error: Callable[[Span, Exception], None] | None = None,
) -> Callable[[StreamT[Any]], Awaitable[None]]:
    """Return an agent body which awaits `handle(span)` for each span, and acks it then. Otherwise as `rounds`."""

    @wraps(handle)
    async def one(those: list[Span]) -> None:
        await handle(those[0])

    return rounds(app, one, most=0, on_error=on_error)


def _waiting(app: AppT, queue: Any, room: int) -> Iterator[EventT[Any]]:  # noqa: ANN401 -- untyped in mode
    """Take what waits behind an event which the stream has given, up to `room` bytes.

    It never waits for more: a rebalance would wait for the event in hand, and that for it. What the stream does with an
    event it gives is done here for those that follow.
    """
    consumer = cast(Any, app.consumer)
    while room > 0 and queue.qsize():
        event = queue.get_nowait()
        message = event.message
        if message.generation_id != app.consumer_generation_id or not app.flow_control.is_active():
            continue
        if app.topics.acks_enabled_for(message.topic) and not message.tracked:
            message.tracked = True
            consumer.track_message(message)
        room -= _bytes(event)
        yield event


def _bytes(event: EventT[Any]) -> int:
    return sum([len(record.value or b"") for record in cast(Any, event.value)])
