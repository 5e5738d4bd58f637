"""How a verdict looks in a terminal: one palette for the demo and the leader's table."""

from __future__ import annotations

from typing import Final

from undertow.domain.verdicts import Colour

STYLE: Final = {
    Colour.HOLDS: "green",
    Colour.RED_INSIDE: "red",
    Colour.UNCLEAR: "yellow",
    Colour.CANNOT_TELL: "dim",
}
