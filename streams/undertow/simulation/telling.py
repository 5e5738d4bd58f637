"""A story told as events: who said what to whom, second by second. Adds colour (agents, notes), decides nothing.

A :class:`Told` waits for its envelope: ids and sequence numbers follow from the order of all that one source says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from random import Random
from typing import Any, NamedTuple

from undertow import events as e
from undertow.events import Actor
from undertow.simulation.aftermath import Word
from undertow.simulation.plans import DAY, VendorPlan
from undertow.simulation.story import TARGETS, Customer, Story, Ticket

Instant = Callable[[int], datetime]
"""Seconds since the world's start to a time."""


class Told(NamedTuple):
    """An event without its envelope: seconds since the start, the envelope's class, the data."""

    at: int
    kind: type[e.Event]
    data: object


BOT = Actor(kind="bot", id="assistant")
SYSTEM = Actor(kind="system")


class Teller:
    """Tells the tickets of one vendor. Methods yield in no particular order; ties in time keep the order yielded."""

    def __init__(self, plan: VendorPlan, random: Random, instant: Instant) -> None:
        self._plan = plan
        self._random = random
        self._instant = instant

    def tell(self, ticket: Ticket) -> list[Told]:
        """Everything the vendor publishes about one ticket, in order of time."""
        said = [*self._beginning(ticket), *self._middle(ticket), *self._promises(ticket), *self._ends(ticket)]
        return sorted([*said, *self._claims(ticket)], key=lambda told: told.at)

    def _ids(self, ticket: Ticket) -> dict[str, str | None]:
        customer = ticket.customer.name if ticket.known else None
        return {"vendor": self._plan.name, "ticket": ticket.name(self._plan.name), "customer": customer}

    def _base(self, ticket: Ticket, actor: Actor) -> dict[str, object]:
        return {**self._ids(ticket), "actor": actor}

    def _agent(self, ticket: Ticket) -> Actor:
        return Actor(kind="agent", id=f"{self._plan.name}-a{ticket.number % 7 + 1}")

    def _customer(self, ticket: Ticket) -> Actor:
        return Actor(kind="customer", id=ticket.customer.name if ticket.known else None)

    def _message(self, at: int, ticket: Ticket, actor: Actor, **how: bool) -> Told:
        return Told(at, e.TicketMessage, e.MessageData(**self._base(ticket, actor), **how))  # type: ignore[arg-type]

    def _status(self, at: int, ticket: Ticket, actor: Actor, to: e.Status) -> Told:
        return Told(at, e.TicketStatusChanged, e.StatusChangedData(**self._base(ticket, actor), to=to))  # type: ignore[arg-type]

    def _beginning(self, ticket: Ticket) -> Iterator[Told]:
        """Opened, the customer's words, the machine's thanks for them, an agent."""
        customer = self._customer(ticket)
        opened = e.OpenedData(
            **self._base(ticket, customer),  # type: ignore[arg-type]
            topic=ticket.filed[0][1],
            priority=ticket.priority,
            channel=self._random.choice(("mail", "web", "chat")),
            segment=ticket.customer.segment_at(ticket.opened),
        )
        yield Told(ticket.opened, e.TicketOpened, opened)
        yield self._message(ticket.opened, ticket, customer)
        yield self._message(ticket.opened + self._random.randint(2, 40), ticket, BOT, substantive=False)
        yield self._assigned(ticket, ticket.opened + self._random.randint(41, 59), self._agent(ticket).id, "first line")

    def _assigned(self, ticket: Ticket, at: int, agent: str | None, team: str) -> Told:
        data = e.AssignedData(**self._base(ticket, SYSTEM), agent=agent, team=team)  # type: ignore[arg-type]
        return Told(at, e.TicketAssigned, data)

    def _middle(self, ticket: Ticket) -> Iterator[Told]:
        """Answers, questions, notes, hand-offs, changes of topic and priority, up to the first solve."""
        agent, random = self._agent(ticket), self._random
        yield self._message(ticket.answered, ticket, agent)
        for at, topic in ticket.filed[1:]:
            data = e.TopicChangedData(**self._base(ticket, agent), to=topic)  # type: ignore[arg-type]
            yield Told(at, e.TicketTopicChanged, data)
        if ticket.question is not None:
            asked, replied = ticket.question
            yield self._message(asked, ticket, agent, question=True)
            yield self._status(asked + 5, ticket, agent, "pending")
            yield self._message(replied, ticket, self._customer(ticket))
            yield self._status(replied, ticket, SYSTEM, "open")
        if random.random() < 0.3:
            yield self._message(ticket.answered + 20, ticket, agent, public=False)
        if random.random() < 0.15:
            yield self._assigned(
                ticket, ticket.answered + 40, f"{self._plan.name}-a{random.randint(8, 9)}", "second line"
            )
        late = ticket.answered - ticket.opened > TARGETS[ticket.priority] + 60
        if late and self._plan.claims_met is not None and ticket.priority != "low" and random.random() < 0.5:
            # once the target is missed, a lower priority makes it look met
            yield self._priority(ticket, ticket.answered - 10, agent, "low")
        elif random.random() < 0.05:
            yield self._priority(ticket, ticket.answered + 50, agent, "high")
        yield self._message(ticket.solves[0] - 20, ticket, agent)

    def _priority(self, ticket: Ticket, at: int, actor: Actor, to: str) -> Told:
        data = e.PriorityChangedData(**self._base(ticket, actor), to=to)  # type: ignore[arg-type]
        return Told(at, e.TicketPriorityChanged, data)

    def _promises(self, ticket: Ticket) -> Iterator[Told]:
        """Its promise, if there is one."""
        promise, base = ticket.promise, self._base(ticket, self._agent(ticket))
        if promise is None:
            return
        name = f"{ticket.name(self._plan.name)}-p1"
        made = e.PromiseMadeData(**base, promise=name, due=self._instant(promise.due), about="a call back")  # type: ignore[arg-type]
        yield Told(promise.made, e.TicketPromiseMade, made)
        if promise.kept is not None:
            kept = e.PromiseFulfilledData(**base, promise=name)  # type: ignore[arg-type]
            yield Told(promise.kept, e.TicketPromiseFulfilled, kept)

    def _ends(self, ticket: Ticket) -> Iterator[Told]:
        """Solves and what undid them, the close, the link to the ticket before."""
        agent, customer = self._agent(ticket), self._customer(ticket)
        solves = ticket.solves[:-1] if ticket.closes_unasked else ticket.solves
        for at in solves:
            yield self._status(at, ticket, agent, "solved")
        for reopen, again in zip(ticket.reopens, ticket.solves[1:], strict=True):
            if reopen.by == "vendor":
                yield self._status(reopen.at, ticket, agent, "open")
                continue
            # in some help desks the customer's message sets the status, in others an agent does after reading it
            at_once = self._random.random() < 0.5
            yield self._message(reopen.at if at_once else reopen.at - self._random.randint(60, 600), ticket, customer)
            yield self._status(reopen.at, ticket, customer if at_once else agent, "open")
            yield self._message(again - 20, ticket, agent)
        if not ticket.closes_unasked and self._random.random() < 0.2:
            yield self._message(ticket.solves[-1] + self._random.randint(900, 3_000), ticket, customer)
        if ticket.closes_unasked or self._random.random() < 0.5:
            reason = "no further questions" if ticket.closes_unasked else None
            closed = e.ClosedData(**self._base(ticket, agent), reason=reason)  # type: ignore[arg-type]
            yield Told(ticket.closed, e.TicketClosed, closed)
        else:
            yield self._status(ticket.closed, ticket, SYSTEM, "closed")
        if ticket.linked is not None and ticket.origin is not None:
            related = ticket.origin.name(self._plan.name)
            link = e.LinkedData(**self._base(ticket, agent), related=related, relation="follows_up")  # type: ignore[arg-type]
            yield Told(ticket.linked, e.TicketLinked, link)

    def _claims(self, ticket: Ticket) -> Iterator[Told]:
        """The SLA when solved and when closed; once the first response, which the gaming vendor counts from its bot."""
        ids = self._ids(ticket)
        for claim in ticket.claims:
            said = e.TicketClaimData(
                **ids,  # type: ignore[arg-type]
                measure="sla",
                met=claim.met,
                resolved_at=self._instant(claim.resolved),
                reopen_count=claim.reopen_count,
            )
            yield Told(claim.at, e.TicketClaimed, said)
        seconds = ticket.answered - ticket.opened if self._plan.claims_met is None else self._random.randint(2, 40)
        met = seconds <= TARGETS[ticket.priority]
        response = e.TicketClaimData(**ids, measure="first_response", met=met, value=float(seconds))  # type: ignore[arg-type]
        yield Told(ticket.claims[0].at, e.TicketClaimed, response)


