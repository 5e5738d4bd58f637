"""The story of one vendor: who made contact when, and what became of it. Decisions only; ``telling`` makes events.

Times are whole seconds since the world's start. A story may run past the world's end: the end cuts it off.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import log
from random import Random
from typing import Final, Literal

from undertow.simulation.aftermath import Promise, Word, promise_of, words_of
from undertow.simulation.plans import DAY, HOUR, VendorPlan

SEGMENTS: Final = ("basic", "business")
TOPICS: Final = {"billing": 22, "login": 18, "delivery": 16, "returns": 14, "setup": 12, "outage": 10, "account": 8}
"""What customers ask about, with weights."""
TARGETS: Final = {"high": HOUR, "normal": 4 * HOUR, "low": 8 * HOUR}
"""Seconds until the first human answer, by priority."""
UNKNOWN_CUSTOMER: Final = 0.01
"""Share of tickets whose customer the vendor does not know."""
MISFILED: Final = 0.03
"""Share of tickets filed under a wrong topic first."""
TOO_LATE: Final = 0.04
"""Share of reopens and returns that come after the contract's window and must not count."""


@dataclass(slots=True)
class Customer:
    """One customer; from ``moves`` on in the other segment."""

    name: str
    segment: str
    moves: int | None
    active_share: float
    """Share of days active."""
    silent_from: int | None = None

    def segment_at(self, at: int) -> str:
        """The segment at a time."""
        if self.moves is None or at < self.moves:
            return self.segment
        return SEGMENTS[1 - SEGMENTS.index(self.segment)]


@dataclass(slots=True)
class Reopen:
    """A solve undone at ``at``."""

    at: int
    by: Literal["customer", "vendor"]


@dataclass(slots=True)
class Claim:
    """What the vendor said of the ticket at ``at``."""

    at: int
    met: bool
    reopen_count: int
    resolved: int


@dataclass(slots=True)
class Ticket:
    """All that was decided about one ticket. ``solves[i]`` is undone by ``reopens[i]``; there is one solve more."""

    number: int
    customer: Customer
    known: bool
    """Whether the vendor knows whose ticket it is."""
    opened: int
    priority: str
    filed: list[tuple[int, str]]
    """Topics with the time they were set; the first at the opening."""
    answered: int
    question: tuple[int, int] | None
    """When the vendor asked the customer something, and when the reply came."""
    solves: list[int]
    reopens: list[Reopen]
    closed: int
    closes_unasked: bool
    """The last solve is the close."""
    claims: list[Claim]
    origin: Ticket | None = None
    """The earlier ticket whose failure brought the customer back."""
    linked: int | None = None
    """When the vendor linked it to ``origin``."""
    promise: Promise | None = None
    words: list[Word] = field(default_factory=list)
    """What the company hears and does, of customers it knows."""

    def name(self, vendor: str) -> str:
        """The ticket's id in events."""
        return f"{vendor}-{self.number}"


@dataclass(slots=True)
class Story:
    """Everything that happened at one vendor. Tickets in no particular order of time."""

    plan: VendorPlan
    customers: list[Customer]
    worse_from: int
    """When the vendor's work becomes worse."""
    tickets: list[Ticket] = field(default_factory=list)

    def often(self, share: float, at: int) -> float:
        """A share of what goes wrong, as it is at a time."""
        return min(1.0, share * self.plan.worsens[1]) if at >= self.worse_from else share


def live(plan: VendorPlan, random: Random, start: datetime, days: int) -> Story:
    """Simulate one vendor for ``days`` from ``start``."""
    customers = [_customer(plan, number, random, days) for number in range(1, plan.customers + 1)]
    story = Story(plan, customers, int(plan.worsens[0] * days * DAY))
    for opened in sorted(_moment(random, start, days) for _ in range(round(plan.tickets_per_day * days))):
        customer = random.choice(story.customers)
        if plan.drives_away and customer.silent_from is not None and opened >= customer.silent_from:
            continue  # who has left makes no contact
        ticket: Ticket | None = _play(story, random, customer, opened, _topic(random))
        while ticket is not None and ticket.solves[-1] < days * DAY:
            ticket = _return(story, random, ticket)
    returned = {ticket.origin.number for ticket in story.tickets if ticket.origin is not None}
    for ticket in story.tickets:
        ticket.promise = promise_of(plan, random, ticket.answered)
        if ticket.known:
            unhappy = ticket.number in returned or any(reopen.by == "customer" for reopen in ticket.reopens)
            ticket.words = list(words_of(random, ticket.solves[-1], unhappy=unhappy))
    return story


def _customer(plan: VendorPlan, number: int, random: Random, days: int) -> Customer:
    moves = random.randrange(days * DAY) if random.random() < 0.08 else None
    return Customer(f"{plan.name}-c{number:04d}", random.choice(SEGMENTS), moves, random.choice(plan.activity))


