"""YAML text to a tree that remembers its lines.

Plain words are read as YAML 1.2 reads them: ``NO`` is Norway and no boolean, ``09:00`` is no number in base 60, and a date
stays a text until the key it belongs to says what it is.
"""

from __future__ import annotations

import re
from typing import Final

import yaml
from msgspec import Struct

from undertow.contracts.problems import Path, Report, quoted

Plain = str | int | float | bool | None
MAX_NODES: Final = 100_000
"""Aliases of aliases grow without bound; no contract is near this size."""
_STANDARD: Final = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map")}
_WORDS: Final[dict[str, Plain]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_WHOLE: Final = re.compile(r"[-+]?[0-9]{1,18}")
_NUMBER: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


class Leaf(Struct, frozen=True):
    """A single value."""

    value: Plain
    line: int


class Items(Struct, frozen=True):
    """A list."""

    items: tuple[Node, ...]
    line: int


class Keys(Struct, frozen=True):
    """Keys and values, each with the key's line."""

    items: dict[str, tuple[int, Node]]
    line: int


Node = Leaf | Items | Keys


def tree(text: str, report: Report) -> Node | None:
    """The document's tree, None where it is no YAML; what is wrong with it goes into ``report``."""
    try:
        root = yaml.compose(text, Loader=yaml.BaseLoader)
        return Leaf(None, 1) if root is None else _Reader(report).read(root, ())
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        words = " ".join(part for part in (error.context, error.problem) if part)
        report.add((), f"not YAML: {words}", line)
    except (yaml.YAMLError, RecursionError) as error:
        report.add((), f"not YAML: {' '.join(str(error).split())}")
    return None


class _Reader:
    def __init__(self, report: Report) -> None:
        self._report = report
        self._above: list[yaml.Node] = []
        self._read = 0

    def read(self, node: yaml.Node, path: Path) -> Node:
        line = node.start_mark.line + 1
        self._read += 1
        if self._read > MAX_NODES:
            raise yaml.YAMLError(f"more than {MAX_NODES} values: do aliases repeat each other?")
        if node.tag not in _STANDARD:
            self._report.add(path, f"the YAML tag {node.tag} is not read here: leave it out", line)
        if any(node is above for above in self._above):
            self._report.add(path, "stands within itself: write it out", line)
            return Leaf(None, line)
        if isinstance(node, yaml.ScalarNode):
            return Leaf(node.value if node.style else _plain(node.value), line)
        self._above.append(node)
        try:
            return self._collection(node, path, line)
        finally:
            self._above.pop()

    def _collection(self, node: yaml.Node, path: Path, line: int) -> Node:
        if isinstance(node, yaml.SequenceNode):
            return Items(tuple(self.read(item, (*path, place)) for place, item in enumerate(node.value)), line)
        found: dict[str, tuple[int, Node]] = {}
        for key, value in node.value:
            at = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self._report.add(path, "a key must be a word", at)
                continue
            name = str(key.value)
            if name in found:
                self._report.add((*path, name), f"stands twice, first in line {found[name][0]}: leave one", at)
                continue
            found[name] = (at, self.read(value, (*path, name)))
        return Keys(found, line)


def _plain(text: str) -> Plain:
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


def shown(node: Node) -> str:
    """A node as a message names it."""
    if isinstance(node, Leaf):
        return "nothing" if node.value is None else quoted(node.value)
    return "a list" if isinstance(node, Items) else "keys and values"
