"""Values that are written as text: how each is read, spelled and described to an editor."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final
from zoneinfo import ZoneInfoNotFoundError

from msgspec import Struct

from undertow.adapters import live, table, table_records
from undertow.adapters.mapping import BadMapping, Mapping
from undertow.clock import day_of
from undertow.contracts import holidays
from undertow.contracts.nodes import Plain
from undertow.contracts.problems import Path, meant, quoted
from undertow.contracts.quantities import day, duration, in_words, instant, since, span
from undertow.topics import APP

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NAMES: Final = sorted(live.ADAPTERS)
"""Of adapters that can read a topic."""
_TOPIC: Final = re.compile(r"[a-zA-Z0-9._-]{1,249}")
_OWN: Final = (f"{APP}.", f"{APP}-")


class Form(Struct, frozen=True):
    """One kind of text."""

    read: Callable[[Plain], Any]
    """The value; raises ``ValueError`` with what to write instead."""
    example: str
    schema: Callable[[], dict[str, Any]]
    spell: Callable[[Any], Any] = lambda value: value
    """A default as the file would write it."""
    numbers: bool = False
    """Whether a number may stand there, too."""


def _text(reader: Callable[[str], Any], example: str) -> Callable[[Plain], Any]:
    def read(value: Plain) -> Any:  # noqa: ANN401 - each form has a type of its own
        if not isinstance(value, str):
            raise ValueError(f"{quoted(value)} is no text: write {example}")
        return reader(value)

    return read


def _number_or(reader: Callable[[str], Any], example: str) -> Callable[[Plain], Any]:
    read = _text(reader, example)
    return lambda value: float(value) if isinstance(value, int | float) and not isinstance(value, bool) else read(value)


def _zone(text: str) -> str:
    try:
        day_of(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder of zones, such as Europe
        raise ValueError(f"{quoted(text)} is no IANA name, such as Europe/Berlin") from None
    return text


def weekdays(text: str) -> range:
    """``monday`` or ``monday-friday`` as numbers, 0 is Monday. Raises ``ValueError`` with what to write instead."""
    first, _, last = (part.strip() for part in text.partition("-"))
    for part in (first, last or first):
        if part not in WEEKDAYS:
            raise ValueError(
                f"{quoted(text)} is no weekday: write monday, or monday-friday{meant(part, list(WEEKDAYS))}"
            )
    found = range(WEEKDAYS.index(first), WEEKDAYS.index(last or first) + 1)
    if not found:
        raise ValueError(f"{quoted(text)} ends before it starts: a week begins on monday")
    return found


def _days(text: str) -> str:
    weekdays(text)
    return text


def _country(text: str) -> str:
    known = list(holidays.countries())
    if text not in known:
        raise ValueError(
            f"{quoted(text)} is no country whose holidays are known: write its code, such as DE{meant(text, known)}"
        )
    return text


def _topic(text: str) -> str:
    if not _TOPIC.fullmatch(text):
        raise ValueError(f"{quoted(text)} is no name of a topic: write letters, digits, '.', '_' and '-', at most 249")
    if text.startswith(_OWN):
        raise ValueError(f"{quoted(text)} is a topic of our own: what is read from it would come back to it")
    return text


def _adapter(text: str) -> str:
    if text in live.FILES_ONLY:
        raise ValueError(f"{quoted(text)} {live.FILES_ONLY[text]}")
    if text not in NAMES:
        raise ValueError(f"{quoted(text)} is no adapter: write one of {', '.join(NAMES)}{meant(text, NAMES)}")
    return text


_HOURS: Final = r"^(([01]?[0-9]|2[0-3]):[0-5][0-9]|24:00) ?- ?(([01]?[0-9]|2[0-3]):[0-5][0-9]|24:00)$"
_WEEKDAY: Final = f"({'|'.join(WEEKDAYS)})"


def _schema(pattern: str, *more: str) -> dict[str, Any]:
    return {"type": [*more, "string"] if more else "string", "pattern": pattern}


def _form(reader: Callable[[str], Any], example: str, schema: Callable[[], dict[str, Any]]) -> Form:
    return Form(_text(reader, example), example, schema)


FORMS: Final[dict[str, Form]] = {
    "duration": Form(
        _number_or(duration, "a duration such as 4h"),
        "a duration such as 4h",
        lambda: _schema(r"^\s*[0-9]+(\.[0-9]+)?[smhd]\s*$", "number"),
        in_words,
        numbers=True,
    ),
    "instant": Form(
        _number_or(instant, "2026-06-30"), "2026-06-30", lambda: _schema("^[0-9]{4}-", "number"), numbers=True
    ),
    "since": _form(since, "2026-07-01", lambda: _schema("^[0-9]{4}-[0-9]{2}-[0-9]{2}")),
    "day": _form(day, "2026-12-24, or 12-24 for every year", lambda: _schema("^([0-9]{4}-)?[0-9]{2}-[0-9]{2}$")),
    "hours": _form(span, "hours such as 09:00-17:00", lambda: _schema(_HOURS)),
    "zone": _form(_zone, "an IANA name such as Europe/Berlin", lambda: {"type": "string", "minLength": 1}),
    "country": _form(_country, "a country's code such as DE", lambda: _schema("^[A-Z]{2}$")),
    "days": _form(_days, "monday, or monday-friday", lambda: _schema(f"^{_WEEKDAY}(-{_WEEKDAY})?$")),
    "topic": _form(_topic, "a topic's name", lambda: _schema(f"^{_TOPIC.pattern}$")),
    "adapter": _form(_adapter, "an adapter's name", lambda: {"type": "string", "enum": NAMES}),
}
"""By the name that a type's ``Meta(extra={"form": ...})`` gives."""


def _mapping(raw: object) -> tuple[Mapping | None, list[tuple[Path, str]]]:
    try:
        mapping = table.parsed(raw)
    except BadMapping as bad:
        return None, [(problem.path, problem.words) for problem in bad.problems]
    return mapping, [(problem.path, problem.words) for problem in table_records.problems(mapping)]


FOREIGN: Final[dict[str, Callable[[object], tuple[Any, list[tuple[Path, str]]]]]] = {"mapping": _mapping}
"""By the name that ``Meta(extra={"foreign": ...})`` gives: a raw part to its value, or to what is wrong in which place of it."""
