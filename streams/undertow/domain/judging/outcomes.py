"""What happened to the customer after the vendor said *solved*, and what the ticket therefore adds to the cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Final, TypeGuard

from msgspec import Struct

from undertow.domain.agreement.contract import DAY, Contract
from undertow.domain.counting.cells import (
    OPENED,
    ZERO,
    CellKey,
    Contribution,
    Counts,
    Share,
    Tally,
    bucket,
    exposed,
    topic_class,
)
from undertow.domain.judging.disputes import WAITING
from undertow.domain.tickets.course import FOREVER
from undertow.domain.tickets.facts import Body, Cancelled, Complained, Confirmed, Fact, Invoiced, Refunded, Surveyed
from undertow.domain.tickets.timeline import FLICKER, Timeline

Day = Callable[[float], int]
"""Seconds to the day number in the contract's time zone."""


BAD: Final = (
    "reopened",
    "repeat_contact",
    "promise_broken",
    "refunded",
    "cancelled",
    "charged",
    "complained",
    "rejected",
)
"""The outcomes that make a ticket reported as good a case of hidden dissatisfaction."""
UNCONFIRMED: Final = "unconfirmed"
"""Solved on the vendor's word alone: shown, and not bad."""
REPEAT_FAILURE: Final = "repeat_failure"
"""The later of two tickets of one customer that went bad. It is not bad by itself: such a ticket is bad already."""
OUTCOMES: Final = (*BAD, UNCONFIRMED, REPEAT_FAILURE)
LAGS: Final = (3, 7)
"""Days after the solve at which a cohort is looked at before it is mature."""


class Signal(Struct, frozen=True, gc=False):
    """A bad outcome and when it first showed (seconds). One that showed before the solve was visible with it."""

    outcome: str
    at: float


class Surroundings(Struct, frozen=True, gc=False):
    """What this ticket's facts do not say: its customer's other tickets with the vendor, what they did naming no ticket."""

    next_return: Callable[[float], float | None]
    """The first opening time after a moment, of another ticket of the customer on this topic or one linked to this."""
    others: Callable[[], int]
    """How many other tickets the customer opened, on any topic; asked of a mature ticket alone."""
    segment: str | None
    """The customer's segment when the ticket was opened, None when the company never said."""
    told: tuple[Fact, ...] = ()
    """What the company says of the customer without naming a ticket, and is held against this one."""
    broken_at: float = FOREVER
    """When the first promise of the ticket was broken."""


class Judgement(Struct, frozen=True, gc=False):
    """A ticket's outcomes. All False or None while it was never solved."""

    solved_at: float | None
    matures_at: float | None
    mature: bool
    flicker: bool
    eligible: bool
    signals: tuple[Signal, ...] = ()
    """Its bad outcomes, in the order of :data:`BAD`."""
    unconfirmed: bool = False

    @property
    def reopened(self) -> bool:
        """By the customer, within its window."""
        return self._has("reopened")

    @property
    def repeat_contact(self) -> bool:
        """Followed by a new contact on the same topic, within its window."""
        return self._has("repeat_contact")

    @property
    def bad(self) -> bool:
        """At least one bad outcome."""
        return bool(self.signals)

    @property
    def first_bad(self) -> float | None:
        """When the first bad outcome showed (seconds), None while there is none."""
        return min([signal.at for signal in self.signals], default=None)

    def _has(self, outcome: str) -> bool:
        return bool(self.signals) and any(signal.outcome == outcome for signal in self.signals)


UNSOLVED: Final = Judgement(None, None, False, False, False)


def bases_of(line: Timeline, contract: Contract) -> tuple[float, ...]:
    """The solves from which repeat contacts are counted; none of a ticket that was never solved."""
    if contract.solve_time == "row" or not line.solves:
        return line.solves
    claimed = line.claim.resolved_at if line.claim is not None else None
    return () if claimed is None else (claimed,)


def judge(line: Timeline, around: Surroundings, customer: str | None, contract: Contract, as_of: float) -> Judgement:
    """The outcomes of one ticket as of a time (seconds)."""
    if not line.solves:
        return UNSOLVED
    bases = bases_of(line, contract)
    matures_at = max(line.solves + bases) + contract.follow_up
    eligible = bool(bases) and customer is not None and line.topic is not None
    signals: list[Signal] = []
    for reopen in line.reopens:
        if reopen.cause != "vendor" and reopen.after <= contract.reopen_window:
            signals.append(Signal("reopened", reopen.at))
            break
    if eligible:
        for base in bases:
            if (contact := _back(around, base, contract.repeat_window)) is not None:
                signals.append(Signal("repeat_contact", contact))
                break
    if around.broken_at != FOREVER:
        signals.append(Signal("promise_broken", around.broken_at))
    if line.told or around.told:
        signals += _told(line, around, contract)
    return Judgement(
        solved_at=line.solves[0],
        matures_at=matures_at,
        mature=as_of >= matures_at,
        flicker=bool(line.reopens) and any(r.cause == "vendor" and r.after < FLICKER for r in line.reopens),
        eligible=eligible,
        signals=tuple(signals),
        unconfirmed=line.unheard and not (around.told and any(isinstance(one.body, Surveyed) for one in around.told)),
    )


