"""The iceberg ratio: how many unhappy customers said nothing for each one who complained, from the company's own data."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf, sqrt
from typing import Final

from msgspec import Struct

from undertow.domain.customers.excess import Excess
from undertow.domain.customers.silence import Customer, week_of
from undertow.domain.statistics.differences import Estimate, proportion, ratio
from undertow.domain.statistics.intervals import Z95

STOPPED: Final = 90
"""Days of silence after which a customer counts as lost here: of the three horizons the one that fewest come back from."""


class Heard(Struct, frozen=True):
    """Customers of a vendor whose last ticket ended in a cohort's weeks, and how many of them the company knows to be unhappy."""

    customers: int
    hidden: int
    """With a bad outcome and no complaint."""
    complained: int


class Iceberg(Struct, frozen=True):
    """The ratio and its parts. Numbers of customers."""

    heard: Heard
    quiet: Estimate | None
    """Customers who fell silent beyond what is usual, with nothing bad known of them; None while nobody was compared."""
    ratio: Estimate | None
    """Unhappy customers who said nothing for each who complained; None without any to compare, infinite without a complaint."""


def heard(customers: Iterable[Customer], vendor: str, weeks: range) -> Heard:
    """Count the customers whose last ticket of all ended in ``weeks`` and was the vendor's."""
    found = hidden = complained = 0
    for customer in customers:
        ended = [week_of(ticket.ended) for ticket in customer.tickets if ticket.ended is not None]
        if not ended or len(ended) < len(customer.tickets) or (last := max(ended)) not in weeks:
            continue
        if any(ticket.vendor == vendor and week_of(ticket.ended or 0) == last for ticket in customer.tickets):
            found += 1
            complained += vendor in customer.complained
            hidden += vendor in customer.unhappy and vendor not in customer.complained
    return Heard(found, hidden, complained)


def iceberg(known: Heard, quiet: Excess) -> Iceberg:
    """(Customers with a bad outcome and no complaint + excess silent ones) / customers who complained.

    ``quiet`` is the excess of :func:`~undertow.domain.customers.arms.quiet_ones`, over customers with no bad outcome and no
    complaint, so nobody counts twice. Fewer silent ones than expected count as none, never against the others. Limits: those
    of the two parts of the numerator are independent and add up as squares, those of the ratio follow by MOVER on logarithms
    (Zou and Donner 2008) with the correlation of two classes of the same customers; with few complaints they are wide, as they
    must be.
    """
    if quiet.difference is None or not known.customers:
        return Iceberg(known, None, None)
    # at most as many as were silent at all: the excess's upper limit is only a limit
    silent = Estimate(*(quiet.n * min(max(0.0, part), 1.0) for part in quiet.difference))
    seen = proportion(known.hidden / known.customers, known.customers)
    hidden = Estimate(*(part * known.customers for part in seen))
    unhappy = Estimate(
        hidden.value + silent.value,
        hidden.value + silent.value - sqrt((hidden.value - hidden.low) ** 2 + (silent.value - silent.low) ** 2),
        hidden.value + silent.value + sqrt((hidden.high - hidden.value) ** 2 + (silent.high - silent.value) ** 2),
    )
    share = proportion(known.complained / known.customers, known.customers)
    complained = Estimate(*(part * known.customers for part in share))
    # who complained is not among the hidden: the more of the one, the fewer of the other (covariance of a multinomial)
    spreads = (unhappy.high - unhappy.low) * (complained.high - complained.low) / (2 * Z95) ** 2
    correlation = -known.hidden * known.complained / known.customers / spreads if spreads > 0 else 0.0
    return Iceberg(known, silent, ratio(unhappy, complained, max(-1.0, correlation)))


def words(found: Iceberg) -> str:
    """The ratio for a leader."""
    known, between = found.heard, found.ratio
    if between is None or not known.customers:
        return "cannot tell yet: no customer with a ticket could be compared"
    if between.value == inf:
        return f"nobody complained; {known.hidden:,} customers had a bad outcome and said nothing"
    upper = "many" if between.high == inf else f"{between.high:.1f}"
    return (
        f"for each customer who complained, {between.value:.1f} were unhappy and said nothing "
        f"({between.low:.1f} to {upper}; {known.complained:,} complained, {known.hidden:,} had a bad outcome in silence)"
    )
