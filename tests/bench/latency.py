"""``make bench-latency``: from the broker's append to the changed figure, and CPU an event, at a steady rate.

The figure is ``undertow_tickets`` of all days, which every ``ticket.opened`` changes at once. The k-th append of a vendor's
openings (by the broker's own clock) is seen when the figure first reads k. CPU is taken in a stretch with the usual scrape
every 15 s; latency in another, for the polls that see the change cost the worker CPU of their own.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from bench.child import peak_rss_mb
from bench.job import PATHS
from bench.live import cpu, installation, patiently
from bench.results import part, say
from bench.steady import CONTRACTS
from brokers.apache import ApacheKafka
from brokers.client import Client
from integration.installation import Installation, Worker
from undertow import clients, topics
from undertow.stages.records import CellSaid, decode_for_ledger

RATE = float(os.environ.get("RATE", "2000"))
SECONDS = float(os.environ.get("DURATION", "40"))
WARM = 10.0
"""Seconds: until tickets at every step of their life are in the feed."""
IDLE = 15.0
SCRAPE = 15.0
LAST = 10.0
"""Seconds for what was appended last to be seen."""
POLL = 0.1
"""Seconds between two looks at /metrics: latencies are too high by up to so much, never too low."""
FIGURE = re.compile(
    r'^undertow_tickets\{(?=[^}]*segment="all")(?=[^}]*window="all")[^}]*vendor="(\w+)"[^}]*\} (\S+)', re.M
)
OPENING = b'"undertow.ticket.opened"'
Reading = tuple[float, int]
"""When (seconds since 1970), and how many openings were counted by then."""


def delays(appended: Sequence[float], readings: Iterable[Reading], since: float, until: float) -> list[float]:
    """Seconds from each append in [since, until) to the first reading that counts it; both in order of time."""
    waiting = bisect_left(appended, since)
    end = bisect_left(appended, until)
    found = []
    for at, count in readings:
        while waiting < min(count, end):
            found.append(at - appended[waiting])
            waiting += 1
    if waiting < end:
        raise RuntimeError(f"{end - waiting} openings were never seen in the figure")
    return found


def percentiles(found: Sequence[float]) -> dict[str, float]:
    """Seconds."""
    ordered = sorted(found)
    return {
        "p50": round(statistics.median(ordered), 3),
        "p99": round(ordered[int(len(ordered) * 0.99)], 3),
        "max": round(ordered[-1], 3),
        "n": len(ordered),
    }


class Stretch(NamedTuple):
    """A time of the run (seconds since 1970), and the worker's CPU seconds in it."""

    begin: float
    end: float
    cpu: float


def costs(worker: Worker, do: Callable[[], None]) -> Stretch:
    """What the worker uses while something is done."""
    begin, before = time.time(), cpu(worker)
    do()
    return Stretch(begin, time.time(), cpu(worker) - before)


def scraping(worker: Worker, seconds: float, every: float, readings: dict[str, list[Reading]] | None = None) -> None:
    """Scrape for so long; note what the figure reads."""
    begun = time.monotonic()
    while (left := begun + seconds - time.monotonic()) > 0:
        asked = time.monotonic()
        _, text = worker.get("/metrics")
        if readings is not None:
            for vendor, value in FIGURE.findall(text):
                readings[vendor].append((time.time(), int(float(value))))
        time.sleep(max(0.0, min(left, asked + every - time.monotonic())))


def appends(here: Installation) -> tuple[dict[str, list[float]], list[float]]:
    """When the broker took each vendor's openings, and every event. Seconds since 1970, ascending."""
    openings: defaultdict[str, list[float]] = defaultdict(list)
    every: list[float] = []
    for name in (topics.TICKETS, topics.CLAIMS):
        for record in clients.read(here.settings, here.topic(name)):
            every.append(record.timestamp / 1000)
            if OPENING in record.value:
                openings[record.key.decode().partition("-")[0]].append(record.timestamp / 1000)
    return {vendor: sorted(times) for vendor, times in openings.items()}, sorted(every)


