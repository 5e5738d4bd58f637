"""One object for all that are equal: what many tickets have alike then weighs a pointer each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeVar

T = TypeVar("T")
MOST: Final = 16_384
"""Objects remembered at once, a few days' worth of what tickets add: what is alike mostly comes soon one after another."""


class Shared:
    """Remembers objects by what they are. Forgetting them all when there are too many costs memory, not meaning."""

    def __init__(self) -> None:
        self._known: dict[Any, Any] = {}
        self._made: dict[tuple[int, ...], Any] = {}

    def one(self, value: T) -> T:
        """The object that stands for all equal to this one: itself, where none is remembered."""
        if len(self._known) >= MOST:
            self._known.clear()
        known: T = self._known.setdefault(value, value)
        return known

    def made(self, value: T, parts: Iterable[object]) -> T:
        """The object made of the very same parts, which it keeps alive: their identity costs a tenth of hashing what they say."""
        if len(self._made) >= MOST:
            self._made.clear()
        known: T = self._made.setdefault(tuple(map(id, parts)), value)
        return known
