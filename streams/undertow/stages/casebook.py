"""Casebook: entries and ticks in; rows, changed cells and late entries out. One object a partition.

Rows (facts by ticket, facts by customer, the clock) are the state and only grow; what follows from them is in
:mod:`undertow.stages.derived.judgements`, and is rebuilt after recovery.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from undertow.domain.agreement.contract import DAY, Contract
from undertow.domain.counting.cells import Cell, CellKey
from undertow.domain.counting.ledger import Position
from undertow.domain.customers import activity, worth
from undertow.domain.tickets.facts import Active, Fact, Merged, Seen, join
from undertow.stages.derived.judgements import Judgements
from undertow.stages.effects import Done
from undertow.stages.evaluation import State, evaluate, population
from undertow.stages.people import People
from undertow.stages.records import (
    Ask,
    CellSaid,
    Completed,
    Entry,
    EvaluatedSaid,
    Judged,
    LeaversSaid,
    PopulationSaid,
    SilenceSaid,
)
from undertow.stages.rows import (
    CLOCK,
    ClockRow,
    CustomerRow,
    ForgottenRow,
    TicketRow,
    appended,
    bounded,
    customer_key,
    customer_of,
    decode,
    encode,
    flat,
    ticket_key,
    unflattened,
    with_day,
)

NOTHING_SAID: Final[Mapping[bytes, bytes]] = MappingProxyType({})


class Casebook:
    """The tickets of one partition's customers.

    ``rows`` and ``findings`` (as published, by id) are read, never written: the owner writes what ``Done`` says.
    """

    def __init__(
        self,
        partition: int,
        contracts: Mapping[str, Contract],
        rows: Mapping[bytes, bytes],
        findings: Mapping[bytes, bytes] = NOTHING_SAID,
    ) -> None:
        self.partition = partition
        self.epoch = 0
        self._sent = 0.0  # when the latest facts were sent (seconds)
        self._contracts = contracts
        self._rows = rows
        self._judgements = Judgements(contracts, self._facts, findings)
        self._people = People(rows, self._judgements)
        self._rebuilt = self._rebuild()

    # -- folding

    def fold(self, entries: Iterable[Entry], sent: float = 0.0) -> Done:
        """Take in facts, sent at a time (seconds). The tickets they touch are judged by the next :meth:`settle` or tick."""
        done = Done()
        tickets: dict[bytes, list[Entry]] = {}
        customers: dict[str, list[Seen]] = {}
        kept = self._judgements.tickets
        for entry in self._people.admitted(entries, done):
            if entry.ticket is not None and entry.vendor is not None:
                key = ticket_key(entry.vendor, entry.customer, entry.ticket)
                if (some := tickets.get(key)) is not None:
                    some.append(entry)
                elif key in kept or not self._too_late(entry.vendor, entry.seen.fact.time):
                    tickets[key] = [entry]
                else:
                    done.late.append(entry)
            elif entry.customer is not None:
                customers.setdefault(entry.customer, []).append(entry.seen)
        for customer, seen in customers.items():
            self._fold_customer(customer, seen, done)
        for key, some in tickets.items():
            self._fold_ticket(key, some, done)
        for customer, seen in customers.items():
            if any(type(one.fact.body) is Merged for one in seen):
                self._people.merge(customer, seen, self._customer(customer_key(customer), done), done)
        if done.rows and sent > self._sent:
            self._sent = sent
            done.rows[CLOCK] = self._clock()
        return done

    def forget(self, customer: str, at: float) -> Done:
        """Erase all that is kept of a customer; nothing of it that is dated up to ``at`` (seconds) is taken in again."""
        return self._people.forget(customer, at)

    def settle(self) -> Done:
        """Judge the tickets that facts have touched since the last time, as of when those were sent if that is later."""
        return self._judgements.tick(self._sent) if self._sent > self.as_of else self._judgements.settle()

    def tick(self, as_of: float) -> Done:
        """Time passed: judge what is owed and what became due, close what is past its horizon."""
        as_of = max(as_of, self._sent)
        if as_of <= self.as_of:
            return self._judgements.settle()
        done = self._judgements.tick(as_of)
        done.rows[CLOCK] = self._clock()
        return done

    def assigned(self) -> Done:
        """A new owner begins: the next epoch, so that whatever it says outranks every earlier owner."""
        self.epoch += 1
        rows = {**self._rebuilt.rows, CLOCK: self._clock()}
        return Done(rows=rows, cells=set(self.cells), findings=self._rebuilt.findings, moved=self._people.retold())

    # -- saying

    def snapshots(self, keys: Iterable[CellKey], offset: int) -> list[CellSaid]:
        """The cells as of having read up to ``offset``; one that is gone is said to be empty."""
        position = Position(self.epoch, offset)
        said = []
        for key in sorted(keys):
            cell = self.cells.get(key) or Cell()
            exposures = [(*exposure, n) for exposure, n in cell.exposures.items()]
            said.append(CellSaid(self.partition, position, key, cell.counts, exposures, list(cell.tallies.items())))
        return said

    def completed(self, offset: int) -> Completed:
        """Every cell has been said."""
        return Completed(self.partition, Position(self.epoch, offset))

    def judged(self) -> Judged:
        """As of when the cells stand."""
        return Judged(self.partition, self.as_of)

    @property
    def night(self) -> int:
        """The day (UTC, since 1970-01-01) that it is as of now."""
        return int(self.as_of // DAY)

    def population(self, offset: int) -> PopulationSaid:
        """The customers as of tonight, for the model to be fitted on."""
        night = self.night
        return PopulationSaid(self.partition, Position(self.epoch, offset), night, population(self._state(), night))

    def evaluated(self, ask: Ask, offset: int) -> list[SilenceSaid | LeaversSaid | EvaluatedSaid]:
        """What is asked of the customers; may take seconds where they are many. The last record says that it is all."""
        found, head = evaluate(self._state(), ask), (self.partition, Position(self.epoch, offset), ask.night)
        silences = [(vendor, arms, found.heard[vendor]) for vendor, arms in found.arms.items()]
        return [
            *(SilenceSaid(*head, *one) for one in silences),
            LeaversSaid(*head, ask.today, found.listed),
            EvaluatedSaid(*head, ask.today, list(found.arms), found.customers, found.left, found.calls),
        ]

    def _state(self) -> State:
        known = self._judgements
        return State(self._rows, known.contacts, known.segments, self._contracts, self._people.heirs)

    @property
    def as_of(self) -> float:
        """The latest time judged as of (seconds)."""
        return self._judgements.as_of

    @property
    def cells(self) -> dict[CellKey, Cell]:
        """The cells as of the last settlement."""
        return self._judgements.sums.cells

    @property
    def owing(self) -> bool:
        """Whether any ticket waits to be judged, or time passed with what was folded."""
        return self._judgements.owing or self._sent > self.as_of

    @property
    def tickets(self) -> int:
        """How many tickets are kept."""
        return len(self._judgements.tickets)

    # -- rows

    def _clock(self) -> bytes:
        """The clock's row: judged as of then, or about to be, so that a new owner judges as of no earlier."""
        return encode(ClockRow(max(self.as_of, self._sent), self.epoch))

    def _rebuild(self) -> Done:
        clock = self._rows.get(CLOCK)
        if clock is not None and isinstance(row := decode(clock), ClockRow):
            self._judgements.as_of, self.epoch = row.as_of, row.epoch
        return self._judgements.rebuild(self._tickets())

    def _tickets(self) -> Iterable[tuple[bytes, list[Seen]]]:
        """Every ticket to be judged: who was merged into others is known before the first."""
        tickets: list[tuple[bytes, bytes]] = []
        for key, value in self._rows.items():
            customer = customer_of(key)
            if customer is None:
                tickets.append((key, value))
            elif unflattened(value) is None:
                facts = self._customer(key)
                self._judgements.customer(customer, facts)
                self._people.know(customer, facts)
        for key, value in tickets:
            row = decode(value)
            if isinstance(row, ForgottenRow):
                self._people.know_forgotten(key, row)
            elif isinstance(row, TicketRow) and not self._people.aside(key):
                yield key, row.facts

    def _customer(self, key: bytes, done: Done | None = None) -> list[Seen]:
        """A customer's own facts, as they are or are about to be written."""
        value = done.rows[key] if done is not None and key in done.rows else self._rows.get(key)
        row = decode(value) if value is not None else None
        return row.facts if isinstance(row, CustomerRow) else []

    def _facts(self, key: bytes) -> list[Seen]:
        row = decode(self._rows[key])
        assert isinstance(row, TicketRow)
        return row.facts

    def _fold_ticket(self, key: bytes, entries: list[Entry], done: Done) -> None:
        news = [entry.seen for entry in entries]
        later = self._judgements.following(key, news)
        if later is not None and (value := appended(self._rows[key], later)) is not None:
            done.rows[key] = value
            self._judgements.followed(key, later)
            return
        before = self._judgements.pending(key)
        if before is None:
            before = self._facts(key) if key in self._rows else []
        facts, known = join(before, news)
        done.duplicates += known
        if facts is before:
            return
        if (value := bounded(TicketRow(facts))) is None:
            done.overfull += entries
            return
        done.rows[key] = value
        if not self._people.aside(key):
            self._judgements.ticket(key, facts, news)

    def _fold_customer(self, customer: str, seen: list[Seen], done: Done) -> None:
        """Most of it is activity of customers without facts: then nothing is read but the byte that changes."""
        key = customer_key(customer)
        value = self._rows.get(key)
        if len(seen) == 1 and value is not None and (new := self._with_day(value, seen[0].fact)) is not None:
            if new is not value:
                done.rows[key] = new
            return
        row = decode(value) if value is not None else CustomerRow([], b"", b"")
        assert isinstance(row, CustomerRow)
        facts, days, amounts = before = row.facts, row.days, row.amounts
        told: list[Seen] = []
        for one in seen:
            body = one.fact.body
            if type(body) is Active:
                day = int(one.fact.time // DAY)
                days = activity.add(days, day)
                if body.value is not None:
                    amounts = worth.add(amounts, day, body.value)
            else:
                told.append(one)
        if told:
            facts, known = join(facts, told)
            done.duplicates += known
        days = activity.retained(days, int(self.as_of // DAY))
        if facts is before[0] and days == before[1] and amounts == before[2]:
            return
        new = bounded(CustomerRow(facts, days, amounts)) if facts else flat(days, amounts)
        if new is None:
            done.overfull += [Entry(None, customer, None, one) for one in seen]
            return
        done.rows[key] = new
        if facts is not before[0]:
            self._judgements.customer(customer, facts)

    def _with_day(self, value: bytes, fact: Fact) -> bytes | None:
        if type(fact.body) is not Active:
            return None
        oldest = int(self.as_of // DAY) - activity.RETAINED + 1
        return with_day(value, int(fact.time // DAY), oldest, valued=fact.body.value is not None)

    def _too_late(self, vendor: str, time: float) -> bool:
        contract = self._contracts.get(vendor)
        # the very boundary at which a ticket is closed: a fact on it must become a letter, not a ticket closed at once
        return contract is not None and contract.as_of is None and self.as_of >= time + contract.kept_for
