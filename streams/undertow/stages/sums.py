"""The cells as sums of what the tickets add."""

from __future__ import annotations

from msgspec.structs import astuple

from undertow.domain.cells import Cell, CellKey, Contribution, Share, bucket
from undertow.stages.contacts import Contacts, Ticket
from undertow.stages.shared import Shared


class Sums:
    """Cells changed by contribution(new) - contribution(old)."""

    def __init__(self) -> None:
        self.cells: dict[CellKey, Cell] = {}
        self._shared = Shared()

    def give(self, ticket: Ticket, new: Contribution) -> set[CellKey]:
        """Let the ticket add ``new`` instead of what it added before. Returns the cells that changes."""
        old = ticket.given
        if new == old:
            return set()
        new = self._one(new)
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
                del self.cells[share.key]
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
        self.cells[before.key].move(before.exposure, exposure)
        ticket.given = self._one((*ticket.given[:-1], Share(before.key, before.counts, exposure, before.tallies)))
        return {before.key}

    def _one(self, new: Contribution) -> Contribution:
        """Equal contributions as one object: most tickets of a day add the same, and those of all days are made of few parts."""
        one = self._shared.one
        return self._shared.get(new) or one(tuple([one(Share(*map(one, astuple(share)))) for share in new]))

    def _cell(self, key: CellKey) -> Cell:
        cell = self.cells.get(key)
        if cell is None:
            cell = self.cells[key] = Cell()
        return cell
