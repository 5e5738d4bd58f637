"""The tickets next to those that are judged together, each read once for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from undertow.domain.agreement.contract import Contract
from undertow.domain.judging.assessment import Assessment, Named, assess
from undertow.domain.judging.disputes import by_then
from undertow.domain.judging.findings import Finding
from undertow.domain.judging.outcomes import Day
from undertow.domain.measuring.neighbours import Neighbour, neighbour
from undertow.domain.tickets.facts import Seen
from undertow.domain.tickets.timeline import Timeline
from undertow.stages.derived.contacts import Near, Ticket
from undertow.stages.rows import name_of

MOST: Final = 2_048
"""Tickets remembered at once: a settlement's, not a whole state's when that is rebuilt."""


class Nearby:
    """A busy customer's tickets are next to the same few, most of which have just changed: their facts are at hand.

    ``facts_of`` reads a ticket's facts, ``changed`` are those read already.
    """

    def __init__(self, facts_of: Callable[[bytes], list[Seen]], changed: Mapping[bytes, list[Seen]]) -> None:
        self._facts_of, self._changed = facts_of, changed
        self._known: dict[bytes, Neighbour] = {}

    def assess(
        self,
        ticket: Ticket,
        seen: list[Seen],
        line: Timeline,
        near: Near,
        contract: Contract,
        day: Day,
        as_of: float,
    ) -> tuple[Assessment, list[Finding]]:
        """The ticket against its claims, beside the tickets that were opened next to its last solve."""
        vendor, customer, _ = ticket.owner
        name = Named(vendor, ticket.number, customer, day(line.solves[0]) if line.solves else None)
        related, elsewhere = ([self._of(key, contract) for key in keys] for keys in near)
        return assess(name, seen, related, contract, day, as_of, elsewhere)

    def _of(self, key: bytes, contract: Contract) -> Neighbour:
        """A ticket as those next to it see it; they have one contract."""
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= MOST:
                self._known.clear()
            facts = self._changed[key] if key in self._changed else self._facts_of(key)
            known = self._known[key] = neighbour(name_of(key)[2], by_now(facts, contract))
        return known


def by_now(facts: list[Seen], contract: Contract) -> list[Seen]:
    """Of a closed history only what had happened by its end."""
    return facts if (end := contract.as_of) is None else by_then(facts, end)
