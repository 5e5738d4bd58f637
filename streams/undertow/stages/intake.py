"""Intake: vendor and customer records in; entries for casebooks, period claims and dead letters out. Keeps no state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from msgspec import Struct, field

from undertow import events as e
from undertow import wire
from undertow.domain.counting.ledger import PeriodClaim
from undertow.domain.tickets import facts as f
from undertow.domain.tickets.facts import Body, Fact, Place, Seen
from undertow.stages.records import Entry, KafkaRecord, casebook_partition

_EPOCH: Final = date(1970, 1, 1).toordinal()
_SPOKEN: Final = frozenset({e.DisputeAnswered, e.DisputeRuled})
_CUSTOMERS_OWN: Final = frozenset({e.CustomerActive, e.CustomerMerged, e.CustomerSegmentChanged})


class DeadLetter(Struct, frozen=True):
    """A refused record with its original bytes, and why."""

    record: KafkaRecord
    reason: str
    field: str
    detail: str


class FeedCounts(Struct):
    """What one span of one topic did for one vendor (``unknown`` where none could be read). Times in seconds."""

    consumed: int = 0
    rejected: int = 0
    backdated: int = 0
    last_event_time: float = 0.0
    last_arrival: float = 0.0
    """The broker's time."""

    def add(self, other: FeedCounts) -> None:
        """What another span did for the same vendor."""
        self.consumed += other.consumed
        self.rejected += other.rejected
        self.backdated += other.backdated
        self.last_event_time = max(self.last_event_time, other.last_event_time)
        self.last_arrival = max(self.last_arrival, other.last_arrival)


