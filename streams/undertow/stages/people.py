"""Customers who are no longer what they were: merged into others, or forgotten.

Whom a customer was merged into carries on; its own rows are kept, and nothing is judged by them any more. What comes in for
it, and all that was there, is passed on as entries for the others' casebooks. That is done again whenever the merge is read
again, so a crash in between loses nothing.

A forgotten customer leaves a hash and a time, so that nothing dated or read up to then is taken in again, whoever sends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from undertow.domain.tickets.facts import Merged, Seen
from undertow.stages.derived.judgements import Judgements
from undertow.stages.effects import Done
from undertow.stages.merging import Edges, activity_entries, carrying_on, edges, passed_on, ticket_entries
from undertow.stages.records import Entry
from undertow.stages.rows import (
    CustomerRow,
    ForgottenRow,
    TicketRow,
    customer_key,
    customer_of,
    decode,
    encode,
    forgotten_key,
    is_ticket,
    name_of,
)


class People:
    """``rows`` are read, never written."""

    def __init__(self, rows: Mapping[bytes, bytes], judgements: Judgements) -> None:
        self._rows = rows
        self._judgements = judgements
        self.heirs: dict[str, frozenset[str]] = {}
        """Who carries on the history of each customer who does not."""
        self._known: dict[str, Edges] = {}
        """The merges in the rows of those who have any."""
        self._withdrawn: dict[str, set[bytes]] = {}
        """Their tickets' keys."""
        self._forgotten: dict[bytes, float] = {}

    # -- after recovery

    def know(self, customer: str, facts: list[Seen]) -> None:
        """A customer's facts, as its row has them."""
        if known := edges(facts):
            self._note(customer, known)

    def know_forgotten(self, key: bytes, row: ForgottenRow) -> None:
        """A forgotten customer's row."""
        self._forgotten[key] = row.at

    def retold(self) -> list[Entry]:
        """Every merge once more: a crash may have come between knowing one and telling it."""
        return [entry for customer in self._known for entry in self._told(customer, self._facts(customer))]

    def aside(self, key: bytes) -> bool:
        """Whether a ticket is one of a customer who does not carry on: then it is remembered, and not to be judged."""
        customer = name_of(key)[1] if self.heirs else None
        if customer is None or customer not in self.heirs:
            return False
        self._withdrawn.setdefault(customer, set()).add(key)
        return True

    # -- what comes in

    def admitted(self, entries: Iterable[Entry], done: Done) -> Iterable[Entry]:
        """All but those of forgotten customers; what others carry on is passed on as well, whether it was known or not."""
        if not self.heirs and not self._forgotten:
            return entries
        found = []
        for entry in entries:
            customer = entry.customer
            if customer is None:
                found.append(entry)
            elif self._forgotten and _from_before(entry.seen, self._forgotten.get(forgotten_key(customer), -1.0)):
                done.forgotten += 1
            else:
                if customer in self.heirs and type(entry.seen.fact.body) is not Merged:
                    done.moved += passed_on(entry, sorted(self.heirs[customer]))
                found.append(entry)
        return found

    def merge(self, customer: str, read: Iterable[Seen], facts: list[Seen], done: Done) -> None:
        """Merges were read in the customer's row, for the first time or again; ``facts`` are all that is now known of it.

        Everybody named hears what is new, for who carries on may change by it; what is known is not told again, except by
        whom the merge is of, so the telling ends.
        """
        was, grown = customer in self.heirs, self._note(customer, edges(facts))
        own = any(isinstance(one.fact.body, Merged) and one.fact.body.customer == customer for one in read)
        if grown or own:
            done.moved += self._told(customer, facts)
        heirs = self.heirs.get(customer)
        if heirs is not None:
            self._withdraw(customer, done)
            for entry in self._everything(customer, facts, done):
                done.moved += passed_on(entry, sorted(heirs))
        elif was:
            for key in self._withdrawn.pop(customer, ()):
                facts = self._ticket(key, done)
                self._judgements.ticket(key, facts, facts)

    def forget(self, customer: str, at: float) -> Done:
        """Erase the customer: its row, its tickets and what was said of them. ``at`` (seconds): nothing older counts."""
        done = Done()
        self._withdraw(customer, done)
        self._withdrawn.pop(customer, None)
        self.heirs.pop(customer, None)
        self._known.pop(customer, None)
        self._judgements.customer(customer, [])
        # all rows are looked at: those of a vendor that has left the contracts are in no index
        own = [key for key in self._rows if _whose(key) == customer]
        self._judgements.forget(own)
        done.rows.update(dict.fromkeys(own))
        key = forgotten_key(customer)
        at = max(at, self._forgotten.get(key, at))
        self._forgotten[key] = at
        done.rows[key] = encode(ForgottenRow(at))
        return done

    # -- in between

    def _note(self, customer: str, known: Edges) -> bool:
        """Remember merges. Returns whether any is new."""
        grown = known != self._known.get(customer, frozenset())
        self._known[customer] = known
        heirs = carrying_on(customer, known)
        if customer in heirs:
            self.heirs.pop(customer, None)
        else:
            self.heirs[customer] = heirs
        return grown

    def _told(self, customer: str, facts: Iterable[Seen]) -> list[Entry]:
        """All merges of a customer's row, for everybody else whom they name; nobody is told of its own."""
        named = {name for edge in self._known.get(customer, ()) for name in edge} - {customer}
        return [
            Entry(None, name, None, one)
            for one in facts
            for name in sorted(named)
            if isinstance(body := one.fact.body, Merged) and body.customer not in {name, body.into}
        ]

    def _withdraw(self, customer: str, done: Done) -> None:
        keys = self._judgements.withdraw(customer, done)
        if keys:
            self._withdrawn.setdefault(customer, set()).update(keys)

    def _everything(self, customer: str, facts: list[Seen], done: Done) -> Iterable[Entry]:
        """All that is known of a customer, as entries."""
        for one in facts:
            if not isinstance(one.fact.body, Merged):
                yield Entry(None, customer, None, one)
        value = _latest(customer_key(customer), self._rows, done)
        row = decode(value) if value is not None else None
        if isinstance(row, CustomerRow):
            yield from activity_entries(customer, row.days, row.amounts)
        for key in sorted(self._withdrawn.get(customer, ())):
            vendor, _, number = name_of(key)
            yield from ticket_entries(vendor, customer, number, self._ticket(key, done))

    def _facts(self, customer: str) -> list[Seen]:
        row = decode(self._rows[customer_key(customer)])
        return row.facts if isinstance(row, CustomerRow) else []

    def _ticket(self, key: bytes, done: Done) -> list[Seen]:
        value = _latest(key, self._rows, done)
        row = decode(value) if value is not None else None
        return row.facts if isinstance(row, TicketRow) else []


def _from_before(seen: Seen, at: float) -> bool:
    """Whether a fact is dated up to a time (seconds), or stood on its topic by then: a clock may have run ahead."""
    return seen.fact.time <= at or 0.0 < seen.place.arrived <= at


def _whose(key: bytes) -> str | None:
    """The customer whose row or whose ticket's row it is."""
    return name_of(key)[1] if is_ticket(key) else customer_of(key)


def _latest(key: bytes, rows: Mapping[bytes, bytes], done: Done) -> bytes | None:
    return done.rows[key] if key in done.rows else rows.get(key)
