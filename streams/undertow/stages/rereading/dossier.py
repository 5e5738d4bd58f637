"""What a rendered statement shows beside its numbers: the facts of the tickets it draws, and a case to learn from.

Read from the rows of the state, whether they come from a replay or from the changelog topic.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from cramjam import lz4
from msgspec import Struct

from undertow.clock import day_of
from undertow.domain.agreement.contract import Contract
from undertow.domain.agreement.periods import Period
from undertow.domain.judging.findings import Finding
from undertow.domain.statements.statement import PeriodStatement
from undertow.domain.tickets.facts import Cancelled, Fact, in_order
from undertow.domain.tickets.lesson import Case, Chosen, Lesson, candidates, lesson
from undertow.domain.tickets.timeline import timeline
from undertow.stages.records import decode_finding
from undertow.stages.rows import CustomerRow, TicketRow, customer_key, decode, is_ticket, name_of, ticket_key
from undertow.zones import offsets


class Dossiers(Struct, frozen=True):
    """What illustrates a statement: the facts of the tickets it draws, and one case to learn from."""

    facts: Mapping[str, list[Fact]]
    """In order, by the finding's id."""
    lesson: Lesson | None = None
    """None where nobody came back or left."""
    contract: Contract | None = None
    """For the clocks of a drawing; without it there are none."""


def standing(records: Iterable[tuple[bytes, bytes | None]], vendor: str = "") -> dict[bytes, bytes]:
    """What stands on ``undertow.findings``, packed, from records in the order of the log; the last of a key counts.

    With ``vendor`` what is of others is mostly left out; :func:`of_vendor` leaves out the rest.
    """
    last: dict[bytes, bytes] = {}
    needle = vendor.encode()
    for key, value in records:
        if value is None or needle not in value:
            last.pop(key, None)
        else:
            last[key] = bytes(lz4.compress_block(value))  # of the last of each only the end of the log can tell
    return last


def of_vendor(packed: Mapping[bytes, bytes], vendor: str) -> Iterator[Finding]:
    """A vendor's findings of those that stand, one unpacked at a time."""
    found = (decode_finding(bytes(lz4.decompress_block(value))) for value in packed.values())
    return (one for one in found if one.vendor == vendor)


def findings_in(records: Iterable[tuple[bytes, bytes | None]], vendor: str) -> Iterator[Finding]:
    """A vendor's findings from records of their topic: each can be dropped once it was read."""
    last = standing(records, vendor)
    while last:
        yield from of_vendor(dict([last.popitem()]), vendor)


def dossiers(
    rows: Mapping[bytes, bytes], statement: PeriodStatement, shown: Iterable[Finding], contract: Contract
) -> Dossiers:
    """Read what is needed from the rows: of the shown findings' tickets everything, of the others their timelines."""
    facts = {}
    for finding in shown:
        value = rows.get(ticket_key(finding.vendor, finding.customer, finding.ticket))
        if value is not None and isinstance(row := decode(value), TicketRow):
            facts[finding.id] = in_order(row.facts)
    return Dossiers(facts, _lesson(rows, statement, contract), contract)


def _lesson(rows: Mapping[bytes, bytes], statement: PeriodStatement, contract: Contract) -> Lesson | None:
    best: Chosen | None = None
    period, day = Period(statement.first_day, statement.last_day), day_of(contract.time_zone)
    for customer, cases in _customers(rows, statement.vendor).items():
        for found in candidates(customer, cases, _left(rows, customer), period, contract, day):
            if best is None or found.order < best.order:
                best = found
    if best is None:
        return None
    told = [_facts(rows, statement.vendor, best.customer, ticket) for ticket in (best.first, *best.returns)]
    return lesson(best, told, _own(rows, best.customer), _Wall(contract.time_zone))


def _customers(rows: Mapping[bytes, bytes], vendor: str) -> dict[str, list[Case]]:
    """The vendor's tickets by customer; those of nobody known have nothing to do with each other."""
    found: defaultdict[str, list[Case]] = defaultdict(list)
    for key, value in rows.items():
        if not is_ticket(key):
            continue
        name, customer, ticket = name_of(key)
        if name != vendor or customer is None:
            continue
        row = decode(value)
        if isinstance(row, TicketRow):
            found[customer].append(Case(ticket, timeline(in_order(row.facts))))
    return found


def _own(rows: Mapping[bytes, bytes], customer: str) -> list[Fact]:
    value = rows.get(customer_key(customer))
    row = decode(value) if value is not None else None
    return in_order(row.facts) if isinstance(row, CustomerRow) else []


def _left(rows: Mapping[bytes, bytes], customer: str) -> list[float]:
    return [fact.time for fact in _own(rows, customer) if isinstance(fact.body, Cancelled)]


def _facts(rows: Mapping[bytes, bytes], vendor: str, customer: str, ticket: str) -> list[Fact]:
    row = decode(rows[ticket_key(vendor, customer, ticket)])
    assert isinstance(row, TicketRow)
    return in_order(row.facts)


class _Wall:
    """Seconds since 1970 as walls in a zone show them."""

    def __init__(self, zone: str) -> None:
        self._since = offsets(zone)

    def __call__(self, seconds: float) -> float:
        place = bisect_right(self._since, seconds, key=lambda one: one[0]) - 1
        return seconds + self._since[place][1]
