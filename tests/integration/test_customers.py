"""Customers on a real broker: activity in, every night an evaluation, the list for the business."""

from __future__ import annotations

import csv
import io
import json

import pytest

import cdnow
from golden.test_cdnow_stream import purchases
from integration.conftest import Install
from undertow.cli.importing import tick
from undertow.clients import Publisher
from undertow.domain.contract import DAY, Contract
from undertow.stages.offline import Offline
from undertow.stages.records import Record
from undertow.topics import ACTIVITY

ACME = {"acme": Contract(vendor="acme")}


@cdnow.needed
@pytest.mark.data
def test_real_purchases_give_the_same_model_and_list_as_offline(install: Install) -> None:
    """Two workers, eight casebooks, a night by tick: parameters, numbers and every name are those of the replay."""
    events = purchases(cdnow.sample()[::4])
    night = (cdnow.CALIBRATED + 1) * DAY + 60
    offline = Offline(ACME)
    offline.take(Record(ACTIVITY, 0, place, 0, value) for place, value in enumerate(events))
    offline.tick(night)
    expected = offline.evaluate()
    assert expected is not None
    assert expected.fit is not None
    here = install(ACME)
    here.apply()
    assert "no customer has been evaluated yet" in here.run("customers").stdout
    workers = [here.worker(), here.worker()]
    with Publisher(here.settings) as publisher:
        for value in events:
            publisher.send(here.topic(ACTIVITY), value)
    here.drained(len(events))
    with Publisher(here.settings) as publisher:
        tick(publisher, here.settings, night)

    def shown(name: str) -> dict[tuple[str, ...], float]:
        return {of: value for worker in workers for of, value in worker.samples(f"undertow_{name}").items()}

    here.until(lambda: bool(shown("customers_left")), "the night is over")
    for name in ("r", "alpha", "a", "b"):
        assert shown("churn_model_parameter")[name,] == pytest.approx(getattr(expected.fit.model, name), rel=1e-3)
    assert shown("churn_model_log_likelihood")[()] == pytest.approx(expected.fit.log_likelihood, abs=0.01)
    assert shown("churn_model_customers")[()] == expected.fit.customers
    assert shown("customers_left")[()] == pytest.approx(expected.left, rel=1e-3)
    assert shown("customers_as_of_timestamp_seconds")[()] == expected.today * DAY
    listed = offline.night.listed()
    assert listed
    said = json.loads(here.run("customers", "--json").stdout)
    assert [one["customer"] for one in said["customers"]] == [one.customer for one in listed]
    assert shown("customers_to_call") == {("acme",): 0, ("none",): len(listed)}
    assert json.loads(here.run("customers", "--json", "--vendor", "acme").stdout)["customers"] == []
    rows = list(csv.DictReader(io.StringIO(here.run("customers", "--csv", "--top", "2").stdout)))
    assert [row["customer"] for row in rows] == [one.customer for one in listed[:2]]
    # another owner of the ledger and of the casebooks shows the same, without anybody asking anew
    first = next(worker for worker in workers if worker.samples("undertow_customers_left"))
    first.stop()
    here.until(lambda: bool(shown("customers_left")), "the other worker shows the night")
    assert shown("customers_left")[()] == pytest.approx(expected.left, rel=1e-3)