class Taken(Struct):
    """What became of a span."""

    entries: defaultdict[int, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    """By casebook partition."""
    claims: list[PeriodClaim] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    """Positions in the span of the records that became letters."""
    feeds: defaultdict[str, FeedCounts] = field(default_factory=lambda: defaultdict(FeedCounts))


class Intake:
    """Decodes, checks the vendor, re-keys by customer.

    ``vendors`` are those with a contract; ``dialects`` say by topic, as the cluster names it, how the records of a topic
    are read that a contract names, and every other topic carries CloudEvents of any vendor; ``rulings`` is the one such topic
    on which the company rules on disputes, None where records come from a file and any may; ``backdated_after`` is the age
    (seconds, broker time minus event time) from which an event counts as backdated, ``imported`` says by vendor before which
    time (seconds) none does: that history was imported.
    """

    def __init__(
        self,
        vendors: Collection[str],
        partitions: int,
        *,
        dialects: Mapping[str, wire.Dialect] | None = None,
        rulings: str | None = None,
        backdated_after: float = 86_400.0,
        imported: Mapping[str, float] | None = None,
    ) -> None:
        self._vendors = frozenset(vendors)
        self._partitions = partitions
        self._dialects = dict(dialects or {})
        self._rulings = rulings
        self._backdated_after = backdated_after
        self._imported = dict(imported or {})

    def take(self, records: Iterable[KafkaRecord]) -> Taken:
        """One span, in offset order. Bad input is a letter; anything raised is a bug."""
        taken = Taken()
        feeds, entries, partitions = taken.feeds, taken.entries, self._partitions
        dialects, decode, vendors = self._dialects, wire.decode, self._vendors
        for position, record in enumerate(records):
            dialect = dialects.get(record.topic)
            try:
                if dialect is None:  # everybody's topic: one event a record
                    events: Sequence[e.Event] = (event := decode(record.value, record.headers),)
                    vendor = event.data.vendor
                    if vendor is not None and vendor not in vendors:
                        raise wire.Refused("unknown_vendor", "$.data.vendor", f"no contract names {vendor[:80]!r}")
                    if type(event) is e.DisputeRuled and record.topic != (self._rulings or record.topic):
                        raise wire.Refused("may_not_rule", "$.type", f"publish rulings on {self._rulings}")
                else:
                    events = dialect.decode(record.value, record.headers)
                    vendor = dialect.vendor or events[0].data.vendor
            except wire.Refused as why:
                taken.letters.append(DeadLetter(record, why.reason, why.field, why.detail))
                taken.refused.append(position)
                counts = feeds["unknown"]
                counts.consumed += 1
                counts.rejected += 1
                continue
            counts = feeds[vendor or "company"]
            counts.consumed += 1
            arrived = record.timestamp / 1000
            if arrived > counts.last_arrival:  # noqa: PLR1730 - max() costs a call a record
                counts.last_arrival = arrived
            for event in events:
                if isinstance(event, e.PeriodClaimed):
                    happened = event.time.timestamp()
                    taken.claims.append(period_claim(event))
                else:
                    entry = entry_of(event, Place(record.topic, record.partition, record.offset, arrived))
                    happened = entry.seen.fact.time
                    owner = entry.customer if entry.customer is not None else f"{entry.vendor}\0{entry.ticket}"
                    entries[casebook_partition(owner, partitions)].append(entry)
                # an answer says nothing of how far the feed has come
                if happened > counts.last_event_time and type(event) not in _SPOKEN:
                    counts.last_event_time = happened
                if arrived - happened > self._backdated_after and happened >= self._imported.get(vendor or "", 0.0):
                    counts.backdated += 1
        return taken


def entry_of(event: e.TicketEvent | e.TicketClaimed | e.CustomerEvent | e.DisputeEvent, place: Place) -> Entry:
    """The event as an entry of its customer's casebook."""
    data = event.data
    kind = type(event)
    happened = event.time.timestamp()
    fact = Fact(
        happened,
        int(event.sequence) if event.sequence is not None else 0,
        event.recordedtime.timestamp() if event.recordedtime is not None else happened,
        event.id,
        event.source,
        _BODY[kind](data),
    )
    # a fact names a ticket only together with the vendor who numbered it; what a customer does and is, is the customer's own
    ticket = data.ticket if data.vendor is not None and kind not in _CUSTOMERS_OWN else None
    return Entry(data.vendor if ticket is not None else None, data.customer, ticket, Seen(fact, place))


def period_claim(event: e.PeriodClaimed) -> PeriodClaim:
    """The event as the ledger keeps it."""
    data = event.data
    return PeriodClaim(
        vendor=data.vendor,
        measure=data.measure,
        first_day=data.first_day.toordinal() - _EPOCH,
        last_day=data.last_day.toordinal() - _EPOCH,
        met=data.met,
        total=data.total,
        recorded=(event.recordedtime or event.time).timestamp(),
        id=event.id,
    )


def _claimed(d: e.TicketClaimData) -> Body:
    resolved = d.resolved_at.timestamp() if d.resolved_at is not None else None
    return f.Claimed(d.measure, d.met, d.value, resolved, d.reopen_count)


_BODY: Final[dict[type, Callable[[Any], Body]]] = {
    e.TicketOpened: lambda d: f.Opened(d.topic, d.segment, d.priority, d.actor.kind),
    e.TicketMessage: lambda d: f.Message(d.actor.kind, d.public, d.substantive, d.question),
    e.TicketStatusChanged: lambda d: f.StatusChanged(d.to, d.actor.kind, d.cause),
    e.TicketAssigned: lambda d: f.Assigned(d.agent, d.team),
    e.TicketPriorityChanged: lambda d: f.PriorityChanged(d.to, d.actor.kind),
    e.TicketTopicChanged: lambda d: f.TopicChanged(d.to),
    e.TicketPromiseMade: lambda d: f.PromiseMade(d.promise, d.due.timestamp()),
    e.TicketPromiseFulfilled: lambda d: f.PromiseFulfilled(d.promise),
    e.TicketPromiseMoved: lambda d: f.PromiseMoved(d.promise, d.due.timestamp()),
    e.TicketLinked: lambda d: f.Linked(d.related, d.relation),
    e.TicketClosed: lambda d: f.StatusChanged("closed", d.actor.kind, d.cause),
    e.TicketClaimed: _claimed,
    e.CustomerActive: lambda d: f.Active(d.value),
    e.CustomerCancelled: lambda d: f.Cancelled(),
    e.CustomerRefunded: lambda d: f.Refunded(d.amount, d.currency),
    e.CustomerInvoiced: lambda d: f.Invoiced(d.amount, d.currency),
    e.CustomerSegmentChanged: lambda d: f.SegmentChanged(d.segment),
    e.CustomerMerged: lambda d: f.Merged(d.customer, d.into),
    e.FeedbackSurvey: lambda d: f.Surveyed(d.scale, d.score),
    e.FeedbackComplaint: lambda d: f.Complained(d.channel),
    e.FeedbackConfirmation: lambda d: f.Confirmed(d.fixed),
    e.DisputeAnswered: lambda d: f.Answered(d.finding, d.answer, d.reason),
    e.DisputeRuled: lambda d: f.Ruled(d.finding, d.ruling, d.reason),
}
"""Each event type's fact. A closed ticket is a status: the two ways to say it are one fact to the domain."""
