"""E-mail by SMTP, always encrypted but on this machine: the statement in a few sentences, its HTML and CSV attached.

Its Message-ID is made of the delivery's key: a mail that arrives twice, because a connection broke after it was taken, is
known to be one.
"""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from typing import Final, Literal

from msgspec import Struct

from undertow.contracts.receivers import LOOPBACK
from undertow.delivery.items import SUMMARY, Document
from undertow.delivery.schedule import Errand
from undertow.delivery.sending import MOST_BYTES, NotSent
from undertow.reports import words

TIMEOUT: Final = 30.0
"""Seconds for each answer of the server."""


class MailServer(Struct, frozen=True, kw_only=True):
    """Where mail is handed in. The password is shown nowhere, ``repr`` included."""

    host: str
    port: int = 587
    security: Literal["starttls", "implicit", "none"] = "starttls"
    """``none`` only on this machine."""
    sender: str = ""
    """From whom it is, an e-mail address."""
    username: str | None = None
    password: str | None = None
    ca_file: str | None = None
    timeout: float = TIMEOUT

    def __repr__(self) -> str:
        return f"MailServer({self.host}:{self.port}, {self.security})"


class Mail:
    """Sends each delivery as one mail to one address. ``portal``: where its readers reach the portal, None without one."""

    def __init__(self, server: MailServer | None, portal: str | None = None) -> None:
        self._server, self._portal = server, portal

    async def __call__(self, errand: Errand, documents: tuple[Document, ...]) -> str:
        """Send. Raises :class:`NotSent`."""
        server = self._server
        if server is None or not server.sender:
            raise NotSent("no mail server is set: say --smtp-host and --smtp-sender")
        if server.security == "none" and server.host not in LOOPBACK:
            raise NotSent(
                "mail leaves this machine encrypted only: say --smtp-security starttls or implicit", final=True
            )
        mail = message(errand, documents, server.sender, self._portal)
        content = mail.as_bytes()
        if len(content) > MOST_BYTES:
            raise NotSent(f"{len(content):,} bytes are too large for a mail, which takes {MOST_BYTES:,}", final=True)
        # smtplib waits, so it does that in a thread
        return await asyncio.to_thread(_told, lambda: _hand_in(server, mail, errand.to.address))


def message(errand: Errand, documents: tuple[Document, ...], sender: str, portal: str | None = None) -> EmailMessage:
    """The mail. The same in every attempt."""
    issued = errand.issued
    vendor, period = _line(issued.vendor), words.period(_line(issued.period))
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, errand.to.address
    mail["Subject"] = f"SLA statement of {vendor}, {period} (no. {issued.number})"
    mail["Message-ID"] = f"<{errand.key}@{sender.rpartition('@')[2] or 'undertow.invalid'}>"
    mail["Auto-Submitted"] = "auto-generated"
    summary = next((one.content.decode() for one in documents if one.name == SUMMARY), "")
    where = f",\nhere: {portal.rstrip('/')}/findings\n\n" if portal is not None else ".\n\n"
    mail.set_content(
        f"{vendor}, {period} (statement no. {issued.number})\n\n{summary}\n"
        "Attached are the statement as a page, with every difference and its evidence, which opens in any browser, and its\n"
        "findings as a table for any spreadsheet. Whoever disagrees with a finding can dispute it: it then leaves every figure\n"
        f"until it is ruled on{where}"
        f"Content {_line(issued.content)}\n"
    )
    for one in documents:
        if one.name == SUMMARY:
            continue
        kind, _, subtype = one.media_type.partition(";")[0].partition("/")
        mail.add_attachment(one.content, maintype=kind, subtype=subtype or "octet-stream", filename=_line(one.name))
    return mail


def _line(text: str) -> str:
    """Text that can stand in a header: a vendor's name comes from outside."""
    return "".join(sign if sign.isprintable() else " " for sign in text)[:200]


def _hand_in(server: MailServer, mail: EmailMessage, to: str) -> str:
    context = ssl.create_default_context(cafile=server.ca_file)
    client: smtplib.SMTP
    if server.security == "implicit":
        client = smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout, context=context)
    else:
        client = smtplib.SMTP(server.host, server.port, timeout=server.timeout)
    with client:
        if server.security == "starttls":
            client.starttls(context=context)
        if server.username is not None:
            client.login(server.username, server.password or "")
        client.send_message(mail, to_addrs=[to])
        return "taken by the mail server"


def _told(send: Callable[[], str]) -> str:
    """Send, and say in words what went wrong. Nothing that a server says is final: mailboxes are full for a day."""
    try:
        return send()
    except smtplib.SMTPRecipientsRefused as refused:
        code, said = next(iter(refused.recipients.values()), (0, b""))
        raise NotSent(f"the mail server refuses the address: {code} {_plain(said)}") from None
    except smtplib.SMTPResponseException as error:
        raise NotSent(f"the mail server answers {error.smtp_code} {_plain(error.smtp_error)}") from None
    except ssl.SSLError as error:
        raise NotSent(f"no encrypted connection to the mail server: {error.reason or error}") from None
    except (smtplib.SMTPException, OSError) as error:
        raise NotSent(f"no answer from the mail server: {type(error).__name__} {error}") from None


def _plain(said: bytes | str) -> str:
    return _line(said.decode("utf-8", "replace") if isinstance(said, bytes) else said)
