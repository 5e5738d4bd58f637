"""A process with so many tickets in, which folds more of them when told to: ``python -m bench.grown TICKETS CUSTOMERS``.

Each line on standard input is a number of positions of the feed; each line of output is what folding them took. A
process for each size, for Python's garbage collector looks at everything that its process holds.
"""

from __future__ import annotations

import gc
import json
import sys
import time

import psutil

from bench.desk import Desk, records
from bench.steady import Feed, equilibrium
from undertow.agents.garbage import spare_collections

SPAN = 1_000
"""Events of a span: what a busy partition's parcels hold, about."""
SPANS_A_SETTLEMENT = 4
"""So many come in a quarter of a second at 16,000 events a second; time passes with each, for old tickets to close."""
END = 1_767_225_600.0
"""2026-01-01T00:00Z: when the past ends."""


def fold(desk: Desk, feed: Feed, begin: int, end: int) -> tuple[int, float]:
    """Fold the feed between two positions. Returns events and CPU seconds; making the events is not in them."""
    stretch = records(feed.stretch(begin, end))
    spans = [stretch[start : start + SPAN] for start in range(0, len(stretch), SPAN)]
    begun = time.process_time()
    for number, span in enumerate(spans, start=1):
        desk.take(span)
        if number % SPANS_A_SETTLEMENT == 0 or number == len(spans):
            desk.tick(feed.time(begin + (end - begin) * number / len(spans)))
    return len(stretch), time.process_time() - begun


def main() -> None:
    spare_collections()  # as a worker does
    tickets, customers = int(sys.argv[1]), int(sys.argv[2])
    feed, at = equilibrium(tickets, END, customers)
    desk = Desk()
    begun = time.process_time()
    desk.fill(feed.past(at), feed.time(at), at)
    filled = time.process_time() - begun
    fold(desk, feed, at, at + 1_200)
    at += 1_200
    gc.collect()
    state = {
        "tickets": desk.tickets,
        "customers": customers,
        "rss_bytes": psutil.Process().memory_info().rss,
        "row_bytes": sum(len(key) + len(value) for rows in desk.rows for key, value in rows.items()),
        "cpu_seconds_to_fill": round(filled, 1),
    }
    sys.stdout.write(json.dumps(state) + "\n")
    sys.stdout.flush()
    for line in sys.stdin:
        positions = int(line)
        n, used = fold(desk, feed, at, at + positions)
        at += positions
        row = {"events": n, "cpu_us_per_event": round(used / n * 1e6, 2), "tickets": desk.tickets}
        sys.stdout.write(json.dumps(row) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
