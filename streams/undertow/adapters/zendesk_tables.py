"""Zendesk as a folder of tables (CSV): the columns of Fivetran's Zendesk connector.

``ticket``, ``ticket_field_history`` and ``ticket_comment`` must be there; ``user`` (whose roles tell customers from agents)
and ``satisfaction_rating`` may be. File names may end in ``_data``, and be gzipped. Times without an offset are UTC.
Fields of the ticket table are those of today: of status and priority only the history says what was known when.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from undertow.adapters.files import opened
from undertow.adapters.message import Unreadable
from undertow.adapters.zendesk_history import FIELDS, Change, Comment, History, Rated, instant

_NEEDED: Final = {
    "ticket": ("id", "created_at", "requester_id"),
    "ticket_field_history": ("ticket_id", "field_name", "updated", "user_id", "value"),
    "ticket_comment": ("ticket_id", "created", "public", "user_id"),
}
_OPTIONAL: Final = {"user": ("id", "role"), "satisfaction_rating": ("ticket_id", "score")}
Row = dict[str, str]


def found(folder: Path) -> bool:
    """True when the folder holds the table of tickets."""
    return _file(folder, "ticket") is not None


def read(folder: Path) -> tuple[list[History], dict[str, str]]:
    """Histories and roles by user id. Raises :class:`Unreadable`, ``OSError``."""
    histories: dict[str, History] = {}
    merged: dict[str, str] = {}
    last: dict[str, str] = {}
    for row in _rows(folder, "ticket"):
        history = histories[row["id"]] = History(
            row["id"],
            created=_time(row["created_at"]),
            creator=_known(row.get("submitter_id")),
            requester=_known(row["requester_id"]),
            channel=_known(row.get("via_channel")),
            priority=_known(row.get("priority")),
            form=_known(row.get("ticket_form_id")),
            follows=_known(row.get("via_followup_source_id")),
        )
        last[history.number] = _known(row.get("updated_at")) or row["created_at"]
        for number in _list(row.get("merged_ticket_ids")):
            merged[number] = history.number
    for number, into in merged.items():
        if number in histories:  # the table says that it was merged and not when: it is not touched after it
            histories[number].merged = (_time(last[number]), into)
    _changes(folder, histories)
    _comments(folder, histories)
    for row in _rows(folder, "satisfaction_rating"):
        if row["ticket_id"] in histories:
            at = _known(row.get("updated_at")) or row["created_at"]
            histories[row["ticket_id"]].ratings.append(Rated(_time(at), _known(row.get("requester_id")), row["score"]))
    return list(histories.values()), {row["id"]: row["role"] for row in _rows(folder, "user")}


def _changes(folder: Path, histories: dict[str, History]) -> None:
    """Changes of fields; the first value of a field is the one the ticket was created with."""
    begun: set[tuple[str, str]] = set()
    rows = [row for row in _rows(folder, "ticket_field_history") if row["ticket_id"] in histories]
    for row in sorted(rows, key=lambda row: _time(row["updated"])):
        history, name, value = histories[row["ticket_id"]], row["field_name"], _known(row["value"])
        if name not in FIELDS:
            continue
        at = _time(row["updated"])
        if (history.number, name) not in begun:
            begun.add((history.number, name))
            first = value if at == history.created else None
            if name == "priority":
                history.priority = first
            elif name == "ticket_form_id":
                history.form = first
        history.updates.append(Change(at, _known(row["user_id"]), automatic=False, field=name, value=value))


def _comments(folder: Path, histories: dict[str, History]) -> None:
    for row in _rows(folder, "ticket_comment"):
        if row["ticket_id"] in histories:
            public = row["public"].lower() == "true"
            comment = Comment(_time(row["created"]), _known(row["user_id"]), False, public, _known(row.get("body")))
            histories[row["ticket_id"]].updates.append(comment)


def _rows(folder: Path, name: str) -> Iterator[Row]:
    path = _file(folder, name)
    if path is None:
        if name in _NEEDED:
            raise Unreadable(f"{folder.name} holds no {name}.csv; expected the tables {', '.join(_NEEDED)}")
        return
    columns = (_NEEDED | _OPTIONAL)[name]
    with opened(path) as content, io.TextIOWrapper(content, encoding="utf-8", newline="") as lines:
        try:
            for line, row in enumerate(csv.DictReader(lines), start=2):
                missing = [column for column in columns if row.get(column) is None]
                if missing:
                    raise Unreadable(f"{path.name} line {line}: no column {', '.join(missing)}")
                if row["ticket_id" if "ticket_id" in row else "id"] and row.get("_fivetran_deleted") not in {
                    "True",
                    "true",
                }:
                    yield row
        except (UnicodeDecodeError, gzip.BadGzipFile, csv.Error) as error:
            raise Unreadable(f"{path.name} is no CSV text in UTF-8: {error}") from None


def _file(folder: Path, name: str) -> Path | None:
    endings = (f"{name}{middle}.csv{end}" for middle in ("", "_data") for end in ("", ".gz"))
    return next((folder / ending for ending in endings if (folder / ending).is_file()), None)


@lru_cache(maxsize=100_000)
def _time(text: str) -> datetime:
    try:
        return instant(text)
    except ValueError:
        raise Unreadable(f"{text!r} is no time such as 2016-02-29 14:16:00") from None


def _known(value: str | None) -> str | None:
    return value or None


def _list(text: str | None) -> list[str]:
    """Ticket numbers in a JSON list."""
    try:
        return [str(number) for number in json.loads(text or "[]")]
    except (ValueError, TypeError):
        return []
