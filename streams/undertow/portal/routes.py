"""Every route there is, and who may take it."""

from __future__ import annotations

import time
from collections.abc import Callable

from aiohttp import web

from undertow.portal.access import Access
from undertow.portal.actions import Actions
from undertow.portal.desk import Desk
from undertow.portal.downloads import Downloads
from undertow.portal.guard import MAX_BODY, Guard
from undertow.portal.pages import Pages
from undertow.portal.recorder import Recorder
from undertow.portal.tokens import Tokens
from undertow.reports.forms import FORMATS


def application(
    desk: Desk, access: Access, tokens: Tokens, recorder: Recorder, clock: Callable[[], float] = time.monotonic
) -> web.Application:
    """The portal as an application. ``clock`` in seconds, never going back: for sessions and limits."""
    guard = Guard(access, tokens, clock, desk.error)
    pages, downloads = Pages(desk), Downloads(desk, guard)
    actions = Actions(desk, guard, recorder, pages)
    mine = guard.signed_in
    app = web.Application(middlewares=[guard.headers], client_max_size=MAX_BODY)
    app.add_routes(
        [
            web.get("/style.css", pages.style),
            web.get("/healthz", pages.health),
            web.get("/sign-in", actions.ask),
            web.post("/sign-in", actions.sign_in),
            web.post("/sign-out", mine(actions.sign_out)),
            web.get("/", mine(pages.home)),
            web.get("/findings", mine(pages.findings)),
            web.get("/findings.csv", mine(downloads.findings)),
            web.get("/findings/{id}", mine(pages.finding)),
            web.post("/findings/{id}/answer", mine(actions.answer)),
            web.post("/findings/{id}/ruling", guard.signed_in(actions.rule, company=True)),
            web.get("/disputes", guard.signed_in(pages.disputes, company=True)),
            web.get("/statements", mine(pages.statements)),
            *(web.get(f"/statements/{{id}}.{form}", mine(downloads.statement(form))) for form in FORMATS),
        ]
    )
    return app
