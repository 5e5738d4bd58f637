"""A file's bytes as rows: CSV, JSON lines or one JSON document, plain or packed."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, cast

import msgspec
import zstandard

from undertow.adapters.mapping import File
from undertow.adapters.message import Unreadable
from undertow.adapters.paths import Unfit, steps_of, walked

Numbered = tuple[int, Any]
"""A row's number and content: a list of cells, a JSON value, or :class:`Unfit` where it cannot be read.

Numbers are those a person finds again: records of a CSV file with the column names as the first, lines of a JSON lines file,
elements of a list from 1.
"""
CELL: Final = 16 * 1024 * 1024
"""Characters of a cell. Python's own limit of 131,072 would refuse a ticket with a long mail thread in it."""
_MARK: Final = b"\xef\xbb\xbf"
"""A byte order mark in UTF-8."""
_ENDINGS: Final[dict[str, Literal["gzip", "bzip2", "xz", "zstd"]]] = {
    ".gz": "gzip",
    ".bz2": "bzip2",
    ".xz": "xz",
    ".zst": "zstd",
}
_OPENERS: Final[dict[str | None, Callable[..., Any]]] = {
    "gzip": gzip.open,
    "bzip2": bz2.open,
    "xz": lzma.open,
    "zstd": zstandard.open,
}
_DAMAGED: Final = (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, zstandard.ZstdError)


@contextmanager
def opened(path: Path, how: File) -> Iterator[tuple[list[str] | None, Iterator[Numbered]]]:
    """Column names (None for JSON) and rows of a file. Raises :class:`Unreadable`, ``OSError``."""
    try:
        with _unpacked(path, how) as content:
            if how.format == "csv":
                # what is not in the encoding is read all the same: only a row that uses it shall fail
                with io.TextIOWrapper(content, _encoding(how), "surrogateescape", newline="") as lines:
                    yield _csv(lines, how, path)
            else:
                yield None, _lines(content, how) if how.format == "jsonl" else iter(_document(content, how, path))
    except _DAMAGED as error:
        raise Unreadable(f"{path.name} is cut off or damaged: {error}") from None
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path.name} is no text in {how.encoding}: {error}") from None


def digest(row: object, how: File) -> str:
    """A hash of a row's content: 24 hexadecimal digits."""
    content = "\x1f".join(row).encode("utf-8", "surrogatepass") if how.format == "csv" else _json(row)  # type: ignore[arg-type]
    return blake2b(content, digest_size=12).hexdigest()


def only(value: bytes, how: File) -> Any:  # noqa: ANN401 - a list of cells, or a JSON value
    """The one row in a record of a topic. Raises :class:`Unfit`."""
    plain = _encoding(how) == "utf-8-sig"
    if how.format != "csv":
        try:
            return msgspec.json.decode(value.removeprefix(_MARK) if plain else value.decode(how.encoding).encode())
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise Unfit("", f"is no JSON: {error}", "not_json") from None
    try:
        lines = io.StringIO(value.decode(_encoding(how), "surrogateescape"), newline="")
    except UnicodeError as error:
        raise Unfit("", f"is no text in {how.encoding}: {error}") from None
    found = [row for _, row in islice(_records(_reader(lines, how), len(how.columns), how), 2)]
    if len(found) != 1:
        raise Unfit("", f"holds {'several rows' if found else 'no row'}: one record is one row")
    if isinstance(found[0], Unfit):
        raise found[0]
    return found[0]


_json = msgspec.json.Encoder(order="sorted").encode


def _encoding(how: File) -> str:
    # Excel puts a byte order mark before the first column's name
    return "utf-8-sig" if how.encoding.lower().replace("_", "-") in {"utf-8", "utf8"} else how.encoding


@contextmanager
def _unpacked(path: Path, how: File) -> Iterator[BinaryIO]:
    packed = _ENDINGS.get(path.suffix.lower()) if how.compression == "auto" else how.compression
    content = _OPENERS[packed](path, "rb") if packed in _OPENERS else path.open("rb")
    with content:
        yield cast(BinaryIO, content)


def _csv(lines: io.TextIOWrapper, how: File, path: Path) -> tuple[list[str], Iterator[Numbered]]:
    for _ in range(how.skip_lines):
        lines.readline()
    reader = _reader(lines, how)
    names = list(how.columns)
    if not names:
        names = [name.strip() for name in next(reader, [])]
    if not names:
        raise Unreadable(f"{path.name} holds no rows, not even the names of the columns")
    return names, _records(reader, len(names), how)


def _reader(lines: Iterable[str], how: File) -> Iterator[list[str]]:
    csv.field_size_limit(CELL)
    quoted: dict[str, Any] = {"quotechar": how.quote} if how.quote else {"quoting": csv.QUOTE_NONE}
    return csv.reader(lines, delimiter=how.delimiter, **quoted)


def _records(reader: Iterator[list[str]], width: int, how: File) -> Iterator[Numbered]:
    number = 0 if how.columns else 1
    while True:
        number += 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield number, Unfit("", f"is no CSV: {error}")
            continue
        if len(row) == width:
            yield number, row
        elif row:
            words = f"has {len(row)} cells and not {width} as the columns: is there a {how.delimiter!r} or a quote in a value?"
            yield number, Unfit("", words)


def _lines(content: BinaryIO, how: File) -> Iterator[Numbered]:
    plain = _encoding(how) == "utf-8-sig"
    for number, line in enumerate(content if plain else _recoded(content, how), start=1):
        said = line.removeprefix(_MARK) if number == 1 else line
        if not said.strip():
            continue
        try:
            yield number, msgspec.json.decode(said)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            yield number, Unfit("", f"is no JSON: {error}")


def _recoded(content: BinaryIO, how: File) -> Iterator[bytes]:
    with io.TextIOWrapper(content, how.encoding) as lines:
        for line in lines:
            yield line.encode()


def _document(content: BinaryIO, how: File, path: Path) -> list[Numbered]:
    said = content.read()
    if _encoding(how) != "utf-8-sig":
        said = said.decode(how.encoding).encode()
    try:
        document = msgspec.json.decode(said.removeprefix(_MARK))
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unreadable(
            f"{path.name} is no JSON document: {error}; if it holds one value a line, write format: jsonl"
        ) from None
    rows = walked(document, steps_of(how.rows or ""))
    if not isinstance(rows, list):
        where = f"at {how.rows!r}" if how.rows else "at the top"
        keys = f"; its keys are {', '.join(list(document)[:12])}" if isinstance(document, dict) else ""
        raise Unreadable(f"{path.name} holds no list {where}: say where the rows are with file.rows{keys}")
    return list(enumerate(rows, start=1))
