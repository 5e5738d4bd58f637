"""The ledger: cells of all casebooks in, figures of each vendor, segment and window out. Figures are pure functions of it."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from math import fsum
from typing import Any, Final, TypeVar

from msgspec import Struct

from undertow.domain.cells import ZERO, Cell, CellKey, Counts
from undertow.domain.chance import Chance
from undertow.domain.contract import WINDOWS, Contract
from undertow.domain.periods import known
from undertow.domain.statistics import wilson

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


class Ledger:
    """All casebooks' cells, each by the highest position that spoke of it. Folding in any order gives the same ledger.

    Its sums are kept, and only those added up anew whose cells changed.
    """

    def __init__(self) -> None:
        self._cells: dict[CellKey, dict[int, tuple[Position, Cell]]] = {}
        self._complete: dict[int, Position] = {}
        self._as_of: dict[int, float] = {}
        self._claims: dict[str, dict[tuple[str, str, int, int], tuple[PeriodClaim, PeriodClaim]]] = {}
        self._sums: dict[CellKey, Cell] = {}
        self._stale: set[CellKey] = set()
        self._known: dict[Any, Any] = {}
        """One object for all equal tallies and exposures: there are few of them, in very many cells."""
        self._revisions: Counter[str] = Counter()

    def put(self, partition: int, position: Position, key: CellKey, cell: Cell) -> None:
        """A snapshot of one cell of one casebook partition."""
        said = self._cells.setdefault(key, {})
        before = said.get(partition)
        if before is None or position >= before[0]:
            said[partition] = (position, Cell(cell.counts, self._one(cell.exposures), self._one(cell.tallies)))
            self._stale.add(key)
            self._revisions[key.vendor] += 1

    def complete(self, partition: int, position: Position) -> None:
        """The owner has published its whole set at ``position``: an older cell it lacks is empty."""
        before = self._complete.get(partition)
        if before is None or position > before:
            self._complete[partition] = position
            for key, said in self._cells.items():
                if partition in said and said[partition][0] < position:
                    self._stale.add(key)
                    self._revisions[key.vendor] += 1

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

    def _one(self, counted: Mapping[What, int]) -> dict[What, int]:
        return {self._known.setdefault(what, what): n for what, n in counted.items()}

    @property
    def as_of(self) -> float | None:
        """The latest time a casebook has judged as of, None before the first."""
        return max(self._as_of.values(), default=None)

    def judged_by_all(self, partitions: int) -> float | None:
        """The time (seconds) that each of so many casebooks has judged as of, None while one has said nothing."""
        return min(self._as_of.values()) if len(self._as_of) >= partitions else None

    def cells(self) -> dict[CellKey, Cell]:
        """The sums over all casebooks, empty cells left out."""
        for key in self._stale:
            said = self._cells[key].items()
            total = _total([cell for partition, (at, cell) in said if at >= self._complete.get(partition, at)])
            if total.empty:
                self._sums.pop(key, None)
            else:
                self._sums[key] = total
        self._stale.clear()
        return dict(self._sums)


def _total(cells: Iterable[Cell]) -> Cell:
    total = Cell()
    for cell in cells:
        total.counts = _sum((total.counts, cell.counts))
        for exposure, n in cell.exposures.items():
            total.exposures[exposure] = total.exposures.get(exposure, 0) + n
        for tally, n in cell.tallies.items():
            total.tallies[tally] = total.tallies.get(tally, 0) + n
    return total


def figures(cells: Cells, contract: Contract, as_of: float, day: Callable[[float], int]) -> list[Figures]:
    """Every window's figures of one vendor: all segments together, then each segment if the contract tells them apart.

    A window of n days ends with the newest day whose tickets are all mature: a window that ended today would hold none.
    """
    own = {key: cell for key, cell in cells.items() if key.vendor == contract.vendor}
    if not own:
        return []
    last = known(contract, as_of, day).mature
    chance = Chance(own, contract.repeat_window)
    stretches: dict[str, list[_Stretch]] = {}
    for key, cell in own.items():
        into = stretches.setdefault(key.segment, [([], []) for _ in range(len(WINDOWS) + 2)])
        # the place of the smallest window that holds the day; before the last place all older days, at the last all newer
        counts, expected = into[bisect_left(WINDOWS, last - key.day + 1) if key.day <= last else -1]
        counts.append(cell.counts)
        expected.append(chance.expected(key.day, cell.exposures))
    found = _rows(contract.vendor, ALL, [stretches[segment] for segment in sorted(stretches)])
    if contract.segments:
        for segment in sorted(stretches.keys() - {ALL}):
            found += _rows(contract.vendor, segment, [stretches[segment]])
    return found


_Stretch = tuple[list[Counts], list[float]]
"""The cells of some days: their counts, and how many repeat contacts chance would bring to each."""


def _rows(vendor: str, segment: str, stretches: list[list[_Stretch]]) -> list[Figures]:
    """The windows of some segments together, each holding the one before it."""
    total, by_chance = ZERO, list[float]()
    newer = _sum(counts for stretch in stretches for counts in stretch[-1][0])
    found = []
    for place, window in enumerate((*WINDOWS, None)):
        inside = [stretch[place] for stretch in stretches]
        if window is None:
            inside += [stretch[-1] for stretch in stretches]
        total = _sum([total, *(counts for some, _ in inside for counts in some)])
        by_chance += [n for _, some in inside for n in some]
        waiting = total.solved - total.mature + (newer.solved - newer.mature if window is not None else 0)
        # fsum: cells may stand in any order, and equal ledgers must give equal figures to the last bit
        expected = fsum(by_chance)
        found.append(_figures(vendor, segment, f"{window}d" if window else ALL, total, waiting, expected))
    return found


def period_figures(vendor: str, window: str, total: Counts, expected: float) -> Figures:
    """The figures of all segments over days of their own; ``expected``: repeat contacts by chance."""
    return _figures(vendor, ALL, window, total, total.solved - total.mature, expected)


def _figures(vendor: str, segment: str, window: str, total: Counts, immature: int, expected: float) -> Figures:
    return Figures(
        vendor=vendor,
        segment=segment,
        window=window,
        tickets=total.opened,
        immature=immature,
        reported=Rate(total.reported_met, total.claimed),
        actual=Rate(total.reported_met - total.reported_met_but_bad, total.claimed),
        hidden=Rate(total.reported_met_but_bad, total.reported_met),
        reopened=Rate(total.reopened, total.mature),
        reopened_claimed=Rate(total.reopened_claimed, total.claimed),
        repeat_contact=Rate(total.repeat_contact, total.repeat_eligible),
        by_chance=Rate(expected, total.repeat_eligible),
        flicker=total.flicker,
    )


def _order(claim: PeriodClaim) -> tuple[float, str, int, int]:
    return (claim.recorded, claim.id, claim.met, claim.total)


def _sum(counts: Iterable[Counts]) -> Counts:
    return Counts(*map(sum, zip(*counts, strict=True))) if (counts := list(counts)) else ZERO
