"""The ledger loop: what casebooks say in; figures on the board out, while this worker owns the one partition."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from faust.types import TP

from undertow.agents.transport import Span
from undertow.domain.contract import Contract
from undertow.domain.ledger import Ledger
from undertow.metrics.board import Board
from undertow.stages.ledger import Speaker, fold

SHARE: Final = 0.1
"""Of the loop's time at most so much goes into figures: with very many vendors they come less often than each beat."""


class LedgerLoop:
    """Handles spans of the cells topic, which is read from its beginning at every assignment."""

    def __init__(self, topic: str, contracts: Mapping[str, Contract], board: Board) -> None:
        self.partition = TP(topic, 0)
        self._contracts, self._board = contracts, board
        self._begin()

    def _begin(self) -> None:
        self._ledger = Ledger()
        self._speaker = Speaker(self._ledger, self._contracts)
        self._changed = True
        self._not_before = 0.0

    async def ledger(self, span: Span) -> None:
        """One span."""
        for record in span.records:
            if record.value is not None:
                fold(self._ledger, record.value)
        self._changed = True

    def revoked(self) -> None:
        """Another worker may speak for the vendors from now on."""
        self._board.withdraw()
        self._begin()

    def expose(self) -> None:
        """Show the figures, if anything changed. Call only while the partition is ours and read to its end."""
        begun = time.monotonic()
        if not self._changed or begun < self._not_before:
            return
        self._changed = False
        self._board.expose(self._speaker.state(), self._contracts)
        now = time.monotonic()
        self._not_before = now + (now - begun) * (1 / SHARE - 1)
