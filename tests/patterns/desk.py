"""A ticket written down by hand: hours and minutes since it was opened."""

from __future__ import annotations

from itertools import count

from undertow.domain.agreement.contract import Contract, Target
from undertow.domain.measuring.neighbours import neighbour
from undertow.domain.patterns.evidence import Case
from undertow.domain.patterns.observed import observed
from undertow.domain.tickets import facts as f
from undertow.domain.tickets.facts import Body, Fact, Place, Seen, in_order, join

HOUR = 3_600.0
DAY = 24 * HOUR
OPENED = 1_743_411_600.0
"""2025-03-31T09:00Z."""
CONTRACT = Contract(
    vendor="acme",
    targets={
        "first_response": (Target(4 * HOUR),),
        "first_resolution": (Target(10 * HOUR, "high"), Target(20 * HOUR, "normal"), Target(40 * HOUR, "low")),
    },
)
NOW = OPENED + 90 * DAY


def status(to: str, actor: str = "agent", cause: str | None = None) -> f.StatusChanged:
    return f.StatusChanged(to, actor, cause)  # type: ignore[arg-type]


def message(
    actor: str = "agent", *, public: bool = True, substantive: bool = True, question: bool = False
) -> f.Message:
    return f.Message(actor, public, substantive, question)  # type: ignore[arg-type]


def opened(priority: str = "normal", topic: str | None = "billing", actor: str = "customer") -> f.Opened:
    return f.Opened(topic, None, priority, actor)  # type: ignore[arg-type]


QUESTION = message(question=True)
CUSTOMER = message("customer")
SOLVED = status("solved")
CLOSED = status("closed")


class Told:
    """Facts with ids of their own: the letter of the ticket and a number."""

    def __init__(self, letter: str = "a", at: float = OPENED) -> None:
        self._letter = letter
        self._numbers = count(1)
        self.at = at
        self.seen: list[Seen] = []

    def fact(self, hours: float, body: Body, *, arrived: float | None = None, number: int | None = None) -> Fact:
        """A fact ``hours`` after the opening; ``arrived`` in hours after it, ``number`` to say one again."""
        number = next(self._numbers) if number is None else number
        time = self.at + hours * HOUR
        came = time if arrived is None else self.at + arrived * HOUR
        fact = Fact(time, number, time, f"{self._letter}{number}", "/acme", body)
        self.seen, _ = join(self.seen, [Seen(fact, Place("vendor.tickets", 0, int(came * 1000), came))])
        return fact

    def facts(self) -> list[Fact]:
        return in_order(self.seen)


def told(*said: tuple[float, Body], letter: str = "a", at: float = OPENED) -> Told:
    ticket = Told(letter, at)
    for hours, body in said:
        ticket.fact(hours, body)
    return ticket


def cases(
    ticket: Told, *others: Told, contract: Contract = CONTRACT, as_of: float = NOW, number: str = "1"
) -> dict[str, Case]:
    """By pattern, what the ticket is counted among."""
    found = observed(ticket.seen, number, [neighbour("", other.seen) for other in others], contract, as_of)
    assert len({case.pattern for case in found}) == len(found)
    return {case.pattern: case for case in found}


def seen(pattern: str, *said: tuple[float, Body], contract: Contract = CONTRACT) -> tuple[str, ...] | None:
    """The ids of the evidence, () where the ticket is counted and behaved, None where it is not counted."""
    return evidence(cases(told(*said), contract=contract), pattern)


def evidence(found: dict[str, Case], pattern: str) -> tuple[str, ...] | None:
    if pattern not in found:
        return None
    match = found[pattern].match
    return () if match is None else tuple(event.id for event in match.events)
