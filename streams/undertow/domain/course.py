"""A ticket's course: its facts read once into what measures need, so that another reading costs arithmetic only.

Times are seconds since 1970-01-01T00:00Z.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from msgspec import Struct

from undertow.domain import facts as f
from undertow.domain.facts import Claimed, Fact
from undertow.domain.timeline import SOLVED, Reopen, cause_of
from undertow.events import ActorKind, Status

CUSTOMER: Final = 0
HUMAN: Final = 1
"""A human, public, substantive message of the vendor. A sender of whom nothing is said passes for a human."""
AUTOMATIC: Final = 2
"""Any other public message of the vendor: a bot's, a system's, one without substance."""
STATUS: Final = 3
"""A change of status that is not the customer's."""

FOREVER: Final = float("inf")


class Said(NamedTuple):
    """Somebody did something that was, or could pass for, a message."""

    at: float
    by: int
    """:data:`CUSTOMER`, :data:`HUMAN`, :data:`AUTOMATIC` or :data:`STATUS`."""


class Stay(NamedTuple):
    """How long the ticket was in one status: [start, end), ``end`` infinite for the last."""

    start: float
    end: float
    status: Status


class Pledge(NamedTuple):
    """One fact about a promise. ``due`` is None where it was fulfilled."""

    at: float
    promise: str
    due: float | None
    moved: bool


class Course(Struct, frozen=True):
    """What one ticket's facts say, as far as measures go."""

    opened: float | None
    opener: ActorKind
    """Who opened it."""
    talk: tuple[Said, ...]
    """In order of the facts, private notes left out."""
    wrote: bool
    """True when the feed carries any message of this ticket, a private one included."""
    questions: tuple[float, ...]
    """When the vendor publicly asked the customer something."""
    inbound: tuple[float, ...]
    """When the customer wrote."""
    stays: tuple[Stay, ...]
    """From the opening on, *new* where nothing else is said."""
    solves: tuple[float, ...]
    reopens: tuple[Reopen, ...]
    assigned: tuple[float, ...]
    """When the ticket came to an agent or team."""
    hand_offs: tuple[float, ...]
    """When it went from one agent to another, or from one team to another; the first of each is no hand-off."""
    priorities: tuple[tuple[float, str | None], ...]
    """Since when which priority; empty where none was ever said."""
    pledges: tuple[Pledge, ...]
    released: tuple[float, ...]
    """When the customer ended the matter: closed the ticket, or left."""
    ratings: tuple[float, ...]
    """Scores of satisfaction surveys, oldest first."""
    claims: dict[str, Claimed]
    """The vendor's latest claim by measure: highest recorded time, then sequence, then id."""
    last: float
    """Time of the latest fact of any kind."""
    spoken: bool
    """True where anything was said of a finding of the ticket: no part of its course."""

    @property
    def exists(self) -> bool:
        """False while only others (claims, feedback) speak of the ticket."""
        return self.opened is not None or bool(self.talk or self.stays or self.assigned)

    @property
    def resolved(self) -> bool:
        """True when the ticket is solved and was not reopened since."""
        return len(self.solves) > len(self.reopens)

    def asked(self, at: float) -> bool:
        """True when at that time a public question stood that the customer had not answered."""
        place = bisect_right(self.questions, at)
        if not place:
            return False
        wrote = bisect_right(self.inbound, at)
        return not wrote or self.inbound[wrote - 1] <= self.questions[place - 1]


