"""The cells as sums of what the tickets add."""

from __future__ import annotations

from undertow.domain.cells import Cell, CellKey, Contribution, bucket, exposed
from undertow.stages.contacts import Contacts, Ticket
from undertow.stages.shared import Shared


class Sums:
    """Cells changed by contribution(new) - contribution(old)."""

    def __init__(self) -> None:
        self.cells: dict[CellKey, Cell] = {}
        self._shared = Shared()

    def give(self, ticket: Ticket, new: Contribution) -> set[CellKey]:
        """Let the ticket add ``new`` instead of what it added before. Returns the cells that changes."""
        cells = tuple([share.key for share in new])
        added = tuple([(share.counts, share.exposure, share.tallies) for share in new])
        if added == ticket.added and cells == ticket.cells:
            return set()
        old, changed = ticket.given, set()
        for share in new:
            if share not in old:
                self._cell(share.key).add(share, 1)
                changed.add(share.key)
        for share in old:
            if share not in new:
                self._cell(share.key).add(share, -1)
                changed.add(share.key)
        for share in old:
            if (cell := self.cells.get(share.key)) is not None and cell.empty:
                del self.cells[share.key]
        ticket.cells, ticket.added = self._shared.one(cells), self._shared.one(added)
        return changed

    def expose(self, contacts: Contacts) -> set[CellKey]:
        """Move the exposures of a customer's tickets, and nothing else of them: no facts need be read for it."""
        changed = set()
        for ticket in contacts.tickets:
            changed |= self._expose(ticket, bucket(contacts.others(ticket)))
        return changed

    def _expose(self, ticket: Ticket, others: int) -> set[CellKey]:
        """Let the ticket's exposure be that of a customer with so many ``others``; nothing else of it moves."""
        if not ticket.added:
            return set()
        counts, before, tallies = ticket.added[-1]
        if before is None or before.others == others:
            return set()
        key, now = ticket.cells[-1], exposed(before.topic, others)
        self.cells[key].move(before, now)
        ticket.added = self._shared.one((*ticket.added[:-1], (counts, now, tallies)))
        return {key}

    def _cell(self, key: CellKey) -> Cell:
        cell = self.cells.get(key)
        if cell is None:
            cell = self.cells[key] = Cell()
        return cell
