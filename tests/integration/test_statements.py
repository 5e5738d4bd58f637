"""A worker issues the statement of a closed period once, shows later changes, and the report reads both off the topics."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from integration.conftest import Install
from integration.installation import Installation
from undertow import clients
from undertow.cli.importing import tick
from undertow.clients import Publisher
from undertow.domain.agreement.contract import DAY, Contract, Target
from undertow.domain.statements.statement import PeriodStatement, decode, holds, key
from undertow.topics import CLAIMS, STATEMENTS, TICKETS

pytestmark = pytest.mark.broker
MAY = 1_777_680_000.0
"""2026-05-02T00:00Z: March is closed, April is not."""
TERMS = {"first_response": (Target(600.0),)}
ACME = {"acme": Contract(vendor="acme", targets=TERMS, horizon=400 * DAY, imported_until=MAY + 400 * DAY)}
TICKETS_OF_MARCH = 30


def event(what: str, number: int, when: str, **data: object) -> bytes:
    head = {"specversion": "1.0", "source": "/acme", "id": f"{what}-{number}-{when}", "type": f"undertow.{what}"}
    ticket = {"vendor": "acme", "ticket": f"T{number}", "customer": f"customer-{number}"}
    return json.dumps(head | {"time": when} | {"data": ticket | data}).encode()


def story(number: int, day: str) -> list[tuple[str, bytes]]:
    """Every third ticket is answered too late, and claimed to be met all the same."""
    reply = "05" if number % 3 else "45"
    agent = {"kind": "agent"}
    return [
        (TICKETS, event("ticket.opened", number, f"{day}T10:00:00Z", topic="billing", actor={"kind": "customer"})),
        (TICKETS, event("ticket.message", number, f"{day}T10:00:00Z", actor={"kind": "customer"})),
        (TICKETS, event("ticket.message", number, f"{day}T10:{reply}:00Z", actor=agent)),
        (TICKETS, event("ticket.status_changed", number, f"{day}T10:50:00Z", to="solved", actor=agent)),
        (CLAIMS, event("claim.ticket", number, f"{day}T10:51:00Z", measure="first_response", met=True)),
    ]


def issued(here: Installation) -> list[PeriodStatement]:
    """Every record of the topic, those that compaction would drop included."""
    found = []
    for record in clients.read(here.settings, here.topic(STATEMENTS)):
        statement = decode(record.value)
        assert record.key == key(statement)
        assert holds(statement)
        found.append(statement)
    return found


def test_a_closed_period_is_issued_once_and_what_comes_later_is_adjusted(install: Install, tmp_path: Path) -> None:
    """From events to the topic, the metrics and the report; another worker after a kill issues nothing again."""
    here = install(ACME)
    here.apply()
    first = here.worker()
    with Publisher(here.settings) as publisher:
        for number in range(TICKETS_OF_MARCH):
            for topic, value in story(number, f"2026-03-{1 + number % 28:02}"):
                publisher.send(here.topic(topic), value)
    here.drained(5 * TICKETS_OF_MARCH)
    with Publisher(here.settings) as publisher:
        tick(publisher, here.settings, MAY)
    here.until(lambda: first.total("undertow_statement_number") == 1, "March is stated")
    (march,) = issued(here)
    assert march.period == "2026-03"
    (measure,) = march.measures
    assert (measure.reported.n, measure.over_reported) == (TICKETS_OF_MARCH, TICKETS_OF_MARCH // 3)
    late = event("claim.ticket", 0, "2026-05-02T00:00:00Z", measure="first_response", met=False)
    with Publisher(here.settings) as publisher:
        publisher.send(here.topic(CLAIMS), late)
        for topic, value in story(TICKETS_OF_MARCH, "2026-04-10"):
            publisher.send(here.topic(topic), value)
    here.until(
        lambda: first.samples("undertow_adjustment_tickets").get(("first_response", "acme", "claimed_met")) == -1,
        "the change shows on the metrics",
    )
    assert issued(here) == [march]
    first.process.kill()
    first.process.wait()
    second = here.worker()
    with Publisher(here.settings) as publisher:
        tick(publisher, here.settings, MAY + 31 * DAY)
    here.until(lambda: second.total("undertow_statement_number") == 2, "April is stated, by another worker")
    again, april = issued(here)
    assert again == march
    (line,) = april.adjustments
    assert (line.period, line.statement) == ("2026-03", 1)
    assert [(one.label, one.difference) for one in line.lines if one.kind == "verdict"] == [
        ("confirmed_missed", 1),
        ("over_reported", -1),
    ]
    _report(here, tmp_path, march, april)
    assert second.stop() == 0


def _report(here: Installation, folder: Path, march: PeriodStatement, april: PeriodStatement) -> None:
    """The report from the topics: what was issued, its findings as they stand, no customer by name."""
    secret = folder / "pseudonym.key"
    secret.write_text("0123456789abcdef" * 4)
    where = ("--contracts", str(here.folder / "contracts"), "--pseudonym-key", str(secret))
    listed = here.run("report", "acme", "--list", *where).stdout
    assert [line.split()[:3] for line in listed.splitlines()] == [
        ["1", "2026-03", march.hash[:16]],
        ["2", "2026-04", f"{april.hash[:16]};"],
    ]
    content = json.loads(here.run("report", "acme", "--period", "2026-03", "--format", "json", *where).stdout)
    assert decode(json.dumps(content["statement"]).encode()) == march
    assert len([one for one in content["findings"] if one["kind"] == "verdict"]) == TICKETS_OF_MARCH // 3 - 1
    page = here.run("report", "acme", "--period", "2026-03", *where).stdout
    assert page.count('<svg class="timeline"') == TICKETS_OF_MARCH // 3 - 1
    assert "When this was issued 10 claims differed; now 9 do" in page
    assert "customer-" not in page
