"""A history's tickets, each with what measures need: its course, and the later tickets of its customer."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from undertow import events as e
from undertow import wire
from undertow.domain.agreement.contract import Contract
from undertow.domain.measuring.recovery import Contact, after
from undertow.domain.tickets.course import HUMAN, Course, course
from undertow.domain.tickets.facts import Cancelled, Place, Seen, in_order, join
from undertow.domain.tickets.timeline import Timeline, timeline
from undertow.stages.intake import entry_of
from undertow.stages.records import Entry

Name = tuple[str, str | None, str]
"""Vendor, customer, ticket."""


class Dossier(NamedTuple):
    """One ticket, ready to be measured."""

    vendor: str
    customer: str | None
    ticket: str
    course: Course
    contacts: list[Contact]
    """The customer's later tickets on the same topic, or linked to this one, by opening time."""


class Archive:
    """Records in, dossiers out. Nothing is judged here."""

    def __init__(self) -> None:
        self.refused: list[wire.Refused] = []
        self.last_event_time = 0.0
        """Seconds since 1970."""
        self._seen: defaultdict[Name, list[Seen]] = defaultdict(list)
        self._left: defaultdict[str, list[Seen]] = defaultdict(list)
        """When customers ended the relationship, without a word on any ticket."""

    def take(self, place: int, value: bytes) -> None:
        """One record; ``place`` is its number in the file. What cannot be read is kept in ``refused``."""
        try:
            event = wire.decode(value)
        except wire.Refused as why:
            self.refused.append(why)
            return
        if isinstance(event, e.PeriodClaimed):
            return
        entry = entry_of(event, Place("file", 0, place))
        self.last_event_time = max(self.last_event_time, entry.seen.fact.time)
        self._put(entry)

    def vendors(self) -> set[str]:
        """Vendors with a ticket."""
        return {vendor for vendor, _, _ in self._seen}

    def dossiers(self, contracts: Mapping[str, Contract], as_of: float) -> Iterator[Dossier]:
        """The tickets of the vendors with a contract, by vendor and customer, as of a time (seconds)."""
        groups: defaultdict[tuple[str, str | None], list[Name]] = defaultdict(list)
        for name in self._seen:
            if name[0] in contracts:
                groups[name[:2]].append(name)
        for (vendor, customer), names in groups.items():
            # tickets of nobody known have nothing to do with each other
            for some in [names] if customer is not None else [[name] for name in names]:
                yield from self._customer(some, contracts[vendor], as_of)

    def _put(self, entry: Entry) -> None:
        if entry.ticket is not None and entry.vendor is not None:
            self._seen[entry.vendor, entry.customer, entry.ticket].append(entry.seen)
        elif entry.customer is not None and isinstance(entry.seen.fact.body, Cancelled):
            self._left[entry.customer].append(entry.seen)

    def _customer(self, names: list[Name], contract: Contract, as_of: float) -> Iterator[Dossier]:
        """One customer's tickets; the latest first, for what became of an earlier one depends on those after it."""
        read: dict[str, tuple[Name, Timeline, Course]] = {}
        for name in names:
            own = self._left.get(name[1], []) if name[1] is not None else []
            facts = [fact for fact in in_order(join([], [*self._seen[name], *own])[0]) if fact.time <= as_of]
            if facts:
                read[name[2]] = (name, timeline(facts), course(facts))
        later = _Later()
        for (vendor, customer, ticket), line, found in sorted(read.values(), key=_opened, reverse=True):
            contacts = later.of(ticket, line, contract)
            yield Dossier(vendor, customer, ticket, found, contacts)
            if line.opened_at is not None:
                replied = next((said.at for said in found.talk if said.by == HUMAN), None)
                held = after(found, contacts, contract, as_of).held
                later.put(line, Contact(line.opened_at, replied, held))


class _Later:
    """A customer's tickets from the latest back, by topic and by the ticket they continue."""

    def __init__(self) -> None:
        self._topics: defaultdict[str, list[Contact]] = defaultdict(list)
        self._linked: defaultdict[str, list[Contact]] = defaultdict(list)

    def put(self, line: Timeline, contact: Contact) -> None:
        if line.topic is not None:
            self._topics[line.topic].append(contact)
        for related in line.continues:
            self._linked[related].append(contact)

    def of(self, ticket: str, line: Timeline, contract: Contract) -> list[Contact]:
        """What came back after the ticket's solves, by opening time."""
        if not line.solves:
            return []
        known = self._topics.get(line.topic, []) if line.topic is not None else []
        start = bisect_left(known, -(line.solves[-1] + contract.repeat_window), key=_from_the_latest)
        end = bisect_left(known, -line.solves[0], key=_from_the_latest)
        found = dict.fromkeys([*known[start:end], *self._linked.get(ticket, ())])
        return sorted(found, key=lambda contact: contact.opened)


def _from_the_latest(contact: Contact) -> float:
    """The order in which contacts were put."""
    return -contact.opened


def _opened(one: tuple[Name, Timeline, Course]) -> tuple[float, str]:
    return (one[1].opened_at if one[1].opened_at is not None else 0.0, one[0][2])
