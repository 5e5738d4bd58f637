"""Lent logs by the example mappings alone, no code: the figures of plain Python over the same rows."""

from __future__ import annotations

import csv
import gzip
import json
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from pathlib import Path

import pytest
from click.testing import CliRunner

import servicenow
from undertow.adapters import ADAPTERS, table
from undertow.adapters.message import Message
from undertow.cli.main import cli
from undertow.domain.agreement.contract import Contract
from undertow.domain.counting.ledger import ALL
from undertow.domain.counting.windows import figures
from undertow.stages.records import Record
from undertow.stages.rereading.replay import Offline
from undertow.topics import CLAIMS

MAPPINGS = Path(__file__).parents[2] / "deploy/mappings"
HELPDESK = Path(__file__).parents[2] / "../shared/data/helpdesk/finale.csv.gz"
needed = pytest.mark.skipif(not HELPDESK.exists(), reason="the lent help desk log is not beside this checkout")
pytestmark = pytest.mark.data
SOLVED = frozenset({"Resolve ticket", "Closed"})
AT_WORK = frozenset({"Insert ticket", "Take in charge ticket", "Wait", "Require upgrade", "Schedule intervention"})
"""Activities after which a case is not solved."""


@cache
def cases() -> list[list[dict[str, str]]]:
    """The log's rows by case, in its order."""
    found: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    with gzip.open(HELPDESK, "rt", newline="") as lines:
        for row in csv.DictReader(lines):
            found[row["Case ID"]].append(row)
    return list(found.values())


def at(row: dict[str, str]) -> datetime:
    return datetime.strptime(row["Complete Timestamp"], "%Y/%m/%d %H:%M:%S.%f").replace(tzinfo=UTC)


def expected(solved: Collection[str], days: int) -> tuple[int, int, int]:
    """(eligible, repeat contacts, reopened) by none of the product's code; a case is its first row's customer's and product's."""
    openings: defaultdict[tuple[str, str], list[datetime]] = defaultdict(list)
    for case in cases():
        openings[case[0]["customer"], case[0]["product"]].append(at(case[0]))
    for moments in openings.values():
        moments.sort()
    eligible = repeated = reopened = 0
    for case in cases():
        solves: list[datetime] = []
        is_solved = came_back = False
        for row in case:
            if row["Activity"] in solved and not is_solved:
                is_solved = True
                solves.append(at(row))
            elif row["Activity"] in AT_WORK and is_solved:
                is_solved = False
                came_back |= at(row) - solves[-1] <= timedelta(days=14)
        eligible += bool(solves)
        reopened += came_back
        others = openings[case[0]["customer"], case[0]["product"]]
        repeated += any(_back(others, at(case[0]), solve, timedelta(days=days)) for solve in solves)
    return eligible, repeated, reopened


def _back(openings: list[datetime], own: datetime, solve: datetime, window: timedelta) -> bool:
    """Whether another opening than one of the case's own lies in (solve, solve + window]."""
    within = bisect_right(openings, solve + window) - bisect_right(openings, solve)
    return within - (solve < own <= solve + window) > 0


def read(book: Offline, mapping: str, log: Path) -> list[Message]:
    """Fold a log by a mapping; its events."""
    refused: list[table.BadRow] = []
    messages = table.table(MAPPINGS / mapping).messages(log, refused.append)
    assert not refused
    assert [message.time for message in messages] == sorted(message.time for message in messages)
    for start in range(0, len(messages), 5_000):
        span = messages[start : start + 5_000]
        book.take([Record("file", 0, start + line, 0, message.value) for line, message in enumerate(span)])
    assert not book.letters
    return messages


@needed
def test_repeat_contacts_by_customer_and_product_are_those_of_the_rows_themselves() -> None:
    """Promise: the log replayed by its mapping alone, as an analyst does it, gives the counts of a few lines over the CSV."""
    words = ["replay", "--adapter", "table", "--mapping", str(MAPPINGS / "helpdesk.yaml"), str(HELPDESK), "--json"]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["refused"] == 0
    answer = said["vendors"]["helpdesk"]
    assert (answer["tickets"], answer["immature"]) == (len(cases()), 0)
    assert (answer["repeat_contact_eligible"], answer["repeat_contact"], answer["reopened"]) == expected(SOLVED, 30)
    # customers are companies: a part of it is chance, and shown as such
    assert 0 < answer["repeat_contact_by_chance"] < answer["repeat_contact"]


