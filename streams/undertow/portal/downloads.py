"""What is taken away: findings as CSV, statements as they were issued, in every form there is."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Iterable
from typing import Final

from aiohttp import web

from undertow.portal import asked
from undertow.portal.desk import Desk
from undertow.portal.guard import HEADERS, SESSION, Guard, Handler
from undertow.reports.forms import CONTENT_TYPES, Format, NoPdf, policy
from undertow.reports.rows import COLUMNS, cell, row

AT_ONCE: Final = 2
"""Statements made at a time: each may hold a hundred thousand findings."""


class Downloads:
    """Handlers of files."""

    def __init__(self, desk: Desk, guard: Guard) -> None:
        self._desk, self._guard = desk, guard
        self._making = asyncio.Semaphore(AT_ONCE)

    async def findings(self, request: web.Request) -> web.StreamResponse:
        """The filtered list, whole, as CSV in UTF-8."""
        self._guard.downloads(request[SESSION])
        chunks = self._desk.scope(request).every(asked.wanted(request.query))
        response = web.StreamResponse(
            headers={**HEADERS, "Content-Type": "text/csv; charset=utf-8", **_file("findings.csv")}
        )
        await response.prepare(request)
        await response.write(_csv([(*COLUMNS, "vendor")]))
        while (some := await asyncio.to_thread(next, chunks, None)) is not None:
            rows = ((*row(one.finding, one.customer), one.finding.vendor) for one in some)
            await response.write(await asyncio.to_thread(_csv, rows))
        await response.write_eof()
        return response

    def statement(self, form: Format) -> Handler:
        """A statement with its findings: as a page of its own, with its own policy, or as a file."""

        async def made(request: web.Request) -> web.StreamResponse:
            self._guard.downloads(request[SESSION])
            scope, id = self._desk.scope(request), self._desk.id(request)
            try:
                async with self._making:
                    paper = await asyncio.to_thread(self._desk.papers.of, scope, id, form)
            except NoPdf as error:
                raise web.HTTPNotImplemented(text=str(error)) from None
            if paper is None:
                raise web.HTTPNotFound
            headers = {"Content-Type": CONTENT_TYPES[form], **_file(paper.name)}
            if form == "html":
                headers = {"Content-Type": CONTENT_TYPES[form], "Content-Security-Policy": policy(paper.content)}
            return web.Response(body=paper.content, headers=headers)

        return made


def _file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _csv(rows: Iterable[Iterable[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([cell(value) for value in one] for one in rows)
    return text.getvalue().encode()
