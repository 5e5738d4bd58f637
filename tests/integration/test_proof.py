"""Proof on a real broker: findings verified against their offsets, a ticket and the gaps as a running worker knows them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from integration.conftest import Install
from integration.installation import Installation
from undertow import clients, topics, wire
from undertow.cli.importing import tick
from undertow.clients import Publisher
from undertow.domain.agreement.contract import Contract, Target
from undertow.simulation import World
from undertow.simulation.plans import DEFAULT
from undertow.stages.rereading.replay import Offline
from undertow.topics import key_of, topic_of

HOUR = 3600.0
WORLD = World(seed=5, start=datetime(2026, 1, 1, tzinfo=UTC), days=15, vendors=DEFAULT[:2])


def terms() -> dict[str, Contract]:
    """The world's contracts, with targets to hold claims against."""
    return {
        name: Contract(
            vendor=name,
            segments=one.segments,
            targets={"first_response": (Target(2 * HOUR),), "durable_resolution": (Target(30 * HOUR),)},
            imported_until=one.imported_until,
            keep_all=True,
        )
        for name, one in WORLD.contracts().items()
    }


def publish(here: Installation) -> int:
    """The world onto the source topics."""
    count = 0
    with Publisher(here.settings) as publisher:
        for count, event in enumerate(WORLD.events(), start=1):  # noqa: B007 - how many there were
            publisher.send(here.topic(topic_of(event)), wire.encode(event), key=key_of(event).encode() or None)
    return count


def test_findings_are_verified_against_the_offsets_they_name(install: Install, tmp_path: Path) -> None:
    """Promise: every finding, by ranges of offsets; one whose events are gone, or others than it says, is told with its place."""
    here = install(terms())
    here.apply()
    publish(here)
    book = Offline(terms())
    for topic in topics.sources(here.settings):
        book.take(clients.read(here.settings, topic))
    book.tick(WORLD.end + 40 * 86_400)
    book.close()
    assert len(book.findings) > 20
    with Publisher(here.settings) as publisher:
        for id, value in book.findings.items():
            publisher.send(here.topic(topics.FINDINGS), value, key=id)
    contracts = ("--contracts", str(here.folder / "contracts"))
    done = here.run("verify", "all", *contracts)
    assert f"{len(book.findings)} of {len(book.findings)} findings verified" in done.stdout
    id, value = next(iter(sorted(book.findings.items())))
    assert "1 of 1 findings verified" in here.run("verify", id.decode(), *contracts).stdout
    forged = json.loads(value)
    forged["evidence"][0]["offset"] += 1_000_000
    (tmp_path / "forged.json").write_text(json.dumps({"findings": [{"id": id.decode(), **forged}]}))
    told = here.run("verify", str(tmp_path / "forged.json"), "--json", *contracts, code=1)
    place = "/".join(str(forged["evidence"][0][name]) for name in ("topic", "partition", "offset"))
    assert place in json.loads(told.stdout)["differences"][0]


@pytest.mark.broker
@pytest.mark.parametrize("broker", ["embedded"], indirect=True)
def test_a_worker_s_findings_tickets_and_gaps_are_those_of_its_topics(install: Install) -> None:
    """Promise: what the commands say of a running installation is what it holds, whichever way it is asked."""
    here = install(terms())
    here.apply()
    worker = here.worker()
    count = publish(here)
    here.drained(count)
    with Publisher(here.settings) as publisher:
        tick(publisher, here.settings, WORLD.end + 40 * 86_400)
    here.until(lambda: worker.total("undertow_immature_tickets") == 0, "all is judged")
    here.drained(count)
    contracts = ("--contracts", str(here.folder / "contracts"))
    verified = here.run("verify", "all", *contracts, "--json").stdout.splitlines()
    assert len(verified) > 20
    assert all(json.loads(line)["verified"] for line in verified)
    one = json.loads(verified[0])
    (case,) = map(
        json.loads,
        here.run("ticket", one["ticket"], "--vendor", one["vendor"], *contracts, "--json").stdout.splitlines(),
    )
    assert one["id"] in {finding["id"] for finding in case["findings"]}
    assert "first_response" in here.run("ticket", one["ticket"], "--vendor", one["vendor"], *contracts).stdout
    told = json.loads(here.run("gaps", "--worker", worker.url, "--json").stdout)["vendors"]
    added = json.loads(here.run("gaps", *contracts, "--json").stdout)["vendors"]
    assert told.keys() == added.keys() == terms().keys()
    for vendor, rows in told.items():
        own = {row["measure"]: row for row in added[vendor] if row["segment"] == "all"}
        for row in rows:
            assert row["pairs"] == own[row["measure"]]["pairs"]
            if row["gap"] is not None:
                assert row["gap"] == pytest.approx(own[row["measure"]]["gap"]["value"], abs=1e-6)
    assert "Claims against actuals" in here.run("gaps", "--worker", worker.url).stdout
