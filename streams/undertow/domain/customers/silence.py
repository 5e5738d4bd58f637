"""Excess silence: how many more customers stop after a ticket than comparable ones without.

Customers whose ticket ended in week w are held against customers without a ticket in that week, matched on the segment, the
quartile of their activity and the band of their tenure. Silent is who shows no active day in the next 30, 60 or 90 days: after
the ticket's last day, and for a control after a day of the same week that is dealt by hash. Only who was active shortly before
that day counts, on either side: nobody can stop who had stopped. The difference is an excess, never a cause.

One thing cannot be matched: who writes to a vendor has not left yet, of a control nobody knows. Some controls had left before,
so the excess is, if anything, too small. How much, a churn model says where one is given: see :class:`Observation`.

Here customers are observed; :mod:`~undertow.domain.customers.arms` adds the arms up,
:mod:`~undertow.domain.customers.excess` says what it means.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final, NamedTuple
from zlib import crc32

from msgspec import Struct

from undertow.domain.customers.activity import Days, history
from undertow.domain.customers.churn import Model, alive

HORIZONS: Final = (30, 60, 90)
"""Days after the week without any activity."""
WEEK: Final = 7
SHORTLY: Final = 14
"""Days between a ticket's end and the last sign of life within which one is said to have followed the other."""


class Ticket(NamedTuple):
    """A ticket's days. ``ended`` is None while it is open, ``durable`` while nobody can know."""

    vendor: str
    opened: int
    ended: int | None
    durable: bool | None = None
    number: str = ""


class Customer(NamedTuple):
    """What the comparison needs of one customer. ``segments`` are (first day, name), ascending; before the first: ``other``."""

    id: str
    days: Days
    tickets: Sequence[Ticket] = ()
    segments: Sequence[tuple[int, str]] = ()
    unhappy: frozenset[str] = frozenset()
    """Vendors with a ticket that had a bad outcome: one that the company can see."""
    complained: frozenset[str] = frozenset()
    """Vendors about whom the customer complained."""

    def segment(self, day: int) -> str:
        """The segment on ``day``."""
        known = [name for since, name in self.segments if since <= day]
        return known[-1] if known else "other"


class Design(Struct, frozen=True):
    """How arms are formed. Days, weeks and customers."""

    weeks: int = 13
    """Weeks of tickets that one figure is over: the latest whose follow-up is complete."""
    lookback: int = 90
    """Days up to the first day of silence over which activity is counted for the quartile."""
    active_within: int = 14
    """A customer counts with an active day in this many days up to then: the shorter, the fewer controls that had left."""
    tenure: tuple[int, ...] = (30, 90, 180, 365)
    """Bounds of the bands, in days since the first retained active day."""
    spared: int = 30
    """One with a ticket that ended in this many days before the week is no control: it is still under its effect."""
    controls: int = 4_000
    """Customers that serve as controls in a week, about, where there are more: each then serves in one week of several.
    Their part in the interval is then small beside that of the tickets, and a million customers cost little more."""


class Match(NamedTuple):
    """What both arms must agree in."""

    week: int
    segment: str
    quartile: int
    """Of activity among all who are observed in the week, 0 to 3."""
    band: int
    """Of the tenure."""


class Observation(NamedTuple):
    """One customer in one week, on one side or the other."""

    customer: int
    """The customer's place in the order given."""
    match: Match
    gone: float
    """Probability that a control had left before, 0 to 1; 0 with a ticket, or without a model."""
    silent: tuple[bool | None, ...]
    """By horizon; None while it is not over, or where the week is too old for it."""
    last: bool
    """No later ticket until now."""
    vendors: frozenset[str]
    """Whose tickets ended in the week; none: a control."""
    failed: frozenset[str]
    held: frozenset[str]
    """Vendors with a ticket that did not hold, and with tickets that all did."""
    unhappy: frozenset[str]
    """Vendors with whom something bad is known to have happened, complaint or not."""


class Observed(NamedTuple):
    """All observations, those of a customer one after the other."""

    exposed: list[Observation]
    """With a ticket that ended in the week."""
    controls: list[Observation]


def week_of(day: int) -> int:
    """The number of the week, Monday to Sunday, that holds ``day``."""
    return (day + 3) // WEEK


def stopped_after(customer: Customer) -> Ticket | None:
    """The ticket after which a customer was not seen any more; None when no ticket lies near the last active day.

    The first that ended on the last active day or later; otherwise the latest of those that ended within
    :data:`SHORTLY` before it, for many look in once more before they stay away.
    """
    last = customer.days.last
    over = [(ticket.ended, ticket) for ticket in customer.tickets if ticket.ended is not None]
    over.sort(key=lambda pair: pair[0])
    after = [ticket for ended, ticket in over if ended >= last]
    before = [ticket for ended, ticket in over if last - SHORTLY <= ended < last]
    return after[0] if after else before[-1] if before else None


