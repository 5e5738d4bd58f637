"""The cells as sums of what the tickets add."""

from __future__ import annotations

from undertow.domain.cells import Cell, CellKey, Contribution, Share, bucket
from undertow.stages.contacts import Contacts, Ticket


class Sums:
    """Cells changed by contribution(new) - contribution(old)."""

    def __init__(self) -> None:
        self.cells: dict[CellKey, Cell] = {}
        self._shares: dict[CellKey, dict[Share, Share]] = {}
        """One object for all equal shares of a cell: most tickets of a day add the same."""

    def give(self, ticket: Ticket, new: Contribution) -> set[CellKey]:
        """Let the ticket add ``new`` instead of what it added before. Returns the cells that changes."""
        old = ticket.given
        if new == old:
            return set()
        new = tuple([self._shares.setdefault(share.key, {}).setdefault(share, share) for share in new])
        changed = set()
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
                del self.cells[share.key], self._shares[share.key]
        ticket.given = new
        return changed

    def expose(self, contacts: Contacts) -> set[CellKey]:
        """Move the exposures of a customer's tickets, and nothing else of them: no facts need be read for it."""
        changed = set()
        for ticket in contacts.tickets:
            changed |= self._expose(ticket, bucket(contacts.others(ticket)))
        return changed

    def _expose(self, ticket: Ticket, others: int) -> set[CellKey]:
        """Let the ticket's exposure be that of a customer with so many ``others``; nothing else of it moves."""
        if not ticket.given or (before := ticket.given[-1]).exposure is None or before.exposure.others == others:
            return set()
        exposure = before.exposure._replace(others=others)
        share = before._replace(exposure=exposure)
        share = self._shares[share.key].setdefault(share, share)
        self.cells[share.key].move(before.exposure, exposure)
        ticket.given = (*ticket.given[:-1], share)
        return {share.key}

    def _cell(self, key: CellKey) -> Cell:
        cell = self.cells.get(key)
        if cell is None:
            cell = self.cells[key] = Cell()
        return cell
