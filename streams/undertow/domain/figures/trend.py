"""Hidden dissatisfaction day by day, as far as it is known: what a trend is drawn from. All segments together.

Days count from 1970-01-01 in the contract's zone, tickets by the day of their first solve, mature ones only.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from msgspec import Struct

from undertow.domain.agreement.periods import Known
from undertow.domain.counting.ledger import Rate
from undertow.domain.figures.spikes import Count
from undertow.domain.figures.tallies import Tallied

WEEKS: Final = 13
"""As many days as the longest window, to the next whole week."""
WEEK: Final = 7


class Week(NamedTuple):
    """Seven days up to and including ``last``. ``rate``: bad ones among the tickets reported as met, unknown without any."""

    last: int
    rate: Rate


class Trend(Struct, frozen=True):
    """``days``: by day the tickets reported as met, and how many of them were bad; days without any are left out."""

    last: int = 0
    """The newest day all of whose tickets have had their follow-up."""
    days: tuple[tuple[int, Count], ...] = ()

    @property
    def weeks(self) -> list[Week]:
        """The last :data:`WEEKS` weeks, the oldest first."""
        sums = [[0, 0] for _ in range(WEEKS)]
        for day, count in self.days:
            week = sums[-1 - (self.last - day) // WEEK]
            week[0] += count.bad
            week[1] += count.n
        return [Week(self.last - WEEK * (WEEKS - 1 - place), Rate(*some)) for place, some in enumerate(sums)]


def days(known: Known) -> range:
    """The days a trend is drawn from."""
    return range(known.mature - WEEK * WEEKS + 1, known.mature + 1)


def trend(tallied: Tallied, known: Known) -> Trend:
    """Of one vendor; as good as none while no such day has a ticket reported as met."""
    counts = [(day, tallied.counts(day)) for day in days(known)]
    known_days = tuple((day, Count(of.reported_met, of.reported_met_but_bad)) for day, of in counts if of.reported_met)
    return Trend(known.mature, known_days) if known_days else Trend()
