"""What is taken away: findings as CSV, statements as they were issued."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Iterable, Iterator
from typing import Final

from aiohttp import web

from undertow.portal import asked, words
from undertow.portal.desk import Desk
from undertow.portal.guard import HEADERS, SESSION, Guard
from undertow.portal.scope import Shown

COLUMNS: Final = (
    "finding", "kind", "name", "verdict", "cause", "vendor", "ticket", "customer", "day", "claimed_met", "claimed_seconds",
    "actual_met", "actual_seconds", "target_seconds", "state", "reason", "contract",
)  # fmt: skip
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a text that begins like that for a formula."""


class Downloads:
    """Handlers of files."""

    def __init__(self, desk: Desk, guard: Guard) -> None:
        self._desk, self._guard = desk, guard

    async def findings(self, request: web.Request) -> web.StreamResponse:
        """The filtered list, whole, as CSV in UTF-8."""
        self._guard.downloads(request[SESSION])
        chunks = self._desk.scope(request).every(asked.wanted(request.query))
        response = web.StreamResponse(
            headers={**HEADERS, "Content-Type": "text/csv; charset=utf-8", **_file("findings.csv")}
        )
        await response.prepare(request)
        await response.write(_csv([COLUMNS]))
        while (some := await asyncio.to_thread(next, chunks, None)) is not None:
            await response.write(await asyncio.to_thread(_csv, map(_row, some)))
        await response.write_eof()
        return response

    async def statement(self, request: web.Request) -> web.StreamResponse:
        """A statement as it was issued, JSON."""
        self._guard.downloads(request[SESSION])
        issued = await asyncio.to_thread(self._desk.scope(request).statement, self._desk.id(request))
        if issued is None:
            raise web.HTTPNotFound
        return web.Response(
            body=issued.body, content_type="application/json", headers=_file(f"statement-{issued.id}.json")
        )


def _file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _row(shown: Shown) -> Iterator[object]:
    one = shown.finding
    day = "" if one.day is None else words.day(one.day)
    yield from (one.id, one.kind, one.name, one.verdict, one.cause, one.vendor, one.ticket, shown.customer, day)
    yield from (
        one.claimed_met,
        one.claimed,
        one.actual_met,
        one.actual,
        one.target,
        one.state,
        one.reason,
        one.contract,
    )


def _csv(rows: Iterable[Iterable[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
