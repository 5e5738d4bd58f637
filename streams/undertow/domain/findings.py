"""Findings: what can be said of one ticket, with the evidence by which anybody can check it."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Final, Literal

from msgspec import Struct

from undertow.domain.comparison import Class
from undertow.domain.facts import Seen
from undertow.domain.patterns.evidence import Event

MOST_EVIDENCE: Final = 100
"""Events a finding names at most: the rest is in the ticket's row, and a finding has to stay one record."""


State = Literal["disputed", "withdrawn", "upheld", "accepted", "explained"]
"""What both sides said of a finding comes to; see :mod:`undertow.domain.disputes`."""


class Evidence(Struct, frozen=True):
    """One event: what makes it unique, and where it was read."""

    source: str
    id: str
    topic: str
    partition: int
    offset: int


class Finding(Struct, frozen=True, kw_only=True):
    """One thing said of one ticket. Durations in seconds, times in seconds since 1970-01-01T00:00Z.

    Of kind ``verdict``, ``name`` is the measure: the claim differs from the actual, ``cause`` is the nearest change of the
    agreed reading under which the claim is true. Of kind ``pattern``, ``name`` is the pattern; one match is no accusation.
    """

    kind: Literal["verdict", "pattern"]
    name: str
    vendor: str
    ticket: str
    customer: str | None
    day: int | None
    """Day of the first solve (days since 1970-01-01 in the contract's zone), None while it is not solved."""
    contract: str
    """Version of the terms it was judged under."""
    verdict: Class | None = None
    cause: str | None = None
    claimed_met: bool | None = None
    claimed: float | None = None
    actual_met: bool | None = None
    actual: float | None = None
    """None while the measure runs: a finding changes by events, not with every second."""
    target: float | None = None
    at: float | None = None
    """When a pattern showed."""
    evidence: tuple[Evidence, ...] = ()
    """The events it follows from; after them those that decide ``state``."""
    state: State | None = None
    """None while nobody answered it. Disputed and withdrawn ones are in no headline."""
    reason: str | None = None
    """What the answer or ruling behind ``state`` says."""

    @property
    def id(self) -> str:
        """Sixteen hexadecimal digits that stand for what is spoken of, whatever is said of it."""
        spoken = "\0".join((self.kind, self.name, self.vendor, self.customer or "", self.ticket))
        return sha256(spoken.encode()).hexdigest()[:16]


def evidence(seen: Iterable[Seen], events: Iterable[Event] | None = None) -> tuple[Evidence, ...]:
    """Where events were read, in the order of the facts; all of them where ``events`` is None."""
    chosen = None if events is None else set(events)
    found = [
        Evidence(one.fact.source, one.fact.id, one.place.topic, one.place.partition, one.place.offset)
        for one in seen
        if chosen is None or (one.fact.source, one.fact.id) in chosen
    ]
    return tuple(found[:MOST_EVIDENCE])
