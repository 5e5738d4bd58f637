"""All there is on one ticket: its facts and where they were read, the tickets next to it, its outcomes, what is said of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from itertools import starmap

from msgspec import Struct

from undertow.clock import day_of
from undertow.domain.agreement.contract import Contract
from undertow.domain.agreement.readings import Reading
from undertow.domain.judging.assessment import Named, assess
from undertow.domain.judging.findings import Finding
from undertow.domain.judging.outcomes import Judgement, Surroundings, bases_of, judge
from undertow.domain.judging.working import Working, workings
from undertow.domain.measuring.measures import After
from undertow.domain.measuring.neighbours import contacts_of, neighbour
from undertow.domain.measuring.recovery import after
from undertow.domain.tickets.course import Course, course
from undertow.domain.tickets.facts import Fact, Seen, in_order, join
from undertow.domain.tickets.promises import Promise, promises
from undertow.domain.tickets.timeline import Timeline, timeline
from undertow.stages.derived.contacts import Ticket, owner_of, reach_of
from undertow.stages.derived.few import Few
from undertow.stages.derived.voices import Voices
from undertow.stages.records import Entry
from undertow.stages.rows import CustomerRow, TicketRow, customer_key, decode, is_ticket, name_of, ticket_key

Name = tuple[str, str | None, str]
"""Vendor, customer, ticket."""


class CaseFile(Struct, frozen=True):
    """One ticket as of a time (seconds since 1970)."""

    name: Name
    as_of: float
    seen: list[Seen]
    course: Course
    line: Timeline
    others: dict[str, list[Seen]]
    """The customer's tickets next to its last solve, by number."""
    outcome: Judgement
    what: After
    promises: tuple[Promise, ...]
    findings: tuple[Finding, ...]
    """Under the agreed reading."""

    def workings(self, contract: Contract, reading: Reading) -> list[Working]:
        """Every clock with its working, under a reading."""
        return workings(self.course, contract, reading, self.as_of, self.what)


class Facts:
    """Facts by ticket, and by customer those that name no ticket."""

    def __init__(self) -> None:
        self.tickets: dict[Name, list[Seen]] = {}
        self.customers: dict[str, list[Seen]] = {}

    def take(self, entries: Iterable[Entry]) -> None:
        """Facts as intake tells them."""
        for entry in entries:
            if entry.vendor is not None and entry.ticket is not None:
                self.tickets.setdefault((entry.vendor, entry.customer, entry.ticket), []).append(entry.seen)
            elif entry.customer is not None:
                self.customers.setdefault(entry.customer, []).append(entry.seen)

    def rows(self, rows: Mapping[bytes, bytes], ticket: str) -> None:
        """Facts as rows hold them, of this ticket and of its customer; the rest is not unpacked."""
        names = {key: name_of(key) for key in rows if is_ticket(key)}
        whose = {name[1] for name in names.values() if name[2] == ticket}
        for key, name in names.items():
            if name[2] == ticket or (name[1] is not None and name[1] in whose):
                row = decode(rows[key])
                assert isinstance(row, TicketRow)
                self.tickets[name] = row.facts
        for customer in whose - {None}:
            assert customer is not None
            own = rows.get(customer_key(customer))
            if own is not None and isinstance(row := decode(own), CustomerRow):
                self.customers[customer] = row.facts

    def named(self, ticket: str, vendor: str | None, customer: str | None) -> list[Name]:
        """Every ticket of that number: vendors may use the same, and so may customers of one vendor."""
        found = [
            name
            for name in self.tickets
            if name[2] == ticket and vendor in {None, name[0]} and customer in {None, name[1]}
        ]
        return sorted(found, key=lambda name: (name[0], name[1] or ""))

    def of(self, name: Name, contracts: Mapping[str, Contract], as_of: float) -> CaseFile:
        """The case as of a time; what is dated later is not in it. ``contracts``: of all vendors, its own among them."""
        contract = contracts[name[0]]
        vendor, customer, number = name
        own = self._joined(name, as_of)
        line = timeline(in_order(own))
        contacts, ticket = Few(), Ticket(ticket_key(*name), owner_of(*name))
        reach = reach_of(contract)
        for other in self.tickets:
            if other == name or (other[:2] == name[:2] and customer is not None):
                each = ticket if other == name else Ticket(ticket_key(*other), owner_of(*other))
                contacts.add(each)
                contacts.put(each, timeline(in_order(self._joined(other, as_of))), reach)
        near = contacts.near(ticket, line.solves, reach)
        others = {name_of(key)[2]: self._joined(name_of(key), as_of) for key in (*near.related, *near.elsewhere)}
        every = list(starmap(neighbour, others.items()))
        beside, elsewhere = every[: len(near.related)], every[len(near.related) :]
        day = day_of(contract.time_zone)
        solved = day(line.solves[0]) if line.solves else None
        assessed, found = assess(Named(vendor, number, customer, solved), own, beside, contract, day, as_of, elsewhere)
        around = Surroundings(
            next_return=partial(contacts.next_return, ticket),
            others=partial(contacts.others, ticket),
            segment=None,
            told=self._told(name, contracts, as_of),
            broken_at=assessed.broken_at,
        )
        outcome = judge(line, around, customer, contract, as_of)
        read = course(in_order(own))
        what = after(read, contacts_of(beside), contract, as_of)
        kept = promises(read, contract.promise_grace, as_of)
        return CaseFile(name, as_of, own, read, line, others, outcome, what, kept, tuple(found))

    def _told(self, name: Name, contracts: Mapping[str, Contract], as_of: float) -> tuple[Fact, ...]:
        """What the company says of the customer without naming a ticket, as far as it is held against this one."""
        customer = name[1]
        said = [] if customer is None else [one for one in self.customers.get(customer, ()) if one.fact.time <= as_of]
        if customer is None or not said:
            return ()
        tickets: dict[Name, Ticket] = {}
        for other in self.tickets:
            if other[1] == customer and other[0] in contracts:
                line = timeline(in_order(self._joined(other, as_of)))
                solves = tuple(sorted({*line.solves, *bases_of(line, contracts[other[0]])}))
                tickets[other] = Ticket(ticket_key(*other), owner_of(*other))
                tickets[other].solves = solves
        voices = Voices()
        voices.put(customer, in_order(join([], said)[0]), tickets.values)
        own = tickets[name]
        return voices.of(customer, own.key, own.solves, contracts[name[0]].reopen_window, as_of)

    def _joined(self, name: Name, as_of: float) -> list[Seen]:
        return [one for one in join([], self.tickets[name])[0] if one.fact.time <= as_of]
