"""What is delivered, the key that makes it one delivery, and what is recorded of it."""

from __future__ import annotations

from hashlib import sha256
from typing import Final, Literal

import msgspec
from msgspec import Struct

from undertow.domain.agreement.delivery import Destination, Kind

State = Literal["delivered", "failed", "given_up"]


class Issued(Struct, frozen=True, kw_only=True):
    """A statement that was issued, as far as delivery goes. Days are numbers since 1970-01-01 in the contract's zone."""

    vendor: str
    period: str
    """In words, such as 2026-10."""
    first_day: int
    last_day: int
    number: int
    """Which of the vendor's statements it is: each later issue is delivered, too."""
    content: str
    """Hash of its content."""


SUMMARY: Final = "summary.txt"
"""The document that a mail says in its own text instead of attaching it."""


class Document(Struct, frozen=True):
    """A rendered form of it."""

    name: str
    """Of the file, without a folder."""
    media_type: str
    content: bytes


class Recorded(Struct, frozen=True, kw_only=True):
    """The last word on one delivery, under its key on ``undertow.deliveries``. ``at`` in seconds since 1970."""

    vendor: str
    period: str
    number: int
    content: str
    kind: Kind
    address: str
    state: State
    attempts: int
    at: float
    detail: str = ""
    """What the receiver, or the way there, answered; no content and no secret."""


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(Recorded).decode


def key(issued: Issued, to: Destination) -> str:
    """What a receiver knows the delivery by: the same statement to the same address has one key, in every attempt."""
    spoken = (issued.vendor, issued.period, str(issued.number), issued.content, to.kind, to.address)
    return f"undertow-{sha256(msgspec.json.encode(spoken)).hexdigest()[:40]}"


def encode(recorded: Recorded) -> bytes:
    """As it stands on the topic: JSON."""
    return _encode(recorded)


def decode(value: bytes) -> Recorded | None:
    """None for what somebody else wrote there."""
    try:
        return _decode(value)
    except msgspec.DecodeError:
        return None
