"""The intake loop: a round of source records in, parcels, period claims and dead letters out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from faust.types import AppT

from undertow import topics
from undertow.adapters import live
from undertow.agents.transport import Span, send_all
from undertow.agents.transport.producer import producer_of
from undertow.domain.agreement.contract import Contract
from undertow.metrics.board import Board
from undertow.settings import Settings
from undertow.stages import letters
from undertow.stages.intake import DeadLetter, FeedCounts, Intake, Taken
from undertow.stages.limits import RejectLimit
from undertow.stages.records import Entry, Parcel, PeriodSaid, encode, ledger_key

PARCEL: Final = 500
"""Entries a record: few records, and each still small beside a fetch."""
PARCEL_BYTES: Final = 700_000
"""Bytes a record at most: a broker takes a million by default, and names can be four times as long as they usually are."""


class IntakeLoop:
    """Handles rounds of the source topics."""

    def __init__(self, app: AppT, settings: Settings, contracts: Mapping[str, Contract], board: Board) -> None:
        self._app, self._settings, self._board = app, settings, board
        self._stage = Intake(
            contracts,
            settings.casebook_partitions,
            dialects=live.dialects(contracts, settings.namespace),
            imported={
                vendor: contract.imported_until
                for vendor, contract in contracts.items()
                if contract.imported_until is not None
            },
            rulings=topics.name(settings, topics.DISPUTES),
        )
        self._limits: dict[tuple[str, int], RejectLimit] = {}
        self._casebook = topics.name(settings, topics.CASEBOOK)
        self._cells = topics.name(settings, topics.CELLS)
        self._dead = topics.name(settings, topics.DEAD_LETTERS)

    async def intake(self, spans: list[Span]) -> None:
        """One round."""
        entries: defaultdict[int, list[Entry]] = defaultdict(list)
        said: list[PeriodSaid] = []
        refused: list[DeadLetter] = []
        feeds: defaultdict[str, defaultdict[str, FeedCounts]] = defaultdict(lambda: defaultdict(FeedCounts))
        for span in spans:
            taken = self._stage.take(span.records)
            self._mind_limits(span, taken)
            for vendor, counts in taken.feeds.items():
                feeds[span.topic][vendor].add(counts)
            for letter in taken.letters:
                self._board.rejected(span.topic, letter.reason)
            for partition, some in taken.entries.items():
                entries[partition] += some
            said += map(PeriodSaid, taken.claims)
            refused += taken.letters
        for topic, by_vendor in feeds.items():
            self._count(topic, by_vendor)
        self._board.dead_letters(len(refused))
        producer = producer_of(self._app)
        for partition, some in entries.items():
            await send_all(producer, self._casebook, partition, ((None, value, []) for value in parcels(some)))
        if said:
            await send_all(producer, self._cells, 0, ((ledger_key(one), encode(one), []) for one in said))
        if refused:
            await send_all(producer, self._dead, 0, map(letters.record_of, refused))

    def _mind_limits(self, span: Span, taken: Taken) -> None:
        limit = self._limits.get((span.topic, span.partition))
        if limit is None:
            limit = self._limits[span.topic, span.partition] = RejectLimit(
                span.topic, self._settings.reject_share, self._settings.reject_run
            )
        last = taken.letters[-1] if taken.letters else None
        limit.saw(len(span.records), taken.refused, f"{last.reason} at {last.field}" if last else "")

    def _count(self, topic: str, feeds: Mapping[str, FeedCounts]) -> None:
        self._board.fed(
            topic,
            consumed={vendor: counts.consumed for vendor, counts in feeds.items()},
            backdated={vendor: counts.backdated for vendor, counts in feeds.items()},
            event_times={vendor: counts.last_event_time for vendor, counts in feeds.items()},
            arrivals={vendor: counts.last_arrival for vendor, counts in feeds.items()},
        )


def parcels(entries: list[Entry], most: int = PARCEL) -> Iterator[bytes]:
    """Entries as records of at most :data:`PARCEL_BYTES`; a single entry is always far below that."""
    for start in range(0, len(entries), most):
        some = entries[start : start + most]
        value = encode(Parcel(some))
        if len(value) > PARCEL_BYTES and len(some) > 1:
            yield from parcels(some, most // 2)
        else:
            yield value
