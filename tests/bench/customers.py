"""What a million customers cost: bytes of state, CPU of an activity event, CPU of the nightly evaluation.

    PYTHONPATH=tests python -m bench.customers [CUSTOMERS]

Customers, each with two years behind it: rates of activity are gamma over customers, departures exponential; 2 % a week have a
ticket of one of three vendors. They are dealt to eight casebooks, as they would be in a worker.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import islice
from random import Random
from time import process_time
from typing import TypeVar

import msgspec
import numpy as np

from undertow.agents.garbage import spare_collections
from undertow.domain.agreement.contract import DAY, Contract
from undertow.domain.counting.ledger import Position
from undertow.domain.customers import activity, worth
from undertow.domain.customers.activity import RETAINED, Days
from undertow.domain.figures.spikes import Count, spike
from undertow.domain.tickets.facts import Active, Fact, Place, Seen
from undertow.stages.casebook import Casebook
from undertow.stages.derived.contacts import Ticket
from undertow.stages.derived.experience import Experience
from undertow.stages.derived.few import Few
from undertow.stages.derived.segments import Segments
from undertow.stages.evaluation import State, evaluate, population
from undertow.stages.night import Night
from undertow.stages.records import (
    Entry,
    EvaluatedSaid,
    ModelSaid,
    PopulationSaid,
    SilenceSaid,
    casebook_partition,
)
from undertow.stages.rows import customer_of, flat, ticket_key

TODAY = 20_000
VENDORS = ("acme", "zenith", "nadir")
CASEBOOKS = 8
T = TypeVar("T")


def everybody(n: int, seed: int) -> dict[bytes, bytes]:
    """Packed activity by key, as the state has it."""
    draw = np.random.default_rng(seed)
    found: dict[bytes, bytes] = {}
    for start in range(0, n, 20_000):
        size = min(20_000, n - start)
        rate = draw.gamma(0.8, 0.12, size)
        left = draw.exponential(900, size)
        when = np.arange(RETAINED)
        active = (draw.random((size, RETAINED)) < rate[:, None]) & (when[None, :] < left[:, None])
        active[:, 0] = True
        for place, bitmap in enumerate(np.packbits(active, axis=1, bitorder="little")):
            days = Days(TODAY - RETAINED, int.from_bytes(bitmap.tobytes(), "little"))
            found[msgspec.msgpack.encode((f"c{start + place:07}",))] = activity.pack(days)
    return found


def activity_of(customer: str, day: int, number: int) -> Entry:
    """One event as intake hands it on; a third carry an amount."""
    fact = Fact(day * DAY + number % 80_000, 0, 0.0, str(number), "/shop", Active(9.5 if number % 3 else None))
    return Entry(None, customer, None, Seen(fact, Place("customer.activity", 0, number)))


def resident(values: dict[bytes, bytes]) -> float:
    """Bytes a customer: objects as the allocator rounds them, and the dictionary."""
    rounded = sum((sys.getsizeof(one) + 15) // 16 * 16 for pair in values.items() for one in pair)
    return (rounded + sys.getsizeof(values)) / len(values)


def timed(name: str, work: Callable[[], T]) -> T:
    """Run, and print the CPU it took."""
    begun = process_time()
    found = work()
    print(f"  {name:<46} {process_time() - begun:7.2f} s")
    return found


def main(n: int) -> None:
    random = Random(1)
    state = everybody(n, 1)
    mean = sum(activity.unpack(one).bits.bit_count() for one in islice(state.values(), 1000)) / 1000
    amounts = b""
    for day in (TODAY - 9, TODAY - 3):
        amounts = worth.add(amounts, day, 12.34)
    print(f"{n:,} customers, two years, {mean:.0f} active days each")
    print(f"  state, days alone                              {resident(state):7.1f} bytes a customer")
    rows = {key: flat(days, amounts) for key, days in state.items()}
    print(f"  state, as rows with amounts                    {resident(rows):7.1f} bytes a customer")
    half = random.getrandbits(RETAINED) | 1 | 1 << (RETAINED - 1)
    full = activity.pack(Days(TODAY - RETAINED, half))
    print(f"  the same if every second day were active       {resident({k: flat(full, amounts) for k in rows}):7.1f}")
    names = [customer for key in state if (customer := customer_of(key)) is not None]
    book = Casebook(0, {}, rows)
    events = [activity_of(random.choice(names), TODAY - random.randrange(400), number) for number in range(200_000)]
    spare_collections()  # as a worker does
    begun = process_time()
    for start in range(0, len(events), 500):
        rows.update(book.fold(events[start : start + 500]).rows)  # type: ignore[arg-type]
    print(f"  casebook's fold of an activity event             {(process_time() - begun) / len(events) * 1e6:7.2f} us")
    del events, names, book, state
    begun = process_time()
    nightly(rows, random)
    print(f"  all of the night, dealing out included                  {process_time() - begun:7.2f} s")


def nightly(state: dict[bytes, bytes], random: Random) -> None:
    """What eight casebooks and the ledger do in a night, by the product's own functions; tickets and rows are there already."""
    books = dealt(state, random)
    night = Night(CASEBOOKS)
    begun = process_time()
    said = [population(book, TODAY) for book in books]
    for partition, one in enumerate(said):
        night.fold(PopulationSaid(partition, Position(1, 0), TODAY, one))
    print(f"  {'populations of eight casebooks':<46} {process_time() - begun:7.2f} s")
    found = timed("fit", night.fit)
    assert found is not None
    print(f"    {found.model}; {found.customers:,} customers, a sample of each casebook")
    night.fold(ModelSaid(TODAY, found, 0.0, 0.0))
    ask = night.ask()
    assert ask is not None
    begun = process_time()
    for partition, book in enumerate(books):
        done = evaluate(book, ask)
        at = Position(1, 1)
        for vendor, arms in done.arms.items():
            night.fold(SilenceSaid(partition, at, TODAY, vendor, arms, done.heard[vendor]))
        night.fold(EvaluatedSaid(partition, at, TODAY, TODAY, list(done.arms), done.customers, done.left, done.calls))
    print(f"  {'evaluation of eight casebooks, three vendors':<46} {process_time() - begun:7.2f} s")
    shown = timed("the ledger's part", lambda: night.state(books[0].contracts))
    assert shown is not None
    print(f"    {shown.customers:,} customers, {shown.left or 0:,.0f} left; acme: {shown.silences[2].words}")
    counts = {TODAY - age: Count(40, random.randrange(8)) for age in range(120)}
    timed("spikes of 300 series", lambda: [spike(counts, TODAY) for _ in range(300)])


def dealt(state: dict[bytes, bytes], random: Random) -> list[State]:
    """Customers and their tickets, as casebooks hold them."""
    contracts = {vendor: Contract(vendor=vendor, segments=("a", "b")) for vendor in VENDORS}
    books = [State({}, {}, Segments(), contracts) for _ in range(CASEBOOKS)]
    for key, row in state.items():
        customer = customer_of(key)
        assert customer is not None
        book = books[casebook_partition(customer, CASEBOOKS)]
        book.rows[key] = row  # type: ignore[index]
        for number in range(2):
            if random.random() < 0.26:
                vendor, ended = random.choice(VENDORS), TODAY - random.randrange(180)
                held = random.random() < 0.8
                owner = (vendor, customer, None)
                ticket = Ticket(ticket_key(vendor, customer, str(number)), owner, (ended - 2) * DAY)
                ticket.experience = Experience(ended, held, not held, not held and random.random() < 0.1)
                book.contacts.setdefault(owner, Few()).add(ticket)  # type: ignore[attr-defined]
    return books


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
