"""A declarative mapping (:mod:`undertow.adapters.mapping`) applied to one record of a topic: a row that is read alone.

A record knows no other row of its ticket, so a mapping that asks for one can read files and no topic. The event ids are those
that the same row has in a file: of ``id``, or a hash of the row. A record that comes again is then the same events again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct, structs

from undertow.adapters import rows
from undertow.adapters.mapping import Condition, Mapping, Term
from undertow.adapters.paths import Here, Unfit
from undertow.adapters.plan import plan
from undertow.adapters.shape import Path, Problem
from undertow.adapters.table import Telling
from undertow.events import Event
from undertow.wire import Refused

ALONE: Final = "a record on a topic is read alone"
_PLACE: Final = re.compile(r"(?<!\{)(?:\{\{)*\{(@row|@place)\}")
_OF_FILES: Final = {
    "compression": f"{ALONE} and is not packed: leave it out",
    "skip_lines": f"{ALONE}: there are no lines before it, so leave it out",
    "rows": f"{ALONE} and is one row: leave it out; a rule's each makes events of a list in it",
}
"""What only a file has, and what to do about it."""


class Records:
    """A mapping ready to read records. It has no :func:`problems`."""

    def __init__(self, mapping: Mapping, vendor: str) -> None:
        found: list[Problem] = []
        self._file = mapping.file
        self._plan = plan(mapping, vendor, found, list(mapping.file.columns) or None)
        assert not found, found

    def events(self, value: bytes) -> list[Event]:
        """What the record says: all of it, or nothing. Raises :class:`undertow.wire.Refused` with the column."""
        ready = self._plan
        try:
            row = rows.only(value, self._file)
            kept = ready.read(row)
            here = Here((kept,))
            here.row, here.number = kept, 1
            if ready.holds is not None and not ready.holds(here):
                return []
            here.digest = rows.digest(row, self._file) if ready.hashed else ""
        except Unfit as why:
            raise Refused(why.word, why.column or "$", why.reason) from None
        except RecursionError:
            raise Refused("not_json", "$", "lists and objects are nested too deeply") from None
        told = Telling(ready).row(here, None, {})
        if told.bad:
            bad = told.bad[0]
            raise Refused(bad.word, bad.column or "$", f"{bad.reason} ({bad.rule})")
        return [event for event, _ in told.said]


def problems(mapping: Mapping) -> list[Problem]:
    """Everything in a mapping that makes sense for a file and none for a record; and columns that it does not name."""
    file = mapping.file
    found = [Problem(("file", name), words) for name, words in _OF_FILES.items() if getattr(file, name) not in _UNSET]
    if file.format == "csv" and not file.columns:
        words = f"is missing: {ALONE}, without a line that names the columns"
        found.append(Problem(("file", "columns"), words))
    elif file.columns:
        plan(mapping, mapping.vendor or "", found, list(file.columns))
    try:
        b"a".decode(file.encoding, "ignore")
    except (LookupError, UnicodeError):
        found.append(
            Problem(("file", "encoding"), f"{file.encoding!r} is no encoding of text: write one such as utf-8")
        )
    if mapping.order:
        words = f"{ALONE}: say with sequence what orders the events of one time"
        found.append(Problem(("order",), words))
    if mapping.forward:
        found.append(Problem(("forward",), f"{ALONE}: its own time counts, so leave it out"))
    return [*found, *_asking(mapping, ())]


_UNSET: Final = (None, 0, "auto", "none")


def _asking(part: Any, path: Path) -> Iterator[Problem]:  # noqa: ANN401 - any part of a mapping
    """Where another row of the ticket, or the row's place among them, is asked for."""
    if isinstance(part, str) and (place := _PLACE.search(part)):
        yield Problem(path, f"{ALONE} and has no {{{place[1]}}}: name it by its values")
    elif isinstance(part, Struct):
        if isinstance(part, Term | Condition) and part.of != "row":
            yield Problem((*path, "of"), f"{ALONE}: there is no {part.of} row of its ticket to take a value from")
        if isinstance(part, Condition) and part.changed is not None:
            words = (
                f"{ALONE}: there is no earlier row to compare with; leave it out, for what is repeated says nothing new"
            )
            yield Problem((*path, "changed"), words)
        if isinstance(part, Condition) and part.row is not None:
            words = f"{ALONE}: say by its values which record is meant, such as field: step, is: opened"
            yield Problem((*path, "row"), words)
        for field in structs.fields(part):
            yield from _asking(getattr(part, field.name), (*path, field.encode_name))
    elif isinstance(part, dict):
        for key, value in part.items():
            yield from _asking(value, (*path, key))
    elif isinstance(part, tuple):
        for number, value in enumerate(part):
            yield from _asking(value, (*path, number))
