"""Our own events in a file: JSON lines, one structured CloudEvent a line (``.jsonl``, or ``.jsonl.gz``)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from undertow import wire
from undertow.adapters.files import opened
from undertow.adapters.message import Message, Unreadable
from undertow.topics import TICKETS, key_of, topic_of


def read(path: Path, _vendor: str = "") -> Iterator[Message]:
    """Every line, in order. A line that is no event is passed on as it is: intake makes it a dead letter.

    Raises :class:`Unreadable` where there is none, ``OSError``.
    """
    empty = True
    with opened(path) as lines:
        for line in lines:
            value = line.strip()
            if not value:
                continue
            empty = False
            try:
                event = wire.decode(value)
            except wire.Refused:
                yield Message(TICKETS, "", value, 0.0)
            else:
                yield Message(topic_of(event), key_of(event), value, event.time.timestamp())
    if empty:
        raise Unreadable(f"{path.name} holds no events; expected one CloudEvent as JSON a line")
