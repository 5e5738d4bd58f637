"""The pages that change something: signing in and out, answers, rulings. Each change is an event, recorded before it is said."""

from __future__ import annotations

import asyncio
from typing import Final, cast

from aiohttp import web

from undertow.portal import asked
from undertow.portal.desk import Desk
from undertow.portal.guard import SESSION, Guard, word
from undertow.portal.recorder import Answer, Recorder, Ruling
from undertow.portal.scope import Shown

MOST_REASON: Final = 1024
"""Characters, as the event's schema has it."""


class Actions:
    """Handlers of forms."""

    def __init__(self, desk: Desk, guard: Guard, recorder: Recorder) -> None:
        self._desk, self._guard, self._recorder = desk, guard, recorder

    async def ask(self, request: web.Request) -> web.StreamResponse:
        """The form of signing in."""
        if self._guard.session(request) is not None:
            raise web.HTTPSeeOther("/findings")
        return self._form(200, "")

    async def sign_in(self, request: web.Request) -> web.StreamResponse:
        """Begin a session."""
        who = await self._guard.sign_in(request)
        if who is None:
            return self._form(403, "This token lets nobody in: it is mistyped, expired or revoked.")
        response = web.HTTPSeeOther("/findings")
        self._guard.begin(response, who)
        raise response

    async def sign_out(self, request: web.Request) -> web.StreamResponse:
        """End it."""
        response = web.HTTPSeeOther("/sign-in")
        self._guard.end(request, response)
        raise response

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The vendor's answer to a finding; the company has none to give."""
        shown = await self._finding(request)
        if request[SESSION].who.company:
            raise web.HTTPNotFound
        form = await request.post()
        given = cast("Answer", asked.one_of(form.get("answer"), Answer))
        reason = _reason(form.get("reason"), needed=given != "accept")
        await asyncio.to_thread(self._recorder.answer, shown.finding, given, reason, request[SESSION].who.name)
        return self._recorded(request, shown, "Your answer is recorded.")

    async def rule(self, request: web.Request) -> web.StreamResponse:
        """The company's ruling."""
        shown = await self._finding(request)
        form = await request.post()
        ruling = cast("Ruling", asked.one_of(form.get("ruling"), Ruling))
        reason = _reason(form.get("reason"), needed=True)
        if ruling == "upheld" and shown.finding.state is None:
            raise web.HTTPConflict(text="nobody has disputed it, so there is nothing to uphold")
        await asyncio.to_thread(self._recorder.rule, shown.finding, ruling, reason, request[SESSION].who.name)
        return self._recorded(request, shown, "The ruling is recorded.")

    async def _finding(self, request: web.Request) -> Shown:
        shown = await asyncio.to_thread(self._desk.scope(request).finding, self._desk.id(request))
        if shown is None:
            raise web.HTTPNotFound
        return shown

    def _recorded(self, request: web.Request, shown: Shown, words: str) -> web.StreamResponse:
        request[SESSION].notice = f"{words} The figures follow as soon as it has been read."
        raise web.HTTPSeeOther(f"/findings/{shown.finding.id}")

    def _form(self, status: int, problem: str) -> web.Response:
        form = word()
        response = self._desk.open_page(status, "sign-in.html", problem=problem, form=form)
        self._guard.asked(response, form)
        return response


def _reason(said: object, *, needed: bool) -> str | None:
    reason = said.strip() if isinstance(said, str) else ""
    if needed and not reason:
        raise web.HTTPBadRequest(text="say why: the other side has to understand it")
    if len(reason) > MOST_REASON:
        raise web.HTTPBadRequest(text=f"a reason has at most {MOST_REASON} characters")
    return reason or None
