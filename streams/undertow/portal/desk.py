"""What every handler needs: whose scope a request has, and its page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from undertow.domain.agreement.contract import Contract
from undertow.portal import words
from undertow.portal.asked import ID
from undertow.portal.evidence import Events
from undertow.portal.guard import SESSION
from undertow.portal.index import Index
from undertow.portal.papers import Papers
from undertow.portal.scope import Scope
from undertow.portal.sessions import Session
from undertow.reports import words as report_words
from undertow.reports.pseudonyms import Pseudonyms

_FILTERS: Final = {
    "about": words.about,
    "measure": words.measure,
    "cause": report_words.cause,
    "met": words.met,
    "span": words.span,
    "day": words.day,
    "period": report_words.period,
    "moment": report_words.moment,
}


class Desk:
    """``ready`` says whether the index holds everything that was there at the start."""

    def __init__(
        self,
        index: Index,
        pseudonyms: Pseudonyms,
        events: Events,
        ready: Callable[[], bool],
        contracts: Mapping[str, Contract],
    ) -> None:
        self._index, self._pseudonyms = index, pseudonyms
        self.events, self.ready = events, ready
        self.papers = Papers(contracts, pseudonyms, events)
        self._zones = {vendor: contract.time_zone for vendor, contract in contracts.items()}
        self._templates = Environment(
            loader=PackageLoader("undertow.portal"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(_FILTERS)
        self._templates.globals.update(STATES=words.STATES, VERDICTS=words.VERDICTS, ANSWERED=words.ANSWERED)
        self.style = self._templates.get_template("style.css").render()

    def scope(self, request: web.Request) -> Scope:
        """The only data that a request may reach: that of its session's vendor."""
        return Scope(self._index, request[SESSION].who.vendor, self._pseudonyms)

    def id(self, request: web.Request) -> str:
        """The id a path names. Raises 404 for what is none."""
        said: str = request.match_info["id"]
        if ID.fullmatch(said) is None:
            raise web.HTTPNotFound
        return said

    def zone(self, vendor: str) -> str:
        """The time zone of a vendor's days: that of its contract, UTC where there is none any more."""
        return self._zones.get(vendor, "UTC")

    def page(self, request: web.Request, template: str, status: int = 200, **values: Any) -> web.Response:  # noqa: ANN401 - a template's
        """A page for whoever is signed in, with the notice that waits for them."""
        session: Session = request[SESSION]
        notice, session.notice = session.notice, ""
        return self._render(status, template, session=session, notice=notice, path=request.path, **values)

    def open_page(self, status: int, template: str, session: Session | None = None, **values: Any) -> web.Response:  # noqa: ANN401 - as above
        """A page for anybody."""
        return self._render(status, template, session=session, notice="", path="", **values)

    def error(self, status: int, title: str, said: str, session: Session | None) -> web.Response:
        """An error as a page; it quotes nothing of the request."""
        return self.open_page(status, "error.html", session, title=title, words=said)

    def _render(self, status: int, template: str, **values: Any) -> web.Response:  # noqa: ANN401 - as above
        text = self._templates.get_template(template).render(ready=self.ready(), **values)
        return web.Response(text=text, status=status, content_type="text/html", charset="utf-8")
