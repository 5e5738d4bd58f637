"""``make bench``: the peers' job on our transport beside the floor, and the product's own job, in one run on one broker.

CPU an event and ratios, never a time to pass or fail on: these machines are shared. Exits with 1 only when the counts of
floor and ours differ.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any
from zlib import crc32

from bench import job
from bench.backlog import grown, simulated, work
from bench.blast import blast
from bench.feed import PARTITIONS, encoded
from bench.results import part, say
from brokers.apache import ApacheKafka
from brokers.client import Client

EVENTS = int(os.environ.get("EVENTS", "300000"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
SOURCE = "bench-source"
WORLDS = 10
"""About 16,000 events each."""
TICKETS, GROWN_EVENTS = 100_000, 160_000


def main() -> None:
    with part("job") as found, tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        say(f"simulating {WORLDS} half years, and folding {TICKETS:,} tickets")
        feeds = {"product": simulated(WORLDS), "product, grown": grown(TICKETS, GROWN_EVENTS)}
        runs: dict[str, list[dict[str, Any]]] = {"floor": [], "ours": [], **{name: [] for name in feeds}}
        with ApacheKafka() as kafka:
            client = Client(kafka)
            client.create(SOURCE, PARTITIONS)
            say(f"publishing {EVENTS:,} events")
            blast(kafka.address, ((SOURCE, crc32(key) % PARTITIONS, key, value) for key, value in encoded(EVENTS)))
            for turn in range(ROUNDS):
                for name, rows in runs.items():
                    if name in feeds:
                        rows.append(work(kafka, client, feeds[name]))
                    elif name == "ours":
                        ran, _ = job.ours(client, SOURCE, EVENTS, folder)
                        rows.append(ran.row(EVENTS) | {"state": ran.result["state"]})
                    else:
                        ran = job.floor(kafka.address, SOURCE, EVENTS, folder)
                        rows.append(ran.row(EVENTS) | {"state": ran.result["state"]})
                    say(f"{turn + 1}/{ROUNDS} {name}: {rows[-1]}")
            client.close()
        found.update(events=EVENTS, runs=runs)
        found["states_equal"] = len({run["state"] for name in ("floor", "ours") for run in runs[name]}) == 1
        found["over_floor"] = {name: over(rows, runs["floor"]) for name, rows in runs.items()}
    for name, rows in runs.items():
        median = statistics.median(run["cpu_us_per_event"] for run in rows)
        sys.stdout.write(f"{name:16} {median:6.2f} us CPU an event, {found['over_floor'][name]} of the floor\n")
    sys.stdout.write(f"the states of floor and ours are {'equal' if found['states_equal'] else 'DIFFERENT'}\n")
    sys.exit(not found["states_equal"])


def over(rows: list[dict[str, Any]], floor: list[dict[str, Any]]) -> float:
    """The median over the rounds, each against the floor of its own round."""
    pairs = zip(rows, floor, strict=True)
    return round(statistics.median(a["cpu_us_per_event"] / b["cpu_us_per_event"] for a, b in pairs), 2)


if __name__ == "__main__":
    main()
