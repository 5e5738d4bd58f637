"""Installations that are gone after their test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from brokers.client import Broker
from integration.installation import Installation
from undertow.domain.agreement.contract import Contract

Install = Callable[[Mapping[str, Contract]], Installation]


@pytest.fixture
def install(broker: Broker, tmp_path: Path) -> Iterator[Install]:
    """Make an installation on each kind of broker in turn."""
    made: list[Installation] = []

    def make(contracts: Mapping[str, Contract]) -> Installation:
        made.append(Installation(broker, tmp_path, contracts))
        return made[-1]

    yield make
    for installation in made:
        installation.close()
