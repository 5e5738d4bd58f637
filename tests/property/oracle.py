"""The domain's rules once more, by comparing every ticket with every other: no index, no increments, no memory.

Deliberately shares nothing with the fold but the types it is compared in.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from undertow.domain.agreement.contract import Contract
from undertow.domain.counting.cells import Cell, CellKey, Contribution, Counts, Exposure, Share, Tally
from undertow.domain.judging.assessment import Assessment, Named, assess
from undertow.domain.judging.findings import Finding
from undertow.domain.measuring.neighbours import neighbour
from undertow.domain.tickets import facts as f
from undertow.domain.tickets.facts import Fact, Place, Seen, join
from undertow.stages.records import Entry
from undertow.stages.rows import ticket_key

GRID = [0, 1, 2, 3, *(step for power in range(2, 20) for step in (2**power, 2**power + 2 ** (power - 1)))]
FIVE_MINUTES = 300
BAD = (
    "reopened",
    "repeat_contact",
    "promise_broken",
    "refunded",
    "cancelled",
    "charged",
    "complained",
    "rejected",
)
MONEY = (f.Refunded, f.Invoiced)


def ordered(read: Iterable[tuple[Fact, Place]]) -> list[Fact]:
    """The facts that count: of the versions of an id the one read first, in order of time."""
    versions: dict[tuple[str, str], list[tuple[Fact, Place]]] = {}
    for fact, place in read:
        versions.setdefault((fact.source, fact.id), []).append((fact, place))
    counting = [
        min(pairs, key=lambda p: (p[1], p[0].time, p[0].sequence, p[0].recorded, repr(p[0])))[0]
        for pairs in versions.values()
    ]
    return sorted(counting, key=lambda x: (x.time, x.sequence, x.recorded, x.id, x.source))


@dataclass
class Ticket:
    """What one ticket's facts say."""

    vendor: str
    customer: str | None
    number: str
    facts: list[Fact]
    seen: list[Seen]
    solves: list[float] = field(default_factory=list)
    taken_back: list[tuple[float, bool, bool]] = field(default_factory=list)
    """Seconds after the solve; by the vendor; by the customer or nobody knows whom."""
    told: list[Fact] = field(default_factory=list)
    """Its facts, and those that name no ticket and are held against it."""
    signals: dict[str, float] = field(default_factory=dict)
    unconfirmed: bool = False

    def __post_init__(self) -> None:
        self.last = max(fact.time for fact in self.facts)
        opened = [x for x in self.facts if isinstance(x.body, f.Opened)]
        self.opened = opened[0].time if opened else None
        own = [x for x in self.facts if isinstance(x.body, f.Opened | f.StatusChanged | f.Message | f.TopicChanged)]
        self.begun = self.opened if opened else (own[0].time if own else None)
        filed = [x.body.to for x in self.facts if isinstance(x.body, f.TopicChanged)]
        self.topic = filed[-1] if filed else (opened[0].body.topic if opened else None)
        self.opened_as = opened[0].body.topic if opened else None
        self.said_segment = opened[0].body.segment if opened else None
        self.links = {x.body.related for x in self.facts if isinstance(x.body, f.Linked)}
        claims = [x for x in self.facts if isinstance(x.body, f.Claimed) and x.body.measure == "sla"]
        newest = max(((x.recorded, x.sequence, x.id) for x in claims), default=None)
        self.claim = next((x.body for x in claims if (x.recorded, x.sequence, x.id) == newest), None)
        for index, fact in enumerate(self.facts):
            if isinstance(fact.body, f.StatusChanged):
                self._status(index, fact)

    @property
    def unheard(self) -> bool:
        """Solved, and from then on the customer neither wrote, nor solved or closed it, nor answered anything."""
        moves = [(i, x) for i, x in enumerate(self.facts) if isinstance(x.body, f.StatusChanged)]
        if not moves or moves[-1][1].body.to not in ("solved", "closed"):
            return False
        since = max(i for i, x in moves if x.body.to in ("solved", "closed") and self._first(i))
        return not any(
            isinstance(x.body, f.Surveyed | f.Confirmed)
            or (isinstance(x.body, f.Message) and x.body.actor == "customer")
            or (isinstance(x.body, f.StatusChanged) and x.body.actor == "customer")
            for x in self.facts[since:]
        )

    def _status(self, index: int, fact: Fact) -> None:
        before = [(i, x) for i, x in enumerate(self.facts[:index]) if isinstance(x.body, f.StatusChanged)]
        was_solved = bool(before) and before[-1][1].body.to in ("solved", "closed")
        is_solved = fact.body.to in ("solved", "closed")
        if is_solved and not was_solved:
            self.solves.append(fact.time)
        elif was_solved and not is_solved:
            since = max(
                i
                for i, x in before
                if x.time == self.solves[-1] and x.body.to in ("solved", "closed") and self._first(i)
            )
            wrote = any(
                isinstance(x.body, f.Message) and x.body.actor == "customer" for x in self.facts[since + 1 : index]
            )
            customer = fact.body.actor == "customer" or wrote
            vendor = not customer and fact.body.actor != "unknown"
            self.taken_back.append((fact.time - self.solves[-1], vendor, not vendor))

    def _first(self, index: int) -> bool:
        """True when the status before the one at ``index`` was not solved."""
        before = [x for x in self.facts[:index] if isinstance(x.body, f.StatusChanged)]
        return not before or before[-1].body.to not in ("solved", "closed")


