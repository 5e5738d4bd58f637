"""The pages that change something: signing in and out, answers, rulings. Each change is an event, recorded before it is said."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final, cast

from aiohttp import web

from undertow.clients import KafkaUnavailable
from undertow.portal import asked
from undertow.portal.desk import Desk
from undertow.portal.guard import ENDED, SESSION, Guard, word
from undertow.portal.pages import UNAVAILABLE, Pages, disputed
from undertow.portal.recorder import Answer, Recorder, Ruling
from undertow.portal.scope import Shown

MOST_REASON: Final = 1024
"""Characters, as the event's schema has it."""
_ENDED: Final = "You had been signed out, and nothing was recorded. Sign in and send it again."
_log: Final = logging.getLogger("undertow.portal")


class Actions:
    """Handlers of forms."""

    def __init__(self, desk: Desk, guard: Guard, recorder: Recorder, pages: Pages) -> None:
        self._desk, self._guard, self._recorder, self._pages = desk, guard, recorder, pages
        self._recording = asyncio.Lock()

    async def ask(self, request: web.Request) -> web.StreamResponse:
        """The form of signing in."""
        if self._guard.session(request) is not None:
            raise web.HTTPSeeOther("/findings")
        return self._form(200, _ENDED if ENDED in request.query else "")

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

        def record(by: str) -> None:
            given = cast("Answer", asked.one_of(form.get("answer"), Answer))
            reason = _reason(form.get("reason"), needed=given != "accept")
            self._recorder.answer(shown.finding, given, reason, by)

        return await self._recorded(request, shown, record, "Your answer is recorded.")

    async def rule(self, request: web.Request) -> web.StreamResponse:
        """The company's ruling."""
        shown = await self._finding(request)
        form = await request.post()

        def record(by: str) -> None:
            ruling = cast("Ruling", asked.one_of(form.get("ruling"), Ruling))
            reason = _reason(form.get("reason"), needed=True)
            if ruling == "upheld" and not disputed(shown, self._desk.scope(request).said(shown.finding)):
                raise web.HTTPConflict(text="nobody has disputed it, so there is nothing to uphold")
            self._recorder.rule(shown.finding, ruling, reason, by)

        return await self._recorded(request, shown, record, "The ruling is recorded.")

    async def _finding(self, request: web.Request) -> Shown:
        shown = await asyncio.to_thread(self._desk.scope(request).finding, self._desk.id(request))
        if shown is None:
            raise web.HTTPNotFound
        return shown

    async def _recorded(
        self, request: web.Request, shown: Shown, record: Callable[[str], None], words: str
    ) -> web.StreamResponse:
        """Record it and show the finding; what cannot be taken is shown again with the reason, as it was typed.

        A form sent twice, as by a double click, is recorded once: the second waits for the first.
        """
        session, form = request[SESSION], await request.post()
        once, typed = form.get("once"), form.get("reason")
        try:
            async with self._recording:
                if once not in session.sent:
                    await asyncio.to_thread(record, session.who.name)
                    if isinstance(once, str) and once:
                        session.sent.append(once)
        except (web.HTTPBadRequest, web.HTTPConflict) as error:
            why = error.text or error.reason
            status, problem = error.status, f"Nothing was recorded. {why[:1].upper()}{why[1:]}."
        except KafkaUnavailable as error:
            _log.warning("the broker does not answer: %s", error)
            status, problem = UNAVAILABLE, "The broker does not answer. Nothing was recorded: try again in a minute."
        else:
            session.notice = f"{words} The figures follow as soon as it has been read."
            raise web.HTTPSeeOther(f"/findings/{shown.finding.id}")
        return await self._pages.one(request, shown, status, problem, typed if isinstance(typed, str) else "")

    def _form(self, status: int, problem: str) -> web.Response:
        form = word()
        response = self._desk.open_page(status, "sign-in.html", problem=problem, form=form)
        self._guard.asked(response, form)
        return response


def _reason(said: object, *, needed: bool) -> str | None:
    # a browser counts a line's end as one character, and sends two
    reason = said.replace("\r\n", "\n").strip() if isinstance(said, str) else ""
    if needed and not reason:
        raise web.HTTPBadRequest(text="say why: the other side has to understand it")
    if len(reason) > MOST_REASON:
        raise web.HTTPBadRequest(text=f"a reason has at most {MOST_REASON} characters")
    return reason or None
