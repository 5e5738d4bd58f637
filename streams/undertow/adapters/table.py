"""Any CSV or JSON feed by a declarative mapping (:mod:`undertow.adapters.mapping`): the file's rows as events.

The whole file is read before the first event is given, for a ticket's first and last rows may stand anywhere in it. A row that
fails is reported with its number, column and reason, and the others go on.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct, field

from undertow import wire
from undertow.adapters import rows
from undertow.adapters.mapping import BadMapping, Mapping, load, shaped
from undertow.adapters.message import Message, Unreadable
from undertow.adapters.paths import Here, Unfit, steps_of
from undertow.adapters.plan import Plan, plan
from undertow.adapters.rules import Fact, Ready
from undertow.adapters.shape import Problem, apart
from undertow.adapters.terms import NOTHING
from undertow.events import Event
from undertow.topics import key_of, topic_of

NAME: Final = "table"
"""The adapter's name, and the vendor's where nobody says one."""


class BadRow(Struct, frozen=True):
    """A row that cannot become an event. ``rule`` names the event; empty: none of the row's. ``word`` as in :class:`Unfit`."""

    row: int
    column: str
    reason: str
    rule: str = ""
    word: str = "unmapped"

    def __str__(self) -> str:
        where = f", column {self.column!r}" if self.column else ""
        return f"row {self.row}{where}: {self.reason}{f' ({self.rule})' if self.rule else ''}"


class Told(Struct):
    """What became of one row."""

    row: int
    ticket: str | None = None
    said: list[tuple[Event, bytes]] = field(default_factory=list)
    """Events, and the same as they stand on a topic."""
    bad: list[BadRow] = field(default_factory=list)
    repeated: int = 0
    """Events that another row had said word for word."""


class _Row(Struct):
    number: int
    content: Any
    digest: str
    copy: int
    order: tuple[Any, ...] = ()


class Table:
    """A mapping ready to read files. Raises :class:`BadMapping` for one that makes no sense."""

    def __init__(self, mapping: Mapping, vendor: str | None = None, name: str = "mapping") -> None:
        self.mapping = mapping
        self.vendor = vendor or mapping.vendor or NAME
        found = _senseless(mapping, self.vendor)
        if found:
            raise BadMapping(name, found)

    def told(self, path: Path) -> Iterator[Told]:
        """What becomes of every row, ticket by ticket. Raises :class:`Unreadable`, ``OSError``."""
        tickets: dict[object, list[_Row]] = {}
        with rows.opened(path, self.mapping.file) as (columns, content):
            ready = self._plan(columns, path)
            copies: dict[str, int] = {}
            number = 0
            for number, row in content:
                try:
                    if isinstance(row, Unfit):
                        raise row
                    kept = ready.read(row)
                    here = Here((kept,))
                    here.row, here.number = kept, number
                    if ready.holds is not None and not ready.holds(here):
                        continue
                    ticket = ready.ticket.get(here)
                    order = tuple(one.get(here) for one in ready.order)
                except Unfit as why:
                    yield Told(number, bad=[BadRow(number, why.column, why.reason)])
                    continue
                digest = rows.digest(row, self.mapping.file) if ready.hashed else ""
                copies[digest] = copy = copies.get(digest, 0) + 1
                key = (number,) if ticket is None or ticket is NOTHING else ticket
                tickets.setdefault(key, []).append(_Row(number, kept, digest, copy, order))
        if number == 0:
            raise Unreadable(f"{path.name} holds no rows")
        yield from Telling(ready).tickets(tickets)

    def _plan(self, columns: list[str] | None, path: Path) -> Plan:
        found: list[Problem] = []
        ready = plan(self.mapping, self.vendor, found, columns)
        if found:
            raise Unreadable(
                "\n".join(f"{path.name} does not suit the mapping: {problem}" for problem in apart(found, ()))
            )
        return ready

    def messages(self, path: Path, refuse: Callable[[BadRow], None]) -> list[Message]:
        """The file as it would stand on topics, in order of time; rows that fail go to ``refuse``."""
        found = []
        for told in self.told(path):
            for bad in told.bad:
                refuse(bad)
            found += [
                Message(topic_of(event), key_of(event), value, event.time.timestamp()) for event, value in told.said
            ]
        return sorted(found, key=lambda message: message.time)