def contributions(
    entries: Iterable[Entry], contracts: Mapping[str, Contract], as_of: float
) -> dict[bytes, Contribution]:
    """What each ticket kept as of ``as_of`` adds to the cells, had all ``entries`` come at once."""
    kept = _kept(entries, contracts, as_of)
    about_customers: dict[str, list[tuple[Fact, Place]]] = {}
    for entry in entries:
        # activity is a set of days, not of facts
        if entry.ticket is None and not isinstance(entry.seen.fact.body, f.Active):
            about_customers.setdefault(entry.customer, []).append((entry.seen.fact, entry.seen.place))
    own = {customer: ordered(read) for customer, read in about_customers.items()}
    said = {id(ticket): _said(ticket, kept, contracts[ticket.vendor], as_of)[0] for ticket in kept}
    for ticket in kept:
        mine = [x for x in own.get(ticket.customer, []) if _held_against(ticket, x, kept, contracts)]
        ticket.told = sorted([*ticket.facts, *mine], key=lambda x: (x.time, x.sequence, x.recorded, x.id, x.source))
        ticket.signals = _signals(ticket, kept, contracts[ticket.vendor], said[id(ticket)].broken_at)
        ticket.unconfirmed = ticket.unheard and not any(isinstance(x.body, f.Surveyed) for x in mine)
    found = {}
    for ticket in kept:
        facts = own.get(ticket.customer, [])
        segments = [(x.time, x.body.segment) for x in facts if isinstance(x.body, f.SegmentChanged)]
        found[ticket_key(ticket.vendor, ticket.customer, ticket.number)] = _adds(
            ticket, kept, segments, contracts[ticket.vendor], as_of, said[id(ticket)]
        )
    return found


def _followed(ticket: Ticket, contract: Contract) -> set[float]:
    """The moments at which a ticket was solved, by its feed or as its vendor reports them."""
    found = set(ticket.solves)
    if found and contract.solve_time == "resolved_at" and ticket.claim is not None:
        found |= {ticket.claim.resolved_at} - {None}
    return found


def _held_against(ticket: Ticket, said: Fact, kept: list[Ticket], contracts: Mapping[str, Contract]) -> bool:
    """Whether of all the customer's tickets this one was solved last before a fact that names none, and not too long ago."""
    if not isinstance(said.body, f.Cancelled | f.Refunded | f.Complained | f.Surveyed):
        return False
    moments = [
        (solve, ticket_key(other.vendor, other.customer, other.number))
        for other in kept
        if other.customer == ticket.customer
        for solve in _followed(other, contracts[other.vendor])
        if solve < said.time
    ]
    if not moments:
        return False
    solve, key = max(moments)
    mine = key == ticket_key(ticket.vendor, ticket.customer, ticket.number)
    return mine and said.time <= solve + contracts[ticket.vendor].reopen_window


def _returned(ticket: Ticket, base: float, kept: list[Ticket], contract: Contract) -> list[float]:
    """Openings of repeat contacts after one solve."""
    return sorted(
        other.opened
        for other in kept
        if other is not ticket
        and ticket.customer is not None
        and (other.vendor, other.customer) == (ticket.vendor, ticket.customer)
        and other.opened is not None
        and ((ticket.topic is not None and other.topic == ticket.topic) or ticket.number in other.links)
        and base < other.opened <= base + contract.repeat_window
    )


