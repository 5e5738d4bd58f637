"""The index: findings, what was said of them, and statements, as SQLite tables derived from topics. Nothing lives here only.

It is made anew at each start in a file of its own that is deleted at the end. One thread writes, others read. What a query
may show is decided in :mod:`undertow.portal.scope` alone.

Findings that are alike in all that can be filtered by are one *facet*; there are some hundreds. A list is the merge of those of
its facets, each in order, so a page costs the same however many findings there are, and whatever filter is set.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, Final

import msgspec
from cramjam import lz4
from msgspec import Struct

from undertow.domain.judging.findings import Finding
from undertow.events import DisputeAnswered, DisputeRuled

UNSOLVED: Final = 1 << 20
"""Stands for the day of a ticket that is not solved: after every day there is."""
_OPEN: Final[set[str]] = set()
"""Those of this process."""
_SCHEMA: Final = """
CREATE TABLE facet (
  facet INTEGER PRIMARY KEY, vendor TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, verdict TEXT NOT NULL,
  cause TEXT NOT NULL, state TEXT NOT NULL, n INTEGER NOT NULL DEFAULT 0,
  UNIQUE (vendor, kind, name, verdict, cause, state)
);
CREATE TABLE finding (
  id TEXT PRIMARY KEY, facet INTEGER NOT NULL, day INTEGER NOT NULL, ticket TEXT NOT NULL, body BLOB NOT NULL
);
CREATE INDEX of_facet ON finding (facet, day DESC, id);
CREATE INDEX of_ticket ON finding (ticket);
CREATE TABLE said (
  source TEXT, id TEXT, vendor TEXT NOT NULL, finding TEXT NOT NULL, at REAL NOT NULL, recorded REAL NOT NULL,
  ruling INTEGER NOT NULL, word TEXT NOT NULL, reason TEXT, who TEXT NOT NULL, PRIMARY KEY (source, id)
);
CREATE INDEX of_finding ON said (finding, vendor);
CREATE TABLE statement (
  id TEXT PRIMARY KEY, vendor TEXT NOT NULL, period TEXT NOT NULL, number INTEGER, words TEXT NOT NULL, body BLOB NOT NULL
);
CREATE INDEX statement_of_vendor ON statement (vendor, period DESC);
"""


class Said(Struct, frozen=True):
    """One answer or ruling. Times in seconds since 1970-01-01T00:00Z."""

    source: str
    id: str
    vendor: str
    finding: str
    at: float
    recorded: float
    ruling: bool
    word: str
    reason: str | None
    who: str


class Issued(Struct, frozen=True):
    """One statement as it was issued; ``body`` is its JSON."""

    id: str
    vendor: str
    period: str
    number: int | None
    """How many statements the vendor has had with this one."""
    words: str
    body: bytes


class Index:
    """Made in ``folder``, with file permissions of its owner only; :meth:`close` deletes it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        handle, self._path = tempfile.mkstemp(
            prefix=f"portal-{os.getpid()}-", suffix=".sqlite", dir=folder
        )  # mode 0600
        os.close(handle)
        _OPEN.add(self._path)
        self._writer = self._open()
        self._writer.execute("PRAGMA journal_mode = WAL")
        self._writer.execute("PRAGMA synchronous = OFF")  # it is made anew after a crash
        self._writer.executescript(_SCHEMA)
        self._reader = self._open()
        self._reader.execute("PRAGMA query_only = ON")
        self._facets: dict[tuple[str, ...], int] = {}
        self._writing, self._reading = Lock(), Lock()

    def put(
        self,
        findings: Iterable[tuple[str, Finding | None, bytes]],
        said: Iterable[Said],
        issued: Iterable[tuple[str, Issued | None]],
    ) -> None:
        """Take in what was read: findings by id, None for one taken back; answers; statements by id."""
        with self._writing, self._writer as db:
            more: Counter[int] = Counter()
            for id, finding, body in findings:
                for (facet,) in db.execute("DELETE FROM finding WHERE id = ? RETURNING facet", (id,)).fetchall():
                    more[facet] -= 1
                if finding is not None:
                    facet = self._facet(db, finding)
                    more[facet] += 1
                    row = (id, facet, day_of(finding), finding.ticket, packed(body))
                    db.execute("INSERT INTO finding VALUES (?,?,?,?,?)", row)
            db.executemany("UPDATE facet SET n = n + ? WHERE facet = ?", [(n, facet) for facet, n in more.items()])
            db.executemany(
                "INSERT OR IGNORE INTO said VALUES (?,?,?,?,?,?,?,?,?,?)",  # of two versions the one read first counts
                map(_values, said),
            )
            for id, one in issued:
                db.execute("DELETE FROM statement WHERE id = ?", (id,))
                if one is not None:
                    db.execute("INSERT INTO statement VALUES (?,?,?,?,?,?)", _values(one))

    @contextmanager
    def reading(self) -> Iterator[Callable[[str, Sequence[Any]], sqlite3.Cursor]]:
        """Ask the queries of :mod:`undertow.portal.scope`, one after another."""
        with self._reading:
            yield self._reader.execute

    def close(self) -> None:
        """Close and delete it."""
        with self._writing, self._reading:
            self._writer.close()
            self._reader.close()
        _delete(self._path)
        _OPEN.discard(self._path)

    def _facet(self, db: sqlite3.Connection, of: Finding) -> int:
        key = (of.vendor, of.kind, of.name, of.verdict or "", of.cause or "", of.state or "")
        facet = self._facets.get(key)
        if facet is None:
            query = "INSERT INTO facet (vendor, kind, name, verdict, cause, state) VALUES (?,?,?,?,?,?)"
            facet = db.execute(query, key).lastrowid
            assert facet is not None
            self._facets[key] = facet
        return facet

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, check_same_thread=False)


def _delete(path: str) -> None:
    for end in ("", "-wal", "-shm"):
        Path(path + end).unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Delete the indexes of processes that were killed: customers stand in them."""
    for path in folder.glob("portal-*-*.sqlite"):
        number = path.name.split("-")[1]
        if str(path) not in _OPEN and not (number.isdecimal() and _lives(int(number))):
            _delete(str(path))


def _lives(process: int) -> bool:
    """Whether another process of that number runs; in a container ours may have the number of one that was killed."""
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def said_of(event: DisputeAnswered | DisputeRuled) -> Said:
    """The event as a row."""
    data = event.data
    recorded = event.recordedtime or event.time
    ruled = isinstance(event, DisputeRuled)
    return Said(
        event.source,
        event.id,
        data.vendor,
        data.finding,
        event.time.timestamp(),
        recorded.timestamp(),
        ruled,
        event.data.ruling if isinstance(event, DisputeRuled) else event.data.answer,
        data.reason,
        data.by,
    )


def packed(body: bytes) -> bytes:
    """A finding's JSON as it is kept: a third of its size."""
    return bytes(lz4.compress_block(body))


def unpacked(body: bytes) -> bytes:
    """What :func:`packed` kept."""
    return bytes(lz4.decompress_block(body))


def _values(one: Struct) -> tuple[Any, ...]:
    return msgspec.structs.astuple(one)


def day_of(finding: Finding) -> int:
    """The day under which it is listed."""
    return UNSOLVED if finding.day is None else finding.day


def rank_of(verdict: str | None) -> int:
    """What is in the vendor's favour comes first among equals."""
    return 0 if verdict == "under_reported" else 1
