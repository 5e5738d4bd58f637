"""A vendor's tallies added up: by segment, over the stretches of days between given edges, and day by day."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any, Final, Literal, TypeVar

from undertow.domain.agreement.contract import WINDOWS
from undertow.domain.agreement.periods import Period
from undertow.domain.counting.cells import ZERO, Cell, CellKey, Counts, Tally
from undertow.domain.counting.ledger import ALL, Cells
from undertow.domain.patterns.accusations import Cases

Tallies = Mapping[Tally, int]
Family = Literal["verdict", "case", "mix", "counted", "outcome", "answered"]
_FAMILY: Final[Mapping[str, Family]] = {
    "verdict": "verdict",
    "unsolved": "verdict",
    "over_reported": "verdict",
    "under_reported": "verdict",
    "case": "case",
    "late": "case",
    "mix": "mix",
    "mix_bad": "mix",
    "promise": "counted",
    "hand_offs": "counted",
    "csat": "counted",
    "recovery": "counted",
    "first_contact": "counted",
    "outcome": "outcome",
    **dict.fromkeys(("disputed", "withdrawn", "upheld", "accepted", "explained"), "answered"),
    **dict.fromkeys(("unsolved_disputed", "unsolved_withdrawn"), "answered"),
}
"""By a tally's kind, what it is asked for together with."""
_EMPTY: Final = Cell()
Found = TypeVar("Found")