@needed
def test_a_shorter_window_counts_fewer_and_importing_twice_changes_nothing() -> None:
    """Promise: any window agrees with the rows; the same file gives the same event ids, so a second import is all repeats."""
    contract = Contract(vendor="helpdesk", repeat_window=7 * 86_400.0, keep_all=True)
    late = max(at(case[-1]) for case in cases()).timestamp() + contract.follow_up
    book = Offline({"helpdesk": contract})
    events = read(book, "helpdesk.yaml", HELPDESK)
    book.tick(late)
    once = book.close().cells()
    rows = figures(once, contract, late, lambda time: int(time // 86_400))
    row = next(row for row in rows if (row.window, row.segment) == (ALL, ALL))
    assert (row.repeat_contact.n, row.repeat_contact.count, row.reopened.count) == expected(SOLVED, 7)
    assert begun(events) == {
        case[0]["Case ID"]: (case[0]["customer"], case[0]["product"], at(case[0]).timestamp()) for case in cases()
    }
    assert book.duplicates == 0
    assert read(book, "helpdesk.yaml", HELPDESK) == events
    assert book.duplicates == len(events)
    assert book.close().cells() == once


def begun(messages: list[Message]) -> dict[str, tuple[str, str, float]]:
    """Each ticket's customer, topic and time of opening; a ticket has one of each."""
    found: dict[str, tuple[str, str, float]] = {}
    owners: set[tuple[str, str]] = set()
    for message in messages:
        event = json.loads(message.value)
        if event["type"] == "undertow.ticket.opened":
            assert message.key not in found
            found[message.key] = (event["data"]["customer"], event["data"]["topic"], message.time)
        owners.add((message.key, event["data"]["customer"]))
    assert owners == {(ticket, customer) for ticket, (customer, _, _) in found.items()}
    return found


@needed
def test_counting_from_the_closing_a_month_later_would_be_another_figure() -> None:
    """Promise: which step is the solve is a decision with consequences, so the mapping makes it in words."""
    _, resolved, _ = expected(SOLVED, 30)
    _, closed, _ = expected({"Closed"}, 30)
    assert abs(resolved - closed) > 100


@servicenow.needed
def test_a_log_of_updates_needs_no_code_either(tmp_path: Path) -> None:
    """Promise: on 8,000 rows of the ServiceNow log a mapping tells what the adapter written for it tells.

    But for two things: the adapter also tells when an agent is withdrawn, and it claims at every solve, of which the last counts.
    """
    cut = tmp_path / "incidents.csv"
    with gzip.open(servicenow.FILE, "rt", encoding="utf-8") as lines:
        cut.write_text("".join(islice(lines, 8_001)), encoding="utf-8")
    refused: list[table.BadRow] = []
    mapped = table.table(MAPPINGS / "servicenow.yaml").messages(cut, refused.append)
    assert not refused
    adapted = list(ADAPTERS["servicenow"](cut, servicenow.VENDOR))
    more = facts(adapted)
    more.subtract(facts(mapped))
    assert {json.loads(fact)[0] for fact in +more} == {"undertow.ticket.assigned"}
    assert not -more, "nothing that the adapter does not tell"
    assert final_claims(mapped) == final_claims(adapted)


def facts(messages: list[Message]) -> Counter[str]:
    """What ticket events say. A repeated status says nothing new, so only others than the one before it count."""
    status: dict[str, str] = {}
    found: Counter[str] = Counter()
    for message in messages:
        event = json.loads(message.value)
        if event["type"] == "undertow.claim.ticket":
            continue
        data = {name: value for name, value in event["data"].items() if value is not None and name != "actor"}
        if event["type"] == "undertow.ticket.status_changed":
            if status.get(message.key, "new") == data["to"]:
                continue
            status[message.key] = data["to"]
        found[json.dumps([event["type"], message.time, data], sort_keys=True)] += 1
    return found


def final_claims(messages: list[Message]) -> dict[str, tuple[object, ...]]:
    """The last claim of each ticket."""
    claims = {message.key: json.loads(message.value)["data"] for message in messages if message.topic == CLAIMS}
    return {key: (d["met"], d.get("reopen_count"), d.get("resolved_at")) for key, d in claims.items()}
