"""What is stated of vendors is a function of the ledger: not of the order of its records, nor of when it was asked before."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from standings import TODAY, cells, tickets
from undertow.clock import day_of
from undertow.domain.agreement.contract import DAY, Contract, Target
from undertow.domain.agreement.periods import Known, known
from undertow.domain.counting.cells import Cell
from undertow.domain.counting.ledger import Figures, Ledger, PeriodClaim, Position, Rate
from undertow.domain.figures.habits import Habits
from undertow.domain.patterns.accusations import Suspicion
from undertow.domain.standing import Overview
from undertow.domain.verdicts import verdict
from undertow.stages import ledger as stage
from undertow.stages.ledger import Speaker
from undertow.stages.records import CellSaid, Completed, Judged, PeriodSaid, encode

CONTRACTS = {
    "acme": Contract(vendor="acme", segments=("gold", "basic"), targets={"durable_resolution": (Target(DAY),)}),
    "zenith": Contract(vendor="zenith", segments=("gold",), period="rolling", time_zone="Europe/Berlin"),
    "nadir": Contract(vendor="nadir"),
}


def records(random: Random) -> list[CellSaid | Completed | Judged | PeriodSaid]:
    """What three casebooks say in three rounds, each with other tickets than before; and some period claims."""
    said: list[CellSaid | Completed | Judged | PeriodSaid] = []
    for partition in range(3):
        for epoch, sizes in enumerate(((0, 20, 60), (0, 20, 60), (20, 60))):
            made = tickets(random.randrange(10**6), random.choice(sizes), measures=("sla", "durable_resolution"))
            position = Position(epoch, 0)
            for key, cell in cells(made).items():
                said.append(CellSaid(partition, position, key, cell.counts, exposed(cell), list(cell.tallies.items())))
            said.append(Completed(partition, position))
            said.append(Judged(partition, (TODAY - 2 + epoch + random.random()) * DAY))
    for _ in range(random.randrange(6)):
        first = TODAY - random.randrange(1, 130)
        name, met, recorded = random.choice(tuple(CONTRACTS)), random.randrange(9), float(random.randrange(3))
        said.append(PeriodSaid(PeriodClaim(name, "sla", first, first + 6, met, 9, recorded, str(recorded))))
    return said


def exposed(cell: Cell) -> list[tuple[int, int, int]]:
    """The solved tickets of a cell are of two customers' kinds, so that chance has something to say."""
    some, more = divmod(cell.counts.solved, 2)
    return [(7, 1, some), (8, 4, some + more)] if some else []


def state(said: list[CellSaid | Completed | Judged | PeriodSaid]) -> Overview:
    ledger = Ledger()
    for record in said:
        stage.fold(ledger, encode(record))
    return Speaker(ledger, CONTRACTS).state()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32))
def test_neither_the_order_of_records_nor_earlier_statements_change_what_is_stated(seed):
    """Promise: shuffled and repeated, asked after every few records, days passing in between: one statement in the end,

    and each on the way is that of somebody who begins with what is known by then.
    """
    random = Random(seed)
    said = records(random)
    expected = state(said)
    assert expected.figures
    shuffled = random.sample(said * 2, len(said) * 2)
    ledger = Ledger()
    speaker = Speaker(ledger, CONTRACTS)
    asked = {random.randrange(len(shuffled)) for _ in range(4)}
    for place, record in enumerate(shuffled):
        stage.fold(ledger, encode(record))
        if place in asked:
            assert speaker.state() == state(shuffled[: place + 1])
    assert speaker.state() == expected
    assert speaker.state() == expected


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32))
def test_a_vendor_stands_for_itself(seed):
    """Promise: but for blame, which is a comparison with others, another vendor's tickets change nothing."""
    said = records(Random(seed))
    alone = [one for one in said if not isinstance(one, CellSaid) or one.key.vendor == "acme"]
    with_others, without = (state(some).standings[0] for some in (said, alone))
    assert replace(with_others, habits=()) == replace(without, habits=())
    assert [_unblamed(habits) for habits in with_others.habits] == [_unblamed(habits) for habits in without.habits]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32))
def test_counts_asked_for_between_two_statements_are_those_of_now(seed):
    """Promise: asked for counts after every few records, each is that of somebody who begins with what is known by then;

    what chance would bring is that of the last whole statement, and the next one is as if nobody had asked.
    """
    random = Random(seed)
    said = records(random)
    shuffled = random.sample(said * 2, len(said) * 2)
    ledger = Ledger()
    speaker = Speaker(ledger, CONTRACTS)
    whole = Overview()
    asked = {random.randrange(len(shuffled)): random.choice(("counts", "all")) for _ in range(8)}
    for place, record in enumerate(shuffled, 1):
        stage.fold(ledger, encode(record))
        if asked.get(place) == "counts":
            now, anew = speaker.counted(), state(shuffled[:place])
            assert [counts(row) for row, _ in now.figures] == [counts(row) for row, _ in anew.figures]
            assert now.as_of == anew.as_of
            assert [verdict(row, CONTRACTS[row.vendor]) for row, _ in now.figures] == [one for _, one in now.figures]
            if days(now) != days(whole):
                assert now == anew
                whole = now
            before = {(row.vendor, row.segment, row.window): row.by_chance for row, _ in whole.figures}
            for row, _ in now.figures:
                assert row.by_chance == before.get((row.vendor, row.segment, row.window), Rate(0.0, 0))
        elif asked.get(place) == "all":
            whole = speaker.state()
            assert whole == state(shuffled[:place])
    assert speaker.state() == state(said)


def days(of: Overview) -> list[Known]:
    return [known(one, of.as_of, day_of(one.time_zone)) for one in CONTRACTS.values()] if of.as_of is not None else []


def counts(row: Figures) -> Figures:
    return replace(row, by_chance=Rate(0.0, 0))


def _unblamed(habits: Habits) -> list[Suspicion]:
    return [one.suspicion for one in habits.examined if one.suspicion.pattern != "customer_blamed"]
