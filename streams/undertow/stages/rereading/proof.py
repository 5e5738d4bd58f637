"""Proof: the events that a finding rests on, read again, through intake and domain once more. Nothing is taken on trust.

Records in, differences out: who reads them, from topics or from a file, is not known here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from itertools import starmap
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from undertow.clock import day_of
from undertow.domain.agreement.contract import Contract
from undertow.domain.judging.assessment import Named, assess
from undertow.domain.judging.disputes import parted
from undertow.domain.judging.findings import Finding
from undertow.domain.judging.grounds import digest, telling
from undertow.domain.measuring.neighbours import neighbour
from undertow.domain.statements.statement import PeriodStatement, holds
from undertow.domain.tickets.facts import SPOKEN, Fact, Seen, in_order, join
from undertow.domain.tickets.timeline import timeline
from undertow.stages.intake import Intake
from undertow.stages.records import Entry, KafkaRecord
from undertow.stages.rows import ticket_key

Where = tuple[str, int, int]
"""Topic, partition, offset."""
TicketOf = tuple[str, str]
"""Vendor and number: whose the ticket is, the events say."""
_EPOCH: Final = date(1970, 1, 1).toordinal()
COMPARED: Final = (
    *("day", "contract", "verdict", "cause", "reading"),
    *("claimed_met", "claimed", "actual_met", "actual", "target", "at"),
)
MOST_SAID: Final = 5
"""Places that a difference names."""


class NotStated(ValueError):
    """The document holds no findings; the message says what was expected."""


class Stated(Struct, frozen=True):
    """A finding, and the id under which it was stated: the customer in it may be a pseudonym."""

    id: str
    finding: Finding


class Proof(Struct, frozen=True):
    """What came of one finding. Verified where there is no difference."""

    id: str
    finding: Finding
    differences: tuple[str, ...] = ()
    derived: Finding | None = None
    """What follows from the events as they were read, under the contract at hand."""

    @property
    def verified(self) -> bool:
        """Derived again, without any difference."""
        return not self.differences


class Reread:
    """Records that were read again, as intake takes them. ``wanted``: keep what is told of these tickets, wherever it is."""

    def __init__(self, intake: Intake, wanted: Collection[TicketOf] = ()) -> None:
        self._intake, self._wanted = intake, frozenset(wanted)
        self.told: defaultdict[Where, list[Entry]] = defaultdict(list)
        self.refused: dict[Where, str] = {}
        self.tickets: defaultdict[TicketOf, list[Entry]] = defaultdict(list)
        self.topics: set[str] = set()

    def take(self, records: Iterable[KafkaRecord], at: Collection[Where] | None = None) -> None:
        """Take records; ``at``: keep by place only what stands there."""
        taken = self._intake.take(records)
        for letter in taken.letters:
            where = (letter.record.topic, letter.record.partition, letter.record.offset)
            if at is None or where in at:
                self.refused[where] = f"{letter.reason} at {letter.field}: {letter.detail}"
        for entries in taken.entries.values():
            for entry in entries:
                place = entry.seen.place
                where = (place.topic, place.partition, place.offset)
                self.topics.add(place.topic)
                if at is None or where in at:
                    self.told[where].append(entry)
                if entry.vendor is not None and entry.ticket is not None:
                    name = (entry.vendor, entry.ticket)
                    if name in self._wanted:
                        self.tickets[name].append(entry)


def stated(document: bytes) -> list[Stated]:
    """The findings of a statement in JSON, of a list of them, or of JSON lines. Raises :class:`NotStated`."""
    try:
        try:
            found: Any = msgspec.json.decode(document)
        except msgspec.DecodeError:
            found = [msgspec.json.decode(line) for line in document.splitlines() if line.strip()]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotStated(f"it is neither JSON nor JSON lines: {error}") from None
    if isinstance(found, dict):
        whole = found["data"] if isinstance(found.get("data"), dict) else found  # as a webhook brings it
        found = whole.get("findings", [whole])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise NotStated("it holds no list of findings: write one with 'undertow report --format json'")
    try:
        findings = [(one, msgspec.convert({**one, "day": _day(one.get("day"))}, Finding)) for one in found]
    except ValueError as error:  # msgspec's is one
        raise NotStated(f"it holds something else than findings: {error}") from None
    return [Stated(str(one.get("id", finding.id)), finding) for one, finding in findings]


def sealed(document: bytes) -> bool:
    """Whether the figures of a statement in JSON are those its hash was made of; a list of findings has none."""
    try:
        whole = _document(document)
        found = (whole.data or whole).statement
    except (msgspec.DecodeError, UnicodeDecodeError):
        return not document.lstrip().startswith(b"{") or b'"statement"' not in document
    return found is None or holds(found)


class _Document(Struct):
    statement: PeriodStatement | None = None
    data: _Document | None = None


_document: Final = msgspec.json.Decoder(_Document).decode


def _day(day: Any) -> Any:  # noqa: ANN401 - as raw as it came
    """A day as a number, where a statement writes it as a date."""
    return date.fromisoformat(day).toordinal() - _EPOCH if isinstance(day, str) else day


def places(finding: Finding) -> Iterator[Where]:
    """Every place that a finding rests on."""
    for one in finding.evidence:
        yield one.topic, one.partition, one.offset
    for some in finding.context:
        for offset in some.offsets:
            yield some.topic, some.partition, offset


def tickets(finding: Finding) -> set[TicketOf]:
    """Every ticket that a finding rests on."""
    return {(finding.vendor, number) for number in (finding.ticket, *(some.ticket for some in finding.context))}


def prove(stated: Stated, read: Reread, contracts: Mapping[str, Contract]) -> Proof:
    """Derive a finding again from what was read, and say what differs."""
    finding = stated.finding
    contract = contracts.get(finding.vendor)
    if contract is None:
        return Proof(stated.id, finding, (f"no contract names the vendor {finding.vendor}",))
    if not finding.facts:
        return Proof(stated.id, finding, ("it does not say what it rests on: an older version published it",))
    by_place = any(where[0] in read.topics or where in read.refused for where in places(finding))
    gathered = _by_place(finding, read) if by_place or not read.tickets else _by_ticket(finding, read)
    problems = list(gathered.problems)
    if not gathered.own:
        return Proof(stated.id, finding, (*problems, f"nothing is told of ticket {finding.ticket}"))
    derived, content = _derived(finding, gathered, contract)
    if content != finding.facts and not problems:
        problems.append("the content of its events is not what it was when it was judged")
    problems += _differences(stated, derived, contract)
    return Proof(stated.id, finding, tuple(problems), derived)


class _Gathered(NamedTuple):
    own: list[Seen]
    customer: str | None
    others: list[tuple[str, list[Seen]]]
    """In the order in which they were opened."""
    problems: list[str]


def _by_place(finding: Finding, read: Reread) -> _Gathered:
    gone: list[Where] = []
    problems: list[str] = []
    found: list[Entry] = []
    for one in finding.evidence:
        where = (one.topic, one.partition, one.offset)
        entries = read.told.get(where)
        if entries is None:
            _missing(where, read, gone, problems)
            continue
        named = [entry for entry in entries if (entry.seen.fact.source, entry.seen.fact.id) == (one.source, one.id)]
        if not named:
            other = entries[0].seen.fact
            problems.append(f"at {_spelled(where)} stands {other.id} of {other.source}, not {one.id} of {one.source}")
        found += named
    for some in finding.context:
        for offset in some.offsets:
            where = (some.topic, some.partition, offset)
            entries = read.told.get(where)
            if entries is None:
                _missing(where, read, gone, problems)
            elif of_it := [entry for entry in entries if entry.ticket == some.ticket]:
                found += of_it
            else:
                problems.append(
                    f"at {_spelled(where)} stands an event of ticket {entries[0].ticket}, not of {some.ticket}"
                )
    if gone:
        named_places = ", ".join(map(_spelled, gone[:MOST_SAID])) + (", ..." if len(gone) > MOST_SAID else "")
        events = "1 event is" if len(gone) == 1 else f"{len(gone):,} events are"
        problems.insert(0, f"{events} gone, dropped by the topic's retention or never there: {named_places}")
    return _gathered(finding, found, problems)


def _by_ticket(finding: Finding, read: Reread) -> _Gathered:
    """From a file of another origin than the finding's places: everything it tells of these tickets up to then."""
    found = [entry for name in sorted(tickets(finding)) for entry in read.tickets.get(name, ())]
    return _gathered(finding, found, [])


