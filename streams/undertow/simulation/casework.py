"""One simulated ticket, told event by event, and what of it a fair judge must find. Instants in seconds since 1970."""

from __future__ import annotations

from collections import defaultdict
from random import Random
from typing import Final, Literal

from msgspec import structs

from undertow import events as e
from undertow.domain.patterns import Pattern
from undertow.simulation.conduct import Conduct
from undertow.simulation.desk import Desk, Said, instant
from undertow.simulation.plans import DAY, HOUR

RESPONSE: Final = {"high": HOUR, "normal": 4 * HOUR, "low": 8 * HOUR}
RESOLUTION: Final = {"high": 8 * HOUR, "normal": 24 * HOUR, "low": 72 * HOUR}
"""Targets in seconds of calendar time, by priority."""
TOPICS: Final = ("billing", "login", "delivery", "returns", "setup")
CAUSES: Final = ("defect", "delivery", "unclear manual", "outage")
BLAME: Final = "customer error"

How = Literal["meant", "seems"] | None
"""The pattern is there, on purpose or not; something only looks like it; neither."""


class Caseworker:
    """Works tickets one after the other. ``truth``: by pattern, the tickets that show it."""

    def __init__(self, conduct: Conduct, desk: Desk, random: Random) -> None:
        self.truth: defaultdict[Pattern, set[str]] = defaultdict(set)
        self._conduct = conduct
        self._desk = desk
        self._random = random
        self._number = 1000

    def work(self, opened: float, solve_at: float | None = None) -> None:
        """One ticket of a new customer, opened at a time. ``solve_at`` puts its solve off until then."""
        random = self._random
        number = self._next()
        customer = f"{self._desk.vendor}-c{number}"
        case = _Ticket(self._desk, number, customer)
        priority = random.choices(tuple(RESOLUTION), (1, 6, 3))[0]
        target = float(RESOLUTION[priority])
        topic, cause = random.choice(TOPICS), self._cause(number)
        case.say(opened, e.TicketOpened, "customer", topic=topic, priority=priority)
        case.say(opened, e.TicketMessage, "customer")
        case.say(opened + 20, e.TicketMessage, "bot", substantive=False)
        case.say(opened + 50, e.TicketAssigned, "system", agent="a-1", team="first line")
        answer = case.say(opened + random.uniform(0.05, 0.8) * RESPONSE[priority], e.TicketMessage, "agent")
        work = target * (
            random.uniform(1.1, 1.8) if random.random() < self._conduct.late else random.uniform(0.3, 0.85)
        )
        if solve_at is not None:
            work = max(work, solve_at - opened)
        elif random.random() < 0.3:
            work = self._pause(case, opened, target, work)
        solved = opened + work
        breach = opened + target + case.stopped
        late = solved > breach
        if late and priority != "low":
            self._lower(case, breach, solved, priority)
        ending = self._end(case, solved, topic, cause)
        self._feed(case, answer, ending, (opened, breach), late=late)
        claimed = solved + 60
        case.say(claimed, e.TicketClaimed, measure="sla", met=not late, resolved_at=instant(solved))

    def invent(self, at: float) -> None:
        """A claim for a ticket that never was."""
        number = self._next()
        ticket = _Ticket(self._desk, number, f"{self._desk.vendor}-c{number}")
        ticket.say(at, e.TicketClaimed, measure="sla", met=True)
        self.truth["unknown_ticket"].add(number)

    def _next(self) -> str:
        self._number += 1
        return str(self._number)

    def _how(self, pattern: Pattern, number: str) -> How:
        """Whether the pattern is there this time; then it is written down as the truth."""
        if self._random.random() < self._conduct.games_or_slips(pattern):
            self.truth[pattern].add(number)
            return "meant"
        return "seems" if self._random.random() < self._conduct.resembles.get(pattern, 0.0) else None

    def _cause(self, number: str) -> str:
        return BLAME if self._how("customer_blamed", number) == "meant" else self._random.choice(CAUSES)

    def _pause(self, case: _Ticket, opened: float, target: float, work: float) -> float:
        """One pause; returns how long after the opening the ticket is solved."""
        random = self._random
        how = self._how("paused_late", case.number)
        if how is None:
            share = random.uniform(0.15, min(0.85, 0.9 * work / target))
        else:
            share = random.uniform(0.905, 0.97)
            if work < target:
                work = target * (share + random.uniform(0.5, 0.9) * (1 - share))
        at, left = opened + share * target, work - share * target
        if how == "seems":  # the customer asks to wait: nobody's trick
            case.say(at, e.TicketStatusChanged, "customer", to="on_hold")
            case.say(at + left * random.uniform(0.1, 0.8), e.TicketStatusChanged, "customer", to="open")
            return work
        asked = self._how("paused_unasked", case.number)
        if asked == "meant":
            case.say(at, e.TicketStatusChanged, "agent", to="on_hold")
            case.say(at + left * random.uniform(0.1, 0.8), e.TicketStatusChanged, "agent", to="open")
            return work
        lasted = random.uniform(0.5, 40) * HOUR
        # some help desks write the status down before the message that goes with it
        said = at + random.choice((0, 25)) if asked == "seems" else at - 4
        case.say(said, e.TicketMessage, "agent", question=True)
        case.say(at, e.TicketStatusChanged, "agent", to="pending")
        case.say(at + lasted, e.TicketMessage, "customer")
        case.say(at + lasted, e.TicketStatusChanged, "system", to="open")
        if said <= at:
            case.stopped = lasted
        return work + lasted

    def _lower(self, case: _Ticket, breach: float, solved: float, priority: str) -> None:
        """Perhaps another priority for a ticket past its target."""
        how = self._how("lowered_late", case.number)
        after = breach + self._random.uniform(0.05, 0.9) * (solved - breach)
        if how == "meant":
            case.say(after, e.TicketPriorityChanged, "agent", to="low")
        elif how == "seems" and priority == "normal" and self._random.random() < 0.5:
            case.say(after, e.TicketPriorityChanged, "agent", to="high")
        elif how == "seems":
            case.say(after, e.TicketPriorityChanged, "customer", to="low")

    def _end(self, case: _Ticket, at: float, topic: str, cause: str) -> Said:
        """From the last words to the close, and whatever comes back. Returns the solve."""
        random = self._random
        how = self._how("closed_unasked", case.number)
        if how is not None:
            if how == "seems":
                case.say(at - 900, e.TicketMessage, "agent")
                case.say(at - 300, e.FeedbackConfirmation, fixed=True)
            case.say(at - random.uniform(5, 240), e.TicketMessage, "agent")
            if random.random() < 0.5:
                return case.say(at, e.TicketClosed, "agent", cause=cause)
            return case.say(at, e.TicketStatusChanged, "agent", to="closed", cause=cause)
        case.say(at - 20, e.TicketMessage, "agent")
        solve, at = self._solve(case, at, cause)
        at = self._back(case, solve, at, topic, cause)
        case.say(at + 5 * DAY, e.TicketStatusChanged, "system", to="closed")
        return solve

    def _solve(self, case: _Ticket, at: float, cause: str) -> tuple[Said, float]:
        """Solved, perhaps twice; returns the first solve and when it was solved for good."""
        random = self._random
        solve = case.say(at, e.TicketStatusChanged, "agent", to="solved", cause=cause)
        how = self._how("flicker", case.number)
        if how is None:
            return solve, at
        undone, again = at + random.uniform(20, 240), at + random.uniform(600, 4 * HOUR)
        if how == "seems":
            case.say(undone - 5, e.TicketMessage, "customer")
        case.say(undone, e.TicketStatusChanged, "agent", to="open")
        case.say(again, e.TicketStatusChanged, "agent", to="solved", cause=cause)
        return solve, again

    def _back(self, case: _Ticket, solve: Said, at: float, topic: str, cause: str) -> float:
        """The matter goes on, or not: here or under another ticket. Returns the last solve."""
        random = self._random
        how = self._how("continued", case.number)
        if how is not None:
            own = how == "meant"
            linked = random.random() < 0.5
            about = topic if own or linked else _other(topic, TOPICS, random)
            by: e.ActorKind = "agent" if own or not linked else "customer"
            self._further(case, at + random.uniform(0.1, 48) * HOUR, by, about, about, cause, linked=linked)
            return at
        how = self._how("misdiagnosed", case.number)
        if how is None:
            return at
        if random.random() < 0.4:
            linked = random.random() < 0.5
            then = _other(topic, TOPICS, random) if how == "meant" else topic
            back = at + random.uniform(1, 20) * DAY
            found = cause if linked else _other(cause, CAUSES, random)
            self._further(case, back, "customer", topic, then, found, linked=linked)
            return at
        back = at + random.uniform(0.2, 4.5) * DAY
        case.say(back, e.TicketMessage, "customer")
        case.say(back + 30, e.TicketStatusChanged, random.choice(("customer", "agent")), to="open")
        case.say(back + HOUR, e.TicketMessage, "agent")
        if how == "meant" and random.random() < 0.5:
            case.say(back + 2 * HOUR, e.TicketTopicChanged, "agent", to=_other(topic, TOPICS, random))
        elif how == "meant":
            first = _other(cause, CAUSES, random)
            for said in case.said:
                if isinstance(said.data, e.StatusChangedData) and said.data.cause is not None:
                    said.data = structs.replace(said.data, cause=first)
        again = back + random.uniform(3, 20) * HOUR
        case.say(again, e.TicketStatusChanged, "agent", to="solved", cause=cause)
        return again

    def _further(
        self, case: _Ticket, at: float, by: e.ActorKind, topic: str, then: str, cause: str, *, linked: bool
    ) -> None:
        """Another ticket of the same customer, worked without further incident."""
        number = self._next()
        other = _Ticket(self._desk, number, case.customer)
        if cause == BLAME:
            self.truth["customer_blamed"].add(number)
        other.say(at, e.TicketOpened, by, topic=topic, priority="low")
        other.say(at, e.TicketMessage, by)
        if linked:
            other.say(at + 60, e.TicketLinked, "agent", related=case.number, relation="follows_up")
        if by == "customer":
            other.say(at + HOUR, e.TicketMessage, "agent")
        if then != topic:
            other.say(at + 2 * HOUR, e.TicketTopicChanged, "agent", to=then)
        other.say(at + 20 * HOUR, e.TicketStatusChanged, "agent", to="solved", cause=cause)
        other.say(at + 20 * HOUR + 60, e.TicketClaimed, measure="sla", met=True)

    def _feed(self, case: _Ticket, answer: Said, solve: Said, when: tuple[float, float], *, late: bool) -> None:
        """What happens to the ticket's events on their way: held back, written anew, dated back, late."""
        random = self._random
        opened, breach = when
        if late:
            how = self._how("edited", case.number)
            if how == "meant":
                noticed = solve.at + random.uniform(1, 40) * HOUR
                solve.rewritten = (noticed, {"time": instant(opened + 0.9 * (breach - opened))})
            elif how == "seems":  # the same said once more, with the time at which it was written down again
                solve.rewritten = (solve.at + HOUR, {"recordedtime": instant(solve.at + HOUR)})
        ahead = random.random() < self._conduct.resembles.get("unknown_ticket", 0.0)
        slow = ahead or random.random() < self._conduct.resembles.get("gaps", 0.0)
        if not slow and random.random() < self._conduct.resembles.get(
            "edited", 0.0
        ):  # a slip of the pen, set right at once
            first = case.said[0]
            data = structs.replace(first.data, channel="mail")  # type: ignore[type-var]
            first.rewritten = (opened + 600, {"data": data, "time": instant(opened + 1)})
        if self._how("backdated", case.number) == "meant":
            answer.late = random.uniform(1.5, 5) * DAY
        if random.random() < self._conduct.games.get("gaps", 0.0):
            self.truth["gaps"].add(case.number)
            at = solve.at + DAY
            for step in range(4):  # the customer complains and is put off, and nobody hears of it
                case.say(at + step * HOUR, e.TicketMessage, "agent" if step % 2 else "customer").kept = False
        if slow:
            for said in case.said:
                if not isinstance(said.data, e.TicketClaimData):
                    said.late = max(said.late, random.uniform(2, 12) * HOUR)


class _Ticket:
    """What is said of one ticket."""

    def __init__(self, desk: Desk, number: str, customer: str) -> None:
        self.number = number
        self.customer = customer
        self.said: list[Said] = []
        self.stopped = 0.0
        """Seconds for which its clock stood still before the deadline."""
        self._desk = desk

    def say(self, at: float, kind: type[e.Event], actor: e.ActorKind | None = None, **what: object) -> Said:
        said = self._desk.say(at, kind, self.number, self.customer, actor, **what)
        self.said.append(said)
        return said


def _other(one: str, words: tuple[str, ...], random: Random) -> str:
    return random.choice([word for word in words if word != one])
