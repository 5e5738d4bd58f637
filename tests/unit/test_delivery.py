"""Delivery against real receivers that fail in between: each statement arrives once as the receiver sees it, none is lost."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiosmtpd.controller import Controller
from click.testing import CliRunner
from msgspec.structs import replace
from standardwebhooks import Webhook

from statements import SMALL, small
from undertow.cli.main import cli
from undertow.delivery import guard
from undertow.delivery.courier import Courier
from undertow.delivery.items import Document, Issued, Recorded, decode, encode, key
from undertow.delivery.mail import Mail, MailServer, message
from undertow.delivery.schedule import Backoff, Errand, ends, errands
from undertow.delivery.sending import NotSent, secret
from undertow.delivery.statements import Press, issued
from undertow.delivery.webhook import Webhooks
from undertow.domain.agreement.contract import DAY, Contract
from undertow.domain.agreement.delivery import Delivery, Destination
from undertow.domain.statements import statement
from undertow.stages.rereading import history
from undertow.stages.rereading.replay import Offline

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
OCTOBER = Issued(vendor="acme", period="2026-10", first_day=20_727, last_day=20_757, number=3, content="5f0c" * 16)
OVER = 1_793_487_600.0
"""2026-11-01T00:00+01:00."""
DOCUMENTS = {
    "webhook": (Document("acme.json", "application/json", b'{"findings": []}'),),
    "email": (
        Document("acme-2026-10.html", "text/html; charset=utf-8", "<p>Ürlaub</p>".encode()),
        Document("acme-2026-10.csv", "text/csv; charset=utf-8", b"finding\r\n"),
    ),
}
QUICK = Backoff(first=0.01, longest=0.02, most=8)


def contract(*to: Destination, **more: Any) -> dict[str, Contract]:
    return {"acme": Contract(vendor="acme", time_zone="Europe/Berlin", delivery=Delivery(to=to, after=0.0, **more))}


class Crash(Exception):
    """The process is gone."""


class Desk:
    """A courier with a record that survives it, and may crash before it is written."""

    def __init__(self, kind: Any, send: Any, backoff: Backoff = QUICK) -> None:
        self.kind, self.send, self.backoff = kind, send, backoff
        self.kept: dict[str, bytes] = {}
        self.crashes = 0
        self.last: list[Recorded] = []

    async def _record(self, name: str, said: Recorded) -> None:
        if self.crashes and said.state == "delivered":
            self.crashes -= 1
            raise Crash
        self.kept[name] = encode(said)

    async def until_quiet(self, terms: dict[str, Contract], issued: tuple[Issued, ...] = (OCTOBER,)) -> list[Recorded]:
        """Start a courier, and another where it crashes, until nothing is left to do; the last word on each delivery."""
        for _ in range(30):
            known = {name: said for name, value in self.kept.items() if (said := decode(value)) is not None}
            courier = Courier(
                {self.kind: self.send}, lambda _, kind: DOCUMENTS[kind], self._record, known, backoff=self.backoff
            )
            try:
                await courier.round(issued, terms)
            except Crash:
                continue
            if not courier.left(issued, terms):
                return [said for value in self.kept.values() if (said := decode(value)) is not None]
            await asyncio.sleep(0.02)
        raise AssertionError("it never ends")


# --- webhooks


Answer = Callable[[web.Request, bytes], Awaitable[web.StreamResponse]]


class Receiver:
    """A receiver as the specification wants it: verifies, keeps ids, and does each thing once. Fails as it is told to."""

    def __init__(self) -> None:
        self.failures: list[Answer] = []
        self.after: list[Answer] = []
        """Failures after the statement was taken."""
        self.taken: dict[str, dict[str, Any]] = {}
        self.requests: list[web.Request] = []
        self.bodies: set[bytes] = set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.requests.append(request)
        if self.failures:
            return await self.failures.pop(0)(request, body)
        said = Webhook(SECRET).verify(body, dict(request.headers))
        self.taken.setdefault(request.headers["webhook-id"], said)
        self.bodies.add(body)
        if self.after:
            return await self.after.pop(0)(request, body)
        return web.Response(text="thanks")

    @asynccontextmanager
    async def at(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"  # type: ignore[union-attr]
        finally:
            await runner.cleanup()


def status(code: int, **headers: str) -> Answer:
    async def answer(_: web.Request, __: bytes) -> web.Response:
        return web.Response(status=code, headers=headers)

    return answer


async def reset(request: web.Request, _: bytes) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def hang(_: web.Request, __: bytes) -> web.StreamResponse:
    await asyncio.sleep(5)
    return web.Response()


async def endless(request: web.Request, _: bytes) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(50):
        await response.write(b"x" * 65_536)
        await asyncio.sleep(0)
    return response


def hook(address: str) -> Destination:
    return Destination(kind="webhook", address=address, secret_variable="ACME")


def webhooks(**more: Any) -> Webhooks:
    return Webhooks(**{"private": True, "timeout": 0.3, "secrets": lambda _: SECRET, **more})


def delivered(receiver: Receiver, desk: Desk) -> list[Recorded]:
    async def play() -> list[Recorded]:
        async with receiver.at() as address:
            return await desk.until_quiet(contract(hook(f"{address}/sla")))

    return asyncio.run(play())


def test_a_webhook_arrives_once_whatever_happens_on_the_way():
    """Promise: 5xx, a reset, a timeout, a redirect before; a reset, a timeout, a 500 and two crashes after it was taken: one."""
    receiver, desk = Receiver(), Desk("webhook", webhooks(), replace(QUICK, most=20))
    receiver.failures = [status(503), reset, hang, status(302, location="http://127.0.0.1:1/"), status(429)]
    receiver.after = [reset, hang, status(500), status(200), status(200)]
    desk.crashes = 2
    (said,) = delivered(receiver, desk)
    assert said.state == "delivered"
    assert len(receiver.requests) == 5 + 3 + 2 + 1
    assert list(receiver.taken) == [key(OCTOBER, hook(receiver.requests[0].url.human_repr()))]
    assert len(receiver.bodies) == 1, "every attempt says the same"
    (body,) = receiver.taken.values()
    assert body == {
        "type": "undertow.statement.issued",
        "vendor": "acme",
        "period": "2026-10",
        "number": 3,
        "hash": OCTOBER.content,
        "data": {"findings": []},
    }


def test_what_is_recorded_as_delivered_is_not_sent_again():
    """Promise: a process that starts again sends nothing twice."""
    receiver, desk = Receiver(), Desk("webhook", webhooks())

    async def play() -> None:
        async with receiver.at() as address:
            for _ in range(3):
                await desk.until_quiet(contract(hook(address)))
            await desk.until_quiet(contract(hook(address)), (OCTOBER, replace(OCTOBER, number=4)))

    asyncio.run(play())
    assert len(receiver.requests) == 2
    assert len(receiver.taken) == 2, "a later issue is another delivery"


def test_who_never_answers_is_given_up_and_told_so():
    """Promise: retries end; a receiver that says it wants no more (410) is asked once."""
    dead = Receiver()
    dead.failures = [status(500)] * 50
    (said,) = delivered(dead, Desk("webhook", webhooks()))
    assert (said.state, said.attempts, said.detail) == ("given_up", QUICK.most, "HTTP 500 Internal Server Error")
    gone = Receiver()
    gone.failures = [status(410)]
    (said,) = delivered(gone, Desk("webhook", webhooks()))
    assert (said.state, said.attempts) == ("given_up", 1)


def test_an_endless_answer_is_not_read():
    """Promise: a receiver cannot fill our memory."""
    receiver = Receiver()
    receiver.after = [endless]
    (said,) = delivered(receiver, Desk("webhook", webhooks()))
    assert said.state == "delivered"


def test_no_redirect_is_followed():
    """Promise: what was checked is where it goes: a redirect is a failure."""
    receiver = Receiver()
    receiver.failures = [status(307, location="/elsewhere")]
    delivered(receiver, Desk("webhook", webhooks()))
    assert {request.path for request in receiver.requests} == {"/sla"}


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "::1",
        "fe80::1%eth0",
        "fc00::1",
        "::ffff:10.0.0.1",
        "2002:a00:1::",
        "224.0.0.1",
        "240.0.0.1",
    ],
)
def test_addresses_that_are_not_everybody_s_are_refused(address: str):
    """Promise: no contract makes us call our own network (SSRF), by whatever spelling."""
    assert not guard.public(address)
    assert guard.public("93.184.216.34")
    assert guard.public("2606:2800:220:1:248:1893:25c8:1946")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_a_private_receiver_gets_nothing_unless_the_setting_allows_it(host: str):
    """Promise: neither an address nor a name that leads there is connected to."""
    receiver = Receiver()

    async def play() -> Recorded:
        async with receiver.at() as address:
            port = address.rpartition(":")[2]
            (said,) = await Desk("webhook", webhooks(private=False), replace(QUICK, most=1)).until_quiet(
                contract(hook(f"http://{host}:{port}/"))
            )
            return said

    said = asyncio.run(play())
    assert said.state == "given_up"
    assert "not on the public internet" in said.detail
    assert not receiver.requests


def test_a_missing_secret_is_said_and_never_shown(tmp_path: Path):
    """Promise: the words name where a secret was looked for; the secret itself is in no message."""
    with pytest.raises(NotSent, match="set ACME"):
        secret(hook("https://a.example"), {})
    assert secret(hook("https://a.example"), {"ACME": SECRET}) == SECRET
    (tmp_path / "s").write_text(f"{SECRET}\n")
    by_file = Destination(kind="webhook", address="https://a.example", secret_file=str(tmp_path / "s"))
    assert secret(by_file, {}) == SECRET
    errand = Errand(OCTOBER, hook("http://127.0.0.1:1"), "k", 0.0)
    with pytest.raises(NotSent) as refused:
        asyncio.run(webhooks(secrets=lambda _: "whsec_!")(errand, DOCUMENTS["webhook"]))
    assert "whsec_!" not in str(refused.value)


# --- e-mail


class Mailbox:
    """A mail server that takes mails, and fails as it is told to."""

    def __init__(self) -> None:
        self.failures: list[str] = []
        self.lost: int = 0
        """Mails that are taken and whose answer never arrives."""
        self.mails: list[EmailMessage] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, _: Any) -> str:  # noqa: N802
        if self.failures and self.failures[0].startswith("550"):
            return self.failures.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.failures:
            return self.failures.pop(0)
        self.mails.append(message_from_bytes(envelope.content, policy=default))  # type: ignore[arg-type]
        if self.lost:
            self.lost -= 1
            server.transport.abort()
        return "250 taken"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of our own for localhost, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    cert, private = folder / "cert.pem", folder / "key.pem"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    words += ["-keyout", str(private), "-out", str(cert), "-days", "2", "-subj", "/CN=localhost"]
    words += ["-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(words, check=True, capture_output=True)
    return cert, private


def at(controller: Controller) -> tuple[str, int]:
    """Where it listens."""
    address = controller.server.sockets[0].getsockname()  # type: ignore[union-attr]
    return address[0], address[1]


def post(mailbox: Mailbox, certificate: tuple[Path, Path], security: Any, desk_of: Callable[[Mail], Desk], **more: Any):
    """Run a mail server with TLS, and deliver to it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    tls = {"ssl_context": context} if security == "implicit" else {"tls_context": context, "require_starttls": True}
    controller = Controller(mailbox, hostname="localhost", port=0, **tls)
    # its own look whether it is up would speak without TLS, and does not know the port that the system chose
    controller._trigger_server = lambda: socket.create_connection(at(controller)).close()  # type: ignore[method-assign]
    controller.start()
    try:
        port = at(controller)[1]
        server = MailServer(
            host="localhost",
            port=port,
            security=security,
            sender="sla@company.example",
            timeout=5.0,
            **{"ca_file": str(certificate[0]), **more},
        )
        to = Destination(kind="email", address="desk@acme.example")
        return asyncio.run(desk_of(Mail(server)).until_quiet(contract(to)))
    finally:
        controller.stop()


