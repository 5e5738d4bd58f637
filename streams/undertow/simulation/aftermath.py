"""What comes after an answer: promises kept or not, and what the company hears and does. Decisions only, as in ``story``.

Decided once all tickets of a vendor are, for who is unhappy is known only then.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Final, Literal

from msgspec import Struct

from undertow.simulation.plans import DAY, HOUR, PROMISED, SURVEYED, UNFAIR, VendorPlan

Kind = Literal["refunded", "cancelled", "invoiced", "complained", "surveyed", "confirmed"]
WITHIN: Final = 14 * DAY
"""Nearly all of it happens so soon after the last solve; the rest comes too late to be put down to it."""


class Promise(Struct, frozen=True):
    """Made when the ticket was answered. Seconds since the start."""

    made: int
    due: int
    kept: int | None


class Word(Struct, frozen=True):
    """Something the company hears from the customer or does for them, ``named``: for this ticket."""

    at: int
    kind: Kind
    named: bool
    score: int = 0
    """Of a survey: 1 to 5; of a confirmation: whether it is fixed, 1 or 0."""


UNHAPPY: Final[tuple[tuple[Kind, float, float], ...]] = (
    ("complained", 0.10, 0.3),
    ("refunded", 0.12, 0.5),
    ("cancelled", 0.04, 0.2),
)
"""How often an unhappy customer makes the company do so, and how often it is put down to the ticket by name."""


def promise_of(plan: VendorPlan, random: Random, answered: int) -> Promise | None:
    """Now and then a promise with a time, kept before it or never."""
    if random.random() >= PROMISED:
        return None
    due = answered + random.randint(1, 3) * DAY
    kept = due - random.randint(60, 20 * HOUR) if random.random() < plan.keeps_promises else None
    return Promise(answered, due, kept)


def words_of(random: Random, solved: int, *, unhappy: bool) -> Iterable[Word]:
    """What the company hears after the last solve of a ticket."""
    if random.random() < SURVEYED:
        low = unhappy or random.random() < UNFAIR
        score = random.randint(1, 3) if low else random.randint(4, 5)
        yield Word(solved + random.randint(2 * HOUR, 3 * DAY), "surveyed", True, score)
    if random.random() < 0.05:
        yield Word(solved + random.randint(HOUR, 2 * DAY), "confirmed", True, int(not unhappy))
    if random.random() < 0.08:
        yield Word(solved + random.randint(HOUR, 20 * DAY), "invoiced", random.random() < 0.7)
    if unhappy:
        for kind, share, named in UNHAPPY:
            if random.random() < share:
                late = random.random() < 0.1
                at = solved + (WITHIN + random.randint(1, DAY) if late else random.randint(1, WITHIN))
                yield Word(at, kind, random.random() < named)
