"""``undertow verify``: every finding of a history derived again from its events, and what is said where one is not."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

import servicenow
import zendesk
from undertow.cli.main import cli
from undertow.stages.records import decode_finding

TERMS = """vendor: servicenow
calendar:
  hours: {monday-friday: 08:00-18:00}
targets:
  total_resolution:
    - {within: 40h}
    - {within: 8h, priority: "1 - Critical"}
  durable_resolution: 80h
reading: {clock: business, pauses: all}
"""
INCIDENTS = 700
"""Of the lent log, in order of their numbers: those of six days."""


def run(*words: str | Path, code: int = 0) -> Result:
    done = CliRunner().invoke(cli, ["verify", *map(str, words)])
    assert done.exit_code == code, done.output
    return done


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A part of the lent log, terms, and all the findings that follow from them."""
    folder = tmp_path_factory.mktemp("log")
    (folder / "contracts").mkdir()
    (folder / "contracts" / "terms.yaml").write_text(TERMS)
    with gzip.open(servicenow.FILE, "rt") as whole, (folder / "incidents.csv").open("w") as part:
        seen: set[str] = set()
        for line in whole:
            seen.add(line.split(",", 1)[0])
            if len(seen) > INCIDENTS + 1:
                break
            part.write(line)
    words = ["replay", folder / "incidents.csv", "--adapter", "servicenow", "--contracts", folder / "contracts"]
    words += ["--findings", folder / "findings.jsonl"]
    assert CliRunner().invoke(cli, list(map(str, words))).exit_code == 0
    return folder


def checked(log: Path, findings: Path | str = "findings.jsonl", *more: str, code: int = 0) -> Result:
    where = ("--adapter", "servicenow", "--contracts", log / "contracts")
    return run(log / findings, log / "incidents.csv", *where, *more, code=code)


def altered(log: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """The first finding alone, with something else in it."""
    one = json.loads((log / "findings.jsonl").read_text().splitlines()[0])
    one["id"] = decode_finding(msgspec.json.encode(one)).id
    change(one)
    path = log / "altered.json"
    path.write_text(json.dumps({"findings": [one]}))
    return path


def differences(log: Path, change: Callable[[dict[str, Any]], None]) -> list[str]:
    done = checked(log, altered(log, change), "--json", code=1)
    said: list[str] = json.loads(done.output.splitlines()[0])["differences"]
    return said


@servicenow.needed
@pytest.mark.data
class TestServiceNow:
    def test_every_finding_of_a_replay_is_verified(self, log: Path) -> None:
        """Promise: what a replay writes down, its events prove, one by one."""
        count = len((log / "findings.jsonl").read_bytes().splitlines())
        assert count > 100
        assert f"{count} of {count} findings verified" in checked(log).output

    def test_findings_stay_small(self, log: Path) -> None:
        """Promise: what they rest on is told in places: half of them fit into 4 KB, all into a record."""
        sizes = sorted(map(len, (log / "findings.jsonl").read_bytes().splitlines()))
        assert sizes[len(sizes) // 2] < 4_000
        assert sizes[-1] < 100_000

    def test_a_rewritten_file_is_noticed(self, log: Path) -> None:
        """Promise: who changes the events after the fact changes what is verified, and is told where."""
        text = (log / "incidents.csv").read_text()
        ticket = json.loads((log / "findings.jsonl").read_text().splitlines()[0])["ticket"]
        lines = text.splitlines(keepends=True)
        last = max(place for place, line in enumerate(lines) if line.startswith(f"{ticket},"))
        try:
            del lines[last]
            (log / "incidents.csv").write_text("".join(lines))
            assert "findings verified" in checked(log, code=1).output
        finally:
            (log / "incidents.csv").write_text(text)

    def test_another_verdict_is_said_with_both_values(self, log: Path) -> None:
        """Promise: exactly what differs, not that something does."""
        (said,) = differences(log, lambda one: one.update(verdict="confirmed"))
        assert said.startswith("verdict is confirmed, from its events follows ")

    def test_another_event_at_the_place_is_named(self, log: Path) -> None:
        """Promise: an id that does not stand where the finding says is named with what stands there."""
        said = differences(log, lambda one: one["evidence"][0].update(id="forged"))
        assert any("not forged of" in words for words in said)

    def test_a_place_that_is_gone_is_named(self, log: Path) -> None:
        """Promise: lost events are said to be lost, with their offsets."""
        said = differences(log, lambda one: one["evidence"][0].update(offset=10**9))
        assert said[0] == "1 event is gone, dropped by the topic's retention or never there: incidents.csv/0/1000000000"

    def test_another_content_is_noticed(self, log: Path) -> None:
        """Promise: the same ids with another content are not the same events."""
        assert differences(log, lambda one: one.update(facts="0" * 16)) == [
            "the content of its events is not what it was when it was judged"
        ]

    def test_another_contract_is_said(self, log: Path) -> None:
        """Promise: a finding is verified under its own terms only."""
        (said,) = differences(log, lambda one: one.update(contract="0123456789ab"))
        assert said.startswith("it was judged under contract 0123456789ab, the one at hand is ")

    def test_a_pseudonym_is_held_against_the_id(self, log: Path) -> None:
        """Promise: a statement that names no customer is verified all the same; one of another customer is not."""
        dated = (
            date(1970, 1, 1) + timedelta(days=json.loads(altered(log, dict).read_text())["findings"][0]["day"])
        ).isoformat()
        done = checked(log, altered(log, lambda one: one.update(customer="c-5f0c", day=dated)), code=0)
        assert "1 of 1 findings verified" in done.output
        (said,) = differences(log, lambda one: one.update(id="0" * 16))
        assert said.startswith("its id is 0000000000000000, of what it speaks of ")

    def test_findings_of_topics_are_verified_against_the_file_they_were_imported_from(self, log: Path) -> None:
        """Promise: where places are those of a topic, a file proves by the events of the tickets."""

        def moved(one: dict[str, Any]) -> None:
            for place in (*one["evidence"], *one["context"]):
                place["topic"] = "vendor.tickets"

        assert "1 of 1 findings verified" in checked(log, altered(log, moved)).output


@zendesk.needed
@pytest.mark.data
def test_every_finding_of_the_zendesk_export_is_verified() -> None:
    """Promise: all of them, under the terms of its own policies."""
    contract = ["--contracts", zendesk.TERMS.parent]
    done = run("zendesk", zendesk.FOLDER / "input", "--adapter", "zendesk", *contract)
    assert "findings verified" in done.output
    assert "\n0 of 0" not in done.output


def test_a_file_without_findings_is_a_usage_error(tmp_path: Path) -> None:
    """Promise: a wrong file is answered with what is expected, not with a traceback."""
    (tmp_path / "wrong.json").write_text("[1, 2]")
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "a.yaml").write_text("vendor: acme")
    done = run(tmp_path / "wrong.json", "--contracts", tmp_path / "contracts", code=2)
    assert "no list of findings" in done.output


@pytest.mark.parametrize(
    ("period", "words"),
    [
        ("2026", "write a month as 2026-10, other days as 2026-10-01..2026-12-31"),
        ("2026-10-01..", "is no period"),
        ("2026-02-30..2026-03-01", "is no period"),
        ("2026-03-02..2026-03-01", "ends before it begins"),
    ],
)
def test_a_period_that_is_none_is_refused_with_what_to_write(period, words):
    """Promise: a quarter and a rolling contract's days can be asked for as well as a month, and nothing else."""
    assert words in " ".join(run("all", "--period", period, code=2).output.split())
