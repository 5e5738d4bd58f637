"""A world of customers, tickets and departures in which it is known who left because of a ticket."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from undertow.domain.customers import activity
from undertow.domain.customers.silence import Customer, Observation, Ticket, week_of

VENDOR = "acme"
START, TODAY = 10_000, 10_420
"""The first day of the world and the day it is judged on."""
NEVER = 1_000_000


@dataclass(frozen=True)
class Plan:
    """What the world is like. Rates a day."""

    customers: int = 2_000
    contacts: float = 1 / 100
    bad: float = 0.3
    leaves: float = 0.4
    """Share of those with a bad ticket who leave because of it."""
    shows: float = 0.7
    """Share of bad tickets that are seen not to have held."""
    complains: float = 0.15
    """Share of those with a bad ticket who complain on another channel."""
    drawn: float = 0.3
    """How much the busier make contact more often: 0 not at all, 1 in proportion."""
    departures: float = 1 / 1500
    only_there: bool = True
    """Whether only those who have not left make contact, as in life; or anybody, which no method may mistake for an effect."""
    """Natural departures: they have nothing to do with tickets."""


@dataclass
class Person:
    """One customer's life: what happened, and what would have happened without one ticket's effect."""

    customer: Customer
    natural: list[int]
    """Active days if no ticket had driven the customer away."""
    leaving: list[int] = field(default_factory=list)
    """Days of tickets after which the customer leaves, if still there."""
    driven: bool = False

    def silent_without(self, seen: Observation, horizon: int) -> bool:
        """Whether the customer would have been silent, had the tickets of that week had no effect."""
        week = seen.match.week
        day = max(ticket.ended for ticket in self.customer.tickets if ticket.ended and week_of(ticket.ended) == week)
        end = min((left for left in self.leaving if week_of(left) != week), default=NEVER)
        return not any(day < active <= min(day + horizon, end) for active in self.natural)


def people(seed: int, plan: Plan) -> list[Person]:
    """The customers of one seed."""
    random = Random(seed)
    return [_person(random, plan, number) for number in range(plan.customers)]


def _person(random: Random, plan: Plan, number: int) -> Person:
    segment = random.choice(("basic", "business"))
    pace = random.gammavariate(1.2, 0.10 if segment == "basic" else 0.16) + 0.01
    joined = START + random.uniform(-200, 250)
    gone = joined + random.expovariate(plan.departures)
    natural = sorted({int(at) for at in _times(random, joined, min(gone, TODAY), pace)} | {int(joined)})
    leaving, tickets = [], []
    # the busier make contact more often; only who is still there does
    eager = plan.contacts * (1 - plan.drawn + plan.drawn * pace / 0.166)
    for opened in _times(random, joined + 1, min(gone, TODAY) if plan.only_there else TODAY, eager):
        ended = int(opened + random.expovariate(1 / 2))
        bad = random.random() < plan.bad
        shows = bad and random.random() < plan.shows
        leaves = bad and random.random() < plan.leaves
        complains = bad and random.random() < plan.complains
        if ended < TODAY:
            tickets.append((ended, int(opened), shows, complains))
        if leaves:
            leaving.append(ended)
    end = min(leaving, default=NEVER)
    tickets = [one for one in tickets if one[0] <= end]
    days = [day for day in natural if day <= end]
    return Person(
        customer=Customer(
            id=f"c{number}",
            days=activity.unpack(activity.of(days)),
            tickets=tuple(Ticket(VENDOR, opened, ended, not shows) for ended, opened, shows, _ in sorted(tickets)),
            segments=((0, segment),),
            unhappy=frozenset({VENDOR}) if any(shows for _, _, shows, _ in tickets) else frozenset(),
            complained=frozenset({VENDOR}) if any(complains for *_, complains in tickets) else frozenset(),
        ),
        natural=natural,
        leaving=leaving,
        driven=end < TODAY,
    )


def _times(random: Random, start: float, end: float, rate: float) -> list[float]:
    found = []
    at = start + random.expovariate(rate)
    while at < end:
        found.append(at)
        at += random.expovariate(rate)
    return found
