"""Customer activity in a table: a CSV file with a customer, a date and perhaps an amount in each row."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import BinaryIO, NamedTuple

from undertow import events as e
from undertow.adapters.message import Unreadable
from undertow.wire import EARLIEST_YEAR, LATEST_YEAR


class Columns(NamedTuple):
    """The names of the columns. A file without the value's column has no values."""

    customer: str = "customer"
    date: str = "date"
    value: str = "value"


class Row(NamedTuple):
    """One activity. ``line`` counts from 1, the header being the first; ``at`` is aware."""

    line: int
    customer: str
    at: datetime
    value: float | None


class BadRow(NamedTuple):
    """A row that says nothing, and why."""

    line: int
    reason: str


def rows(content: BinaryIO, name: str, columns: Columns = Columns()) -> Iterator[Row | BadRow]:  # noqa: B008 - a constant
    """Every row of a CSV file in UTF-8; the delimiter is the header's: comma, semicolon or tab.

    Raises :class:`Unreadable` for a file without the columns, or that is not text. ``name`` is the file's, for messages.
    """
    text = io.TextIOWrapper(content, encoding="utf-8-sig", newline="")
    try:
        header = text.readline()
        delimiter = max(",;\t", key=header.count)
        names = [title.strip() for title in next(csv.reader([header], delimiter=delimiter), [])]
        places = [names.index(column) if column in names else None for column in columns]
        for column, place in zip(columns[:2], places, strict=False):
            if place is None:
                found = ", ".join(names) or "nothing"
                raise Unreadable(f"{name}: no column {column!r}; the first line has {found}")
        reader = csv.reader(text, delimiter=delimiter)
        read = _reader(*places)
        for cells in reader:
            if cells:
                yield read(reader.line_num + 1, cells)
    except UnicodeDecodeError as error:
        raise Unreadable(f"{name} is not text in UTF-8: {error}") from None
    except csv.Error as error:
        raise Unreadable(f"{name} is not CSV: {error}") from None


def event(row: Row, source: str) -> e.CustomerActive:
    """The row as the event that a company would publish; the same row of the same source is the same event."""
    data = e.ActiveData(customer=row.customer, value=row.value)
    return e.CustomerActive(specversion="1.0", id=f"row-{row.line}", source=source, time=row.at, data=data)


def _reader(
    customer_at: int | None, date_at: int | None, value_at: int | None
) -> Callable[[int, list[str]], Row | BadRow]:
    assert customer_at is not None
    assert date_at is not None
    needed = max(customer_at, date_at)
    known: dict[str, datetime | str] = {}

    def read(line: int, cells: list[str]) -> Row | BadRow:
        if len(cells) <= needed:
            return BadRow(line, f"has {len(cells)} columns, needs at least {needed + 1}")
        customer, written = cells[customer_at].strip(), cells[date_at].strip()
        if not 1 <= len(customer) <= 256:
            return BadRow(line, "no customer" if not customer else "the customer's name is longer than 256 characters")
        at = known.get(written)
        if at is None:
            at = _moment(written)
            if len(written) <= len("2026-12-31"):  # days repeat, moments seldom do
                known[written] = at
        if isinstance(at, str):
            return BadRow(line, at)
        value = None
        if value_at is not None and value_at < len(cells) and (amount := cells[value_at].strip()):
            try:
                value = float(amount)
            except ValueError:
                return BadRow(line, f"{amount[:40]!r} is not a number")
            if not -1e12 <= value <= 1e12:
                return BadRow(line, f"{amount[:40]!r} is not an amount")
        return Row(line, customer, at, value)

    return read


def _moment(written: str) -> datetime | str:
    """The moment, or what is wrong with it. A date is its first second in UTC."""
    if not written:
        return "no date"
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        return f"{written[:40]!r} is not a date; write it as 2026-12-31 or 20261231"
    if not EARLIEST_YEAR <= at.year <= LATEST_YEAR:
        return f"{written[:40]!r} is not between {EARLIEST_YEAR} and {LATEST_YEAR}"
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
