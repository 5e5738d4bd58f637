"""Customers merged into others: one history, whatever the order of events, over several casebooks."""

from __future__ import annotations

from collections import deque
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from property.strategies import Owner
from undertow.domain.agreement.contract import Contract
from undertow.domain.customers import activity
from undertow.domain.tickets.facts import Active, Body, Fact, Merged, Opened, Place, Seen, SegmentChanged, StatusChanged
from undertow.stages.merging import carrying_on
from undertow.stages.records import Entry, casebook_partition
from undertow.stages.rows import CustomerRow, TicketRow, customer_key, decode, is_ticket, name_of

DAY = 86_400.0
PARTITIONS = 3
NOW = 20_100 * DAY
CONTRACTS = {"acme": Contract(vendor="acme", keep_all=True)}
NAMES = ("ann", "bea", "cleo", "dora")
names = st.sampled_from(NAMES)
bodies = st.one_of(
    st.builds(Active, st.none() | st.integers(1, 9).map(float)),
    st.builds(SegmentChanged, st.sampled_from(["gold", "basic"])),
)
tickets = st.one_of(st.just(Opened("bill")), st.just(StatusChanged("solved", "agent")))
told = st.lists(st.tuples(names, st.integers(20_000, 20_060), bodies | tickets), max_size=10)
merges = st.lists(st.tuples(names, names), max_size=4, unique=True)


def entry(number: int, customer: str, day: int, body: Body) -> Entry:
    fact = Fact(day * DAY + number, 0, day * DAY + number, f"e{number}", "/crm", body)
    about = isinstance(body, Opened | StatusChanged)
    return Entry(
        "acme" if about else None,
        customer,
        f"{customer}-{day % 2}" if about else None,
        Seen(fact, Place("t", 0, number)),
    )


class Company:
    """Three casebooks that pass entries to each other through queues, which are read in any order."""

    def __init__(self, random: Random) -> None:
        self.owners = [Owner(CONTRACTS, partition=number) for number in range(PARTITIONS)]
        self._queues: list[deque[list[Entry]]] = [deque() for _ in self.owners]
        self._random = random
        self.steps = 0
        for owner in self.owners:
            owner.step(NOW)

    def send(self, entries: list[Entry]) -> None:
        for one in entries:
            assert one.customer is not None
            self._queues[casebook_partition(one.customer, PARTITIONS)].append([one])

    def run(self, twice: float = 0.0) -> None:
        """Until nothing waits; a share is read twice, as after a crash."""
        while waiting := [number for number, queue in enumerate(self._queues) if queue]:
            self.steps += 1
            assert self.steps < 5_000, "entries go round for ever"
            number = self._random.choice(waiting)
            queue = self._queues[number]
            entries = queue[0] if self._random.random() < twice else queue.popleft()
            done = self.owners[number].step(entries)
            self.send(done.moved)

    def histories(self) -> dict[str, tuple[object, ...]]:
        """Who carries on, and with what."""
        found: dict[str, tuple[object, ...]] = {}
        for owner in self.owners:
            gone = owner.book._people.heirs
            for name in NAMES:
                value = owner.rows.get(customer_key(name))
                row = decode(value) if value is not None else None
                if name in gone or casebook_partition(name, PARTITIONS) != owner.book.partition:
                    continue
                own = sorted(key for key in owner.rows if is_ticket(key) and name_of(key)[1] == name)
                facts = {(s.fact.id, s.fact.body) for s in row.facts} if isinstance(row, CustomerRow) else set()
                days = row.days if isinstance(row, CustomerRow) else b""
                amounts = row.amounts if isinstance(row, CustomerRow) else b""
                facts = {one for one in facts if not isinstance(one[1], Merged)}
                of_tickets = [(key, [s.fact for s in decode(owner.rows[key]).facts]) for key in own]  # type: ignore[union-attr]
                found[name] = (facts, days, amounts, of_tickets)
        return found

    def cells(self) -> dict[object, int]:
        """Tickets opened, by day: each counts once, with whoever carries on."""
        sums: dict[object, int] = {}
        for owner in self.owners:
            for key, cell in owner.book.cells.items():
                sums[key] = sums.get(key, 0) + cell.counts.opened
        return {key: n for key, n in sums.items() if n}


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(told, merges, st.randoms(use_true_random=False), st.data())
def test_every_order_of_events_leaves_the_same_histories(told, merged, random, data):
    """Promise: chains, circles and both directions converge; what is read twice changes nothing; a rebuilt state agrees."""
    entries = [entry(number, *one) for number, one in enumerate(told)]
    entries += [entry(100 + number, who, 20_050, Merged(who, into)) for number, (who, into) in enumerate(merged)]
    first = Company(random)
    first.send(entries)
    first.run()
    second = Company(random)
    for one in data.draw(st.permutations(entries)):
        second.send([one])
        if random.random() < 0.5:
            second.run(twice=0.2)
    second.run(twice=0.2)
    assert first.histories() == second.histories()
    assert first.cells() == second.cells()
    for owner in second.owners:
        again = Owner(CONTRACTS, dict(owner.rows), partition=owner.book.partition)
        assert again.book._people.heirs == owner.book._people.heirs
        assert again.book.cells == owner.book.cells


@given(told, merges)
def test_who_carries_on_has_the_days_of_all_who_lead_to_it(told, merged):
    """Promise: the history is the union, and a customer merged into nobody keeps its own."""
    entries = [
        entry(number, who, day, body) for number, (who, day, body) in enumerate(told) if isinstance(body, Active)
    ]
    known = frozenset((who, into) for who, into in merged if who != into)
    company = Company(Random(1))
    company.send(entries + [entry(100 + n, who, 20_050, Merged(who, into)) for n, (who, into) in enumerate(merged)])
    company.run()
    histories = company.histories()
    assert set(histories) == {one for name in NAMES for one in carrying_on(name, known)}
    for name, (_, days, *_rest) in histories.items():
        expected = {int(one.seen.fact.time // DAY) for one in entries if name in carrying_on(one.customer or "", known)}
        assert isinstance(days, bytes)
        assert set(activity.unpack(days).listed()) == expected


def test_a_ticket_of_a_merged_customer_is_judged_once_and_with_the_other_s_tickets():
    """Promise: a new ticket under the new name is a repeat contact of the one under the old name."""
    facts = [
        entry(1, "ann", 20_000, Opened("bill")),
        entry(2, "ann", 20_000, StatusChanged("solved", "agent")),
        entry(3, "bea", 20_005, Opened("bill")),
    ]
    merge = entry(4, "ann", 20_006, Merged("ann", "bea"))
    apart, together = Company(Random(1)), Company(Random(1))
    apart.send(facts)
    together.send([*facts, merge])
    counts = []
    for company in (apart, together):
        company.run()
        total = [cell.counts for owner in company.owners for cell in owner.book.cells.values()]
        counts.append((sum(one.opened for one in total), sum(one.repeat_contact for one in total)))
    assert counts == [(2, 0), (2, 1)]


def test_rows_hold_what_they_held():
    """Promise: nothing is erased by a merge: the merged customer's own rows stay as evidence."""
    company = Company(Random(1))
    company.send([entry(1, "ann", 20_000, Opened("bill")), entry(2, "ann", 20_006, Merged("ann", "bea"))])
    company.run()
    kept = [
        row
        for owner in company.owners
        for key, value in owner.rows.items()
        if isinstance(row := decode(value), TicketRow)
    ]
    assert len(kept) == 2
