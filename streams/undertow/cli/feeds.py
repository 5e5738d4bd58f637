"""A file of any format as the commands read it: an adapter, for tables with its mapping, and the rows that it could not read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import click
from msgspec import Struct, field
from rich.console import Console
from rich.progress import track

from undertow.adapters import ADAPTERS, Message, table
from undertow.adapters.table import BadRow
from undertow.stages.records import Record
from undertow.terminal import visible

mapping_option = click.option(
    "--mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="for the adapter table: YAML or JSON file that says what rows mean, or the contract it stands in",
)
"""Add the option that says which mapping a table is read by; the command receives it as ``mapping``."""


class Source(Struct):
    """Where messages come from."""

    vendor: str
    messages: Callable[[Path], Iterable[Message]]
    """Raises :class:`undertow.adapters.Unreadable`, ``OSError``."""
    refused: list[BadRow] = field(default_factory=list)
    """Rows that could not be read, as far as ``messages`` has come."""


def feed(adapter: str, vendor: str | None, mapping: Path | None) -> Source:
    """What the options say. Raises :class:`undertow.adapters.Unreadable` for a mapping that cannot be used."""
    if (mapping is not None) != (adapter == table.NAME):
        words = (
            "--mapping goes with the adapter table" if mapping is not None else "the adapter table needs --mapping FILE"
        )
        raise click.UsageError(f"{words}; 'undertow map --help' shows what a mapping can say")
    if mapping is None:
        name = vendor or adapter
        return Source(name, lambda path: ADAPTERS[adapter](path, name))
    read = table.table(mapping, vendor)
    source = Source(read.vendor, lambda path: read.messages(path, source.refused.append))
    return source


def as_records(source: Source, path: Path) -> Iterator[Record]:
    """A file's messages as records of a topic that is named after it: so evidence says where in it an event stands."""
    quiet = not sys.stderr.isatty()
    shown = track(
        source.messages(path), f"reading {path.name}", console=Console(stderr=True), transient=True, disable=quiet
    )
    for line, message in enumerate(shown):
        yield Record(path.name, 0, line, int(message.time * 1000), message.value)


def refused_words(refused: Sequence[BadRow]) -> str:
    """How many rows were left out, and why the first was."""
    count = len({bad.row for bad in refused})
    rows = f"{count:,} row{'s' if count > 1 else ''} could not be read as said"
    first = visible(str(min(refused, key=lambda bad: bad.row)))
    return f"{rows}; the first: {first}. 'undertow map --try FILE --mapping FILE' shows why"
