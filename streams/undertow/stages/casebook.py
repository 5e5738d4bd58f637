"""Casebook: entries and ticks in; rows, changed cells and late entries out. One object a partition.

Rows (facts by ticket, facts by customer, the clock) are the state and only grow; everything else here - contacts,
judgements, cells, what is due - is derived, and rebuilt from the rows after recovery.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from undertow.clock import day_of
from undertow.domain.cells import Cell, CellKey, Contribution, bucket
from undertow.domain.contract import Contract
from undertow.domain.facts import Active, Seen, in_order, join
from undertow.domain.ledger import Position
from undertow.domain.outcomes import contribution, judge
from undertow.domain.timeline import Timeline, timeline
from undertow.stages.contacts import Contacts, Owner, owner_of
from undertow.stages.due import Due
from undertow.stages.effects import Done
from undertow.stages.records import CellSaid, Completed, Entry, Judged
from undertow.stages.rows import (
    CLOCK,
    ClockRow,
    CustomerRow,
    Row,
    TicketRow,
    bounded,
    customer_key,
    decode,
    encode,
    name_of,
    ticket_key,
)
from undertow.stages.segments import Segments


class Casebook:
    """The tickets of one partition's customers. ``rows`` is read, never written: the owner writes what ``Done`` says."""

    def __init__(self, partition: int, contracts: Mapping[str, Contract], rows: Mapping[bytes, bytes]) -> None:
        self.partition = partition
        self.cells: dict[CellKey, Cell] = {}
        self.as_of = 0.0
        self.epoch = 0
        self._contracts = contracts
        self._rows = rows
        self._contacts: dict[Owner, Contacts] = {}
        self._vendors_of: defaultdict[str, set[str]] = defaultdict(set)
        self._segments = Segments()
        self._given: dict[bytes, Contribution] = {}
        """Every ticket kept, and what it has added to the cells."""
        self._due = Due()
        self._rebuilt = self._rebuild()

    # -- folding

    def fold(self, entries: Iterable[Entry]) -> Done:
        """Take in facts; judge the tickets they touch."""
        done = Done()
        tickets: dict[bytes, list[Seen]] = {}
        customers: dict[str, list[Seen]] = {}
        for entry in entries:
            if entry.ticket is not None and entry.vendor is not None:
                key = ticket_key(entry.vendor, entry.customer, entry.ticket)
                if key not in tickets:
                    if key not in self._given and self._too_late(entry.vendor, entry.seen.fact.time):
                        done.late.append(entry)
                        continue
                    tickets[key] = []
                tickets[key].append(entry.seen)
            elif entry.customer is not None:
                customers.setdefault(entry.customer, []).append(entry.seen)
        stale: set[bytes] = set()
        lines: dict[bytes, Timeline] = {}
        for customer, seen in customers.items():
            stale |= self._fold_customer(customer, seen, done)
        for key, seen in tickets.items():
            facts, grown = self._join(self._row(key, done), seen, done)
            if grown and (value := bounded(TicketRow(facts))) is None:
                vendor, customer, ticket = name_of(key)
                done.overfull += [Entry(vendor, customer, ticket, one) for one in seen]
            elif grown:
                done.rows[key] = value
                lines[key] = self._read(key, facts)
                stale |= {key, *self._place(key, lines[key], done)}
        self._judge(stale, lines, done)
        return done

    def tick(self, as_of: float) -> Done:
        """Time passed: judge what became due, close what is past its horizon."""
        done = Done()
        if as_of <= self.as_of:
            return done
        self.as_of = as_of
        done.rows[CLOCK] = encode(ClockRow(self.as_of, self.epoch))
        while ripe := self._due.ripe(as_of):
            self._judge(ripe, {}, done)
        return done

    def assigned(self) -> Done:
        """A new owner begins: the next epoch, so that whatever it says outranks every earlier owner."""
        self.epoch += 1
        rows = {**self._rebuilt.rows, CLOCK: encode(ClockRow(self.as_of, self.epoch))}
        return Done(rows=rows, cells=set(self.cells))

    # -- saying

    def snapshots(self, keys: Iterable[CellKey], offset: int) -> list[CellSaid]:
        """The cells as of having read up to ``offset``; one that is gone is said to be empty."""
        position = Position(self.epoch, offset)
        said = []
        for key in sorted(keys):
            cell = self.cells.get(key) or Cell()
            exposures = [(*exposure, n) for exposure, n in sorted(cell.exposures.items())]
            said.append(CellSaid(self.partition, position, key, cell.counts, exposures))
        return said

    def completed(self, offset: int) -> Completed:
        """Every cell has been said."""
        return Completed(self.partition, Position(self.epoch, offset))

    def judged(self) -> Judged:
        """As of when the cells stand."""
        return Judged(self.partition, self.as_of)

    @property
    def tickets(self) -> int:
        """How many tickets are kept."""
        return len(self._given)

    def _rebuild(self) -> Done:
        clock = self._rows.get(CLOCK)
        if clock is not None and isinstance(row := decode(clock), ClockRow):
            self.as_of, self.epoch = row.as_of, row.epoch
        done, lines = Done(), {}
        for key, value in self._rows.items():
            row = decode(value)
            if isinstance(row, CustomerRow):
                self._segments.put(row.customer, row.facts)
            elif isinstance(row, TicketRow):
                lines[key] = self._read(key, row.facts)
                self._place(key, lines[key], done)
        # every opening is placed before the first judgement: a ticket's next contact does not depend on the rows' order
        self._judge(set(lines), lines, done)
        return done

    def _join(self, row: Row | None, seen: list[Seen], done: Done) -> tuple[list[Seen], bool]:
        """The row's facts with ``seen`` among them, and whether that changed anything."""
        before = row.facts if isinstance(row, TicketRow | CustomerRow) else []
        facts, known = join(before, seen)
        done.duplicates += known
        return facts, facts is not before

    def _row(self, key: bytes, done: Done) -> Row | None:
        value = done.rows[key] if key in done.rows else self._rows.get(key)
        return decode(value) if value is not None else None

    def _fold_customer(self, customer: str, seen: list[Seen], done: Done) -> set[bytes]:
        """Join a customer's own facts. Returns the tickets they touch."""
        key = customer_key(customer)
        row = self._row(key, done)
        days = set(row.days) if isinstance(row, CustomerRow) else set()
        active = {int(s.fact.time // 86_400) for s in seen if isinstance(s.fact.body, Active)}
        facts, grown = self._join(row, [s for s in seen if not isinstance(s.fact.body, Active)], done)
        if not grown and active <= days:
            return set()
        if (value := bounded(CustomerRow(customer, facts, sorted(days | active)))) is None:
            done.overfull += [Entry(None, customer, None, one) for one in seen]
            return set()
        done.rows[key] = value
        if not self._segments.put(customer, facts):
            return set()
        owned = (self._contacts.get((vendor, customer, None)) for vendor in self._vendors_of.get(customer, ()))
        return {key for contacts in owned if contacts is not None for key in contacts.tickets}

    def _place(self, key: bytes, line: Timeline, done: Done) -> set[bytes]:
        """Enter the ticket in its customer's contacts. Returns the other tickets whose outcome it may change."""
        self._given.setdefault(key, ())
        vendor, customer, ticket = name_of(key)
        contract = self._contracts.get(vendor)
        if contract is None:
            return set()
        owner = owner_of(vendor, customer, ticket)
        contacts = self._contacts.get(owner)
        if contacts is None:
            contacts = self._contacts[owner] = Contacts(vendor, customer)
            if customer is not None:
                self._vendors_of[customer].add(vendor)
        touched = contacts.put(key, ticket, line, contract.repeat_window)
        if touched.moved:
            self._expose(contacts, done)
        return touched.stale

    def _too_late(self, vendor: str, time: float) -> bool:
        contract = self._contracts.get(vendor)
        # the very boundary at which a ticket is closed: a fact on it must become a letter, not a ticket closed at once
        if contract is None or contract.as_of is not None:
            return False
        return self.as_of >= time + contract.kept_for

    # -- judging

    def _judge(self, keys: set[bytes], lines: dict[bytes, Timeline], done: Done) -> None:
        """Judge ``keys``, and whatever closing one of them touches; move the cells by the difference."""
        while keys:
            closing: set[bytes] = set()
            for key in keys:
                done.judged += 1
                vendor, customer, ticket = name_of(key)
                contract = self._contracts.get(vendor)
                if contract is None:
                    continue
                line = lines.get(key) or self._line(key, done)
                as_of = self.as_of if contract.as_of is None else contract.as_of
                if as_of >= line.last + contract.kept_for:
                    closing.add(key)
                    continue
                contacts = self._contacts[owner_of(vendor, customer, ticket)]
                around = contacts.surroundings(key, self._segments.at(customer, line.begun))
                outcome = judge(line, around, customer, contract, as_of)
                contacts.solved(key, outcome.bases)
                self._give(key, contribution(line, around, outcome, contract, day_of(contract.time_zone)), done)
                self._wake(key, line, contract, outcome.matures_at)
            keys = set()
            for key in closing:
                keys |= self._close(key, done)
            keys -= closing

    def _line(self, key: bytes, done: Done) -> Timeline:
        row = self._row(key, done)
        assert isinstance(row, TicketRow)
        return self._read(key, row.facts)

    def _read(self, key: bytes, facts: list[Seen]) -> Timeline:
        """The ticket's timeline; of a closed history only what had happened by then."""
        contract = self._contracts.get(name_of(key)[0])
        ordered = in_order(facts)
        if contract is not None and contract.as_of is not None:
            ordered = [fact for fact in ordered if fact.time <= contract.as_of]
        return timeline(ordered)

    def _give(self, key: bytes, new: Contribution, done: Done) -> None:
        """Cells += contribution(new) - contribution(old)."""
        old = self._given.get(key, ())
        if new == old:
            return
        for times, shares, others in ((-1, old, new), (1, new, old)):
            for share in shares:
                if share in others:
                    continue
                cell = self.cells.get(share.key)
                if cell is None:
                    cell = self.cells[share.key] = Cell()
                cell.add(share, times)
                done.cells.add(share.key)
        for share in old:
            if (cell := self.cells.get(share.key)) is not None and cell.empty:
                del self.cells[share.key]
        self._given[key] = new

    def _expose(self, contacts: Contacts, done: Done) -> None:
        """Move the exposures of a customer's tickets, and nothing else of them: no facts need be read for it."""
        for key, ticket in contacts.tickets.items():
            given = self._given[key]
            if given and (before := given[-1].exposure) is not None:
                exposure = before._replace(others=bucket(contacts.others(ticket)))
                self._give(key, (*given[:-1], given[-1]._replace(exposure=exposure)), done)

    def _wake(self, key: bytes, line: Timeline, contract: Contract, matures_at: float | None) -> None:
        """Remember when the ticket must be judged again; in a closed history time stands still."""
        if contract.as_of is not None:
            return
        closes_at = line.last + contract.kept_for
        # whichever comes first: a vendor may claim to have resolved a ticket long after its horizon
        when = min(matures_at, closes_at) if matures_at is not None and self.as_of < matures_at else closes_at
        self._due.put(key, when)

    def _close(self, key: bytes, done: Done) -> set[bytes]:
        """Drop a ticket past its horizon. Returns the tickets that touches."""
        vendor, customer, ticket = name_of(key)
        self._give(key, (), done)
        del self._given[key]
        done.rows[key] = None
        self._due.drop(key)
        owner = owner_of(vendor, customer, ticket)
        contacts = self._contacts[owner]
        touched = contacts.drop(key, self._contracts[vendor].repeat_window)
        if not contacts.tickets:
            del self._contacts[owner]
        elif touched.moved:
            self._expose(contacts, done)
        return touched.stale
