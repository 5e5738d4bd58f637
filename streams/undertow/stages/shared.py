"""One object for all that are equal: what many tickets have alike then weighs a pointer each."""

from __future__ import annotations

from typing import Any, Final, TypeVar

T = TypeVar("T")
MOST: Final = 16_384
"""Objects remembered at once, a few days' worth of what tickets add: what is alike mostly comes soon one after another."""


class Shared:
    """Remembers objects by what they are. Forgetting them all when there are too many costs memory, not meaning."""

    def __init__(self) -> None:
        self._known: dict[Any, Any] = {}

    def one(self, value: T) -> T:
        """The object that stands for all equal to this one: itself, where none is remembered."""
        if len(self._known) >= MOST:
            self._known.clear()
        known: T = self._known.setdefault(value, value)
        return known
