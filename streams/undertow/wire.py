"""Bytes to events and back: CloudEvents 1.0 in both Kafka content modes, refusals with a reason that names the field.

Structured mode: the value is the whole event as JSON. Binary mode: attributes are ``ce_*`` headers, the value is
``data``. A record is binary when it carries ``ce_specversion`` (CloudEvents Kafka protocol binding 1.0, section 3).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Final, get_args, get_type_hints

import msgspec
from msgspec import Struct

from undertow.events import Envelope, Event

MAX_EVENT_BYTES: Final = 256 * 1024
"""A larger value is refused unread: one giant event must not stall a partition."""
MAX_LETTER_BYTES: Final = 8 * 1024 * 1024
"""A dead letter carries the original bytes up to this size; of a larger value it carries none and says so."""
MAX_DETAIL: Final = 200
"""Characters of a refusal's detail: it quotes the input, and a header must not become as large as the value."""
MAX_SEQUENCE: Final = 18
"""Digits of a sequence: what fits into 64 bits."""
EARLIEST_YEAR: Final = 1990
"""Before any help desk we could be pointed at; a time before it is a broken clock."""
LATEST_YEAR: Final = 2099
"""A time after it would push every watermark beyond reach. Both years as written, whatever the offset: a schema's
pattern can say that too, and half a day at either end decides nothing."""

Headers = Sequence[tuple[str, bytes]]


class Refused(Exception):
    """The input cannot be an event.

    ``reason`` is a stable word, ``field`` a JSON path, ``detail`` says what to change.
    """

    def __init__(self, reason: str, field: str, detail: str) -> None:
        super().__init__(f"{reason} at {field}: {detail}")
        self.reason, self.field, self.detail = reason, field, detail[:MAX_DETAIL]


class Dialect(Struct, frozen=True):
    """How the records of a topic are told, where a contract names it."""

    decode: Callable[[bytes | None, Headers], Sequence[Event]]
    """A record's value and headers as the events it tells: perhaps none. Raises :class:`Refused`, never anything else."""
    vendor: str | None = None
    """Who speaks on the topic; None where every record tells one event that names its vendor."""


REASONS: Final = {
    "empty": "the record has no value (a tombstone); ticket events are facts and cannot be deleted",
    "too_large": f"the value is larger than {MAX_EVENT_BYTES} bytes",
    "not_json": "the value is not JSON in UTF-8",
    "unknown_type": "the CloudEvents type is none of ours",
    "missing_field": "a required field is absent",
    "wrong_value": "a field has another type or value than its schema allows",
    "time_out_of_range": "a time lies before 1990 or after 2099: a clock or a format is broken",
    "unknown_vendor": "no contract names this vendor",
    "wrong_vendor": "the topic is a vendor's own, and a vendor's topic speaks for that vendor only",
    "may_not_rule": "a ruling on a dispute is the company's, and counts only on vendor.disputes",
    "unmapped": "the record does not fit the adapter or mapping that the contract names for its topic",
    "too_many_facts": "the ticket or customer has as many facts as a row can hold; is a program looping?",
    "too_late": "the ticket is unknown or closed and the fact is older than the horizon",
}
"""Every reason a dead letter can have, in words for the person who reads it."""

_TYPES: Final[dict[str, type[Envelope]]] = {str(kind.__struct_config__.tag): kind for kind in get_args(Event)}
_DATA_TIMES: Final[dict[type, tuple[str, ...]]] = {
    kind: names
    for kind in _TYPES.values()
    if (
        names := tuple(
            name
            for name in ("due", "resolved_at", "first_day", "last_day")
            if name in get_type_hints(kind)["data"].__struct_fields__
        )
    )
}
"""The further times and days in the data of the event types that have any."""
_structured = msgspec.json.Decoder(Event).decode
_encode = msgspec.json.Encoder().encode
_json = msgspec.json.Decoder().decode
_FIELD = re.compile(r" - at `(?P<path>[^`]+)`$")
_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]+)`")


def decode(value: bytes | None, headers: Headers = ()) -> Event:
    """One Kafka record's value and headers as an event. Raises :class:`Refused`, never anything else."""
    if value is None:
        raise Refused("empty", "$", "send the event as the record's value")
    if len(value) > MAX_EVENT_BYTES:
        raise Refused("too_large", "$", f"{len(value)} bytes; at most {MAX_EVENT_BYTES}")
    try:
        event = _binary(value, headers) if headers and _is_binary(headers) else _structured(value)
    except msgspec.ValidationError as error:
        raise _explained(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused("not_json", "$", str(error)) from None
    except (OverflowError, RecursionError, ValueError) as error:
        raise Refused("wrong_value", "$", str(error)) from None
    sequence = event.sequence
    if sequence is not None and not (sequence.isdecimal() and sequence.isascii() and len(sequence) <= MAX_SEQUENCE):
        raise Refused("wrong_value", "$.sequence", f"expected 1 to {MAX_SEQUENCE} digits")
    if (
        not EARLIEST_YEAR <= event.time.year <= LATEST_YEAR
        or event.recordedtime is not None
        or type(event) in _DATA_TIMES
    ):
        _check_times(event)
    return event


def encode(event: Event) -> bytes:
    """The event in structured mode, as :func:`decode` reads it."""
    return _encode(event)


def encode_binary(event: Event) -> tuple[bytes, list[tuple[str, bytes]]]:
    """The event in binary mode: value and headers."""
    attributes = msgspec.to_builtins(event)
    data = attributes.pop("data")
    headers = [(f"ce_{name}", str(value).encode()) for name, value in attributes.items() if value is not None]
    return _encode(data), [*headers, ("content-type", b"application/json")]


def _is_binary(headers: Headers) -> bool:
    return any(name == "ce_specversion" for name, _ in headers)


def _binary(value: bytes, headers: Iterable[tuple[str, bytes]]) -> Event:
    attributes: dict[str, object] = {
        name[3:]: _header(name, content) for name, content in headers if name.startswith("ce_") and content is not None
    }
    tag = str(attributes.get("type", ""))
    if "type" not in attributes:
        raise Refused("missing_field", "$.type", "add the header ce_type")
    if tag not in _TYPES:
        raise Refused("unknown_type", "$.type", f"{tag[:80]!r} is none of ours")
    attributes["data"] = _json(value)
    return msgspec.convert(attributes, _TYPES[tag])  # type: ignore[return-value]


def _header(name: str, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise Refused("wrong_value", f"$.{name[3:]}", f"the header {name} is not UTF-8: {error}") from None


def _explained(error: msgspec.ValidationError) -> Refused:
    """A msgspec error as a reason and the path of the field it names."""
    text = str(error)
    at = _FIELD.search(text)
    path, detail = (at["path"], text[: at.start()]) if at else ("$", text)
    if missing := _MISSING.match(text):
        return Refused("missing_field", f"{path}.{missing['name']}", detail)
    if path == "$.type":
        return Refused("unknown_type", path, detail)
    return Refused("wrong_value", path, detail)


def _check_times(event: Event) -> None:
    _in_range("$.time", event.time)
    if event.recordedtime is not None:
        _in_range("$.recordedtime", event.recordedtime)
    for name in _DATA_TIMES.get(type(event), ()):
        when = getattr(event.data, name)
        if when is not None:
            _in_range(f"$.data.{name}", when)


def _in_range(field: str, when: date) -> None:
    if not EARLIEST_YEAR <= when.year <= LATEST_YEAR:
        detail = f"{when.isoformat()} is not between {EARLIEST_YEAR} and {LATEST_YEAR}"
        raise Refused("time_out_of_range", field, detail)
