"""A table of opaque rows: one dict a partition, written in record batches, recovered by joining."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import faust
from faust.types import TP, AppT, EventT

from undertow.agents.transport.errors import LeaseExpired
from undertow.agents.transport.producer import Record, producer_of, send_all, stop_worker
from undertow.agents.transport.spans import SpanSchema

#: Spans of a changelog that recovery collects before it applies them. Faust's default of 1000 counts events; here each
#: is thousands of records.
RECOVERY_SPANS = 4


class SpanTable(faust.Table[bytes, bytes]):
    """Rows of bytes under keys of bytes, partitioned as its source topic is.

    `source` names the topic whose partition n feeds row set n; C6 compares the two. `join(old, new)` must be
    commutative, associative and idempotent, for recovery folds every changelog record into what is there. So
    neither a record that is read twice nor the late record of a zombie worker takes a fact away. A tombstone removes.

    `log` names the changelog topic where others read it, too; else it is called as Faust calls it.

    The table registers itself with the app: one that was forgotten would run without recovery. Faust's mapping
    interface (`table[key]`) is not used.
    """

    def __init__(
        self,
        app: AppT,
        *,
        name: str,
        source: str,
        partitions: int,
        join: Callable[[bytes, bytes], bytes],
        log: str | None = None,
        **kwargs: Any,  # noqa: ANN401 -- Faust's own options
    ) -> None:
        kwargs.setdefault("recovery_buffer_size", RECOVERY_SPANS)
        super().__init__(
            app, name=name, partitions=partitions, schema=SpanSchema(), store="memory://", key_type=bytes,
            value_type=bytes, **kwargs,
        )  # fmt: skip
        self.source = source
        self.merge = join
        self._log = log
        self._rows: dict[int, dict[bytes, bytes]] = {}
        self._behind: dict[int, set[bytes]] = {}
        self._owned: set[int] = set()
        self._generation = -1
        self._written: dict[int, int] = {}
        self._stopping: set[asyncio.Task[None]] = set()
        app.tables.add(self)

    def info(self) -> Mapping[str, Any]:
        """Return what a copy would be made with."""
        return {**super().info(), "source": self.source, "join": self.merge, "log": self._log}

    def _changelog_topic_name(self) -> str:
        return self._log or super()._changelog_topic_name()

    def rows(self, partition: int) -> dict[bytes, bytes]:
        """Return the rows of a partition, to be read only. After a rebalance ask again: the dict may be another."""
        return self._rows.setdefault(partition, {})

    async def write(self, partition: int, changes: Mapping[bytes, bytes | None]) -> None:
        """Store rows (None deletes) and append them to the changelog; the producer's flush waits for them.

        Raises LeaseExpired for a partition that is not assigned, PublishFailed for a row above the request size; after
        PublishFailed the producer is poisoned, so the memory that is ahead of the changelog never counts.
        """
        if partition not in self._owned:
            raise LeaseExpired(f"partition {partition} of table {self.name} is not assigned to this worker")
        rows = self.rows(partition)
        for key, value in changes.items():
            if value is None:
                rows.pop(key, None)
            else:
                rows[key] = value
        records: Iterable[Record] = ((key, value, []) for key, value in changes.items())
        for future in await send_all(producer_of(self.app), self.changelog_topic_name, partition, records):
            future.add_done_callback(lambda done: self._on_written(partition, rows, done))

    async def repair(self, partition: int) -> int:
        """Write back the rows whose last changelog record lacks facts that earlier ones had. Returns how many.

        Such a record is a zombie's: appended late, from older state. Recovery has joined it, but only in memory, and the
        next compaction would keep it and drop the fuller ones. Call it after each recovery.
        """
        rows = self.rows(partition)
        changes: dict[bytes, bytes | None] = {
            key: rows[key] for key in self._behind.pop(partition, set()) if key in rows
        }
        if changes:
            await self.write(partition, changes)
        return len(changes)

    def _on_written(self, partition: int, rows: dict[bytes, bytes], done: asyncio.Future[Any]) -> None:
        # Rows of another assignment must not count: their offset would hide what the owner in between has written.
        if not done.cancelled() and done.exception() is None and self._rows.get(partition) is rows:
            self._written[partition] = max(self._written.get(partition, -1), done.result().offset)

    def persisted_offset(self, tp: TP) -> int | None:
        """Return a changelog offset up to which the rows in memory are complete; None where recovery must say.

        Without it every rebalance would read again all that this worker has written since its start. A broker whose log
        ends need verifying is not believed about the offsets of written batches either.
        """
        return None if cast(Any, self.app.transport).verify_ends else self._written.get(tp.partition)

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Keep the rows of partitions that stayed with this worker, drop all others and their recovery offsets.

        Stayed means through consecutive generations of the group: a worker that missed one may find the partition
        assigned again after another worker wrote to it.
        """
        log = self.changelog_topic_name
        mine = {tp.partition for tp in assigned if tp.topic == log}
        kept = mine & self._owned if generation_id == self._generation + 1 else set()
        for partition in (self._rows.keys() | self._owned) - kept:
            self._rows.pop(partition, None)
            self._behind.pop(partition, None)
            self._written.pop(partition, None)
            # Faust forgets the offset only where its own comparison says revoked; rows gone and offset kept would be
            # a recovery that starts in the middle.
            cast(Any, self.app.tables).recovery.revoke(TP(log, partition))
        self._owned, self._generation = mine, generation_id
        await super().on_rebalance(assigned, revoked, newly_assigned, generation_id)

    def apply_changelog_batch(self, batch: Iterable[EventT[Any]]) -> None:
        """Fold spans of the changelog into the rows.

        An error (a row that `join` cannot read) stops the worker: Faust's recovery logs it and goes on without the row.
        """
        try:
            for event in batch:
                tp = event.message.tp
                # Faust hands an event of a partition that is no longer recovered to whatever table came before it.
                if tp.topic == self.changelog_topic_name and tp.partition in self._owned:
                    self._fold(tp.partition, cast(Any, event.value))
        except Exception as exc:
            producer_of(self.app).fail(exc)
            task = asyncio.get_running_loop().create_task(stop_worker(self.app, exc))
            self._stopping.add(task)
            task.add_done_callback(self._stopping.discard)
            raise

    def _fold(self, partition: int, records: list[Any]) -> None:
        rows, behind = self.rows(partition), self._behind.setdefault(partition, set())
        for record in records:
            key, value = record.key, record.value
            behind.discard(key)
            if value is None:
                rows.pop(key, None)
                continue
            old = rows.get(key)
            if old is None:
                rows[key] = value
            elif old != value:
                joined = rows[key] = self.merge(old, value)
                if joined != value:
                    behind.add(key)
