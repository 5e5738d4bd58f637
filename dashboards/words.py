"""States as words, colours and numbers. A colour never stands alone: every coloured state carries its word.

The colours are those of M. Okabe and K. Ito, Color Universal Design (2008), which people with any common colour blindness
can tell apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from grafana_foundation_sdk.builders import dashboard as make
from grafana_foundation_sdk.models.dashboard import (
    DynamicConfigValue,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
)

GREEN: Final = "#009E73"
RED: Final = "#D55E00"
AMBER: Final = "#E69F00"
BLUE: Final = "#0072B2"
SKY: Final = "#56B4E9"
GREY: Final = "#8E8E8E"

VERDICTS: Final[Mapping[str, tuple[str, str]]] = {
    "holds": ("✓ holds up", GREEN),
    "unclear": ("~ not clear yet", AMBER),
    "red_inside": ("✗ RED INSIDE", RED),
    "cannot_tell": ("? cannot tell yet", GREY),
}
"""The verdicts of :class:`undertow.domain.verdicts.Colour`; a test compares them."""
PATTERN_STATES: Final[Mapping[str, tuple[str, str]]] = {
    "found": ("✗ FOUND", RED),
    "not_found": ("✓ not found", GREEN),
    "cannot_tell": ("? cannot tell yet", GREY),
}
CLASSES: Final[Mapping[str, tuple[str, str]]] = {
    "confirmed": ("✓ confirmed", GREEN),
    "over_reported": ("✗ over-reported", RED),
    "under_reported": ("▲ under-reported", BLUE),
    "claim_only": ("claimed, ticket never seen", AMBER),
    "actual_only": ("not claimed", GREY),
    "unverifiable": ("? cannot be checked", GREY),
    "immature": ("… too early", SKY),
}
"""The classes of :data:`undertow.domain.measuring.comparison.Class`."""


def mapping(words: Mapping[str, tuple[str, str]]) -> list[ValueMapping]:
    """Values shown as words in their colours."""
    options = {
        value: ValueMappingResult(text=text, color=colour, index=place)
        for place, (value, (text, colour)) in enumerate(words.items())
    }
    return [ValueMap(options=options)]


YES_NO: Final = {"0": ("no", GREY), "1": ("yes", AMBER)}
READY: Final = {"0": ("✗ not ready", RED), "1": ("✓ ready", GREEN)}
ALARM: Final = {"0": ("✓ calm", GREEN), "1": ("✗ ALARM", RED)}


def fixed(colour: str) -> DynamicConfigValue:
    """A field's colour, as an override."""
    return DynamicConfigValue(id_val="color", value={"mode": FieldColorModeId.FIXED.value, "fixedColor": colour})


def named(name: str) -> DynamicConfigValue:
    """A field's name, as an override."""
    return DynamicConfigValue(id_val="displayName", value=name)


def unit(name: str, decimals: int | None = None) -> list[DynamicConfigValue]:
    """A field's unit, as overrides."""
    values = [DynamicConfigValue(id_val="unit", value=name)]
    return values if decimals is None else [*values, DynamicConfigValue(id_val="decimals", value=decimals)]


def mapped(words: Mapping[str, tuple[str, str]]) -> list[DynamicConfigValue]:
    """A table column's states as coloured words, as overrides."""
    return [
        DynamicConfigValue(id_val="mappings", value=[one.to_json() for one in mapping(words)]),
        DynamicConfigValue(id_val="custom.cellOptions", value={"type": "color-text"}),
    ]


def steps(*bounds: tuple[float | None, str]) -> make.ThresholdsConfig:
    """Colours from a bound on; the first has none."""
    some = [Threshold(value=value, color=colour) for value, colour in bounds]
    return make.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(some)


PLAIN: Final = ((None, BLUE),)
SHARE: Final = unit("percentunit", 1)
TICKETS: Final = unit("short", 0)
