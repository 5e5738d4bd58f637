"""Conditions of a mapping as closures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import UNSET, UnsetType

from undertow.adapters import kinds
from undertow.adapters.mapping import Condition, When
from undertow.adapters.paths import Get, Here, of
from undertow.adapters.shape import Path
from undertow.adapters.terms import Compiler, found_in, said_by, searcher

Holds = Callable[[Here], bool]
"""Raises :class:`undertow.adapters.paths.Unfit` where a value cannot be compared."""


def holds(compiler: Compiler, when: When, path: Path) -> Holds | None:
    """All conditions as one; None where there is none. What is wrong with them goes to the compiler's ``found``."""
    if isinstance(when, Condition):
        tests = _tests(compiler, when, path)
    else:
        tests = [test for place, one in enumerate(when) for test in _tests(compiler, one, (*path, place))]
    if len(tests) <= 1:
        return tests[0] if tests else None

    return lambda here: all(test(here) for test in tests)


def _tests(compiler: Compiler, one: Condition, path: Path) -> list[Holds]:
    tests: list[Holds] = []
    if one.field is not None or one.text is not None:
        get, label = compiler.source(one, path)
        tests = _of_value(compiler, one, get, label, path)
        if not tests:
            compiler.problem(path, "write what the value must be: is, not, matches, present or changed")
    elif any(
        value is not None and value is not UNSET for value in (one.is_, one.not_, one.matches, one.present, one.changed)
    ):
        compiler.problem(path, "write the field that is meant, such as field: state")
    elif one.row is None and not one.any:
        compiler.problem(path, "is empty: write field and is, or row, or any")
    if one.row is not None:
        tests.append(_ROWS[one.row])
    if one.any:
        tests.append(_any(compiler, one.any, (*path, "any")))
    return tests


def _any(compiler: Compiler, several: tuple[Condition, ...], path: Path) -> Holds:
    options = [
        found for place, one in enumerate(several) if (found := holds(compiler, one, (*path, place))) is not None
    ]
    return lambda here: any(option(here) for option in options)


def _of_value(compiler: Compiler, one: Condition, get: Get, label: str, path: Path) -> list[Holds]:
    tests: list[Holds] = []
    if not isinstance(one.is_, UnsetType):
        wanted = _words(one.is_)
        tests.append(lambda here: said_by(get(here), label) in wanted)
    if not isinstance(one.not_, UnsetType):
        refused = _words(one.not_)
        tests.append(lambda here: said_by(get(here), label) not in refused)
    if one.matches is not None:
        search = searcher(one.matches, (*path, "matches"), compiler.found)
        tests.append(
            lambda here: (said := said_by(get(here), label)) is not None and found_in(search, said, label) is not None
        )
    if one.present is not None:
        present = one.present
        tests.append(lambda here: (get(here) is not None) is present)
    if one.changed is not None:
        before, changed = of("previous", get), one.changed
        tests.append(lambda here: ((now := get(here)) is not None and now != before(here)) is changed)
    return tests


def _words(said: str | float | tuple[str | int | float, ...]) -> frozenset[str]:
    return frozenset(map(kinds.text, said if isinstance(said, tuple) else (said,)))


_ROWS: Final[dict[str, Holds]] = {
    "first": lambda here: here.place == 0,
    "later": lambda here: here.place > 0,
    "last": lambda here: here.place == len(here.rows) - 1,
}
