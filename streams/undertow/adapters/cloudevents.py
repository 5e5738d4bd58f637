"""Our own events in a file: JSON lines, one structured CloudEvent a line (``.jsonl``, or ``.jsonl.gz``)."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

from undertow import wire
from undertow.adapters.message import Message
from undertow.topics import TICKETS, topic_of


def read(path: Path, _vendor: str = "") -> Iterator[Message]:
    """Every line, in order. A line that is no event is passed on as it is: intake makes it a dead letter."""
    opened = gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")
    with opened as lines:
        for line in lines:
            value = line.strip()
            if not value:
                continue
            try:
                event = wire.decode(value)
            except wire.Refused:
                yield Message(TICKETS, "", value, 0.0)
            else:
                key = event.data.ticket if hasattr(event.data, "ticket") else event.data.vendor
                yield Message(topic_of(event), key or "", value, event.time.timestamp())
