"""``undertow replay`` on what became of tickets: counts, an alarm in words, everything as JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from undertow import events as e
from undertow import wire
from undertow.cli.main import cli
from undertow.domain.judging.outcomes import OUTCOMES

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
DAYS = 120
A_DAY = 4
WORSE_FROM = DAYS - 16
"""From then on the customers of half the tickets complain a day after the solve; before, of every sixteenth."""


def complains(day: int, place: int) -> bool:
    return place < 2 if day >= WORSE_FROM else place == 0 and day % 4 == 0


def history() -> list[e.Event]:
    """Every ticket is reported as met and solved; none is reopened, and every customer writes once only."""
    found: list[e.Event] = []

    def say(kind: type[e.Event], at: datetime, data: Any) -> None:
        found.append(kind(specversion="1.0", id=str(len(found)), source="/s", time=at, data=data))  # type: ignore[arg-type]

    for day in range(DAYS):
        for place in range(A_DAY):
            at, name = START + timedelta(days=day, minutes=place), f"{day}-{place}"
            of: dict[str, Any] = {"vendor": "acme", "ticket": name, "customer": f"c{name}"}
            say(e.TicketOpened, at - timedelta(hours=2), e.OpenedData(**of, topic="bill"))
            say(e.TicketStatusChanged, at, e.StatusChangedData(**of, to="solved", actor=e.Actor("agent")))
            say(e.TicketClaimed, at, e.TicketClaimData(**of, measure="sla", met=True))
            if complains(day, place):
                say(e.FeedbackComplaint, at + timedelta(days=1), e.ComplaintData(**of, channel="review"))
    return sorted(found, key=lambda event: event.time)


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    file: Path = tmp_path_factory.mktemp("history") / "events.jsonl"
    file.write_bytes(b"".join(wire.encode(event) + b"\n" for event in history()))
    return ["replay", "--adapter", "cloudevents", "--vendor", "acme", str(file)]


def run(words: list[str]) -> str:
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture(scope="module")
def answer(words: list[str]) -> dict[str, Any]:
    return json.loads(run([*words, "--json"]))["vendors"]["acme"]


BAD = sum(complains(day, place) for day in range(DAYS) for place in range(A_DAY))


def test_every_outcome_is_counted_by_what_was_reported(answer: dict[str, Any]) -> None:
    """Promise: zero where there is none; hidden dissatisfaction is made of the bad ones."""
    assert list(answer["outcomes"]) == list(OUTCOMES)
    assert answer["outcomes"]["complained"] == {"met": BAD, "missed": 0}
    assert answer["outcomes"]["unconfirmed"] == {"met": DAYS * A_DAY, "missed": 0}
    assert answer["outcomes"]["reopened"] == answer["outcomes"]["repeat_failure"] == {"met": 0, "missed": 0}
    assert answer["reported_met_but_bad"] == BAD


def test_the_newest_week_stands_beside_older_tickets_at_the_same_age(answer: dict[str, Any]) -> None:
    """Promise: shares with their limits, the difference, and words."""
    soon = answer["early"][0]
    assert (soon["lag_days"], soon["now"]["n"], soon["now"]["value"]) == (3, 7 * A_DAY, 0.5)
    assert soon["usual"]["value"] == pytest.approx(1 / 16, abs=0.02)
    assert soon["difference"]["low"] > 0
    assert soon["visible"]["value"] == 1
    assert soon["words"].startswith("getting worse: 50.0% bad within 3 days")


def test_a_spike_is_an_alarm_with_its_score_and_when_it_began(answer: dict[str, Any]) -> None:
    """Promise: the day on which it really began, give or take one, of every series that is old enough to show it."""
    found = {one["lag"]: one for one in answer["spikes"]}
    assert {lag: one["alarm"] for lag, one in found.items()} == {"mature": True, "3d": True, "7d": True}
    began = (START + timedelta(days=WORSE_FROM)).date()
    for one in found.values():
        assert abs((datetime.fromisoformat(one["began"]).date() - began).days) <= 1
        assert one["score"] >= one["threshold"] == 4.5


def test_people_read_what_became_of_the_tickets_and_that_it_got_worse(words: list[str]) -> None:
    """Promise: in words, within 80 columns; nothing is said of outcomes that no ticket has."""
    said = run(words)
    assert max(map(len, said.splitlines())) <= 80
    flat = " ".join(said.split())
    assert f"acme: of {DAYS * A_DAY} tickets reported as met: complained {BAD} ({BAD / DAYS / A_DAY:.1%})" in flat
    assert f"solved on the vendor's word alone {DAYS * A_DAY} (100.0%)" in flat
    assert "acme, mature tickets: spike:" in flat
    assert "acme, tickets 3 days after their solve: spike:" in flat
    assert "acme: getting worse: 50.0% bad within 7 days" in flat
    assert "refunded" not in flat


def test_as_of_a_quiet_day_nothing_is_alarming(words: list[str]) -> None:
    """Promise: judged before it got worse, there is no alarm and no worse week."""
    before = (START + timedelta(days=WORSE_FROM)).isoformat()
    assert not [
        one
        for one in json.loads(run([*words, "--json", "--as-of", before]))["vendors"]["acme"]["spikes"]
        if one["alarm"]
    ]
    said = run([*words, "--as-of", before])
    assert "spike" not in said
    assert "getting worse" not in said
