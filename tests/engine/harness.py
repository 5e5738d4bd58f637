"""Workers as processes, watched through the file they report to; producers in the test's own process."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import faust
import pytest

from brokers.client import Broker, Client
from undertow.agents.transport import Producer

APPS = Path(__file__).parent / "apps"
STREAMS = APPS.parents[2] / "streams"
PARTITIONS = 2
APACHE, EMBEDDED = (
    pytest.mark.parametrize("broker", [pytest.param(kind, marks=pytest.mark.broker)], indirect=True)
    for kind in ("apache", "embedded")
)


def events(start: int, stop: int) -> list[tuple[bytes, bytes]]:
    return [(b"k%d" % (i % 7), b"e%d" % i) for i in range(start, stop)]


def run(broker: Broker, body: Callable[[faust.App, Producer], Awaitable[None]], **settings: object) -> None:
    """Run a body with a started producer."""

    async def main() -> None:
        options = {"scheme": broker.scheme, "producer_request_timeout": 5, "producer_max_batch_size": 10_000} | settings
        app = faust.App(
            f"producer-{uuid.uuid4().hex[:8]}",
            broker=f"{options.pop('scheme')}://{broker.address}",
            topic_allow_declare=False,
            table_standby_replicas=0,
            **options,
        )
        app.finalize()
        producer = app.producer
        async with producer:
            await body(app, producer)

    asyncio.run(main())


class Scene:
    """One run of an app on one broker: its topics, and the workers that were started."""

    def __init__(self, broker: Broker, client: Client, directory: Path) -> None:
        self.broker, self.client, self.directory = broker, client, directory
        self.run = uuid.uuid4().hex[:8]
        self.source, self.cells, self.group = f"src-{self.run}", f"cells-{self.run}", f"book-{self.run}"
        self.changelog = f"{self.group}-book-changelog"
        self.workers: list[Worker] = []
        client.create(self.source, PARTITIONS)
        client.create(self.cells, 1)

    def create_changelog(self, partitions: int = PARTITIONS, **configs: str) -> None:
        self.client.create(self.changelog, partitions, cleanup_policy="compact", **configs)

    def start(self, app: str = "book", **env: str) -> Worker:
        worker = Worker(self, app, len(self.workers), env)
        self.workers.append(worker)
        return worker

    def close(self) -> None:
        for worker in self.workers:
            worker.kill()


class Worker:
    """A worker process."""

    def __init__(self, scene: Scene, app: str, number: int, env: dict[str, str]) -> None:
        self.out = scene.directory / f"out-{number}"
        self.log = scene.directory / f"log-{number}"
        self._rejoin = scene.directory / f"rejoin-{number}"
        settings = {
            "RUN": scene.run,
            "BROKER": scene.broker.address,
            "SCHEME": "kafka" if app == "naive" else scene.broker.scheme,
            "OUT": str(self.out),
            "REJOIN": str(self._rejoin),
            "PYTHONPATH": str(STREAMS),
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(APPS / f"{app}.py"), "worker", "-l", "info", "--without-web"],
                env={**os.environ, **settings, **env},
                cwd=scene.directory,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def reports(self, *what: str) -> list[dict[str, Any]]:
        lines = self.out.read_text().splitlines() if self.out.exists() else []
        found = [json.loads(line) for line in lines if line.endswith("}")]
        return [report for report in found if report["what"] in what]

    def state(self) -> dict[str, Any]:
        """The last report of lag, and of the cells topic being read up to its end."""
        return (self.reports("state") or [{"lag": {"unknown": 1}, "caught": False}])[-1]

    def offsets(self, partition: int) -> list[int]:
        """Offsets of the source in the order in which the agent finished them."""
        spans = [r["offsets"] for r in self.reports("span") if r["partition"] == partition]
        return [offset for span in spans for offset in span]

    def cells(self) -> dict[int, list[int]]:
        """Offsets of the cells topic seen after each assignment."""
        seen: dict[int, list[int]] = {}
        for report in self.reports("cell"):
            seen.setdefault(report["assignment"], []).extend(report["offsets"])
        return seen

    def rejoin(self) -> None:
        self._rejoin.touch()

    def exit_code(self, within: float = 20.0) -> int:
        try:
            return self.process.wait(within)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running; its log ends with\n{self.tail()}") from None

    def stop(self) -> int:
        self.process.terminate()
        return self.exit_code()

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-6000:]


def until(what: Callable[[], object], worker: Worker, within: float = 20.0) -> None:
    """Wait for a condition; fail with the worker's log when it does not come or the worker is gone."""
    deadline = time.monotonic() + within
    while not what():
        assert worker.process.poll() is None, f"exited {worker.process.returncode}:\n{worker.tail()}"
        assert time.monotonic() < deadline, f"not within {within} s:\n{worker.tail()}"
        time.sleep(0.05)
