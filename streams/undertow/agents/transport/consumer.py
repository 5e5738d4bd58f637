"""Positions, commits and rebalances: C1, C2, C5's seek, C6 and C7."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, cast

from faust.exceptions import ImproperlyConfigured
from faust.types import TP, Message
from faust.types.enums import ProcessingGuarantee

from undertow.agents.transport.delivery import Delivery
from undertow.agents.transport.errors import MissingChangelog
from undertow.agents.transport.lease import Lease
from undertow.agents.transport.producer import stop_worker
from undertow.agents.transport.thread import ConsumerThread

#: C1: part of the session timeout (ratio) which agents, flush and commit get before partitions are given back.
SETTLE_RATIO = 0.5


class Consumer(Delivery):
    """Faust's consumer under the strict rules. A source is every assigned partition that is not a changelog."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        conf = self.app.conf
        if conf.consumer_auto_offset_reset != "earliest":
            raise ImproperlyConfigured("consumer_auto_offset_reset must be 'earliest': anything else skips records")
        if conf.table_standby_replicas:
            raise ImproperlyConfigured("table_standby_replicas must be 0: standby recovery is not under these rules")
        if cast(ProcessingGuarantee, conf.processing_guarantee) is not ProcessingGuarantee.AT_LEAST_ONCE:
            raise ImproperlyConfigured(
                "processing_guarantee must be at_least_once: transactions are not under these rules"
            )
        if not conf.stream_wait_empty:
            raise ImproperlyConfigured("stream_wait_empty must be on: agents would write on after a revoke")
        self.lease = Lease(conf.broker_session_timeout)
        self.commits = 0
        """How often offsets were committed: a watcher sees that the worker makes progress."""
        self._goals: dict[TP, int] = {}

    # -- What the app asks

    def lag(self) -> dict[TP, int]:
        """Records between the first one not settled and the end of the log, for each assigned source partition.

        Settled is handled by the agent, committed or not. No I/O: log ends are the last fetched ones; a partition of
        which none was fetched yet is absent.
        """
        lags: dict[TP, int] = {}
        for tp in self._sources():
            settled, end = self.unsettled.next(tp, self._acked_index.get(tp, ())), self.marks(tp)[1]
            if settled is not None and end is not None:
                lags[tp] = max(0, end - settled)
        return lags

    def progress(self) -> tuple[dict[TP, int], dict[TP, int]]:
        """Next offset to commit, and last known log end, of each assigned source partition whose offsets are committed."""
        own = [tp for tp in self._sources() if self.app.topics.acks_enabled_for(tp.topic)]
        committed = {tp: at for tp in own if (at := self.unsettled.next(tp)) is not None}
        return committed, {tp: end for tp in committed if (end := self.marks(tp)[1]) is not None}

    def caught_up(self, tp: TP) -> bool:
        """Whether a partition of a topic without acks was handled up to the log end which it had at its assignment.

        Such a topic is read from its beginning at every assignment, by an agent made with `spans`. False before the
        first seek, during a rebalance, and for a partition that is not assigned.
        """
        goal, settled = self._goals.get(tp), self.unsettled.next(tp)
        return self.sources_open and goal is not None and settled is not None and settled >= goal

    def handled(self, message: Message) -> None:
        """Note that an agent is done with a message. `spans` calls this; Faust's own acks skip topics without acks."""
        current = message.generation_id == self.app.consumer_generation_id
        if current and not self.app.topics.acks_enabled_for(message.topic):
            self.unsettled.handled(message.tp, message.offset)

    def _sources(self) -> set[TP]:
        logs = self.app.tables.changelog_topics
        return {tp for tp in self.assignment() if tp.topic not in logs}

    # -- Positions: C5

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Seek changelogs for a recovery, when no fetch from before is under way.

        Such a fetch would take records from after the seek and drop them as records of an old assignment.
        """
        async with self.fetching:
            await super().seek_wait(partitions)

    async def perform_seek(self) -> None:
        """C5: seek every source partition to its committed offset, or to its beginning where nothing is committed.

        Faust seeks only where something is committed. A record that was fetched and dropped before this seek would then
        be lost on a new topic, and a topic without acks would not be read again.
        """
        epoch = self._close_sources()
        async with self.fetching:
            self._goals.clear()
            sources = self._sources()
            committed = {tp: offset for tp, offset in (await self.seek_to_committed()).items() if offset and offset > 0}
            fresh = {tp for tp in sources if tp not in committed}
            starts = dict(committed)
            if fresh:
                starts |= await cast(ConsumerThread, self._thread).start_of_log(fresh)
            unacked = {tp for tp in fresh if not self.app.topics.acks_enabled_for(tp.topic)}
            ends = await self.highwaters(*unacked) if unacked else {}
            for tp in sources:
                self._forget({tp})
                self._read_offset[tp] = self._committed_offset[tp] = committed.get(tp)
                self.unsettled.start(tp, starts[tp])
                if tp in unacked:
                    self._goals[tp] = ends[tp]
            # Not where a rebalance has begun meanwhile: it ends with a seek of its own.
            self.sources_open = self.epoch == epoch

    def _close_sources(self) -> int:
        self.sources_open = False
        self.epoch += 1
        return self.epoch

    # -- Commits: C2

    def _new_offset(self, tp: TP) -> int | None:
        self._acked[tp].clear()
        return self.unsettled.settle(tp, self._acked_index[tp], self._committed_offset[tp])

    async def _commit_offsets(self, offsets: Mapping[TP, int], start_new_transaction: bool = True) -> bool:
        committed = await super()._commit_offsets(offsets, start_new_transaction)
        self.commits += committed
        return committed

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """C2 needs no gaps."""

    # -- Rebalances: C1, C6, and C7 for agents that were not made with `spans`

    async def on_task_error(self, exc: BaseException) -> None:
        """C7: stop without a commit. Faust commits here, and the failed event with it."""
        await stop_worker(self.app, exc)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """C6: go on only if each table's changelog is here with its source, both with the table's partitions.

        A topic that the group's leader did not know when it assigned stays unassigned for the leader's life. Faust then
        runs the table without recovery, or waits for records of a source that nobody reads.
        """
        self._close_sources()
        for table in self.app.tables.values():
            source, log = getattr(table, "source", None), table.changelog_topic_name
            if source is None:
                continue
            here = {tp.partition for tp in assigned if tp.topic == log}
            read = {tp.partition for tp in assigned if tp.topic == source}
            if read != here or any(partition >= table.partitions for partition in read):
                text = (
                    f"assigned are partitions {sorted(read)} of {source} but {sorted(here)} of {log}: either one of the "
                    f"two does not exist with {table.partitions} partitions, or the group dealt out by what it knew "
                    "before a broker's restart. Create what is missing; if nothing is, just start the worker again."
                )
                await stop_worker(self.app, MissingChangelog(text))
                return
        await super().on_partitions_assigned(assigned, generation_id)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """C1: let agents finish, flush, commit, and only then forget what was acked.

        Faust drops the acks first, so each rebalance replays everything since the last commit.
        """
        self._close_sources()
        if revoked and not self.should_stop:
            budget = self.app.conf.broker_session_timeout * SETTLE_RATIO
            self.app.flow_control.suspend()
            self.stop_flow()
            self.app.flow_control.clear()
            try:
                await asyncio.wait_for(self._settle(), budget)
            except TimeoutError:
                self.log.warning("revoke: agents not done in %.1f s, their offsets are not committed", budget)
            except Exception as exc:
                await stop_worker(self.app, exc)
        await super().on_partitions_revoked(revoked)
        self._forget(revoked)

    async def _settle(self) -> None:
        await self.wait_empty()
        await self.maybe_wait_for_commit_to_finish()
        await self.commit(start_new_transaction=False)
