"""``undertow report`` from a file: every form, and plain errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import statements as made
from undertow import exits
from undertow.cli.main import cli
from undertow.demo.parts import write_contracts

KEY = {"UNDERTOW_PSEUDONYM_KEY": "a key for tests, 0123456789abcdef"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small history as a file, and its contract."""
    found = tmp_path_factory.mktemp("report")
    (found / "events.jsonl").write_bytes(b"\n".join(one.value or b"" for one in made.small()))
    write_contracts(found / "contracts", {"acme": made.SMALL})
    return found


def run(folder: Path, *words: str, vendor: str = "acme", env: dict[str, str] | None = None) -> Result:
    where = [str(folder / "events.jsonl"), "--adapter", "cloudevents", "--contracts", str(folder / "contracts")]
    return CliRunner(env=KEY if env is None else env).invoke(cli, ["report", vendor, *where, *words])


def test_the_statement_of_a_file_is_the_one_its_golden_form_shows(folder: Path, tmp_path: Path) -> None:
    """Promise: from a file as from the topics; what was recorded late arrives late."""
    out = tmp_path / "january.json"
    done = run(folder, "--period", "2026-01", "--format", "json", "-o", str(out))
    assert done.exit_code == exits.OK, done.output
    content = json.loads(out.read_bytes())
    golden = json.loads((Path(__file__).parent.parent / "golden/statement-1.json").read_bytes())
    same = ("number", "period", "measures", "claims", "counts", "outcomes", "adjustments")
    assert {name: content["statement"][name] for name in same} == {name: golden["statement"][name] for name in same}
    assert "statement 1, 3 findings" in done.stderr


@pytest.mark.parametrize("form", ["html", "csv"])
def test_without_a_period_it_is_the_newest_and_without_a_file_standard_output(folder: Path, form: str) -> None:
    """Promise: the shortest command gives what was issued last."""
    done = run(folder, "--format", form)
    assert done.exit_code == exits.OK, done.output
    assert ("February 2026" if form == "html" else "finding,kind,name") in done.stdout


def test_the_statements_issued_so_far_are_listed_without_any_key(folder: Path) -> None:
    """Promise: number, period, hash, and which periods it adjusts."""
    done = run(folder, "--list", env={})
    first, second = done.stdout.splitlines()
    assert first.split()[:2] == ["1", "2026-01"]
    assert second.endswith("; adjusts 2026-01")


@pytest.mark.parametrize(
    ("words", "vendor", "env", "said"),
    [
        ((), "acne", KEY, "no contract names the vendor 'acne'; there are contracts of acme"),
        (("--period", "2026-07"), "acme", KEY, "is not over"),
        (("--period", "2025-11"), "acme", KEY, "holds no ticket; there are tickets from 2026-01-12"),
        (("--period", "October"), "acme", KEY, "write a month such as 2026-10"),
        (("--period", "2026-13"), "acme", KEY, "write a month such as 2026-10"),
        (
            ("--period", "2026-01-02..2026-01-09"),
            "acme",
            KEY,
            "the period that holds its first day is 2026-01-01..2026-01-31",
        ),
        (("--period", "2026-01"), "acme", {}, "openssl rand -hex 32"),
    ],
)
def test_what_cannot_be_done_is_one_plain_sentence(
    folder: Path, words: tuple[str, ...], vendor: str, env: dict[str, str], said: str
) -> None:
    """Promise: unknown vendor, period not over, without tickets, or misspelt; no key for pseudonyms."""
    done = run(folder, *words, vendor=vendor, env=env)
    assert done.exit_code == exits.USAGE
    assert said in " ".join(done.output.split())
    assert "Traceback" not in done.output


def test_a_day_names_the_month_that_holds_it(folder: Path) -> None:
    """Promise: whoever has a date need not know how the contract counts."""
    done = run(folder, "--period", "2026-01-20", "--format", "json")
    assert json.loads(done.stdout)["statement"]["period"] == "2026-01"


def test_a_source_needs_its_format(folder: Path) -> None:
    """Promise: half an answer to where from is asked back."""
    done = CliRunner(env=KEY).invoke(cli, ["report", "acme", str(folder / "events.jsonl")])
    assert done.exit_code == exits.USAGE
    assert "SOURCE and --adapter go together" in done.output


def test_a_replay_shows_each_statement_and_what_changed_after_it(folder: Path) -> None:
    """Promise: with closing times known, late events and restated claims are lines, in words and as JSON."""
    words = [str(folder / "events.jsonl"), "--adapter", "cloudevents", "--contracts", str(folder / "contracts")]
    done = CliRunner().invoke(cli, ["replay", *words, "--statements"])
    assert done.exit_code == exits.OK, done.output
    text = " ".join(done.output.split())
    assert "acme: statement 2 of 2026-02" in text
    assert "adjusts 2026-01: first response: better than reported" in text
    assert "first response: confirmed as met 3 -> 2" in text
    found = json.loads(CliRunner().invoke(cli, ["replay", *words, "--statements", "--json"]).stdout)["statements"][
        "acme"
    ]
    assert [one["number"] for one in found["issued"]] == [1, 2]
    (adjusted,) = found["issued"][1]["adjustments"]
    assert all(line["now"] - line["stated"] == line["difference"] for line in adjusted["lines"])
    assert found["pending_adjustments"] == []


def verify(folder: Path, file: Path, *words: str) -> Result:
    where = [str(folder / "events.jsonl"), "--adapter", "cloudevents", "--contracts", str(folder / "contracts")]
    return CliRunner().invoke(cli, ["verify", str(file), *where, *words])


def test_a_statement_is_verified_as_it_was_written_and_as_a_webhook_brings_it(folder: Path, tmp_path: Path) -> None:
    """Promise: pseudonyms hinder nobody; a figure changed afterwards is told, though every finding still holds."""
    out = tmp_path / "january.json"
    run(folder, "--period", "2026-01", "--format", "json", "-o", str(out))
    content = json.loads(out.read_bytes())
    assert all(one["customer"].startswith("c-") for one in content["findings"])
    for document in (content, {"type": "undertow.statement.issued", "data": content}):
        out.write_text(json.dumps(document))
        done = verify(folder, out)
        assert (done.exit_code, "3 of 3 findings verified" in done.stdout) == (exits.OK, True), done.output
        content["statement"]["measures"][0]["over_reported"] += 1
        out.write_text(json.dumps(document))
        done = verify(folder, out)
        assert (done.exit_code, "3 of 3 findings verified" in done.stdout) == (exits.FAILED, True), done.output
        assert "january.json: the figures of the statement are not those its hash was made of" in done.stderr
        content["statement"]["measures"][0]["over_reported"] -= 1
    out.write_text(json.dumps(content["findings"]))
    assert verify(folder, out).exit_code == exits.OK, "a list of findings has no hash"


def test_a_period_is_kept_to_in_a_file_too(folder: Path, tmp_path: Path) -> None:
    """Promise: --period is never passed over in silence."""
    out = tmp_path / "january.json"
    run(folder, "--period", "2026-01", "--format", "json", "-o", str(out))
    assert "3 of 3 findings verified" in verify(folder, out, "--period", "2026-01").stdout
    for days in ("2026-01-01..2026-03-31", "2026-01-05..2026-02-01"):
        assert "3 of 3 findings verified" in verify(folder, out, "--period", days).stdout
    done = verify(folder, out, "--period", "2026-02")
    assert done.exit_code == exits.FAILED
    assert "no finding was found" in done.stderr
