"""Installations under measurement, and patience with a machine that others use, too."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import psutil
from kafka.errors import KafkaError

from bench.blast import blast
from bench.desk import Desk
from bench.results import say
from brokers.apache import ApacheKafka
from integration.installation import Installation, Worker
from undertow import topics
from undertow.domain.agreement.contract import Contract

Answer = TypeVar("Answer")
WITHIN = 300.0
"""Seconds for anything to come true."""


@contextmanager
def installation(kafka: ApacheKafka, contracts: Mapping[str, Contract], partitions: int = 8) -> Iterator[Installation]:
    """Topics, contracts and workers that are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="undertow-bench-") as folder:
        here = Installation(kafka, Path(folder), contracts, partitions)
        try:
            yield here
        finally:
            try:
                here.close()
            except KafkaError as error:  # the workers have ended before it; the topics end with the broker
                say(f"topics were not deleted: {error!r}")


def leave(here: Installation, desk: Desk) -> int:
    """Put what a desk holds onto the topics, as an owner would have left it. Returns how many records the changelog has."""
    changelog, cells, findings = topics.changelog(here.settings), here.topic(topics.CELLS), here.topic(topics.FINDINGS)
    rows = desk.versions
    if rows is None:
        rows = [(partition, key, value) for partition, rows in enumerate(desk.rows) for key, value in rows.items()]
    blast(here.settings.broker.address, ((changelog, partition, key, value) for partition, key, value in rows))
    found = [(partition, key, value) for partition, kept in enumerate(desk.findings) for key, value in kept.items()]
    blast(here.settings.broker.address, ((findings, partition, key, value) for partition, key, value in found))
    blast(here.settings.broker.address, ((cells, 0, key, value) for key, value in desk.said()))
    return len(rows)


def patiently(here: Installation, holds: Callable[[], bool], what: str, every: float = 0.3) -> None:
    """Wait until something holds. Raises RuntimeError with the workers' last words after :data:`WITHIN` seconds."""
    deadline = time.monotonic() + WITHIN
    while not quietly(holds, False):
        if dead := [worker for worker in here.workers if worker.process.poll() not in {None, 0}]:
            raise RuntimeError(f"a worker ended with {dead[0].process.returncode}:\n{dead[0].tail()}")
        if time.monotonic() > deadline:
            logs = "\n---\n".join(worker.tail() for worker in here.workers)
            raise RuntimeError(f"not within {WITHIN:.0f} s: {what}\n{logs}")
        time.sleep(every)


def quietly(ask: Callable[[], Answer], otherwise: Answer) -> Answer:
    """The answer, or ``otherwise`` when nobody answers in time."""
    try:
        return ask()
    except (TimeoutError, KafkaError):
        return otherwise


def cpu(worker: Worker) -> float:
    """CPU seconds of a worker until now."""
    return sum(psutil.Process(worker.process.pid).cpu_times()[:2])
