"""``make bench-recovery``: a worker with many tickets of state, from its start until it is ready, and what it shows before.

The state is folded offline by the very stages and put onto the changelog and the cells topic, as an earlier owner would
have left them: once compacted (a row a ticket), once with every version of every row (a history imported an hour ago).
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from typing import Any

from bench.child import peak_rss_mb
from bench.desk import Desk
from bench.live import WITHIN, cpu, installation, leave, patiently, quietly
from bench.results import part, say
from bench.steady import CONTRACTS, equilibrium
from brokers.apache import ApacheKafka
from integration.installation import Installation, Worker

TICKETS = int(os.environ.get("TICKETS", "200000"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
PARTITIONS = 8
LOOK = 0.2
"""Seconds between two looks at a starting worker."""
FIGURE = "undertow_tickets"


def state(tickets: int, *, versions: bool) -> Desk:
    """Tickets folded by the stages as of now."""
    desk = Desk(PARTITIONS, keep_versions=versions)
    if tickets:
        feed, begin = equilibrium(tickets, time.time())
        desk.fill(feed.stretch(0, begin) if versions else feed.past(begin), feed.time(begin), begin)
    return desk


def start(here: Installation, tickets: int) -> tuple[Worker, dict[str, Any]]:
    """Start a worker and watch it until it is ready and shows every ticket."""
    begun = time.monotonic()
    worker = here.worker("--clock", "wall", ready=False)
    looks = 0
    while True:
        # the figures first: if it is not ready after they were read, it was not ready when they were
        shown = quietly(lambda: worker.samples(FIGURE), {})
        if quietly(lambda: worker.get("/readyz")[0] == 200, False):
            break
        assert not shown, f"figures before it is ready: {shown}"
        if time.monotonic() - begun > WITHIN:
            raise RuntimeError(f"not ready after {WITHIN:.0f} s\n{worker.tail()}")
        looks += 1
        time.sleep(LOOK)
    taken, used = time.monotonic() - begun, cpu(worker)
    # labels in order of name: segment, vendor, window
    everything = {label: n for label, n in worker.samples(FIGURE).items() if (label[0], label[2]) == ("all", "all")}
    assert sum(everything.values()) == tickets, f"the first figures hold {everything}, not {tickets:,} tickets"
    patiently(here, lambda: worker.total("undertow_tickets_kept") == tickets, "every ticket is kept")
    return worker, {
        "seconds": round(taken, 1),
        "cpu_seconds": round(used, 1),
        "rss_mb": peak_rss_mb(worker.process.pid),
        "looks_before_ready": looks,
    }


def measure(kafka: ApacheKafka, tickets: int, *, versions: bool) -> dict[str, Any]:
    """Several starts on one state."""
    say(f"folding {tickets:,} tickets{', keeping every version of their rows' if versions else ''}")
    desk = state(tickets, versions=versions)
    rounds = []
    with installation(kafka, CONTRACTS, PARTITIONS) as here:
        here.apply()
        kept, left = desk.tickets, leave(here, desk)
        del desk
        for turn in range(ROUNDS):
            worker, row = start(here, kept)
            rounds.append(row)
            say(f"  {turn + 1}/{ROUNDS}: {row}")
            assert worker.stop() == 0, worker.tail()
    return {"tickets": kept, "changelog_records": left, "rounds": rounds}


def main() -> None:
    with part("recovery") as found:
        with ApacheKafka() as kafka:
            found["nothing"] = measure(kafka, 0, versions=False)
            found["compacted"] = measure(kafka, TICKETS, versions=False)
            found["every version"] = measure(kafka, TICKETS // 4, versions=True)
        found["nothing_exposed_before_ready"] = True  # asserted at every look
    for name in ("nothing", "compacted", "every version"):
        rounds = found[name]["rounds"]
        seconds, used = (statistics.median(row[key] for row in rounds) for key in ("seconds", "cpu_seconds"))
        words = f"{name}: {found[name]['tickets']:,} tickets in {found[name]['changelog_records']:,} records"
        sys.stdout.write(f"{words}: ready after {seconds:.1f} s, {used:.1f} s of CPU\n")


if __name__ == "__main__":
    main()
