"""A worker's life: what it refuses to start on, what it shows and when, and how it leaves."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

from kafka.admin import KafkaAdminClient

from integration.conftest import Install
from integration.installation import Worker
from undertow import clients, topics
from undertow.cli.importing import tick
from undertow.clients import Publisher
from undertow.domain.agreement.contract import DAY, Contract
from undertow.stages.rows import ticket_key
from undertow.topics import CASEBOOK, CLAIMS, SOURCES, TICKETS

ACME = {"acme": Contract(vendor="acme")}
NOON = 1_772_366_400.0
"""2026-03-01T12:00Z in seconds."""


def event(number: int, what: str, second: int, **data: object) -> bytes:
    head = {"specversion": "1.0", "source": "/acme", "id": f"{number}-{what}-{second}", "type": f"undertow.{what}"}
    when = {"time": f"2026-03-01T12:{second // 60:02}:{second % 60:02}Z"}
    ticket = {"vendor": "acme", "ticket": f"T{number}", "customer": f"C{number}"}
    return json.dumps(head | when | {"data": ticket | data}).encode()


def shows_figures(worker: Worker) -> bool:
    return bool(worker.samples("undertow_reported_tickets"))


def silence(workers: list[Worker], feed: str) -> float:
    """Seconds since the newest record of acme's feed, as rules reckon it: of all workers the highest."""
    now = max(value for worker in workers for value in worker.samples("undertow_contract_working_seconds").values())
    last = [
        value
        for worker in workers
        for (_, of, vendor), value in worker.samples("undertow_feed_last_record_working_seconds").items()
        if (of, vendor) == (feed, "acme")
    ]
    assert last, "no worker has seen a record"
    return now - max(last)


def test_without_its_topics_a_worker_does_not_start_and_says_what_to_run(install: Install) -> None:
    """Stock Faust reports OK and consumes nothing; ours exits with code 3 and the command that cures it."""
    here = install(ACME)
    told = here.run("worker", "--contracts", str(here.folder / "contracts"), code=3).stderr
    assert all(here.topic(name) in told for name in SOURCES)
    assert "undertow topics apply" in told
    assert "is missing" in here.run("topics", "check", code=3).stderr
    here.run("topics", "apply")
    assert "every topic is as it must be" in here.run("topics", "check").stdout
    assert "nothing to do" in here.run("topics", "apply").stdout


def test_a_topic_of_the_wrong_shape_is_refused_with_both_numbers(install: Install) -> None:
    """Another partition count would explode at the first table write."""
    here = install(ACME)
    admin = KafkaAdminClient(**here.settings.broker.client())
    admin.create_topics({here.topic(CASEBOOK): {"num_partitions": 5, "replication_factor": 1}})
    admin.close()
    here.run("topics", "apply", code=3)
    told = here.run("worker", "--contracts", str(here.folder / "contracts"), code=3).stderr
    assert f"{here.topic(CASEBOOK)} has 5 partitions and must have 8" in told
    assert "--partitions" in told


def test_only_the_ledgers_owner_shows_vendor_figures_and_another_takes_over(install: Install) -> None:
    """Of two workers one shows figures; when it leaves, its series go with it and the other shows the same."""
    here = install(ACME)
    here.apply()
    workers = [here.worker(), here.worker()]
    with Publisher(here.settings) as publisher:
        for number in range(40):
            publisher.send(here.topic(TICKETS), event(number, "ticket.opened", 0, topic="billing"))
            publisher.send(here.topic(TICKETS), event(number, "ticket.status_changed", 60, to="solved"))
            publisher.send(here.topic(CLAIMS), event(number, "claim.ticket", 61, measure="sla", met=number % 4 > 0))
        tick(publisher, here.settings, NOON + 40 * DAY)
    here.drained(120)
    here.until(lambda: [shows_figures(worker) for worker in workers].count(True) == 1, "one worker shows figures")
    owner, other = sorted(workers, key=shows_figures, reverse=True)
    assert silence(workers, here.topic(TICKETS)) < 120, (
        "the broker's time of the newest record, on the contract's clock"
    )
    before = owner.samples("undertow_reported_tickets")
    assert before["all", "acme", "all"] == 30
    assert "75\u202f%" in owner.get("/?window=all")[1], "the leaders' page shows 30 of 40"
    assert "another one owns the ledger" in other.get("/?window=all")[1]
    assert owner.stop() == 0
    assert owner.get("/metrics") == (0, "")
    here.until(lambda: other.samples("undertow_reported_tickets") == before, "the other shows the same figures")
    assert other.stop() == 0


