"""The ledger loop: what casebooks say in; figures on the board out, while this worker owns the one partition."""

from __future__ import annotations

from collections.abc import Mapping

from faust.types import TP

from undertow.agents.transport import Span
from undertow.clock import day_of
from undertow.domain.contract import Contract
from undertow.domain.ledger import Ledger, figures
from undertow.domain.verdicts import verdict
from undertow.metrics.board import Board
from undertow.stages.ledger import fold


class LedgerLoop:
    """Handles spans of the cells topic, which is read from its beginning at every assignment."""

    def __init__(self, topic: str, contracts: Mapping[str, Contract], board: Board) -> None:
        self.partition = TP(topic, 0)
        self._contracts, self._board = contracts, board
        self._ledger = Ledger()
        self._changed = True

    async def ledger(self, span: Span) -> None:
        """One span."""
        for record in span.records:
            if record.value is not None:
                fold(self._ledger, record.value)
        self._changed = True

    def revoked(self) -> None:
        """Another worker may speak for the vendors from now on."""
        self._board.withdraw()
        self._ledger = Ledger()
        self._changed = True

    def expose(self) -> None:
        """Show the figures, if anything changed. Call only while the partition is ours and read to its end."""
        if not self._changed:
            return
        self._changed = False
        as_of = self._ledger.as_of
        shown = []
        if as_of is not None:
            cells = self._ledger.cells()
            for contract in self._contracts.values():
                rows = figures(cells, contract, as_of, day_of(contract.time_zone))
                shown += [(row, verdict(row, contract)) for row in rows]
        self._board.expose(shown, self._ledger.claims(), as_of, self._contracts)
