"""One run: ``python -m tests.chaos.run --seed 7 --events 200000 --broker apache``. One line of JSON at the end."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from brokers.apache import ApacheKafka
from brokers.client import Broker, Client
from chaos.feed import Feed, feed
from chaos.plan import Outline, bursts, plan
from chaos.publication import Publication
from chaos.supervisor import Supervisor
from chaos.verdict import judge, replay
from integration.installation import Installation
from undertow import clients, topics
from undertow.embedded import EmbeddedBroker

DRAIN = 180.0
"""Seconds in which everything published must be consumed and committed."""
SESSION = 6.0
"""Seconds; the embedded broker's workers have the same, whatever they are told."""


def long(broker: str, events: int, seconds: float | None) -> Outline:
    """A run as ``make chaos`` makes it. The embedded broker is never stopped: it would forget everything."""
    length = seconds or max(60.0, events / 1_000)
    many = max(1, round(length / 60))
    return Outline(
        seconds=length,
        session=SESSION,
        kills=max(10, 4 * many),
        rebalances=many,
        pauses=2 * many,
        stalls=many,
        broker_deaths=max(1, many - 1) if broker == "apache" else 0,
    )


class Chaos:
    """One run on one broker."""

    def __init__(
        self, broker: Broker, folder: Path, seed: int, events: int, outline: Outline, *, seats: bool = False
    ) -> None:
        self.broker, self.seed, self.outline = broker, seed, outline
        self.feed: Feed = feed(seed, events)
        self.here = Installation(broker, folder, self.feed.contracts)
        self.supervisor = Supervisor(self.here, broker, outline.session, seats=seats)

    def run(self) -> dict[str, Any]:
        """Publish, break, drain, judge. The answer's ``problems`` are empty when nothing differs."""
        happenings = plan(self.seed, self.outline)
        publication = Publication(self.here.settings, self.feed, self.outline.seconds, bursts(happenings))
        supervisor = self.supervisor
        try:
            self.here.apply()
            supervisor.mind()
            self.wait(lambda: any(w.get("/readyz")[0] == 200 for w in supervisor.living), "the first worker is ready")
            publication.start()
            supervisor.carry_out(happenings, lambda: f"{publication.sent} records")
            self.wait(lambda: not publication.is_alive(), "everything is published")
            records = publication.records()
            publication.tell(self.feed.as_of)
            self.wait(self.drained, "everything is consumed")
            supervisor.stop()
            supervisor.say("replaying")
            book = replay(self.feed, records)
            fresh = self.here.worker("--log-level", "warning")
            self.here.until(lambda: fresh.total("undertow_lag_records") == 0, "a fresh worker has recovered")
            time.sleep(6)  # what rests on counts is shown at most once a second, and takes a hundredth of the time
            verdict = judge(self.here, self.feed, records, book, fresh)
            if fresh.stop() != 0:
                supervisor.wrong.append("the fresh worker did not leave in order")
        finally:
            publication.halt()
            supervisor.restore()
            self.here.close()
        problems = [*verdict.problems(len(records)), *supervisor.wrong]
        return {
            "seed": self.seed,
            "broker": self.broker.kind,
            "seats": self.supervisor.seats,
            "events": len(records),
            "acks_misplaced": publication.misplaced,
            "kills": supervisor.done["kill"] + supervisor.done["broker stalls"],
            "happenings": dict(sorted(supervisor.done.items())),
            "exits": dict(sorted(supervisor.exits.items())),
            **asdict(verdict),
            "equal_to_replay": not (verdict.cells_differ or verdict.rows_differ or verdict.figures_differ),
            "problems": problems,
        }

    def wait(self, holds: Callable[[], bool], what: str, within: float = DRAIN) -> None:
        """Mind the workers until something holds."""
        deadline = time.monotonic() + within
        while not holds():
            self.supervisor.mind()
            if time.monotonic() > deadline:
                logs = "\n---\n".join(worker.tail() for worker in self.supervisor.living)
                raise AssertionError(f"not within {within:.0f} s: {what}\n{logs}")
            time.sleep(0.5)
        self.supervisor.say(what)

    def drained(self) -> bool:
        """Whether every group offset is its log's end: sources first, for what they give lands in the casebook."""
        settings = self.here.settings
        client = Client(self.broker)
        try:
            for name in (*topics.SOURCES, topics.CASEBOOK):
                committed = client.committed(topics.app_id(settings))
                topic = topics.name(settings, name)
                ends = clients.ends(settings, topic)
                if any(committed.get((topic, partition), 0) < end for partition, end in ends.items()):
                    return False
        finally:
            client.close()
        return True


def main() -> int:
    """Exit code 0 only when nothing differs."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--events", type=int, default=200_000)
    options.add_argument("--broker", choices=["apache", "embedded"], default="apache")
    options.add_argument("--seconds", type=float, help="length of the plan; default: a second per thousand events")
    options.add_argument(
        "--seats", action="store_true", help="workers keep their seats in the group, as static members"
    )
    options.add_argument(
        "--folder", type=Path, help="where contracts and the workers' logs go; default: nowhere lasting"
    )
    chosen = options.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that workers and broker end with us
    broker = ApacheKafka() if chosen.broker == "apache" else EmbeddedBroker()
    with tempfile.TemporaryDirectory(prefix="undertow-chaos-") as scratch, broker:
        folder = chosen.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        outline = long(chosen.broker, chosen.events, chosen.seconds)
        try:
            result = Chaos(broker, folder, chosen.seed, chosen.events, outline, seats=chosen.seats).run()
        except Exception as failure:  # a run that cannot end is a difference, too: its line must not be missing
            traceback.print_exc()
            told = {"seed": chosen.seed, "broker": chosen.broker, "events": chosen.events, "equal_to_replay": False}
            result = told | {"problems": [f"{type(failure).__name__}: {failure}".splitlines()[0]]}
    print(json.dumps(result))
    return 1 if result["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
