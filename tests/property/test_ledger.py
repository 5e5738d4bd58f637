"""The ledger takes snapshots in any order; and what casebooks say of each step is all it needs, crashes included."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from property import oracle
from property.strategies import CONTRACTS, Owner, Step, histories, ticks, worlds
from undertow.domain.counting.cells import NO_MORE, Cell, CellKey, Contribution, Counts, Exposure, Share, Tally
from undertow.domain.counting.ledger import Ledger, PeriodClaim, Position
from undertow.domain.figures.reconcile import versions
from undertow.stages import ledger as stage
from undertow.stages.records import (
    CellSaid,
    Completed,
    Entry,
    Judged,
    PeriodSaid,
    casebook_partition,
    encode,
    ledger_key,
)

BEGINNING = -1
KEYS = [CellKey("acme", segment, day) for segment in ("gold", "other") for day in (1, 2)]
keys = st.sampled_from(KEYS)
counts = st.lists(st.integers(0, 3), min_size=len(Counts._fields), max_size=len(Counts._fields)).map(
    lambda n: Counts(*n)
)
tallies = st.lists(
    st.builds(Tally, st.sampled_from(("verdict", "case")), st.just("sla"), st.sampled_from("mn")), max_size=2
)
shares = st.builds(
    Share,
    keys,
    counts,
    st.none() | st.builds(Exposure, st.sampled_from("ab"), st.integers(0, 3)),
    tallies.map(tuple),
)
contributions = st.lists(shares, max_size=3).map(tuple)


def apply(cells: dict[CellKey, Cell], given_by: Contribution, times: int) -> None:
    for share in given_by:
        added = (share.counts, share.exposure, share.tallies)
        cells.setdefault(share.key, Cell()).change(*((NO_MORE, added) if times == 1 else (added, NO_MORE)))


@given(st.lists(contributions, max_size=6), st.randoms(use_true_random=False))
def test_what_was_added_and_taken_back_leaves_nothing(given_by, random):
    """Promise: a cell is the sum of its tickets' contributions, so taking all back, in any order, leaves it empty."""
    cells: dict[CellKey, Cell] = {}
    for contribution in given_by:
        apply(cells, contribution, 1)
    assert {key: cell for key, cell in cells.items() if not cell.empty} == {
        key: cell for key, cell in oracle.cells(given_by).items() if not cell.empty
    }
    for contribution in random.sample(given_by, len(given_by)):
        apply(cells, contribution, -1)
    assert all(cell.empty for cell in cells.values())


Said = tuple[Counts, list[tuple[int, int, int]], list[tuple[Tally, int]]]
SEEN = Tally("verdict", "sla", "confirmed_met")


def content(partition: int, position: Position, key: CellKey) -> Said:
    """What a casebook says at a position is determined by the position: sometimes that the cell is empty."""
    random = Random(repr((partition, position, key)))
    n = random.choice((0, 0, 1, 2, 3))
    return Counts(opened=n, solved=n), [(7, 1, n)] if n else [], [(SEEN, n)] if n else []


positions = st.builds(Position, st.integers(0, 2), st.integers(-1, 4))
cells_said = st.builds(
    lambda partition, position, key: CellSaid(partition, position, key, *content(partition, position, key)),
    st.integers(0, 1),
    positions,
    keys,
)
said = st.lists(
    st.one_of(
        cells_said,
        cells_said,
        cells_said,
        st.builds(Completed, st.integers(0, 1), positions),
        st.builds(Judged, st.integers(0, 1), st.sampled_from((1.0, 2.0, 3.0))),
        st.builds(
            lambda recorded, id, met: PeriodSaid(PeriodClaim("acme", "sla", 1, 2, met, 9, recorded, id)),
            st.sampled_from((1.0, 2.0)),
            st.sampled_from("ab"),
            st.integers(0, 2),
        ),
    ),
    max_size=25,
)


def ledger_of(records) -> Ledger:
    ledger = Ledger()
    for record in records:
        stage.fold(ledger, encode(record))
    return ledger


def known(ledger: Ledger) -> tuple[object, ...]:
    assert ledger.counts("acme") == {key: cell.counts for key, cell in ledger.of("acme").items()}
    return ledger.cells(), ledger.claims(), ledger.versions("acme"), ledger.as_of


def same(one: Ledger, other: Ledger) -> bool:
    return known(one) == known(other)


@given(said, st.randoms(use_true_random=False))
def test_snapshots_in_any_order_and_repeated_give_one_ledger(records, random):
    """Promise: the ledger is a join: the highest position wins, whenever it arrives and however often."""
    again = random.sample(records * 2, len(records) * 2)
    assert same(ledger_of(records), ledger_of(again))


@given(said)
def test_asking_in_between_changes_nothing(records):
    """Promise: the sums that are kept are those of all that was said, however often they were asked for on the way."""
    asked = Ledger()
    revisions = [asked.revision("acme")]
    for place, record in enumerate(records, 1):
        before = known(asked)[:3]
        stage.fold(asked, encode(record))
        revisions.append(asked.revision("acme"))
        assert same(asked, ledger_of(records[:place]))
        # who remembers what follows from a ledger asks for its revision to know whether that still stands
        assert known(asked)[:3] == before or revisions[-1] > revisions[-2]


