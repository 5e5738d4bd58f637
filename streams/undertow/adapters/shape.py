"""Raw YAML or JSON against a typed struct, as a whole: every problem with its key and what to write, not only the first.

msgspec stops at the first error and cannot name the key of a dict; a person who writes a mapping wants all of them at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import inspect

Path = tuple[str | int, ...]
"""Where in the file: keys and places in lists, such as ``("events", 2, "data", "to")``."""


class Problem(NamedTuple):
    """What is wrong at a place, and what to write there."""

    path: Path
    words: str

    def __str__(self) -> str:
        return f"{spelled(self.path)}: {self.words}" if self.path else self.words


def spelled(path: Path) -> str:
    """The place as a person writes it: ``events[2].data.to``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def checked(raw: object, kind: type, found: list[Problem], path: Path = ()) -> Any:  # noqa: ANN401 - as raw as it came
    """``raw`` as ``kind`` has it. What does not fit is added to ``found``, and something that does stands in for it.

    So whoever looks for the sense of the rest can do so at once, leaving out what lies below a place in ``found``.
    """
    return _walk(raw, _info(kind), path, found)


def among(name: str, known: Iterable[str]) -> str:
    """What to write instead of an unknown name: the nearest, or all."""
    known = list(known)
    near = get_close_matches(name, known, 1, 0.7)
    return f"did you mean {near[0]!r}?" if near else f"write one of {', '.join(known)}"


_info = lru_cache(maxsize=8)(inspect.type_info)
_WORDS: Final[dict[type, str]] = {
    inspect.StrType: "text",
    inspect.IntType: "a whole number",
    inspect.FloatType: "a number",
    inspect.BoolType: "true or false",
    inspect.NoneType: "null",
    inspect.VarTupleType: "a list",
    inspect.DictType: "keys and values",
    inspect.StructType: "keys and values",
}


def _walk(raw: object, kind: inspect.Type, path: Path, found: list[Problem]) -> Any:  # noqa: ANN401
    options = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    if isinstance(raw, dict):
        for option in options:
            if isinstance(option, inspect.StructType):
                return _stand_in(options) if _unquoted(raw, options, path, found) else _struct(raw, option, path, found)
            if isinstance(option, inspect.DictType):
                return _dict(raw, option, path, found)
    elif isinstance(raw, list | tuple):
        for option in options:
            if isinstance(option, inspect.VarTupleType):
                return [_walk(part, option.item_type, (*path, place), found) for place, part in enumerate(raw)]
    for option in options:
        if isinstance(option, inspect.Metadata):
            option = option.type  # noqa: PLW2901 - what the metadata wraps
        if _fits(raw, option):
            return raw
    if not _unquoted(raw, options, path, found):
        found.append(Problem(path, _expected(raw, options)))
    return _stand_in(options)


def _struct(raw: dict[Any, Any], kind: inspect.StructType, path: Path, found: list[Problem]) -> dict[str, Any]:
    fields = {field.encode_name: field for field in kind.fields}
    seen: dict[str, Any] = {}
    for key, value in raw.items():
        if key in fields:
            seen[key] = _walk(value, fields[key].type, (*path, key), found)
        else:
            found.append(Problem((*path, str(key)), f"there is no such key; {among(str(key), fields)}"))
    for name, field in fields.items():
        if field.required and name not in raw:
            found.append(Problem((*path, name), f"is missing; write {_named([field.type])}"))
            seen[name] = _stand_in([field.type])
    return seen


def _dict(raw: dict[Any, Any], kind: inspect.DictType, path: Path, found: list[Problem]) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    for key, value in raw.items():
        if isinstance(key, bool) or not isinstance(key, str | int | float):
            # YAML reads yes, no, on, off as booleans: which of the words stood there is lost
            found.append(Problem((*path, str(key)), "YAML does not read this key as text: put it in quotes"))
        else:
            seen[str(key)] = _walk(value, kind.value_type, (*path, str(key)), found)
    return seen


def _stand_in(options: Iterable[inspect.Type]) -> Any:  # noqa: ANN401
    """Something of the kind: for a struct that may be empty one that reads an unknown place, so that nobody judges its value."""
    (option, *_) = sorted(options, key=lambda option: not isinstance(option, inspect.StructType))
    match option:
        case inspect.UnionType():
            return _stand_in(option.types)
        case inspect.Metadata():
            return _stand_in([option.type])
        case inspect.LiteralType():
            return option.values[0]
        case inspect.VarTupleType():
            return []
        case inspect.DictType():
            return {}
        case inspect.StructType():
            needed = {field.encode_name: _stand_in([field.type]) for field in option.fields if field.required}
            names = {field.encode_name for field in option.fields}
            return needed or ({"field": "?"} if "field" in names else {})
        case inspect.BoolType():
            return False
        case inspect.IntType() | inspect.FloatType():
            return 1
    return "?" if isinstance(option, inspect.StrType) else None


def _fits(raw: object, kind: inspect.Type) -> bool:
    match kind:
        case inspect.StrType():
            return isinstance(raw, str)
        case inspect.BoolType():
            return isinstance(raw, bool)
        case inspect.IntType():
            return isinstance(raw, int) and not isinstance(raw, bool)
        case inspect.FloatType():
            return isinstance(raw, int | float) and not isinstance(raw, bool)
        case inspect.NoneType():
            return raw is None
        case inspect.LiteralType():
            return raw in kind.values
    return False


def _unquoted(raw: object, options: Iterable[inspect.Type], path: Path, found: list[Problem]) -> bool:
    """``{name}`` without quotes is a mapping to YAML; only who wrote it knows it was meant as text."""
    if not isinstance(raw, dict) or len(raw) != 1 or not any(isinstance(o, inspect.StrType) for o in options):
        return False
    ((key, value),) = raw.items()
    if value is not None:
        return False
    found.append(Problem(path, f'put it in quotes: "{{{key}}}"'))
    return True


def _expected(raw: object, options: Iterable[inspect.Type]) -> str:
    text = any(isinstance(option, inspect.StrType) for option in options)
    if isinstance(raw, date) and text:
        return f"YAML reads {raw} as a date: put it in quotes"
    if isinstance(raw, bool) and text:
        return 'YAML reads this as true or false: put the word in quotes, such as "yes" or "true"'
    if isinstance(raw, int | float) and text:
        return f'write text: "{raw}" in quotes'
    got = {dict: "keys and values", list: "a list", type(None): "nothing"}.get(type(raw), repr(raw))
    return f"write {_named(options)}, not {got}"


def _named(options: Iterable[inspect.Type]) -> str:
    words: list[str] = []
    for option in options:
        if isinstance(option, inspect.UnionType):
            words.append(_named(option.types))
        elif isinstance(option, inspect.LiteralType):
            words.append("one of " + ", ".join(map(str, option.values)))
        elif isinstance(option, inspect.Metadata):
            words.append(_named([option.type]))
        elif not isinstance(option, inspect.NoneType):
            words.append(_WORDS[type(option)])
    return " or ".join(dict.fromkeys(words))


def apart(problems: Iterable[Problem], told: Iterable[Problem]) -> list[Problem]:
    """``problems`` without those at or below a place that is told already, and each once."""
    places = {problem.path for problem in told}
    return [
        problem
        for problem in dict.fromkeys(problems)
        if not any(problem.path[:length] in places for length in range(len(problem.path) + 1))
    ]


def converted(raw: object, kind: type) -> Any:  # noqa: ANN401 - an instance of ``kind``
    """``raw``, free of problems, as an instance of ``kind``."""
    return msgspec.convert(raw, kind)