def _gathered(finding: Finding, found: list[Entry], problems: list[str]) -> _Gathered:
    mine = [entry for entry in found if entry.vendor == finding.vendor]
    if len(mine) < len(found):
        problems.append(f"{len(found) - len(mine):,} events are another vendor's")
    told_of = [entry for entry in mine if entry.ticket == finding.ticket and type(entry.seen.fact.body) not in SPOKEN]
    customers = {entry.customer for entry in told_of}
    # the same number under another customer is another ticket: where the finding's own is not told, the only one there is
    customer = finding.customer if finding.customer in customers or len(customers) != 1 else next(iter(customers))
    told: dict[str, list[Seen]] = {}
    for entry in mine:  # a record may tell of later times, too: what is dated after the finding had no part in it
        if entry.customer == customer and entry.ticket is not None and _counts(entry.seen.fact, finding.as_of):
            told.setdefault(entry.ticket, []).append(entry.seen)
    joined = {number: join([], seen)[0] for number, seen in told.items()}
    own = joined.pop(finding.ticket, [])

    def opened(number: str) -> tuple[float, bytes]:
        at = timeline(in_order(joined[number])).opened_at
        return (at if at is not None else float("inf"), ticket_key(finding.vendor, customer, number))

    others = [(number, near) for number in sorted(joined, key=opened) if (near := telling(joined[number]))]
    return _Gathered(own, customer, others, problems)


