"""How things look in a terminal: one palette of verdicts, and the texts of others, of which none may steer it."""

from __future__ import annotations

from typing import Final
from unicodedata import category

from rich.markup import escape

from undertow.domain.verdicts import Colour

STYLE: Final = {
    Colour.HOLDS: "green",
    Colour.RED_INSIDE: "red",
    Colour.UNCLEAR: "yellow",
    Colour.CANNOT_TELL: "dim",
}
JOINING: Final = "\u200c\u200d"
"""Persian and other scripts, and emoji, are written with them."""


def visible(text: str) -> str:
    """A text of others on one line: what controls a terminal, or turns writing around, is spelled out, as ``\\x1b``."""
    if text.isprintable():
        return text
    return "".join(
        sign
        if sign.isprintable() or sign in JOINING or category(sign) == "Zs"
        else sign.encode("unicode_escape").decode()
        for sign in text
    )


def plain(text: str) -> str:
    """The same for rich's console, whose markup it may hold: ``[/b]`` alone would raise."""
    return escape(visible(text))
