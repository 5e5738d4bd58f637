"""Small worlds for the properties: few names, a coarse grid of times, so that ties, returns and rewrites are frequent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Final

import msgspec
from hypothesis import strategies as st

from undertow.domain.agreement.contract import Contract, Target
from undertow.domain.counting.cells import Contribution
from undertow.domain.patterns import Patterns
from undertow.domain.tickets import facts as f
from undertow.domain.tickets.facts import Body, Fact, Place, Seen
from undertow.stages.casebook import Casebook, Done
from undertow.stages.records import Entry

UNIT: Final = 150.0
"""Seconds of one step: one step after a solve is a flicker, two (300 s) are none."""
BASE: Final = 1_711_836_000.0
"""2024-03-30T22:00Z: midnight is near, in UTC and in Berlin, and so is the change to summer time."""
STEPS: Final = 60
CONTRACTS: Final = {
    "acme": Contract(
        vendor="acme",
        repeat_window=12 * UNIT,
        reopen_window=6 * UNIT,
        segments=("gold",),
        targets={
            "first_response": (Target(3 * UNIT), Target(2 * UNIT, "high")),
            "next_response": (Target(4 * UNIT),),
            "total_resolution": (Target(20 * UNIT), Target(10 * UNIT, since=BASE + 30 * UNIT)),
        },
        promise_grace=2 * UNIT,
        patterns=Patterns(continued_within=4 * UNIT, unknown_after=5 * UNIT, backdated_after=10 * UNIT),
        keep_all=True,
    ),
    "zenith": Contract(
        targets={"durable_resolution": (Target(15 * UNIT),), "recovery_reply": (Target(3 * UNIT),)},
        vendor="zenith",
        repeat_window=5 * UNIT,
        reopen_window=8 * UNIT,
        solve_time="resolved_at",
        time_zone="Europe/Berlin",
        keep_all=True,
    ),
}
CUSTOMERS: Final = ("ann", "bob", None)
TICKETS: Final = ("1", "2", "3", "4", "5", "6")
TOPICS: Final = ("bill", "line")
ACTORS: Final = ("customer", "agent", "bot", "system", "unknown")
STATUSES: Final = ("new", "open", "pending", "on_hold", "solved", "closed")

steps = st.integers(0, STEPS)
times = steps.map(lambda step: BASE + step * UNIT)
places = st.builds(Place, st.sampled_from(("vendor.tickets", "vendor.claims")), st.integers(0, 1), st.integers(0, 40))
maybe_topic = st.sampled_from((*TOPICS, None))
actors = st.sampled_from(ACTORS)
openings = st.builds(f.Opened, maybe_topic, st.sampled_from((None, "gold", "basic")), st.none())
statuses = st.builds(f.StatusChanged, st.sampled_from(STATUSES), actors)
claims = st.builds(
    f.Claimed,
    st.sampled_from(("sla", "sla", "first_response")),
    st.booleans(),
    st.sampled_from((None, 60.0)),
    st.none() | times,
    st.sampled_from((None, 0, 2)),
)
ticket_bodies: st.SearchStrategy[Body] = st.one_of(
    openings,
    statuses,
    claims,
    st.builds(f.Message, actors, st.booleans(), st.booleans(), st.booleans()),
    st.builds(f.TopicChanged, st.sampled_from(TOPICS)),
    st.builds(f.Linked, st.sampled_from(TICKETS), st.sampled_from(("merged_into", "follows_up"))),
    st.builds(f.Assigned, st.sampled_from((None, "kim")), st.none()),
    st.builds(f.PriorityChanged, st.just("high")),
    st.builds(f.PromiseMade, st.just("p"), times),
    st.builds(f.Surveyed, st.just("csat"), st.just(1.0)),
    st.builds(f.Complained, st.just("review")),
    st.builds(f.Confirmed, st.booleans()),
    st.builds(f.Invoiced, st.sampled_from((9.0, 0.0, -9.0)), st.just("EUR")),
)
customer_bodies: st.SearchStrategy[Body] = st.one_of(
    st.builds(f.SegmentChanged, st.sampled_from(("gold", "basic"))),
    st.builds(f.SegmentChanged, st.sampled_from(("gold", "basic"))),
    st.builds(f.Active),
    st.builds(f.Cancelled),
    st.builds(f.Refunded, st.sampled_from((1.0, 2.5, 0.0)), st.just("EUR")),
    st.builds(f.Complained, st.just("review")),
    st.builds(f.Surveyed, st.sampled_from(("csat", "nps")), st.sampled_from((1.0, 5.0))),
)


@st.composite
def facts(draw: st.DrawFn, bodies: st.SearchStrategy[Body] = ticket_bodies, ids: int = 60) -> Fact:
    """One fact; ``ids`` is the number of ids to choose from: few of them give rewritten facts."""
    time = draw(times)
    return Fact(
        time=time,
        sequence=draw(st.integers(0, 2)),
        recorded=time + draw(st.sampled_from((0.0, UNIT))),
        id=str(draw(st.integers(0, ids))),
        source=draw(st.sampled_from(("/a", "/a", "/b"))),
        body=draw(bodies),
    )


def seen(ids: int = 60, bodies: st.SearchStrategy[Body] = ticket_bodies) -> st.SearchStrategy[Seen]:
    """A fact and where it was read."""
    return st.builds(Seen, facts(bodies, ids), places)


def worlds(most: int = 40) -> st.SearchStrategy[list[Entry]]:
    """Facts in no order at all, most of them of a few tickets of one customer, some of them read twice or rewritten.

    Drawn as a seed and a size: element by element, repeat contacts and reopens would be too rare to test anything. A
    failing world still shrinks, for a smaller size is a beginning of the same world.
    """
    sizes = st.integers(most // 2, most) | st.integers(0, most)
    return st.builds(_world, st.integers(0, 2**32), sizes)


def _world(seed: int, size: int) -> list[Entry]:
    random = Random(seed)
    vendor = random.choice(tuple(CONTRACTS))
    names = [(vendor, "ann", number) for number in TICKETS[: random.randint(2, len(TICKETS))]]
    names += [
        (random.choice(tuple(CONTRACTS)), random.choice(CUSTOMERS), random.choice(TICKETS))
        for _ in range(random.choice((0, 1, 2, 4)))
    ]
    ids = random.choice((8, 100, 10_000))
    entries: list[Entry] = []
    while len(entries) < size:
        if entries and random.random() < 0.08:
            again = random.choice(entries)
            entries.append(msgspec.structs.replace(again, seen=Seen(again.seen.fact, _place(random))))
        elif random.random() < 0.1:
            customer = random.choice([name for name in CUSTOMERS if name is not None])
            entries.append(Entry(None, customer, None, _seen(random, _customer_body(random), ids)))
        else:
            entries.append(Entry(*random.choice(names), _seen(random, _ticket_body(random), ids)))
    return entries


def _seen(random: Random, body: Body, ids: int) -> Seen:
    time = BASE + random.randint(0, STEPS) * UNIT
    source = random.choice(("/a", "/a", "/b"))
    recorded = time + random.choice((0.0, UNIT))
    return Seen(Fact(time, random.randint(0, 2), recorded, str(random.randint(0, ids)), source, body), _place(random))


def _place(random: Random) -> Place:
    offset = random.randint(0, 40)
    arrived = BASE + 2 * offset * UNIT  # one place, one time of arrival
    return Place(random.choice(("vendor.tickets", "vendor.claims")), random.randint(0, 1), offset, arrived)


def _ticket_body(random: Random) -> Body:
    kind = random.choices(("opened", "solved", "status", "claim", "rest", "company"), (8, 8, 6, 6, 6, 3))[0]
    if kind == "opened":
        topic = random.choice(("bill", "bill", "bill", "line", None))
        return f.Opened(topic, random.choice((None, "gold", "basic")), None)
    if kind == "solved":
        cause = random.choice((None, "fault", "customer error"))
        return f.StatusChanged(random.choice(("solved", "closed")), "agent", cause)
    if kind == "status":
        return f.StatusChanged(random.choice(STATUSES), random.choice(ACTORS))
    if kind == "claim":
        resolved = random.choice((None, BASE + random.randint(0, STEPS + 60) * UNIT))
        measure = random.choice(("sla", "sla", "sla", "first_response"))
        return f.Claimed(measure, random.random() < 0.7, None, resolved, random.choice((None, 0, 2)))
    if kind == "company":
        return _company_body(random)
    return random.choice(
        (
            f.Message(random.choice(ACTORS), True, True, False),
            f.Message("customer", True, True, False),
            f.TopicChanged(random.choice(TOPICS)),
            f.TopicChanged("bill"),
            f.Linked(random.choice(TICKETS), random.choice(("merged_into", "follows_up"))),
            f.Linked(random.choice(TICKETS), "follows_up"),
            f.Assigned("kim", None),
            f.PriorityChanged("high"),
            f.PromiseMade("p", BASE + random.randint(0, STEPS) * UNIT),
            random.choice((f.PromiseFulfilled("p"), f.PromiseMoved("p", BASE + random.randint(0, STEPS) * UNIT))),
        )
    )


def _company_body(random: Random) -> Body:
    """What the company says of a ticket."""
    return random.choice(
        (
            f.Surveyed("csat", random.choice((1.0, 4.0))),
            f.Confirmed(random.random() < 0.5),
            f.Complained("review"),
            f.Refunded(1.0, "EUR"),
            f.Cancelled(),
            f.Invoiced(9.0, "EUR"),
            f.Invoiced(9.0, "EUR"),
        )
    )


def _customer_body(random: Random) -> Body:
    return random.choice(
        (
            f.SegmentChanged("gold"),
            f.SegmentChanged("basic"),
            f.Active(),
            f.Cancelled(),
            f.Refunded(random.choice((1.0, 2.5)), "EUR"),
            f.Complained("review"),
            f.Surveyed(random.choice(("csat", "csat", "nps")), random.choice((1.0, 5.0))),
            f.Invoiced(9.0, "EUR"),
        )
    )


Step = list[Entry] | float
"""A span of entries, or a tick's time."""


