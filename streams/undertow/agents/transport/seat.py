"""C9: a worker that keeps its seat while it is restarted (KIP-345), and ends when another sits on it.

The group gives a seat to whoever asks for it last, at once and without a rebalance. aiokafka 0.14 tells the group its
instance id only when it joins, so the one before hears from a heartbeat or a commit that it is unknown, knows no such
error as FENCED_INSTANCE_ID, and joins again: two workers with one id would take the seat from each other for ever.
"""

# ruff: noqa: ANN401 -- aiokafka is untyped: its requests and answers are Any
from __future__ import annotations

import asyncio
from typing import Any

from aiokafka.errors import NoError, UnknownMemberIdError
from aiokafka.protocol.commit import OffsetCommitRequest
from aiokafka.protocol.group import SyncGroupRequest

from undertow.agents.transport.errors import SeatLost
from undertow.agents.transport.lease import Lease

#: FENCED_INSTANCE_ID of Kafka's protocol; aiokafka has no name for it.
FENCED = 82
GONE = (UnknownMemberIdError.errno, FENCED)
#: Seconds by which each request after the loss is held back: aiokafka tries again ten times a second.
HOLD = 1.0


class Seat:
    """The seat of one process. `lost` says why it is gone; then nothing is asked of the group any more."""

    def __init__(self, name: str, session_timeout: float, lease: Lease) -> None:
        self.name, self.session_timeout, self.lease = name, session_timeout, lease
        self.lost: SeatLost | None = None

    async def guard(self) -> None:
        """Raise SeatLost where the seat is lost: a join would take it back from whoever has it."""
        if self.lost is not None:
            await asyncio.sleep(HOLD)
            raise self.lost

    def look(self, request: Any, answer: Any) -> SeatLost | None:
        """Whether an answer of the group says, for the first time, that the seat is another's."""
        if self.lost is None and any(code in GONE for code in _codes(request, answer)):
            age = self.lease.age
            if age is None or age < self.session_timeout:
                why = "another worker joined with the same --instance-id; each worker needs its own"
            else:
                why = f"no heartbeat came through for {age:.0f} s, so others may have its partitions; start it again"
            self.lost = SeatLost(f"the group does not know this worker as {self.name} any more: {why}")
            return self.lost
        return None


def _codes(request: Any, answer: Any) -> list[int]:
    if isinstance(request, OffsetCommitRequest):
        return [code for _, partitions in answer.topics for _, code in partitions]
    return [getattr(answer, "error_code", NoError.errno)]


async def watch_topics(coordinator: Any, request: Any, answer: Any) -> None:
    """Let a member that was not asked to deal out notice that one of its topics has grown, and join again.

    aiokafka's leader alone notices. A leader that comes back to its seat is told that it is none, though the group still
    takes it for one: nobody would notice any more, and the new partitions would not be read before the next rebalance.
    """
    follows = coordinator._group_subscription is None
    if isinstance(request, SyncGroupRequest) and answer.error_code == NoError.errno and follows:
        await coordinator._client._maybe_wait_metadata()
        coordinator._group_subscription = set(coordinator._subscription.topics)
        coordinator._metadata_snapshot = coordinator._get_metadata_snapshot()
