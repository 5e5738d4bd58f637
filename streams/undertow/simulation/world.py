"""The world: all stories of one seed, as events in order of time, with contracts and the truth to hold against them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from msgspec.structs import replace

from undertow import events as e
from undertow.domain.agreement.contract import Contract
from undertow.simulation.periods import tell_periods
from undertow.simulation.plans import DAY, DEFAULT, VendorPlan
from undertow.simulation.story import SEGMENTS, Story, live
from undertow.simulation.telling import Teller, Told, tell_customers
from undertow.simulation.truth import Truth, truth_of

COMPANY: Final = "company"


class World:
    """``days`` of customers and vendors from ``start`` on. Same arguments, same world.

    ``start`` is aware, taken in UTC and cut to whole seconds. A vendor's story depends on the seed and its own plan,
    not on the other vendors. Raises ValueError for a naive ``start``, less than one day, or two vendors of one name.
    """

    def __init__(self, seed: int, start: datetime, days: int = 180, vendors: tuple[VendorPlan, ...] = DEFAULT) -> None:
        if start.utcoffset() is None:
            raise ValueError(f"start needs an offset: {start.isoformat()}")
        if days < 1:
            raise ValueError(f"days must be at least 1: {days}")
        if len({plan.name for plan in vendors} | {COMPANY}) != len(vendors) + 1:
            raise ValueError("vendors need names of their own")
        self.seed = seed
        self.start = start.astimezone(UTC).replace(microsecond=0)
        self.days = days
        self.vendors = vendors
        self._stories = [live(plan, _random(seed, plan.name, "story"), self.start, days) for plan in vendors]

    @property
    def end(self) -> float:
        """Seconds since 1970-01-01T00:00Z at which the world ends: every event is before it."""
        return self.start.timestamp() + self.days * DAY

    def events(self) -> Iterator[e.Event]:
        """All events in order of time. (source, id) is unique; a vendor's ``sequence`` grows with its events."""
        told = [(told, story.plan.name) for story in self._stories for told in self._by_vendor(story)]
        told += [(told, COMPANY) for story in self._stories for told in self._by_company(story)]
        said: dict[str, int] = {}
        for what, who in sorted(told, key=lambda pair: pair[0].at):
            if what.at >= self.days * DAY:
                break
            said[who] = said.get(who, 0) + 1
            yield self._event(what, who, said[who])

    def contracts(self) -> dict[str, Contract]:
        """Each vendor's contract: the product's defaults, the world's segments, and no ticket is ever dropped.

        Whoever publishes a world publishes a past.
        """
        return {plan.name: replace(_contract(plan), imported_until=self.end) for plan in self.vendors}

    def truth(self, as_of: float) -> dict[str, Truth]:
        """By vendor, what has happened up to and including ``as_of`` (seconds since 1970-01-01T00:00Z)."""
        now = as_of - self.start.timestamp()
        return {
            story.plan.name: truth_of(story, _contract(story.plan), now, self.days * DAY) for story in self._stories
        }

    def left(self, as_of: float) -> dict[str, frozenset[str]]:
        """By vendor, the customers who had left by ``as_of`` (seconds): every other one was still there."""
        now = as_of - self.start.timestamp()
        return {
            story.plan.name: frozenset(
                one.name for one in story.customers if one.silent_from is not None and one.silent_from <= now
            )
            for story in self._stories
        }

    def _by_vendor(self, story: Story) -> Iterator[Told]:
        teller = Teller(story.plan, _random(self.seed, story.plan.name, "telling"), self._instant)
        for ticket in story.tickets:
            yield from teller.tell(ticket)
        yield from tell_periods(story, self.start, self.days)

    def _by_company(self, story: Story) -> Iterator[Told]:
        return tell_customers(story, _random(self.seed, story.plan.name, "customers"), self.days)

    def _instant(self, at: int) -> datetime:
        return self.start + timedelta(seconds=at)

    def _event(self, what: Told, who: str, number: int) -> e.Event:
        vendor = who != COMPANY
        claim = what.kind in {e.TicketClaimed, e.PeriodClaimed}
        return what.kind(
            specversion="1.0",
            id=f"{who}-{number:06d}",
            source=f"/vendors/{who}" if vendor else f"/{COMPANY}",
            time=self._instant(what.at),
            sequence=str(number) if vendor else None,
            recordedtime=self._instant(what.at + 2) if claim else None,
            data=what.data,  # type: ignore[arg-type]
        )


def _contract(plan: VendorPlan) -> Contract:
    return Contract(vendor=plan.name, segments=SEGMENTS, keep_all=True)


def _random(seed: int, *purpose: str) -> Random:
    """A generator of its own for each purpose: more of one thing must not change another."""
    return Random("/".join((str(seed), *purpose)))  # noqa: S311 - to repeat itself is what it is for
