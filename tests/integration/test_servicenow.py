"""The main job on real data: a vendor's log through a broker and the worker, to the figures on ``/metrics``."""

from __future__ import annotations

import random

import pytest

import servicenow
from integration.conftest import Install
from integration.installation import Installation
from undertow.cli.importing import tick
from undertow.clients import Publisher

pytestmark = [servicenow.needed, pytest.mark.data]

METRICS = {
    "tickets": "undertow_tickets",
    "reported_met": "undertow_reported_tickets",
    "reopened": "undertow_reopened_tickets",
    "reopened_claimed": "undertow_reopened_claimed_tickets",
    "repeat_contact_eligible": "undertow_repeat_contact_eligible_tickets",
    "repeat_contact": "undertow_repeat_contact_tickets",
    "reported_met_but_bad": "undertow_hidden_dissatisfaction_tickets",
}


def exposed(installation: Installation) -> dict[str, int]:
    """The figures of all time, from whichever worker owns the ledger."""
    found: dict[str, int] = {}
    for worker in installation.workers:
        for figure, name in METRICS.items():
            values = {labels: value for labels, value in worker.samples(name).items() if labels[-1] == "all"}
            for value in values.values():
                assert figure not in found, f"two workers show {figure}"
                found[figure] = int(value)
    return found


@pytest.mark.parametrize("reading", ["resolved_at"])  # the other reading's figures are those of the test below
def test_the_worker_gives_the_published_figures_and_the_very_cells_of_a_replay(install: Install, reading: str) -> None:
    """``undertow import`` through the broker, one worker: every published figure, and the replay's cells one by one."""
    here = install({servicenow.VENDOR: servicenow.contract(reading)})
    here.run("topics", "apply", "--source-partitions", "3")
    here.worker()
    here.run("import", "servicenow", str(servicenow.FILE), "--follow-up", "400d")
    here.drained(len(servicenow.messages()))
    here.until(
        lambda: exposed(here) == servicenow.FIGURES[reading], f"the published figures; there are {exposed(here)}"
    )
    assert here.cells() == servicenow.cells(reading)


@pytest.mark.parametrize("workers", [1, 3])
def test_shuffled_repeated_and_split_over_workers_the_cells_are_the_same(install: Install, workers: int) -> None:
    """Shuffled within 1,000 positions, every tenth event twice, over one and three workers: the replay's cells."""
    chance = random.Random(workers)
    said = [message for place, message in enumerate(servicenow.messages()) for _ in range(2 if place % 10 == 0 else 1)]
    order = sorted(range(len(said)), key=lambda place: place + chance.uniform(0, 1_000))
    here = install({servicenow.VENDOR: servicenow.contract("row")})
    here.apply()
    for _ in range(workers):
        here.worker(ready=False)
    for worker in here.workers:
        here.until(lambda worker=worker: worker.get("/readyz")[0] == 200, "every worker is ready")
    with Publisher(here.settings) as publisher:
        tick(publisher, here.settings, servicenow.as_of())
        for place in order:
            message = said[place]
            publisher.send(here.topic(message.topic), message.value, key=message.key.encode())
    here.drained(len(said))
    here.until(lambda: exposed(here) == servicenow.FIGURES["row"], f"the published figures; there are {exposed(here)}")
    assert here.cells() == servicenow.cells("row")
    busy = [worker.total("undertow_tickets_kept") for worker in here.workers]
    assert sum(busy) == servicenow.FIGURES["row"]["tickets"]
    assert all(busy), f"every worker has its share: {busy}"
