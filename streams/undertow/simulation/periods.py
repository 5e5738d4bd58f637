"""A vendor's weekly report: of the tickets solved in a week, how many it says met the SLA."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from undertow import events as e
from undertow.simulation.plans import DAY, HOUR
from undertow.simulation.story import Story
from undertow.simulation.telling import Told

PUBLISHED: Final = 6 * HOUR
"""Seconds after the week's end (Monday 00:00 UTC)."""


def tell_periods(story: Story, start: datetime, days: int) -> Iterator[Told]:
    """The claims of all whole weeks, Monday to Sunday in UTC, by what the vendor had said of its tickets by then."""
    midnight = datetime(start.year, start.month, start.day, tzinfo=UTC)
    monday = midnight + timedelta(days=-start.weekday() % 7)
    if monday < start:
        monday += timedelta(days=7)
    first = int((monday - start).total_seconds())
    for begin in range(first, days * DAY, 7 * DAY):
        at = begin + 7 * DAY + PUBLISHED
        said = [
            [claim for claim in ticket.claims if claim.at <= at][-1]
            for ticket in story.tickets
            if begin <= ticket.solves[0] < begin + 7 * DAY and ticket.claims[0].at <= at
        ]
        if not said:
            continue
        week = (start + timedelta(seconds=begin)).date()
        data = e.PeriodClaimData(
            vendor=story.plan.name,
            measure="sla",
            first_day=week,
            last_day=week + timedelta(days=6),
            met=sum(claim.met for claim in said),
            total=len(said),
        )
        yield Told(at, e.PeriodClaimed, data)
