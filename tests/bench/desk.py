"""The stages at a desk: what a worker does with a span between one fetch and the next, without Kafka and without Faust."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

from bench.results import say
from bench.steady import CONTRACTS, FACTS, Written
from undertow.agents.intake import parcels
from undertow.stages.casebook import Casebook
from undertow.stages.effects import Done
from undertow.stages.intake import Intake
from undertow.stages.records import Entry, Parcel, Record, decode_for_casebook, encode, ledger_key

PAST_SPAN: Final = 4_000
"""Events of a span while a past is folded."""


def records(written: Iterable[Written], offset: int = 0) -> list[Record]:
    """Events as they come from a topic, each arrived a second or two after it happened."""
    return [
        Record(one.topic, 0, offset + place, round(one.at * 1000) + 1_000 + place * 7 % 997, one.value)
        for place, one in enumerate(written)
    ]


class Desk:
    """Intake and the casebooks of all partitions, their rows and findings in dicts as tables keep them."""

    def __init__(self, partitions: int = 1, *, keep_versions: bool = False) -> None:
        self.versions: list[tuple[int, bytes, bytes | None]] | None = [] if keep_versions else None
        """Partition, key and row of everything written, in order: a changelog before its compaction."""
        self.rows: list[dict[bytes, bytes]] = [{} for _ in range(partitions)]
        self.findings: list[dict[bytes, bytes]] = [{} for _ in range(partitions)]
        self.books = [
            Casebook(number, CONTRACTS, self.rows[number], self.findings[number]) for number in range(partitions)
        ]
        self._intake = Intake(CONTRACTS, partitions)
        self._offset = 0
        for partition, book in enumerate(self.books):
            self._keep(partition, book.assigned())

    @property
    def tickets(self) -> int:
        """Tickets kept."""
        return sum(book.tickets for book in self.books)

    def fill(self, past: Iterable[Written], as_of: float, tickets: int) -> None:
        """Fold a past of about so many tickets, as of its end (seconds)."""
        self.tick(as_of)
        past, total, told = iter(past), int(tickets * FACTS), 0
        while span := records(islice(past, PAST_SPAN)):
            self.take(span)
            self.settle()
            told += len(span)
            if total > 1_000_000 and told * 10 // total > (told - len(span)) * 10 // total:
                say(f"  {tickets:,} tickets: {told / total:.0%} of the past is folded")

    def take(self, span: Sequence[Record]) -> None:
        """One span through both stages; everything is encoded as it would be for the broker."""
        taken = self._intake.take(span)
        assert not taken.letters, taken.letters[0]
        for partition, entries in taken.entries.items():
            read: list[Entry] = []
            for value in parcels(entries):
                parcel = decode_for_casebook(value)
                assert isinstance(parcel, Parcel)
                read += parcel.entries
            self._tell(partition, self.books[partition].fold(read))

    def settle(self) -> None:
        """Judge what the spans have touched."""
        for partition, book in enumerate(self.books):
            self._tell(partition, book.settle())

    def tick(self, as_of: float) -> None:
        """Time passes."""
        for partition, book in enumerate(self.books):
            self._tell(partition, book.tick(as_of))

    def _tell(self, partition: int, done: Done) -> None:
        assert not done.late
        self._keep(partition, done)
        self._offset += 1
        for said in self.books[partition].snapshots(done.cells, self._offset):
            ledger_key(said)
            encode(said)

    def _keep(self, partition: int, done: Done) -> None:
        for kept, changes in ((self.rows[partition], done.rows), (self.findings[partition], done.findings)):
            for key, value in changes.items():
                if value is None:
                    kept.pop(key, None)
                else:
                    kept[key] = value
        if self.versions is not None:
            self.versions += [(partition, key, value) for key, value in done.rows.items()]

    def said(self) -> list[tuple[bytes, bytes]]:
        """All that the casebooks would tell a ledger, as keys and values of the cells topic."""
        self._offset += 1
        return [
            (ledger_key(record), encode(record))
            for book in self.books
            for record in (*book.snapshots(book.cells, self._offset), book.completed(self._offset), book.judged())
        ]
