"""C3 where it counts: what may be written is decided in the step that writes to the socket."""

# ruff: noqa: ANN401 -- aiokafka is untyped: its connections and requests are Any
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiokafka.protocol.produce import ProduceRequest


def guard(producer: Any, check: Callable[[], None]) -> None:
    """Make an AIOKafkaProducer call `check` right before each produce request goes to its connection.

    A batch that was handed over waits in aiokafka: for its turn, for a connection, for another try. A process that is
    stopped meanwhile wakes as a zombie with the batch in hand. `check` raises NotWritten to fail every batch of the request.
    What stays uncovered is what asyncio and the kernel have already taken and not yet sent.

    One private method of aiokafka's client is wrapped, and each connection's `send`: an aiokafka without them raises
    AttributeError here or at the first write.
    """
    connect = producer.client._get_conn

    async def guarded_connect(*args: Any, **options: Any) -> Any:
        connection = await connect(*args, **options)
        if connection is not None and "send" not in vars(connection):
            connection.send = _guarded(connection.send, check)
        return connection

    producer.client._get_conn = guarded_connect


def _guarded(send: Callable[..., Any], check: Callable[[], None]) -> Callable[..., Any]:
    def guarded_send(request: Any, *args: Any, **options: Any) -> Any:
        if isinstance(request, ProduceRequest):
            check()
        return send(request, *args, **options)

    return guarded_send