@pytest.mark.parametrize("security", ["starttls", "implicit"])
def test_a_mail_is_one_mail_whatever_happens_on_the_way(security: str, certificate: tuple[Path, Path]):
    """Promise: refused for now, a connection lost after it was taken, a crash before it is recorded: one Message-ID."""
    mailbox = Mailbox()
    mailbox.failures = ["451 later", "452 full"]
    mailbox.lost = 1

    def desk(mail: Mail) -> Desk:
        made = Desk("email", mail)
        made.crashes = 1
        return made

    (said,) = post(mailbox, certificate, security, desk)
    assert said.state == "delivered"
    assert len(mailbox.mails) > 1
    (id,) = {str(mail["Message-ID"]).strip() for mail in mailbox.mails}
    assert id == f"<{key(OCTOBER, Destination(kind='email', address='desk@acme.example'))}@company.example>"
    mail = mailbox.mails[0]
    assert mail["Subject"] == "SLA statement of acme, October 2026 (no. 3)"
    attached = {part.get_filename(): part for part in mail.iter_attachments()}
    assert list(attached) == ["acme-2026-10.html", "acme-2026-10.csv"]
    assert attached["acme-2026-10.html"].get_payload(decode=True) == DOCUMENTS["email"][0].content
    assert attached["acme-2026-10.csv"].get_content_type() == "text/csv"


