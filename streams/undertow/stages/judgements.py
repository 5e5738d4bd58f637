"""Everything that follows from the rows: contacts, outcomes, cells, what is due. Never stored, rebuilt after recovery.

A fact that comes in makes its ticket *owed* a judgement; :meth:`Judgements.settle` gives what is owed. A ticket that
changes five times in between is judged once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from undertow.clock import day_of
from undertow.domain.cells import Cell, CellKey, Contribution, Share, bucket
from undertow.domain.contract import Contract
from undertow.domain.facts import Seen, in_order
from undertow.domain.outcomes import Surroundings, contribution, judge
from undertow.domain.timeline import Timeline, timeline
from undertow.stages.contacts import FEW, Contacts, Few, Owner, Ticket, owner_of
from undertow.stages.due import Due
from undertow.stages.index import Many
from undertow.stages.rows import name_of
from undertow.stages.segments import Segments


class Judgements:
    """``facts_of`` reads a ticket's facts from its row."""

    def __init__(self, contracts: Mapping[str, Contract], facts_of: Callable[[bytes], list[Seen]]) -> None:
        self.cells: dict[CellKey, Cell] = {}
        self.tickets: dict[bytes, Ticket] = {}
        self.as_of = 0.0
        self._contracts = contracts
        self._facts_of = facts_of
        self._days = {vendor: day_of(contract.time_zone) for vendor, contract in contracts.items()}
        self._contacts: dict[Owner, Contacts] = {}
        self._vendors_of: defaultdict[str, set[str]] = defaultdict(set)
        self._segments = Segments()
        self._due = Due(self._due_at)
        self._changed: dict[bytes, list[Seen]] = {}
        self._stale: set[bytes] = set()
        self._shares: dict[CellKey, dict[Share, Share]] = {}
        """One object for all equal shares of a cell: most tickets of a day add the same."""

    # -- what comes in

    def ticket(self, key: bytes, facts: list[Seen]) -> None:
        """A ticket's row now holds ``facts``."""
        self._changed[key] = facts
        if key not in self.tickets:
            self._begin(key)

    def customer(self, customer: str, facts: list[Seen]) -> None:
        """A customer's row now holds ``facts``."""
        if self._segments.put(customer, facts):
            for vendor in self._vendors_of.get(customer, ()):
                contacts = self._contacts.get((vendor, customer, None))
                if contacts is not None:
                    self._stale.update([ticket.key for ticket in contacts.tickets])

    def pending(self, key: bytes) -> list[Seen] | None:
        """The facts of a ticket that changed since the last settlement: its row need not be read again."""
        return self._changed.get(key)

    @property
    def owing(self) -> bool:
        """Whether anything is owed a judgement."""
        return bool(self._changed or self._stale)

    # -- what follows

    def settle(self) -> tuple[set[CellKey], list[bytes], int]:
        """Give the judgements that are owed: cells that changed, tickets that were closed, how many were judged."""
        changed, self._changed = self._changed, {}
        return self._settle({key: self._read(key, facts) for key, facts in changed.items()})

    def rebuild(self, rows: Iterable[tuple[bytes, list[Seen]]]) -> tuple[set[CellKey], list[bytes], int]:
        """Settle a whole state. Of its facts only timelines are kept meanwhile."""
        lines = {}
        for key, facts in rows:
            self._begin(key)
            lines[key] = self._read(key, facts)
        return self._settle(lines)

    def tick(self, as_of: float) -> tuple[set[CellKey], list[bytes], int]:
        """Time passed: judge what is owed and what became due."""
        self.as_of = as_of
        cells, closed, judged = self.settle()
        while ripe := self._due.ripe(as_of):
            judged += self._judge(ripe, {}, cells, closed)
        return cells, closed, judged

    def _settle(self, lines: dict[bytes, Timeline]) -> tuple[set[CellKey], list[bytes], int]:
        cells: set[CellKey] = set()
        closed: list[bytes] = []
        stale, self._stale = self._stale, set()
        # every ticket is placed before the first judgement: a ticket's next contact does not depend on their order
        for key, line in lines.items():
            stale |= self._place(key, line, cells)
        stale.update(lines)
        return cells, closed, self._judge(stale, lines, cells, closed)

    def _begin(self, key: bytes) -> None:
        ticket = self.tickets[key] = Ticket(key)
        vendor, customer, number = name_of(key)
        if vendor not in self._contracts:
            return
        owner = owner_of(vendor, customer, number)
        contacts = self._contacts.get(owner)
        if contacts is None:
            contacts = self._contacts[owner] = Few()
            if customer is not None:
                self._vendors_of[customer].add(vendor)
        elif len(contacts.tickets) >= FEW and isinstance(contacts, Few):
            contacts = self._contacts[owner] = Many(contacts.tickets)
        contacts.add(ticket)

    def _read(self, key: bytes, facts: list[Seen]) -> Timeline:
        """The ticket's timeline; of a closed history only what had happened by then."""
        contract = self._contracts.get(name_of(key)[0])
        ordered = in_order(facts)
        if contract is not None and contract.as_of is not None:
            ordered = [fact for fact in ordered if fact.time <= contract.as_of]
        return timeline(ordered)

    def _place(self, key: bytes, line: Timeline, cells: set[CellKey]) -> set[bytes]:
        """Enter the ticket in its customer's contacts. Returns the other tickets whose outcome it may change."""
        vendor, customer, number = name_of(key)
        contract = self._contracts.get(vendor)
        if contract is None:
            return set()
        contacts = self._contacts[owner_of(vendor, customer, number)]
        touched = contacts.put(self.tickets[key], line, contract.repeat_window)
        if touched.moved:
            self._expose(contacts, cells)
        return touched.stale

    def _judge(self, keys: set[bytes], lines: dict[bytes, Timeline], cells: set[CellKey], closed: list[bytes]) -> int:
        """Judge ``keys``, and whatever closing one of them touches; move the cells by the difference."""
        judged = 0
        while keys:
            closing: set[bytes] = set()
            judged += len(keys)
            for key in keys:
                vendor, customer, number = name_of(key)
                contract = self._contracts.get(vendor)
                if contract is None:
                    continue
                line = lines.get(key) or self._read(key, self._facts_of(key))
                as_of = self.as_of if contract.as_of is None else contract.as_of
                closes_at = line.last + contract.kept_for
                if as_of >= closes_at:
                    closing.add(key)
                    continue
                ticket, contacts = self.tickets[key], self._contacts[owner_of(vendor, customer, number)]
                around = Surroundings(
                    next_return=lambda after, ticket=ticket, contacts=contacts: contacts.next_return(ticket, after),  # type: ignore[misc]
                    others=contacts.others(ticket),
                    segment=self._segments.at(customer, line.begun),
                )
                outcome = judge(line, around, customer, contract, as_of)
                if outcome.bases != ticket.bases:
                    contacts.solved(ticket, outcome.bases)
                self._give(ticket, contribution(line, around, outcome, contract, self._days[vendor]), cells)
                if contract.as_of is None:  # in a closed history time stands still
                    # whichever comes first: a vendor may claim to have resolved a ticket long after its horizon
                    matures_at = outcome.matures_at
                    waits = matures_at is not None and as_of < matures_at
                    self._wake(ticket, min(matures_at, closes_at) if waits else closes_at)  # type: ignore[type-var]
            keys = set()
            for key in closing:
                keys |= self._close(key, cells)
            keys -= closing
            closed += closing
        return judged

    def _give(self, ticket: Ticket, new: Contribution, cells: set[CellKey]) -> None:
        """Cells += contribution(new) - contribution(old)."""
        old = ticket.given
        if new == old:
            return
        new = tuple([self._shares.setdefault(share.key, {}).setdefault(share, share) for share in new])
        for share in new:
            if share not in old:
                self._cell(share.key).add(share, 1)
                cells.add(share.key)
        for share in old:
            if share not in new:
                self._cell(share.key).add(share, -1)
                cells.add(share.key)
        for share in old:
            if (cell := self.cells.get(share.key)) is not None and cell.empty:
                del self.cells[share.key], self._shares[share.key]
        ticket.given = new

    def _cell(self, key: CellKey) -> Cell:
        cell = self.cells.get(key)
        if cell is None:
            cell = self.cells[key] = Cell()
        return cell

    def _expose(self, contacts: Contacts, cells: set[CellKey]) -> None:
        """Move the exposures of a customer's tickets, and nothing else of them: no facts need be read for it."""
        for ticket in contacts.tickets:
            given = ticket.given
            if given and (before := given[-1].exposure) is not None:
                exposure = before._replace(others=bucket(contacts.others(ticket)))
                self._give(ticket, (*given[:-1], given[-1]._replace(exposure=exposure)), cells)

    def _wake(self, ticket: Ticket, when: float) -> None:
        """Remember when the ticket must be judged again; infinity is never."""
        if when != ticket.due and when != float("inf"):
            ticket.due = when
            self._due.put(ticket.key, when)

    def _due_at(self, key: bytes) -> float | None:
        ticket = self.tickets.get(key)
        return ticket.due if ticket is not None else None

    def _close(self, key: bytes, cells: set[CellKey]) -> set[bytes]:
        """Drop a ticket past its horizon. Returns the tickets that touches."""
        vendor, customer, number = name_of(key)
        ticket = self.tickets.pop(key)
        self._give(ticket, (), cells)
        owner = owner_of(vendor, customer, number)
        contacts = self._contacts[owner]
        touched = contacts.drop(ticket, self._contracts[vendor].repeat_window)
        if not contacts.tickets:
            del self._contacts[owner]
        elif touched.moved:
            self._expose(contacts, cells)
        return touched.stale
