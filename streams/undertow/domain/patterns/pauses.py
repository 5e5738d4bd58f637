"""Pauses of a ticket, and whether the vendor had asked the customer anything."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from math import inf

from msgspec import Struct

from undertow.domain.tickets.facts import Fact, Message, StatusChanged


class Pause(Struct, frozen=True, gc=False):
    """From the status change ``begun`` until ``end`` (seconds; inf while it lasts)."""

    begun: Fact
    end: float
    asked: bool
    """A public question to the customer was unanswered when it began, or followed at once."""

    @property
    def by_customer(self) -> bool:
        """The customer themselves asked to wait."""
        return isinstance(self.begun.body, StatusChanged) and self.begun.body.actor == "customer"


def pauses(facts: Iterable[Fact], paused: Collection[str], grace: float) -> list[Pause]:
    """The pauses in order. ``paused``: the statuses that are one; ``grace``: seconds a question may come after its pause."""
    found: list[Pause] = []
    begun: Fact | None = None
    asked = open_question = False
    for fact in facts:
        body = fact.body
        if isinstance(body, Message):
            if body.actor == "customer":
                open_question = False
            elif body.public and body.question:
                open_question = True
                asked |= begun is not None and fact.time - begun.time <= grace
        elif isinstance(body, StatusChanged):
            if body.to in paused:
                if begun is None:
                    begun, asked = fact, open_question
            elif begun is not None:
                found.append(Pause(begun, fact.time, asked))
                begun = None
    if begun is not None:
        found.append(Pause(begun, inf, asked))
    return found
