"""A vendor's tallies, added up in one pass over its cells: by segment, over the stretches of days between given edges."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping

from undertow.domain.cells import ZERO, Cell, Counts, Tally
from undertow.domain.contract import WINDOWS
from undertow.domain.ledger import ALL, Cells
from undertow.domain.patterns.accusations import Cases
from undertow.domain.periods import Period

Tallies = Mapping[Tally, int]


class Tallied:
    """The cells of one vendor. ``edges`` are days (days since 1970-01-01) at which any window or period begins.

    What is asked for later has to begin and end at an edge: there the sums of whole stretches are enough.
    """

    def __init__(self, cells: Cells, edges: Iterable[int]) -> None:
        self.solved: dict[int, int] = {}
        """Tickets by the day of their first solve."""
        self._days: dict[int, list[Cell]] = {}
        self._edges = sorted(set(edges))
        self._sums: dict[str, list[dict[Tally, int]]] = {}
        for key, cell in cells.items():
            self._days.setdefault(key.day, []).append(cell)
            if cell.counts.solved:
                self.solved[key.day] = self.solved.get(key.day, 0) + cell.counts.solved
            stretches = self._sums.get(key.segment)
            if stretches is None:
                stretches = self._sums[key.segment] = [{} for _ in range(len(self._edges) + 1)]
            _add(stretches[self._place(key.day + 1)], cell.tallies)
        self.segments = tuple(sorted(self._sums.keys() - {ALL}))
        together: list[dict[Tally, int]] = [{} for _ in range(len(self._edges) + 1)]
        for segment in sorted(self._sums):
            for into, tallies in zip(together, self._sums[segment], strict=True):
                _add(into, tallies)
        self._sums[ALL] = together

    def measures(self, segment: str) -> list[str]:
        """The measures of which there is a verdict on any day."""
        return sorted({tally.name for tallies in self._sums[segment] for tally in tallies if tally.kind == "verdict"})

    def windows(self, segment: str, last: int) -> Iterator[tuple[str, Tallies, Tallies]]:
        """Each window that ends with the day ``last``, and the one of all days: its name, its sums, and those of later days.

        The window of all days holds the later ones, too. The sums are only good until the next window is asked for.
        """
        stretches = self._sums[segment]
        end = self._place(last + 1) + 1
        later: dict[Tally, int] = {}
        for tallies in stretches[end:]:
            _add(later, tallies)
        sums: dict[Tally, int] = {}
        begin = end
        for window in WINDOWS:
            place = self._place(last - window + 1) + 1
            for tallies in stretches[place:begin]:
                _add(sums, tallies)
            begin = place
            yield f"{window}d", sums, later
        for tallies in (*stretches[:begin], later):
            _add(sums, tallies)
        yield ALL, sums, {}

    def during(self, period: Period) -> Tallies:
        """The sums of all segments over a period."""
        return self._between(self._place(period.first) + 1, self._place(period.last + 1) + 1)

    def before(self, period: Period) -> Tallies:
        """The sums of all segments over all days before a period."""
        return self._between(0, self._place(period.first) + 1)

    def on(self, day: int, tally: Tally) -> int:
        """How often a tally was counted on one day, all segments together."""
        return sum([cell.tallies.get(tally, 0) for cell in self._days.get(day, ())])

    def within(self, period: Period, wanted: Iterable[Tally]) -> tuple[Counts, Tallies]:
        """The counts and some tallies of all segments over a period, which may begin and end on any day."""
        cells = [cell for day, some in self._days.items() if period.first <= day <= period.last for cell in some]
        counts = Counts._make(map(sum, zip(*[cell.counts for cell in cells], strict=True))) if cells else ZERO
        return counts, {tally: sum([cell.tallies.get(tally, 0) for cell in cells]) for tally in wanted}

    def _between(self, begin: int, end: int) -> Tallies:
        sums: dict[Tally, int] = {}
        for tallies in self._sums[ALL][begin:end]:
            _add(sums, tallies)
        return sums

    def _place(self, edge: int) -> int:
        return bisect_left(self._edges, edge)


def _add(into: dict[Tally, int], tallies: Tallies) -> None:
    for tally, n in tallies.items():
        into[tally] = into.get(tally, 0) + n


def cases(tallies: Tallies, pattern: str) -> Cases:
    """How often a pattern was matched among how many cases."""
    return Cases(tallies.get(Tally("case", pattern, "matched"), 0), tallies.get(Tally("case", pattern, "n"), 0))
