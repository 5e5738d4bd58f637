"""What happened to the customer after the vendor said *solved*, and what the ticket therefore adds to the cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from undertow.domain.cells import (
    OPENED,
    ZERO,
    CellKey,
    Contribution,
    Counts,
    Exposure,
    Share,
    Tally,
    bucket,
    topic_class,
)
from undertow.domain.contract import Contract
from undertow.domain.timeline import FLICKER, Timeline

Day = Callable[[float], int]
"""Seconds to the day number in the contract's time zone."""


class Surroundings(Struct, frozen=True):
    """What the customer's other tickets with the same vendor say about this one."""

    next_return: Callable[[float], float | None]
    """The first opening time after a moment, of another ticket of the customer on this topic or one linked to this."""
    others: int
    """How many other tickets the customer opened, on any topic."""
    segment: str | None
    """The customer's segment when the ticket was opened, None when the company never said."""


class Judgement(Struct, frozen=True):
    """A ticket's outcomes. All False or None while it was never solved."""

    solved_at: float | None
    bases: tuple[float, ...]
    """The solves from which repeat contacts are counted."""
    matures_at: float | None
    mature: bool
    reopened: bool
    flicker: bool
    eligible: bool
    repeat_contact: bool

    @property
    def bad(self) -> bool:
        """At least one bad outcome."""
        return self.reopened or self.repeat_contact


UNSOLVED: Final = Judgement(None, (), None, False, False, False, False, False)


def judge(line: Timeline, around: Surroundings, customer: str | None, contract: Contract, as_of: float) -> Judgement:
    """The outcomes of one ticket as of a time (seconds)."""
    if not line.solves:
        return UNSOLVED
    claimed = line.claim.resolved_at if line.claim is not None else None
    if contract.solve_time == "row":
        bases: tuple[float, ...] = line.solves
    else:
        bases = () if claimed is None else (claimed,)
    matures_at = max(line.solves + bases) + contract.follow_up
    eligible = bool(bases) and customer is not None and line.topic is not None
    return Judgement(
        solved_at=line.solves[0],
        bases=bases,
        matures_at=matures_at,
        mature=as_of >= matures_at,
        reopened=any(r.cause != "vendor" and r.after <= contract.reopen_window for r in line.reopens),
        flicker=any(r.cause == "vendor" and r.after < FLICKER for r in line.reopens),
        eligible=eligible,
        repeat_contact=eligible and any(_back(around, base, contract.repeat_window) for base in bases),
    )


def _back(around: Surroundings, base: float, window: float) -> bool:
    """True when a contact lies in (base, base + window]."""
    contact = around.next_return(base)
    return contact is not None and contact <= base + window


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
    opening = CellKey(contract.vendor, segment, day(line.begun))
    if outcome.solved_at is None:
        # by day of opening it belongs to no cohort of solved tickets: a period's claim is not held against it
        waiting = tuple([tally._replace(kind="unsolved") if tally.kind == "verdict" else tally for tally in tallies])
        return (Share(opening, OPENED, None, waiting),)
    opened = Share(opening, OPENED)
    key = CellKey(contract.vendor, segment, day(outcome.solved_at))
    if not outcome.mature:
        return (opened, Share(key, _IMMATURE, None, tallies))
    claim = line.claim
    met = claim is not None and claim.met
    counts = Counts(
        solved=1,
        mature=1,
        claimed=claim is not None,
        reported_met=met,
        reopened=outcome.reopened,
        reopened_claimed=claim is not None and bool(claim.reopen_count),
        flicker=outcome.flicker,
        repeat_eligible=outcome.eligible,
        repeat_contact=outcome.repeat_contact,
        bad=claim is not None and outcome.bad,
        reported_met_but_bad=met and outcome.bad,
    )
    exposure = (
        Exposure(topic_class(line.topic), bucket(around.others))
        if outcome.eligible and line.topic is not None
        else None
    )
    return (opened, Share(key, counts, exposure, tallies))


_IMMATURE: Final = Counts(solved=1)