class _Reader:
    """Facts in, course out."""

    def __init__(self) -> None:
        self.opened: float | None = None
        self.opener: ActorKind = "unknown"
        self.talk: list[Said] = []
        self.wrote = False
        self.questions: list[float] = []
        self.stays: list[Stay] = []
        self.status: Status | None = None
        self.since = 0.0
        self.solves: list[float] = []
        self.reopens: list[Reopen] = []
        self.customer_wrote = False
        self.assigned: list[float] = []
        self.hand_offs: list[float] = []
        self.agent: str | None = None
        self.team: str | None = None
        self.priorities: list[tuple[float, str | None]] = []
        self.pledges: list[Pledge] = []
        self.released: list[float] = []
        self.ratings: list[float] = []
        self.claims: dict[str, tuple[tuple[float, int, str], Claimed]] = {}
        self.spoken = False

    def opening(self, at: float, body: f.Opened) -> None:
        if self.opened is not None:
            return
        self.opened, self.opener = at, body.actor
        if self.status is None:
            self.status, self.since = "new", at
        if body.priority is not None and not self.priorities:
            self.priorities.append((at, body.priority))

    def message(self, at: float, body: f.Message) -> None:
        self.wrote = True
        if body.actor == "customer":
            self.customer_wrote = True
            self.talk.append(Said(at, CUSTOMER))
        elif body.public:
            human = body.substantive and body.actor in {"agent", "unknown"}
            self.talk.append(Said(at, HUMAN if human else AUTOMATIC))
            if body.question:
                self.questions.append(at)

    def moved(self, at: float, body: f.StatusChanged) -> None:
        before = self.status
        if body.to == before:
            return
        if before is not None:
            self.stays.append(Stay(self.since, at, before))
        self.status, self.since = body.to, at
        solved = before in SOLVED
        if body.to in SOLVED:
            if not solved:
                self.solves.append(at)
                self.customer_wrote = False
                if body.actor == "customer":
                    self.released.append(at)
        elif solved:
            self.reopens.append(Reopen(at, at - self.solves[-1], cause_of(body, self.customer_wrote)))
        if body.actor != "customer" and body.to != "new":
            self.talk.append(Said(at, STATUS))

    def handed(self, at: float, body: f.Assigned) -> None:
        if body.agent is None and body.team is None:
            return
        self.assigned.append(at)
        other_agent = body.agent is not None and self.agent is not None and body.agent != self.agent
        other_team = body.team is not None and self.team is not None and body.team != self.team
        if other_agent or other_team:
            self.hand_offs.append(at)
        self.agent = body.agent if body.agent is not None else self.agent
        self.team = body.team if body.team is not None else self.team

    def prioritised(self, at: float, body: f.PriorityChanged) -> None:
        if not self.priorities and self.opened is not None and at > self.opened:
            self.priorities.append((self.opened, None))
        if not self.priorities or self.priorities[-1][1] != body.to:
            self.priorities.append((at, body.to))

    def promised(self, at: float, body: f.PromiseMade) -> None:
        self.pledges.append(Pledge(at, body.promise, body.due, moved=False))

    def fulfilled(self, at: float, body: f.PromiseFulfilled) -> None:
        self.pledges.append(Pledge(at, body.promise, None, moved=False))

    def put_off(self, at: float, body: f.PromiseMoved) -> None:
        self.pledges.append(Pledge(at, body.promise, body.due, moved=True))

    def left(self, at: float, body: f.Cancelled) -> None:
        self.released.append(at)

    def surveyed(self, at: float, body: f.Surveyed) -> None:
        if body.scale == "csat":
            self.ratings.append(body.score)

    def answered(self, at: float, body: f.Answered | f.Ruled) -> None:
        self.spoken = True

    def claimed(self, fact: Fact, body: Claimed) -> None:
        order = (fact.recorded, fact.sequence, fact.id)
        known = self.claims.get(body.measure)
        if known is None or order > known[0]:
            self.claims[body.measure] = (order, body)

    def course(self, last: float) -> Course:
        stays = [*self.stays, Stay(self.since, FOREVER, self.status)] if self.status is not None else self.stays
        return Course(
            opened=self.opened,
            opener=self.opener,
            talk=tuple(self.talk),
            wrote=self.wrote,
            questions=tuple(self.questions),
            inbound=tuple([said.at for said in self.talk if said.by == CUSTOMER]),
            stays=tuple(stays),
            solves=tuple(self.solves),
            reopens=tuple(self.reopens),
            assigned=tuple(self.assigned),
            hand_offs=tuple(self.hand_offs),
            priorities=tuple(self.priorities),
            pledges=tuple(self.pledges),
            released=tuple(self.released),
            ratings=tuple(self.ratings),
            claims={measure: claim for measure, (_, claim) in self.claims.items()},
            last=last,
            spoken=self.spoken,
        )


_READ: Final[dict[type, Callable[[_Reader, float, Any], None]]] = {
    f.Opened: _Reader.opening,
    f.Message: _Reader.message,
    f.StatusChanged: _Reader.moved,
    f.Assigned: _Reader.handed,
    f.PriorityChanged: _Reader.prioritised,
    f.PromiseMade: _Reader.promised,
    f.PromiseFulfilled: _Reader.fulfilled,
    f.PromiseMoved: _Reader.put_off,
    f.Cancelled: _Reader.left,
    f.Surveyed: _Reader.surveyed,
    f.Answered: _Reader.answered,
    f.Ruled: _Reader.answered,
}


def course(facts: Iterable[Fact], until: float = FOREVER) -> Course:
    """Read ``facts`` (in the order of :func:`undertow.domain.facts.in_order`), those after ``until`` left out."""
    reader = _Reader()
    last = 0.0
    for fact in facts:
        at = fact.time
        if at > until:
            break
        last = at
        body = fact.body
        if isinstance(body, Claimed):
            reader.claimed(fact, body)
        elif (read := _READ.get(type(body))) is not None:
            read(reader, at, body)
    return reader.course(last)
