"""``make bench``: the peers' job on our transport beside the floor, and the product's own job, in one run on one broker.

CPU an event and ratios, never a time to pass or fail on: these machines are shared. Prints a table and writes
``results.json``. The peers of other engines need installations of their own and are run beside this by hand.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from kafka import KafkaProducer

from bench.feed import PARTITIONS, encoded
from brokers.apache import ApacheKafka
from brokers.client import Client
from integration.installation import Installation
from undertow import topics, wire
from undertow.cli.importing import tick
from undertow.clients import Publisher
from undertow.simulation import World

HERE = Path(__file__).parent
EVENTS = int(os.environ.get("EVENTS", "300000"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
SOURCE = "bench-source"
PATHS = os.pathsep.join(str(path) for path in (HERE.parent, HERE.parents[1] / "streams"))


def say(words: str) -> None:
    sys.stderr.write(words + "\n")


def process(module: str, *arguments: str, **environment: str) -> dict[str, Any]:
    """Run one process of the comparison and read its line."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env={**os.environ, "PYTHONPATH": PATHS, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if "{" in line]
    if done.returncode or not lines:
        raise RuntimeError(f"{module}: {done.stdout[-500:]}{done.stderr[-2000:]}")
    answer: dict[str, Any] = json.loads(lines[-1][lines[-1].index("{") :])
    return answer


def floor(kafka: ApacheKafka, _: Client) -> dict[str, Any]:
    return process("bench.floor", kafka.address, SOURCE, str(EVENTS))


def ours(kafka: ApacheKafka, client: Client) -> dict[str, Any]:
    run = f"bench-{time.monotonic_ns()}"
    client.create(f"{run}-by-customer", PARTITIONS)
    client.create(f"{run}-customers-changelog", PARTITIONS)
    time.sleep(1)
    return process("bench.ours", BROKER=kafka.address, RUN=run, SOURCE=SOURCE, N=str(EVENTS))


def product(kafka: ApacheKafka, _: Client) -> dict[str, Any]:
    """The whole product at backlog: a worker that finds simulated years on its topics."""
    worlds = [World(seed=seed, start=datetime(2026, 1, 1, tzinfo=UTC), days=180) for seed in range(10)]
    with tempfile.TemporaryDirectory() as folder:
        here = Installation(kafka, Path(folder), worlds[0].contracts())
        here.apply()
        n = 0
        with Publisher(here.settings) as publisher:
            for number, world in enumerate(worlds):
                for event in world.events():
                    value = wire.encode(event).replace(b'"id":"', f'"id":"{number}-'.encode(), 1)
                    value = value.replace(b'"ticket":"', f'"ticket":"{number}-'.encode(), 1)
                    value = value.replace(b'"customer":"', f'"customer":"{number}-'.encode(), 1)
                    publisher.send(here.topic(topics.topic_of(event)), value, key=topics.key_of(event).encode())
                    n += 1
            tick(publisher, here.settings, worlds[0].end)
        worker = here.worker(ready=False)
        process_ = psutil.Process(worker.process.pid)
        begun: float | None = None
        while True:
            used = sum(process_.cpu_times()[:2])
            consumed = worker.total("undertow_feed_consumed_total")
            if begun is None and worker.get("/readyz")[0] == 200:
                begun = used  # start-up is over; what was folded before is counted as nothing, so the figure is a little low
                first = consumed
            if begun is not None and consumed >= n and worker.total("undertow_lag_records") == 0:
                break
            time.sleep(1.0 if begun is not None else 0.1)  # a scrape costs CPU of the worker, too
        used = sum(process_.cpu_times()[:2]) - begun
        memory = process_.memory_info().rss
        tickets = worker.total("undertow_tickets_kept")
        here.close()
    return {
        "cpu_us_per_event": round(used / (n - first) * 1e6, 2),
        "peak_rss_mb": memory // 1024**2,
        "events": n,
        "tickets": int(tickets),
    }


def main() -> None:
    kafka = ApacheKafka()
    kafka.start()
    client = Client(kafka)
    client.create(SOURCE, PARTITIONS)
    say(f"publishing {EVENTS:,} events")
    producer = KafkaProducer(
        bootstrap_servers=kafka.address,
        compression_type="lz4",
        linger_ms=50,
        batch_size=200_000,
        enable_idempotence=False,
    )
    for key, value in encoded(EVENTS):
        producer.send(SOURCE, key=key, value=value)
    producer.close()
    found: dict[str, list[dict[str, Any]]] = {"floor": [], "ours": [], "product": []}
    for turn in range(ROUNDS):
        for name, job in (("floor", floor), ("ours", ours), ("product", product)):
            found[name].append(job(kafka, client))
            say(f"{turn + 1}/{ROUNDS} {name}: {found[name][-1]}")
    client.close()
    kafka.stop()
    states = {run["state"] for name in ("floor", "ours") for run in found[name]}
    ratios = [a["cpu_us_per_event"] / b["cpu_us_per_event"] for a, b in zip(found["ours"], found["floor"], strict=True)]
    results = {
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "events": EVENTS,
        "states_equal": len(states) == 1,
        "ours_over_floor_median": round(statistics.median(ratios), 2),
        "runs": found,
    }
    (HERE / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    for name, runs in found.items():
        sys.stdout.write(
            f"{name:8} {statistics.median(run['cpu_us_per_event'] for run in runs):6.2f} us CPU an event\n"
        )
    sys.stdout.write(f"ours / floor {results['ours_over_floor_median']}, states equal: {results['states_equal']}\n")
    sys.exit(len(states) != 1)


if __name__ == "__main__":
    main()
