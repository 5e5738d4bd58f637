"""A scene a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from brokers.client import Broker, Client
from engine.harness import Scene


@pytest.fixture
def scene(broker: Broker, client: Client, tmp_path: Path) -> Iterator[Scene]:
    """Topics without a changelog; the workers of the test end with it."""
    found = Scene(broker, client, tmp_path)
    yield found
    found.close()
