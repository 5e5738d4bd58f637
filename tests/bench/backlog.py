"""The product at backlog: workers that are ready, then everything at once, and what they took until it was committed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zlib import crc32

from bench.blast import blast
from bench.child import peak_rss_mb
from bench.desk import Desk
from bench.grown import END
from bench.live import cpu, installation, leave, patiently
from bench.steady import CONTRACTS, FACTS, equilibrium
from brokers.apache import ApacheKafka
from brokers.client import Client
from integration.installation import Installation, Worker
from undertow import clients, topics, wire
from undertow.domain.agreement.contract import Contract
from undertow.simulation import World
from undertow.stages.records import Tick, encode

PARTITIONS = 8
"""Of the casebook."""
Event = tuple[str, bytes, bytes]
"""Source topic, key, value."""


class Job(NamedTuple):
    """What there is to do: events, their contracts, and the last tick (seconds)."""

    events: Sequence[Event]
    contracts: Mapping[str, Contract]
    as_of: float
    desk: Desk | None = None
    """What is in already."""


def simulated(worlds: int) -> Job:
    """Half a year each of three vendors, worlds told by time, each under names of its own."""
    told = [World(seed=seed, start=datetime(2026, 1, 1, tzinfo=UTC), days=180) for seed in range(worlds)]
    events = []
    for event, number in sorted(
        ((event, number) for number, world in enumerate(told) for event in world.events()),
        key=lambda pair: pair[0].time,
    ):
        value = wire.encode(event)
        for name in (b'"id":"', b'"ticket":"', b'"customer":"'):
            value = value.replace(name, name + b"%d-" % number, 1)
        events.append((topics.topic_of(event), b"%d-" % number + topics.key_of(event).encode(), value))
    return Job(events, told[0].contracts(), told[0].end)


def grown(tickets: int, events: int) -> Job:
    """The steady feed on a state of its own: a span holds few facts of one ticket, as where much is going on."""
    feed, begin = equilibrium(tickets, END, stride=tickets // 40)
    desk = Desk(PARTITIONS)
    desk.fill(feed.past(begin), feed.time(begin), begin)
    end = begin + round(events / FACTS)
    written = [(one.topic, one.key, one.value) for one in feed.stretch(begin, end)]
    return Job(written, CONTRACTS, feed.time(end), desk)


def work(kafka: ApacheKafka, client: Client, job: Job, workers: int = 1, sources: int = 4) -> dict[str, Any]:
    """Let ``workers`` work through a job, source topics having ``sources`` partitions."""
    events = job.events
    with installation(kafka, job.contracts, PARTITIONS) as here:
        for name in topics.SOURCES:
            client.create(here.topic(name), sources)
        here.apply()
        left = leave(here, job.desk) if job.desk is not None else 0
        team = [here.worker(ready=False) for _ in range(workers)]
        patiently(here, lambda: _dealt_out(here, team), "every worker has its partitions")
        before = [cpu(worker) for worker in team]
        begun = time.monotonic()
        blast(kafka.address, [(here.topic(topic), crc32(key) % sources, key, value) for topic, key, value in events])
        _committed(here, client, topics.SOURCES)
        casebook, last = here.topic(topics.CASEBOOK), encode(Tick(job.as_of))
        blast(kafka.address, [(casebook, p, None, last) for p in range(here.settings.casebook_partitions)])
        _committed(here, client, (topics.CASEBOOK,))
        taken = time.monotonic() - begun
        used = [cpu(worker) - start for worker, start in zip(team, before, strict=True)]
        memory = [peak_rss_mb(worker.process.pid) for worker in team]
        consumed = [worker.total("undertow_feed_consumed_total") for worker in team]
        partitions = [worker.samples("undertow_partitions").get((casebook,), 0) for worker in team]
        rows = sum(clients.ends(here.settings, topics.changelog(here.settings)).values()) - left
        kept = sum(worker.total("undertow_tickets_kept") for worker in team)
        assert sum(consumed) == len(events), f"{consumed} of {len(events)}: a rebalance, or a refused event"
    return {
        "cpu_us_per_event": round(sum(used) / len(events) * 1e6, 2),
        "events_per_second": round(len(events) / taken),
        "peak_rss_mb": max(memory),
        "events": len(events),
        "rows_per_event": round(rows / len(events), 3),
        "tickets": int(kept),
        "share_of_events": [round(part / len(events), 3) for part in consumed],
        "share_of_cpu": [round(part / sum(used), 3) for part in used],
        "casebook_partitions": [int(number) for number in partitions],
    }


def _dealt_out(here: Installation, workers: Sequence[Worker]) -> bool:
    """Whether all are ready and hold all casebook partitions among them, each at least one."""
    casebook = here.topic(topics.CASEBOOK)
    owned = [worker.samples("undertow_partitions").get((casebook,), 0.0) for worker in workers]
    ready = all(worker.get("/readyz")[0] == 200 for worker in workers)
    return ready and min(owned) > 0 and sum(owned) == here.settings.casebook_partitions


def _committed(here: Installation, client: Client, names: Sequence[str]) -> None:
    """Wait until the group has committed everything on these topics. Asks the broker: a scrape would cost the worker."""
    ends = {
        (here.topic(name), p): end for name in names for p, end in clients.ends(here.settings, here.topic(name)).items()
    }

    def all_are() -> bool:
        committed = client.committed(topics.app_id(here.settings))
        return all(committed.get(at, 0) >= end for at, end in ends.items())

    patiently(here, all_are, f"{', '.join(names)} committed to the end", every=0.5)
