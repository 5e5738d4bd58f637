"""The events behind a finding, read again where they stand."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from undertow import clients, wire
from undertow.adapters import live
from undertow.domain.contract import Contract
from undertow.domain.findings import Evidence, Finding
from undertow.events import Event
from undertow.portal import words
from undertow.settings import Settings


class Line(Struct, frozen=True):
    """One event of a finding's timeline. ``at`` is empty where it could not be read again."""

    at: str
    text: str
    where: str


class Events:
    """Reads them. ``contracts`` say how the records of vendors' own topics are told."""

    def __init__(self, settings: Settings, contracts: Mapping[str, Contract]) -> None:
        self._settings = settings
        self._dialects = live.dialects(contracts, settings.namespace)

    def of(self, finding: Finding) -> list[Line]:
        """The timeline, in the order of the facts. Raises :class:`~undertow.clients.KafkaUnavailable`."""
        wanted: dict[str, dict[int, set[int]]] = {}
        for one in finding.evidence:
            wanted.setdefault(one.topic, {}).setdefault(one.partition, set()).add(one.offset)
        records = {
            (topic, record.partition, record.offset): record
            for topic, places in wanted.items()
            for record in clients.fetch_all(self._settings, topic, {at: sorted(some) for at, some in places.items()})
        }
        return [
            self._line(finding, one, records.get((one.topic, one.partition, one.offset))) for one in finding.evidence
        ]

    def _line(self, finding: Finding, evidence: Evidence, record: object) -> Line:
        where = f"{evidence.topic.removeprefix(self._settings.namespace)}/{evidence.partition}/{evidence.offset}"
        if record is None:
            return Line("", "no longer on its topic", where)
        event = self._event(evidence, record)
        if event is None or event.data.vendor not in {finding.vendor, None}:
            return Line("", "another event stands there now", where)
        return Line(words.moment(event.time.timestamp()), words.happened(event), where)

    def _event(self, evidence: Evidence, record: object) -> Event | None:
        value, headers = record.value, record.headers  # type: ignore[attr-defined]
        dialect = self._dialects.get(evidence.topic)
        try:
            told = (wire.decode(value, headers),) if dialect is None else dialect.decode(value, headers)
        except wire.Refused:
            return None
        return next((one for one in told if (one.source, one.id) == (evidence.source, evidence.id)), None)
