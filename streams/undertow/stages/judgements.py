"""Everything that follows from the rows: contacts, outcomes, cells, what is due. Never stored, rebuilt after recovery.

A fact that comes in makes its ticket *owed* a judgement; :meth:`Judgements.settle` gives what is owed. A ticket that
changes five times in between is judged once, and one that is merely being worked on not at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from undertow.clock import day_of
from undertow.domain.assessment import NOTHING, Assessment, Named, assess
from undertow.domain.contract import Contract
from undertow.domain.contributions import seconded, tallied
from undertow.domain.disputes import by_then
from undertow.domain.facts import Claimed, Seen, in_order
from undertow.domain.findings import Finding
from undertow.domain.outcomes import Surroundings, bases_of, contribution, judge
from undertow.domain.timeline import Timeline, concerns_others, timeline
from undertow.stages.after import after
from undertow.stages.contacts import FEW, Contacts, Few, Owner, Ticket, owner_of, reach_of
from undertow.stages.due import Due
from undertow.stages.effects import Done
from undertow.stages.failures import Failures
from undertow.stages.index import Many
from undertow.stages.rows import name_of
from undertow.stages.saying import say
from undertow.stages.segments import Segments
from undertow.stages.sums import Sums
from undertow.stages.voices import Voices


class Judgements:
    """``facts_of`` reads a ticket's facts from its row; ``published`` are the findings by id as they were last written."""

    def __init__(
        self,
        contracts: Mapping[str, Contract],
        facts_of: Callable[[bytes], list[Seen]],
        published: Mapping[bytes, bytes],
    ) -> None:
        self.sums = Sums()
        self.tickets: dict[bytes, Ticket] = {}
        self.as_of = 0.0
        self._contracts = contracts
        self._facts_of = facts_of
        self._published = published
        self._reach = {vendor: reach_of(contract) for vendor, contract in contracts.items()}
        self._days = {vendor: day_of(contract.time_zone) for vendor, contract in contracts.items()}
        self.contacts: dict[Owner, Contacts] = {}
        self._vendors_of: defaultdict[str, set[str]] = defaultdict(set)
        self.segments = Segments()
        self._voices = Voices()
        self._failures = Failures()
        self._again: set[bytes] = set()
        """Tickets that a judgement just given changes."""
        self._due = Due(lambda key: None if (ticket := self.tickets.get(key)) is None else ticket.due)
        self._changed: dict[bytes, list[Seen]] = {}
        """Facts that came since the last settlement, read already."""
        self._owed: set[bytes] = set()
        self._telling: set[bytes] = set()
        """Tickets whose news may matter to those they are next to."""
        self._stale: set[bytes] = set()

    def ticket(self, key: bytes, facts: list[Seen], news: Sequence[Seen]) -> None:
        """A ticket's row now holds ``facts``; ``news`` are those that came, or more."""
        self._changed[key] = facts
        ticket = self.tickets.get(key) or self._begin(key)
        if key in self._owed or not ticket.under_way(facts, news):
            self._owed.add(key)
        if any(concerns_others(one.fact.body) for one in news) or len({one.fact.id for one in facts}) < len(facts):
            self._telling.add(key)

    def customer(self, customer: str, facts: list[Seen]) -> None:
        """A customer's row now holds ``facts``."""
        told = in_order(facts)
        if self.segments.put(customer, told):
            self._stale.update([ticket.key for ticket in self._tickets_of(customer)])
        self._stale |= self._voices.put(customer, told, partial(self._tickets_of, customer))

    def pending(self, key: bytes) -> list[Seen] | None:
        """The facts of a ticket that changed since the last settlement: its row need not be read again."""
        return self._changed.get(key)

    @property
    def owing(self) -> bool:
        """Whether anything is owed a judgement."""
        return bool(self._owed or self._stale or self._telling)

    def settle(self) -> Done:
        """Give the judgements that are owed."""
        return self._settle(Done())

    def rebuild(self, rows: Iterable[tuple[bytes, list[Seen]]]) -> Done:
        """Settle a whole state, and take back the findings that do not follow from it."""
        done = Done()
        lines = {}
        for key, facts in rows:  # a state's facts would take many times the memory of its rows: only timelines are kept
            self._begin(key)
            lines[key] = self._read(key, facts)
        self._judge(self._place(lines, done), lines, {}, done)
        held = {finding for ticket in self.tickets.values() for finding in ticket.findings}
        done.findings.update(dict.fromkeys(self._published.keys() - held))
        return done

    def tick(self, as_of: float) -> Done:
        """Time passed: judge what is owed and what became due."""
        self.as_of = as_of
        done = self._settle(Done())
        while ripe := self._due.ripe(as_of):
            self._judge(ripe, {}, {}, done, anew=False)
        return done

    def _settle(self, done: Done) -> Done:
        changed, self._changed = self._changed, {}
        owed, self._owed = self._owed, set()
        lines = {key: self._read(key, changed[key]) for key in owed}
        self._judge(self._place(lines, done), lines, changed, done)
        return done

    def _place(self, lines: dict[bytes, Timeline], done: Done) -> set[bytes]:
        """Enter tickets in their customers' contacts. Returns the tickets whose outcome that may change.

        All are placed before the first is judged: what a ticket is next to does not depend on their order.
        """
        stale, self._stale = self._stale, set()
        telling, self._telling = self._telling, set()
        stale.update(lines)
        for key, line in lines.items():
            vendor, customer, number = name_of(key)
            if vendor not in self._contracts:
                continue
            contacts = self.contacts[owner_of(vendor, customer, number)]
            touched = contacts.put(self.tickets[key], line, self._reach[vendor])
            stale |= touched.stale
            if touched.moved:
                done.cells |= self.sums.expose(contacts)
        for key in telling:  # once all are where they belong
            stale.update(self._beside(self.tickets[key]))
        return stale

    def _beside(self, ticket: Ticket) -> list[bytes]:
        vendor, customer, number = name_of(ticket.key)
        contacts = self.contacts.get(owner_of(vendor, customer, number))
        return contacts.beside(ticket, self._reach[vendor]) if contacts is not None else []

    def _begin(self, key: bytes) -> Ticket:
        ticket = self.tickets[key] = Ticket(key)
        vendor, customer, number = name_of(key)
        if vendor not in self._contracts:
            return ticket
        owner = owner_of(vendor, customer, number)
        contacts = self.contacts.get(owner)
        if contacts is None:
            contacts = self.contacts[owner] = Few()
            if customer is not None:
                self._vendors_of[customer].add(vendor)
        elif len(contacts.tickets) >= FEW and isinstance(contacts, Few):
            contacts = self.contacts[owner] = Many(contacts.tickets)
        contacts.add(ticket)
        return ticket

    def _read(self, key: bytes, facts: list[Seen]) -> Timeline:
        """The ticket's timeline; of a closed history only what had happened by then."""
        contract = self._contracts.get(name_of(key)[0])
        return timeline(in_order(facts if contract is None else self._by_now(facts, contract)))

    def _judge(
        self,
        keys: set[bytes],
        lines: dict[bytes, Timeline],
        changed: dict[bytes, list[Seen]],
        done: Done,
        *,
        anew: bool = True,
    ) -> None:
        """Judge ``keys``, and whatever closing one of them touches. ``lines`` and ``changed``: what was read already."""
        while keys:
            closing: set[bytes] = set()
            done.judged += len(keys)
            for key in keys:
                contract = self._contracts.get(name_of(key)[0])
                if contract is None:
                    continue
                seen = changed[key] if key in changed else self._facts_of(key)
                line = lines[key] if key in lines else self._read(key, seen)
                if not self._judge_one(key, seen, line, contract, done, anew=anew):
                    closing.add(key)
            for key in closing:
                self._again |= self._close(key, done)
            keys, self._again = self._again - closing, set()
            done.rows.update(dict.fromkeys(closing))
            anew = True

    def _judge_one(
        self, key: bytes, seen: list[Seen], line: Timeline, contract: Contract, done: Done, *, anew: bool
    ) -> bool:
        """Judge one ticket; move the cells by the difference. False when it is past its horizon.

        Not ``anew`` when only time has passed: then its assessment stands for as long as it said.
        """
        vendor, customer, number = name_of(key)
        as_of = self.as_of if contract.as_of is None else contract.as_of
        closes_at = line.last + contract.kept_for
        if as_of >= closes_at:
            return False
        ticket, contacts = self.tickets[key], self.contacts[owner_of(vendor, customer, number)]
        bases = bases_of(line, contract)
        solves = line.solves if bases == line.solves else tuple(sorted({*line.solves, *bases}))
        if solves != ticket.solves:
            self._voices.solved(customer, key, ticket.solves, solves, self._again)
            contacts.solved(ticket, solves)
        found = ticket.assessed
        if anew or found is None or as_of >= found.changes_at:
            found, findings = self._assess(ticket, self._by_now(seen, contract), line, contract, as_of)
            ticket.assessed = found
            say(ticket, findings, self._published, done)
        around = Surroundings(
            next_return=partial(contacts.next_return, ticket),
            others=contacts.others(ticket) if solves and as_of >= solves[-1] + contract.follow_up else 0,
            segment=self.segments.at(customer, line.begun),
            told=self._voices.of(customer, key, ticket.solves, contract.reopen_window, contract.as_of),
            broken_at=found.broken_at,
        )
        outcome = judge(line, around, customer, contract, as_of)
        ticket.after = after(line, outcome)
        if (failed := outcome.solved_at if outcome.signals else None) != ticket.failed:
            self._second(ticket, failed, done)
        tallies = tallied(line, outcome, found, failed is not None and self._failures.again(ticket))
        done.cells |= self.sums.give(ticket, contribution(line, around, outcome, contract, self._days[vendor], tallies))
        if contract.as_of is None:  # in a closed history time stands still
            # whichever comes first: a vendor may claim to have resolved a ticket long after its horizon
            times = [closes_at, found.changes_at]
            if outcome.matures_at is not None and as_of < outcome.matures_at:
                times.append(outcome.matures_at)
            self._due.wake(ticket, min(times))
        return True

    def _assess(
        self, ticket: Ticket, seen: list[Seen], line: Timeline, contract: Contract, as_of: float
    ) -> tuple[Assessment, list[Finding]]:
        """The ticket against its claims, beside the tickets that were opened next to its last solve."""
        if not line.solves or as_of < line.solves[0]:
            claimed = next((one.fact.time for one in seen if type(one.fact.body) is Claimed), None)
            if not line.solves and claimed is None:
                return NOTHING, []
            if claimed is None or as_of < claimed:  # nothing of that has happened yet
                return Assessment(changes_at=next(one.fact.time for one in seen if one.fact.time > as_of)), []
        vendor, customer, number = name_of(ticket.key)
        contacts, solves = self.contacts[owner_of(vendor, customer, number)], line.solves
        near = contacts.next_to(ticket, solves[-1], self._reach[vendor]) if solves else []
        others = [self._by_now(self._facts_of(key), contract) for key in near]
        solved_on = self._days[vendor](solves[0]) if solves else None
        name = Named(vendor, number, customer, solved_on, tuple([name_of(key)[2] for key in near]))
        return assess(name, seen, others, contract, self._days[vendor], as_of)

    def _tickets_of(self, customer: str) -> list[Ticket]:
        """A customer's tickets with every vendor."""
        owned = [self.contacts.get((vendor, customer, None)) for vendor in self._vendors_of.get(customer, ())]
        return [ticket for contacts in owned if contacts is not None for ticket in contacts.tickets]

    def _by_now(self, facts: list[Seen], contract: Contract) -> list[Seen]:
        """Of a closed history only what had happened by then."""
        return facts if (end := contract.as_of) is None else by_then(facts, end)

    def _second(self, ticket: Ticket, failed: float | None, done: Done) -> None:
        """Remember whether the ticket failed; the one that failed after it may be the customer's second by that, or no more."""
        for key in self._failures.put(ticket, failed):
            other = self.tickets[key]
            done.cells |= self.sums.give(other, seconded(other.given, self._failures.again(other)))

    def withdraw(self, customer: str, done: Done) -> set[bytes]:
        """Let go of a customer's tickets, and of what was said of them; their rows stay. Returns their keys."""
        keys = {ticket.key for ticket in self._tickets_of(customer)}
        for key in keys:
            self._changed.pop(key, None)
            self._close(key, done)
        for waiting in (self._stale, self._owed, self._telling, self._again):
            waiting.difference_update(keys)
        self._vendors_of.pop(customer, None)
        return keys

    def _close(self, key: bytes, done: Done) -> set[bytes]:
        """Drop a ticket past its horizon, and what was said of it. Returns the tickets that touches."""
        vendor, customer, number = name_of(key)
        ticket = self.tickets.pop(key)
        done.cells |= self.sums.give(ticket, ())
        say(ticket, [], self._published, done)
        self._voices.solved(customer, key, ticket.solves, (), self._again)
        self._second(ticket, None, done)
        owner = owner_of(vendor, customer, number)
        contacts = self.contacts[owner]
        touched = contacts.drop(ticket, self._reach[vendor])
        if not contacts.tickets:
            del self.contacts[owner]
        elif touched.moved:
            done.cells |= self.sums.expose(contacts)
        return touched.stale
