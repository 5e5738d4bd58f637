"""What is said: every event Undertow accepts, as a typed record.

One class an event's ``data``, one envelope class an event type. The language-neutral twin of this file is ``schemas/``;
``tests/contract`` holds the two together in both directions. Times are aware datetimes here and become seconds since
1970-01-01T00:00Z (float) the moment they enter the domain.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

Name = Annotated[str, Meta(min_length=1, max_length=256)]
"""An identifier or label: 1 to 256 characters."""
Text = Annotated[str, Meta(max_length=1024)]
Instant = Annotated[datetime, Meta(tz=True)]
"""RFC 3339 with an offset: a local time without one cannot be placed on a clock."""
Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Number = Annotated[float, Meta(ge=-1e12, le=1e12)]

ActorKind = Literal["customer", "agent", "bot", "system", "unknown"]
Status = Literal["new", "open", "pending", "on_hold", "solved", "closed"]
Measure = Literal["sla", "first_response", "next_response", "first_resolution", "total_resolution"]


class Actor(Struct, frozen=True, gc=False):
    """Who did it. ``id`` never leaves the state in clear."""

    kind: ActorKind = "unknown"
    id: Name | None = None


# --- data of ticket events -------------------------------------------------------------------------------------------


class TicketData(Struct, frozen=True, kw_only=True, gc=False):
    """Shared by all ticket events. ``customer`` is required; ``null`` says the vendor does not know who it was."""

    vendor: Name
    ticket: Name
    customer: Name | None
    actor: Actor = Actor()


class OpenedData(TicketData, frozen=True, kw_only=True):
    """The ticket came into being at the event's time."""

    topic: Name | None = None
    priority: Name | None = None
    channel: Name | None = None
    segment: Name | None = None


class MessageData(TicketData, frozen=True, kw_only=True):
    """One message. An auto-acknowledgement is not ``substantive``; ``question`` asks the customer for something."""

    public: bool = True
    substantive: bool = True
    question: bool = False


class StatusChangedData(TicketData, frozen=True, kw_only=True):
    """The ticket's status became ``to``; ``cause`` is what the vendor says lay behind it, such as "customer error"."""

    to: Status
    cause: Name | None = None


class AssignedData(TicketData, frozen=True, kw_only=True):
    """The ticket passed to an agent, a team, or both."""

    agent: Name | None = None
    team: Name | None = None


class PriorityChangedData(TicketData, frozen=True, kw_only=True):
    """The ticket's priority became ``to``."""

    to: Name


class TopicChangedData(TicketData, frozen=True, kw_only=True):
    """The vendor filed the ticket under another topic."""

    to: Name


class PromiseMadeData(TicketData, frozen=True, kw_only=True):
    """The vendor promised something until ``due``."""

    promise: Name
    due: Instant
    about: Text | None = None


class PromiseFulfilledData(TicketData, frozen=True, kw_only=True):
    """A promise was kept at the event's time."""

    promise: Name


class PromiseMovedData(TicketData, frozen=True, kw_only=True):
    """The vendor moved a promise: a broken one and a new one."""

    promise: Name
    due: Instant


class LinkedData(TicketData, frozen=True, kw_only=True):
    """The ticket belongs to the earlier ticket ``related``: merged into it, or following up on it."""

    related: Name
    relation: Literal["merged_into", "follows_up"]


class ClosedData(TicketData, frozen=True, kw_only=True):
    """The ticket was closed for good, as far as the vendor is concerned; ``cause`` as in :class:`StatusChangedData`."""

    reason: Text | None = None
    cause: Name | None = None


# --- data of claims --------------------------------------------------------------------------------------------------


class TicketClaimData(Struct, frozen=True, kw_only=True, gc=False):
    """What the vendor reports of one ticket. ``value`` in seconds."""

    vendor: Name
    ticket: Name
    customer: Name | None
    measure: Measure
    met: bool
    value: Annotated[float, Meta(ge=0, le=1e12)] | None = None
    resolved_at: Instant | None = None
    reopen_count: Count | None = None


class PeriodClaimData(Struct, frozen=True, kw_only=True, gc=False):
    """What the vendor reports of a period, both days included: ``met`` of ``total`` tickets."""

    vendor: Name
    measure: Measure
    first_day: date
    last_day: date
    met: Count
    total: Count


