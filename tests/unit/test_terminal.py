"""What others wrote, in a terminal: shown, never obeyed."""

from __future__ import annotations

import io

import pytest
from click.testing import CliRunner
from rich.console import Console

from undertow.cli import dlq
from undertow.stages import letters
from undertow.stages.intake import DeadLetter
from undertow.stages.records import Record
from undertow.terminal import plain, visible

HOSTILE = [
    "[/b]",
    "[link=https://evil.example]x[/link]",
    "\x1b]0;owned\x07\x1b[2J",
    "a\rb",
    "a\nb",
    "\u202egnp.exe",
    "\x9b31m",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_others_steers_a_terminal_or_breaks_a_table(text):
    """Promise: neither markup nor control characters nor marks that turn writing around come through."""
    out = io.StringIO()
    Console(file=out, width=200, highlight=False).print(plain(text), end="")
    assert out.getvalue().isprintable()
    assert out.getvalue() == visible(text)


def test_what_can_be_read_stays_as_it_is():
    """Promise: only what cannot be seen is spelled out."""
    assert visible("Zoë 東京 [x] \\ 'q'") == "Zoë 東京 [x] \\ 'q'"
    assert visible("\ud800\x00") == "\\ud800\\x00"


@pytest.mark.parametrize("text", HOSTILE)
def test_letters_are_listed_whatever_they_quote(monkeypatch, text):
    """Promise: one letter that quotes a vendor called [/b] does not hide all of them behind a traceback."""
    record = Record("vendor.tickets", 0, 7, 0, b"{}")
    made = letters.record_of(DeadLetter(record, "unknown_vendor", "$.data.vendor", f"no contract names {text}"))
    monkeypatch.setattr(dlq, "letters_kept", lambda _: iter([letters.read(made[1], made[2])]))
    shown = CliRunner(env={"COLUMNS": "200"}).invoke(dlq.dlq, ["list"])
    assert shown.exit_code == 0, shown.output
    assert visible(text) in shown.output
    assert shown.output.replace("\n", "").isprintable()
