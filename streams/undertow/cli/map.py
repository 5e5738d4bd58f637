"""``undertow map``: what a declarative mapping makes of a file, row by row, and why rows fail."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from heapq import nsmallest
from pathlib import Path
from typing import Any

import click
import msgspec

from undertow import exits
from undertow.adapters.table import BadRow, Table, Told, table
from undertow.cli.feeds import mapping_option
from undertow.events import Event


@click.command(name="map")
@click.option(
    "--try",
    "path",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="the vendor's CSV or JSON file; without it only the mapping is checked",
)
@mapping_option
@click.option("--vendor", help="vendor's name  [default: the mapping's]")
@click.option(
    "--rows",
    type=click.IntRange(0),
    default=10,
    show_default=True,
    help="how many rows to show, and how many that fail",
)
def map_(path: Path | None, mapping: Path | None, vendor: str | None, rows: int) -> None:
    """Check a mapping and show what it makes of a file: events row by row, and why rows fail.

    A mapping says what the rows of any CSV or JSON feed mean. Text in it is itself, what stands in braces is read from the row:

    \b
      file: {format: csv, delimiter: ";"}
      zone: Europe/Rome
      ticket: "{Case ID}"
      customer: "{Customer}"
      time: {field: Updated, format: "%d/%m/%Y %H:%M"}
      events:
        - type: ticket.opened
          when: {row: first}
          data: {topic: "{Product}"}
        - type: ticket.status_changed
          when: {field: State, changed: true}
          data:
            to: {field: State, map: {In progress: open, Waiting: pending, Done: solved, "*": null}}

    Every row of the file is read, so that the figures at the end hold for all of it; only the first are shown. Nothing is sent
    anywhere. The exit code is 0 when no row fails, 1 when one does, 2 when the mapping or the file cannot be used at all.

    \b
    Examples:
      undertow map --mapping acme.yaml
      undertow map --mapping acme.yaml --try export.csv.gz --rows 3
      undertow map --mapping contracts/acme.yaml --try tickets.jsonl
      undertow replay --adapter table export.csv.gz --mapping acme.yaml
    """
    if mapping is None:
        raise click.UsageError("say which mapping: --mapping FILE (YAML or JSON, or a contract that has one)")
    read = table(mapping, vendor)
    if path is None:
        kinds = ", ".join(dict.fromkeys(rule.type for rule in read.mapping.events))
        click.echo(
            f"{mapping.name} can be used: rows of {read.vendor!r} become {kinds}. --try FILE shows what becomes of a file"
        )
        return
    if not _tried(read, path, rows):
        sys.exit(exits.FAILED)


def _tried(read: Table, path: Path, rows: int) -> bool:
    """Show it; whether no row failed."""
    tally = _Tally()
    shown = nsmallest(max(rows, 1), tally.of(read.told(path), rows), key=lambda told: told.row)[:rows]
    for told in shown:
        click.echo("\n".join(_row(told)))
    others = [told for told in tally.failing if all(told.row != one.row for one in shown)]
    if others:
        click.echo("\nrows that fail further down:")
        for told in sorted(others, key=lambda told: told.row):
            click.echo("\n".join(_row(told)))
    click.echo("\n" + "\n".join(tally.words(path)))
    return not tally.bad_rows


class _Tally:
    """What became of all rows."""

    def __init__(self) -> None:
        self.rows = self.bad_rows = self.silent = self.repeated = 0
        self.events: Counter[str] = Counter()
        self.tickets: set[str] = set()
        self.customers: set[str] = set()
        self.first: datetime | None = None
        self.last: datetime | None = None
        self.failing: list[Told] = []
        self.reasons: dict[tuple[str, str], tuple[int, BadRow]] = {}
        """By column and rule: how many rows, and the first."""

    def of(self, tolds: Iterable[Told], kept: int) -> Iterator[Told]:
        """Pass rows through, counting them; the first ``kept`` failing ones are kept."""
        for told in tolds:
            self.rows += 1
            self.bad_rows += bool(told.bad)
            self.silent += not told.said and not told.bad and not told.repeated
            self.repeated += told.repeated
            if told.ticket is not None:
                self.tickets.add(told.ticket)
            for event, _ in told.said:
                self._event(event)
            if told.bad and len(self.failing) < kept:
                self.failing.append(told)
            for bad in told.bad:
                count, first = self.reasons.get((bad.column, bad.rule), (0, bad))
                self.reasons[bad.column, bad.rule] = (count + 1, first if first.row <= bad.row else bad)
            yield told

    def _event(self, event: Event) -> None:
        self.events[_type(event)] += 1
        self.first = event.time if self.first is None else min(self.first, event.time)
        self.last = event.time if self.last is None else max(self.last, event.time)
        customer = getattr(event.data, "customer", None)
        if customer is not None:
            self.customers.add(customer)

    def words(self, path: Path) -> Iterator[str]:
        """The summary, a line each."""
        span = "" if self.first is None or self.last is None else f", {_day(self.first)} to {_day(self.last)}"
        yield f"{path.name}: {self.rows:,} rows, {len(self.tickets):,} tickets, {len(self.customers):,} customers{span}"
        lines: list[tuple[str, int]] = [*sorted(self.events.items()), ("rows without an event", self.silent)]
        lines += [("events said twice, counted once", self.repeated)] if self.repeated else []
        lines.append(("rows that fail", self.bad_rows))
        wide = max(len(words) for words, _ in lines)
        for words, count in lines:
            yield f"  {words:<{wide}}  {count:>9,}"
        for (column, rule), (count, first) in sorted(self.reasons.items(), key=lambda item: -item[1][0]):
            where = " ".join(filter(None, (f"column {column!r}" if column else "", f"({rule})" if rule else "")))
            yield f"  {count:,} fail at {where or 'the row itself'}; the first, row {first.row}: {first.reason}"


def _row(told: Told) -> Iterator[str]:
    yield f"row {told.row}" + (f"  ticket {told.ticket!r}" if told.ticket is not None else "")
    for event, _ in told.said:
        yield f"  {event.time.isoformat()}  {_type(event):<22} {_data(event)}".rstrip()
    for bad in told.bad:
        where = f" at column {bad.column!r}" if bad.column else ""
        yield f"  FAILS{where}: {bad.reason}" + (f"  ({bad.rule})" if bad.rule else "")
    if not told.said and not told.bad:
        yield "  says what another row had said word for word" if told.repeated else "  no event"


def _type(event: Event) -> str:
    return str(event.__struct_config__.tag).removeprefix("undertow.")


def _data(event: Event) -> str:
    said: dict[str, Any] = msgspec.to_builtins(event.data)
    actor = said.pop("actor", {})
    parts = [
        f"{name}={value!r}" for name, value in said.items() if value is not None and name not in {"vendor", "ticket"}
    ]
    if actor.get("id") is not None or actor.get("kind", "unknown") != "unknown":
        parts.append("by " + " ".join(filter(None, (actor["kind"], actor.get("id") and repr(actor["id"])))))
    return " ".join(parts)


def _day(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d}"
