"""One case to learn from: what a customer who came back or left went through, with nothing that names anybody.

Chosen among the tickets solved in a period, always the same one: who left before who came back, who came back more often,
what was reported as met; ties go to the earliest solve, then the ticket's number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

from msgspec import Struct

from undertow.domain.agreement.contract import DAY, Contract
from undertow.domain.agreement.periods import Period
from undertow.domain.tickets.facts import Cancelled, Fact
from undertow.domain.tickets.story import Step, steps
from undertow.domain.tickets.timeline import Timeline

MOST_STEPS = 16
MOST_RETURNS = 3
"""Later tickets that are told."""


_TIMES = {1: "once", 2: "twice", 3: "three times"}


class Case(Struct, frozen=True):
    """One ticket of a customer, read."""

    ticket: str
    line: Timeline


class Chosen(Struct, frozen=True):
    """The ticket the lesson begins with, the customer's later ones that belong to it, and how telling it is."""

    customer: str
    first: str
    returns: tuple[str, ...]
    solved_at: float
    reopened: int
    left: bool
    met: bool | None

    @property
    def order(self) -> tuple[bool, int, bool, float, str, str]:
        """The lowest is the one to tell."""
        again = len(self.returns) + self.reopened
        return (not self.left, -min(again, MOST_RETURNS), not self.met, self.solved_at, self.first, self.customer)


class Told(Struct, frozen=True):
    """One step of the lesson: day 1 is the day of the first; ``clock`` the time of day in the contract's zone."""

    day: int
    clock: str
    by: str
    words: str


class Lesson(Struct, frozen=True):
    """A case in plain words."""

    heading: str
    steps: tuple[Told, ...]
    moral: str


def candidates(
    customer: str,
    cases: list[Case],
    left: Iterable[float],
    period: Period,
    contract: Contract,
    day: Callable[[float], int],
) -> Iterator[Chosen]:
    """The tickets of one customer after which somebody came back or left. ``left``: when the relationship was ended."""
    ends = sorted(left)
    for case in cases:
        line = case.line
        if not line.solves or not period.first <= day(line.solves[0]) <= period.last:
            continue
        last = line.solves[-1]
        again = sum(one.cause != "vendor" and one.after <= contract.reopen_window for one in line.reopens)
        returns = sorted(
            (other.line.opened_at, other.ticket)
            for other in cases
            if other is not case and other.line.opened_at is not None and _back(line, other.line, case.ticket, contract)
        )
        gone = any(last < at <= last + contract.repeat_window for at in ends)
        if again or returns or gone:
            # several tickets on one day are one return
            by_day = {day(at): ticket for at, ticket in reversed(returns)}
            named = tuple(by_day[number] for number in sorted(by_day)[:MOST_RETURNS])
            met = line.claim.met if line.claim is not None else None
            yield Chosen(customer, case.ticket, named, line.solves[0], again, gone, met)


def _back(line: Timeline, other: Timeline, ticket: str, contract: Contract) -> bool:
    """Whether another ticket continues this one, or is about the same within the window of a solve."""
    at = other.opened_at
    assert at is not None
    if ticket in other.continues:
        return at > line.solves[0]
    same = line.topic is not None and other.topic == line.topic
    return same and any(solve < at <= solve + contract.repeat_window for solve in line.solves)


def lesson(chosen: Chosen, tickets: list[list[Fact]], own: Iterable[Fact], wall: Callable[[float], float]) -> Lesson:
    """The case told, without what only the vendor's own people saw.

    ``tickets``: facts of the first ticket and of each return; ``own``: facts of the customer alone. ``wall`` gives the
    seconds that walls show in the contract's zone, for days and times of day.
    """
    told: list[Step] = []
    for place, facts in enumerate(tickets):
        story = [one for one in steps(facts) if one.mark != "other" or one.by in {"customer", "company"}]
        told += [_again(step) if place and step.mark == "opened" else step for step in story]
    told += steps([fact for fact in own if isinstance(fact.body, Cancelled)])
    told = list(_shortened(sorted(told, key=lambda one: one.at)))
    begun = wall(told[0].at) // DAY if told else 0
    lines = tuple(Told(int(wall(one.at) // DAY - begun) + 1, _clock(wall(one.at)), one.by, one.words) for one in told)
    ends = "left" if chosen.left else "came back"
    heading = f"One case to learn from: a customer who {ends}"
    return Lesson(heading, lines, _moral(chosen))


def _moral(chosen: Chosen) -> str:
    said = {True: "The SLA was reported as met.", False: "The SLA was reported as missed.", None: ""}[chosen.met]
    parts = []
    if chosen.reopened:
        parts.append("the matter was called solved and was not")
    if chosen.returns:
        n = len(chosen.returns)
        parts.append(f"the customer had to come back {_TIMES.get(n, f'{n} times')}")
    if chosen.left:
        parts.append("the customer ended the relationship within the follow-up")
    behind = "; ".join(parts)
    return f"{said} Behind it {behind}." if said else f"{behind[:1].upper()}{behind[1:]}."


def _again(step: Step) -> Step:
    return Step(step.at, step.by, f"{step.words} again, about the same matter", step.source, step.id, step.mark)


def _shortened(told: list[Step]) -> Iterator[Step]:
    """Runs of the same step as one; if that is still too long the middle is left out."""
    found: list[Step] = []
    for _, run in groupby(told, key=lambda one: (one.by, one.words)):
        same = list(run)
        first = same[0]
        words = first.words if len(same) == 1 else f"{first.words} ({len(same)} times)"
        found.append(Step(first.at, first.by, words, first.source, first.id, first.mark))
    if len(found) <= MOST_STEPS:
        yield from found
        return
    half = MOST_STEPS // 2
    yield from found[:half]
    gap = found[half]
    yield Step(gap.at, gap.by, f"... {len(found) - 2 * half + 1} more steps ...", gap.source, gap.id)
    yield from found[-half + 1 :]


def _clock(seconds: float) -> str:
    minutes = int(seconds % DAY) // 60
    return f"{minutes // 60:02}:{minutes % 60:02}"