# --- data of customer activity and feedback --------------------------------------------------------------------------


class CustomerData(Struct, frozen=True, kw_only=True, gc=False):
    """Shared by first-party events. ``ticket`` (with its ``vendor``) only where the fact names one."""

    customer: Name
    vendor: Name | None = None
    ticket: Name | None = None


class ActiveData(CustomerData, frozen=True, kw_only=True):
    """The customer used the product on the event's day; ``value`` in the company's currency."""

    value: Number | None = None


class CancelledData(CustomerData, frozen=True, kw_only=True):
    """The customer ended the relationship."""

    reason: Text | None = None


class MoneyData(CustomerData, frozen=True, kw_only=True):
    """An amount refunded or invoiced, in the currency's main unit."""

    amount: Number
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z")]


class SegmentChangedData(CustomerData, frozen=True, kw_only=True):
    """From the event's time on the customer belongs to ``segment``."""

    segment: Name


class MergedData(CustomerData, frozen=True, kw_only=True):
    """The customer is another one's record of the same person or company: ``into`` carries on its history."""

    into: Name


class SurveyData(CustomerData, frozen=True, kw_only=True):
    """An answered survey."""

    scale: Literal["csat", "ces", "nps"]
    score: Annotated[float, Meta(ge=0, le=100)]


class ComplaintData(CustomerData, frozen=True, kw_only=True):
    """A complaint on another channel than the ticket's."""

    channel: Literal["review", "chargeback", "regulator", "direct"]


class ConfirmationData(CustomerData, frozen=True, kw_only=True):
    """The customer's answer to "is it fixed?"."""

    ticket: Name
    vendor: Name
    fixed: bool


# --- data of what both sides say of a finding ------------------------------------------------------------------------


class FindingData(Struct, frozen=True, kw_only=True, gc=False):
    """Shared by answers and rulings: the finding, the ticket it is of, and ``by`` whom. ``customer`` as the finding has it."""

    vendor: Name
    finding: Annotated[str, Meta(pattern=r"^[0-9a-f]{16}\Z")]
    ticket: Name
    customer: Name | None = None
    reason: Text | None = None
    by: Name


class AnsweredData(FindingData, frozen=True, kw_only=True):
    """The vendor's answer to a finding."""

    answer: Literal["accept", "dispute", "explain"]


class RuledData(FindingData, frozen=True, kw_only=True):
    """The company's ruling on a finding."""

    ruling: Literal["upheld", "withdrawn"]


# --- envelopes: CloudEvents 1.0 --------------------------------------------------------------------------------------


class Envelope(Struct, frozen=True, kw_only=True, tag_field="type", gc=False):
    """The CloudEvents attributes we read.

    ``sequence`` and ``recordedtime`` are CloudEvents' own extensions: the vendor's order among events of one time, and
    when its system wrote the event down (default: ``time``).
    """

    specversion: Literal["1.0"]
    id: Name
    source: Name
    time: Instant
    sequence: str | None = None
    """1 to 18 digits: :mod:`undertow.wire` sees to that, for a pattern here would cost a fifth of the whole decoding."""
    recordedtime: Instant | None = None


class TicketOpened(Envelope, frozen=True, kw_only=True, tag="undertow.ticket.opened"):
    """See :class:`OpenedData`."""

    data: OpenedData


class TicketMessage(Envelope, frozen=True, kw_only=True, tag="undertow.ticket.message"):
    """See :class:`MessageData`."""

    data: MessageData


class TicketStatusChanged(Envelope, frozen=True, kw_only=True, tag="undertow.ticket.status_changed"):
    """See :class:`StatusChangedData`."""

    data: StatusChangedData


class TicketAssigned(Envelope, frozen=True, kw_only=True, tag="undertow.ticket.assigned"):
    """See :class:`AssignedData`."""

    data: AssignedData


class TicketPriorityChanged(Envelope, frozen=True, kw_only=True, tag="undertow.ticket.priority_changed"):
    """See :class:`PriorityChangedData`."""

    data: PriorityChangedData


