"""Figures of one vendor over each window: its counts, moved by what changes, and what chance would bring to the same days.

A window of n days ends with the newest day whose tickets are all mature: a window that ended today would hold none.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from math import fsum
from operator import add, sub
from typing import Final

from undertow.domain.agreement.contract import WINDOWS, Contract
from undertow.domain.agreement.periods import known
from undertow.domain.counting.cells import ZERO, CellKey, Counts
from undertow.domain.counting.chance import Chance
from undertow.domain.counting.ledger import ALL, Cells, Figures, Rate

Chances = Mapping[tuple[str, str], Rate]
"""By segment and window: how many repeat contacts there would be by chance, of how many tickets."""
NAMES: Final = (*(f"{window}d" for window in WINDOWS), ALL)
_OLDER: Final = len(WINDOWS)
_NEWER: Final = _OLDER + 1
_UNKNOWN: Final = Rate(0.0, 0)


class Windows:
    """Counts by segment and stretch of days, up to the day ``last``. They follow the cells, in whatever order those come."""

    def __init__(self, contract: Contract, last: int) -> None:
        self.last: Final = last
        self._contract = contract
        self._known: dict[CellKey, Counts] = {}
        self._sums: dict[str, list[Counts]] = {}

    def update(self, counts: Mapping[CellKey, Counts]) -> None:
        """Make them the sums of these counts, all of this vendor's. A change is told by another object."""
        known = self._known
        for key, new in counts.items():
            if (old := known.get(key)) is not new:
                known[key] = new
                self._move(key, old or ZERO, new)
        if len(known) > len(counts):
            for key in known.keys() - counts.keys():
                self._move(key, known.pop(key), ZERO)

    def figures(self, chances: Chances) -> list[Figures]:
        """All segments together, then each if the contract tells them apart."""
        segments = sorted({key.segment for key in self._known})
        if not segments:
            return []
        found = self._rows(ALL, [self._sums[segment] for segment in segments], chances)
        if self._contract.segments:
            for segment in segments:
                if segment != ALL:
                    found += self._rows(segment, [self._sums[segment]], chances)
        return found

    def _move(self, key: CellKey, old: Counts, new: Counts) -> None:
        sums = self._sums.setdefault(key.segment, [ZERO] * (_NEWER + 1))
        place = _place(self.last, key.day)
        sums[place] = Counts._make(map(add, sums[place], map(sub, new, old)))

    def _rows(self, segment: str, parts: list[list[Counts]], chances: Chances) -> list[Figures]:
        """The windows of some segments together, each holding the one before it."""
        stretches = parts[0] if len(parts) == 1 else [_sum(same) for same in zip(*parts, strict=True)]
        newer = stretches[_NEWER]
        total, found = ZERO, []
        for place, name in enumerate(NAMES):
            total = _sum((total, stretches[place]))
            waiting = newer.solved - newer.mature
            if place == _OLDER:
                total, waiting = _sum((total, newer)), 0
            by_chance = chances.get((segment, name), _UNKNOWN)
            waiting += total.solved - total.mature
            found.append(_figures(self._contract.vendor, segment, name, total, waiting, by_chance))
        return found


def chances(cells: Cells, contract: Contract, last: int) -> Chances:
    """What chance would bring to the windows of one vendor's cells that end with the day ``last``.

    Every opening moves the chance level of every cell, so there is nothing to keep of it.
    """
    chance = Chance(cells, contract.repeat_window)
    stretches: dict[str, list[_Stretch]] = {}
    for key, cell in cells.items():
        into = stretches.get(key.segment)
        if into is None:
            into = stretches[key.segment] = [([], []) for _ in range(_NEWER + 1)]
        expected, eligible = into[_place(last, key.day)]
        if cell.exposures:
            expected.append(chance.expected(key.day, cell.exposures))
        eligible.append(cell.counts.repeat_eligible)
    found = dict(_chances(ALL, list(stretches.values())))
    for segment in stretches.keys() - {ALL} if contract.segments else ():
        found.update(_chances(segment, [stretches[segment]]))
    return found


def figures(cells: Cells, contract: Contract, as_of: float, day: Callable[[float], int]) -> list[Figures]:
    """Every window's figures of one vendor as of a time (seconds), other vendors' cells left out."""
    own = {key: cell for key, cell in cells.items() if key.vendor == contract.vendor}
    last = known(contract, as_of, day).mature
    windows = Windows(contract, last)
    windows.update({key: cell.counts for key, cell in own.items()})
    return windows.figures(chances(own, contract, last))


def period_figures(vendor: str, window: str, total: Counts, expected: float) -> Figures:
    """The figures of all segments over days of their own; ``expected``: repeat contacts by chance."""
    by_chance = Rate(expected, total.repeat_eligible)
    return _figures(vendor, ALL, window, total, total.solved - total.mature, by_chance)


_Stretch = tuple[list[float], list[int]]
"""The cells of some days: how many repeat contacts chance would bring to each, and to how many tickets."""


def _place(last: int, day: int) -> int:
    """Of the smallest window that holds the day; then come all older days, and all newer."""
    return bisect_left(WINDOWS, last - day + 1) if day <= last else _NEWER


def _chances(segment: str, parts: list[list[_Stretch]]) -> Iterator[tuple[tuple[str, str], Rate]]:
    expected, eligible = list[float](), 0
    for place, name in enumerate(NAMES):
        for stretches in parts:
            for some, n in (stretches[place], *((stretches[_NEWER],) if place == _OLDER else ())):
                expected += some
                eligible += sum(n)
        # fsum: cells may stand in any order, and equal ledgers must give equal figures to the last bit
        yield (segment, name), Rate(fsum(expected), eligible)


def _figures(vendor: str, segment: str, window: str, total: Counts, immature: int, by_chance: Rate) -> Figures:
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
        by_chance=by_chance,
        flicker=total.flicker,
    )


def _sum(counts: Iterable[Counts]) -> Counts:
    return Counts._make(map(sum, zip(*counts, strict=True)))
