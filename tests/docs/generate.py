"""Writes the generated parts of the README, and the picture of the demo's table. ``make docs`` runs it, a test checks it."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from rich.console import Console

from undertow import exits, wire
from undertow.cli.main import COMMANDS, cli
from undertow.demo.scene import shown, table
from undertow.domain.judging.findings import Finding
from undertow.domain.statements.statement import PeriodStatement
from undertow.metrics.board import Board
from undertow.metrics.catalog import label_table, metric_table
from undertow.metrics.collector import Collector
from undertow.settings import Settings
from undertow.simulation import DEFAULT, FADING, World
from undertow.stages.ledger import Speaker
from undertow.stages.records import Record
from undertow.stages.rereading.replay import Offline
from undertow.topics import registry

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PICTURE = ROOT / "dashboards" / "demo.svg"
FINDING = ROOT / "schemas" / "finding.schema.json"
STATEMENT = ROOT / "schemas" / "statement.schema.json"


def topics_table() -> str:
    """Every topic with its shape."""
    rows = ["| topic | partitions | what is on it | settings |", "|---|---|---|---|"]
    for topic in registry(Settings()):
        partitions = "any" if topic.partitions is None else str(topic.partitions)
        config = ", ".join(f"`{key}={value}`" for key, value in topic.config) or "the cluster's"
        rows.append(f"| `{topic.name}` | {partitions} | {topic.purpose} | {config} |")
    return "\n".join(rows)


def exits_table() -> str:
    """Every exit code."""
    return "\n".join(
        ["| exit code | meaning |", "|---|---|", *(f"| {code} | {exits.MEANING[code]} |" for code in exits.MEANING)]
    )


def reasons_table() -> str:
    """Every reason of a dead letter."""
    return "\n".join(
        ["| reason | meaning |", "|---|---|", *(f"| `{word}` | {wire.REASONS[word]} |" for word in wire.REASONS)]
    )


def commands_table() -> str:
    """Every command with its first line of help."""
    rows = ["| command | what it does |", "|---|---|"]
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        rows.append(f"| `undertow {name}` | {command.get_short_help_str(160)} |")
    return "\n".join(rows)


PARTS: Mapping[str, Callable[[], str]] = {
    "commands": commands_table,
    "topics": topics_table,
    "metrics": lambda: metric_table().strip(),
    "labels": lambda: label_table().strip(),
    "reasons": reasons_table,
    "exits": exits_table,
}


def readme(text: str) -> str:
    """The README with its generated parts as they must be."""
    for name, part in PARTS.items():
        begin, end = f"<!-- generated: {name} -->", "<!-- end -->"
        pattern = re.compile(re.escape(begin) + r".*?" + re.escape(end), re.DOTALL)
        text, n = pattern.subn(lambda _, begin=begin, end=end, part=part: f"{begin}\n{part()}\n{end}", text)
        assert n == 1, f"the README has {n} places for {name}"
    return text


def picture() -> str:
    """The demo's last table, as the default seed gives it, as an SVG without external assets."""
    world = World(seed=1, start=datetime(2026, 1, 1, tzinfo=UTC), days=180, vendors=(*DEFAULT, FADING))
    contracts = world.contracts()
    book = Offline(contracts)
    events = list(world.events())
    book.take([Record("world", 0, place, 0, wire.encode(event)) for place, event in enumerate(events)])
    until = world.end + max(contract.follow_up for contract in contracts.values())
    book.tick(until)
    board = Board(feeds=(), vendors=tuple(contracts), topics=())
    board.expose(Speaker(book.close(), contracts).state(), contracts)
    exposition = CollectorRegistry()
    exposition.register(Collector(board))
    drawn = table(shown(generate_latest(exposition).decode()), world.truth(until), f"{len(events):,} events told")
    console = Console(record=True, width=84, file=io.StringIO(), force_terminal=True)
    console.print(drawn)
    svg = console.export_svg(title="undertow demo", unique_id="demo")
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def finding() -> str:
    """The JSON Schema of what is on ``undertow.findings``."""
    schema = msgspec.json.schema(Finding)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:undertow:schema:finding"}
    return json.dumps(head | schema, indent=2) + "\n"


def statement() -> str:
    """The JSON Schema of what is on ``undertow.statements``."""
    schema = msgspec.json.schema(PeriodStatement)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:undertow:schema:statement"}
    return json.dumps(head | schema, indent=2) + "\n"


if __name__ == "__main__":
    FINDING.write_text(finding(), encoding="utf-8")
    STATEMENT.write_text(statement(), encoding="utf-8")
    README.write_text(readme(README.read_text(encoding="utf-8")), encoding="utf-8")
    PICTURE.write_text(picture(), encoding="utf-8")
