"""Evaluating one casebook's customers: what a model is fitted on, and, with the model, everything a night says of them.

Functions of the rows and of what follows from them, called between two spans; they may take seconds where customers are many.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from undertow.domain.agreement.contract import DAY, Contract
from undertow.domain.counting.ledger import ALL
from undertow.domain.customers import activity, calls, worth
from undertow.domain.customers.arms import Arms, Comparisons
from undertow.domain.customers.calls import Call, Calls
from undertow.domain.customers.iceberg import STOPPED, Heard, heard
from undertow.domain.customers.night import Compared
from undertow.domain.customers.population import Population, gather
from undertow.domain.customers.silence import Customer, Design, Ticket, cohort, observe, stopped_after
from undertow.stages.derived.contacts import Contacts, Owner
from undertow.stages.derived.segments import Segments
from undertow.stages.records import Ask
from undertow.stages.rows import CustomerRow, customer_of, decode, unflattened

UNIT: Final = 7.0
"""Days in a model's unit of time: a week."""
DESIGN: Final = Design(controls=2_000)
"""Controls a week and casebook: of eight casebooks together many more than a vendor has tickets in it."""
LISTED: Final = 1_000
"""Customers to call that a casebook lists: more than anybody calls in a day, and still one record."""
WITHIN: Final = 180
"""Days since the last activity up to which a customer who has probably left is worth a call; later it is long gone."""
AHEAD: Final = 30
"""Days over which the chance of no activity is told."""
OTHER: Final = "other"


class State(NamedTuple):
    """What a casebook knows of its customers."""

    rows: Mapping[bytes, bytes]
    contacts: Mapping[Owner, Contacts]
    segments: Segments
    contracts: Mapping[str, Contract]
    gone: Collection[str] = ()
    """Customers whose history others carry on."""


class Evaluated(NamedTuple):
    """What a night says of one casebook's customers."""

    customers: int
    left: float | None
    arms: dict[str, list[tuple[Compared, str, int, Arms]]]
    heard: dict[str, Heard]
    """By vendor, as ``arms``."""
    calls: list[Calls]
    listed: list[Call]


class _Known(NamedTuple):
    """The rows, read."""

    days: dict[str, bytes]
    """Packed active days by customer."""
    values: dict[str, float]


def population(state: State, night: int) -> Population:
    """The customers at the close of the day before ``night``."""
    known = _read(state)
    return gather(known.days.items(), known.values.values(), night - 1)


def evaluate(state: State, ask: Ask) -> Evaluated:
    """Everything, as of the beginning of day ``ask.today``."""
    today = ask.today
    known = _read(state, today)
    people = _people(state, known, today)
    of_vendor: dict[str, list[Customer]] = {vendor: [] for vendor in state.contracts}
    for person in people:
        for vendor in {ticket.vendor for ticket in person.tickets}:
            of_vendor[vendor].append(person)
    compared = Comparisons(observe(people, today, DESIGN, ask.fit.model if ask.fit is not None else None))
    weeks = cohort(today, STOPPED, DESIGN)
    left, found = _leaving(ask, known, people)
    return Evaluated(
        customers=sum(person.days.bits > 0 for person in people),
        left=left,
        arms={vendor: _arms(compared, contract) for vendor, contract in state.contracts.items()},
        heard={vendor: heard(some, vendor, weeks) for vendor, some in of_vendor.items()},
        calls=calls.counted(found),
        listed=found[:LISTED],
    )


def _read(state: State, today: int | None = None) -> _Known:
    """Everybody; of their days those retained on day ``today``, by default all."""
    known = _Known({}, {})
    for key, value in list(state.rows.items()):
        customer = customer_of(key)
        if customer is None or customer in state.gone:
            continue
        plain = unflattened(value)
        if plain is None:
            row = decode(value)
            assert isinstance(row, CustomerRow)
            plain = row.days, row.amounts
        days, amounts = plain
        if today is not None:
            days = activity.retained(days, today)
        if days:
            known.days[customer] = days
            if amounts and (usual := worth.usual(amounts)) is not None:
                known.values[customer] = usual
    return known


