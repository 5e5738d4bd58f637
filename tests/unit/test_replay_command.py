"""``undertow replay``: how vendors stand, for people and as JSON, from a month of simulated tickets."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from undertow import events as e
from undertow import wire
from undertow.cli.main import cli
from undertow.contracts.writing import written
from undertow.simulation.conduct import GAMES, PLAIN, Conduct
from undertow.simulation.month import Month

FLICKERER = GAMES["flicker"]


@cache
def played(name: str) -> Month:
    return Month({"flickerer": FLICKERER, "plain": PLAIN}[name], 1)


def month(conduct: Conduct) -> Month:
    return played(conduct.name)


def told(conduct: Conduct) -> list[e.Event]:
    """The month's events; every claim says met, whatever was."""
    events: list[e.Event] = []
    for event, _ in month(conduct).sent:
        if isinstance(event, e.TicketClaimed) and conduct is FLICKERER:
            event = replace(event, data=replace(event.data, met=True))  # noqa: PLW2901
        events.append(event)
    return events


def period(number: int, met: int, total: int) -> e.PeriodClaimed:
    """What the flickerer says of April."""
    return e.PeriodClaimed(
        specversion="1.0",
        id=f"period-{number}",
        source="/flickerer",
        time=datetime(2025, 5, number, tzinfo=UTC),
        data=e.PeriodClaimData(
            vendor="flickerer",
            measure="sla",
            first_day=date(2025, 4, 1),
            last_day=date(2025, 4, 30),
            met=met,
            total=total,
        ),
    )


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The words of a command over a file of two vendors' months, with their contracts."""
    folder = tmp_path_factory.mktemp("history")
    events = [*told(FLICKERER), *told(PLAIN), period(2, 290, 300), period(3, 300, 300)]
    file = folder / "events.jsonl"
    file.write_bytes(b"".join(wire.encode(event) + b"\n" for event in events))
    (folder / "contracts").mkdir()
    for conduct in (FLICKERER, PLAIN):
        contract = replace(month(conduct).contract, repeat_window=14 * 86_400.0, reopen_window=14 * 86_400.0)
        (folder / "contracts" / f"{conduct.name}.yaml").write_text(written(contract))
    return ["replay", "--adapter", "cloudevents", str(file), "--contracts", str(folder / "contracts")]


def run(words: list[str]) -> Result:
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    return done


@pytest.fixture(scope="module")
def answer(history: list[str]) -> dict[str, Any]:
    return json.loads(run([*history, "--json"]).stdout)


def claims(conduct: Conduct) -> dict[str, bool]:
    """By ticket, what an honest vendor claims; of tickets that exist."""
    opened = {event.data.ticket for event, _ in month(conduct).sent if isinstance(event, e.TicketOpened)}
    return {
        event.data.ticket: event.data.met
        for event, _ in month(conduct).sent
        if isinstance(event, e.TicketClaimed) and event.data.ticket in opened
    }


def sla(answer: dict[str, Any], vendor: str) -> dict[str, Any]:
    (row,) = [row for row in answer["vendors"][vendor]["comparisons"] if row["measure"] == "sla"]
    return row


def test_a_vendor_that_always_says_met_is_over_reported_by_what_it_missed(answer: dict[str, Any]) -> None:
    """Promise: the very tickets whose honest claim would have been missed, each with a cause."""
    honest = claims(FLICKERER)
    row = sla(answer, "flickerer")
    missed = sum(not met for met in honest.values())
    assert missed >= 10
    assert (row["pairs"], row["over_reported"], row["under_reported"]) == (len(honest), missed, 0)
    assert row["reported"]["value"] == 1
    assert row["actual"]["value"] == pytest.approx(1 - missed / len(honest), abs=1e-6)
    assert row["gap"]["value"] == pytest.approx(missed / len(honest), abs=1e-6)
    assert row["gap"]["low"] > 0
    assert row["gap"]["p"] == pytest.approx(2 * 0.5**missed, rel=0.01)
    assert sum(cause["tickets"] for cause in row["causes"]) == missed
    assert row["state"] == "over"


def test_an_honest_vendor_agrees_with_its_tickets(answer: dict[str, Any]) -> None:
    """Promise: nothing over, nothing under, and no pattern."""
    row = sla(answer, "plain")
    assert (row["pairs"], row["over_reported"], row["under_reported"]) == (len(claims(PLAIN)), 0, 0)
    assert row["state"] == "agrees"
    assert not [one for one in answer["vendors"]["plain"]["patterns"] if one["state"] == "found"]


