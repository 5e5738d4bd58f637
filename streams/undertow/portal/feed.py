"""Keeps the index: a thread that reads findings, disputes and statements from their topics, from the beginning and on."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from hashlib import sha256
from threading import Event, Thread
from typing import Any, Final

import msgspec

from undertow import clients, topics, wire
from undertow.clients import KafkaUnavailable
from undertow.domain.judging.findings import Finding
from undertow.domain.statements.statement import decode, holds, key
from undertow.events import DisputeAnswered, DisputeRuled
from undertow.portal.index import Index, Issued, Said, said_of
from undertow.settings import Settings
from undertow.stages.records import decode_finding

AGAIN: Final = 3.0
"""Seconds until the next try when the broker does not answer."""
LEAVE_WITHIN: Final = 2.0
"""Seconds; reading looks up five times a second."""
_log: Final = logging.getLogger("undertow.portal")


class Feed:
    """Reads for as long as it lives. ``ready`` once the index holds all that was on the topics when it began."""

    def __init__(self, settings: Settings, index: Index) -> None:
        self._settings, self._index = settings, index
        self._names = {
            topics.name(settings, topic): take
            for topic, take in (
                (topics.FINDINGS, self._finding),
                (topics.DISPUTES, self._said),
                (topics.STATEMENTS, self._statement),
            )
        }
        self._stop = Event()
        self.ready = Event()
        self._thread = Thread(target=self._run, name="portal-feed", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def close(self) -> None:
        """Stop reading. One that still waits for the broker to answer is left behind: it touches nothing any more."""
        self._stop.set()
        self._thread.join(LEAVE_WITHIN)

    def _run(self) -> None:
        positions: dict[tuple[str, int], int] = {}
        while not self._stop.is_set():
            try:
                for records, reached in clients.follow(self._settings, list(self._names), positions, self._stop.is_set):
                    if self._stop.is_set():
                        return
                    if records:
                        self._take(records)
                    if reached:
                        self.ready.set()
            except KafkaUnavailable as error:
                _log.warning("the portal's index waits for the broker: %s", error)
            except Exception:
                _log.exception("the portal's index could not be kept up; it is tried again")
            self._stop.wait(AGAIN)

    def _take(self, records: Iterable[Any]) -> None:
        findings: dict[str, tuple[Finding | None, bytes]] = {}
        said: list[Said] = []
        issued: dict[str, Issued | None] = {}
        for record in records:
            self._names[record.topic](record, findings, said, issued)
        self._index.put(((id, *one) for id, one in findings.items()), said, issued.items())

    def _finding(self, record: Any, findings: dict[str, tuple[Finding | None, bytes]], *_: Any) -> None:  # noqa: ANN401 - kafka-python's record
        id = (record.key or b"").decode("ascii", "replace")
        if record.value is None:
            findings[id] = (None, b"")
            return
        try:
            finding = decode_finding(record.value)
        except msgspec.MsgspecError as error:
            _log.warning("no finding at %s/%d/%d: %s", record.topic, record.partition, record.offset, error)
            return
        if finding.id == id:
            findings[id] = (finding, record.value)

    def _said(self, record: Any, _: object, said: list[Said], __: object) -> None:  # noqa: ANN401 - as above
        try:
            event = wire.decode(record.value, record.headers)
        except wire.Refused:
            return  # the worker makes a dead letter of it
        if isinstance(event, DisputeAnswered | DisputeRuled):
            said.append(said_of(event))

    def _statement(self, record: Any, _: object, __: object, issued: dict[str, Issued | None]) -> None:  # noqa: ANN401 - as above
        id = sha256(record.key or b"").hexdigest()[:16]
        if record.value is None:
            issued[id] = None
            return
        try:
            statement = decode(record.value)
        except msgspec.MsgspecError as error:
            _log.warning("no statement at %s/%d/%d: %s", record.topic, record.partition, record.offset, error)
            return
        if key(statement) != record.key or not holds(statement):
            _log.warning(
                "what stands at %s/%d/%d is no statement as issued", record.topic, record.partition, record.offset
            )
            return
        issued[id] = Issued(id, statement.vendor, statement.period, statement.number, statement.words, record.value)
