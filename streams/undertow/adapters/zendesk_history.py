"""A Zendesk ticket's history: what both kinds of export are read into."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, NamedTuple

from msgspec import Struct, field

from undertow import events as e

FIELDS: Final = ("status", "priority", "assignee_id", "group_id", "ticket_form_id")
"""The ticket fields whose changes are events."""


class Change(NamedTuple):
    """A field of a ticket became ``value``; None: it was emptied."""

    at: datetime
    user: str | None
    automatic: bool
    field: str
    value: str | None


class Comment(NamedTuple):
    """Something was written. ``text`` is None where the export carries none."""

    at: datetime
    user: str | None
    automatic: bool
    public: bool
    text: str | None


class Claim(NamedTuple):
    """Zendesk's own verdict on a target, as of ``at``. ``value`` in seconds."""

    at: datetime
    measure: e.Measure
    met: bool
    value: float | None


class Rated(NamedTuple):
    """A satisfaction rating; ``score`` as Zendesk writes it."""

    at: datetime
    user: str | None
    score: str


class History(Struct):
    """One ticket as the export tells it, or one record of a topic. ``priority`` and ``form`` are those of its creation."""

    number: str
    created: datetime | None = None
    creator: str | None = None
    requester: str | None = None
    channel: str | None = None
    priority: str | None = None
    form: str | None = None
    follows: str | None = None
    merged: tuple[datetime, str] | None = None
    """When it was merged, and into which ticket."""
    updates: list[Change | Comment] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    ratings: list[Rated] = field(default_factory=list)
    record: str | None = None
    """The id of the record that tells it alone; its events' ids are then made of this one."""
    after: int = 0
    """Where such a record's sequence begins."""
    fields: dict[str, str | None] = field(default_factory=dict)
    """What else such a record knows of the ticket's fields, by name."""


def instant(text: str) -> datetime:
    """A time as Zendesk and its exports write it; UTC where nothing else is said. Raises ``ValueError``."""
    when = datetime.fromisoformat(text.strip().replace(" UTC", "Z"))
    return when if when.tzinfo is not None else when.replace(tzinfo=UTC)
