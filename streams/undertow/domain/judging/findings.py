"""Findings: what can be said of one ticket, with the evidence by which anybody can check it."""

from __future__ import annotations

from hashlib import sha256
from typing import Literal

from msgspec import Struct

from undertow.domain.measuring.comparison import Class

State = Literal["disputed", "withdrawn", "upheld", "accepted", "explained"]
"""What both sides said of a finding comes to; see :mod:`undertow.domain.judging.disputes`."""


class Evidence(Struct, frozen=True):
    """One event: what makes it unique, and where it was read."""

    source: str
    id: str
    topic: str
    partition: int
    offset: int


class Beside(Struct, frozen=True):
    """Where further events of a ticket were read that it was judged by."""

    ticket: str
    topic: str
    partition: int
    offsets: tuple[int, ...]


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
    reading: dict[str, str | tuple[str, ...]] | None = None
    """What of the agreed reading has to change for the claim to be true, by axis; None where nothing explains it."""
    as_of: float = 0.0
    """When all had happened that it follows from: it can be derived again as of this time, and no later one changes it."""
    facts: str = ""
    """Sixteen hexadecimal digits that stand for the content of all the events it follows from."""
    evidence: tuple[Evidence, ...] = ()
    """The events that tell it: of a verdict the ticket's, of a pattern those that show it; then those that decide ``state``."""
    context: tuple[Beside, ...] = ()
    """Where the other events were read that it follows from, those of tickets next to it included."""
    state: State | None = None
    """None while nobody answered it. Disputed and withdrawn ones are in no headline."""
    reason: str | None = None
    """What the answer or ruling behind ``state`` says."""

    @property
    def id(self) -> str:
        """Sixteen hexadecimal digits that stand for what is spoken of, whatever is said of it.

        A plain hash, for both sides have to find it without a key: whoever knows the ticket can try customers on it.
        """
        spoken = "\0".join((self.kind, self.name, self.vendor, self.customer or "", self.ticket))
        return sha256(spoken.encode()).hexdigest()[:16]