def _people(state: State, known: _Known, today: int) -> list[Customer]:
    """Everybody with activity or a ticket, in the order of names: who serves as a control depends on no order of arrival."""
    tickets: defaultdict[str, list[Ticket]] = defaultdict(list)
    unhappy: defaultdict[str, set[str]] = defaultdict(set)
    complained: defaultdict[str, set[str]] = defaultdict(set)
    for (vendor, customer, _), contacts in list(state.contacts.items()):
        if customer is None:
            continue
        for ticket in contacts.tickets:
            was = ticket.experience
            begun = ticket.opened_at if ticket.opened_at is not None else ticket.solves[0] if ticket.solves else None
            if was is None or begun is None or begun >= today * DAY:
                continue
            ended = was.ended if was.ended is not None and was.ended < today else None
            tickets[customer].append(Ticket(vendor, int(begun // DAY), ended, was.durable, ticket.number))
            if was.unhappy:
                unhappy[customer].add(vendor)
            if was.complained:
                complained[customer].add(vendor)
    segments = {segment for contract in state.contracts.values() for segment in contract.segments}
    nobody: frozenset[str] = frozenset()
    found = []
    for name in sorted(known.days.keys() | tickets.keys()):
        own = tickets.get(name)
        since = state.segments.since(name)
        found.append(
            Customer(
                id=name,
                days=activity.unpack(known.days.get(name, b"")).until(today - 1),
                tickets=sorted(own, key=lambda one: (one.opened, one.vendor, one.number)) if own else (),
                segments=[(int(at // DAY), one if one in segments else OTHER) for at, one in since] if since else (),
                unhappy=frozenset(unhappy[name]) if name in unhappy else nobody,
                complained=frozenset(complained[name]) if name in complained else nobody,
            )
        )
    return found


def _arms(compared: Comparisons, contract: Contract) -> list[tuple[Compared, str, int, Arms]]:
    """Every comparison of one vendor by the segments of its contract; all others are one."""
    sums: defaultdict[tuple[Compared, str, int], Arms] = defaultdict(Arms)
    shown = {ALL, *contract.segments}
    for name, found in (
        ("after_a_ticket", compared.after_a_ticket(contract.vendor)),
        ("not_durable", compared.not_durable(contract.vendor)),
        ("quiet", compared.quiet_ones(contract.vendor)),
    ):
        for (segment, horizon), arms in found.items():
            if segment == ALL or (contract.segments and name != "quiet"):
                sums[name, segment if segment in shown else OTHER, horizon].add(arms)  # type: ignore[index]
    return [(*of, arms) for of, arms in sorted(sums.items())]


def _leaving(ask: Ask, known: _Known, people: list[Customer]) -> tuple[float | None, list[Call]]:
    """How many have left, and whom to call first; None without a model, or where none can be evaluated."""
    if ask.fit is None:
        return None, []
    try:
        from undertow.fitting.leaving import leaving  # noqa: PLC0415 - an extra; a worker without it goes on without
    except ImportError:
        return None, []
    end = ask.today - 1
    found = leaving(known.days, known.values, end, ask.fit, ahead=AHEAD, within=WITHIN, usual=ask.usual)
    chosen = {one.customer for one in found.likely}
    by_name = {person.id: person for person in people if person.id in chosen}
    return found.left, [
        Call(
            customer=one.customer,
            first_day=one.first_day,
            last_day=one.last_day,
            active_days=one.history.repeats + 1,
            alive=one.alive,
            silent=one.silent,
            value=one.value,
            at_risk=one.at_risk,
            vendor=(stopped := stopped_after(by_name[one.customer])) and stopped.vendor,
            ticket=stopped and stopped.number,
            ended=stopped and stopped.ended,
        )
        for one in found.likely
    ]
