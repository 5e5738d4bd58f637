"""Dead letters as Kafka records and back: original bytes, and text headers a person can read in any Kafka tool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from msgspec import Struct

from undertow.stages.intake import DeadLetter
from undertow.stages.records import Entry
from undertow.wire import MAX_LETTER_BYTES

ORIGINAL: Final = "undertow-original-"
"""Prefix of the original's own headers."""
_A_HEADER: Final = len(ORIGINAL) + 10
"""Bytes that a header takes beside its own name and content, at most."""

Headers = list[tuple[str, bytes]]


class Letter(Struct, frozen=True):
    """A dead letter as read back. ``value`` None where the original had none; it and ``headers`` where not ``carried``."""

    topic: str
    partition: int
    offset: int
    reason: str
    field: str
    detail: str
    carried: bool
    replayed: bool
    value: bytes | None
    headers: Headers

    @property
    def id(self) -> str:
        """Where the original stands; the same record refused twice is one letter."""
        return _id(self.topic, self.partition, self.offset)


def record_of(letter: DeadLetter) -> tuple[bytes, bytes | None, Headers]:
    """Key, value and headers of a refused record's letter. What is too large to be carried stays where it was read.

    Headers count as well: hundreds of thousands of empty ones grow to ten times their size, which a broker would refuse.
    """
    record = letter.record
    value = record.value
    large = sum(len(name.encode()) + len(content or b"") + _A_HEADER for name, content in record.headers)
    carried = len(value or b"") + large <= MAX_LETTER_BYTES
    headers = _headers(
        record.topic, record.partition, record.offset, letter.reason, letter.field, letter.detail, carried
    )
    if carried:
        headers += [(ORIGINAL + name, content or b"") for name, content in record.headers]
    return _id(record.topic, record.partition, record.offset).encode(), value if carried else None, headers


def record_of_fact(entry: Entry, reason: Literal["too_late", "too_many_facts"]) -> tuple[bytes, bytes | None, Headers]:
    """Key, value and headers of a fact that a casebook refused. Its bytes stay where it was read."""
    place = entry.seen.place
    field, words = {"too_late": ("$.time", "older than the horizon"), "too_many_facts": ("$", "its row is full")}[
        reason
    ]
    detail = f"ticket {entry.ticket!r} of {entry.vendor!r}: {words}"
    headers = _headers(place.topic, place.partition, place.offset, reason, field, detail, carried=False)
    return _id(place.topic, place.partition, place.offset).encode(), None, headers


def replayed(letter: Letter) -> tuple[bytes, bytes | None, Headers]:
    """The note that a letter was sent back to its topic."""
    headers = _headers(
        letter.topic, letter.partition, letter.offset, letter.reason, letter.field, letter.detail, letter.carried
    )
    return letter.id.encode(), None, [*headers, ("undertow-replayed", b"true")]


def erases(value: bytes | None, headers: Sequence[tuple[str, bytes]]) -> bool:
    """Whether a record takes back the letter under its key: a tombstone, of which nothing is known any more."""
    return value is None and not headers


def read(value: bytes | None, headers: Sequence[tuple[str, bytes]]) -> Letter:
    """A record of the dead-letter topic. Raises ``KeyError`` or ``ValueError`` for one that is not ours."""
    own: Mapping[str, bytes] = dict(headers)
    return Letter(
        topic=own["undertow-source-topic"].decode(),
        partition=int(own["undertow-source-partition"]),
        offset=int(own["undertow-source-offset"]),
        reason=own["undertow-reason"].decode(),
        field=own["undertow-field"].decode(),
        detail=own["undertow-detail"].decode(),
        carried=own.get("undertow-carried", b"true") == b"true",
        replayed=own.get("undertow-replayed") == b"true",
        value=value,
        headers=[(name.removeprefix(ORIGINAL), content) for name, content in headers if name.startswith(ORIGINAL)],
    )


def _id(topic: str, partition: int, offset: int) -> str:
    return f"{topic}/{partition}/{offset}"


def _headers(topic: str, partition: int, offset: int, reason: str, field: str, detail: str, carried: bool) -> Headers:
    texts = {
        "undertow-source-topic": topic,
        "undertow-source-partition": str(partition),
        "undertow-source-offset": str(offset),
        "undertow-reason": reason,
        "undertow-field": field[:256],
        "undertow-detail": detail[:1024],
        "undertow-carried": "true" if carried else "false",
    }
    return [(name, text.encode("utf-8", "replace")) for name, text in texts.items()]
