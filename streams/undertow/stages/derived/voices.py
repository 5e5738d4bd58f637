"""What the company says of a customer without naming a ticket, and which ticket it is held against. Derived, never stored.

Against the one whose solve is nearest before it, whichever vendor's it is, and against none where that lies further back
than the vendor's window. One event is held against one ticket: a refund does not make three tickets bad, nor two vendors.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable
from typing import Final

from undertow.domain.tickets.facts import Cancelled, Complained, Fact, Refunded, Surveyed
from undertow.stages.derived.contacts import Ticket

HELD: Final = frozenset({Cancelled, Complained, Refunded, Surveyed})
"""An invoice that names no ticket is a bill like every other."""
Moment = tuple[float, bytes]
"""A solve (seconds) and the key of its ticket."""


class Voices:
    """Keeps nothing of a customer of whom nothing of the kind was said: nearly all."""

    def __init__(self) -> None:
        self._told: dict[str, list[Fact]] = {}
        self._solves: dict[str, list[Moment]] = {}
        """Of every ticket of such a customer, ascending."""

    def put(self, customer: str, facts: Iterable[Fact], tickets: Callable[[], Iterable[Ticket]]) -> set[bytes]:
        """Take in a customer's own facts, in order; ``tickets`` gives all of the customer's. Returns those it may change."""
        told = [fact for fact in facts if type(fact.body) in HELD]
        before = self._told.get(customer, [])
        if told == before:
            return set()
        if not before:
            self._solves[customer] = sorted({(solve, ticket.key) for ticket in tickets() for solve in ticket.solves})
        moments = self._solves[customer]
        changed = set(told) ^ set(before)
        if told:
            self._told[customer] = told
        else:
            del self._told[customer], self._solves[customer]
        places = [bisect_left(moments, fact.time, key=_time) for fact in changed]
        return {moments[place - 1][1] for place in places if place}

    def solved(
        self, customer: str | None, key: bytes, before: Iterable[float], after: Iterable[float], touched: set[bytes]
    ) -> None:
        """A ticket's solves changed. Adds to ``touched`` the others to which what was said may now belong, or no more."""
        moments = self._solves.get(customer) if customer is not None else None
        if moments is None:
            return
        old, new = set(before), set(after)
        for solve in old ^ new:
            if solve in new:
                insort(moments, (solve, key))
            else:
                del moments[bisect_left(moments, (solve, key))]
            place = bisect_left(moments, (solve, key))
            if place and moments[place - 1][1] != key:
                touched.add(moments[place - 1][1])

    def of(
        self, customer: str | None, key: bytes, solves: Iterable[float], window: float, until: float | None
    ) -> tuple[Fact, ...]:
        """What is held against a ticket: said within ``window`` seconds of a solve of its, and up to ``until``."""
        told = self._told.get(customer) if customer is not None else None
        if told is None or customer is None:
            return ()
        moments = self._solves[customer]
        found: list[Fact] = []
        for solve in set(solves):
            following = bisect_left(moments, (solve, key)) + 1
            end = solve + window
            if following < len(moments):
                # of tickets solved at one time the last by key has what follows
                end = min(end, moments[following][0])
            begin = bisect_right(told, solve, key=_said)
            found += told[begin : max(begin, bisect_right(told, end, key=_said))]
        return tuple([fact for fact in found if until is None or fact.time <= until])


def _time(moment: Moment) -> float:
    return moment[0]


def _said(fact: Fact) -> float:
    return fact.time