@given(said)
def test_the_first_and_the_last_version_of_a_period_claim_are_kept(records):
    """Promise: whatever was said in between is forgotten; a restated claim shows what it was restated from."""
    claims = [record.claim for record in records if isinstance(record, PeriodSaid)]
    kept = ledger_of(records).versions("acme")
    assert [versions(some) for some in kept] == ([versions(claims)] if claims else [])
    assert [last for _, last in kept] == ledger_of(records).claims()
    assert ledger_of(records).versions("zenith") == []


@given(said)
def test_a_cell_is_what_the_highest_position_said_unless_a_later_whole_set_lacks_it(records):
    """Promise: a paused owner's older snapshot loses; a cell that a completed set does not hold is empty."""
    sums: dict[CellKey, int] = {}
    for partition in (0, 1):
        complete = max(
            (r.position for r in records if isinstance(r, Completed) and r.partition == partition), default=None
        )
        for key in KEYS:
            spoken = [r for r in records if isinstance(r, CellSaid) and (r.partition, r.key) == (partition, key)]
            newest = max(spoken, key=lambda r: r.position, default=None)
            if newest is not None and (complete is None or newest.position >= complete) and newest.counts.opened:
                sums[key] = sums.get(key, 0) + newest.counts.opened
    cells = ledger_of(records).cells()
    assert {key: cell.counts.opened for key, cell in cells.items()} == sums
    assert {key: cell.exposures for key, cell in cells.items()} == {k: {Exposure(7, 1): n} for k, n in sums.items()}
    assert {key: cell.tallies for key, cell in cells.items()} == {key: {SEEN: n} for key, n in sums.items()}


@given(said)
def test_compaction_by_key_loses_nothing_that_counts(records):
    """Promise: the topic may be compacted to the last record of each key.

    Holds for a log in which no key's position runs backwards, which is how one owner after another writes it; period
    claims may come in any order.
    """
    rising = sorted(records, key=lambda r: getattr(r, "position", Position(0, 0)))
    rising.sort(key=lambda r: r.as_of if isinstance(r, Judged) else 0.0)
    compacted = {ledger_key(record): record for record in rising}
    assert same(ledger_of(rising), ledger_of(compacted.values()))


# --- casebooks and ledger together


class Worker:
    """One casebook partition, written and told in the worker's order: rows, then cells. A step is an offset."""

    def __init__(self, partition: int, history: list[Step]) -> None:
        self.partition, self.history = partition, history
        self.said: list[CellSaid | Completed | Judged] = []
        self.rows_after: list[dict[bytes, bytes]] = []
        self.start({}, 0)

    def start(self, rows: dict[bytes, bytes], offset: int) -> None:
        """A new owner, with the rows it found and the offset it begins at."""
        self.owner = Owner(CONTRACTS, rows, self.partition)
        done = self.owner.keep(self.owner.book.assigned())
        self.said += self.owner.book.snapshots(done.cells, BEGINNING)
        self.said += [self.owner.book.completed(BEGINNING), self.owner.book.judged()]
        self.offset = offset

    def run(self, until: int, *, quiet: bool = False) -> None:
        """Fold up to an offset. ``quiet``: crashed between the last row and its cells."""
        while self.offset < until:
            done = self.owner.step(self.history[self.offset])
            if not (quiet and self.offset == until - 1):
                self.said += self.owner.book.snapshots(done.cells, self.offset)
                self.said.append(self.owner.book.judged())
            self.offset += 1


def split(entries: list[Entry], partitions: int) -> list[list[Entry]]:
    parts: list[list[Entry]] = [[] for _ in range(partitions)]
    for entry in entries:
        owner = entry.customer if entry.customer is not None else f"{entry.vendor}\0{entry.ticket}"
        parts[casebook_partition(owner, partitions)].append(entry)
    return parts


@settings(max_examples=300, deadline=None)
@given(st.data(), st.integers(1, 3), st.integers(0, 2**32))
def test_what_each_step_says_is_all_the_ledger_needs_across_crashes_and_reassignments(data, partitions, seed):
    """Promise: no changed cell is left unsaid. Owners crash between a row and its cells, new ones rebuild from the rows

    and fold again what was folded but not committed, an old owner goes on for a while: the ledger's cells are those of
    the tickets, whatever order its records come in.
    """
    entries, as_of, random = data.draw(worlds(most=50)), data.draw(ticks), Random(seed)
    records = []
    for partition, part in enumerate(split(entries, partitions)):
        history = data.draw(histories(part, as_of))
        worker = Worker(partition, history)
        for _ in range(random.randint(0, 3)):
            crash = random.randint(worker.offset, len(history))
            worker.run(crash, quiet=random.random() < 0.5)
            rows = dict(worker.owner.rows)
            if random.random() < 0.5:  # a paused owner wakes: its rows are lost to the new one, its words come late
                worker.run(min(len(history), crash + 2))
            worker.start(rows, random.randint(0, crash))
        worker.run(len(history))
        records += worker.said
    expected = oracle.cells(oracle.contributions(entries, CONTRACTS, as_of).values())
    assert ledger_of(records).cells() == expected
    random.shuffle(records)
    ledger = ledger_of(records)
    assert ledger.cells() == expected
    assert ledger.as_of == as_of
