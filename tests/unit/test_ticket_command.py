"""``undertow ticket``: every clock's working adds up, by hand; ``undertow gaps``: a worker's figures as it exposes them."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tickets import OFFICE, TARGETS, rich
from undertow.cli.gaps import shown
from undertow.cli.main import cli
from undertow.domain.agreement.contract import Contract
from undertow.domain.agreement.readings import Reading
from undertow.domain.judging.working import workings
from undertow.domain.measuring.measures import NOTHING_KNOWN, measured
from undertow.domain.tickets.course import course
from undertow.domain.tickets.facts import Claimed

TERMS = """vendor: acme
calendar: {hours: {monday-friday: 08:00-18:00}}
targets: {first_response: 2h, total_resolution: 8h}
reading: {clock: business, pauses: asked}
readings: {helpdesk: {clock: calendar, pauses: all}}
"""
HEAD = {"specversion": "1.0", "source": "/acme"}
OF = {"vendor": "acme", "ticket": "7", "customer": "ann"}
TOLD: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("2026-06-01T16:00:00Z", "ticket.opened", {"topic": "billing", "actor": {"kind": "customer"}}),
    ("2026-06-02T09:00:00Z", "ticket.message", {"actor": {"kind": "agent"}, "question": True}),
    ("2026-06-02T09:00:00Z", "ticket.status_changed", {"to": "pending", "actor": {"kind": "agent"}}),
    ("2026-06-02T12:00:00Z", "ticket.status_changed", {"to": "open", "actor": {"kind": "customer"}}),
    ("2026-06-03T10:30:00Z", "ticket.status_changed", {"to": "solved", "actor": {"kind": "agent"}}),
)
"""Mon 16:00 opened, Tue 09:00 asked and paused, 12:00 back, Wed 10:30 solved."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "acme.yaml").write_text(TERMS)
    events = [
        {
            **HEAD,
            "id": str(place),
            "sequence": str(place),
            "time": time,
            "type": f"undertow.{kind}",
            "data": {**OF, **data},
        }
        for place, (time, kind, data) in enumerate(TOLD)
    ]
    claim = {**OF, "measure": "total_resolution", "met": True, "value": 3600.0 * 39.5}
    events.append({**HEAD, "id": "c", "time": "2026-06-03T11:00:00Z", "type": "undertow.claim.ticket", "data": claim})
    (tmp_path / "events.jsonl").write_text("\n".join(map(json.dumps, events)))
    return tmp_path


def run(folder: Path, *words: str, code: int = 0) -> Result:
    where = [str(folder / "events.jsonl"), "--adapter", "cloudevents", "--contracts", str(folder / "contracts")]
    done = CliRunner().invoke(cli, ["ticket", *words, *where], terminal_width=200, env={"COLUMNS": "200"})
    assert done.exit_code == code, done.output
    return done


def of(done: Result, measure: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in json.loads(done.output)["measures"] if one["measure"] == measure)
    return found


def test_every_interval_is_told_with_both_clocks_and_sums_to_the_whole(folder: Path) -> None:
    """Promise: 2 h on Monday, 1 h on Tuesday morning, 6 h after the pause, 2.5 h on Wednesday: 11.5 h of work, target 8 h."""
    total = of(run(folder, "7", "--json"), "total_resolution")
    (ran,) = total["runs"]
    assert [part["business"] for part in ran["counted"]] == [3 * 3600.0, 8.5 * 3600.0]
    assert [part["calendar"] for part in ran["counted"]] == [17 * 3600.0, 22.5 * 3600.0]
    assert [(stop["status"], stop["asked"], stop["stopped"]) for stop in ran["stops"]] == [("pending", True, True)]
    assert (ran["business"], total["target"], total["met"]) == (11.5 * 3600.0, 8 * 3600.0, False)
    assert ran["deadline"] == pytest.approx(1_780_419_600.0), "2026-06-02 17:00, five hours after the pause"
    assert (total["verdict"], total["claimed_met"]) == ("over_reported", True)


def test_the_same_is_told_in_words(folder: Path) -> None:
    """Promise: a person can add it up: from, to, both clocks in seconds, the pause with its reason, target and claim."""
    told = run(folder, "7").output
    for words in (
        "2026-06-01 16:00:00 to 2026-06-02 09:00:00: 17:00:00 (61,200 s) calendar, 03:00:00 (10,800 s) business",
        "2026-06-02 09:00:00 to 2026-06-02 12:00:00: pending, the customer had been asked: stops the clock",
        "= 1d 15:30 (142,200 s) calendar, 11:30:00 (41,400 s) business",
        "target from 2026-06-01 16:00:00: 08:00:00 (28,800 s) on the business clock",
        "used up at 2026-06-02 17:00:00",
        "claimed met in 1d 15:30: over reported",
        "events.jsonl/0/4",
    ):
        assert words in told, told


