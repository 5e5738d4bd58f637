"""Customer activity in a table: a CSV file with a customer, a date and perhaps an amount in each row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from undertow import events as e
from undertow.adapters.mapping import File
from undertow.adapters.message import Unreadable
from undertow.adapters.paths import Unfit
from undertow.adapters.rows import opened
from undertow.wire import EARLIEST_YEAR, LATEST_YEAR

_DELIMITERS = ",;\t|"


class Columns(NamedTuple):
    """The names of the columns. A file without the value's column has no values."""

    customer: str = "customer"
    date: str = "date"
    value: str = "value"


class Row(NamedTuple):
    """One activity. ``number`` counts rows with the names of the columns as the first; ``at`` is aware."""

    number: int
    customer: str
    at: datetime
    value: float | None


class BadRow(NamedTuple):
    """A row that says nothing, and why."""

    number: int
    reason: str


def rows(path: Path, columns: Columns = Columns()) -> Iterator[Row | BadRow]:  # noqa: B008 - a constant
    """Every row of a CSV file, plain or packed; the delimiter is that of its first line: comma, semicolon, tab or bar.

    Raises :class:`Unreadable` for a file without the columns, and ``OSError``.
    """
    with opened(path, _file(path)) as (names, numbered):
        places = [(names or []).index(column) if column in (names or []) else None for column in columns]
        for column, place in zip(columns[:2], places, strict=False):
            if place is None:
                raise Unreadable(f"{path}: no column {column!r}; its columns are {_listed(names or [])}")
        read = _reader(*places)
        for number, cells in numbered:
            yield BadRow(number, str(cells)) if isinstance(cells, Unfit) else read(number, cells)


def event(row: Row, source: str) -> e.CustomerActive:
    """The row as the event that a company would publish; the same row of the same source is the same event."""
    data = e.ActiveData(customer=row.customer, value=row.value)
    return e.CustomerActive(specversion="1.0", id=f"row-{row.number}", source=source, time=row.at, data=data)


def _file(path: Path) -> File:
    """How the file is written: the delimiter that its first line has most of."""
    with opened(path, File(format="csv", delimiter="\n", quote="")) as (names, _):
        first = ",".join(names or [])
    return File(format="csv", delimiter=max(_DELIMITERS, key=first.count))


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name[:40]) for name in names[:12])
    return f"{shown}, ..." if len(names) > 12 else shown


def _reader(
    customer_at: int | None, date_at: int | None, value_at: int | None
) -> Callable[[int, list[str]], Row | BadRow]:
    assert customer_at is not None
    assert date_at is not None
    known: dict[str, datetime | str] = {}

    def read(number: int, cells: list[str]) -> Row | BadRow:
        customer, written = cells[customer_at].strip(), cells[date_at].strip()
        if not 1 <= len(customer) <= 256:
            return BadRow(
                number, "no customer" if not customer else "the customer's name is longer than 256 characters"
            )
        if not customer.isascii() and any("\ud800" <= letter <= "\udfff" for letter in customer):
            return BadRow(number, "the customer's name is no text in UTF-8")
        at = known.get(written)
        if at is None:
            at = _moment(written)
            if len(written) <= len("2026-12-31"):  # days repeat, moments seldom do
                known[written] = at
        if isinstance(at, str):
            return BadRow(number, at)
        value = None
        if value_at is not None and (amount := cells[value_at].strip()):
            try:
                value = float(amount)
            except ValueError:
                return BadRow(number, f"{amount[:40]!r} is not a number")
            if not -1e12 <= value <= 1e12:
                return BadRow(number, f"{amount[:40]!r} is not an amount")
        return Row(number, customer, at, value)

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