def test_a_mail_says_the_gap_in_its_own_text():
    """Promise: who opens no attachment reads what the page opens with: the gap, its interval, and what can be done."""
    (first, *_) = history.fold(Offline({"acme": SMALL}), small(), recorded=False).issued("acme")
    ((one, record),) = issued([statement.encode(first)]).items()
    documents = Press({one: record}, lambda record, form: b"rendered")(one, "email")
    errand = Errand(one, Destination(kind="email", address="d@a.example"), "k", 0)
    mail = message(errand, documents, "sla@company.example")
    body = mail.get_body()
    assert body is not None
    said = re.sub(r"[ \n]+", " ", body.get_content())
    assert "acme, January 2026 (statement no. 1)" in said
    assert "over the same 6 tickets: reported as met 66.7\u00a0%, recounted 66.7\u00a0%" in said
    assert "difference +0.0 points, 95\u00a0% interval \u221243.6 to +43.6" in said
    assert "can dispute it: it then leaves every figure until it is ruled on. Content" in said, "no portal is known"
    with_portal = message(errand, documents, "sla@company.example", "https://portal.example/").get_body()
    assert with_portal is not None
    assert "until it is ruled on,\nhere: https://portal.example/findings\n" in with_portal.get_content().replace(
        "\r", ""
    )
    assert [part.get_filename() for part in mail.iter_attachments()] == ["acme-2026-01.html", "acme-2026-01.csv"]
    assert [one.name for one in Press({one: record}, lambda record, form: b"{}")(one, "webhook")] == [
        "acme-2026-01.json"
    ]


