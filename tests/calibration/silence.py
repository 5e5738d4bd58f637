"""Excess silence and the iceberg against their truth, world by world.

    PYTHONPATH=tests python -m calibration.silence [SEEDS]

A world's truth is the mean over its seeds of what the tickets did to those who had one; an interval must cover it in 95 of 100
seeds, and a world without any effect must hardly ever be said to have one.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import mean

from calibration.world import TODAY, VENDOR, Person, Plan, people
from undertow.domain.counting.ledger import ALL
from undertow.domain.customers.activity import pack
from undertow.domain.customers.arms import Arms, Found, after_a_ticket, not_durable, quiet_ones
from undertow.domain.customers.excess import Excess, excess
from undertow.domain.customers.iceberg import STOPPED, heard, iceberg
from undertow.domain.customers.silence import HORIZONS, Design, Observation, Observed, cohort, observe, week_of
from undertow.domain.statistics.differences import Estimate
from undertow.fitting import Book, fit

WORLDS = {
    "bad tickets drive 40 % away": Plan(),
    "the same with 300 customers": Plan(customers=300),
    "bad tickets drive 15 % away": Plan(leaves=0.15),
    "no effect": Plan(leaves=0),
    "no effect, half leave within a year, the busy write most": Plan(leaves=0, departures=1 / 500, drawn=1),
    "no effect, half leave within a year and still write": Plan(leaves=0, departures=1 / 500, only_there=False),
}


@dataclass
class Sample:
    """Of one seed and comparison: what was estimated, and what was true of these very customers."""

    found: Estimate | None
    true: float
    n: int = 0
    of: float = 1.0
    """What ``true`` is divided by: for a ratio those who complained, so that the truth of all seeds is one ratio."""


@dataclass
class Table:
    """All seeds of one world."""

    samples: defaultdict[str, list[Sample]] = field(default_factory=lambda: defaultdict(list))

    def rows(self) -> Iterator[Row]:
        for name, samples in self.samples.items():
            known = [(sample, sample.found) for sample in samples if sample.found is not None]
            true = sum(sample.true for sample in samples) / sum(sample.of for sample in samples)
            yield Row(
                name=name,
                n=mean(sample.n for sample, _ in known),
                true=true,
                found=mean(found.value for _, found in known if found.value < 1e6),
                covered=mean(found.low <= true <= found.high for _, found in known),
                claimed=mean(found.low > 0 for _, found in known),
            )


@dataclass(frozen=True)
class Row:
    """One line: mean customer-weeks, truth, mean estimate; shares of seeds that cover the truth and claim an excess."""

    name: str
    n: float
    true: float
    found: float
    covered: float
    claimed: float

    def __str__(self) -> str:
        numbers = f"{self.n:6.0f} {self.true:8.3f} {self.found:8.3f} {self.covered:8.1%} {self.claimed:8.1%}"
        return f"  {self.name:<24} {numbers}"


def run(plan: Plan, seeds: range) -> Table:
    """Every comparison in every seed."""
    table = Table()
    for seed in seeds:
        population = people(seed, plan)
        customers = [person.customer for person in population]
        model = fit(Book.of((pack(customer.days) for customer in customers), TODAY - 1)).model
        seen = observe(customers, TODAY, Design(), model)
        for place, horizon in enumerate(HORIZONS):
            effect = {id(one): _effect(population, one, place) for one in seen.exposed if one.silent[place] is not None}
            _note(table, f"ticket, {horizon} days", after_a_ticket(seen, VENDOR), horizon, mean(effect.values()))
            _note(table, f"not durable, {horizon} days", not_durable(seen, VENDOR), horizon, _contrast(seen, effect))
        weeks = cohort(TODAY, STOPPED, Design())
        known = heard(customers, VENDOR, weeks)
        quiet = excess(quiet_ones(seen, VENDOR).get((ALL, STOPPED), Arms()), STOPPED)
        driven = sum(_driven_quietly(person, weeks) for person in population)
        ratio = iceberg(known, quiet).ratio
        table.samples["iceberg"].append(Sample(ratio, known.hidden + driven, known.customers, known.complained))
    return table


def _note(table: Table, name: str, found: Found, horizon: int, true: float) -> None:
    shown: Excess = excess(found.get((ALL, horizon), Arms()), horizon)
    table.samples[name].append(Sample(shown.difference, true, shown.n))


def _effect(population: list[Person], one: Observation, place: int) -> float:
    """What the tickets of that week did to the customer: silent because of them, or not."""
    return float(bool(one.silent[place])) - population[one.customer].silent_without(one, HORIZONS[place])


def _contrast(seen: Observed, effect: dict[int, float]) -> float:
    failed = [effect[id(one)] for one in seen.exposed if id(one) in effect and VENDOR in one.failed]
    held = [effect[id(one)] for one in seen.exposed if id(one) in effect and VENDOR in one.held]
    return mean(failed) - mean(held) if failed and held else 0.0


def _driven_quietly(person: Person, weeks: range) -> bool:
    """Driven away by the last ticket while active, with nothing bad known."""
    customer = person.customer
    if not person.driven or customer.unhappy or customer.complained:
        return False
    last = max(ticket.ended or 0 for ticket in customer.tickets)
    return week_of(last) in weeks and customer.days.active(last - Design().active_within + 1, last) > 0


def lines(seeds: int) -> Iterator[str]:
    """The table, world by world."""
    for name, plan in WORLDS.items():
        yield f"{name} ({plan.customers:,} customers, {seeds} seeds)"
        yield f"  {'':<24} {'n':>6} {'truth':>8} {'found':>8} {'covered':>8} {'claimed':>8}"
        yield from map(str, run(plan, range(seeds)).rows())


if __name__ == "__main__":
    for line in lines(int(sys.argv[1]) if len(sys.argv) > 1 else 200):
        print(line, flush=True)
