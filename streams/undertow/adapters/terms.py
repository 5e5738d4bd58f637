"""Terms of a mapping as closures: compiled once a file, called once a row."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, TypeVar

from msgspec import Struct, inspect

from undertow.adapters import kinds
from undertow.adapters.kinds import Convert, Habits
from undertow.adapters.mapping import Condition, Scalar, Term, Value
from undertow.adapters.paths import Get, Here, Places, Text, Unfit, first_of, of
from undertow.adapters.shape import Path, Problem

Search = Callable[[str], re.Match[str] | None]
MOST_SEARCHED: Final = 4096
"""Characters that a pattern is tried on. Even a plain one such as ``(\\S+)@`` takes time that grows with their square: a value of
256 KB would hold a worker up for minutes, and again after each restart."""
NOTHING: Final = object()
"""What a term gives where its map or default says null: there is nothing to say, which is no mistake."""


T = TypeVar("T")


class Compiled(Struct, frozen=True):
    """A term ready to be called. ``get`` gives the value, None where the row has none, or :data:`NOTHING`."""

    get: Get
    label: str
    """The columns it reads, for messages; empty for a constant."""


class Compiler:
    """Compiles for one file's places; what is wrong with the mapping or does not suit the file goes to ``found``."""

    def __init__(self, places: Places, habits: Habits, found: list[Problem]) -> None:
        self.places, self._habits, self.found = places, habits, found

    def term(self, value: Value, field: inspect.Type, path: Path) -> Compiled:
        """A value for a field of our events."""
        if value is None:
            return _ABSENT
        kind = kinds.kind_of(field)
        term = value if isinstance(value, Term) else Term()
        habits = Habits(
            self._habits.decimal,
            self._habits.formats if term.format is None else listed(term.format),
            self._habits.zone if term.zone is None else term.zone,
        )
        try:
            convert = _limited(kinds.converter(kind, habits), kinds.choices(field))
        except ValueError as error:
            self.problem(path, str(error))
            return _BROKEN
        if not isinstance(value, Term):
            return self._plain(value, convert, path)
        return self._long(value, convert, path)

    def order(self, value: Value, path: Path) -> Compiled:
        """What rows are put in order by: numbers as numbers, before text."""
        found = self.term(value, _ANY_TEXT, path)

        def key(here: Here) -> tuple[int, float | str]:
            said = found.get(here)
            if said is None or said is NOTHING:
                raise Unfit(found.label, "is empty, and rows are put in order by it")
            try:
                return (0, kinds.number(said))
            except ValueError:
                return (1, said)

        return Compiled(key, found.label)

    def problem(self, path: Path, words: str) -> None:
        """Note what is wrong."""
        self.found.append(Problem(path, words))

    # --- terms

    def _plain(self, value: Scalar, convert: Convert, path: Path) -> Compiled:
        if value is None:
            return _ABSENT
        if not isinstance(value, str):
            return self._constant(value, convert, path)
        text = self._text(value, path)
        if text is None:
            return _BROKEN
        if text.get is None:
            return self._constant(text.constant, convert, path)
        label = " and ".join(text.names)
        return Compiled(self._converted(text.get, convert, label), label)

    def _constant(self, value: Scalar, convert: Convert, path: Path) -> Compiled:
        try:
            made = convert(value)
        except ValueError as error:
            self.problem(path, str(error))
            return _BROKEN
        return Compiled(lambda here: made, "")

    def _long(self, term: Term, convert: Convert, path: Path) -> Compiled:
        raw, label = self.source(term, path)
        if term.extract is not None:
            raw = self._extracted(raw, term.extract, label, (*path, "extract"))
        if term.map is not None:
            get = self._mapped(raw, term.map, convert, label, (*path, "map"))
        elif term.times is not None:
            get = self._converted(raw, _times(convert, term.times, self._habits.decimal), label)
        else:
            get = self._converted(raw, convert, label)
        if term.map is not None and term.times is not None:
            self.problem(
                (*path, "times"), "goes with numbers of the row, not with a map: write the products into the map"
            )
        if term.default is None:
            return Compiled(get, label)
        default = self._plain(term.default, convert, (*path, "default")).get

        def value(here: Here) -> Any:  # noqa: ANN401 - of the field's kind
            found = get(here)
            return default(here) if found is None else found

        return Compiled(value, label)

    def source(self, term: Term | Condition, path: Path) -> tuple[Get, str]:
        """What the row says, and where."""
        if (term.field is None) == (term.text is None):
            self.problem(path, "write either field (a column or path) or text (with columns or paths in braces)")
            return _BROKEN.get, ""
        if term.text is not None:
            if term.of != "row":
                self.problem((*path, "of"), "goes with field, not with text")
            text = self._text(term.text, (*path, "text"))
            if text is None:
                return _BROKEN.get, ""
            constant = text.constant
            return text.get or (lambda here: constant), " and ".join(text.names)
        names = listed(term.field or ())
        gets = [get for name in names if (get := self._field(name, (*path, "field"))) is not None]
        if term.of != "row" and any(name.startswith(".") for name in names):
            self.problem((*path, "of"), "goes with a place in the row, not with one in an element of each")
        return of(term.of, first_of(gets or [_BROKEN.get])), " or ".join(names)

    def _field(self, name: str, path: Path) -> Get | None:
        if "{" in name or "}" in name:
            self.problem(path, f'a field is named without braces: write {name.strip("{}")!r}, or text: "{name}"')
            return None
        return self._guarded(self.places.get, name, path)

    def _text(self, text: str, path: Path) -> Text | None:
        return self._guarded(lambda said: Text(said, self.places), text, path)

    def _guarded(self, make: Callable[[str], T], said: str, path: Path) -> T | None:
        try:
            return make(said)
        except (ValueError, KeyError) as error:
            self.problem(path, str(error.args[0]))
            return None

    def _converted(self, get: Get, convert: Convert, label: str) -> Get:
        if convert is kinds.text and self.places.textual:
            return get

        def value(here: Here) -> Any:  # noqa: ANN401 - of the field's kind
            found = get(here)
            if found is None:
                return None
            try:
                return convert(found)
            except ValueError as error:
                raise Unfit(label, str(error)) from None

        return value

    def _extracted(self, get: Get, pattern: str, label: str, path: Path) -> Get:
        search = searcher(pattern, path, self.found)

        def value(here: Here) -> str | None:
            found = get(here)
            if found is None:
                return None
            said = said_by(found, label)
            match = found_in(search, said, label)
            if match is None:
                raise Unfit(label, f"{said!r} does not hold what extract looks for, {pattern!r}")
            return str(match[match.re.groups and 1])

        return value

    def _mapped(self, get: Get, table: dict[str, Scalar], convert: Convert, label: str, path: Path) -> Get:
        made = {
            key: _silent if value is None else self._plain(value, convert, (*path, key)).get
            for key, value in table.items()
        }
        other = made.pop("*", None)

        def value(here: Here) -> Any:  # noqa: ANN401 - of the field's kind
            found = get(here)
            if found is None:
                return None
            key = said_by(found, label)
            chosen = made.get(key, other)
            if chosen is None:
                raise Unfit(label, f'{key!r} is not in the map: add it, or "*" for every other value')
            return chosen(here)

        return value


