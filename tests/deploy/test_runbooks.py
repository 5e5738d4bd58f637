"""Whoever is woken finds a page that says what it means, how to check, and what to do, with commands that work."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from deploy.commands import of_shell, parse
from rules.promql import ROOT, alert_names, metrics, rules
from undertow.metrics.catalog import BY_NAME

FOLDER = ROOT / "deploy" / "runbooks"
PAGES = sorted(FOLDER.glob("*.md"))
DOCUMENTS = [*PAGES, ROOT / "deploy" / "README.md"]
PROGRAMS = {"undertow", "promtool", "amtool", "curl", "docker", "kubectl", "mkdir", "cp", "openssl", "install"} | {
    "kafka-configs.sh",
    "kafka-consumer-groups.sh",
}
RECORDED = {rule["record"] for rule in rules("record")}
EACH = pytest.mark.parametrize("page", DOCUMENTS, ids=lambda path: path.stem)


def lines(page: Path) -> list[str]:
    """Commands of the shell blocks, continued lines joined."""
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    said = "\n".join(blocks).replace("\\\n", " ")
    return [line.strip() for line in said.splitlines() if line.strip() and not line.strip().startswith("#")]


def test_each_alert_has_a_runbook_and_each_runbook_an_alert() -> None:
    """A page for an alert that is gone misleads."""
    assert [page.stem for page in PAGES] == alert_names()


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_runbook_says_what_it_means_how_to_check_and_what_to_do(page: Path) -> None:
    """In that order, each with words in it."""
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {page.stem}\n")
    parts = re.split(r"^## ", text, flags=re.MULTILINE)
    assert [part.splitlines()[0] for part in parts[1:]] == ["What it means", "How to check", "What to do"]
    assert all(len(part) > 100 for part in parts[1:])
    assert lines(page)
    assert "{{" not in text, "Prometheus shows these pages as console templates"
    told = {rule["labels"]["audience"] for rule in rules("alert") if rule["alert"] == page.stem}
    vendor = {rule["labels"]["tell_vendor"] for rule in rules("alert") if rule["alert"] == page.stem}
    (said,) = re.findall(r"^Told to: (.*)$", text, re.MULTILINE)
    assert all(one in said for one in told)
    assert ("and the vendor it is about" in said) == (vendor == {"yes"})


@EACH
def test_links_resolve(page: Path) -> None:
    """Relative links lead to files."""
    for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / link).exists(), link


@EACH
def test_commands_exist_and_parse(page: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """From the project's folder, with the options that the commands really have; orders.csv is the reader's own."""
    (tmp_path / "deploy").symlink_to(ROOT / "deploy")
    (tmp_path / "orders.csv").touch()
    monkeypatch.chdir(tmp_path)
    for line in lines(page):
        words = of_shell(line)
        assert words[0] in PROGRAMS, line
        if words[0] == "undertow":
            try:
                parse(words[1:])
            except click.ClickException as error:
                pytest.fail(f"{line}: {error.format_message()}")
        for word in words:
            if re.match(r"(\./)?deploy/[\w./-]+$", word) and "deploy/secrets" not in word:
                assert (ROOT / word).exists(), line


@EACH
def test_queries_ask_for_metrics_that_are_shown(page: Path) -> None:
    """And Prometheus can read them."""
    asked = [words[-1] for words in map(of_shell, lines(page)) if words[:3] == ["promtool", "query", "instant"]]
    for query in asked:
        for metric, labels in metrics(query):
            assert metric in RECORDED or metric in BY_NAME, metric
            if metric in BY_NAME:
                assert labels <= {label.name for label in BY_NAME[metric].labels}, (metric, labels)
    text = page.read_text(encoding="utf-8")
    for metric in re.findall(r"`(undertow_[a-z_]+)`", text):
        assert metric in BY_NAME, metric


def test_queries_of_runbooks_are_promql(tmp_path: Path) -> None:
    """All of them at once, as rules: promtool reads the language."""
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed (Debian: prometheus)")
    asked = {
        words[-1] for page in DOCUMENTS for words in map(of_shell, lines(page)) if words[:2] == ["promtool", "query"]
    }
    assert len(asked) > 20
    rules_of = "".join(f"  - record: asked{n}\n    expr: >-\n      {query}\n" for n, query in enumerate(sorted(asked)))
    path = tmp_path / "asked.yaml"
    path.write_text(f"groups:\n- name: asked\n  rules:\n{rules_of}")
    run = subprocess.run(
        ["promtool", "check", "rules", str(path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_settings_that_runbooks_speak_of_are_terms_of_a_contract() -> None:
    """`alerts.silent_after` and the like: a name that no contract knows helps nobody."""
    from undertow.domain.agreement.alerts import Alerts
    from undertow.domain.agreement.contract import Contract

    terms = {*Contract.__struct_fields__, *(f"alerts.{name}" for name in Alerts.__struct_fields__)}
    said = {t for page in PAGES for t in re.findall(r"contract's `([a-z_.]+)`", page.read_text(encoding="utf-8"))}
    assert said
    assert said <= terms
