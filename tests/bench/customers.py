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
from cramjam import lz4

from undertow.domain import activity, worth
from undertow.domain.activity import RETAINED, Days
from undertow.domain.arms import Arms, after_a_ticket, not_durable, quiet_ones, total
from undertow.domain.excess import excess, words
from undertow.domain.iceberg import STOPPED, heard, iceberg
from undertow.domain.ledger import ALL
from undertow.domain.silence import HORIZONS, Customer, Design, Ticket, cohort, observe
from undertow.domain.spikes import Count, spike
from undertow.fitting import Book, fit
from undertow.fitting.leaving import leaving

TODAY = 20_000
VENDORS = ("acme", "zenith", "nadir")
CASEBOOKS = 8
T = TypeVar("T")


def population(n: int, seed: int) -> dict[bytes, bytes]:
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


def stored(days: bytes, amounts: bytes) -> bytes:
    """A row: no facts, the days, the amounts."""
    return bytes(lz4.compress_block(msgspec.msgpack.encode((1, (), days, amounts))))


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
    state = population(n, 1)
    mean = sum(activity.unpack(one).bits.bit_count() for one in islice(state.values(), 1000)) / 1000
    amounts = b""
    for day in (TODAY - 9, TODAY - 3):
        amounts = worth.add(amounts, day, 12.34)
    print(f"{n:,} customers, two years, {mean:.0f} active days each")
    print(f"  state, days alone                              {resident(state):7.1f} bytes a customer")
    rows = {key: stored(days, amounts) for key, days in state.items()}
    print(f"  state, as rows with amounts                    {resident(rows):7.1f} bytes a customer")
    half = random.getrandbits(RETAINED) | 1 | 1 << (RETAINED - 1)
    full = activity.pack(Days(TODAY - RETAINED, half))
    print(f"  the same if every second day were active       {resident({k: stored(full, amounts) for k in rows}):7.1f}")
    keys = list(state)
    events = [(random.choice(keys), TODAY - random.randrange(400)) for _ in range(200_000)]
    begun = process_time()
    for key, day in events:
        state[key] = activity.add(state[key], day)
    print(f"  fold of an event, days alone                   {(process_time() - begun) / len(events) * 1e6:7.2f} us")
    begun = process_time()
    decode = msgspec.msgpack.decode
    for key, day in events:
        _, _, days, known = decode(lz4.decompress_block(rows[key]))
        rows[key] = stored(activity.add(days, day), known)
    print(f"  fold of an event, row read and written         {(process_time() - begun) / len(events) * 1e6:7.2f} us")
    del rows
    begun = process_time()
    nightly(state, random)
    print(f"  nightly evaluation, all of it                  {process_time() - begun:7.2f} s")


def nightly(state: dict[bytes, bytes], random: Random) -> None:
    """Fit, evaluate, list; compare silence for every vendor; spikes."""
    named = {key[2:].decode(): days for key, days in state.items()}
    book = timed("histories", lambda: Book.of(named.values(), TODAY - 1, 7.0))
    found = timed("fit", lambda: fit(book))
    gone = timed("P(alive), the list", lambda: leaving(named, {}, TODAY - 1, found, most=1000))
    print(f"    {found.model}; {gone.left:,.0f} left, {found.evaluations} passes")
    dealt: list[list[Customer]] = [[] for _ in range(CASEBOOKS)]
    for place, (name, days) in enumerate(named.items()):
        tickets = tuple(
            Ticket(random.choice(VENDORS), ended - 2, ended, random.random() < 0.8)
            for ended in (TODAY - random.randrange(180), TODAY - random.randrange(180))
            if random.random() < 0.26
        )
        dealt[place % CASEBOOKS].append(Customer(name, activity.unpack(days), tickets, ((0, "abcd"[place % 4]),)))
    arms: dict[tuple[str, str], list[Arms]] = {}
    begun = process_time()
    for casebook in dealt:
        seen = observe(casebook, TODAY, Design(), found.model)
        for vendor in VENDORS:
            for compared in (after_a_ticket, not_durable, quiet_ones):
                for (segment, horizon), one in compared(seen, vendor).items():
                    if segment == ALL and horizon == HORIZONS[-1]:
                        arms.setdefault((vendor, compared.__name__), []).append(one)
        known = [heard(casebook, vendor, cohort(TODAY, STOPPED, Design())) for vendor in VENDORS]
    print(f"  {'silence of three vendors, eight casebooks':<46} {process_time() - begun:7.2f} s")
    shown = excess(total(arms["acme", "after_a_ticket"]), HORIZONS[-1])
    print(f"    acme: {words(shown, 20)}")
    iceberg(known[0], excess(total(arms["acme", "quiet_ones"]), STOPPED))
    counts = {TODAY - age: Count(40, random.randrange(8)) for age in range(120)}
    timed("spikes of 300 series", lambda: [spike(counts, TODAY) for _ in range(300)])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
