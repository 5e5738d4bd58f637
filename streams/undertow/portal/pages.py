"""The pages that show: findings, one finding, disputes, statements."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

from aiohttp import web

from undertow.clients import KafkaUnavailable
from undertow.domain.measuring.comparison import DISCORDANT
from undertow.metrics.labels import CAUSE_NAMES, MEASURES, PATTERNS
from undertow.portal import asked
from undertow.portal.desk import Desk
from undertow.portal.guard import word
from undertow.portal.index import Issued, Said
from undertow.portal.scope import PAGE, Filter, Place, Scope, Shown
from undertow.portal.words import STATES
from undertow.reports.forms import FORMATS, pdf_can_be_made

AT_ONCE: Final = 4
"""Timelines read at once: each asks the broker."""

UNAVAILABLE: Final = 503
"""The broker did not answer: a page that says so does not ask it once more."""
MOST_DISPUTES: Final = 500
"""Disputes on the company's page."""


class Pages:
    """Handlers of GET requests."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._reading = asyncio.Semaphore(AT_ONCE)

    async def home(self, request: web.Request) -> web.StreamResponse:
        """The list is where everybody begins."""
        raise web.HTTPSeeOther("/findings")

    async def findings(self, request: web.Request) -> web.StreamResponse:
        """The list, filtered."""
        scope = self._desk.scope(request)
        wanted, after = asked.wanted(request.query), asked.place(request.query)
        shown, found, totals, vendors, newest = await asyncio.to_thread(_list, scope, wanted, after)
        return self._desk.page(
            request,
            "findings.html",
            shown=shown[:PAGE],
            found=found,
            totals=totals,
            vendors=vendors,
            newest=newest,
            wanted=wanted,
            first=after is None,
            query=asked.query(wanted),
            next=asked.query(wanted, shown[PAGE - 1].place) if len(shown) > PAGE else None,
            choices=_CHOICES,
        )

    async def finding(self, request: web.Request) -> web.StreamResponse:
        """One finding with its timeline and what was said of it."""
        shown = await asyncio.to_thread(self._desk.scope(request).finding, self._desk.id(request))
        if shown is None:
            raise web.HTTPNotFound
        return await self.one(request, shown)

    async def one(
        self, request: web.Request, shown: Shown, status: int = 200, problem: str = "", typed: str = ""
    ) -> web.Response:
        """A finding's page. Where what was sent could not be taken, ``problem`` says why and ``typed`` stands there still."""
        said = await asyncio.to_thread(self._desk.scope(request).said, shown.finding)
        try:
            async with self._reading:
                events = await asyncio.to_thread(self._desk.events.of, shown.finding) if status != UNAVAILABLE else None
        except KafkaUnavailable:
            events = None
        may_uphold = disputed(shown, said)
        waits = bool(said) and not _settled(shown) and shown.finding.state != _comes_to(said[-1].word)
        waits = waits and (may_uphold or said[-1].word != "upheld")
        return self._desk.page(
            request,
            "finding.html",
            status,
            one=shown,
            said=said,
            events=events,
            waits=waits,
            may_uphold=may_uphold,
            zone=self._desk.zone(shown.finding.vendor),
            problem=problem,
            typed=typed,
            once=word(),
        )

    async def disputes(self, request: web.Request) -> web.StreamResponse:
        """The company's: what waits for a ruling, of all vendors."""
        scope = self._desk.scope(request)
        shown = await asyncio.to_thread(scope.findings, Filter(state="disputed"), None, MOST_DISPUTES)
        return self._desk.page(request, "disputes.html", shown=shown, totals=await asyncio.to_thread(scope.totals))

    async def statements(self, request: web.Request) -> web.StreamResponse:
        """The list of statements."""
        issued = await asyncio.to_thread(self._desk.scope(request).statements)
        return self._desk.page(request, "statements.html", issued=issued, forms=_files())

    async def style(self, request: web.Request) -> web.StreamResponse:
        """The style sheet: the one thing that anybody may read."""
        return web.Response(text=self._desk.style, content_type="text/css", headers={"Cache-Control": "max-age=3600"})

    async def health(self, request: web.Request) -> web.StreamResponse:
        """For a proxy's probe: 200 once the index has caught up."""
        ready = self._desk.ready()
        return web.Response(text="ready\n" if ready else "reading\n", status=200 if ready else 503)


def _list(
    scope: Scope, wanted: Filter, after: Place | None
) -> tuple[list[Shown], int, dict[str, int], list[str], Issued | None]:
    found = scope.findings(wanted, after, PAGE + 1)
    return found, scope.count(wanted), scope.totals(), scope.vendors(), scope.newest()


def _files() -> list[str]:
    """Forms of a statement to take away."""
    return [form for form in FORMATS if form != "html" and (form != "pdf" or pdf_can_be_made())]


def _comes_to(word: str) -> str:
    return {"accept": "accepted", "dispute": "disputed", "explain": "explained"}.get(word, word)


def disputed(shown: Shown, said: Iterable[Said]) -> bool:
    """Whether it ever was, or there is nothing to uphold: such a ruling would count for nothing (``domain/disputes.py``)."""
    return shown.finding.state in {"disputed", "upheld"} or any(one.word == "dispute" for one in said)


def _settled(shown: Shown) -> bool:
    """Whether a ruling stands, against which an answer changes nothing."""
    return shown.finding.state in {"upheld", "withdrawn"}


_CHOICES: Final = {
    "kind": {"verdict": "reported against recomputed", "pattern": "patterns"},
    "name": {"Measures": MEASURES, "Patterns": PATTERNS},
    "verdict": DISCORDANT[::-1],
    "cause": [name for name in CAUSE_NAMES if "+" not in name],
    "state": STATES,
}
