"""A ticket's facts told step by step in plain words, for people who know neither side's systems."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from msgspec import Struct

from undertow.domain.tickets import facts as f
from undertow.domain.tickets.facts import Fact
from undertow.domain.tickets.timeline import SOLVED
from undertow.events import ActorKind

By = Literal["customer", "vendor", "machine", "company"]
_BY: Final[dict[ActorKind, By]] = {
    "customer": "customer",
    "agent": "vendor",
    "unknown": "vendor",
    "bot": "machine",
    "system": "machine",
}
MEASURE_WORDS: Final = {
    "sla": "the SLA as a whole",
    "first_response": "first response",
    "next_response": "next response",
    "first_resolution": "first resolution",
    "total_resolution": "total resolution",
    "durable_resolution": "durable resolution",
    "recovery_reply": "answer to a failure",
    "recovery_solve": "solving a failure",
    "requester_wait": "waiting of the customer",
    "agent_work": "work of the agents",
}
_STATUS: Final = {"new": "as new", "open": "to open", "pending": "to waiting for the customer", "on_hold": "on hold"}


class Step(Struct, frozen=True):
    """Something happened at a time (seconds). ``id`` is the event's."""

    at: float
    by: By
    words: str
    source: str
    id: str
    mark: Literal["opened", "wrote", "answered", "machine", "solved", "reopened", "other"] = "other"


def steps(facts: Iterable[Fact]) -> list[Step]:
    """The steps of a ticket; ``facts`` in the order of :func:`undertow.domain.tickets.facts.in_order`."""
    found = []
    solved = False
    for fact in facts:
        body = fact.body
        if isinstance(body, f.StatusChanged):
            by = _BY[body.actor]
            if body.to in SOLVED:
                words = "called it solved" if body.to == "solved" else "closed the ticket"
                found.append(_step(fact, by, words, "other" if solved else "solved"))
                solved = True
            elif solved:
                found.append(_step(fact, by, "took it out of solved", "reopened"))
                solved = False
            else:
                found.append(_step(fact, by, f"set the ticket {_STATUS.get(body.to, f'to {body.to}')}"))
        elif (told := _told(fact)) is not None:
            found.append(told)
    return found


def _told(fact: Fact) -> Step | None:  # noqa: PLR0912 - one branch a kind of fact
    body = fact.body
    match body:
        case f.Opened(actor=actor):
            words = "opened a ticket" if actor == "customer" else "opened a ticket for the customer"
            return _step(fact, _BY[actor], words, "opened")
        case f.Message(actor="customer"):
            return _step(fact, "customer", "wrote", "wrote")
        case f.Message(public=False):
            return None
        case f.Message(actor="bot" | "system"):
            return _step(fact, "machine", "sent an automatic message", "machine")
        case f.Message(question=True):
            return _step(fact, "vendor", "asked the customer something", "answered")
        case f.Message(substantive=False):
            return _step(fact, "vendor", "sent a message without substance", "machine")
        case f.Message():
            return _step(fact, "vendor", "answered", "answered")
        case f.Assigned():
            return _step(fact, "vendor", "passed the ticket to another agent or team")
        case f.PriorityChanged(to=to):
            return _step(fact, _BY[body.actor], f"set the priority to {to}")
        case f.PromiseMade():
            return _step(fact, "vendor", "made a promise")
        case f.PromiseFulfilled():
            return _step(fact, "vendor", "fulfilled the promise")
        case f.PromiseMoved():
            return _step(fact, "vendor", "put the promise off")
        case f.Claimed(measure=measure, met=met):
            of = MEASURE_WORDS.get(measure, measure)
            return _step(fact, "vendor", f"reported {of} as {'met' if met else 'missed'}")
        case _:
            return _first_party(fact)


def _first_party(fact: Fact) -> Step | None:
    match fact.body:
        case f.Cancelled():
            return _step(fact, "customer", "ended the relationship")
        case f.Refunded():
            return _step(fact, "company", "gave money back")
        case f.Invoiced():
            return _step(fact, "company", "sent an invoice")
        case f.Surveyed(scale=scale, score=score):
            return _step(fact, "customer", f"gave {score:g} in a survey ({scale.upper()})")
        case f.Complained(channel=channel):
            return _step(fact, "customer", f"complained ({channel})")
        case f.Confirmed(fixed=fixed):
            return _step(fact, "customer", f"said that it {'was' if fixed else 'was not'} fixed")
        case _:
            return None


def _step(
    fact: Fact,
    by: By,
    words: str,
    mark: Literal["opened", "wrote", "answered", "machine", "solved", "reopened", "other"] = "other",
) -> Step:
    return Step(fact.time, by, words, fact.source, fact.id, mark)