def _told(line: Timeline, around: Surroundings, contract: Contract) -> Iterator[Signal]:
    """What the company's own events show: of each kind the first, of answers the first bad one unless the last is good."""
    told = sorted((*line.told, *around.told), key=_position)
    for outcome, kind in (("refunded", Refunded), ("cancelled", Cancelled)):
        if (at := _first(told, kind)) is not None:
            yield Signal(outcome, at)
    if (at := _first(told, Invoiced)) is not None and (fell := _fell(line, around, contract)) is not None:
        yield Signal("charged", max(at, fell))
    if (at := _first(told, Complained)) is not None:
        yield Signal("complained", at)
    scores = [(fact.time, fact.body.score >= contract.good_csat) for fact in told if _is_csat(fact.body)]
    answers = [(fact.time, fact.body.fixed) for fact in told if isinstance(fact.body, Confirmed)]
    # a customer may change their mind: the last answer to a question is the one that stands
    rejected = [next(at for at, good in some if not good) for some in (scores, answers) if some and not some[-1][1]]
    if rejected:
        yield Signal("rejected", min(rejected))


def _position(fact: Fact) -> tuple[float, int, float, str, str]:
    return (fact.time, fact.sequence, fact.recorded, fact.id, fact.source)


def _first(told: Iterable[Fact], kind: type) -> float | None:
    """When it was first told; of money when there first was any: an invoice of nothing, or a credit note, charges nobody."""
    return next(
        (fact.time for fact in told if isinstance(fact.body, kind) and getattr(fact.body, "amount", 1) > 0), None
    )


def _is_csat(body: Body) -> TypeGuard[Surveyed]:
    return isinstance(body, Surveyed) and body.scale == "csat"


def _fell(line: Timeline, around: Surroundings, contract: Contract) -> float | None:
    """When the last of the solves turned out not to hold; None while one of them does."""
    last = 0.0
    for place, solve in enumerate(line.solves):
        ends = [reopen.at for reopen in line.reopens[place : place + 1] if reopen.after <= contract.reopen_window]
        contact = _back(around, solve, contract.repeat_window)
        ends += [] if contact is None else [contact]
        if not ends:
            return None
        last = max(last, *ends)
    return last


def _back(around: Surroundings, base: float, window: float) -> float | None:
    """The first contact in (base, base + window]."""
    contact = around.next_return(base)
    return contact if contact is not None and contact <= base + window else None


def contribution(
    line: Timeline,
    around: Surroundings,
    outcome: Judgement,
    contract: Contract,
    day: Day,
    tallies: tuple[Tally, ...] = (),
) -> Contribution:
    """What the ticket adds to which cells; nothing while only others speak of it and claim nothing.

    ``tallies`` count on the day of the first solve; before it on the day of opening; of a ticket that only its claims speak
    of, on the day of the last of them.
    """
    segment = contract.segment(around.segment if around.segment is not None else line.segment)
    if line.begun is None:
        return (Share(CellKey(contract.vendor, segment, day(line.last)), ZERO, None, tallies),) if tallies else ()
    opening = _key(contract.vendor, segment, day(line.begun))
    if outcome.solved_at is None:
        # by day of opening it belongs to no cohort of solved tickets: a period's claim is not held against it
        waiting = tuple(
            [tally._replace(kind=WAITING[tally.kind]) if tally.kind in WAITING else tally for tally in tallies]
        )
        return (Share(opening, OPENED, None, waiting),)
    opened = Share(opening, OPENED)
    key = _key(contract.vendor, segment, day(outcome.solved_at))
    if not outcome.mature:
        return (opened, Share(key, _IMMATURE, None, tallies))
    claim, bad = line.claim, outcome.bad
    counts = _counts(
        claim is not None,
        claim is not None and claim.met,
        bad and outcome.reopened,
        claim is not None and bool(claim.reopen_count),
        outcome.flicker,
        outcome.eligible,
        bad and outcome.repeat_contact,
        bad,
    )
    exposure = (
        exposed(topic_class(line.topic), bucket(around.others()))
        if outcome.eligible and line.topic is not None
        else None
    )
    return (opened, Share(key, counts, exposure, tallies))


_key: Final = lru_cache(maxsize=4096)(CellKey)
"""One object for all tickets of a cell, for half of what it takes to make one."""


@lru_cache(maxsize=256)
def _counts(
    claimed: bool,
    met: bool,
    reopened: bool,
    reopened_claimed: bool,
    flicker: bool,
    eligible: bool,
    repeat: bool,
    bad: bool,
) -> Counts:
    """What a mature ticket counts for: one object for all that came to the same."""
    return Counts(
        solved=1,
        mature=1,
        claimed=claimed,
        reported_met=met,
        reopened=reopened,
        reopened_claimed=reopened_claimed,
        flicker=flicker,
        repeat_eligible=eligible,
        repeat_contact=repeat,
        bad=claimed and bad,
        reported_met_but_bad=met and bad,
    )


_IMMATURE: Final = Counts(solved=1)


def visible(solved: float, first_bad: float | None) -> list[int]:
    """The lags at which a failure shows whose first sign came at ``first_bad``, of a ticket solved at ``solved`` (seconds)."""
    return [] if first_bad is None else [lag for lag in LAGS if first_bad - solved <= lag * DAY]