def cohort(today: int, horizon: int, design: Design) -> range:
    """The weeks that a figure is over: the latest whose follow-up of ``horizon`` days lies wholly before ``today``."""
    newest = week_of(today - horizon) - 1
    return range(newest - design.weeks + 1, newest + 1)


def observe(
    customers: Sequence[Customer], today: int, design: Design | None = None, model: Model | None = None
) -> Observed:
    """Every observation of the latest complete weeks, as of the beginning of day ``today``."""
    look = _Look(today, design or Design(), model)
    turns = max(1, len(customers) // look.design.controls)
    found = Observed([], [])
    for place, customer in enumerate(customers):
        # hashed once more: a casebook's customers have the rest of their hash by its partitions in common
        turn = (crc32(_TURN, crc32(customer.id.encode())) - look.oldest) % turns
        weeks: Iterable[int] = range(look.oldest + turn, look.end, turns)
        ended: dict[int, list[Ticket]] = {}
        if customer.tickets:
            for ticket in customer.tickets:
                if ticket.ended is not None:
                    ended.setdefault(week_of(ticket.ended), []).append(ticket)
            weeks = sorted({*weeks, *(week for week in ended if look.oldest <= week < look.end)})
        for week in weeks:
            own = ended.get(week, ())
            seen = look.at(place, customer, week, own)
            if seen is not None:
                (found.exposed if own else found.controls).append(seen)
    return _into_quartiles(found)


class _Look:
    """What is the same for all customers of one evaluation."""

    def __init__(self, today: int, design: Design, model: Model | None) -> None:
        self.design, self._model = design, model
        self._cohorts = [(horizon, cohort(today, horizon, design)) for horizon in HORIZONS]
        self.oldest = min(weeks[0] for _, weeks in self._cohorts)
        self.end = max(weeks[-1] for _, weeks in self._cohorts) + 1

    def at(self, place: int, customer: Customer, week: int, own: Sequence[Ticket]) -> Observation | None:
        """The customer in one week, None when it counts on neither side. The quartile is still the activity itself."""
        design, days, monday = self.design, customer.days, week * WEEK - 3
        if own:
            day = max(ticket.ended or 0 for ticket in own)
        elif any(self._under_effect(ticket, monday) for ticket in customer.tickets):
            return None
        else:
            day = monday + crc32(week.to_bytes(4, "little"), crc32(customer.id.encode())) % WEEK
        if not days.active(day - design.active_within + 1, day):
            return None
        vendors = failed = held = _NOBODY
        gone = 0.0
        if own:
            vendors = frozenset(ticket.vendor for ticket in own)
            failed = frozenset(ticket.vendor for ticket in own if ticket.durable is False)
            held = vendors - failed - frozenset(ticket.vendor for ticket in own if ticket.durable is None)
        elif self._model is not None and (before := history(days, day, self._model.unit)) is not None:
            gone = 1 - alive(self._model, before)
        return Observation(
            customer=place,
            match=Match(
                week=week,
                segment=customer.segment(day),
                quartile=days.active(day - design.lookback + 1, day),
                band=bisect_left(design.tenure, day - days.start),
            ),
            gone=gone,
            silent=tuple(
                not days.active(day + 1, day + horizon) if week in weeks else None for horizon, weeks in self._cohorts
            ),
            last=all(ticket.ended is not None and ticket.ended < monday + WEEK for ticket in customer.tickets),
            vendors=vendors,
            failed=failed,
            held=held,
            unhappy=customer.unhappy | customer.complained if own else _NOBODY,
        )

    def _under_effect(self, ticket: Ticket, monday: int) -> bool:
        """Open in the week, or ended shortly before it."""
        over = ticket.ended is not None and ticket.ended < monday - self.design.spared
        return ticket.opened < monday + WEEK and not over


def _into_quartiles(found: Observed) -> Observed:
    """Activity as the quartile among all who are observed in the week; equal activity is one quartile."""
    activity: dict[int, list[int]] = {}
    for seen in chain(found.exposed, found.controls):
        activity.setdefault(seen.match.week, []).append(seen.match.quartile)
    cuts = {}
    for week, counts in activity.items():
        counts.sort()
        cuts[week] = [counts[len(counts) * quarter // 4] for quarter in (1, 2, 3)]
    known: dict[Match, Match] = {}

    def placed(seen: Observation) -> Observation:
        match = seen.match._replace(quartile=bisect_left(cuts[seen.match.week], seen.match.quartile))
        return seen._replace(match=known.setdefault(match, match))

    return Observed([placed(seen) for seen in found.exposed], [placed(seen) for seen in found.controls])


_TURN: Final = b"turn"
_NOBODY: Final[frozenset[str]] = frozenset()
