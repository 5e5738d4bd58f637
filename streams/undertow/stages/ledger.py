"""Ledger: what casebooks and claims say in, one ledger out. The topic is its own changelog: read from its beginning."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from undertow.clock import day_of
from undertow.domain.cells import Cell, CellKey, Exposure
from undertow.domain.contract import Contract
from undertow.domain.ledger import Cells, Figures, Ledger, figures
from undertow.domain.patterns.accusations import Cases
from undertow.domain.periods import Known, Period, known, newest
from undertow.domain.standing import Standing, blamed, edges, standing
from undertow.domain.tallied import Tallied
from undertow.domain.verdicts import Verdict, verdict
from undertow.stages.records import CellSaid, Completed, Judged, PeriodSaid, decode_for_ledger


def fold(ledger: Ledger, value: bytes) -> None:
    """One record of ``undertow.cells``."""
    match decode_for_ledger(value):
        case CellSaid(partition, position, key, counts, exposures, tallies):
            cell = Cell(counts, {Exposure(topic, others): n for topic, others, n in exposures}, dict(tallies))
            ledger.put(partition, position, key, cell)
        case Completed(partition, position):
            ledger.complete(partition, position)
        case Judged(partition, as_of):
            ledger.judged(partition, as_of)
        case PeriodSaid(claim):
            ledger.claim(claim)


class Statement(Struct, frozen=True):
    """All that is shown of the vendors, of one moment. ``as_of`` in seconds, None before the first judgement."""

    figures: tuple[tuple[Figures, Verdict], ...] = ()
    standings: tuple[Standing, ...] = ()
    as_of: float | None = None


class Speaker:
    """States how vendors stand, and says nothing anew of a vendor of whom nothing changed, neither cells nor days.

    ``periods`` chooses what is examined for patterns: by default the newest period that is over. The statement is a
    function of the ledger: what was said before only saves work.
    """

    def __init__(
        self,
        contracts: Mapping[str, Contract],
        periods: Callable[[Contract, Known, Cells], Sequence[Period]] | None = None,
    ) -> None:
        self._contracts = contracts
        self._periods = periods or _newest
        self._said: dict[str, tuple[object, list[tuple[Figures, Verdict]], Standing]] = {}
        self._asked: object = None
        self._last = Statement()

    def state(self, ledger: Ledger) -> Statement:
        """Everything as of the time the ledger is judged as of."""
        as_of = ledger.as_of
        if as_of is None:
            return Statement()
        upto = {name: known(contract, as_of, day_of(contract.time_zone)) for name, contract in self._contracts.items()}
        revisions = {name: ledger.revision(name) for name in self._contracts}
        asked = (id(ledger), upto, revisions)
        if asked != self._asked:
            self._asked = asked
            self._last = self._anew(ledger, as_of, upto, revisions)
        return Statement(self._last.figures, self._last.standings, as_of)