def test_times_are_on_the_clock_of_the_opening_hours(folder: Path) -> None:
    """Promise: three hours from opening at eight are three hours by the times shown, and the hour's name is beside them."""
    path = folder / "contracts" / "acme.yaml"
    path.write_text(TERMS.replace("calendar: {", "time_zone: Europe/Berlin\ncalendar: {"))
    told = run(folder, "7").output
    for words in (
        "(times of Europe/Berlin, as the opening hours)",
        "2026-06-01 18:00:00 CEST to 2026-06-02 11:00:00 CEST: 17:00:00 (61,200 s) calendar, 03:00:00 (10,800 s) business",
        "used up at 2026-06-03 09:00:00 CEST",
    ):
        assert words in told, told


def test_another_reading_of_the_contract_is_reckoned_by_its_name(folder: Path) -> None:
    """Promise: the very same ticket under the rules the vendor names; a name nobody agreed is refused."""
    total = of(run(folder, "7", "--reading", "helpdesk", "--json"), "total_resolution")
    assert total["runs"][0]["calendar"] == 39.5 * 3600.0
    assert "names helpdesk" in run(folder, "7", "--reading", "theirs", code=2).output


def test_a_ticket_nobody_knows_is_said(folder: Path) -> None:
    """Promise: an exit code and a line, no empty page."""
    assert "no ticket 8 was found" in run(folder, "8", code=1).output
    assert "no ticket 7 was found" in run(folder, "7", "--customer", "bob", code=1).output


@pytest.mark.parametrize(
    "reading", [Reading(), Reading(clock="business", pauses="all"), Reading(reset="reopen", unit="minute")]
)
def test_workings_sum_to_the_measures_whatever_the_ticket(reading: Reading) -> None:
    """Promise: what is shown is what was measured: intervals sum to runs, the longest run is the measure, on both clocks."""
    contract = Contract(vendor="acme", calendar=OFFICE, targets=TARGETS)
    compared = 0
    for seed in range(150):
        told = rich(Random(seed))
        read = course(told)
        as_of = told[-1].time + Random(seed).randrange(100_000)
        for one in workings(read, contract, reading, as_of, NOTHING_KNOWN):
            if not one.runs:
                continue
            for ran in one.runs:
                for clock in ("calendar", "business"):
                    assert sum(getattr(part, clock) for part in ran.counted) == pytest.approx(getattr(ran, clock))
            same = measured(read, one.measure, reading, OFFICE, as_of)
            assert (one.calendar, one.business) == (same.calendar, same.business)
            assert max(ran.business for ran in one.runs) == one.business
            compared += 1
    assert compared > 500


def test_a_claim_under_another_reading_is_told_with_what_it_changes() -> None:
    """Promise: the cause comes with the reading under which the claim is true, and the value it gives."""
    contract = Contract(vendor="acme", calendar=OFFICE, targets=TARGETS)
    found = []
    for seed in range(200):
        told = rich(Random(seed))
        read = course(told)
        claimed = Claimed("total_resolution", True, None, None, None)
        read.claims["total_resolution"] = claimed
        found += [
            one
            for one in workings(read, contract, Reading(), told[-1].time + 1.0, NOTHING_KNOWN)
            if one.measure == "total_resolution" and one.verdict == "over_reported"
        ]
    assert {one.changes is None for one in found} == {True, False}
    assert all((one.changes is None) == (one.cause == "unexplained") for one in found)


def test_gaps_of_a_worker_are_read_by_vendor_and_measure() -> None:
    """Promise: all segments over all time, and unknown stays unknown."""
    labels = 'vendor="acme",segment="{}",window="{}",measure="sla"'
    text = "".join(
        f"# TYPE undertow_gap_{name} gauge\n"
        + "".join(
            f"undertow_gap_{name}{{{labels.format(*place)}}} {value + offset}\n"
            for place, offset in ((("all", "all"), 0), (("all", "7d"), 1), (("gold", "all"), 2))
        )
        for name, value in (("ratio", 0.25), ("ratio_low", 0.125), ("eligible_tickets", 40))
    )
    (one,) = shown(text)
    assert (one.vendor, one.measure, one.gap, one.low, one.pairs, one.high) == ("acme", "sla", 0.25, 0.125, 40, None)
