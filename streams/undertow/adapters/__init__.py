"""A vendor's own format to our events, one file a format. An adapter reads a file into what would be on the topics."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from undertow import wire
from undertow.adapters import cloudevents, servicenow, zendesk
from undertow.adapters.message import Message, Unreadable
from undertow.topics import key_of, topic_of

Adapter = Callable[[Path, str], Iterator[Message]]


def _servicenow(path: Path, vendor: str) -> Iterator[Message]:
    for event in servicenow.read(path, vendor):
        yield Message(topic_of(event), key_of(event), wire.encode(event), event.time.timestamp())


def _zendesk(path: Path, vendor: str) -> Iterator[Message]:
    for event in zendesk.read(path, vendor):
        yield Message(topic_of(event), key_of(event), wire.encode(event), event.time.timestamp())


def _table(path: Path, vendor: str) -> Iterator[Message]:
    raise Unreadable(f"{path.name} is read as a table only with a mapping: say which with --mapping FILE")


ADAPTERS: Final[dict[str, Adapter]] = {
    "cloudevents": cloudevents.read,
    "servicenow": _servicenow,
    "table": _table,
    "zendesk": _zendesk,
}
"""By the name that ``--adapter`` takes. Each takes a path and the vendor's name, which a self-describing format ignores."""

__all__ = ["ADAPTERS", "Adapter", "Message", "Unreadable"]
