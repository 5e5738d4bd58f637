"""What alerts need of a contract: its thresholds, and its business clock as a number that Prometheus can subtract.

PromQL knows no calendars. So every worker shows, by vendor, how much working time has passed since a fixed origin, and where on
that scale the newest record of each feed lies. Their difference is the silence of the feed in working time; as the second never
falls, ``max_over_time`` of it survives a restart. ``calendar`` says which calendar a number is of: numbers of two calendars,
before and after a change of the contract, must not be subtracted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from undertow.domain.agreement.alerts import ALLOWED, Alerts
from undertow.domain.agreement.calendars import Calendar
from undertow.domain.agreement.contract import Contract

Add = Callable[[str, Sequence[str], float], None]
"""Takes a metric's name without its prefix, its labels' values, and the value."""
ORIGIN = 0.0
"""Seconds since 1970-01-01T00:00Z from which working time is counted."""


class Agreed(Struct, frozen=True):
    """One vendor's terms."""

    calendar: Calendar
    name: str
    """Of the calendar: the same for equal ones, in every process."""
    alerts: Alerts


def agreed(contracts: Mapping[str, Contract]) -> dict[str, Agreed]:
    """The terms by vendor."""
    return {
        vendor: Agreed(contracts[vendor].calendar, named(contracts[vendor].calendar), contracts[vendor].alerts)
        for vendor in sorted(contracts)
    }


def named(calendar: Calendar) -> str:
    """Eight hexadecimal digits that stand for a calendar."""
    later = (calendar.changes,) if calendar.changes else ()
    said = (calendar.time_zone, sorted(calendar.hours), sorted(calendar.holidays), *later)
    return hashlib.sha256(repr(said).encode()).hexdigest()[:8]


def terms(add: Add, agreed: Mapping[str, Agreed], arrivals: Mapping[tuple[str, str], float], now: float) -> None:
    """Write the thresholds, and the working time up to ``now`` and up to each arrival, by feed and vendor.

    Times in seconds since 1970-01-01T00:00Z. A vendor without a contract has no clock and is left out.
    """
    for vendor, its in agreed.items():
        add("contract_silent_after_seconds", (vendor,), its.alerts.silent_after)
        for what in ALLOWED:
            add("contract_allowed_ratio", (vendor, what), getattr(its.alerts, what))
        add("contract_working_seconds", (vendor, its.name), its.calendar.seconds(ORIGIN, now))
    for (feed, vendor), seconds in sorted(arrivals.items()):
        if vendor in agreed:
            its = agreed[vendor]
            add("feed_last_record_working_seconds", (feed, vendor, its.name), its.calendar.seconds(ORIGIN, seconds))