_ANY_TEXT: Final = inspect.StrType()
_ABSENT: Final = Compiled(lambda here: None, "")
_BROKEN: Final = Compiled(lambda here: None, "")
"""Stands for what is reported as a problem; never called."""


def _silent(_here: Here) -> object:
    return NOTHING


def listed(one: str | tuple[str, ...]) -> tuple[str, ...]:
    """One or several as several."""
    return (one,) if isinstance(one, str) else one


def said_by(value: object, label: str) -> Any:  # noqa: ANN401 - text, or None as it came
    """A value as text. Raises :class:`Unfit` where it is a list or an object."""
    try:
        return None if value is None else kinds.text(value)
    except ValueError as error:
        raise Unfit(label, str(error)) from None


def _limited(convert: Convert, allowed: tuple[str, ...]) -> Convert:
    if not allowed:
        return convert

    def value(raw: object) -> str:
        said = kinds.text(raw)
        if said not in allowed:
            raise ValueError(f"{said!r} is none of {', '.join(allowed)}")
        return said

    return value


def _times(convert: Convert, factor: float, decimal: str) -> Convert:
    return lambda raw: convert(kinds.number(raw, decimal) * factor)


def found_in(search: Search, said: str, label: str) -> re.Match[str] | None:
    """What a pattern finds in a text. Raises :class:`Unfit` for one that is too long to try it on."""
    if len(said) > MOST_SEARCHED:
        raise Unfit(label, f"has {len(said):,} characters, and a pattern is tried on {MOST_SEARCHED:,} at most")
    return search(said)


def searcher(pattern: str, path: Path, found: list[Problem]) -> Search:
    """A regular expression ready to search."""
    try:
        return re.compile(pattern).search
    except re.error as error:
        found.append(Problem(path, f"{pattern!r} is no regular expression: {error}"))
        return re.compile("").search
