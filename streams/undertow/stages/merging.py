"""Customers merged into others: who carries on whose history, and what is passed on to whom.

A merge is a fact of the customer it speaks of, and is told to everybody whom the merges known so far name, so every row of a
group comes to know all of its merges. Of each group the customers that are merged into nobody carry on; where merges go round
in a circle, the first of it by name does. What a row knows can only grow, and whoever does not carry on passes everything on,
so every order of events leaves the same history with the same customers. One merged into two has its history with both.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from undertow.domain.agreement.contract import DAY
from undertow.domain.customers import activity, worth
from undertow.domain.tickets.facts import Active, Fact, Merged, Place, Seen
from undertow.stages.records import Entry

Edges = frozenset[tuple[str, str]]
"""Merges: a customer, and whom it was merged into."""
_NOWHERE: Final = Place("", 0, 0)


def edges(facts: Iterable[Seen]) -> Edges:
    """The merges among a customer's facts; one into itself says nothing."""
    merges = (one.fact.body for one in facts if isinstance(one.fact.body, Merged))
    return frozenset((body.customer, body.into) for body in merges if body.customer != body.into)


def carrying_on(customer: str, known: Edges) -> frozenset[str]:
    """Who carries on the customer's history, as far as these merges tell: itself where nobody else does."""
    reached = _reached(customer, known) | {customer}
    found = set()
    for one in reached:
        beyond = _reached(one, known)
        if all(one in _reached(other, known) for other in beyond):
            found.add(min(beyond | {one}))
    return frozenset(found)


def passed_on(entry: Entry, heirs: Iterable[str]) -> list[Entry]:
    """An entry as those who carry on are to have it."""
    return [Entry(entry.vendor, heir, entry.ticket, entry.seen) for heir in heirs]


def activity_entries(customer: str, days: bytes, amounts: bytes) -> list[Entry]:
    """Active days and what they were worth, as entries."""
    valued = dict(worth.days(amounts))
    told = {**dict.fromkeys(activity.unpack(days).listed()), **valued}
    return [
        Entry(None, customer, None, Seen(Fact(day * DAY, 0, 0.0, "", "", Active(value)), _NOWHERE))
        for day, value in sorted(told.items())
    ]


def ticket_entries(vendor: str, customer: str, ticket: str, facts: Iterable[Seen]) -> list[Entry]:
    """A ticket's facts, the newest first: a ticket unknown so far is taken for too late by the first of them."""
    return [
        Entry(vendor, customer, ticket, seen) for seen in sorted(facts, key=lambda one: one.fact.time, reverse=True)
    ]


def _reached(start: str, known: Edges) -> set[str]:
    """Everybody whom the customer's history leads to."""
    found: set[str] = set()
    ahead = {into for customer, into in known if customer == start}
    while ahead:
        found |= ahead
        ahead = {into for customer, into in known if customer in ahead} - found
    return found