def _signals(ticket: Ticket, kept: list[Ticket], contract: Contract, broken_at: float) -> dict[str, float]:
    """The bad outcomes of a ticket and when each showed first."""
    if not ticket.solves:
        return {}
    found: dict[str, list[float]] = {name: [] for name in BAD}
    for solve, (after, _, blamed) in zip(ticket.solves, ticket.taken_back, strict=False):
        if blamed and after <= contract.reopen_window:
            found["reopened"].append(solve + after)
    for base in _bases(ticket, contract):
        if ticket.topic is not None:
            found["repeat_contact"] += _returned(ticket, base, kept, contract)
    if broken_at < float("inf"):
        found["promise_broken"].append(broken_at)

    def told(kind: type) -> list[Fact]:
        return [x for x in ticket.told if isinstance(x.body, kind) and not (kind in MONEY and x.body.amount <= 0)]

    for name, kind in (("refunded", f.Refunded), ("cancelled", f.Cancelled), ("complained", f.Complained)):
        found[name] += [x.time for x in told(kind)]
    failed = []
    for place, solve in enumerate(ticket.solves):
        ends = [solve + after for after, *_ in ticket.taken_back[place : place + 1] if after <= contract.reopen_window]
        failed.append(min([*ends, *_returned(ticket, solve, kept, contract)], default=None))
    if None not in failed:
        found["charged"] += [max([x.time, *failed]) for x in told(f.Invoiced)]
    scores = [(x.time, x.body.score < contract.good_csat) for x in told(f.Surveyed) if x.body.scale == "csat"]
    answers = [(x.time, not x.body.fixed) for x in told(f.Confirmed)]
    for asked in (scores, answers):
        if asked and asked[-1][1]:
            found["rejected"] += [at for at, bad in asked if bad]
    return {name: min(times) for name, times in found.items() if times}


def _bases(ticket: Ticket, contract: Contract) -> list[float]:
    claim = ticket.claim
    if contract.solve_time == "row":
        return ticket.solves
    return [claim.resolved_at] if claim is not None and claim.resolved_at is not None else []


def _kept(entries: Iterable[Entry], contracts: Mapping[str, Contract], as_of: float) -> list[Ticket]:
    about_tickets: dict[tuple[str, str | None, str], list[tuple[Fact, Place]]] = {}
    for entry in entries:
        if entry.ticket is not None:
            pair = (entry.seen.fact, entry.seen.place)
            about_tickets.setdefault((entry.vendor, entry.customer, entry.ticket), []).append(pair)
    tickets = [
        Ticket(*name, ordered(read), join([], [Seen(*pair) for pair in read])[0])
        for name, read in about_tickets.items()
    ]
    return [ticket for ticket in tickets if as_of < ticket.last + contracts[ticket.vendor].kept_for]


def _adds(
    ticket: Ticket,
    kept: list[Ticket],
    segments: list[tuple[float, str]],
    contract: Contract,
    as_of: float,
    said: Assessment,
) -> Contribution:
    current = [name for at, name in segments if ticket.begun is not None and at <= ticket.begun]
    name = current[-1] if current else ticket.said_segment
    segment = "all" if not contract.segments else name if name in contract.segments else "other"
    if ticket.begun is None:
        last = CellKey(ticket.vendor, segment, _day(ticket.last, contract))
        return (Share(last, Counts(), None, said.tallies),) if said.tallies else ()
    day = CellKey(ticket.vendor, segment, _day(ticket.begun, contract))
    opening = Share(day, Counts(opened=1))
    if not ticket.solves:
        waiting = [Tally("unsolved", *tally[1:]) if tally.kind == "verdict" else tally for tally in said.tallies]
        return (Share(day, Counts(opened=1), None, tuple(waiting)),)
    key = CellKey(ticket.vendor, segment, _day(ticket.solves[0], contract))
    claim = ticket.claim
    bases = _bases(ticket, contract)
    met = claim is not None and claim.met
    tallies = list(said.tallies)
    if met:
        tallies.append(Tally("early", "", "n"))
        first = min(ticket.signals.values(), default=float("inf"))
        tallies += [
            Tally("early", f"{days}d", "bad") for days in (3, 7) if first - ticket.solves[0] <= days * 24 * 60 * 60
        ]
    follow_up = max(contract.repeat_window, contract.reopen_window)
    if any(as_of < moment + follow_up for moment in (*ticket.solves, *bases)):
        return (opening, Share(key, Counts(solved=1), None, tuple(tallies)))
    others = [
        other
        for other in kept
        if other is not ticket
        and (other.vendor, other.customer) == (ticket.vendor, ticket.customer)
        and other.opened is not None
    ]
    eligible = bool(bases) and ticket.customer is not None and ticket.topic is not None
    bad = bool(ticket.signals)
    repeat, reopened = "repeat_contact" in ticket.signals, "reopened" in ticket.signals
    counts = Counts(
        solved=1,
        mature=1,
        claimed=int(claim is not None),
        reported_met=int(met),
        reopened=int(reopened),
        reopened_claimed=int(claim is not None and (claim.reopen_count or 0) > 0),
        flicker=int(any(after < FIVE_MINUTES and vendor for after, vendor, _ in ticket.taken_back)),
        repeat_eligible=int(eligible),
        repeat_contact=int(repeat),
        bad=int(bad and claim is not None),
        reported_met_but_bad=int(bad and met),
    )
    exposure = (
        Exposure(zlib.crc32(ticket.topic.encode()) % 4096, max(step for step in GRID if step <= len(others)))
        if eligible
        else None
    )
    if met:
        priority = "" if said.priority is None else f"{zlib.crc32(said.priority.encode()) % 16:x}"
        topic = "" if ticket.topic is None else f"{zlib.crc32(ticket.topic.encode()) % 256:x}"
        tallies += [Tally("mix", priority, topic)] + [Tally("mix_bad", priority, topic)] * bad
    if claim is not None:
        shown = [name for name in BAD if name in ticket.signals]
        shown += ["unconfirmed"] * ticket.unconfirmed
        tallies += [Tally("outcome", name, "met" if met else "missed") for name in shown]
    if said.one_contact is not None:
        tallies.append(Tally("first_contact", "", "yes" if said.one_contact and not (repeat or reopened) else "no"))
    if claim is not None and _again(ticket, kept):
        tallies.append(Tally("outcome", "repeat_failure", "met" if met else "missed"))
    return (opening, Share(key, counts, exposure, tuple(tallies)))


