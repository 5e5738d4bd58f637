"""Faust's aiokafka driver, made strict: nothing is committed before the broker has what it stands for.

The rules, each named where it stands:

P1 a flush waits for the broker's acks and raises the first failure (producer).
P2 acks=all and an idempotent producer (producer).
P3 a publish that raises settles its future (producer).
C1 commit before revoke, bounded by half the session (consumer).
C2 a commit is the contiguous acked prefix of what was delivered (unsettled).
C3 no write to a socket when the last good heartbeat is too old (lease, thread, gate).
C4 a free buffer wakes the fetch at once (delivery).
C5 sources deliver nothing between a revoke and the seek, and the seek names every partition (delivery, consumer).
C6 a table's changelog and its source are assigned together, or the worker stops (consumer).
C7 an agent's error stops the worker without a commit, and what a cancelled agent had in hand is not done (spans, consumer).
C8 small fetches of what others fill are paced (delivery).
C9 a worker with a seat of its own ends when another takes it, and leaves it when it ends on a failure (seat, thread).
C10 what the broker dropped before it was read is said, and a log that began anew is read anew (delivery).
C11 a worker that its group refuses ends and says why (thread).
C12 a header's name that is no UTF-8 fails no fetch (headers).
"""

from undertow.agents.transport.consumer import Consumer
from undertow.agents.transport.driver import EmbeddedTransport, Transport
from undertow.agents.transport.errors import (
    LeaseExpired,
    LogBeganAnew,
    MissingChangelog,
    NotWritten,
    PublishFailed,
    SeatLost,
)
from undertow.agents.transport.producer import Producer, Record, send_all, stop_worker
from undertow.agents.transport.spans import Span, SpanSchema, rounds, spans
from undertow.agents.transport.table import SpanTable

__all__ = [
    "Consumer",
    "EmbeddedTransport",
    "LeaseExpired",
    "LogBeganAnew",
    "MissingChangelog",
    "NotWritten",
    "Producer",
    "PublishFailed",
    "Record",
    "SeatLost",
    "Span",
    "SpanSchema",
    "SpanTable",
    "Transport",
    "rounds",
    "send_all",
    "spans",
    "stop_worker",
]
