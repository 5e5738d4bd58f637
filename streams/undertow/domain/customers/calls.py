"""Customers to call: who has probably left, what that costs, and after which ticket each was not seen any more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from undertow.domain.customers.silence import Ticket

NOBODY: Final = "none"
"""In place of a vendor, for customers who stopped after nobody's ticket."""


class Call(Struct, frozen=True, array_like=True):
    """One customer. Days count from 1970-01-01; probabilities 0 to 1; ``value`` of an active day."""

    customer: str
    first_day: int
    last_day: int
    active_days: int
    alive: float
    silent: float
    """Of no activity in the next 30 days."""
    value: float
    at_risk: float
    """What its departure is expected to cost within a year."""
    vendor: str | None
    ticket: str | None
    ended: int | None
    """The ticket after which it was not seen any more, if there is one near: whose, its number, and the day it ended."""


class Calls(Struct, frozen=True, array_like=True):
    """How many customers stopped after a ticket of ``vendor`` and have probably left, listed or not, and what that costs."""

    vendor: str
    customers: int
    at_risk: float


def after(ticket: Ticket | None) -> tuple[str | None, str | None, int | None]:
    """A ticket as a call names it."""
    return (ticket.vendor, ticket.number, ticket.ended) if ticket is not None else (None, None, None)


def counted(found: Iterable[Call]) -> list[Calls]:
    """By whose ticket each stopped after."""
    sums: defaultdict[str, list[float]] = defaultdict(lambda: [0, 0.0])
    for call in found:
        into = sums[call.vendor if call.vendor is not None else NOBODY]
        into[0] += 1
        into[1] += call.at_risk
    return [Calls(vendor, int(n), at_risk) for vendor, (n, at_risk) in sorted(sums.items())]


def first(found: Iterable[Call]) -> list[Call]:
    """In the order in which to call: by value at risk, ties by name."""
    return sorted(found, key=lambda call: (-call.at_risk, call.customer))