class TicketTopicChanged(Envelope, frozen=True, kw_only=True, tag="undertow.ticket.topic_changed"):
    """See :class:`TopicChangedData`."""

    data: TopicChangedData


class TicketPromiseMade(Envelope, frozen=True, kw_only=True, tag="undertow.ticket.promise_made"):
    """See :class:`PromiseMadeData`."""

    data: PromiseMadeData


class TicketPromiseFulfilled(Envelope, frozen=True, kw_only=True, tag="undertow.ticket.promise_fulfilled"):
    """See :class:`PromiseFulfilledData`."""

    data: PromiseFulfilledData


class TicketPromiseMoved(Envelope, frozen=True, kw_only=True, tag="undertow.ticket.promise_moved"):
    """See :class:`PromiseMovedData`."""

    data: PromiseMovedData


class TicketLinked(Envelope, frozen=True, kw_only=True, tag="undertow.ticket.linked"):
    """See :class:`LinkedData`."""

    data: LinkedData


class TicketClosed(Envelope, frozen=True, kw_only=True, tag="undertow.ticket.closed"):
    """See :class:`ClosedData`."""

    data: ClosedData


class TicketClaimed(Envelope, frozen=True, kw_only=True, tag="undertow.claim.ticket"):
    """See :class:`TicketClaimData`."""

    data: TicketClaimData


class PeriodClaimed(Envelope, frozen=True, kw_only=True, tag="undertow.claim.period"):
    """See :class:`PeriodClaimData`."""

    data: PeriodClaimData


class CustomerActive(Envelope, frozen=True, kw_only=True, tag="undertow.customer.active"):
    """See :class:`ActiveData`."""

    data: ActiveData


class CustomerCancelled(Envelope, frozen=True, kw_only=True, tag="undertow.customer.cancelled"):
    """See :class:`CancelledData`."""

    data: CancelledData


class CustomerRefunded(Envelope, frozen=True, kw_only=True, tag="undertow.customer.refunded"):
    """See :class:`MoneyData`."""

    data: MoneyData


class CustomerInvoiced(Envelope, frozen=True, kw_only=True, tag="undertow.customer.invoiced"):
    """See :class:`MoneyData`."""

    data: MoneyData


class CustomerSegmentChanged(Envelope, frozen=True, kw_only=True, tag="undertow.customer.segment_changed"):
    """See :class:`SegmentChangedData`."""

    data: SegmentChangedData


class CustomerMerged(Envelope, frozen=True, kw_only=True, tag="undertow.customer.merged"):
    """See :class:`MergedData`."""

    data: MergedData


class FeedbackSurvey(Envelope, frozen=True, kw_only=True, tag="undertow.feedback.survey"):
    """See :class:`SurveyData`."""

    data: SurveyData


class FeedbackComplaint(Envelope, frozen=True, kw_only=True, tag="undertow.feedback.complaint"):
    """See :class:`ComplaintData`."""

    data: ComplaintData


class FeedbackConfirmation(Envelope, frozen=True, kw_only=True, tag="undertow.feedback.confirmation"):
    """See :class:`ConfirmationData`."""

    data: ConfirmationData


class DisputeAnswered(Envelope, frozen=True, kw_only=True, tag="undertow.dispute.answered"):
    """See :class:`AnsweredData`."""

    data: AnsweredData


class DisputeRuled(Envelope, frozen=True, kw_only=True, tag="undertow.dispute.ruled"):
    """See :class:`RuledData`."""

    data: RuledData


TicketEvent = (
    TicketOpened
    | TicketMessage
    | TicketStatusChanged
    | TicketAssigned
    | TicketPriorityChanged
    | TicketTopicChanged
    | TicketPromiseMade
    | TicketPromiseFulfilled
    | TicketPromiseMoved
    | TicketLinked
    | TicketClosed
)
CustomerEvent = (
    CustomerActive
    | CustomerCancelled
    | CustomerRefunded
    | CustomerInvoiced
    | CustomerSegmentChanged
    | CustomerMerged
    | FeedbackSurvey
    | FeedbackComplaint
    | FeedbackConfirmation
)
DisputeEvent = DisputeAnswered | DisputeRuled
Event = TicketEvent | TicketClaimed | PeriodClaimed | CustomerEvent | DisputeEvent
