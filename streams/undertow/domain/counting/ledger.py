"""The ledger: cells of all casebooks in, figures of each vendor, segment and window out. Figures are pure functions of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from msgspec import Struct

from undertow.domain.counting.cells import ZERO, Cell, CellKey, Counts, Exposure, Tally
from undertow.domain.statistics.intervals import wilson

ALL: Final = "all"
"""Label of the window that holds every day kept, and of all segments together."""


class Rate(Struct, frozen=True):
    """``count`` of ``n``, with its Wilson 95 % interval; ``value`` is None when n is 0: unknown never reads as zero."""

    count: float
    n: int

    @property
    def value(self) -> float | None:
        """Ratio 0 to 1."""
        return self.count / self.n if self.n else None

    @property
    def low(self) -> float:
        """Lower bound, ratio 0 to 1."""
        return wilson(self.count, self.n)[0]

    @property
    def high(self) -> float:
        """Upper bound, ratio 0 to 1."""
        return wilson(self.count, self.n)[1]


class Figures(Struct, frozen=True):
    """A vendor's figures over one window and segment, all over the same tickets: mature ones, by day of solving.

    ``tickets`` were opened in the window's days, ``unsolved`` is what is left of them in the window of all days.
    """

    vendor: str
    segment: str
    window: str
    tickets: int
    immature: int
    """Solved in the last follow-up period (or in the window of all days: ever) and not yet to be judged."""
    reported: Rate
    """Claimed met, of the mature tickets with a claim: the outside."""
    actual: Rate
    """Claimed met and nothing bad happened, of the same tickets: the inside."""
    hidden: Rate
    """Hidden dissatisfaction: of the tickets reported as good, those with a bad outcome."""
    reopened: Rate
    reopened_claimed: Rate
    repeat_contact: Rate
    by_chance: Rate
    """Repeat contacts to be expected if the same customers made contact as often, at times unrelated to the solve."""
    flicker: int


Cells = Mapping[CellKey, Cell]
What = TypeVar("What")


class Position(Struct, frozen=True, array_like=True, order=True):
    """How far a casebook had read when it said something: its assignment's number, then the offset in its partition."""

    epoch: int
    offset: int


class PeriodClaim(Struct, frozen=True, array_like=True):
    """What the vendor reports of a period: ``met`` of ``total`` tickets; days since 1970-01-01, both included."""

    vendor: str
    measure: str
    first_day: int
    last_day: int
    met: int
    total: int
    recorded: float
    id: str

    @property
    def identity(self) -> tuple[str, str, int, int]:
        """What it speaks of: a later version of the same replaces it."""
        return (self.vendor, self.measure, self.first_day, self.last_day)


class _Known(dict[Any, What]):
    """One object for all that are equal: there are few of them, in very many cells."""

    def __init__(self, make: Callable[[Any], What]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, what: object) -> What:
        one = self[what] = self._make(what)
        return one