def tell_customers(story: Story, random: Random, days: int) -> Iterator[Told]:
    """What the company itself sees of the vendor's customers: activity, segments, and what follows from tickets."""
    for customer in story.customers:
        if customer.moves is not None:
            moved = e.SegmentChangedData(customer=customer.name, segment=customer.segment_at(customer.moves))
            yield Told(customer.moves, e.CustomerSegmentChanged, moved)
        for day in range(days):
            at = day * DAY + random.randrange(DAY)
            if random.random() < customer.active_share and not _silent(customer, at):
                value = round(random.uniform(5, 90), 2) if random.random() < 0.3 else None
                yield Told(at, e.CustomerActive, e.ActiveData(customer=customer.name, value=value))
    for ticket in story.tickets:
        for word in ticket.words:
            yield _word(story.plan.name, ticket, word)


def _word(vendor: str, ticket: Ticket, word: Word) -> Told:
    """What the company says of a customer, with or without the ticket."""
    of: dict[str, Any] = {"customer": ticket.customer.name}
    if word.named:
        of |= {"vendor": vendor, "ticket": ticket.name(vendor)}
    match word.kind:
        case "refunded":
            return Told(word.at, e.CustomerRefunded, e.MoneyData(**of, amount=20.0, currency="EUR"))
        case "invoiced":
            return Told(word.at, e.CustomerInvoiced, e.MoneyData(**of, amount=35.0, currency="EUR"))
        case "cancelled":
            return Told(word.at, e.CustomerCancelled, e.CancelledData(**of))
        case "complained":
            return Told(word.at, e.FeedbackComplaint, e.ComplaintData(**of, channel="review"))
        case "surveyed":
            return Told(word.at, e.FeedbackSurvey, e.SurveyData(**of, scale="csat", score=float(word.score)))
        case "confirmed":
            return Told(word.at, e.FeedbackConfirmation, e.ConfirmationData(**of, fixed=bool(word.score)))


def _silent(customer: Customer, at: int) -> bool:
    return customer.silent_from is not None and at >= customer.silent_from
