"""Customers' segments by time: derived from their facts, rebuilt after recovery."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from undertow.domain.tickets.facts import Fact, SegmentChanged


class Segments:
    """Which segment each customer belonged to, and since when."""

    def __init__(self) -> None:
        self._since: dict[str, list[tuple[float, str]]] = {}

    def put(self, customer: str, facts: Iterable[Fact]) -> bool:
        """Take in all of a customer's own facts, in order. Returns whether that changed anything."""
        since = [(fact.time, fact.body.segment) for fact in facts if isinstance(fact.body, SegmentChanged)]
        if since == self._since.get(customer, []):
            return False
        self._since[customer] = since
        return True

    def at(self, customer: str | None, time: float | None) -> str | None:
        """The segment in force at a time (seconds), None where the company never said."""
        since = self._since.get(customer) if customer is not None and time is not None else None
        if not since:
            return None
        index = bisect_right(since, time, key=lambda change: change[0])
        return since[index - 1][1] if index else None

    def since(self, customer: str) -> list[tuple[float, str]]:
        """All of a customer's segments, each with the time (seconds) from which it held, ascending."""
        return self._since.get(customer, [])