class Telling:
    """One reading of one file, or of one record."""

    def __init__(self, ready: Plan) -> None:
        self._plan = ready
        self._ids: dict[str, tuple[int, int]] = {}
        """Event id to the row that said it and a hash of what it said."""

    def tickets(self, tickets: dict[object, list[_Row]]) -> Iterator[Told]:
        """What the rows of every ticket become."""
        for key, history in tickets.items():
            if self._plan.order:
                history.sort(key=lambda row: row.order)
            here = Here([row.content for row in history])
            ties: dict[datetime, int] = {}
            for here.place, row in enumerate(history):
                here.row, here.number, here.digest, here.copy = row.content, row.number, row.digest, row.copy
                yield self.row(here, key if isinstance(key, str) else None, ties)

    def row(self, here: Here, ticket: str | None, ties: dict[datetime, int]) -> Told:
        """What one row becomes. ``ties`` counts the ticket's events by time."""
        told = Told(here.number, ticket)
        for rule in self._plan.rules:
            for fact in rule.facts(here):
                why = fact if isinstance(fact, Unfit) else self._say(fact, rule, ties, told)
                if why is not None:
                    told.bad.append(BadRow(here.number, why.column, why.reason, rule.name, why.word))
        return told

    def _say(self, fact: Fact, rule: Ready, ties: dict[datetime, int], told: Told) -> Unfit | None:
        """Add an event to what is told, or say why not."""
        try:
            data = _encode(fact.data)
            said = hash((rule.type, fact.time, fact.recorded, data))
            row, before = self._ids.get(fact.id, (0, said))
            if row and before == said:
                told.repeated += 1
                return None
            if row:
                words = f"gives the id {fact.id!r}, which row {row} gives to another event: make the id name the row"
                return Unfit(rule.id.label, words)
            envelope = {
                "specversion": "1.0",
                "type": f"undertow.{rule.type}",
                "id": fact.id,
                "source": self._plan.source,
                "time": fact.time,
                "data": msgspec.Raw(data),
            }
            if fact.recorded is not None:
                envelope["recordedtime"] = fact.recorded
            if fact.sequence is not None:
                envelope["sequence"] = fact.sequence
            elif tie := ties.get(fact.time, 0):
                envelope["sequence"] = str(tie)
            value = _encode(envelope)
            # read as intake will read it: what passes here is no dead letter there
            told.said.append((wire.decode(value), value))
            self._ids[fact.id] = (told.row, said)
            ties[fact.time] = ties.get(fact.time, 0) + 1
            return None
        except wire.Refused as why:
            return Unfit(rule.label(why.field), why.detail, why.reason)
        except UnicodeEncodeError:
            return Unfit(_odd(fact, rule), "holds bytes that are no text in the file's encoding: say file.encoding")


_encode = msgspec.json.Encoder().encode


def table(mapping: Path, vendor: str | None = None) -> Table:
    """The mapping of a file, or of the contract in it. Raises :class:`BadMapping`, ``OSError``."""
    return Table(parsed(load(mapping), mapping.name), vendor, mapping.name)


def parsed(raw: object, name: str = "mapping") -> Mapping:
    """Raw YAML or JSON as a mapping that makes sense. Raises :class:`BadMapping` with every problem."""
    mapping, found = shaped(raw)
    found += apart(_senseless(mapping, mapping.vendor or NAME), found)
    if found:
        raise BadMapping(name, found)
    return mapping


def _senseless(mapping: Mapping, vendor: str) -> list[Problem]:
    """Everything in it that makes no sense, as far as that can be told without a file."""
    found = _file_problems(mapping)
    plan(mapping, vendor, found)
    return apart(found, ())


def _file_problems(mapping: Mapping) -> list[Problem]:
    file, found = mapping.file, []
    try:
        codecs.lookup(file.encoding)
    except LookupError:
        words = f"{file.encoding!r} is no encoding: write one such as utf-8, cp1252 or utf-16"
        found.append(Problem(("file", "encoding"), words))
    if len(file.delimiter) != 1:
        words = f'{file.delimiter!r} must be one character, such as "," or "\\t" (in double quotes)'
        found.append(Problem(("file", "delimiter"), words))
    if len(file.quote) > 1:
        found.append(Problem(("file", "quote"), f"{file.quote!r} must be one character, or empty for none"))
    if file.format != "csv" and (file.columns or file.skip_lines):
        found.append(Problem(("file", "columns" if file.columns else "skip_lines"), "goes with format: csv"))
    if file.format != "json" and file.rows is not None:
        found.append(Problem(("file", "rows"), "goes with format: json"))
    try:
        steps_of(file.rows or "")
    except ValueError as error:
        found.append(Problem(("file", "rows"), str(error)))
    return found


def _odd(fact: Fact, rule: Ready) -> str:
    """The column whose text cannot be written down."""
    for name, value in fact.data.items():
        try:
            _encode(value)
        except UnicodeEncodeError:
            return rule.label(f"$.data.{name}")
    return rule.id.label
