"""Who may pass: every request goes through here, before any page. Headers, sessions, forms, limits."""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from aiohttp import web

from undertow.clients import KafkaUnavailable
from undertow.portal.access import Access, Who, named
from undertow.portal.sessions import Limit, Session, Sessions
from undertow.portal.tokens import Tokens

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

COOKIE: Final = "__Host-undertow"
"""The prefix has browsers insist on Secure, on the whole host and on no other."""
FORM_COOKIE: Final = "__Host-undertow-form"
"""Ties the form of signing in to the browser that asked for it."""
ENDED: Final = "ended"
"""In the address of signing in: a form came without a session, and whoever sent it has to hear that it did not count."""
SESSION: Final = web.RequestKey("session", Session)
MAX_BODY: Final = 16 * 1024
"""Bytes of a request's body: forms are small."""
FORM_WITHIN: Final = 10.0
"""Seconds for all of it: who drips bytes, signed in or not, must not hold a connection for ever."""
POLICY: Final = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
    "Server": "undertow",
}
_log: Final = logging.getLogger("undertow.portal")


class Guard:
    """The middlewares and what they remember. ``page`` renders an error: status, title, words, for whom."""

    def __init__(
        self,
        access: Access,
        tokens: Tokens,
        clock: Callable[[], float],
        page: Callable[[int, str, str, Session | None], web.Response],
    ) -> None:
        self._access, self._tokens, self._page = access, tokens, page
        self.sessions = Sessions(clock)
        self._signing_in = Limit(10, 60.0, clock)
        self._posts = Limit(60, 60.0, clock)
        self._downloads = Limit(30, 60.0, clock)

    @web.middleware
    async def headers(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Outermost: what every answer carries, and errors as pages."""
        try:
            response = await self._answered(request, handler)
        except web.HTTPException as error:  # a redirect
            response = error
        if not response.prepared:
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
            if self._access.certificate is not None:
                response.headers["Strict-Transport-Security"] = "max-age=31536000"
        if isinstance(response, web.HTTPException):
            raise response
        return response

    async def _answered(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            if not self._access.served(request.remote):
                raise web.HTTPForbidden(text="ask through the reverse proxy")
            if request.method not in {"GET", "HEAD"}:
                await self._form(request)
            return await handler(request)
        except web.HTTPException as error:
            if error.status < HTTPStatus.BAD_REQUEST:
                raise
            words = error.text if error.text and not error.text.startswith(f"{error.status}:") else ""
            response = self._page(error.status, error.reason, words, self.session(request))
            if isinstance(error, web.HTTPTooManyRequests):
                response.headers["Retry-After"] = "60"
            return response
        except KafkaUnavailable as error:
            _log.warning("the broker does not answer: %s", error)
            return self._page(
                503, "The broker does not answer", "Nothing was recorded. Try again.", self.session(request)
            )
        except Exception:
            _log.exception("the portal failed to answer %s", request.rel_url.path)
            return self._page(500, "This failed", "The log of the portal says why.", None)

    async def _form(self, request: web.Request) -> None:
        """Read a form within its bounds; refuse what another site's page sent."""
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
            raise web.HTTPForbidden(text="forms are taken from these pages only")
        if request.content_type != "application/x-www-form-urlencoded":
            raise web.HTTPUnsupportedMediaType(text="forms are taken as browsers send them")
        try:
            async with asyncio.timeout(FORM_WITHIN):
                await request.post()  # kept by the request; larger than MAX_BODY is refused by it
        except TimeoutError:
            raise web.HTTPRequestTimeout(text="the form did not arrive in time: send it once more") from None

    def session(self, request: web.Request) -> Session | None:
        """The session of a request, None for nobody. A token that was revoked since ends it."""
        found = self.sessions.find(request.cookies.get(COOKIE, ""))
        vouched = self._vouched(request)
        if found is None or (found.who.token is None and found.who != vouched):
            return None
        if found.who.token is not None and not self._tokens.standing(found.who.token):
            self.sessions.end(request.cookies[COOKIE])
            return None
        return found

    def signed_in(self, handler: Handler, *, company: bool = False) -> Handler:
        """The handler for whoever is signed in; what is the company's does not exist for others."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            session = self.session(request)
            if session is None and (who := self._vouched(request)) is not None and request.method in {"GET", "HEAD"}:
                response = web.HTTPSeeOther(request.rel_url)
                self.begin(response, who)
                raise response
            if session is None:
                lost = request.method not in {"GET", "HEAD"} and request.path != "/sign-out"
                raise web.HTTPSeeOther(f"/sign-in?{ENDED}=1" if lost else "/sign-in")
            if company and not session.who.company:
                raise web.HTTPNotFound
            if request.method not in {"GET", "HEAD"}:
                await self._posted(request, session)
            request[SESSION] = session
            return await handler(request)

        return guarded

    async def _posted(self, request: web.Request, session: Session) -> None:
        said = (await request.post()).get("form", "")
        if not isinstance(said, str) or not hmac.compare_digest(said.encode(), session.csrf.encode()):
            raise web.HTTPForbidden(text="this form has expired: go back, load the page again, and send it once more")
        if not self._posts.allows(session.who.token or f"{session.who.vendor}\0{session.who.name}"):
            raise web.HTTPTooManyRequests(text="too many answers within a minute: wait a little")

    def downloads(self, session: Session) -> None:
        """Count a download; raises when there were too many."""
        if not self._downloads.allows(session.who.token or f"{session.who.vendor}\0{session.who.name}"):
            raise web.HTTPTooManyRequests(text="too many downloads within a minute: wait a little")

    def asked(self, response: web.Response, word: str) -> None:
        """The form of signing in was shown, with this word in it."""
        _cookie(response, FORM_COOKIE, word)

    async def sign_in(self, request: web.Request) -> Who | None:
        """Whom the form's token lets in; None where it lets nobody. Raises where the form is none of ours."""
        if not self._signing_in.allows(self._client(request)):
            raise web.HTTPTooManyRequests(text="too many attempts to sign in: wait a minute")
        form = await request.post()
        word, token = form.get("form", ""), form.get("token", "")
        if not isinstance(word, str) or not isinstance(token, str):
            raise web.HTTPBadRequest(text="this is no form of ours")
        kept = request.cookies.get(FORM_COOKIE, "")
        if not kept or not hmac.compare_digest(word.encode(), kept.encode()):
            raise web.HTTPForbidden(text="this form has expired: go back, load the page again, and send it once more")
        found = self._tokens.find(token.strip())
        return None if found is None else Who(found.vendor, found.name, found.id)

    def begin(self, response: web.StreamResponse, who: Who) -> None:
        """Begin a session of its own id."""
        id, _ = self.sessions.begin(who)
        _cookie(response, COOKIE, id)

    def end(self, request: web.Request, response: web.StreamResponse) -> None:
        """Sign out."""
        self.sessions.end(request.cookies.get(COOKIE, ""))
        response.del_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Strict")

    def _vouched(self, request: web.Request) -> Who | None:
        """Whom a trusted proxy names, in one header and no more."""
        if self._access.header is None or not self._access.vouched(request.remote):
            return None
        said = request.headers.getall(self._access.header, [])
        return named(said[0]) if len(said) == 1 else None

    def _client(self, request: web.Request) -> str:
        """Who is to be limited: behind a trusted proxy the last address that it names."""
        if self._access.vouched(request.remote):
            return request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()[:64] or "proxy"
        return request.remote or ""


def word() -> str:
    """One that nobody guesses."""
    return secrets.token_urlsafe(32)


def _cookie(response: web.StreamResponse, name: str, value: str) -> None:
    response.set_cookie(name, value, path="/", secure=True, httponly=True, samesite="Strict")
