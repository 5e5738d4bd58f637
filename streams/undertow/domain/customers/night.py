"""What a night's evaluation comes to: arms of all casebooks added up, and what they say of each vendor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, Literal, get_args

from msgspec import Struct

from undertow.domain.agreement.contract import Contract
from undertow.domain.counting.ledger import ALL
from undertow.domain.customers.arms import Arms
from undertow.domain.customers.calls import NOBODY, Calls
from undertow.domain.customers.churn import Fit
from undertow.domain.customers.excess import Excess, excess
from undertow.domain.customers.excess import words as excess_words
from undertow.domain.customers.iceberg import STOPPED, Heard, Iceberg, iceberg
from undertow.domain.customers.iceberg import words as iceberg_words
from undertow.domain.customers.silence import HORIZONS

Compared = Literal["after_a_ticket", "not_durable", "quiet"]
"""The two contrasts, and the silent ones of whom nothing bad is known: for the iceberg alone."""
CONTRASTS: Final[tuple[Compared, ...]] = get_args(Compared)[:2]

ArmsBy = dict[tuple[Compared, str, int], Arms]
"""Arms by comparison, segment and horizon in days."""


class Silence(Struct, frozen=True):
    """One comparison of one vendor and segment over one horizon."""

    vendor: str
    segment: str
    compared: Compared
    excess: Excess
    words: str


class Hidden(Struct, frozen=True):
    """A vendor's iceberg."""

    vendor: str
    iceberg: Iceberg
    words: str


class Customers(Struct, frozen=True):
    """Everything that is said of customers, as of the beginning of day ``today`` (since 1970-01-01, UTC)."""

    today: int
    customers: int
    """With any activity."""
    fit: Fit | None
    seconds: float
    """That the fit took."""
    fitted_at: float
    """When it was done (seconds since 1970); 0 without one."""
    left: float | None
    """Expected number of customers who have left; None without a model."""
    silences: tuple[Silence, ...]
    icebergs: tuple[Hidden, ...]
    calls: tuple[Calls, ...]
    """By whose ticket each stopped after, every vendor with a contract and nobody's; empty without a model."""


def silences(vendor: str, arms: ArmsBy, contract: Contract) -> list[Silence]:
    """Both contrasts over every horizon: of all segments together, then of each that the contract tells apart."""
    found = []
    segments = (ALL, *(sorted({segment for _, segment, _ in arms} - {ALL}) if contract.segments else ()))
    for compared in CONTRASTS:
        for segment in segments:
            for horizon in HORIZONS:
                shown = excess(arms.get((compared, segment, horizon), Arms()), horizon)
                found.append(Silence(vendor, segment, compared, shown, _words(compared, shown, contract.minimum_n)))
    return found


def hidden(vendor: str, arms: ArmsBy, heard: Heard) -> Hidden:
    """The iceberg, by the longest of the horizons."""
    found = iceberg(heard, excess(arms.get(("quiet", ALL, STOPPED), Arms()), STOPPED))
    return Hidden(vendor, found, iceberg_words(found))


def added(parts: Iterable[Iterable[tuple[Compared, str, int, Arms]]]) -> ArmsBy:
    """The sum over disjoint customers."""
    sums: defaultdict[tuple[Compared, str, int], Arms] = defaultdict(Arms)
    for part in parts:
        for compared, segment, horizon, arms in part:
            sums[compared, segment, horizon].add(arms)
    return dict(sums)


def calls(parts: Iterable[Calls], contracts: Mapping[str, Contract]) -> tuple[Calls, ...]:
    """The sum by vendor; of a vendor without any it is 0."""
    sums = dict.fromkeys((*contracts, NOBODY), (0, 0.0))
    for one in parts:
        n, at_risk = sums.get(one.vendor, (0, 0.0))
        sums[one.vendor] = (n + one.customers, at_risk + one.at_risk)
    return tuple(Calls(vendor, n, at_risk) for vendor, (n, at_risk) in sorted(sums.items()))


def _words(compared: Compared, found: Excess, minimum: int) -> str:
    if compared == "not_durable":
        return excess_words(found, minimum, "after a ticket that did not hold", "comparable ones whose ticket held")
    return excess_words(found, minimum)
