"""The verdict: what stands on the topics against an offline replay of exactly what was published."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from chaos.feed import Feed
from integration.installation import Installation, Worker
from undertow import clients, topics
from undertow import events as e
from undertow.domain.counting.ledger import Ledger
from undertow.domain.customers.activity import unpack
from undertow.metrics.board import Board
from undertow.metrics.collector import Collector
from undertow.metrics.customers import CUSTOMERS
from undertow.stages import ledger as ledger_stage
from undertow.stages import letters
from undertow.stages.intake import period_claim
from undertow.stages.records import Record
from undertow.stages.rereading.replay import Offline
from undertow.stages.rows import CLOCK, CustomerRow, TicketRow, customer_of, decode, join_rows

SPAN = 5_000
"""Records the replay takes at once."""
SHOWN = 5
"""Rows that differ are shown, so many at most."""

Sample = tuple[str, tuple[tuple[str, str], ...]]
"""A metric's name and its labels."""
OF_CUSTOMERS = {metric.name for metric in CUSTOMERS}
"""Said once a night, of that night's state: a replay that is judged once knows no such nights."""
EVERYWHERE = ("feed_", "lag_", "partitions", "ready", "commit_", "dead_", "dropped_", "build_", "process_")
"""What every worker shows of itself."""
AGREED = ("contract_allowed_", "contract_silent_", "contract_working_")
"""What every worker shows of contracts and of the clock."""
ISSUED = ("statement_", "adjustment_")
"""Said when a period closes: a replay that is judged once closes none."""
Token = tuple[object, ...]
"""What an event must leave behind: an id, a customer's active day, or a period claim."""


@dataclass(kw_only=True, slots=True)
class Verdict:
    """Numbers of records unless said otherwise."""

    on_topics: int
    """What the source topics hold: more than was published is a publisher's doing, and would blur the rest."""
    lost: int
    """What an event had to leave in the state and did not, counted once an id and content."""
    doubled: int
    """What stands in the state more often than it was said."""
    stale: int
    """Keys whose last changelog record lacks what an earlier one had: recovery by overwriting would lose it."""
    letters_expected: int
    letters_found: int
    """By the place of the refused record."""
    letters_written: int
    """Raw records on the topic: a redelivery writes a letter again, under the same key."""
    letters_wrong: int
    """Missing, unexpected, or with other bytes or another reason than the replay's."""
    rows_differ: int
    cells: int
    cells_differ: int
    findings: int
    findings_differ: int
    """Of those on the topic, each the last one said, and the replay's."""
    figures: int
    figures_differ: int
    """Of those that a fresh worker shows on /metrics after its recovery."""

    def problems(self, events: int) -> list[str]:
        """What must not be."""
        zero = ("lost", "doubled", "letters_wrong", "rows_differ", "cells_differ", "findings_differ", "figures_differ")
        found = [f"{name} is {value}" for name, value in asdict(self).items() if name in zero and value]
        if self.on_topics != events:
            found.append(f"{events} records were published and the topics hold {self.on_topics}")
        if not self.cells or not self.figures or not self.findings:
            found.append("there is nothing to compare")
        return found


def replay(feed: Feed, records: list[Record]) -> Offline:
    """The same records folded offline, judged as of the feed's end."""
    book = Offline(feed.contracts)
    for start in range(0, len(records), SPAN):
        book.take(records[start : start + SPAN])
    book.tick(feed.as_of)
    book.close()
    assert not book.late, "nothing is ever too late in this feed"
    return book


def judge(here: Installation, feed: Feed, records: list[Record], book: Offline, fresh: Worker) -> Verdict:
    """Compare. Everything must be drained, and ``fresh`` have recovered with nobody beside it."""
    state, stale = _state(here)
    rows = {key: value for key, value in book.rows.items() if key != CLOCK}
    joined: dict[bytes, bytes] = {}
    for (_, key), value in state.items():
        joined[key] = join_rows(joined[key], value) if key in joined else value
    ledger = Ledger()
    for record in clients.read(here.settings, here.topic(topics.CELLS)):
        ledger_stage.fold(ledger, record.value)
    expected, found = _said(feed), _kept((key, value) for (_, key), value in state.items())
    found.update(("period", claim.identity) for claim in ledger.claims())
    cells, cells_of_replay = ledger.cells(), book.ledger.cells()
    wanted = {letters.read(*letters.record_of(letter)[1:]).id: letter for letter in book.letters}
    written = [letters.read(r.value, r.headers) for r in clients.read(here.settings, here.topic(topics.DEAD_LETTERS))]
    by_id = {letter.id: letter for letter in written}
    wrong = by_id.keys() ^ wanted.keys() | {
        letter.id
        for letter in written
        if (like := wanted.get(letter.id)) is not None
        and (letter.reason, letter.field, letter.value) != (like.reason, like.field, like.record.value)
    }
    poison = {f"{records[place].topic}/{records[place].partition}/{records[place].offset}" for place in feed.poison}
    shown, shown_by_replay = _shown(fresh), _figures(feed, book)
    return Verdict(
        on_topics=sum(sum(clients.ends(here.settings, here.topic(name)).values()) for name in topics.SOURCES),
        lost=(expected - found).total(),
        doubled=(found - expected).total(),
        stale=stale,
        letters_expected=len(poison),
        letters_found=len(by_id),
        letters_written=len(written),
        letters_wrong=len(wrong | (poison ^ wanted.keys())),
        rows_differ=_differences(joined, rows, aloud=True),
        cells=len(cells_of_replay),
        cells_differ=_differences(cells, cells_of_replay),
        findings=len(book.findings),
        findings_differ=_differences(_findings(here), book.findings),
        figures=len(shown_by_replay),
        figures_differ=_differences(shown, shown_by_replay),
    )