def _moment(random: Random, start: datetime, days: int) -> int:
    """When someone makes contact: mostly by day, less at the weekend (in the zone of ``start``)."""
    while True:
        at = random.randrange(days * DAY)
        moment = start + timedelta(seconds=at)
        busy = 1.0 if 8 <= moment.hour < 18 else 0.3 if 6 <= moment.hour < 22 else 0.05
        if random.random() < busy * (0.35 if moment.weekday() >= 5 else 1.0):
            return at


def _topic(random: Random) -> str:
    return random.choices(list(TOPICS), list(TOPICS.values()))[0]


def _play(
    story: Story, random: Random, customer: Customer, opened: int, topic: str, *, origin: Ticket | None = None
) -> Ticket:
    """One ticket from opening to close, added to the story."""
    plan = story.plan
    priority = random.choices(list(TARGETS), (1, 6, 3))[0]
    in_time = random.random() < plan.answers_in_time
    answered = opened + 60 + int(TARGETS[priority] * (random.uniform(0.02, 0.9) if in_time else random.uniform(1.1, 3)))
    filed = [(opened, topic)]
    if random.random() < MISFILED:
        filed = [(opened, _topic(random)), (answered + 30, topic)]
    question, ready = None, answered + 60
    if random.random() < 0.25:
        question = (ready, ready + 600 + min(int(random.expovariate(1 / (6 * HOUR))), 2 * DAY))
        ready = question[1] + 60
    solves, reopens = [ready + _work(plan, random)], list[Reopen]()
    if random.random() < plan.flickers:
        reopens.append(Reopen(solves[-1] + random.randint(20, 240), "vendor"))
        solves.append(reopens[-1].at + random.randint(60, 600))
    if random.random() < story.often(plan.reopens, opened):
        while True:
            reopens.append(Reopen(solves[-1] + _delay(random, 2, 14, latest=20), "customer"))
            solves.append(reopens[-1].at + HOUR + _work(plan, random))
            if random.random() < 0.8:
                break
    closes_unasked = random.random() < plan.closes_unasked
    closed = solves[-1] if closes_unasked else solves[-1] + random.randint(*plan.close_after)
    ticket = Ticket(
        number=1001 + len(story.tickets),
        customer=customer,
        known=random.random() >= UNKNOWN_CUSTOMER,
        opened=opened,
        priority=priority,
        filed=filed,
        answered=answered,
        question=question,
        solves=solves,
        reopens=reopens,
        closed=closed,
        closes_unasked=closes_unasked,
        claims=_claims(plan, random, in_time=in_time, solves=solves, reopens=reopens, closed=closed),
        origin=origin,
    )
    story.tickets.append(ticket)
    if plan.drives_away and opened >= story.worse_from and random.random() < plan.drives_away:
        customer.silent_from = min(solves[-1], customer.silent_from or solves[-1])
    return ticket


def _claims(
    plan: VendorPlan, random: Random, *, in_time: bool, solves: list[int], reopens: list[Reopen], closed: int
) -> list[Claim]:
    """What it says when solved, and again when closed."""
    met = in_time if plan.claims_met is None else random.random() < plan.claims_met
    first = Claim(solves[0] + random.randint(1, 60), met, 0, solves[0])
    returned = any(reopen.by == "customer" for reopen in reopens)
    if returned and plan.claims_met is None and random.random() > plan.answers_in_time:
        met = False
    if not met and random.random() < plan.restates:
        met = True
    count = 0 if random.random() < plan.hides_reopens else len(reopens)
    return [first, Claim(closed + random.randint(61, 300), met, count, solves[-1])]


def _return(story: Story, random: Random, failed: Ticket) -> Ticket | None:
    """The new ticket of a customer whom the last one did not help, or None: it helped, or the customer said nothing."""
    plan = story.plan
    if random.random() >= story.often(plan.comes_back, failed.opened):
        return None
    left = failed.customer.silent_from
    if plan.drives_away and left is not None and left <= failed.closed:
        return None
    opened = failed.solves[-1] + _delay(random, 5, 30, latest=45)
    linked = random.random() < plan.links
    # where the vendor links it, it may as well file it elsewhere: the link must be enough to find it
    topic = _topic(random) if linked and random.random() < 0.5 else failed.filed[-1][1]
    ticket = _play(story, random, failed.customer, opened, topic, origin=failed)
    if linked:
        ticket.linked = opened + random.randint(60, HOUR)
    if random.random() < 0.2:
        ticket.customer.silent_from = ticket.closed
    return ticket


def _work(plan: VendorPlan, random: Random) -> int:
    """Seconds of work on a ticket: a long tail, ten days at most."""
    return max(120, min(int(random.lognormvariate(log(plan.work), 0.8)), 10 * DAY))


def _delay(random: Random, mean: int, window: int, *, latest: int) -> int:
    """Seconds until the customer notices: exponential, at most the window to the second; seldom later. All in days."""
    if random.random() < TOO_LATE:
        return random.randint(window * DAY + 1, latest * DAY)
    return min(20 * 60 + int(random.expovariate(1 / mean) * DAY), window * DAY)
