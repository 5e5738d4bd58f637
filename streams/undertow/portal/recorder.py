"""Writes answers and rulings as events, and says so only when the broker has acknowledged them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock
from typing import Any, Literal

from undertow import events, topics, wire
from undertow.clients import Publisher
from undertow.clock import wall
from undertow.domain.judging.findings import Finding
from undertow.settings import Settings

Answer = Literal["accept", "dispute", "explain"]
Ruling = Literal["upheld", "withdrawn"]


class Recorder:
    """One publisher, made when it is first needed and anew after a failure."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = wall) -> None:
        self._settings, self._clock = settings, clock
        self._topic = topics.name(settings, topics.DISPUTES)
        self._publisher: Publisher | None = None
        self._lock = Lock()

    def answer(self, finding: Finding, answer: Answer, reason: str | None, by: str) -> None:
        """The vendor's answer. Returns when it is recorded; raises :class:`~undertow.clients.KafkaUnavailable`."""
        data = events.AnsweredData(**_about(finding), answer=answer, reason=reason, by=by)
        self._record(events.DisputeAnswered(**self._head("vendor"), data=data), finding)

    def rule(self, finding: Finding, ruling: Ruling, reason: str | None, by: str) -> None:
        """The company's ruling; as :meth:`answer`."""
        data = events.RuledData(**_about(finding), ruling=ruling, reason=reason, by=by)
        self._record(events.DisputeRuled(**self._head("company"), data=data), finding)

    def close(self) -> None:
        """Nothing waits to be written: every record was acknowledged or failed."""
        with self._lock:
            self._drop()

    def _head(self, side: str) -> dict[str, Any]:
        now = datetime.fromtimestamp(self._clock(), UTC)
        return {"specversion": "1.0", "id": secrets.token_hex(16), "source": f"/undertow/portal/{side}", "time": now}

    def _record(self, event: events.DisputeEvent, finding: Finding) -> None:
        with self._lock:
            try:
                if self._publisher is None:
                    self._publisher = Publisher(self._settings)
                self._publisher.send(self._topic, wire.encode(event), key=finding.id.encode())
                self._publisher.flush()
            except BaseException:
                self._drop()  # it remembers its failure
                raise

    def _drop(self) -> None:
        if self._publisher is not None:
            publisher, self._publisher = self._publisher, None
            publisher.__exit__(Exception)


def _about(finding: Finding) -> dict[str, Any]:
    """How an event names the finding that it speaks of."""
    return {
        "vendor": finding.vendor,
        "finding": finding.id,
        "ticket": finding.ticket,
        "customer": finding.customer,
    }
