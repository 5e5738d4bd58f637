"""Chaos in two minutes: as much as every push can afford. ``make chaos SEED=n`` is the long one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from brokers.apache import ApacheKafka
from chaos.plan import Outline
from chaos.run import Chaos
from undertow.embedded import EmbeddedBroker

pytestmark = pytest.mark.broker

SHORT = Outline(seconds=48, session=4, kills=3, rebalances=1, pauses=1, stalls=1, broker_deaths=1)
SHORTER = Outline(seconds=25, session=6, kills=2, rebalances=1, stalls=1)


def test_kills_a_zombie_and_a_dead_broker_change_no_figure_on_apache_kafka(apache: ApacheKafka, tmp_path: Path) -> None:
    """20,000 events over one to three workers: nothing lost, nothing doubled, every cell and figure the replay's."""
    result = Chaos(apache, tmp_path, seed=33, events=20_000, outline=SHORT).run()
    assert not result["problems"], json.dumps(result)
    happened = result["happenings"]
    assert (happened["kill"], happened["pause"], happened["wake"], happened["broker dies"]) == (3, 1, 1, 1)


def test_kills_and_rebalances_change_no_figure_on_the_embedded_broker(embedded: EmbeddedBroker, tmp_path: Path) -> None:
    """It forgets everything when it stops, so it is left alone."""
    result = Chaos(embedded, tmp_path, seed=6, events=10_000, outline=SHORTER).run()
    assert not result["problems"], json.dumps(result)
    assert result["happenings"]["kill"] == 2
