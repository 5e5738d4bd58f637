"""Where the feed contradicts itself: events rewritten after a breach, dated back, missing, or claims about nothing.

Works on what was read (:class:`~undertow.domain.tickets.facts.Seen`), versions and places included. Instants in seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from msgspec import Struct

from undertow.domain.patterns.evidence import BEHAVED, Case, Event, Match, match
from undertow.domain.tickets.facts import (
    Assigned,
    Claimed,
    Fact,
    Linked,
    Message,
    Opened,
    PriorityChanged,
    PromiseFulfilled,
    PromiseMade,
    PromiseMoved,
    Seen,
    StatusChanged,
    TopicChanged,
    rewritten,
)

_OWN = frozenset(
    {
        Opened,
        Message,
        StatusChanged,
        Assigned,
        PriorityChanged,
        TopicChanged,
        PromiseMade,
        PromiseFulfilled,
        PromiseMoved,
        Linked,
    }
)
"""What the vendor's help desk itself says of a ticket; claims and feedback only speak of it."""


class Edit(Struct, frozen=True):
    """An event that was read with another time or another content than before, ``noticed`` when the later one arrived."""

    event: Event
    before: Fact
    after: Fact
    noticed: float


def edits(seen: Sequence[Seen]) -> list[Edit]:
    """Every later version of an event that says something else, in order of reading.

    Another ``recorded`` time or sequence alone is a system that wrote the same thing down again, and no edit.
    """
    found = []
    twice = set(rewritten(seen))
    if not twice:
        return []
    ordered = sorted((one for one in seen if (one.fact.source, one.fact.id) in twice), key=lambda one: one.place)
    first: dict[Event, Fact] = {}
    for one in ordered:
        event = Event(one.fact.source, one.fact.id)
        before = first.setdefault(event, one.fact)
        if (before.time, before.body) != (one.fact.time, one.fact.body):
            found.append(Edit(event, before, one.fact, one.place.arrived or one.fact.recorded))
    return found


def edited(seen: Sequence[Seen], breaches: Iterable[float]) -> Case | None:
    """An event of the help desk's was rewritten after a target had passed unmet, under the facts as first read.

    ``breaches``: when that was. None for a ticket without a breach: a correction before anything was at stake is none.
    """
    first = min(breaches, default=None)
    if first is None:
        return None
    for edit in edits(seen):
        if type(edit.before.body) in _OWN and edit.noticed > first:
            return Case("edited", Match("edited", edit.noticed, (edit.event,)))
    return Case("edited")


def backdated(seen: Sequence[Seen], after: float, imported_until: float | None = None) -> Case | None:
    """An event of the help desk's arrived, or was recorded, more than ``after`` seconds after its own time.

    The match is dated by the arrival, of the first to arrive. None, so not judged, where no broker noted the time. Nor are
    facts before ``imported_until``.
    """
    start = float("-inf") if imported_until is None else imported_until
    counted = False
    late: list[tuple[float, Fact]] = []
    for one in seen:
        arrived = one.place.arrived
        if not arrived:
            continue
        fact = one.fact
        if type(fact.body) not in _OWN or fact.time < start:
            continue
        counted = True
        if arrived - fact.time > after or fact.recorded - fact.time > after:
            late.append((arrived, fact))
    if late:
        again = {id(edit.after) for edit in edits(seen)}  # a later version has a pattern of its own
        late = [pair for pair in late if id(pair[1]) not in again]
    if late:
        arrived, fact = min(late, key=lambda pair: (pair[0], pair[1].id))
        return Case("backdated", Match("backdated", arrived, (Event(fact.source, fact.id),)))
    return BEHAVED["backdated"] if counted else None


def unknown_ticket(facts: Iterable[Fact], as_of: float, after: float) -> Case | None:
    """A claim about a ticket of which the help desk has said nothing, ``after`` seconds after the claim.

    None where there is no claim, or the ticket may still follow.
    """
    known = list(facts)
    claims = [fact for fact in known if isinstance(fact.body, Claimed)]
    if not claims:
        return None
    if any(type(fact.body) in _OWN for fact in known):
        return Case("unknown_ticket")
    if as_of - claims[0].time <= after:
        return None
    return Case("unknown_ticket", match("unknown_ticket", *claims))


class Runs(Struct, frozen=True):
    """Which numbers of a source's sequence were seen, as (first, last) runs in order and apart.

    Honest feeds are a handful of runs, however long: what is kept does not grow with the feed.
    """

    spans: tuple[tuple[int, int], ...] = ()

    def holes(self, upto: int) -> list[tuple[int, int]]:
        """The (first, last) runs of numbers missing between the lowest seen and ``upto``.

        ``upto``: the highest number that had arrived a while ago, for what is newer may only be under way.
        """
        found = [(one[1] + 1, two[0] - 1) for one, two in pairwise(self.spans)]
        return [(first, min(last, upto)) for first, last in found if first <= upto]


def runs(numbers: Iterable[int]) -> Runs:
    """The runs of some numbers; 0 stands for an event without one."""
    found: list[tuple[int, int]] = []
    for number in sorted(number for number in set(numbers) if number > 0):
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return Runs(tuple(found))
