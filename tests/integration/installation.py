"""An installation under test: topics of its own, contracts, workers as processes, and what they said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from brokers.client import Broker as RunningBroker
from undertow import admin, clients, topics
from undertow.demo.parts import write_contracts
from undertow.domain.agreement.contract import Contract
from undertow.domain.counting.cells import Cell, CellKey
from undertow.domain.counting.ledger import Ledger
from undertow.embedded import free_port
from undertow.settings import Broker, Settings
from undertow.stages import ledger as ledger_stage

_numbers = count()


class Worker:
    """One worker process and its metrics."""

    def __init__(self, command: list[str], port: int, log: Path) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.log = log
        with log.open("wb") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)

    def get(self, path: str) -> tuple[int, str]:
        """Status and body; (0, '') while nobody answers."""
        try:
            with urlopen(self.url + path, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as refused:
            return refused.code, refused.read().decode()
        except (URLError, OSError):
            return 0, ""

    def samples(self, name: str) -> dict[tuple[str, ...], float]:
        """Values of one metric by its label values, labels in order of name."""
        _, text = self.get("/metrics")
        return {
            tuple(sample.labels[label] for label in sorted(sample.labels)): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name
        }

    def total(self, name: str) -> float:
        """Sum over all labels."""
        return sum(self.samples(name).values())

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.process.terminate()
        return self.process.wait(30)

    def tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-25:])


class Installation:
    """Everything of one namespace on one broker."""

    def __init__(
        self,
        broker: RunningBroker,
        folder: Path,
        contracts: Mapping[str, Contract],
        partitions: int = 8,
        way: tuple[str, ...] = (),
    ) -> None:
        """``way``: options by which commands reach the broker, where they are others than its plain address."""
        self._way = way or ("--broker", broker.address, "--broker-kind", broker.kind.replace("apache", "kafka"))
        self.settings = Settings(
            broker=Broker(address=broker.address, kind="embedded" if broker.kind == "embedded" else "kafka"),
            namespace=f"i{os.getpid()}-{next(_numbers)}.",
            casebook_partitions=partitions,
            source_partitions=3,
        )
        self.folder = folder
        self.workers: list[Worker] = []
        self.own: tuple[str, ...] = ()
        """Topics that the contracts name, to be deleted with the others."""
        self.contract(contracts)

    def contract(self, contracts: Mapping[str, Contract]) -> None:
        """Write the contracts that workers started from now on will read."""
        write_contracts(self.folder / "contracts", contracts)

    @property
    def where(self) -> list[str]:
        """Options that lead a command here."""
        chosen = self.settings
        return [
            *self._way,
            *("--namespace", chosen.namespace, "--partitions", str(chosen.casebook_partitions)),
        ]

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "undertow", *words, *self.where]

    def run(self, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a command to its end and expect its exit code."""
        done = subprocess.run(self.command(*words), capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == code, f"{words}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def run_plain(self, *words: str) -> str:
        """What a command that needs no broker prints."""
        command = [sys.executable, "-m", "undertow", *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout

    def topic(self, name: str) -> str:
        return topics.name(self.settings, name)

    def apply(self) -> None:
        admin.apply(self.settings)

    def worker(self, *options: str, ready: bool = True, port: int | None = None) -> Worker:
        """Start one more worker; ``port`` is that of its metrics, a free one unless it takes another's place."""
        port = port or free_port()
        number = len(self.workers)
        words = ["worker", "--clock", "events", "--metrics-port", str(port), "--log-form", "console"]
        words += ["--contracts", str(self.folder / "contracts"), "--data-dir", str(self.folder / f"data{number}")]
        started = Worker(self.command(*words, *options), port, self.folder / f"worker{number}.log")
        self.workers.append(started)
        if ready:
            self.until(lambda: started.get("/readyz")[0] == 200, f"worker {number} is ready")
        return started

    def until(self, holds: Callable[[], bool], what: str, within: float = 60.0) -> None:
        """Wait until something holds; every living worker's log is shown when it does not."""
        deadline = time.monotonic() + within
        while not holds():
            if time.monotonic() > deadline:
                logs = "\n---\n".join(worker.tail() for worker in self.workers)
                raise AssertionError(f"not within {within:.0f} s: {what}\n{logs}")
            time.sleep(0.3)

    def drained(self, published: int) -> None:
        """Wait until ``published`` records were consumed, and nothing lies between any two stages."""

        def done() -> bool:
            living = [worker for worker in self.workers if worker.process.poll() is None]
            consumed = sum(worker.total("undertow_feed_consumed_total") for worker in living)
            return consumed >= published and all(worker.total("undertow_lag_records") == 0 for worker in living)

        self.until(done, f"{published} records are consumed and nothing is left", within=150)
        time.sleep(1.5)  # the ledger shows figures once a second
        self.until(done, "nothing is left")

    def cells(self) -> dict[CellKey, Cell]:
        """The cells as a ledger of our own reads them off the topic."""
        ledger = Ledger()
        for record in clients.read(self.settings, self.topic(topics.CELLS)):
            ledger_stage.fold(ledger, record.value)
        return ledger.cells()

    def letters(self) -> list[dict[str, Any]]:
        """What ``undertow dlq list`` says."""
        return [json.loads(line) for line in self.run("dlq", "list", "--json").stdout.splitlines()]

    def close(self) -> None:
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.process.kill()
            worker.process.wait()
        admin.delete(self.settings, self.own)