def test_figures_come_back_after_a_kill_and_not_before_recovery(install: Install) -> None:
    """A worker killed outright: the next one is not ready, and shows nothing, until its state is recovered."""
    here = install(ACME)
    here.apply()
    first = here.worker()
    with Publisher(here.settings) as publisher:
        for number in range(40):
            publisher.send(here.topic(TICKETS), event(number, "ticket.opened", 0))
            publisher.send(here.topic(TICKETS), event(number, "ticket.status_changed", 60, to="solved"))
        tick(publisher, here.settings, NOON + 40 * DAY)
    here.drained(80)
    before = first.samples("undertow_tickets")
    first.process.kill()
    first.process.wait()
    second = here.worker(ready=False)
    seen: list[tuple[int, bool]] = []

    def ready() -> bool:
        shown = shows_figures(second)  # asked first: what is shown may only follow readiness
        seen.append((second.get("/readyz")[0], shown))
        return seen[-1][0] == 200

    here.until(ready, "the second worker is ready")
    assert any(status == 503 for status, _ in seen)
    assert not any(shown for status, shown in seen if status != 200)
    here.until(lambda: second.samples("undertow_tickets") == before, "the figures are back")
    assert second.total("undertow_tickets_kept") == 40
    assert second.stop() == 0


def test_a_zombies_late_record_is_joined_and_the_whole_row_written_back(install: Install) -> None:
    """An older state of a row, appended last, takes nothing away: not now, and not after the next compaction."""
    here = install(ACME)
    here.apply()
    first = here.worker()
    with Publisher(here.settings) as publisher:
        publisher.send(here.topic(TICKETS), event(1, "ticket.opened", 0))
    here.drained(1)
    log = topics.changelog(here.settings)
    young = next(r for r in clients.read(here.settings, log) if r.key == ticket_key("acme", "C1", "T1"))
    with Publisher(here.settings) as publisher:
        publisher.send(here.topic(TICKETS), event(1, "ticket.status_changed", 60, to="solved"))
    here.drained(2)
    assert first.stop() == 0
    whole = [r for r in clients.read(here.settings, log) if r.key == young.key][-1].value
    assert whole != young.value
    with Publisher(here.settings) as publisher:
        publisher.send(log, young.value, key=young.key, partition=young.partition)
    second = here.worker()
    here.until(
        lambda: [r for r in clients.read(here.settings, log) if r.key == young.key][-1].value == whole,
        "the whole row is the last again",
    )
    assert second.stop() == 0
    third = here.worker()
    written = [r for r in clients.read(here.settings, log) if r.key == young.key]
    assert [r.value for r in written] == [young.value, whole, young.value, whole], "and once is enough"
    assert third.stop() == 0


def test_a_wall_clock_worker_ticks_by_itself(install: Install) -> None:
    """Without ticks in the data, tickets solved long ago mature by the wall clock."""
    here = install({"acme": Contract(vendor="acme", keep_all=True)})
    here.apply()
    worker = here.worker("--clock", "wall")
    with Publisher(here.settings) as publisher:
        for number in range(25):
            publisher.send(here.topic(TICKETS), event(number, "ticket.opened", 0))
            publisher.send(here.topic(TICKETS), event(number, "ticket.status_changed", 60, to="solved"))
            publisher.send(here.topic(CLAIMS), event(number, "claim.ticket", 61, measure="sla", met=True))
    here.drained(75)
    here.until(lambda: worker.samples("undertow_reported_tickets").get(("all", "acme", "all")) == 25, "tickets mature")
    # an import into a running installation says that follow-ups are over, but never that next year has come
    recent = here.folder / "recent.jsonl"
    recent.write_bytes(event(25, "ticket.opened", 0).replace(b"2026-03-01", datetime.now(UTC).strftime("%F").encode()))
    told = here.run("import", "cloudevents", str(recent)).stderr
    assert f"as of {datetime.now(UTC):%Y-%m-%d}" in told
    here.until(lambda: worker.samples("undertow_tickets").get(("all", "acme", "all")) == 26, "what was imported")
    here.until(lambda: worker.total("undertow_judged_as_of_timestamp_seconds") <= time.time(), "as of now")
    assert worker.stop() == 0