def cells_said(here: Installation) -> dict[str, list[Reading]]:
    """How many openings of each vendor the cells topic told of, by when the broker took the cells."""
    opened: defaultdict[str, dict[Any, int]] = defaultdict(dict)
    total: defaultdict[str, int] = defaultdict(int)
    readings: defaultdict[str, list[Reading]] = defaultdict(list)
    for record in clients.read(here.settings, here.topic(topics.CELLS)):
        said = decode_for_ledger(record.value)
        if isinstance(said, CellSaid):
            vendor, cell = said.key.vendor, (said.partition, said.key)
            total[vendor] += said.counts.opened - opened[vendor].get(cell, 0)
            opened[vendor][cell] = said.counts.opened
            readings[vendor].append((record.timestamp / 1000, total[vendor]))
    return readings


def feed(kafka: ApacheKafka, here: Installation, seconds: float) -> subprocess.Popen[bytes]:
    """Start the producer, a process of its own."""
    say(f"{RATE:,.0f} events a second for {seconds:.0f} s")
    return subprocess.Popen(
        [sys.executable, "-m", "bench.paced", kafka.address, here.settings.namespace, str(RATE), str(seconds)],
        env={**os.environ, "PYTHONPATH": PATHS},
    )


def measure(kafka: ApacheKafka, client: Client, here: Installation) -> dict[str, Any]:
    """One worker: idle, fed, fed and looked at all the time."""
    by_the_broker = {"message_timestamp_type": "LogAppendTime"}
    for name in (topics.TICKETS, topics.CLAIMS):
        client.create(here.topic(name), here.settings.source_partitions, **by_the_broker)
    client.create(here.topic(topics.CELLS), 1, cleanup_policy="compact", **by_the_broker)
    here.apply()
    worker = here.worker("--clock", "wall", ready=False)
    patiently(here, lambda: worker.get("/readyz")[0] == 200, "the worker is ready")
    time.sleep(2)
    idle = costs(worker, lambda: scraping(worker, IDLE, SCRAPE))
    producer = feed(kafka, here, WARM + 2 * SECONDS)
    try:
        scraping(worker, WARM, SCRAPE)
        steady = costs(worker, lambda: scraping(worker, SECONDS, SCRAPE))
        readings: defaultdict[str, list[Reading]] = defaultdict(list)
        polled = costs(worker, lambda: scraping(worker, SECONDS, POLL, readings))
        scraping(worker, LAST, POLL, readings)  # what was appended last has still to be seen
        if producer.wait(120):
            raise RuntimeError(f"the producer ended with {producer.returncode}")
    finally:
        producer.kill()
        producer.wait()
    openings, every = appends(here)
    said = cells_said(here)

    def events(stretch: Stretch) -> int:
        return bisect_left(every, stretch.end) - bisect_left(every, stretch.begin)

    def delayed(readings: dict[str, list[Reading]], stretch: Stretch) -> list[float]:
        found = (delays(times, readings[vendor], stretch.begin, stretch.end) for vendor, times in openings.items())
        return [seconds for vendor in found for seconds in vendor]

    return {
        "events_per_second": round(events(steady) / (steady.end - steady.begin)),
        "cpu_us_per_event": round(steady.cpu / events(steady) * 1e6, 2),
        "cpu_us_per_event_while_polled": round(polled.cpu / events(polled) * 1e6, 2),
        "idle_cpu_share_of_a_core": round(idle.cpu / (idle.end - idle.begin), 4),
        "append_to_metrics_seconds": percentiles(delayed(readings, polled)),
        "append_to_cells_topic_seconds": percentiles(delayed(said, steady)),
        "polled_every_seconds": POLL,
        "peak_rss_mb": peak_rss_mb(worker.process.pid),
    }


def main() -> None:
    with part("latency") as found, ApacheKafka() as kafka:
        client = Client(kafka)
        with installation(kafka, CONTRACTS) as here:
            found.update(measure(kafka, client, here))
        client.close()
    for name in ("append_to_cells_topic_seconds", "append_to_metrics_seconds"):
        sys.stdout.write(f"{name}: {found[name]}\n")
    words = f"{found['cpu_us_per_event']} us CPU an event at {found['events_per_second']:,} events a second"
    sys.stdout.write(f"{words}; idle {found['idle_cpu_share_of_a_core']:.1%} of a core\n")


if __name__ == "__main__":
    main()