class Ledger:
    """All casebooks' cells, each by the highest position that spoke of it. Folding in any order gives the same ledger.

    Its sums are kept, and only those added up anew whose cells changed; counts apart from the rest, for they are asked for
    oftener and cost a tenth.
    """

    def __init__(self) -> None:
        self._cells: dict[CellKey, dict[int, tuple[Position, Cell]]] = {}
        self._complete: dict[int, Position] = {}
        self._as_of: dict[int, float] = {}
        self._claims: dict[str, dict[tuple[str, str, int, int], tuple[PeriodClaim, PeriodClaim]]] = {}
        self._sums: dict[str, dict[CellKey, Cell]] = {}
        self._counts: dict[str, dict[CellKey, Counts]] = {}
        """Both by vendor."""
        self._stale: dict[str, set[CellKey]] = {}
        self._uncounted: dict[str, set[CellKey]] = {}
        """What has to be added up anew of the two."""
        self._tallies: _Known[Tally] = _Known(Tally._make)
        self._exposures: _Known[Exposure] = _Known(Exposure._make)
        self._revisions: Counter[str] = Counter()

    def cell(
        self, counts: Counts, exposures: Iterable[tuple[int, int, int]], tallies: Iterable[tuple[Tally, int]]
    ) -> Cell:
        """A cell of these counts, exposures (topic, others, tickets) and tallies."""
        known, exposed = self._tallies, self._exposures
        return Cell(
            counts,
            {exposed[topic, others]: n for topic, others, n in exposures},
            {known[tally]: n for tally, n in tallies},
        )

    def put(self, partition: int, position: Position, key: CellKey, cell: Cell) -> None:
        """A snapshot of one cell of one casebook partition."""
        said = self._cells.setdefault(key, {})
        before = said.get(partition)
        if before is None or position >= before[0]:
            said[partition] = (position, cell)
            self._change(key)

    def complete(self, partition: int, position: Position) -> None:
        """The owner has published its whole set at ``position``: an older cell it lacks is empty."""
        before = self._complete.get(partition)
        if before is None or position > before:
            self._complete[partition] = position
            for key, said in self._cells.items():
                if partition in said and said[partition][0] < position:
                    self._change(key)

    def judged(self, partition: int, as_of: float) -> None:
        """A casebook has judged as of a time (seconds)."""
        self._as_of[partition] = max(as_of, self._as_of.get(partition, as_of))

    def claim(self, claim: PeriodClaim) -> None:
        """A version of a period claim: the first and the last recorded are kept, ties by id, then by what they say."""
        of_vendor = self._claims.setdefault(claim.vendor, {})
        known = of_vendor.get(claim.identity)
        first, last = known if known is not None else (claim, claim)
        said = (min(first, claim, key=_order), max(last, claim, key=_order))
        if said != known:
            of_vendor[claim.identity] = said
            self._revisions[claim.vendor] += 1

    def claims(self) -> list[PeriodClaim]:
        """The period claims that stand (the last version of each), by vendor, measure and period."""
        return [last for vendor in sorted(self._claims) for _, last in self.versions(vendor)]

    def versions(self, vendor: str) -> list[tuple[PeriodClaim, PeriodClaim]]:
        """The first and the last version of each of a vendor's period claims, by measure and period."""
        return [said for _, said in sorted(self._claims.get(vendor, {}).items())]

    def revision(self, vendor: str) -> int:
        """A number that grows when anything this ledger knows of the vendor may have changed; it stands for no order."""
        return self._revisions[vendor]

    @property
    def as_of(self) -> float | None:
        """The latest time a casebook has judged as of, None before the first."""
        return max(self._as_of.values(), default=None)

    def judged_by_all(self, partitions: int) -> float | None:
        """The time (seconds) that each of so many casebooks has judged as of, None while one has said nothing."""
        return min(self._as_of.values()) if len(self._as_of) >= partitions else None

    def cells(self) -> dict[CellKey, Cell]:
        """The sums over all casebooks, empty cells left out."""
        return {key: cell for vendor in self._sums.keys() | self._stale.keys() for key, cell in self.of(vendor).items()}

    def of(self, vendor: str) -> Cells:
        """The same of one vendor. It follows the ledger: what changes is another object after the next time it is asked for."""
        sums = self._sums.setdefault(vendor, {})
        for key in self._stale.pop(vendor, ()):
            total = _total(self._said(key))
            if total.empty:
                sums.pop(key, None)
            else:
                sums[key] = total
        return sums

    def counts(self, vendor: str) -> Mapping[CellKey, Counts]:
        """The counts of the same cells. It follows the ledger as :meth:`of` does."""
        counts = self._counts.setdefault(vendor, {})
        for key in self._uncounted.pop(vendor, ()):
            said = self._said(key)
            if all(cell.empty for cell in said):
                counts.pop(key, None)
            else:
                counts[key] = _sum(cell.counts for cell in said)
        return counts

    def _said(self, key: CellKey) -> list[Cell]:
        """What counts of a cell: a snapshot older than its casebook's whole set does not."""
        said = self._cells[key].items()
        return [cell for partition, (at, cell) in said if at >= self._complete.get(partition, at)]

    def _change(self, key: CellKey) -> None:
        self._stale.setdefault(key.vendor, set()).add(key)
        self._uncounted.setdefault(key.vendor, set()).add(key)
        self._revisions[key.vendor] += 1


def _total(cells: Iterable[Cell]) -> Cell:
    total = Cell()
    for cell in cells:
        total.counts = _sum((total.counts, cell.counts))
        for exposure, n in cell.exposures.items():
            total.exposures[exposure] = total.exposures.get(exposure, 0) + n
        for tally, n in cell.tallies.items():
            total.tallies[tally] = total.tallies.get(tally, 0) + n
    return total


def _order(claim: PeriodClaim) -> tuple[float, str, int, int]:
    return (claim.recorded, claim.id, claim.met, claim.total)


def _sum(counts: Iterable[Counts]) -> Counts:
    return Counts(*map(sum, zip(*counts, strict=True))) if (counts := list(counts)) else ZERO
