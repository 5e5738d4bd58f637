"""What is wrong with a contract: every problem of a file at once, each with its line, its key and what to write instead."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final

from msgspec import Struct

from undertow.adapters.shape import Path, spelled

__all__ = ["BadContract", "Path", "Problem", "Report", "meant", "quoted", "spelled"]

SHOWN: Final = 60
"""Characters of a value that a message quotes."""


class Problem(Struct, frozen=True, order=True):
    """One thing to change."""

    line: int
    """Counted from 1; 0 where the problem is not in a line."""
    key: str
    words: str

    def told(self, name: str) -> str:
        """As one line, with the file's name before it."""
        return ": ".join(part for part in (f"{name}:{self.line}" if self.line else name, self.key, self.words) if part)


class BadContract(ValueError):
    """A contract cannot be used. The message has a line a problem: file, line, key, and what to write instead."""

    def __init__(self, *problems: tuple[str, Problem]) -> None:
        self.problems = problems
        """Each with the name of its file, in the file's order."""
        super().__init__("\n".join(problem.told(name) for name, problem in problems))


class Report:
    """Collects the problems of one file."""

    def __init__(self) -> None:
        self._found: dict[Path, list[Problem]] = {}
        self._settled: tuple[Path, ...] = ()
        self.lines: dict[Path, int] = {}
        """The line of each key and item that was read."""

    def add(self, path: Path, words: str, line: int | None = None) -> None:
        """Something is wrong at ``path``; its own line, or that of what it stands in, unless ``line`` says otherwise."""
        if line is None:
            line = next((self.lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in self.lines), 0)
        self._found.setdefault(path, []).append(Problem(line, spelled(path), words))

    def settle(self) -> None:
        """What was found so far is what could not be read; :meth:`clean` asks after that alone."""
        self._settled = tuple(path for path in self._found if path)

    def clean(self, *paths: Path) -> bool:
        """Whether all that stands at these places, and what they stand in, could be read."""
        return not any(
            found[: len(path)] == path or path[: len(found)] == found for path in paths for found in self._settled
        )

    def problems(self) -> list[Problem]:
        """In the order of the lines."""
        return sorted(problem for some in self._found.values() for problem in some)


def quoted(value: object) -> str:
    """A value as a message shows it: whole if it is short."""
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def meant(word: str, known: list[str]) -> str:
    """``; did you mean repeat_window?``, or nothing where no known word is near."""
    near = get_close_matches(word.casefold(), {name.casefold(): name for name in known}, n=1, cutoff=0.6)
    return f"; did you mean {next(name for name in known if name.casefold() == near[0])}?" if near else ""
