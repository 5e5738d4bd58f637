"""Facts: what the domain keeps of an event, and the set they form.

A fact set is a join: the union of two sets, each fact with the lowest place it was read at. Union is commutative, associative
and idempotent, so duplicates, replays and any order of arrival give the same set, and :func:`join` writes equal sets down as
equal lists. The same (source, id) with other content is another fact: both stay, the one read first counts, and the pair is
evidence of a rewritten feed. Times are seconds since 1970-01-01T00:00Z.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Final, Literal

from msgspec import Struct

from undertow.events import ActorKind, Measure, Status


class Place(Struct, frozen=True, array_like=True, order=True, gc=False):
    """Where a fact was read: evidence, and the order of reading."""

    topic: str
    partition: int
    offset: int
    arrived: float = 0.0
    """When the broker took it, seconds; 0 where no broker was involved."""


class Opened(Struct, frozen=True, array_like=True, gc=False, tag=0):
    """The ticket came into being, by ``actor``: who opened it tells a customer's contact from a vendor's."""

    topic: str | None = None
    segment: str | None = None
    priority: str | None = None
    actor: ActorKind = "unknown"


class Message(Struct, frozen=True, array_like=True, gc=False, tag=1):
    """One message on the ticket."""

    actor: ActorKind
    public: bool
    substantive: bool
    question: bool


class StatusChanged(Struct, frozen=True, array_like=True, gc=False, tag=2):
    """The status became ``to``; a closed ticket is a status, too. ``cause`` is the vendor's word for what lay behind it."""

    to: Status
    actor: ActorKind
    cause: str | None = None


class Assigned(Struct, frozen=True, array_like=True, gc=False, tag=3):
    """The ticket passed to an agent or team."""

    agent: str | None
    team: str | None


class PriorityChanged(Struct, frozen=True, array_like=True, gc=False, tag=4):
    """The priority became ``to``, by ``actor``: a customer may lower their own ticket's."""

    to: str
    actor: ActorKind = "unknown"


class TopicChanged(Struct, frozen=True, array_like=True, gc=False, tag=5):
    """The topic became ``to``."""

    to: str


class PromiseMade(Struct, frozen=True, array_like=True, gc=False, tag=6):
    """Promised until ``due``."""

    promise: str
    due: float


class PromiseFulfilled(Struct, frozen=True, array_like=True, gc=False, tag=7):
    """Kept."""

    promise: str


class PromiseMoved(Struct, frozen=True, array_like=True, gc=False, tag=8):
    """Moved to another ``due``."""

    promise: str
    due: float


class Linked(Struct, frozen=True, array_like=True, gc=False, tag=9):
    """This ticket continues the earlier ticket ``related``."""

    related: str
    relation: Literal["merged_into", "follows_up"]


class Claimed(Struct, frozen=True, array_like=True, gc=False, tag=10):
    """What the vendor reports of the ticket. ``value`` in seconds."""

    measure: Measure
    met: bool
    value: float | None
    resolved_at: float | None
    reopen_count: int | None


class SegmentChanged(Struct, frozen=True, array_like=True, gc=False, tag=11):
    """The customer belongs to ``segment`` from now on."""

    segment: str


class Cancelled(Struct, frozen=True, array_like=True, gc=False, tag=12):
    """The customer ended the relationship."""


class Refunded(Struct, frozen=True, array_like=True, gc=False, tag=13):
    """Money given back."""

    amount: float
    currency: str


class Invoiced(Struct, frozen=True, array_like=True, gc=False, tag=14):
    """Money asked for."""

    amount: float
    currency: str


class Surveyed(Struct, frozen=True, array_like=True, gc=False, tag=15):
    """A survey answered."""

    scale: Literal["csat", "ces", "nps"]
    score: float


class Complained(Struct, frozen=True, array_like=True, gc=False, tag=16):
    """A complaint on another channel."""

    channel: Literal["review", "chargeback", "regulator", "direct"]


class Confirmed(Struct, frozen=True, array_like=True, gc=False, tag=17):
    """The answer to "is it fixed?"."""

    fixed: bool


class Active(Struct, frozen=True, array_like=True, gc=False, tag=18):
    """The customer used the product; ``value`` is what that was worth. Kept as a day, not as a fact."""

    value: float | None = None


class Answered(Struct, frozen=True, array_like=True, gc=False, tag=19):
    """The vendor's answer to a finding of this ticket. No part of what happened to the ticket."""

    finding: str
    answer: Literal["accept", "dispute", "explain"]
    reason: str | None = None