@pytest.mark.parametrize(
    "address", ["portal.example", "ftp://portal.example", "https://", "https://a.example/ x", "https://a\nb"]
)
def test_a_portal_s_address_is_one_before_it_stands_in_a_mail(address: str, tmp_path: Path):
    asked = ["deliver", "--contracts", str(tmp_path), "--portal-url", address]
    told = CliRunner().invoke(cli, asked)
    assert told.exit_code == 2
    assert "--portal-url is an address such as https://portal.example" in told.output


def test_a_statement_that_is_none_stops_no_other():
    """Promise: what cannot be told in words is no delivery, and no crash."""
    with pytest.raises(NotSent, match="cannot be rendered"):
        Press({OCTOBER: b'{"vendor": "acme"}'}, lambda record, form: b"")(OCTOBER, "email")


def test_a_server_that_cannot_prove_who_it_is_gets_no_mail(certificate: tuple[Path, Path]):
    """Promise: a certificate that nobody we trust has signed ends the connection before anything is said."""
    mailbox = Mailbox()
    (said,) = post(
        mailbox, certificate, "starttls", lambda mail: Desk("email", mail, replace(QUICK, most=1)), ca_file=None
    )
    assert said.state == "given_up"
    assert "no encrypted connection" in said.detail
    assert not mailbox.mails


