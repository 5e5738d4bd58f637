"""What an adapter gives: a record as it would stand on a source topic."""

from __future__ import annotations

from msgspec import Struct


class Unreadable(ValueError):
    """The file is not in the adapter's format; the message says what is missing or wrong."""


class Message(Struct, frozen=True):
    """``topic`` without namespace, ``key`` for the partition (events of a ticket stay in order), ``time`` in seconds."""

    topic: str
    key: str
    value: bytes
    time: float
