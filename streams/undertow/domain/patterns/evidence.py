"""What a pattern leaves behind: the cases it is counted among, and the events by which each match can be checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from msgspec import Struct

from undertow.domain.agreement.thresholds import CATALOG, Pattern
from undertow.domain.tickets.facts import Fact


class Event(NamedTuple):
    """An event by what makes it unique."""

    source: str
    id: str


class Match(Struct, frozen=True, gc=False):
    """A pattern seen once: at ``at`` (seconds), by ``events`` in the order in which they tell it."""

    pattern: Pattern
    at: float
    events: tuple[Event, ...]


class Case(Struct, frozen=True, gc=False):
    """A ticket that a pattern is counted among, with the first match, or None where it behaved."""

    pattern: Pattern
    match: Match | None = None


BEHAVED: Final[Mapping[Pattern, Case]] = {pattern: Case(pattern) for pattern in CATALOG}
"""By pattern the case that shows nothing of it, as nearly all do."""


def match(pattern: Pattern, *facts: Fact) -> Match:
    """The match these facts tell, dated by the last of them."""
    return Match(pattern, facts[-1].time, tuple(Event(fact.source, fact.id) for fact in facts))