class Ruled(Struct, frozen=True, array_like=True, gc=False, tag=20):
    """The company's ruling on a finding of this ticket."""

    finding: str
    ruling: Literal["upheld", "withdrawn"]
    reason: str | None = None


class Merged(Struct, frozen=True, array_like=True, gc=False, tag=30):
    """``customer`` was merged into ``into``. Both have the fact."""

    customer: str
    into: str


Body = (
    Opened
    | Message
    | StatusChanged
    | Assigned
    | PriorityChanged
    | TopicChanged
    | PromiseMade
    | PromiseFulfilled
    | PromiseMoved
    | Linked
    | Claimed
    | SegmentChanged
    | Cancelled
    | Refunded
    | Invoiced
    | Surveyed
    | Complained
    | Confirmed
    | Active
    | Answered
    | Ruled
    | Merged
)
SPOKEN: Final = frozenset({Answered, Ruled})
"""Facts about findings of the ticket, not about the ticket."""


class Fact(Struct, frozen=True, array_like=True, gc=False):
    """One fact. Ties of ``time`` are ordered by the vendor's ``sequence``, then ``recorded``, then ``id``."""

    time: float
    sequence: int
    recorded: float
    id: str
    source: str
    body: Body


class Seen(Struct, frozen=True, array_like=True, gc=False):
    """A fact and where it was first read."""

    fact: Fact
    place: Place


def join(facts: list[Seen], more: Iterable[Seen]) -> tuple[list[Seen], int]:
    """The union, in the one order everything uses, and how many of ``more`` were known. ``facts`` is in that order.

    The very list when nothing was new. Equal sets give equal lists, whatever they were joined from.
    """
    ids = {seen.fact.id for seen in facts}
    fresh, again = list[Seen](), list[Seen]()
    for seen in more:
        if seen.fact.id in ids:
            again.append(seen)
        else:
            ids.add(seen.fact.id)
            fresh.append(seen)
    if again:
        return _join_versions(facts, [*fresh, *again])
    if not fresh:
        return facts, 0
    # what came last happened last, nearly always
    kept = len(facts) if facts and all(seen.fact.time > facts[-1].fact.time for seen in fresh) else 0
    return [*facts[:kept], *sorted([*facts[kept:], *fresh], key=position)], 0


def all_once(facts: Collection[Seen]) -> bool:
    """Whether every id stands once. Else an event was rewritten, or two sources share an id, and not all need count."""
    return len({seen.fact.id for seen in facts}) == len(facts)


def in_order(facts: list[Seen]) -> list[Fact]:
    """The facts that count, in order: of two versions of an id, the one read first. ``facts`` as :func:`join` gives them."""
    if all_once(facts):
        return [seen.fact for seen in facts]
    first: dict[tuple[str, str], Seen] = {}
    for seen in facts:
        other = first.get(key := (seen.fact.source, seen.fact.id))
        # versions read at one place cannot be told apart by it: then the one that stands first, so that ties have an order
        if other is None or seen.place < other.place:
            first[key] = seen
    counting = set(map(id, first.values()))
    return [seen.fact for seen in facts if id(seen) in counting]


def rewritten(facts: Iterable[Seen]) -> list[tuple[str, str]]:
    """The (source, id) pairs that stand with more than one content."""
    times = Counter([(one.fact.source, one.fact.id) for one in facts])
    return sorted(key for key, n in times.items() if n > 1)


def _join_versions(facts: list[Seen], more: list[Seen]) -> tuple[list[Seen], int]:
    """The union by content, each with its lowest place: for ids that were seen before, repeated or rewritten."""
    places = {seen.fact: seen.place for seen in facts}
    known, grown = 0, False
    for seen in more:
        before = places.get(seen.fact)
        known += before is not None
        if before is None or seen.place < before:
            places[seen.fact], grown = seen.place, True
    if not grown:
        return facts, known
    return sorted((Seen(fact, place) for fact, place in places.items()), key=_full_position), known


def position(seen: Seen) -> tuple[float, int, float, str, str]:
    """The order of facts whose ids differ."""
    fact = seen.fact
    return (fact.time, fact.sequence, fact.recorded, fact.id, fact.source)


def _full_position(seen: Seen) -> tuple[tuple[float, int, float, str, str], Place, str]:
    """The same order, and one for versions of an id as well."""
    return (position(seen), seen.place, repr(seen.fact.body))
