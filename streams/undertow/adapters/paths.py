"""Where a value stands in a row: columns of a CSV file, paths into JSON, and text with such places in braces."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, Final, Literal, Protocol

from undertow.adapters import kinds
from undertow.adapters.shape import among


class Unfit(Exception):
    """A row cannot become an event. ``column`` names where to look; empty: the row as a whole.

    ``word`` is the reason of a dead letter, one of :data:`undertow.wire.REASONS`.
    """

    def __init__(self, column: str, reason: str, word: str = "unmapped") -> None:
        super().__init__(f"{column}: {reason}" if column else reason)
        self.column, self.reason, self.word = column, reason, word


class Here:
    """A row while it is read: itself, its ticket's rows in order, and the list elements it is looked at through."""

    __slots__ = ("copy", "digest", "item", "items", "memory", "number", "place", "row", "rows")

    def __init__(self, rows: Sequence[Any]) -> None:
        self.rows = rows
        self.memory: dict[int, list[Any]] = {}
        """What was worked out once for all rows of the ticket, by the reader that did."""
        self.row: Any = None
        self.place = 0
        self.number = 0
        self.digest = ""
        self.copy = 1
        """How many rows of the file had the same content so far, this one included."""
        self.items: tuple[Any, ...] = ()
        self.item = ""


Get = Callable[[Here], Any]
"""Reads a value; None where there is none."""
Named = tuple[str, Get]
"""A place in braces and how it is read."""
Of = Literal["row", "first", "last", "previous"]


