"""Ledger: what casebooks and claims say in, an overview of all vendors out.

The topic is its own changelog: it is read from its beginning.
"""

from __future__ import annotations

from collections.abc import Mapping, Set

from msgspec.structs import replace

from undertow.clock import day_of
from undertow.domain.agreement.contract import Contract
from undertow.domain.agreement.periods import Known, Period, every, known, newest
from undertow.domain.counting.ledger import Cells, Figures, Ledger
from undertow.domain.counting.windows import Chances, Windows, chances
from undertow.domain.figures.tallies import Tallied
from undertow.domain.patterns.accusations import Cases
from undertow.domain.standing import Overview, Standing, blamed, edges, standing, together
from undertow.domain.verdicts import Verdict, verdict
from undertow.stages.night import Night
from undertow.stages.records import CellSaid, Completed, Judged, PeriodSaid, decode_for_ledger

Shown = tuple[tuple[Figures, Verdict], ...]


def fold(ledger: Ledger, value: bytes, night: Night | None = None) -> None:
    """One record of ``undertow.cells``; what is said of customers goes to ``night``."""
    said = decode_for_ledger(value)
    match said:
        case CellSaid(partition, position, key, counts, exposures, tallies):
            ledger.put(partition, position, key, ledger.cell(counts, exposures, tallies))
        case Completed(partition, position):
            ledger.complete(partition, position)
        case Judged(partition, as_of):
            ledger.judged(partition, as_of)
        case PeriodSaid(claim):
            ledger.claim(claim)
        case _:
            if night is not None:
                night.fold(said)


class Speaker:
    """States how vendors stand, and reckons nothing anew of a vendor of whom nothing changed, neither cells nor days.

    Of a history that ``ended`` at a time (seconds) every period is examined for patterns, and its last days are those
    before the end; of a living one the newest period that is over, and the days up to now.
    """

    def __init__(self, ledger: Ledger, contracts: Mapping[str, Contract], ended: float | None = None) -> None:
        self._ledger, self._contracts, self._ended = ledger, contracts, ended
        self._kept: dict[str, tuple[object, Standing]] = {}
        self._tallied: dict[str, Tallied] = {}
        self._windows: dict[str, Windows] = {}
        self._chances: dict[str, tuple[object, Chances]] = {}
        self._shown: dict[str, tuple[object, Shown]] = {}
        self._upto: dict[str, Known] = {}
        self._asked: object = None
        self._last = Overview()

    def state(self) -> Overview:
        """Everything as of the time the ledger is judged as of: a function of the ledger, whenever it is asked for."""
        as_of = self._ledger.as_of
        if as_of is None:
            return Overview()
        self._upto = self._known(as_of)
        asked = self._upto, {name: self._ledger.revision(name) for name in self._contracts}
        if asked != self._asked:
            self._asked, self._last = asked, self._anew(as_of)
        return replace(self._last, as_of=as_of)

    def counted(self) -> Overview:
        """The figures as they stand, for a small part of the cost.

        What chance would bring to them and all that stands beside them are of the last :meth:`state`. A new day makes
        another overview of everything, for each window holds other days then.
        """
        as_of = self._ledger.as_of
        if as_of is None or self._known(as_of) != self._upto:
            return self.state()
        return replace(self._last, figures=self._figures(), as_of=as_of)

    def _known(self, as_of: float) -> dict[str, Known]:
        return {name: known(contract, as_of, day_of(contract.time_zone)) for name, contract in self._contracts.items()}

    def _anew(self, as_of: float) -> Overview:
        own = {name: self._ledger.of(name) for name in self._contracts}
        standings: list[Standing] = []
        blames: dict[tuple[str, Period], Cases] = {}
        for name, contract in self._contracts.items():
            upto = self._upto[name]
            periods = self._periods(contract, upto, own[name])
            others: dict[Period, Cases] = {}
            for period in periods:
                for other, cells in own.items():
                    if (other, period) not in blames:
                        blames[other, period] = blamed(cells, period)
                others[period] = together(blames[other, period] for other in own if other != name)
            revision = self._ledger.revision(name)
            basis = (revision, upto, others)
            before = self._kept.get(name)
            if before is None or before[0] != basis:
                reach = upto if self._ended is None else _up_to(upto, day_of(contract.time_zone)(self._ended))
                found = standing(
                    self._tallied_of(name, own[name], edges(reach, periods)),
                    self._ledger.versions(name),
                    contract,
                    reach,
                    others,
                )
                before = self._kept[name] = (basis, found)
            standings.append(before[1])
            if name not in self._chances or self._chances[name][0] != (revision, upto):
                self._chances[name] = ((revision, upto), chances(own[name], contract, upto.mature))
        return Overview(self._figures(), tuple(standings), as_of)

    def _figures(self) -> Shown:
        """Every vendor's figures, by the chances that are known of them."""
        found: list[tuple[Figures, Verdict]] = []
        for name, contract in self._contracts.items():
            basis, expected = self._chances[name]
            revision = self._ledger.revision(name)
            before = self._shown.get(name)
            if before is None or before[0] != (revision, basis):
                rows = self._windows_of(contract).figures(expected)
                before = self._shown[name] = ((revision, basis), tuple([(row, verdict(row, contract)) for row in rows]))
            found += before[1]
        return tuple(found)

    def _windows_of(self, contract: Contract) -> Windows:
        """The vendor's counts, of which only what changed is moved while the days stay the same."""
        last = self._upto[contract.vendor].mature
        windows = self._windows.get(contract.vendor)
        if windows is None or windows.last != last:
            windows = self._windows[contract.vendor] = Windows(contract, last)
        windows.update(self._ledger.counts(contract.vendor))
        return windows

    def _tallied_of(self, name: str, cells: Cells, at: Set[int]) -> Tallied:
        """The vendor's sums, of which only what changed is added up anew while the days stay the same."""
        tallied = self._tallied.get(name)
        if tallied is None or set(tallied.edges) != at:
            tallied = self._tallied[name] = Tallied(cells, at)
        else:
            tallied.update(cells)
        return tallied

    def _periods(self, contract: Contract, upto: Known, cells: Cells) -> list[Period]:
        if self._ended is None:
            return [newest(contract.period, upto.complete)]
        first = min((key.day for key in cells), default=upto.complete + 1)
        return every(contract.period, first, upto.complete)


def _up_to(upto: Known, day: int) -> Known:
    return upto._replace(complete=min(upto.complete, day), ended=day)