def _differences(one: dict, other: dict, *, aloud: bool = False) -> int:
    """How many keys differ; ``aloud`` shows some rows of both sides, for nothing else of a run outlives it."""
    keys = [key for key in one.keys() | other.keys() if one.get(key) != other.get(key)]
    for key in sorted(keys)[:SHOWN] if aloud else ():
        for side, rows in (("topics", one), ("replay", other)):
            sys.stderr.write(f"row {key!r}, {side}: {decode(rows[key]) if key in rows else None}\n")
    return len(keys)


def _state(here: Installation) -> tuple[dict[tuple[int, bytes], bytes], int]:
    """Rows by partition and key as a recovery joins them, and how many keys' last record is not the whole row."""
    joined: dict[tuple[int, bytes], bytes] = {}
    last: dict[tuple[int, bytes], bytes] = {}
    for record in clients.read(here.settings, topics.changelog(here.settings)):
        at = (record.partition, record.key)
        if record.key == CLOCK:
            continue
        if record.value is None:
            joined.pop(at, None)
            last.pop(at, None)
            continue
        joined[at] = join_rows(joined[at], record.value) if at in joined else record.value
        last[at] = record.value
    return joined, sum(joined[at] != value for at, value in last.items())


def _findings(here: Installation) -> dict[bytes, bytes]:
    """What is said of tickets, by id: the last word on each."""
    found: dict[bytes, bytes] = {}
    for record in clients.read(here.settings, here.topic(topics.FINDINGS)):
        if record.value is None:
            found.pop(record.key, None)
        else:
            found[record.key] = record.value
    return found


def _said(feed: Feed) -> Counter[Token]:
    """Every token once for each content that was published under its id."""
    tokens: set[tuple[Token, e.Event | None]] = set()
    for item in feed.items:
        event = item.event
        match event:
            case None:
                pass
            case e.CustomerActive():
                tokens.add((("active", event.data.customer, int(event.time.timestamp() // 86_400)), None))
            case e.PeriodClaimed():
                tokens.add((("period", period_claim(event).identity), None))
            case _:
                tokens.add(((event.source, event.id), event))
    return Counter(token for token, _ in tokens)


def _kept(rows: Iterable[tuple[bytes, bytes]]) -> Counter[Token]:
    """Every token as often as it stands in the state."""
    found: Counter[Token] = Counter()
    for key, value in rows:
        row = decode(value)
        if isinstance(row, TicketRow | CustomerRow):
            found.update((seen.fact.source, seen.fact.id) for seen in row.facts)
        if isinstance(row, CustomerRow):
            found.update(("active", customer_of(key), day) for day in unpack(row.days).listed())
    return found


def _figures(feed: Feed, book: Offline) -> dict[Sample, float]:
    """What a worker that knew the replay's ledger would show of the vendors."""
    vendors = tuple(feed.contracts)
    boards = [Board(feeds=[], vendors=vendors, topics=[]) for _ in range(2)]
    boards[0].expose(ledger_stage.Speaker(book.ledger, feed.contracts).state(), feed.contracts)
    shown, silent = (_samples(_text(board)) for board in boards)
    found = {sample: value for sample, value in shown.items() if sample not in silent}
    return found | {("undertow_tickets_kept", ()): book.casebook.tickets}


def _shown(worker: Worker) -> dict[Sample, float]:
    text = worker.get("/metrics")[1]
    other = tuple(f"undertow_{name}" for name in (*EVERYWHERE, *AGREED, *ISSUED))
    return {
        sample: value
        for sample, value in _samples(text).items()
        if sample[0].startswith("undertow_") and not sample[0].startswith(other) and sample[0] not in OF_CUSTOMERS
    }


def _text(board: Board) -> str:
    registry = CollectorRegistry()
    registry.register(Collector(board))  # type: ignore[arg-type]
    return generate_latest(registry).decode()


def _samples(text: str) -> dict[Sample, float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
