"""The page's first sentence: is the green real, of all vendors together, so that nobody has to read every panel to know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from undertow.domain.counting.ledger import ALL, Figures
from undertow.domain.verdicts import Colour, Verdict
from undertow.pages import words

MOST_NAMED: Final = 3
"""Vendors the sentence names; panels and table have all."""


class Answer(Struct, frozen=True):
    """``colour``: of the worst vendor that can be judged."""

    colour: str
    words: str
    """A sentence."""
    named: tuple[tuple[str, str], ...]
    """Of the vendors it is about, the worst first: name; outside and inside, and how sure that is."""
    more: int
    """Vendors it is about that are not named."""


def answer(judged: Sequence[tuple[Figures, Verdict]], window: str) -> Answer:
    """``judged``: one row a vendor, the worst first, at least one."""
    by = {colour: [row for row, said in judged if said.colour is colour] for colour in Colour}
    red, unclear, holds, early = (
        by[colour] for colour in (Colour.RED_INSIDE, Colour.UNCLEAR, Colour.HOLDS, Colour.CANNOT_TELL)
    )
    of = len(judged)
    if red:
        said = f"Not with {_vendors(len(red), of)}: red inside."
        return Answer(Colour.RED_INSIDE.value, said, *_about(red))
    if unclear:
        return Answer(Colour.UNCLEAR.value, f"Not clear yet with {_vendors(len(unclear), of)}.", *_about(unclear))
    if not holds:
        more = "" if window == ALL else ": choose more days"
        said = f"Cannot tell yet: no vendor has enough tickets in {words.window(window)} whose follow-up is over{more}."
        return Answer(Colour.CANNOT_TELL.value, said, (), 0)
    if early:
        said = f"As far as can be told: it holds up with {_vendors(len(holds), of)}, too early for the others."
        return Answer(Colour.HOLDS.value, said, (), 0)
    return Answer(Colour.HOLDS.value, f"Yes: it holds up with {_vendors(of, of)}.", (), 0)


def _vendors(n: int, of: int) -> str:
    if n == of:
        return {1: "the one vendor there is", 2: "both vendors"}.get(of, f"all {of:,} vendors")
    return f"{n:,} of {of:,} vendors"


def _about(rows: Sequence[Figures]) -> tuple[tuple[tuple[str, str], ...], int]:
    some = [
        (
            row.vendor,
            f"{words.share(row.reported)} outside, {words.share(row.actual)} inside ({words.interval(row.actual)})",
        )
        for row in rows[:MOST_NAMED]
    ]
    return tuple(some), len(rows) - len(some)