class Places(Protocol):
    """What a file's format makes of a name in braces."""

    textual: bool
    """True when every value is text already."""
    depth: int
    """Through how many lists a row is looked at."""

    def get(self, name: str) -> Get:
        """A reader of the place. Raises ``ValueError`` for a name that cannot be one, ``KeyError`` for an unknown column."""

    def read(self, row: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
        """A row as it is kept and read, once every place was asked for."""


class Cells:
    """CSV: a name is a column. Without ``columns`` nothing is known of the file yet and any name will do."""

    textual = True
    depth = 0

    def __init__(self, missing: Collection[str], columns: Sequence[str] | None = None) -> None:
        self._missing = frozenset(missing)
        self._columns = columns
        self._used: list[int] = []

    def get(self, name: str) -> Get:
        """See :class:`Places`. Reads what :meth:`read` makes of a row."""
        if self._columns is None:
            return lambda here: None
        count = self._columns.count(name)
        if count != 1:
            words = f"there are {count} columns {name!r}: give them names with file.columns and file.skip_lines"
            raise KeyError(words if count else f"there is no column {name!r}; {among(name, self._columns)}")
        index = self._columns.index(name)
        if index not in self._used:
            self._used.append(index)
        place = self._used.index(index)
        return lambda here: here.row[place]

    def read(self, row: Any) -> list[str | None]:  # noqa: ANN401 - cells, as Places has it
        """The cells that were asked for, None where there is no value: a file is held whole, and most columns are not used."""
        cells = [row[index].strip() for index in self._used]
        return [None if cell in self._missing else cell for cell in cells]


_STEP: Final = re.compile(
    r"""(?:^|\.)(?P<name>[^.\[\]"]+)|\[(?P<index>-?\d+)\]|\[(?P<quote>["'])(?P<odd>.+?)(?P=quote)\]"""
)


class Paths:
    """JSON: a name is a path such as ``a.b[0]["odd.key"]``; leading dots begin at the ``depth`` elements of ``each``."""

    textual = False

    def __init__(self, missing: Collection[str], depth: int = 0) -> None:
        self._missing = frozenset(missing)
        self.depth = depth

    def get(self, name: str) -> Get:
        """See :class:`Places`."""
        path = name.lstrip(".")
        up = len(name) - len(path)
        if up > self.depth:
            words = "there is no each" if self.depth == 0 else f"there are only {self.depth} lists in each"
            raise ValueError(f"{{{name}}} begins with {up} dots, but {words}")
        steps = steps_of(path)
        missing = self._missing

        def value(here: Here) -> Any:  # noqa: ANN401 - whatever stands in the file
            found = walked(here.items[-up] if up else here.row, steps)
            if isinstance(found, str):
                found = found.strip()
                return None if found in missing else found
            return found

        return value

    def read(self, row: Any) -> Any:  # noqa: ANN401
        """See :class:`Places`."""
        return row


def steps_of(path: str) -> tuple[str | int, ...]:
    """A JSON path as keys and indexes; empty: the value itself. A leading ``$`` is read over. Raises ``ValueError``."""
    steps: list[str | int] = []
    at = 1 if path == "$" or path.startswith(("$.", "$[")) else 0
    while at < len(path):
        found = _STEP.match(path, at)
        if found is None:
            raise ValueError(f'{path!r} is no path: write a.b, a[0] or a["odd key"]')
        steps.append(int(found["index"]) if found["index"] is not None else found["name"] or found["odd"])
        at = found.end()
    return tuple(steps)


def walked(value: Any, steps: Sequence[str | int]) -> Any:  # noqa: ANN401
    """What stands at the end of the steps, None where one leads nowhere."""
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


_OWN: Final[dict[str, Get]] = {
    "@row": lambda here: here.number,
    "@place": lambda here: here.place + 1,
    "@hash": lambda here: here.digest if here.copy == 1 else f"{here.digest}.{here.copy}",
    "@item": lambda here: here.item,
}
"""What a row's own place says."""
_PIECE: Final = re.compile(r"\{\{|\}\}|\{(?P<name>[^{}]+)\}|(?P<brace>[{}])|[^{}]+")


class Text:
    """Text with places in braces, taken apart. ``get`` None: it is a constant, ``constant``."""

    def __init__(self, text: str, places: Places) -> None:
        """Raises ``ValueError`` for text that cannot be taken apart, ``KeyError`` for an unknown column."""
        parts: list[str | Named] = []
        self.names: list[str] = []
        for piece in _PIECE.finditer(text):
            if piece["brace"]:
                raise ValueError(
                    f"a brace stands alone in {text!r}: write {{{{ or }}}} for a brace, {{name}} for a column"
                )
            if piece["name"] is None:
                parts.append(piece[0].replace("{{", "{").replace("}}", "}"))
                continue
            name = piece["name"]
            parts.append((name, _own(name, places.depth) if name.startswith("@") else places.get(name)))
            self.names.append(name)
        self.constant = "".join(part for part in parts if isinstance(part, str))
        self.get: Get | None = None
        if self.names:
            self.get = parts[0][1] if len(parts) == 1 and not isinstance(parts[0], str) else _joined(parts)


def _own(name: str, depth: int) -> Get:
    if name not in _OWN:
        raise ValueError(f"there is no {{{name}}}; {among(name, _OWN)}")
    if name == "@item" and depth == 0:
        raise ValueError("{@item} goes with each: there are no elements here")
    return _OWN[name]


def _joined(parts: Sequence[str | Named]) -> Get:
    def get(here: Here) -> str | None:
        found = []
        for part in parts:
            if isinstance(part, str):
                found.append(part)
                continue
            name, read = part
            value = read(here)
            if value is None:
                return None
            try:
                found.append(kinds.text(value))
            except ValueError as error:
                raise Unfit(name, str(error)) from None
        return "".join(found)

    return get


def first_of(gets: Sequence[Get]) -> Get:
    """The first that has a value."""
    if len(gets) == 1:
        return gets[0]

    def get(here: Here) -> Any:  # noqa: ANN401
        for one in gets:
            value = one(here)
            if value is not None:
                return value
        return None

    return get


def of(which: Of, get: Get) -> Get:
    """The value of another row of the ticket: of the first, last or nearest earlier one that has it."""
    if which == "row":
        return get

    def elsewhere(here: Here) -> Any:  # noqa: ANN401
        known = here.memory.get(id(elsewhere))
        if known is None:
            known = here.memory[id(elsewhere)] = _worked_out(which, get, here)
        return known[here.place]

    return elsewhere


def _worked_out(which: Of, get: Get, here: Here) -> list[Any]:
    """For each row of the ticket in one pass: a ticket of many rows must not cost their square."""
    own = here.row
    values = []
    for row in here.rows:
        here.row = row
        values.append(get(here))
    here.row = own
    if which != "previous":
        said = [value for value in values if value is not None]
        return [(said[0] if which == "first" else said[-1]) if said else None] * len(values)
    before: Any = None
    found: list[Any] = []
    for value in values:
        found.append(before)
        before = value if value is not None else before
    return found


def never_back(now: Get) -> Get:
    """The latest time of the ticket's rows so far. Raises :class:`Unfit` for a row whose own time cannot be read."""

    def get(here: Here) -> Any:  # noqa: ANN401 - a time, or None
        known = here.memory.get(id(get))
        if known is None:
            known = here.memory[id(get)] = _latest(now, here)
        found = known[here.place]
        if isinstance(found, Unfit):
            raise Unfit(found.column, found.reason)
        return found

    return get


def _latest(now: Get, here: Here) -> list[Any]:
    own, latest = here.row, None
    found: list[Any] = []
    for row in here.rows:
        here.row = row
        try:
            said = now(here)
        except Unfit as why:
            found.append(why)
            continue
        if isinstance(said, datetime):
            said = latest = said if latest is None else max(said, latest)
        found.append(said)
    here.row = own
    return found
