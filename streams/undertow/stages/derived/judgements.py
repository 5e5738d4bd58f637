"""Everything that follows from the rows: contacts, outcomes, cells, what is due. Never stored, rebuilt after recovery.

A fact that comes in makes its ticket *owed* a judgement; :meth:`Judgements.settle` gives what is owed. A ticket that
changes five times in between is judged once, and one that is merely being worked on not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial

from undertow.clock import day_of
from undertow.domain.agreement.contract import Contract
from undertow.domain.judging.assessment import NOTHING, before
from undertow.domain.judging.contributions import seconded, tallied
from undertow.domain.judging.findings import Finding
from undertow.domain.judging.outcomes import Surroundings, bases_of, contribution, judge
from undertow.domain.measuring.neighbours import Weight, solves_weigh
from undertow.domain.tickets.course import FOREVER
from undertow.domain.tickets.facts import Seen, in_order
from undertow.domain.tickets.timeline import Timeline, timeline
from undertow.stages.derived import failures
from undertow.stages.derived.contacts import FEW, Contacts, Owner, Ticket, owner_of, reach_of
from undertow.stages.derived.due import Due, over
from undertow.stages.derived.experience import experience
from undertow.stages.derived.few import Few
from undertow.stages.derived.index import Many
from undertow.stages.derived.nearby import Nearby, by_now
from undertow.stages.derived.owed import Owed
from undertow.stages.derived.saying import say
from undertow.stages.derived.segments import Segments
from undertow.stages.derived.shared import Shared
from undertow.stages.derived.sums import Sums
from undertow.stages.derived.voices import Voices
from undertow.stages.effects import Done
from undertow.stages.rows import name_of


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
        self.segments = Segments()
        self._voices = Voices()
        self._shared = Shared()
        self._again: set[bytes] = set()
        """Tickets that a judgement just given changes."""
        self._nearby = Nearby(facts_of, {})
        self._due = Due()
        self._owed = Owed({})

    def ticket(self, key: bytes, facts: list[Seen], news: Sequence[Seen]) -> None:
        """A ticket's row now holds ``facts``; ``news`` are those that came, or more."""
        self._owed.ticket(self.tickets.get(key) or self._begin(key), facts, news)

    def following(self, key: bytes, news: list[Seen]) -> list[Seen] | None:
        """The news in order, if all came after the facts of a ticket that is and stays merely worked on."""
        return self._owed.following(key, news)

    def followed(self, key: bytes, news: list[Seen]) -> None:
        """A ticket's row now holds what :meth:`following` found, too."""
        self._owed.followed(key, news)

    def customer(self, customer: str, facts: list[Seen]) -> None:
        """A customer's row now holds ``facts``."""
        told = in_order(facts)
        if self.segments.put(customer, told):
            self._owed.stale.update([ticket.key for ticket in self._tickets_of(customer)])
        self._owed.stale |= self._voices.put(customer, told, partial(self._tickets_of, customer))

    def pending(self, key: bytes) -> list[Seen] | None:
        """The facts of a ticket that changed since the last settlement: its row need not be read again."""
        return self._owed.changed.get(key)

    @property
    def owing(self) -> bool:
        """Whether anything is owed a judgement."""
        return bool(self._owed)

    def settle(self) -> Done:
        """Give the judgements that are owed."""
        return self._settle(Done())

    def rebuild(self, rows: Iterable[tuple[bytes, list[Seen]]]) -> Done:
        """Settle a whole state, and take back the findings that do not follow from it."""
        done = Done()
        owed, self._owed = self._owed, Owed(self._owed.worked)
        lines = {}
        for key, facts in rows:  # a state's facts would take many times the memory of its rows: only timelines are kept
            self._begin(key)
            lines[key] = self._read(key, facts)
        self._judge(self._place(lines, owed, done), lines, {}, done)
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
        owed, self._owed = self._owed, Owed(self._owed.worked)
        lines = {key: self._read(key, owed.changed[key]) for key in owed.told}
        self._judge(self._place(lines, owed, done), lines, owed.changed, done)
        owed.settled(self.tickets)
        return done

    def _place(self, lines: dict[bytes, Timeline], owed: Owed, done: Done) -> set[bytes]:
        """Enter tickets in their customers' contacts. Returns the tickets whose outcome that may change.

        All are placed before the first is judged: what a ticket is next to does not depend on their order.
        """
        stale = owed.stale | lines.keys()
        for key, line in lines.items():
            ticket = self.tickets[key]
            contacts = self.contacts.get(ticket.owner)
            if contacts is None:  # of a vendor without a contract
                continue
            touched = contacts.put(ticket, line, self._reach[ticket.owner[0]])
            if touched is None:
                continue
            owed.telling.pop(key, None)  # whomever news could concern, this does
            stale |= touched.stale
            if touched.moved:
                done.cells |= self.sums.expose(contacts)
        for key, weight in owed.telling.items():  # once all are where they belong
            stale.update(self._beside(self.tickets[key], owed, weight))
        return stale

    def _beside(self, ticket: Ticket, owed: Owed, weight: Weight) -> list[bytes]:
        """The tickets next to one with news that these weigh with."""
        vendor = ticket.owner[0]
        if (contacts := self.contacts.get(ticket.owner)) is None:
            return []
        if weight is Weight.SOLVED:  # such news change their ticket, so its facts are at hand
            targets = self._contracts[vendor].targets
            weight = Weight.LATER if solves_weigh(owed.changed[ticket.key], targets) else Weight.GROUNDS
        return contacts.beside(ticket, self._reach[vendor], weight)

    def _begin(self, key: bytes) -> Ticket:
        owner = owner_of(*name_of(key))
        if (contacts := self.contacts.get(owner)) is not None:
            owner = next(iter(contacts.tickets)).owner
        ticket = self.tickets[key] = Ticket(key, owner)
        if owner[0] in self._contracts:
            if contacts is None:
                contacts = self.contacts[owner] = Few()
            elif len(contacts.tickets) >= FEW and isinstance(contacts, Few):
                contacts = self.contacts[owner] = Many(contacts.tickets)
            contacts.add(ticket)
        return ticket

    def _read(self, key: bytes, facts: list[Seen]) -> Timeline:
        """The ticket's timeline; of a closed history only what had happened by then."""
        contract = self._contracts.get(self.tickets[key].owner[0])
        return timeline(in_order(facts if contract is None else by_now(facts, contract)))

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
        self._nearby = Nearby(self._facts_of, changed)
        while keys:
            closing: set[bytes] = set()
            done.judged += len(keys)
            for key in keys:
                ticket = self.tickets[key]
                contract = self._contracts.get(ticket.owner[0])
                if contract is None:
                    continue
                if not anew and over(ticket, contract, self.as_of):
                    closing.add(key)
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
        self._nearby = Nearby(self._facts_of, {})

    def _judge_one(
        self, key: bytes, seen: list[Seen], line: Timeline, contract: Contract, done: Done, *, anew: bool
    ) -> bool:
        """Judge one ticket; move the cells by the difference. False when it is past its horizon.

        Not ``anew`` when only time has passed: then its assessment stands for as long as it said.
        """
        ticket = self.tickets[key]
        vendor, customer, _ = ticket.owner
        as_of = self.as_of if contract.as_of is None else contract.as_of
        closes_at = line.last + contract.kept_for
        if as_of >= closes_at:
            return False
        contacts = self.contacts[ticket.owner]
        bases = bases_of(line, contract)
        solves = line.solves if bases == line.solves else tuple(sorted({*line.solves, *bases}))
        if solves != ticket.solves:
            self._voices.solved(customer, key, ticket.solves, solves, self._again)
            contacts.solved(ticket, solves)
        found = ticket.assessed
        if anew or found is None or as_of >= found.changes_at:
            found, findings = before(seen := by_now(seen, contract), line.solves, as_of), list[Finding]()
            if found is None:
                near = contacts.near(ticket, line.solves, self._reach[vendor])
                found, findings = self._nearby.assess(ticket, seen, line, near, contract, self._days[vendor], as_of)
            alike = found is not NOTHING and found.changes_at == FOREVER  # most that wait for nothing more are
            ticket.assessed = self._shared.one(found) if alike else found
            say(ticket, findings, self._published, done)
        around = Surroundings(
            next_return=partial(contacts.next_return, ticket),
            others=partial(contacts.others, ticket),
            segment=self.segments.at(customer, line.begun),
            told=self._voices.of(customer, key, ticket.solves, contract.reopen_window, contract.as_of),
            broken_at=found.broken_at,
        )
        outcome = judge(line, around, customer, contract, as_of)
        ticket.experience = self._shared.one(experience(line, outcome))
        if (failed := outcome.solved_at if outcome.signals else None) != ticket.failed:
            self._second(ticket, failed, done)
        second = failed is not None and outcome.mature and failures.again(ticket, contacts)
        tallies = tallied(line, outcome, found, second)
        done.cells |= self.sums.give(ticket, contribution(line, around, outcome, contract, self._days[vendor], tallies))
        if contract.as_of is None:  # in a closed history time stands still
            # whichever comes first: a vendor may claim to have resolved a ticket long after its horizon
            matures = outcome.matures_at
            ahead = matures if matures is not None and as_of < matures else FOREVER
            self._due.wake(ticket, min(closes_at, found.changes_at, ahead))
        return True

    def _tickets_of(self, customer: str) -> list[Ticket]:
        """A customer's tickets with every vendor."""
        owned = [self.contacts.get((vendor, customer, None)) for vendor in self._contracts]
        return [ticket for contacts in owned if contacts is not None for ticket in contacts.tickets]

    def _second(self, ticket: Ticket, failed: float | None, done: Done) -> None:
        """Remember whether the ticket failed; the one that failed after it may be the customer's second by that, or no more."""
        contacts = self.contacts[ticket.owner]
        for key in failures.put(ticket, failed, contacts):
            other = self.tickets[key]
            done.cells |= self.sums.give(other, seconded(other.given, failures.again(other, contacts)))

    def withdraw(self, customer: str, done: Done) -> set[bytes]:
        """Let go of a customer's tickets, and of what was said of them; their rows stay. Returns their keys."""
        keys = {ticket.key for ticket in self._tickets_of(customer)}
        for key in keys:
            self._close(key, done)
        self.forget(keys)
        return keys

    def forget(self, keys: Collection[bytes]) -> None:
        """Nothing is owed to these tickets any more."""
        for key in keys:
            self.tickets.pop(key, None)
        self._owed.forget(keys)
        self._again.difference_update(keys)

    def _close(self, key: bytes, done: Done) -> set[bytes]:
        """Drop a ticket past its horizon, and what was said of it. Returns the tickets that touches."""
        ticket = self.tickets.pop(key)
        ticket.due = None
        self._owed.worked.pop(key, None)
        vendor, customer, _ = owner = ticket.owner
        done.cells |= self.sums.give(ticket, ())
        say(ticket, (), self._published, done)
        self._voices.solved(customer, key, ticket.solves, (), self._again)
        self._second(ticket, None, done)
        touched = (contacts := self.contacts[owner]).drop(ticket, self._reach[vendor])
        if not contacts.tickets:
            del self.contacts[owner]
        elif touched.moved:
            done.cells |= self.sums.expose(contacts)
        return touched.stale
