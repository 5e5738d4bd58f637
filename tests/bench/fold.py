"""The peers' fold: a customer's tickets, in order of arrival. Not ours: it is what every engine of the comparison does."""

from __future__ import annotations

import msgspec


class Data(msgspec.Struct):
    ticket_id: str
    customer_id: str
    vendor_id: str


class Event(msgspec.Struct):
    id: str
    type: str
    time: str
    data: Data


class Ticket(msgspec.Struct, array_like=True):
    opened: str | None = None
    first_reply: str | None = None
    solved: str | None = None
    reopened_count: int = 0
    last_type: str | None = None


class Customer(msgspec.Struct, array_like=True):
    vendor: str
    seen: int = 0
    solved: int = 0
    reopened: int = 0
    tickets: dict[str, Ticket] = {}


def fold(customer: Customer, ticket_id: str, type: str, time: str) -> None:
    """One event."""
    ticket = customer.tickets.get(ticket_id)
    if ticket is None:
        ticket = customer.tickets[ticket_id] = Ticket()
    customer.seen += 1
    ticket.last_type = type
    if type == "ticket.created":
        ticket.opened = ticket.opened or time
    elif type == "ticket.replied":
        ticket.first_reply = ticket.first_reply or time
    elif type == "ticket.solved":
        ticket.solved = time
        customer.solved += 1
    elif type == "ticket.reopened":
        ticket.solved = None
        ticket.reopened_count += 1
        customer.reopened += 1
