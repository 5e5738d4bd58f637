"""A ticket's course: its facts read once into what measures need, so that another reading costs arithmetic only.

Times are seconds since 1970-01-01T00:00Z.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from undertow.domain.tickets import facts as f
from undertow.domain.tickets.facts import SPOKEN, Claimed, Fact
from undertow.domain.tickets.timeline import SOLVED, Reopen, cause_of
from undertow.events import ActorKind, Status

CUSTOMER: Final = 0
HUMAN: Final = 1
"""A human, public, substantive message of the vendor. A sender of whom nothing is said passes for a human."""
AUTOMATIC: Final = 2
"""Any other public message of the vendor: a bot's, a system's, one without substance."""
STATUS: Final = 3
"""A change of status that is not the customer's."""

PERSONS: Final = frozenset({"agent", "unknown"})
"""A sender of whom nothing is said passes for a human."""
VENDOR: Final = frozenset({"agent", "bot", "system"})
"""Who is the vendor for certain. Where nobody said who it was, the benefit of the doubt is the vendor's."""

FOREVER: Final = float("inf")


# Structs all of them: to make one takes a fifth of what a named tuple takes, and a ticket has a dozen.


class Said(Struct, frozen=True, gc=False):
    """Somebody did something that was, or could pass for, a message."""

    at: float
    by: int
    """:data:`CUSTOMER`, :data:`HUMAN`, :data:`AUTOMATIC` or :data:`STATUS`."""


class Stay(Struct, frozen=True, gc=False):
    """How long the ticket was in one status: [start, end), ``end`` infinite for the last."""

    start: float
    end: float
    status: Status


class Pledge(Struct, frozen=True, gc=False):
    """One fact about a promise. ``due`` is None where it was fulfilled."""

    at: float
    promise: str
    due: float | None
    moved: bool


class Course(Struct, frozen=True, gc=False):
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
    replies: tuple[float, ...]
    """When a human of the vendor's wrote to the customer."""
    stays: tuple[Stay, ...]
    """From the opening on, *new* where nothing else is said."""
    closings: tuple[float, ...]
    """When it was closed by anybody but the customer."""
    solves: tuple[float, ...]
    caused: bool
    """True when the vendor ever named a cause with *solved*."""
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


def course(  # noqa: PLR0912, PLR0915 - one branch a kind of fact, the frequent ones first
    facts: Iterable[Fact], until: float = FOREVER
) -> Course:
    """Read ``facts`` (in the order of :func:`undertow.domain.tickets.facts.in_order`), those after ``until`` left out."""
    opened: float | None = None
    opener: ActorKind = "unknown"
    status: Status | None = None
    agent: str | None = None
    team: str | None = None
    since = last = 0.0
    wrote = customer_wrote = caused = spoken = False
    talk: list[Said] = []
    questions: list[float] = []
    inbound: list[float] = []
    replies: list[float] = []
    stays: list[Stay] = []
    closings: list[float] = []
    solves: list[float] = []
    reopens: list[Reopen] = []
    assigned: list[float] = []
    hand_offs: list[float] = []
    priorities: list[tuple[float, str | None]] = []
    pledges: list[Pledge] = []
    released: list[float] = []
    ratings: list[float] = []
    claims: dict[str, tuple[tuple[float, int, str], Claimed]] = {}
    for fact in facts:
        at, body = fact.time, fact.body
        if at > until:
            break
        last = at
        if isinstance(body, f.Message):
            wrote = True
            if body.actor == "customer":
                customer_wrote = True
                inbound.append(at)
                talk.append(Said(at, CUSTOMER))
            elif body.public:
                if body.substantive and body.actor in PERSONS:
                    replies.append(at)
                    talk.append(Said(at, HUMAN))
                else:
                    talk.append(Said(at, AUTOMATIC))
                if body.question:
                    questions.append(at)
        elif isinstance(body, f.StatusChanged):
            before, status_now = status, body.to
            done = status_now in SOLVED
            caused |= done and body.cause is not None
            if status_now == before:
                continue
            if before is not None:
                stays.append(Stay(since, at, before))
            status, since = status_now, at
            if done and before not in SOLVED:
                solves.append(at)
                customer_wrote = False
            elif before in SOLVED and not done:
                reopens.append(Reopen(at, at - solves[-1], cause_of(body, customer_wrote)))
            if body.actor == "customer":
                if done:
                    released.append(at)
            else:
                if status_now != "new":
                    talk.append(Said(at, STATUS))
                if status_now == "closed":
                    closings.append(at)
        elif isinstance(body, Claimed):
            order = (fact.recorded, fact.sequence, fact.id)
            known = claims.get(body.measure)
            if known is None or order > known[0]:
                claims[body.measure] = (order, body)
        elif isinstance(body, f.Opened):
            if opened is not None:
                continue
            opened, opener = at, body.actor
            if status is None:
                status, since = "new", at
            if body.priority is not None and not priorities:
                priorities.append((at, body.priority))
        elif isinstance(body, f.Assigned):
            if body.agent is None and body.team is None:
                continue
            assigned.append(at)
            other_agent = body.agent is not None and agent is not None and body.agent != agent
            other_team = body.team is not None and team is not None and body.team != team
            if other_agent or other_team:
                hand_offs.append(at)
            agent = body.agent if body.agent is not None else agent
            team = body.team if body.team is not None else team
        elif isinstance(body, f.PriorityChanged):
            if not priorities and opened is not None and at > opened:
                priorities.append((opened, None))
            if not priorities or priorities[-1][1] != body.to:
                priorities.append((at, body.to))
        elif isinstance(body, f.PromiseMade):
            pledges.append(Pledge(at, body.promise, body.due, moved=False))
        elif isinstance(body, f.PromiseFulfilled):
            pledges.append(Pledge(at, body.promise, None, moved=False))
        elif isinstance(body, f.PromiseMoved):
            pledges.append(Pledge(at, body.promise, body.due, moved=True))
        elif isinstance(body, f.Cancelled):
            released.append(at)
        elif isinstance(body, f.Surveyed):
            if body.scale == "csat":
                ratings.append(body.score)
        elif type(body) in SPOKEN:
            spoken = True
    if status is not None:
        stays.append(Stay(since, FOREVER, status))
    return Course(
        opened,
        opener,
        tuple(talk),
        wrote,
        tuple(questions),
        tuple(inbound),
        tuple(replies),
        tuple(stays),
        tuple(closings),
        tuple(solves),
        caused,
        tuple(reopens),
        tuple(assigned),
        tuple(hand_offs),
        tuple(priorities),
        tuple(pledges),
        tuple(released),
        tuple(ratings),
        {measure: claim for measure, (_, claim) in claims.items()},
        last,
        spoken,
    )
