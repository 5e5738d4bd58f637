"""A vendor's own topic, named in its contract: rows of JSON through a mapping, live and offline."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient

from integration.conftest import Install
from undertow import clients, contracts
from undertow.adapters import live
from undertow.cli.importing import tick
from undertow.clients import Publisher
from undertow.domain.agreement.contract import DAY
from undertow.domain.counting.cells import Cell, CellKey
from undertow.stages import letters
from undertow.stages.rereading.replay import Offline
from undertow.topics import CASEBOOK, DEAD_LETTERS, TICKETS

TOPIC = "acme.log"
CONTRACT = """
vendor: acme
feeds:
  - topic: acme.log
    adapter: table
    mapping:
      file: {format: jsonl}
      ticket: "{case}"
      customer: "{who}"
      time: "{at}"
      events:
        - type: ticket.opened
          when: {field: step, is: insert}
          data: {topic: "{product}"}
        - type: ticket.status_changed
          data: {to: {field: step, map: {insert: new, work: open, resolve: solved}}}
        - type: claim.ticket
          when: {field: step, is: resolve}
          data: {measure: sla, met: "{met}"}
"""
CASES = 60
AS_OF = 1_772_323_200.0 + 60 * DAY
"""Sixty days after the first row."""


def rows() -> Iterator[bytes]:
    """Every seventh case is reopened, a customer comes back with every fourth, every ninth row comes twice."""
    for case in range(CASES):
        steps = ["insert", "work", "resolve", *(["work", "resolve"] if case % 7 == 0 else [])]
        for place, step in enumerate(steps):
            at = f"2026-03-{1 + case % 20:02}T{9 + place:02}:{case:02}:00Z"
            row = {
                "case": f"T{case}",
                "who": f"C{case % 45}",
                "product": "router",
                "step": step,
                "at": at,
                "met": case % 3 > 0,
            }
            value = json.dumps(row).encode()
            yield from [value] * (2 if (case + place) % 9 == 0 else 1)


BAD = (
    (b'{"case": "T1", "step": ', "not_json", "$"),
    (
        json.dumps({"case": "T900", "who": "C1", "step": "sneeze", "at": "2026-03-02T09:00:00Z"}).encode(),
        "unmapped",
        "step",
    ),
)


def test_rows_on_a_vendors_topic_end_in_the_cells_of_the_offline_replay(install: Install) -> None:
    """One worker: the topic is checked, created, read by the mapping and counted; bad rows wait as letters and come back."""
    here = install({})
    here.own = (TOPIC,)
    folder = here.folder / "contracts"
    (folder / "acme.yaml").write_text(CONTRACT)
    here.apply()
    told = here.run("worker", "--contracts", str(folder), code=3).stderr
    assert f"topic {here.topic(TOPIC)} is missing, and a contract names it" in told
    assert "undertow topics apply --contracts FOLDER" in told
    assert f"created {here.topic(TOPIC)}" in here.run("topics", "apply", "--contracts", str(folder)).stdout
    worker = here.worker()
    said = list(rows())
    with Publisher(here.settings) as publisher:
        for value in said:
            publisher.send(here.topic(TOPIC), value)
        for value, _, _ in BAD:
            publisher.send(here.topic(TOPIC), value, partition=1)
        publisher.send(here.topic(TICKETS), said[0])  # on a source topic a row is no event
        tick(publisher, here.settings, AS_OF)
    here.drained(len(said) + len(BAD) + 1)
    assert here.cells() == offline(here)
    assert sum(
        n for (feed, vendor), n in worker.samples("undertow_feed_consumed_total").items() if vendor == "acme"
    ) == len(said)
    found = [letters.read(one.value, one.headers) for one in clients.read(here.settings, here.topic(DEAD_LETTERS))]
    expected = [(value, reason, field, here.topic(TOPIC)) for value, reason, field in BAD]
    assert [
        (one.value, one.reason, one.field, one.topic) for one in found if one.topic == here.topic(TOPIC)
    ] == expected
    assert len(found) == len(BAD) + 1
    # sent back while nothing is fixed: read again, refused again, and nothing else changes
    assert "1 letter was sent back" in here.run("dlq", "replay", "--reason", "unmapped").stdout
    here.drained(len(said) + len(BAD) + 2)
    refused = [letter for letter in here.letters() if letter["reason"] == "unmapped"]
    assert [(letter["value"].encode(), letter["field"]) for letter in refused] == [(BAD[1][0], "step")]
    assert refused[0]["id"] not in {one.id for one in found}
    assert here.cells() == offline(here)
    replayed = json.loads(here.run("replay", "all", "--contracts", str(folder), "--json").stdout)
    assert (replayed["vendors"]["acme"]["tickets"], replayed["refused"]) == (CASES, len(BAD) + 2)
    assert worker.stop() == 0


def offline(here) -> dict[CellKey, Cell]:
    """The cells of everything that stands on the topic, folded without a worker."""
    agreed = contracts.load(here.folder / "contracts")
    book = Offline(agreed, live.dialects(agreed, here.settings.namespace))
    book.take(clients.read(here.settings, here.topic(TOPIC)))
    book.tick(AS_OF)
    cells = book.close().cells()
    assert cells
    return cells


@pytest.mark.parametrize("broker", [pytest.param("apache", marks=pytest.mark.broker)], indirect=True)
def test_no_publisher_can_claim_when_its_records_came(install: Install) -> None:
    """Dated back they would hide that an event was written when its outcome was known; a feed of another's making, too."""
    here = install({})
    contracts = here.folder / "contracts"
    (contracts / "acme.yaml").write_text(CONTRACT)
    here.run("topics", "apply")
    admin = KafkaAdminClient(**here.settings.broker.client())
    admin.create_topics({here.topic(TOPIC): {"num_partitions": 1, "replication_factor": 1}})
    admin.close()
    told = here.run("worker", "--contracts", str(contracts), code=3).stderr
    assert f"{here.topic(TOPIC)} has message.timestamp.type=CreateTime (must be LogAppendTime)" in told
    assert "run: undertow topics apply --contracts FOLDER\n" in told
    assert "set message.timestamp.type" in here.run("topics", "apply", "--contracts", str(contracts)).stdout
    begun = time.time()
    producer = KafkaProducer(**here.settings.broker.client())
    for name in (TOPIC, TICKETS, CASEBOOK):
        producer.send(here.topic(name), b"{}", partition=0, timestamp_ms=1_772_366_400_000)
    producer.close()
    for name in (TOPIC, TICKETS, CASEBOOK):
        (record,) = clients.read(here.settings, here.topic(name))
        assert record.timestamp / 1000 >= begun - 1
