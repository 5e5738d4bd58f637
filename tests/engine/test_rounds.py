"""What waits together is handled together, and what others fill is fetched at a pace."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import faust
import pytest
from faust.events import Event
from faust.types import TP, ConsumerMessage

from undertow.agents.transport import Span, SpanSchema, Transport, rounds

SIZE = 10
"""Bytes of a record's value."""


class Bench:
    """An app without a broker, one agent, and a queue of spans of two records each."""

    def __init__(self, handle: Callable[[list[Span]], Any], **options: int) -> None:
        self.app = faust.App("rounds", broker="undertow://127.0.0.1:1", table_standby_replicas=0)
        self.app.finalize()
        self.app.flow_control.resume()
        self._body = rounds(self.app, handle, **options)
        self._at = 0

    async def __aenter__(self) -> Bench:
        self.app.topics.add(self.app.topic("t"))
        await self.app.topics._update_indices()
        self.stream = self.app.stream(self.app.channel())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.agent.cancel()
        await asyncio.wait([self.agent])

    def put(self, partition: int, *, generation: int | None = None) -> None:
        """A span waits."""
        self._at += 1
        now = self.app.consumer_generation_id
        message = ConsumerMessage(
            "t", partition, self._at, 0.0, 0, None, None, [SimpleNamespace(value=b"x" * SIZE)] * 2, None,
            tp=TP("t", partition), generation_id=now if generation is None else generation,
        )  # fmt: skip
        message.incref()
        self.stream.channel.queue.put_nowait(Event(self.app, None, message.value, None, message))

    async def run(self) -> None:
        """Let the agent handle what waits."""
        self.agent = asyncio.create_task(self._body(self.stream))
        await asyncio.sleep(0.05)

    def acked(self) -> dict[int, set[int]]:
        """The acked offsets by partition."""
        return {tp.partition: set(offsets) for tp, offsets in self.app.consumer._acked_index.items() if offsets}


def test_what_waits_is_one_round_and_is_acked_together_when_it_is_done() -> None:
    """Not before: a crash in the middle of a round must bring all of it back."""
    seen: list[list[tuple[int, int]]] = []
    early: list[dict[int, set[int]]] = []

    async def main() -> None:
        async def handle(those: list[Span]) -> None:
            seen.append([(span.partition, span.offset) for span in those])
            await asyncio.sleep(0)
            early.append(bench.acked())

        bench = Bench(handle)
        async with bench:
            for partition in (0, 1, 0):
                bench.put(partition)
            await bench.run()
            assert bench.acked() == {0: {1, 3}, 1: {2}}
            assert not bench.app.consumer.unacked

    asyncio.run(main())
    assert seen == [[(0, 1), (1, 2), (0, 3)]]
    assert early == [{}]


def test_a_round_is_bounded_by_bytes() -> None:
    """A worker's loop stands still for a round, however much waits."""
    sizes: list[int] = []

    async def main() -> None:
        async def handle(those: list[Span]) -> None:
            sizes.append(len(those))

        async with Bench(handle, most=5 * SIZE) as bench:
            for partition in range(7):
                bench.put(partition)
            await bench.run()

    asyncio.run(main())
    assert sizes == [3, 3, 1], "two records a span: the third goes over the bound and ends the round"


def test_what_was_fetched_before_a_rebalance_is_in_no_round() -> None:
    """Its partition may be another worker's by now; it comes again from the committed offset."""
    seen: list[int] = []

    async def main() -> None:
        async def handle(those: list[Span]) -> None:
            seen.extend(span.partition for span in those)

        async with Bench(handle) as bench:
            bench.put(0)
            bench.put(1, generation=bench.app.consumer_generation_id - 1)
            bench.put(2)
            await bench.run()
            assert bench.acked() == {0: {1}, 2: {3}}
            assert not bench.app.consumer.unacked

    asyncio.run(main())
    assert seen == [0, 2]


@pytest.mark.parametrize("how", ["fails", "is cancelled"])
def test_a_round_that_is_not_finished_is_not_acked(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """C7, for every span of it: a rebalance waits for them, and no commit covers them."""
    stopped: list[BaseException] = []

    async def stop(app: faust.App, exc: BaseException) -> None:
        stopped.append(exc)

    monkeypatch.setattr(sys.modules[Span.__module__], "stop_worker", stop)

    async def main() -> None:
        async def handle(those: list[Span]) -> None:
            if how == "fails":
                raise ValueError("told to fail")
            await asyncio.sleep(60)

        async with Bench(handle) as bench:
            bench.put(0)
            bench.put(1)
            await bench.run()
            if how == "is cancelled":
                bench.agent.cancel()
                await asyncio.wait([bench.agent])
                await asyncio.sleep(0.05)  # the loop closes what the agent has left open: there Faust would ack
            assert len(bench.app.consumer.unacked) == 2
            assert bench.acked() == {}

    asyncio.run(main())
    assert [str(exc) for exc in stopped] == (["told to fail"] if how == "fails" else [])


def test_small_fetches_of_what_others_fill_are_paced_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """C8. What the app writes for itself follows from what was fetched: waiting again would only add up."""
    monkeypatch.setattr(Transport, "pace", 0.3)

    async def main() -> None:
        app = faust.App("pace", broker="undertow://127.0.0.1:1", table_standby_replicas=0)
        app.finalize()
        app.topics.add(app.topic("theirs", schema=SpanSchema(paced=True)))
        app.topics.add(app.topic("ours", schema=SpanSchema()))
        await app.topics._update_indices()
        consumer, theirs, ours = app.consumer, TP("theirs", 0), TP("ours", 0)

        async def fetched(*found: tuple[TP, int]) -> tuple[set[TP], float]:
            consumer._note({tp: [object()] * n for tp, n in found})
            return await consumer._paced({theirs, ours}, 0.2)

        assert await fetched((theirs, 1)) == ({ours}, 0.2)
        begun = time.monotonic()
        assert await consumer._paced({theirs}, 0.2) == ({theirs}, 0.2), "nothing else to look at: it waits"
        assert time.monotonic() - begun > 0.2
        assert await fetched((ours, 5000)) == ({theirs, ours}, 0.2), "its pace is over"
        assert await fetched((theirs, 1000)) == ({theirs, ours}, 0.2), "a backlog is not paced"
        wanted, most = await fetched((theirs, 999))
        await asyncio.sleep(0.2)
        assert (wanted, most) == ({ours}, 0.2)
        wanted, most = await consumer._paced({theirs, ours}, 0.2)
        assert wanted == {ours}
        assert most < 0.1, "it looks at the others until the pace is over"

    asyncio.run(main())
