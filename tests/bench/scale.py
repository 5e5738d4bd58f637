"""``make bench-scale``: one, two and four workers on eight partitions, at backlog: CPU an event, and who did how much."""

from __future__ import annotations

import os
import statistics
import sys
from typing import Any

from bench.backlog import simulated, work
from bench.results import part, say
from bench.run import WORLDS
from brokers.apache import ApacheKafka
from brokers.client import Client

WORKERS = [int(n) for n in os.environ.get("WORKERS", "1,2,4").split(",")]
ROUNDS = int(os.environ.get("ROUNDS", "3"))


def main() -> None:
    with part("scale") as found:
        job = simulated(WORLDS)
        runs: dict[str, list[dict[str, Any]]] = {str(n): [] for n in WORKERS}
        with ApacheKafka() as kafka:
            client = Client(kafka)
            for turn in range(ROUNDS):
                for n in WORKERS:
                    runs[str(n)].append(work(kafka, client, job, n, sources=8))
                    say(f"{turn + 1}/{ROUNDS} {n} workers: {runs[str(n)][-1]}")
            client.close()
        found["runs"] = runs
    for n, rows in runs.items():
        median = statistics.median(row["cpu_us_per_event"] for row in rows)
        worst = max(max(row["share_of_cpu"]) for row in rows)
        sys.stdout.write(f"{n} workers: {median:6.2f} us CPU an event; the busiest used {worst:.0%} of it\n")


if __name__ == "__main__":
    main()
