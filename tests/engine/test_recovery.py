"""What a table holds after a recovery, and after its partitions have left."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace

import faust
from faust.types import TP

from engine.conftest import Life
from engine.harness import APACHE, PARTITIONS, Scene, events, until
from undertow.agents.transport import SpanTable


def test_stock_recovery_lets_a_zombies_late_record_win(life: Life) -> None:
    """The changelog holds a, b and c of the key, and then once more the a of a worker that was paused."""
    recovered = next(report for report in life.first if report["what"] == "recovered")
    assert recovered["short"] == {"k": ["a"]}


def test_our_recovery_joins_and_brings_back_every_key(scene: Scene) -> None:
    """A zombie's older row comes last and takes nothing away; a deleted key has only what came after.

    The keys come as one batch, of which the embedded broker's listed log end covers the first record only.
    """
    scene.create_changelog()
    row = [json.dumps(ids).encode() for ids in (["a"], ["b", "c"], ["a", "b", "c"])]
    joined = [(b"k", row[1]), (b"k", row[2]), (b"k", row[0])]
    deleted = [(b"x", row[0]), (b"x", None), (b"y", row[1]), (b"y", None), (b"y", row[0])]
    scene.client.send(scene.changelog, 1, joined + deleted)
    for partition in range(PARTITIONS):
        scene.client.send(scene.changelog, partition, [(b"n%d.%d" % (partition, i), row[0]) for i in range(10_000)])
    worker = scene.start()
    until(lambda: worker.reports("recovered"), worker)
    (recovered,) = worker.reports("recovered")
    assert recovered["short"] == {"k": ["a", "b", "c"], "y": ["a"]}
    assert recovered["count"] == PARTITIONS * 10_000 + 2


@APACHE
def test_a_row_that_recovery_cannot_read_stops_the_worker(scene: Scene) -> None:
    scene.create_changelog()
    scene.client.send(scene.changelog, 0, [(b"k", b'["a"]'), (b"k", b"not JSON")])
    scene.client.send(scene.source, 0, events(0, 10))
    worker = scene.start()
    assert worker.exit_code() != 0
    assert "JSONDecodeError" in worker.log.read_text()
    assert not worker.reports("span")
    assert not scene.client.committed(scene.group)


def test_stock_memory_table_keeps_the_keys_of_partitions_that_left() -> None:
    """A key which an agent wrote has no partition on record, so no rebalance removes it."""

    async def main() -> None:
        app = faust.App("stays", broker="kafka://127.0.0.1:1", store="memory://", table_standby_replicas=0)
        table = app.Table("book", default=int, partitions=2)
        app.finalize()
        logs = {TP(table.changelog_topic_name, partition) for partition in range(2)}
        await table.on_rebalance(logs, set(), logs, 1)
        table.data["written"] = 1
        await table.on_rebalance(set(), logs, set(), 2)
        await table.on_recovery_completed(set(), set())
        assert dict(table.data) == {"written": 1}

    asyncio.run(main())


def test_stock_memory_table_loses_a_key_that_was_deleted_and_set_to_nothing_again() -> None:
    async def main() -> None:
        app = faust.App("falsy", broker="kafka://127.0.0.1:1", store="memory://")
        table = app.Table("book", default=int)
        app.finalize()
        records = [SimpleNamespace(key="k", value=v, message=SimpleNamespace(value=raw, partition=0)) for v, raw in
                   ((None, None), (0, b"0"))]  # fmt: skip
        table.apply_changelog_batch(records)
        assert "k" not in table.data

    asyncio.run(main())


def test_our_table_drops_the_rows_of_partitions_that_left() -> None:
    """And of those that came back after a generation in which another worker may have had them."""

    async def main() -> None:
        app = faust.App("leaves", broker="undertow://127.0.0.1:1", store="memory://", table_standby_replicas=0)
        table = SpanTable(app, name="book", source="src", partitions=2, join=max)
        app.finalize()
        logs = [TP(table.changelog_topic_name, partition) for partition in range(2)]
        await table.on_rebalance(set(logs), set(), set(logs), 1)
        for partition in range(2):
            records = [SimpleNamespace(key=key, value=b"") for key in (b"stays", b"goes")]
            records.append(SimpleNamespace(key=b"goes", value=None))
            span = SimpleNamespace(value=records, message=SimpleNamespace(tp=logs[partition]))
            table.apply_changelog_batch([span])
        await table.on_rebalance({logs[1]}, {logs[0]}, set(), 2)
        assert (table.rows(0), table.rows(1)) == ({}, {b"stays": b""})
        await table.on_rebalance({logs[1]}, set(), set(), 4)
        assert table.rows(1) == {}

    asyncio.run(main())
