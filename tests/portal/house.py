"""A portal without a broker, and browsers of two vendors and the company that sign in with tokens."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse, DummyCookieJar
from aiohttp.test_utils import TestClient, TestServer
from msgspec.structs import replace

from statements import SMALL, small
from undertow.domain.agreement.contract import Contract
from undertow.domain.judging.findings import Evidence, Finding, State
from undertow.domain.statements.statement import PeriodStatement, encode, sealed
from undertow.domain.tickets.facts import Fact
from undertow.portal.access import Access
from undertow.portal.desk import Desk
from undertow.portal.evidence import Line
from undertow.portal.guard import COOKIE, FORM_COOKIE
from undertow.portal.index import Index, Issued, Said
from undertow.portal.routes import application
from undertow.portal.tokens import Tokens
from undertow.reports.pseudonyms import Pseudonyms
from undertow.stages.records import encode_finding
from undertow.stages.rereading import history
from undertow.stages.rereading.replay import Offline

KEY = "a key of thirty-two random characters"
NOW = 1_780_272_000.0


def finding(number: int, vendor: str = "acme", **said: Any) -> Finding:
    """One finding of a ticket of its own; its customer's name is no word of any page."""
    terms = {
        "kind": "verdict",
        "name": "first_response",
        "day": 20_600 - number // 3,
        "contract": "v1",
        "verdict": "over_reported",
        "cause": "actor",
        "claimed_met": True,
        "claimed": 120.0,
        "actual_met": False,
        "actual": 16_800.0,
        "target": 14_400.0,
        "evidence": (Evidence("/a", f"{vendor}-{number}", "vendor.tickets", 0, number),),
    }
    return Finding(
        vendor=vendor, ticket=f"{vendor}-ticket-{number}", customer=f"{vendor}-customer-{number}", **(terms | said)
    )


class Events:
    """Stands for the reading of a finding's events, which takes a broker; tested on one in ``test_browser``."""

    def of(self, one: Finding) -> list[Line]:
        return [Line("2026-06-01 11:00", f"an event of {one.ticket}", "vendor.tickets/0/1")]

    def facts(self, findings: list[Finding]) -> dict[str, list[Fact]]:
        return {}


class Recorded:
    """What would have been written."""

    def __init__(self) -> None:
        self.said: list[tuple[str, Finding, str, str | None, str]] = []

    def answer(self, one: Finding, answer: str, reason: str | None, by: str) -> None:
        self.said.append(("answer", one, answer, reason, by))

    def rule(self, one: Finding, ruling: str, reason: str | None, by: str) -> None:
        self.said.append(("ruling", one, ruling, reason, by))


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class Browser:
    """Somebody's requests: keeps the session's cookie and no other, follows nothing."""

    def __init__(self, client: TestClient[Any, Any]) -> None:
        self._client = client
        self.cookies: dict[str, str] = {}

    async def get(self, path: str, **headers: str) -> ClientResponse:
        return await self._client.get(path, headers=headers | self._cookie, allow_redirects=False)

    async def post(self, path: str, data: Any = None, **headers: str) -> ClientResponse:
        return await self._client.post(path, data=data or {}, headers=headers | self._cookie, allow_redirects=False)

    async def text(self, path: str) -> str:
        answer = await self.get(path)
        assert answer.status == 200, (path, answer.status)
        return await answer.text()

    async def sign_in(self, token: str) -> ClientResponse:
        asked = await self.get("/sign-in")
        self.cookies[FORM_COOKIE] = asked.cookies[FORM_COOKIE].value
        answer = await self.post("/sign-in", {"form": self.cookies[FORM_COOKIE], "token": token})
        if COOKIE in answer.cookies:
            self.cookies[COOKIE] = answer.cookies[COOKIE].value
        return answer

    async def form(self, path: str) -> str:
        """The word that the forms of a page carry."""
        found = re.search(r'name="form" value="([^"]+)"', await self.text(path))
        assert found
        return found[1]

    @property
    def _cookie(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}


@cache
def may(vendor: str) -> PeriodStatement:
    """A statement as a worker issues it, of a history of its own, said to be this vendor's and of May 2026."""
    (first, *_) = history.fold(Offline({"acme": SMALL}), small(), recorded=False).issued("acme")
    days = {"first_day": 20_574, "last_day": 20_604}
    return sealed(replace(first, vendor=vendor, period="2026-05", words=f"{vendor} in short", **days))


class House:
    """The portal over findings of two vendors."""

    def __init__(
        self, folder: Path, access: Access | None = None, contracts: Mapping[str, Contract] | None = None
    ) -> None:
        self.index = Index(folder)
        self.clock = Clock()
        self.tokens = Tokens(folder / "tokens.json", self.clock)
        self.recorded = Recorded()
        desk = Desk(self.index, Pseudonyms(KEY), Events(), lambda: True, contracts or {})
        self.app = application(desk, access or Access(), self.tokens, self.recorded, self.clock)
        self.findings = {
            vendor: [
                finding(n, vendor, state=state(n), verdict=("under_reported" if n % 5 == 0 else "over_reported"))
                for n in range(9)
            ]
            for vendor in ("acme", "zenith")
        }
        every = [one for some in self.findings.values() for one in some]
        self.put(*every)
        said = [
            Said("/p", one.id, one.vendor, one.id, NOW, NOW, False, "dispute", f"{one.vendor} says no", "Kim")
            for one in every
        ]
        issued = [
            Issued(f"{place:016x}", vendor, "2026-05", 1, f"{vendor} in short", encode(may(vendor)))
            for place, vendor in enumerate(self.findings)
        ]
        self.index.put([], said, [(one.id, one) for one in issued])

    def put(self, *findings: Finding) -> None:
        self.index.put([(one.id, one, encode_finding(one)) for one in findings], [], [])

    def token(self, vendor: str | None, lifetime: float = 3600.0) -> str:
        return self.tokens.create(f"somebody of {vendor or 'us'}", vendor, lifetime)[0]

    async def walk(self, act: Callable[[Callable[[], Browser]], Awaitable[None]]) -> None:
        """Serve, let ``act`` open browsers, and close."""
        server = TestServer(self.app)
        await server.start_server(shutdown_timeout=0.1)
        try:
            async with TestClient(server, cookie_jar=DummyCookieJar()) as client:
                await act(lambda: Browser(client))
        finally:
            self.index.close()


def state(number: int) -> State | None:
    """Of nine findings two are disputed and one is upheld."""
    states: dict[int, State] = {1: "disputed", 2: "disputed", 3: "upheld"}
    return states.get(number)
