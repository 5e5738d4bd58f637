"""A scene a test, and one stock worker whose life several tests look at.

What stock Faust does is tested beside what holds here: `test_stock_...` shows the trap, `test_our_...` its absence. A stock
test that fails after an upgrade says that a trap has changed or gone, and with it the reason for one of our rules.
Not tested, because nothing here stands on it: windowed tables, `take`, `group_by`, joins, exactly_once, RocksDB.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from brokers.client import Broker, Client
from engine.harness import Scene, Worker, until
from undertow.embedded import EmbeddedBroker


@pytest.fixture
def scene(broker: Broker, client: Client, tmp_path: Path) -> Iterator[Scene]:
    """Topics without a changelog; the workers of the test end with it."""
    found = Scene(broker, client, tmp_path)
    yield found
    found.close()


@pytest.fixture
def topic(client: Client) -> str:
    """A topic of one partition."""
    name = f"t-{uuid.uuid4().hex[:8]}"
    client.create(name, 1)
    return name


LIVES = 3
"""Stock workers that may be tried before one sees every event."""
EVENTS, FAILED, GOOD, UNDECODABLE = 20, 20, 21, 22
"""Records that the first two assignments of `life` see; then offsets of one that the agent fails on, a good one, no JSON."""


@dataclass(frozen=True)
class Life:
    """What a stock worker did: its reports up to the first sight of all events, everything it saw, what it committed."""

    first: list[dict[str, Any]]
    offsets: list[int]
    committed: int
    log: str


@pytest.fixture(scope="session")
def life(embedded: EmbeddedBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """Recovery from a changelog that ends with an old record, 20 events, a rebalance, three records more, SIGTERM.

    Nothing is committed in between: commits are a minute apart.
    """
    client = Client(embedded)
    scenes: list[Scene] = []
    found: Life | None = None
    try:
        while found is None:
            scenes.append(Scene(embedded, client, tmp_path_factory.mktemp("stock")))
            try:
                found = _life(scenes[-1])
            except AssertionError:  # what stock Faust fetches and drops before its first seek is sometimes all there is
                scenes[-1].close()
                if len(scenes) == LIVES:
                    raise
        yield found
    finally:
        for scene in scenes:
            scene.close()
        client.close()


def _life(scene: Scene) -> Life:
    scene.create_changelog()
    for row in (b'["b", "c"]', b'["a", "b", "c"]', b'["a"]'):
        scene.client.send(scene.changelog, 0, [(b"k", row)])
    scene.client.send(scene.source, 0, [(b"k", b'"e%d"' % i) for i in range(EVENTS)])
    worker: Worker = scene.start("naive", COMMIT="60", SEEK="2", FAIL='"fail"')
    until(lambda: worker.reports("sought") and len(worker.offsets(0)) >= EVENTS, worker)
    first = worker.reports("recovered", "seek", "span", "sought")
    worker.rejoin()
    until(lambda: len(worker.reports("sought")) == 2 and len(worker.offsets(0)) >= 2 * EVENTS, worker)
    scene.client.send(scene.source, 0, [(b"k", value) for value in (b'"fail"', b'"good"')])
    until(lambda: GOOD in worker.offsets(0), worker)
    scene.client.send(scene.source, 0, [(b"k", b"{no")])
    until(lambda: "ValueDecodeError" in worker.log.read_text(errors="replace"), worker)
    assert worker.stop() == 0
    committed = scene.client.committed(scene.group).get((scene.source, 0), 0)
    return Life(first, worker.offsets(0), committed, worker.log.read_text(errors="replace"))
