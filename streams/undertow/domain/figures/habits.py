"""The patterns of a vendor's reporting period, put to the test from what its cells counted."""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from undertow.domain.agreement.contract import Contract
from undertow.domain.agreement.periods import Known, Period, ordinary
from undertow.domain.agreement.thresholds import CATALOG, Pattern, Patterns
from undertow.domain.figures.tallies import Tallied, cases
from undertow.domain.patterns.accusations import Cases, Examined, judged, suspicions
from undertow.domain.patterns.periods import backdated, customer_blamed, mass_close

BLAMED: Pattern = "customer_blamed"


class Habits(Struct, frozen=True):
    """What is said of one vendor and period: one family of tests. A pattern without a single case is left out."""

    period: Period
    examined: tuple[Examined, ...]

    @property
    def found(self) -> list[Examined]:
        """The accusations."""
        return [one for one in self.examined if one.state == "found"]


class Shown(Struct, frozen=True):
    """All that the test depends on."""

    period: Period
    cases: tuple[tuple[Pattern, Cases], ...]
    late: tuple[tuple[int, int], ...]
    """Tickets with an event dated back, by the day of its arrival."""
    solved: tuple[tuple[int, int], ...] | None
    """Tickets by the day of their first solve, as far as mass closes are looked for; None where they are not."""
    usual: tuple[int, ...]
    """The days that the end of the period is held against."""
    others: Cases
    """How often the other vendors put tickets down to the customer in the same days."""
    earlier: Cases
    """How often this one did before."""


def habits(tallied: Tallied, period: Period, others: Cases, contract: Contract, known: Known) -> Habits:
    """Examine one period. ``others``: how often the other vendors put tickets down to the customer in its days.

    Gaps in a sequence are not looked for: cells do not hold numbers.
    """
    return _examined(shown(tallied, period, others, contract, known), contract.patterns, contract.minimum_n)


def shown(tallied: Tallied, period: Period, others: Cases, contract: Contract, known: Known) -> Shown:
    """What the cells show of a period."""
    sums = tallied.during(period)
    found = {pattern: cases(sums, pattern) for pattern in CATALOG}
    late = {int(tally.label): n for tally, n in sums.items() if tally.kind == "late"}
    solved: tuple[tuple[int, int], ...] | None = None
    usual: list[int] = []
    if contract.period == "month":
        # before the feed began nothing could be solved, and of days whose tickets were dropped not all is known
        every_day = tallied.solved
        begun = min(every_day, default=period.first)
        if known.kept is not None:
            begun = max(begun, known.kept)
        last_days = contract.patterns.last_days
        usual = [day for day in ordinary(period, last_days) if day >= begun]
        end = range(period.last - last_days + 1, period.last + 1)
        solved = tuple((day, every_day[day]) for day in (*usual, *end) if day in every_day)
    return Shown(
        period,
        tuple((pattern, some) for pattern, some in found.items() if some.n),
        tuple(sorted(late.items())),
        solved,
        tuple(usual),
        others,
        cases(tallied.before(period), BLAMED),
    )


@lru_cache(maxsize=4096)
def _examined(what: Shown, patterns: Patterns, minimum_n: int) -> Habits:
    """The test itself. Kept, for a closed period hardly changes, and exact tests of many tickets take their time."""
    first, last = what.period
    found = dict(what.cases)
    if "backdated" in found:
        found["backdated"] = backdated(dict(what.late), last - first + 1, found["backdated"].n)
    tested = suspicions(found, patterns.allowed)
    if what.solved is not None:
        # a rolling period ends every day, so there is no end before which to close in mass
        mass = mass_close(dict(what.solved), last, what.usual, patterns)
        tested += [mass] if mass is not None else []
    blame = customer_blamed(found.get(BLAMED, Cases()), what.others, what.earlier, patterns, minimum_n)
    tested += [blame] if blame is not None else []
    order = list(CATALOG)
    examined = judged(sorted(tested, key=lambda one: order.index(one.pattern)), patterns, minimum_n)
    return Habits(what.period, tuple(examined))
