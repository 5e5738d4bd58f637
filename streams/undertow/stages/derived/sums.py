"""The cells as sums of what the tickets add."""

from __future__ import annotations

from itertools import chain, zip_longest

from undertow.domain.counting.cells import NO_MORE, Added, Cell, CellKey, Contribution, Exposure, bucket, exposed
from undertow.stages.derived.contacts import Contacts, Ticket
from undertow.stages.derived.shared import Shared


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
        one, changed = self._shared.one, set()
        added = tuple([(counts, exposure, one(tallies)) for counts, exposure, tallies in added])
        before = zip(ticket.cells, ticket.added, strict=True)
        for was, now in zip_longest(before, zip(cells, added, strict=True)):
            if was is not None and now is not None and was[0] == now[0]:
                if was[1] != now[1]:
                    self._cell(now[0]).change(was[1], now[1])
                    changed.add(now[0])
                continue
            if now is not None:
                self._cell(now[0]).change(NO_MORE, now[1])
                changed.add(now[0])
            if was is not None:
                self._cell(was[0]).change(was[1], NO_MORE)
                changed.add(was[0])
        for key in ticket.cells:
            if (cell := self.cells.get(key)) is not None and cell.empty:
                del self.cells[key]
        ticket.cells, ticket.added = one(cells), self._whole(added)
        return changed

    def expose(self, contacts: Contacts) -> set[CellKey]:
        """Move the exposures of a customer's tickets, and nothing else of them: no facts need be read for it."""
        changed, opened = set(), contacts.opened
        for ticket in contacts.tickets:
            if ticket.added and (before := ticket.added[-1][1]) is not None:
                others = bucket(opened - (ticket.opened_at is not None))
                if before.others != others:
                    changed.add(self._expose(ticket, before, others))
        return changed

    def _expose(self, ticket: Ticket, before: Exposure, others: int) -> CellKey:
        """Let the ticket's exposure be that of a customer with so many ``others``; nothing else of it moves."""
        counts, _, tallies = ticket.added[-1]
        key, now = ticket.cells[-1], exposed(before.topic, others)
        self.cells[key].move(before, now)
        ticket.added = self._whole((*ticket.added[:-1], (counts, now, tallies)))
        return key

    def _whole(self, added: tuple[Added, ...]) -> tuple[Added, ...]:
        """One object for all tickets that add the same: of each part there is hardly a second."""
        return self._shared.made(added, chain.from_iterable(added))

    def _cell(self, key: CellKey) -> Cell:
        cell = self.cells.get(key)
        if cell is None:
            cell = self.cells[key] = Cell()
        return cell
