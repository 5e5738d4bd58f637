"""How things look in a terminal: one palette for verdicts, and text of others that can do no harm there."""

from __future__ import annotations

import unicodedata
from typing import Final

from rich.markup import escape

from undertow.domain.verdicts import Colour

STYLE: Final = {
    Colour.HOLDS: "green",
    Colour.RED_INSIDE: "red",
    Colour.UNCLEAR: "yellow",
    Colour.CANNOT_TELL: "dim",
}


def safe(text: str) -> str:
    """Text that somebody else wrote, as console markup: no style, and no control character that a terminal would obey."""
    return escape("".join(_shown(character) for character in text))


def _shown(character: str) -> str:
    """Itself, or its escape where it is a control, a change of direction or half a character."""
    harmless = character in "\n\t" or unicodedata.category(character) not in {"Cc", "Cf", "Cs"}
    return character if harmless else character.encode("unicode_escape").decode("ascii")