def test_mail_without_encryption_stays_on_this_machine():
    """Promise: no setting sends a statement in clear over a network."""
    server = MailServer(host="mail.example", security="none", sender="a@b.example", password="hush")
    with pytest.raises(NotSent, match="encrypted only"):
        asyncio.run(Mail(server)(Errand(OCTOBER, Destination(kind="email", address="x@y.example"), "k", 0.0), ()))
    assert "hush" not in repr(server)


def test_no_name_breaks_out_of_a_header(certificate: tuple[Path, Path]):
    """Promise: a vendor's name, which is anybody's text, adds no header and no recipient."""
    errand = Errand(
        replace(OCTOBER, vendor="a\r\nBcc: x@evil.example"), Destination(kind="email", address="d@a.example"), "k", 0
    )
    mail = message(errand, (Document("a\r\nb.csv", "text/csv", b""),), "sla@company.example")
    assert mail["Bcc"] is None
    assert b"\nBcc:" not in mail.as_bytes()


# --- schedule


def test_a_statement_is_due_so_long_after_the_last_day_of_its_period_in_the_contract_s_zone():
    """Promise: midnight is the vendor's midnight."""
    terms = contract(hook("https://a.example"))["acme"]
    assert ends(OCTOBER, terms) == OVER
    (errand,) = errands([OCTOBER], {"acme": replace(terms, delivery=replace(terms.delivery, after=3 * DAY))}, {}, QUICK)
    assert errand.ready == OVER + 3 * DAY


def test_periods_that_ended_before_the_agreed_day_are_not_delivered():
    """Promise: who agrees on deliveries today does not get three years of statements."""
    assert not errands([OCTOBER], contract(hook("https://a.example"), since=OVER), {}, QUICK)
    assert errands([OCTOBER], contract(hook("https://a.example"), since=OVER - 1), {}, QUICK)
    assert not errands([replace(OCTOBER, vendor="unknown")], contract(hook("https://a.example")), {}, QUICK)


def test_waits_double_are_bounded_and_differ():
    """Promise: receivers are not stormed: each wait is half to all of the doubled one, at most six hours, told by the key."""
    backoff = Backoff()
    waits = [backoff.wait("a", attempts) for attempts in range(1, backoff.most + 1)]
    for attempts, wait in enumerate(waits):
        whole = min(backoff.longest, backoff.first * 2**attempts)
        assert whole / 2 <= wait <= whole
    assert waits != [backoff.wait("b", attempts) for attempts in range(1, backoff.most + 1)]
    assert waits == [backoff.wait("a", attempts) for attempts in range(1, backoff.most + 1)]
    assert 2 * DAY < sum(waits) < 6 * DAY


def test_what_others_write_on_our_topic_is_no_delivery():
    """Promise: garbage on the topic stops nothing."""
    assert decode(b"{}") is None
    assert decode(b"\xff") is None
    assert (
        json.loads(
            encode(
                Recorded(
                    vendor="a",
                    period="p",
                    number=1,
                    content="c",
                    kind="email",
                    address="x",
                    state="failed",
                    attempts=1,
                    at=0.0,
                )
            )
        )["state"]
        == "failed"
    )