class Tallied:
    """The cells of one vendor. ``edges`` are the days (since 1970-01-01) at which any window or period begins.

    Windows and periods are sums of whole stretches, so they have to begin at an edge, and end on the day before one. What
    is kept follows the cells: it is the same whether they came at once or one after another.
    """

    def __init__(self, cells: Cells, edges: Iterable[int]) -> None:
        self.edges = tuple(sorted(set(edges)))
        self._cells: dict[CellKey, Cell] = {}
        self._days: dict[int, dict[str, Cell]] = {}
        self._sums: dict[tuple[Family, str], list[dict[Tally, int]]] = {}
        self._counts: dict[int, Counts] = {}
        self._read: dict[int, dict[tuple[str, tuple[Tally, ...]], list[int]]] = {}
        """What was read of a day, until one of its cells changes."""
        self._changes: Counter[Family | int] = Counter()
        """How often a tally of a family was moved, and a cell of a day."""
        self._kept: dict[Hashable, tuple[object, Any]] = {}
        self.update(cells)

    def update(self, cells: Cells) -> None:
        """Make it the sums of these cells. Cells are not changed once they are given: a changed one is another object."""
        known = self._cells
        for key, cell in cells.items():
            if known.get(key) is not cell:
                self._replace(key, cell)
        for key in [key for key in known if key not in cells] if len(known) > len(cells) else ():
            self._replace(key, _EMPTY)
            del known[key], self._days[key.day][key.segment]

    def kept(self, what: Hashable, of: Family | range, find: Callable[[], Found]) -> Found:
        """What follows from all tallies of a family, or from the cells of some days: found anew once any of them changes.

        ``what`` names it, with everything else that it depends on.
        """
        changes = self._changes[of] if isinstance(of, str) else (of, sum([self._changes.get(day, 0) for day in of]))
        before = self._kept.get(what)
        if before is None or before[0] != changes:
            before = self._kept[what] = (changes, find())
        found: Found = before[1]
        return found

    @property
    def segments(self) -> list[str]:
        """The segments there are cells of, when they are told apart."""
        return sorted({key.segment for key in self._cells} - {ALL})

    @property
    def solved(self) -> dict[int, int]:
        """Tickets by the day of their first solve, in order, days without any left out."""
        return {day: n for day in sorted(self._days) if (n := self._total(day).solved)}

    def measures(self, segment: str) -> list[str]:
        """The measures of which there is a verdict on any day."""
        stretches = self._stretches("verdict", segment)
        return sorted(
            {tally.name for tallies in stretches for tally in tallies if tally.kind in {"verdict", "unsolved"}}
        )

    def windows(self, family: Family, segment: str, last: int) -> Iterator[tuple[str, Tallies, Tallies]]:
        """Each window that ends with the day ``last``, and the one of all days: its name, its sums, and those of later days.

        The window of all days holds the later ones, too. The sums are only good until the next window is asked for.
        """
        stretches = self._stretches(family, segment)
        end = self._stretch(last + 1)
        later: dict[Tally, int] = {}
        for tallies in stretches[end:]:
            _add(later, tallies)
        sums: dict[Tally, int] = {}
        begin = end
        for window in WINDOWS:
            place = self._stretch(last - window + 1)
            for tallies in stretches[place:begin]:
                _add(sums, tallies)
            begin = place
            yield f"{window}d", sums, later
        for tallies in (*stretches[:begin], later):
            _add(sums, tallies)
        yield ALL, sums, {}

    def during(self, period: Period) -> Tallies:
        """The cases of all segments over a period."""
        return self._between(self._stretch(period.first), self._stretch(period.last + 1))

    def before(self, period: Period) -> Tallies:
        """The cases of all segments over all days before a period."""
        return self._between(0, self._stretch(period.first))

    def on(self, day: int, wanted: tuple[Tally, ...], segment: str = ALL) -> list[int]:
        """How often each tally was counted on one day, of one segment or of all together."""
        read = self._read.setdefault(day, {})
        found = read.get((segment, wanted))
        if found is None:
            cells = self._cells_of(day, segment)
            found = read[segment, wanted] = [sum([cell.tallies.get(tally, 0) for cell in cells]) for tally in wanted]
        return found

    def counts(self, day: int, segment: str = ALL) -> Counts:
        """The counts of one day, of one segment or of all together."""
        if segment == ALL:
            return self._total(day) if day in self._days else ZERO
        cell = self._days[day].get(segment) if day in self._days else None
        return ZERO if cell is None else cell.counts

    def within(self, period: Period, wanted: tuple[Tally, ...]) -> tuple[Counts, list[int]]:
        """The counts and some tallies of all segments over a period, which may begin and end on any day."""
        first, last = max(period.first, min(self._days, default=0)), min(period.last, max(self._days, default=-1))
        days = [day for day in range(first, last + 1) if day in self._days]
        total = _sum(map(self._total, days))
        return total, [sum(some) for some in zip(*[self.on(day, wanted) for day in days], strict=True)]

    def _replace(self, key: CellKey, cell: Cell) -> None:
        before = self._cells.get(key, _EMPTY).tallies
        for tally, n in cell.tallies.items():
            if n != (known := before.get(tally, 0)):  # of a cell's tallies a look changes a few
                self._move(key, tally, n - known)
        for tally in before.keys() - cell.tallies.keys():
            self._move(key, tally, -before[tally])
        self._cells[key] = cell
        self._days.setdefault(key.day, {})[key.segment] = cell
        self._changes[key.day] += 1
        self._read.pop(key.day, None)
        self._counts.pop(key.day, None)

    def _move(self, key: CellKey, tally: Tally, n: int) -> None:
        family = _FAMILY.get(tally.kind)
        if family is not None:
            self._changes[family] += 1
            place = self._stretch(key.day)
            for segment in {key.segment, ALL}:
                _count(self._stretches(family, segment)[place], tally, n)

    def _total(self, day: int) -> Counts:
        """The counts of one day, all segments together."""
        found = self._counts.get(day)
        if found is None:
            found = self._counts[day] = _sum(cell.counts for cell in self._cells_of(day, ALL))
        return found

    def _cells_of(self, day: int, segment: str) -> list[Cell]:
        cells = self._days.get(day, {})
        return list(cells.values()) if segment == ALL else [cells[segment]] if segment in cells else []

    def _stretches(self, family: Family, segment: str) -> list[dict[Tally, int]]:
        found = self._sums.get((family, segment))
        if found is None:
            found = self._sums[family, segment] = [{} for _ in range(len(self.edges) + 1)]
        return found

    def _between(self, begin: int, end: int) -> Tallies:
        sums: dict[Tally, int] = {}
        for tallies in self._stretches("case", ALL)[begin:end]:
            _add(sums, tallies)
        return sums

    def _stretch(self, day: int) -> int:
        """The stretch that holds a day."""
        return bisect_right(self.edges, day)


def _sum(counts: Iterable[Counts]) -> Counts:
    return Counts._make(map(sum, zip(*counts, strict=True))) if (counts := list(counts)) else ZERO


def _add(into: dict[Tally, int], tallies: Tallies) -> None:
    for tally, n in tallies.items():
        into[tally] = into.get(tally, 0) + n


def _count(into: dict[Tally, int], tally: Tally, n: int) -> None:
    """Nothing is left of what comes to nothing."""
    left = into.get(tally, 0) + n
    if left:
        into[tally] = left
    else:
        del into[tally]


def cases(tallies: Tallies, pattern: str) -> Cases:
    """How often a pattern was matched among how many cases."""
    return Cases(tallies.get(Tally("case", pattern, "matched"), 0), tallies.get(Tally("case", pattern, "n"), 0))
