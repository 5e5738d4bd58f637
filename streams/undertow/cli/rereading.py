"""Events read again, for the commands that check what was said: from the topics, or from a file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from undertow import clients, topics
from undertow.adapters import live
from undertow.cli.feeds import Source, as_records
from undertow.domain.agreement.contract import Contract
from undertow.domain.judging.findings import Finding
from undertow.settings import Settings
from undertow.stages.intake import Intake
from undertow.stages.records import KafkaRecord, decode_finding
from undertow.stages.rereading.casefile import Facts
from undertow.stages.rereading.proof import Proof, Reread, Stated, Where, places, prove, tickets
from undertow.stages.rereading.replay import Offline

AT_ONCE: Final = 10_000
"""Findings whose events are held in memory at a time."""
SPAN: Final = 2_000
"""Records folded at a time."""


def proved_on_topics(
    stated: Sequence[Stated], contracts: Mapping[str, Contract], settings: Settings
) -> Iterator[Proof]:
    """Prove findings against the topics their evidence names. Raises :class:`undertow.clients.KafkaUnavailable`."""
    ordered = sorted(stated, key=_first)
    intake = Intake(contracts, 1, dialects=live.dialects(contracts, settings.namespace))
    for start in range(0, len(ordered), AT_ONCE):
        some = ordered[start : start + AT_ONCE]
        wanted: defaultdict[str, defaultdict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
        for one in some:
            for topic, partition, offset in places(one.finding):
                wanted[topic][partition].add(offset)
        read = Reread(intake)
        for topic, offsets in sorted(wanted.items()):
            records = clients.fetch_all(settings, topic, {p: sorted(at) for p, at in offsets.items()})
            while span := list(islice(records, SPAN)):
                read.take(span)
        yield from (prove(one, read, contracts) for one in some)


def proved_in_file(
    stated: Sequence[Stated], contracts: Mapping[str, Contract], source: Source, path: Path
) -> Iterator[Proof]:
    """Prove findings against a file: at its own lines where their evidence names them, else by the events of their tickets."""
    at = {where for one in stated for where in places(one.finding)}
    read = Reread(Intake(contracts, 1), {name for one in stated for name in tickets(one.finding)})
    records: Iterator[KafkaRecord] = as_records(source, path)
    while span := list(islice(records, SPAN)):
        read.take(span, at)
    yield from (prove(one, read, contracts) for one in stated)


def folded(contracts: Mapping[str, Contract], source: Source, path: Path) -> Offline:
    """A file's whole history, judged when every follow-up has passed, or as of the contracts' own times."""
    book = Offline(contracts)
    records = as_records(source, path)
    while span := list(islice(records, SPAN)):
        book.take(span)
    book.tick(book.last_event_time + max(contract.follow_up for contract in contracts.values()))
    return book


def facts(contracts: Mapping[str, Contract], source: Source, path: Path) -> tuple[Facts, float]:
    """Everything a file tells of tickets, and when the follow-up of its last event has passed (seconds)."""
    found, intake, last = Facts(), Intake(contracts, 1), 0.0
    records = as_records(source, path)
    while span := list(islice(records, SPAN)):
        taken = intake.take(span)
        last = max([last, *(feed.last_event_time for feed in taken.feeds.values())])
        for entries in taken.entries.values():
            found.take(entries)
    return found, last + max(contract.follow_up for contract in contracts.values())


def terms(contracts: Mapping[str, Contract] | None, source: Source) -> dict[str, Contract]:
    """The contracts by which a file's history is judged as a whole; without any the product's own terms."""
    agreed = contracts if contracts is not None else {source.vendor: Contract(vendor=source.vendor)}
    return {name: msgspec.structs.replace(contract, keep_all=True) for name, contract in agreed.items()}


def published(settings: Settings) -> dict[str, Finding]:
    """The findings that stand on their topic, by id. Raises :class:`undertow.clients.KafkaUnavailable`."""
    found: dict[str, bytes] = {}
    for record in clients.read(settings, topics.name(settings, topics.FINDINGS)):
        id = record.key.decode()
        if record.value is None:
            found.pop(id, None)
        else:
            found[id] = record.value
    return {id: decode_finding(value) for id, value in found.items()}


def _first(stated: Stated) -> Where:
    return min(places(stated.finding), default=("", 0, 0))
