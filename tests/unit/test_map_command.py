"""``undertow map`` and ``--mapping``: what a person sees who tries a mapping on a file."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from undertow.adapters.table import BadRow
from undertow.cli.feeds import refused_words
from undertow.cli.main import cli, main

MAPPING = """
file: {format: csv}
zone: UTC
vendor: acme
ticket: "{case}"
customer: "{who}"
time: "{at}"
events:
  - type: ticket.opened
    when: {row: first}
    actor: {kind: customer, id: "{who}"}
    data: {topic: "{product}"}
  - type: ticket.status_changed
    data: {to: {field: s, map: {New: new, Done: solved, Note: null}}}
"""
LOG = """case,who,at,product,s
1,Ann,2024-01-02 09:00,router,New
2,Bob,2024-01-02 10:00,phone,New
1,Ann,2024-01-03 09:00,router,Note
1,Ann,2024-01-04 09:00,router,Done
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    mapping, log = tmp_path / "acme.yaml", tmp_path / "log.csv"
    mapping.write_text(MAPPING)
    log.write_text(LOG)
    return mapping, log


def run(*words: object):
    return CliRunner().invoke(cli, [str(word) for word in words])


def test_a_mapping_alone_is_checked(files):
    """Promise: without a file it says what rows become, and what to do next."""
    done = run("map", "--mapping", files[0])
    assert done.exit_code == 0
    assert (
        "acme.yaml can be used: rows of 'acme' become ticket.opened, ticket.status_changed. --try FILE" in done.stdout
    )


def test_each_sample_row_is_shown_with_its_events_and_the_whole_file_is_counted(files):
    """Promise: readable events in the file's order; the figures are those of all rows."""
    done = run("map", "--mapping", files[0], "--try", files[1], "--rows", 3)
    assert done.exit_code == 0
    shown, summary = done.stdout.split("\n\n")
    assert shown.splitlines() == [
        "row 2  ticket '1'",
        "  2024-01-02T09:00:00+00:00  ticket.opened          customer='Ann' topic='router' by customer 'Ann'",
        "  2024-01-02T09:00:00+00:00  ticket.status_changed  customer='Ann' to='new'",
        "row 3  ticket '2'",
        "  2024-01-02T10:00:00+00:00  ticket.opened          customer='Bob' topic='phone' by customer 'Bob'",
        "  2024-01-02T10:00:00+00:00  ticket.status_changed  customer='Bob' to='new'",
        "row 4  ticket '1'",
        "  no event",
    ]
    assert [" ".join(line.split()) for line in summary.splitlines()] == [
        "log.csv: 4 rows, 2 tickets, 2 customers, 2024-01-02 to 2024-01-04",
        "ticket.opened 2",
        "ticket.status_changed 3",
        "rows without an event 1",
        "rows that fail 0",
    ]


def test_rows_that_fail_are_shown_wherever_they_stand_with_their_reasons_counted(files):
    """Promise: a sample of one row does not hide what fails further down; the exit code says it."""
    mapping, log = files
    log.write_text(LOG + "3,Cy,yesterday,phone,New\n4,Di,2024-01-05,phone,Odd\n5,Ed,2024-01-05,phone,Odd\nshort\n")
    done = run("map", "--mapping", mapping, "--try", log, "--rows", 1)
    assert done.exit_code == 1
    assert "row 2  ticket '1'" in done.stdout
    assert "row 3 " not in done.stdout
    done = run("map", "--mapping", mapping, "--try", log, "--rows", 2)
    assert "FAILS at column 'at': 'yesterday' is no time as iso  (ticket.opened)" in done.stdout
    summary = done.stdout.split("\n\n")[-1]
    assert re.search(r"^  rows that fail +4$", summary, re.MULTILINE)
    assert "  2 fail at column 's' (ticket.status_changed); the first, row 7: 'Odd' is not in the map" in summary
    assert "  1 fail at the row itself; the first, row 9: has 1 cells and not 5 as the columns" in summary
    done = run("map", "--mapping", mapping, "--try", log, "--rows", 0)
    assert done.exit_code == 1
    assert done.stdout.lstrip().startswith("log.csv: 8 rows")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["map"], "say which mapping: --mapping FILE"),
        (["map", "--mapping", "nowhere.yaml"], "'nowhere.yaml' does not exist"),
        (["replay", "--adapter", "table", "log.csv"], "the adapter table needs --mapping FILE; 'undertow map --help'"),
        (
            ["replay", "--adapter", "servicenow", "log.csv", "--mapping", "acme.yaml"],
            "--mapping goes with the adapter table",
        ),
        (["import", "table", "log.csv"], "the adapter table needs --mapping FILE"),
        (["map", "--mapping", "bad.yaml"], "undertow: bad.yaml: ticket: put it in quotes"),
        (
            ["map", "--mapping", "acme.yaml", "--try", "other.csv"],
            "other.csv does not suit the mapping: ticket: there is no column 'case'",
        ),
    ],
)
def test_what_cannot_be_used_is_said_in_plain_words(files, monkeypatch, capsys, words, why):
    """Promise: exit code 2 and what to change, never a traceback."""
    monkeypatch.chdir(files[0].parent)
    Path("bad.yaml").write_text(MAPPING.replace('"{case}"', "{case}"))
    Path("other.csv").write_text("id,who\n1,Ann\n")
    monkeypatch.setattr(sys, "argv", ["undertow", *words])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    assert why in capsys.readouterr().err


def test_help_shows_a_mapping_that_can_be_used_as_it_stands(tmp_path):
    """Promise: what the help shows is valid."""
    said = run("map", "--help").stdout
    example = said[said.index("    file: {format") : said.index("  Every row of the file")]
    path = tmp_path / "example.yaml"
    path.write_text(example)
    assert run("map", "--mapping", path).exit_code == 0


def test_replay_counts_rows_that_it_could_not_read_among_the_refused(files):
    """Promise: nothing that was left out is silent."""
    mapping, log = files
    log.write_text(LOG + "3,Cy,yesterday,phone,New\n")
    done = run("replay", "--adapter", "table", log, "--mapping", mapping, "--json")
    assert done.exit_code == 0
    answer = json.loads(done.stdout)
    assert answer["refused"] == 1
    assert answer["vendors"]["acme"]["tickets"] == 2
    assert (
        "1 row could not be read as said; the first: row 6, column 'at': 'yesterday' is no time as iso" in done.stderr
    )


def test_rows_are_counted_once_however_many_of_their_events_fail():
    """Promise: two reasons of one row are one row; the first is the file's, not the ticket's."""
    bad = [BadRow(6, "a", "is odd"), BadRow(5, "a", "is odd", "x"), BadRow(5, "b", "is odd", "y")]
    assert refused_words(bad).startswith("2 rows could not be read as said; the first: row 5, column 'a': is odd (x).")