def _again(ticket: Ticket, kept: list[Ticket]) -> bool:
    """Whether the ticket failed, and of the customer's other tickets with the vendor one did that was solved before it."""
    if not ticket.signals or ticket.customer is None:
        return False

    def order(one: Ticket) -> tuple[float, bytes]:
        return one.solves[0], ticket_key(one.vendor, one.customer, one.number)

    return any(
        other.signals
        and (other.vendor, other.customer) == (ticket.vendor, ticket.customer)
        and order(other) < order(ticket)
        and ticket.solves[0] - other.solves[0] <= 60 * 24 * 60 * 60
        for other in kept
    )


def findings(entries: Iterable[Entry], contracts: Mapping[str, Contract], as_of: float) -> dict[str, Finding]:
    """What can be said of the tickets kept, by id."""
    kept = _kept(entries, contracts, as_of)
    found = [one for ticket in kept for one in _said(ticket, kept, contracts[ticket.vendor], as_of)[1]]
    return {one.id: one for one in found}


def _said(ticket: Ticket, kept: list[Ticket], contract: Contract, as_of: float) -> tuple[Assessment, list[Finding]]:
    """The assessment, beside the tickets opened next to the last solve as comparing with every other finds them."""
    claims = any(isinstance(x.body, f.Claimed) for x in ticket.facts)
    if not ticket.solves and not claims:
        return Assessment(), []
    near: list[Ticket] = []
    left: list[Ticket] = []
    if ticket.solves:
        solve, ahead = ticket.solves[-1], max(contract.repeat_window, contract.patterns.continued_within)
        others = sorted(
            (other.opened, ticket_key(other.vendor, other.customer, other.number), other)
            for other in kept
            if other is not ticket
            and ticket.customer is not None
            and (other.vendor, other.customer) == (ticket.vendor, ticket.customer)
            and other.opened is not None
            and solve - contract.patterns.continued_within <= other.opened <= solve + ahead
        )
        related = [
            one
            for one in others
            if (ticket.topic is not None and one[2].topic == ticket.topic) or ticket.number in one[2].links
        ]
        gone = [one for one in others if one[2].opened_as == ticket.topic != one[2].topic and ticket.topic is not None]
        near, left = (
            [one[2] for one in some if one[0] <= solve][-1:] + [one[2] for one in some if one[0] > solve][:1]
            for some in (related, gone)
        )
    day = _day(ticket.solves[0], contract) if ticket.solves else None
    name = Named(ticket.vendor, ticket.number, ticket.customer, day)
    beside, elsewhere = (
        [neighbour(other.number, other.seen) for other in some]
        for some in (near, [other for other in left if other not in near])
    )
    return assess(name, ticket.seen, beside, contract, lambda at: _day(at, contract), as_of, elsewhere)


def cells(given: Iterable[Contribution]) -> dict[CellKey, Cell]:
    """The sums of contributions."""
    shares = [share for contribution in given for share in contribution]
    found = {}
    for key in {share.key for share in shares}:
        own = [share for share in shares if share.key == key]
        dealt = [share.exposure for share in own if share.exposure is not None]
        tallies = [tally for share in own for tally in share.tallies]
        sums = Counts(*[sum(column) for column in zip(*(share.counts for share in own), strict=True)])
        found[key] = Cell(
            sums,
            {exposure: dealt.count(exposure) for exposure in dealt},
            {tally: tallies.count(tally) for tally in tallies},
        )
    return found


def _day(seconds: float, contract: Contract) -> int:
    return (datetime.fromtimestamp(seconds, ZoneInfo(contract.time_zone)).date() - date(1970, 1, 1)).days