def test_patterns_are_examined_month_by_month_of_the_whole_history(answer: dict[str, Any]) -> None:
    """Promise: what the vendor does is found in April, by the tickets that do it."""
    patterns = answer["vendors"]["flickerer"]["patterns"]
    assert {one["first_day"] for one in patterns} >= {"2025-03-01", "2025-04-01"}
    assert [(one["pattern"], one["first_day"], one["last_day"]) for one in patterns if one["state"] == "found"] == [
        ("flicker", "2025-04-01", "2025-04-30")
    ]
    counted = sum(one["count"] for one in patterns if one["pattern"] == "flicker")
    assert counted == len(month(FLICKERER).truth["flicker"])


def test_a_period_is_held_against_the_tickets_solved_in_its_days(answer: dict[str, Any]) -> None:
    """Promise: a restated claim is judged as it stands and shows what it was."""
    (one,) = answer["vendors"]["flickerer"]["periods"]
    solves: dict[str, date] = {}
    for event, _ in month(FLICKERER).sent:
        if isinstance(event, e.TicketStatusChanged | e.TicketClosed):
            to = event.data.to if isinstance(event, e.TicketStatusChanged) else "closed"
            if to in {"solved", "closed"}:
                solves[event.data.ticket] = min(event.time.date(), solves.get(event.data.ticket, date.max))
    april = {ticket for ticket, day in solves.items() if date(2025, 4, 1) <= day <= date(2025, 4, 30)}
    met = sum(claims(FLICKERER)[ticket] for ticket in april)
    assert one["actual"] == {"met": met, "tickets": len(april), "open": 0}
    assert (one["claimed"], one["restated_from"]) == ({"met": 300, "tickets": 300}, {"met": 290, "tickets": 300})
    assert one["verdict"] == "over_reported"
    assert one["difference"] == {"met": 300 - met, "tickets": 300 - len(april)}


def test_the_truth_budget_is_that_of_the_histories_last_days(answer: dict[str, Any]) -> None:
    """Promise: the export ends before anybody looks at it; what counts is when it ended."""
    found = answer["vendors"]["flickerer"]["truth_budget"]
    assert found["measures"] == ["sla"]
    assert found["checked"] > 50
    assert found["used"] > 1
    assert answer["vendors"]["plain"]["truth_budget"]["used"] == 0


def test_people_read_the_gap_its_causes_and_the_patterns(history: list[str], answer: dict[str, Any]) -> None:
    """Promise: one line a measure that is claimed, and every pattern found, in words, within 80 columns."""
    said = run(history).output
    assert max(map(len, said.splitlines())) <= 80
    words = " ".join(said.split())
    row = sla(answer, "flickerer")
    assert "flickerer: claims against actuals, over the same tickets" in words
    assert f"│ {row['over_reported']} │ 0 │ {row['pairs']} │" in words
    assert "unexplained" in words
    assert "flickerer, 2025-04: solved, taken back and solved again within minutes" in words
    assert "plain, 2025" not in words
    assert "flickerer: of its period claims, 1 over reported; 1 restated" in words
    assert "claims of met were confirmed, agreed are 98.0%" in words
    assert "first_resolution" not in words, "of a measure nobody claims there is nothing to compare"


def test_judged_early_nothing_is_said_of_what_is_not_over(history: list[str]) -> None:
    """Promise: on the tenth of April no month is over but March, and the period is still to come."""
    early = (datetime(2025, 4, 10, tzinfo=UTC) + timedelta(hours=12)).isoformat()
    found = json.loads(run([*history, "--json", "--as-of", early]).stdout)["vendors"]["flickerer"]
    assert {one["first_day"] for one in found["patterns"]} == {"2025-03-01"}
    assert [one["verdict"] for one in found["periods"]] == ["immature"]


def test_nothing_is_shown_of_claims_where_there_are_none(tmp_path: Path) -> None:
    """Promise: a history without a claim prints its figures and no empty table."""
    events = [event for event in told(PLAIN) if not isinstance(event, e.TicketClaimed)]
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"".join(wire.encode(event) + b"\n" for event in events))
    said = run(["replay", "--adapter", "cloudevents", "--vendor", "plain", str(file)]).output
    assert "claims against actuals" not in said
    assert "plain" in said