ticks = st.integers(-5, STEPS + 30).map(lambda step: BASE + step * UNIT)
"""Before the first fact, between them, and after everything is mature."""


def histories(entries: Sequence[Entry], as_of: float) -> st.SearchStrategy[list[Step]]:
    """``entries`` in any order, in spans of any size, ticks anywhere between; the last tick says ``as_of``.

    Drawn as one number each: a permutation drawn element by element costs more than the fold that is tested.
    """
    return st.integers(0, 2**32).map(lambda seed: _history(Random(seed), list(entries), as_of))


def _history(random: Random, left: list[Entry], as_of: float) -> list[Step]:
    if random.random() < 0.9:
        random.shuffle(left)
    history: list[Step] = []
    most = random.choice((1, 3, len(left) + 1))
    while left:
        if random.random() < 0.4:
            history.append(min(BASE + random.randint(-5, STEPS + 30) * UNIT, as_of))
        size = random.randint(1, most)
        history.append(left[:size])
        left = left[size:]
    return [*history, as_of]


class Owner:
    """A casebook and its rows, written as the worker writes them."""

    def __init__(
        self,
        contracts: dict[str, Contract],
        rows: dict[bytes, bytes] | None = None,
        partition: int = 0,
        settles: Callable[[], bool] = lambda: True,
    ) -> None:
        self.settles = settles
        """Whether to settle after a span: a worker does so now and then, and before every tick."""
        self.rows = {} if rows is None else rows
        self.findings: dict[bytes, bytes] = {}
        self.book = Casebook(partition, contracts, self.rows, self.findings)
        self.late: list[Entry] = []

    def step(self, step: Step) -> Done:
        """Fold a span and settle, or tick."""
        if not isinstance(step, list):
            return self.keep(self.book.tick(step))
        done = self.keep(self.book.fold(step))
        if self.settles():
            settled = self.keep(self.book.settle())
            done.rows.update(settled.rows)
            done.cells |= settled.cells
            done.judged += settled.judged
        return done

    @property
    def given(self) -> dict[bytes, Contribution]:
        """What every ticket has added to the cells."""
        return {key: ticket.given for key, ticket in self.book._judgements.tickets.items()}

    def keep(self, done: Done) -> Done:
        """Write the rows and findings."""
        for kept, changes in ((self.rows, done.rows), (self.findings, done.findings)):
            for key, value in changes.items():
                if value is None:
                    kept.pop(key, None)
                else:
                    kept[key] = value
        self.late += done.late
        return done

    def walk(self, history: Iterable[Step]) -> Owner:
        """Every step of a history."""
        for step in history:
            self.step(step)
        return self
