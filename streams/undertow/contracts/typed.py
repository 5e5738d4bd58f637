"""A tree of nodes against types: the values, and every problem on the way instead of the first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from types import MappingProxyType
from typing import Any, Final

from msgspec import Struct, inspect

from undertow.contracts.forms import FOREIGN, FORMS
from undertow.contracts.nodes import Items, Keys, Leaf, Node, shown
from undertow.contracts.problems import Path, Report, meant
from undertow.contracts.quantities import duration, in_words

BAD: Final = object()
"""Stands for what could not be read; the report says why."""
NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_WORDS: Final[dict[type, str]] = {
    inspect.StrType: "text",
    inspect.IntType: "a whole number",
    inspect.FloatType: "a number",
    inspect.BoolType: "true or false",
    inspect.VarTupleType: "a list, such as [a, b]",
    inspect.DictType: "keys and values",
    inspect.StructType: "keys and values",
}


class Filler:
    """Reads one tree into types."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self._read_at: list[tuple[Struct, Path]] = []

    def where(self, part: Struct) -> Path:
        """The place a struct was read at; the document's own where it stands for a default."""
        return next((path for read, path in self._read_at if read is part), ())

    def read(self, node: Node, kind: inspect.Type, path: Path) -> Any:  # noqa: ANN401 - of the type ``kind`` names
        """The value of ``kind``, or :data:`BAD`."""
        self.report.lines.setdefault(path, node.line)
        match kind:
            case inspect.Metadata(extra={"form": name}):
                return self._formed(node, str(name), kind.type, path)
            case inspect.Metadata(extra={"foreign": name}):
                return self._foreign(node, str(name), path)
            case inspect.Metadata():
                return self.read(node, kind.type, path)
            case inspect.UnionType():
                return self._either(node, kind, path)
            case inspect.StructType() if isinstance(node, Keys):
                return self.struct(node, kind, path)
            case inspect.DictType() if isinstance(node, Keys):
                return self._dict(node, kind, path)
            case inspect.VarTupleType() if isinstance(node, Items):
                read = [self.read(item, kind.item_type, (*path, place)) for place, item in enumerate(node.items)]
                return tuple(value for value in read if value is not BAD)
            case inspect.LiteralType():
                return self._literal(node, kind, path)
        if isinstance(node, Leaf) and _fits(node, kind):
            return self._limited(node, kind, path)
        return self._bad(path, _instead(node, kind))

    def _bad(self, path: Path, words: str) -> object:
        self.report.add(path, words)
        return BAD

    def struct(self, node: Keys, kind: inspect.StructType, path: Path, instead: Mapping[str, Any] = NOTHING) -> Any:  # noqa: ANN401
        """The struct of ``kind``, or :data:`BAD`. ``instead`` stands in for required fields that are missing or wrong."""
        fields = {field.encode_name: field for field in kind.fields}
        values: dict[str, Any] = dict(instead)
        complete = True
        for key, (line, value) in node.items.items():
            self.report.lines[(*path, key)] = line
            if key not in fields:
                known = meant(key, list(fields)) or f"; the keys here are {', '.join(fields)}"
                self._bad((*path, key), f"there is no such key{known}")
                continue
            read = self.read(value, fields[key].type, (*path, key))
            if read is not BAD:
                values[fields[key].name] = read
            elif fields[key].required and key not in instead:
                complete = False
        for name, field in fields.items():
            if field.required and name not in node.items:
                complete = complete and name in instead
                self._bad((*path, name), f"is missing: write {_expected(field.type)}")
        if not complete:
            return BAD
        try:
            built: Struct = kind.cls(**values)
        except (ValueError, TypeError) as error:  # what the type itself refuses
            return self._bad(path, str(error))
        self._read_at.append((built, path))
        return built

    def _dict(self, node: Keys, kind: inspect.DictType, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, (line, value) in node.items.items():
            self.report.lines[(*path, key)] = line
            name = self.read(Leaf(key, line), kind.key_type, (*path, key))
            read = self.read(value, kind.value_type, (*path, key))
            if name is not BAD and read is not BAD:
                found[name] = read
        return found

    def _either(self, node: Node, kind: inspect.UnionType, path: Path) -> Any:  # noqa: ANN401
        """The first of several types that has the node's form; what is wrong is then said of that type."""
        if kind.includes_none and isinstance(node, Leaf) and node.value is None:
            return None
        options = [option for option in kind.types if not isinstance(option, inspect.NoneType)]
        options.sort(key=lambda option: not isinstance(option, inspect.LiteralType))  # a given word before any text
        return self.read(node, next((option for option in options if _suits(node, option)), options[0]), path)

    def _formed(self, node: Node, name: str, kind: inspect.Type, path: Path) -> Any:  # noqa: ANN401
        form = FORMS[name]
        if not isinstance(node, Leaf) or node.value is None:
            return self._bad(path, _instead(node, inspect.Metadata(kind, extra={"form": name})))
        try:
            value = form.read(node.value)
        except ValueError as error:
            return self._bad(path, str(error))
        words = _outside(value, kind, form.spell)
        return value if words is None else self._bad(path, words)

    def _foreign(self, node: Node, name: str, path: Path) -> Any:  # noqa: ANN401
        """A part that another room reads and checks."""
        lines_in(node, path, self.report.lines)
        value, problems = FOREIGN[name](built_in(node))
        for at, words in problems:
            self.report.add((*path, *at), words)
        return BAD if problems else value

    def _literal(self, node: Node, kind: inspect.LiteralType, path: Path) -> Any:  # noqa: ANN401
        if isinstance(node, Leaf) and node.value in kind.values and not isinstance(node.value, bool):
            return node.value
        near = meant(str(node.value), [str(value) for value in kind.values]) if isinstance(node, Leaf) else ""
        return self._bad(path, f"{shown(node)} is not possible: write {_expected(kind)}{near}")

    def _limited(self, node: Leaf, kind: inspect.Type, path: Path) -> Any:  # noqa: ANN401
        value = node.value
        if isinstance(kind, inspect.FloatType):
            assert isinstance(value, str | int | float)
            try:
                value = duration(value) if isinstance(value, str) else float(value)
            except ValueError as error:
                return self._bad(path, str(error))
        words = _outside(value, kind, in_words if timed(kind) else "{:g}".format)
        return value if words is None else self._bad(path, words)


def timed(kind: inspect.Type) -> bool:
    """Whether a number is seconds, so that a duration may be written for it: shares, factors and scores stay below an hour."""
    return isinstance(kind, inspect.FloatType) and kind.le is not None and kind.le >= 3600


def _suits(node: Node, kind: inspect.Type) -> bool:
    """Whether the node has the type's form, whatever is in it."""
    match kind:
        case inspect.Metadata(extra={"form": name}):
            words = isinstance(node, Leaf) and isinstance(node.value, str)
            return words or (isinstance(node, Leaf) and FORMS[str(name)].numbers)
        case inspect.Metadata():
            return _suits(node, kind.type)
        case inspect.StructType() | inspect.DictType():
            return isinstance(node, Keys)
        case inspect.VarTupleType():
            return isinstance(node, Items)
        case inspect.LiteralType():
            return isinstance(node, Leaf) and node.value in kind.values
    return isinstance(node, Leaf) and _fits(node, kind)


def _fits(node: Leaf, kind: inspect.Type) -> bool:
    value = node.value
    match kind:
        case inspect.StrType():
            return isinstance(value, str)
        case inspect.BoolType():
            return isinstance(value, bool)
        case inspect.IntType():
            return isinstance(value, int) and not isinstance(value, bool)
        case inspect.FloatType():
            return (isinstance(value, str) and timed(kind) and value[:1].isdigit()) or (
                isinstance(value, int | float) and not isinstance(value, bool)
            )
    return False


def _outside(value: Any, kind: inspect.Type, spell: Callable[[Any], object]) -> str | None:  # noqa: ANN401
    """What is wrong with a value of the right type, or None."""
    if isinstance(value, float) and not isfinite(value):
        return f"{value} is no number that can be used: write a finite one"
    if isinstance(kind, inspect.IntType | inspect.FloatType):
        if kind.gt is not None and value <= kind.gt:
            return f"{spell(value)} is too small: write more than {spell(kind.gt)}"
        if kind.ge is not None and value < kind.ge:
            return f"{spell(value)} is too small: write at least {spell(kind.ge)}"
        if kind.lt is not None and value >= kind.lt:
            return f"{spell(value)} is too large: write less than {spell(kind.lt)}"
        if kind.le is not None and value > kind.le:
            return f"{spell(value)} is too large: write at most {spell(kind.le)}"
    if isinstance(kind, inspect.StrType):
        if kind.min_length and len(value) < kind.min_length:
            return "is empty: write a name" if not value else f"write at least {kind.min_length} characters"
        if kind.max_length is not None and len(value) > kind.max_length:
            return f"is too long: write at most {kind.max_length} characters"
    return None


def _instead(node: Node, kind: inspect.Type) -> str:
    if isinstance(kind, inspect.StrType) and isinstance(node, Leaf) and node.value is not None:
        return f'write "{node.value}" in quotes: without them it is no text'
    if isinstance(kind, inspect.FloatType) and isinstance(node, Leaf) and str(node.value).endswith("%"):
        return f"{shown(node)} is no number: write {node.value} as a ratio, such as 0.1 for 10%"
    if isinstance(node, Leaf) and node.value is None:
        return f"has no value: write {_expected(kind)}, or leave the key out"
    return f"write {_expected(kind)}, not {shown(node)}"


def _expected(kind: inspect.Type) -> str:
    match kind:
        case inspect.LiteralType():
            return f"one of {', '.join(map(str, kind.values))}" if len(kind.values) > 1 else str(kind.values[0])
        case inspect.Metadata(extra={"form": name}):
            return FORMS[str(name)].example
        case inspect.Metadata():
            return _expected(kind.type)
        case inspect.UnionType():
            return " or ".join(_expected(option) for option in kind.types if not isinstance(option, inspect.NoneType))
    return _WORDS.get(type(kind), "another value")


def built_in(node: Node) -> Any:  # noqa: ANN401 - as raw as it came
    """A node as dicts, lists and plain values."""
    if isinstance(node, Keys):
        return {key: built_in(value) for key, (_, value) in node.items.items()}
    return [built_in(item) for item in node.items] if isinstance(node, Items) else node.value


def lines_in(node: Node, path: Path, into: dict[Path, int]) -> None:
    """Remember the line of every key and item below a node, for a part that others check."""
    if isinstance(node, Keys):
        for key, (line, value) in node.items.items():
            into[(*path, key)] = line
            lines_in(value, (*path, key), into)
    elif isinstance(node, Items):
        for place, item in enumerate(node.items):
            into[(*path, place)] = item.line
            lines_in(item, (*path, place), into)
