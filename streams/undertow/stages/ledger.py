"""Ledger: what casebooks and claims say in, one ledger out. The topic is its own changelog: read from its beginning."""

from __future__ import annotations

from undertow.domain.cells import Cell, Exposure
from undertow.domain.ledger import Ledger
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
