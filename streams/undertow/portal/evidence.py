"""The events behind a finding, read again where they stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from undertow import clients, wire
from undertow.adapters import live
from undertow.domain.agreement.contract import Contract
from undertow.domain.judging.findings import Evidence, Finding
from undertow.domain.tickets.facts import Fact, Place, Seen, in_order, join
from undertow.events import Event, PeriodClaimed
from undertow.portal import words
from undertow.reports import words as report_words
from undertow.settings import Settings
from undertow.stages.intake import entry_of
from undertow.stages.rereading.proof import Where


class Line(Struct, frozen=True):
    """One event of a finding's timeline. ``at`` in the contract's time zone, empty where it could not be read again."""

    at: str
    text: str
    where: str


class Events:
    """Reads them. ``contracts`` say how the records of vendors' own topics are told."""

    def __init__(self, settings: Settings, contracts: Mapping[str, Contract]) -> None:
        self._settings, self._contracts = settings, contracts
        self._dialects = live.dialects(contracts, settings.namespace)

    def of(self, finding: Finding) -> list[Line]:
        """The timeline, in the order of the facts. Raises :class:`~undertow.clients.KafkaUnavailable`."""
        records = self._read((one.topic, one.partition, one.offset) for one in finding.evidence)
        return [
            self._line(finding, one, records.get((one.topic, one.partition, one.offset))) for one in finding.evidence
        ]

    def facts(self, findings: list[Finding]) -> dict[str, list[Fact]]:
        """What is told of the ticket of each, in order, by finding; without those of which an event is gone.

        Raises :class:`~undertow.clients.KafkaUnavailable`.
        """
        places = {one.id: list(_own(one)) for one in findings}
        records = self._read(where for some in places.values() for where in some)
        found = {}
        for one in findings:
            if all(where in records for where in places[one.id]):
                seen = [seen for where in places[one.id] for seen in self._seen(one, where, records[where])]
                found[one.id] = in_order(join([], seen)[0])
        return found

    def _read(self, places: Iterable[Where]) -> dict[Where, Any]:
        wanted: dict[str, dict[int, set[int]]] = {}
        for topic, partition, offset in places:
            wanted.setdefault(topic, {}).setdefault(partition, set()).add(offset)
        return {
            (topic, record.partition, record.offset): record
            for topic, some in wanted.items()
            for record in clients.fetch_all(self._settings, topic, {at: sorted(each) for at, each in some.items()})
        }

    def _seen(self, finding: Finding, where: Where, record: object) -> Iterator[Seen]:
        for event in self._told(where[0], record):
            if isinstance(event, PeriodClaimed) or event.data.ticket != finding.ticket:
                continue
            if event.data.vendor == finding.vendor:
                yield entry_of(event, Place(*where)).seen

    def _line(self, finding: Finding, evidence: Evidence, record: object) -> Line:
        where = f"{evidence.topic.removeprefix(self._settings.namespace)}/{evidence.partition}/{evidence.offset}"
        if record is None:
            return Line("", "no longer on its topic", where)
        event = self._event(evidence, record)
        if event is None or event.data.vendor not in {finding.vendor, None}:
            return Line("", "another event stands there now", where)
        contract = self._contracts.get(finding.vendor)
        zone = contract.time_zone if contract is not None else "UTC"
        return Line(report_words.moment(event.time.timestamp(), zone), words.happened(event, zone), where)

    def _event(self, evidence: Evidence, record: object) -> Event | None:
        told = self._told(evidence.topic, record)
        return next((one for one in told if (one.source, one.id) == (evidence.source, evidence.id)), None)

    def _told(self, topic: str, record: object) -> Sequence[Event]:
        value, headers = record.value, record.headers  # type: ignore[attr-defined]
        dialect = self._dialects.get(topic)
        try:
            return (wire.decode(value, headers),) if dialect is None else dialect.decode(value, headers)
        except wire.Refused:
            return ()


def _own(finding: Finding) -> Iterator[Where]:
    """Where the events of a finding's own ticket stand."""
    for one in finding.evidence:
        yield one.topic, one.partition, one.offset
    for some in finding.context:
        if some.ticket == finding.ticket:
            for offset in some.offsets:
                yield some.topic, some.partition, offset