def _counts(fact: Fact, as_of: float) -> bool:
    """What is said of a finding is no part of what happened, and comes later."""
    return fact.time <= as_of or type(fact.body) in SPOKEN


def _missing(where: Where, read: Reread, gone: list[Where], problems: list[str]) -> None:
    if (why := read.refused.get(where)) is not None:
        problems.append(f"what stands at {_spelled(where)} cannot be read: {why}")
    else:
        gone.append(where)


def _derived(finding: Finding, gathered: _Gathered, contract: Contract) -> tuple[Finding | None, str]:
    """What the same functions say of these facts, and what stands for their content."""
    day = day_of(contract.time_zone)
    solves = timeline(in_order(gathered.own)).solves
    named = Named(finding.vendor, finding.ticket, gathered.customer, day(solves[0]) if solves else None)
    others = list(starmap(neighbour, gathered.others))
    _, found = assess(named, gathered.own, others, contract, day, finding.as_of)
    same = next((one for one in found if (one.kind, one.name) == (finding.kind, finding.name)), None)
    return same, digest(parted(gathered.own)[0], gathered.others)


def _differences(stated: Stated, derived: Finding | None, contract: Contract) -> Iterator[str]:
    finding = stated.finding
    if finding.contract != contract.version:
        yield f"it was judged under contract {finding.contract}, the one at hand is {contract.version}"
    if derived is None:
        yield f"nothing follows from its events about {finding.name.replace('_', ' ')}"
        return
    if derived.id != stated.id:
        yield f"its id is {stated.id}, of what it speaks of {derived.id}"
    for name in COMPARED:
        one, other = getattr(finding, name), getattr(derived, name)
        if name == "day" and other is None:  # it is counted on the day of a solve that is still to come
            continue
        if one != other and name != "contract":
            yield f"{name} is {_value(one)}, from its events follows {_value(other)}"


def _value(value: object) -> str:
    return "nothing" if value is None else f"{value:.15g}" if isinstance(value, float) else str(value)


def _spelled(where: Where) -> str:
    return "/".join(map(str, where))
