"""The ledger: cells of all casebooks in, figures of each vendor, segment and window out. Figures are pure functions of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import accumulate
from math import fsum, pow
from typing import Final

from msgspec import Struct

from undertow.domain.cells import ZERO, Cell, CellKey, Counts, Exposure, middle
from undertow.domain.contract import DAY, WINDOWS, Contract
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
    """All casebooks' cells, each by the highest position that spoke of it. Folding in any order gives the same ledger."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, CellKey], tuple[Position, Cell]] = {}
        self._complete: dict[int, Position] = {}
        self._as_of: dict[int, float] = {}
        self._claims: dict[tuple[str, str, int, int], PeriodClaim] = {}

    def put(self, partition: int, position: Position, key: CellKey, cell: Cell) -> None:
        """A snapshot of one cell of one casebook partition."""
        known = self._cells.get((partition, key))
        if known is None or position >= known[0]:
            self._cells[partition, key] = (position, cell)

    def complete(self, partition: int, position: Position) -> None:
        """The owner has published its whole set at ``position``: an older cell it lacks is empty."""
        known = self._complete.get(partition)
        if known is None or position > known:
            self._complete[partition] = position

    def judged(self, partition: int, as_of: float) -> None:
        """A casebook has judged as of a time (seconds)."""
        self._as_of[partition] = max(as_of, self._as_of.get(partition, as_of))

    def claim(self, claim: PeriodClaim) -> None:
        """A period claim: the version with the highest recorded time wins, ties by id, then by what it says."""
        known = self._claims.get(claim.identity)
        if known is None or _order(claim) > _order(known):
            self._claims[claim.identity] = claim

    def claims(self) -> list[PeriodClaim]:
        """The period claims that stand, by vendor, measure and period."""
        return [self._claims[identity] for identity in sorted(self._claims)]

    @property
    def as_of(self) -> float | None:
        """The latest time a casebook has judged as of, None before the first."""
        return max(self._as_of.values(), default=None)

    def cells(self) -> dict[CellKey, Cell]:
        """The sums over all casebooks, empty cells left out."""
        sums: dict[CellKey, Cell] = {}
        for (partition, key), (position, cell) in self._cells.items():
            if position < self._complete.get(partition, position) or cell.empty:
                continue
            total = sums.setdefault(key, Cell(ZERO, {}))
            total.counts = _sum((total.counts, cell.counts))
            for exposure, n in cell.exposures.items():
                total.exposures[exposure] = total.exposures.get(exposure, 0) + n
        return sums


def figures(cells: Cells, contract: Contract, as_of: float, day: Callable[[float], int]) -> list[Figures]:
    """Every window's figures of one vendor: all segments together, then each segment if the contract tells them apart.

    A window of n days ends with the newest day whose tickets are all mature: a window that ended today would hold none.
    """
    own = {key: cell for key, cell in cells.items() if key.vendor == contract.vendor}
    if not own:
        return []
    last = day((as_of if contract.as_of is None else contract.as_of) - contract.follow_up) - 1
    segments = [ALL, *sorted({key.segment for key in own} - {ALL})] if contract.segments else [ALL]
    chance = _Chance(own, contract.repeat_window)
    found = []
    for segment in segments:
        chosen = {key: cell for key, cell in own.items() if segment in {ALL, key.segment}}
        for window in (*WINDOWS, None):
            inside = {k: c for k, c in chosen.items() if window is None or last - window < k.day <= last}
            later = {k: c for k, c in chosen.items() if window is None or k.day > last}
            found.append(_figures(contract.vendor, segment, f"{window}d" if window else ALL, inside, later, chance))
    return found


def _figures(vendor: str, segment: str, window: str, inside: Cells, later: Cells, chance: _Chance) -> Figures:
    total = _sum(cell.counts for cell in inside.values())
    # fsum: cells may stand in any order, and equal ledgers must give equal figures to the last bit
    expected = fsum(chance.expected(key.day, cell.exposures) for key, cell in inside.items())
    waiting = _sum(cell.counts for cell in {**inside, **later}.values())
    return Figures(
        vendor=vendor,
        segment=segment,
        window=window,
        tickets=total.opened,
        immature=waiting.solved - waiting.mature,
        reported=Rate(total.reported_met, total.claimed),
        actual=Rate(total.reported_met - total.reported_met_but_bad, total.claimed),
        hidden=Rate(total.reported_met_but_bad, total.reported_met),
        reopened=Rate(total.reopened, total.mature),
        reopened_claimed=Rate(total.reopened_claimed, total.claimed),
        repeat_contact=Rate(total.repeat_contact, total.repeat_eligible),
        by_chance=Rate(expected, total.repeat_eligible),
        flicker=total.flicker,
    )


class _Chance:
    """The chance level of repeat contacts.

    Deal each of a customer's other tickets an opening time and a topic at random from the vendor's own tickets: it is a
    repeat contact of a ticket solved on day d with topic k with probability p = (share of the vendor's tickets opened in
    the repeat window after d) x (share of topic k). With m others, the chance of at least one is 1 - (1 - p)^m. This is
    the expectation of shuffling the customers of the log; rates of tickets opened are the vendor's, how often a customer
    makes contact is the customer's own.
    """

    def __init__(self, cells: Cells, window: float) -> None:
        topics: Counter[int] = Counter()
        opened: defaultdict[int, int] = defaultdict(int)
        for key, cell in cells.items():
            opened[key.day] += cell.counts.opened
            for exposure, n in cell.exposures.items():
                topics[exposure.topic] += n
        known = sum(topics.values())
        self._topic = {topic: n / known for topic, n in topics.items()}
        self._first = min(opened, default=0)
        days = range(self._first, max(opened, default=-1) + 1)
        self._opened = list(accumulate((opened.get(day, 0) for day in days), initial=0))
        self._days = max(1, round(window / DAY))

    def expected(self, day: int, exposures: Mapping[Exposure, int]) -> float:
        """How many of the tickets solved on ``day`` would be followed by a repeat contact by chance."""
        total = self._opened[-1]
        if not total:
            return 0.0
        in_time = (self._before(day + 1 + self._days) - self._before(day + 1)) / total
        return sum(
            n * (1.0 - pow(1.0 - in_time * self._topic[exposure.topic], middle(exposure.others)))
            for exposure, n in sorted(exposures.items())
        )

    def _before(self, day: int) -> int:
        """Tickets opened before ``day``."""
        return self._opened[min(max(day - self._first, 0), len(self._opened) - 1)]


def _order(claim: PeriodClaim) -> tuple[float, str, int, int]:
    return (claim.recorded, claim.id, claim.met, claim.total)


def _sum(counts: Iterable[Counts]) -> Counts:
    return Counts(*map(sum, zip(*counts, strict=True))) if (counts := list(counts)) else ZERO
