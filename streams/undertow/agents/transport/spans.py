"""Packed delivery: Faust's machinery is paid once for the run of records that one fetch brought for one partition."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

import faust
from faust.events import Event
from faust.types import TP, AppT, ConsumerMessage, EventT, Message, StreamT

from undertow.agents.transport.producer import stop_worker


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
    """

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


def spans(
    app: AppT,
    handle: Callable[[Span], Awaitable[None]],
    *,
    on_error: Callable[[Span, Exception], None] | None = None,
) -> Callable[[StreamT[Any]], Awaitable[None]]:
    """Return an agent body which awaits `handle(span)` for each span.

    C7: an exception poisons the producer and crashes the app, so the span is never committed and the next start reads
    it again. Faust acks and commits whatever was yielded, error or not, and also what it cancels an agent in. Bad data
    must not raise: it is a dead letter. `on_error` is called before that, to count or to log.
    """

    async def body(stream: StreamT[Any]) -> None:
        async for event in stream.events():
            message = event.message
            span = Span(message.topic, message.partition, message.offset, cast(Any, event.value))
            try:
                await handle(span)
            except asyncio.CancelledError:
                message.acked = True  # looks acked and so never is: Faust acks what a cancelled agent had in hand
                raise
            except Exception as exc:
                if on_error is not None:
                    on_error(span, exc)
                await stop_worker(app, exc)
                raise
            cast(Any, app.consumer).handled(message)

    # Faust names an agent after its function: two agents called `body` would be one.
    for name in ("__name__", "__qualname__", "__module__", "__doc__"):
        setattr(body, name, getattr(handle, name, getattr(body, name)))
    return body
