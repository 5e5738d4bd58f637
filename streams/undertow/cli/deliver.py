"""``undertow deliver``: issued statements to their receivers, each once. A process of its own, beside the workers."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import click
import msgspec
import structlog

from undertow import clients, exits, logging, topics
from undertow.cli.options import Duration, broker_options, contracts, contracts_folder, settings
from undertow.cli.printing import Printer
from undertow.contracts.receivers import LOOPBACK
from undertow.delivery.courier import Courier
from undertow.delivery.items import Recorded
from undertow.delivery.mail import Mail, MailServer
from undertow.delivery.sending import Send
from undertow.delivery.statements import Press, issued
from undertow.delivery.topic import Book, OnTopic
from undertow.delivery.webhook import Webhooks
from undertow.domain.agreement.contract import Contract
from undertow.domain.agreement.delivery import Kind
from undertow.reports.pseudonyms import NoKey, pseudonyms
from undertow.settings import Settings

_SMTP: Final = (
    click.option(
        "--smtp-host", envvar="UNDERTOW_SMTP_HOST", help="mail server; its password stands in UNDERTOW_SMTP_PASSWORD"
    ),
    click.option(
        "--smtp-port", envvar="UNDERTOW_SMTP_PORT", type=click.IntRange(1, 65535), default=587, show_default=True
    ),
    click.option(
        "--smtp-security",
        envvar="UNDERTOW_SMTP_SECURITY",
        type=click.Choice(["starttls", "implicit", "none"]),
        default="starttls",
        show_default=True,
        help="none only on this machine",
    ),
    click.option("--smtp-username", envvar="UNDERTOW_SMTP_USERNAME"),
    click.option("--smtp-sender", envvar="UNDERTOW_SMTP_SENDER", help="e-mail address the statements come from"),
    click.option(
        "--smtp-ca-file", envvar="UNDERTOW_SMTP_CA_FILE", type=click.Path(exists=True), help="CA certificate (PEM)"
    ),
)


def _smtp_options(command: Any) -> Any:
    for option in reversed(_SMTP):
        command = option(command)
    return command


@click.command()
@contracts_folder("folder of contracts; 'delivery:' there says when and where")
@click.option(
    "--once", is_flag=True, help="attempt once what is due, and end: exit code 1 if anything could not be delivered"
)
@click.option("--every", type=Duration(), default="60s", show_default=True, help="how often to look for what is due")
@click.option(
    "--list",
    "listed",
    is_flag=True,
    help="only list what became of deliveries, one JSON object a line",
)
@click.option(
    "--allow-private",
    is_flag=True,
    envvar="UNDERTOW_DELIVER_ALLOW_PRIVATE",
    help="let webhooks go to addresses of this machine and of private networks",
)
@click.option(
    "--portal-url",
    envvar="UNDERTOW_PORTAL_URL",
    metavar="URL",
    help="address of the portal as its readers reach it: mails say where to dispute a finding",
)
@_smtp_options
@broker_options
def deliver(
    folder: Path,
    once: bool,
    every: float,
    listed: bool,
    allow_private: bool,
    portal_url: str | None,
    smtp_host: str | None,
    smtp_port: int,
    smtp_security: Literal["starttls", "implicit", "none"],
    smtp_username: str | None,
    smtp_sender: str | None,
    smtp_ca_file: str | None,
    **cluster: Any,
) -> None:
    """Deliver issued statements to the receivers the contracts name, each once, with retries, until a signal stops it.

    Signing secrets and passwords are read from the environment or files, never from contracts or options. Customers leave
    under pseudonyms: UNDERTOW_PSEUDONYM_KEY_FILE or UNDERTOW_PSEUDONYM_KEY holds the key.

    \b
    Examples:
      undertow deliver --contracts contracts/ --broker kafka-1:9092
      ACME_WEBHOOK=whsec_... undertow deliver --once
    """
    chosen = settings(cluster)
    if listed:
        for key, said in sorted(Book(chosen).read().items(), key=lambda one: (one[1].at, one[0])):
            click.echo(json.dumps({"key": key, **msgspec.to_builtins(said)}))
        return
    if smtp_host is not None and smtp_security == "none" and smtp_host not in LOOPBACK:
        raise click.UsageError("mail leaves this machine encrypted only: --smtp-security starttls or implicit")
    if portal_url is not None and not _is_address(portal_url):
        raise click.UsageError("--portal-url is an address such as https://portal.example")
    mail = None
    if smtp_host is not None:
        if not smtp_sender:
            raise click.UsageError("say from whom mails come: --smtp-sender")
        mail = MailServer(
            host=smtp_host,
            port=smtp_port,
            security=smtp_security,
            sender=smtp_sender,
            username=smtp_username,
            password=os.environ.get("UNDERTOW_SMTP_PASSWORD"),
            ca_file=smtp_ca_file,
        )
    logging.configure()
    send: dict[Kind, Send] = {
        "kafka": OnTopic(chosen),
        "webhook": Webhooks(private=allow_private),
        "email": Mail(mail, portal_url),
    }
    agreed = contracts(folder)
    try:  # before anything is sent: without a key for pseudonyms nothing may leave
        printer = Printer(chosen, agreed, pseudonyms())
    except (NoKey, OSError) as error:
        raise click.UsageError(str(error)) from None
    results = asyncio.run(_run(chosen, agreed, send, None if once else every, printer))
    if once:
        good = sum(one.state == "delivered" for one in results)
        click.echo(f"{good:,} of {len(results):,} due deliveries were made", err=True)
        sys.exit(exits.OK if good == len(results) else exits.FAILED)


def _is_address(text: str) -> bool:
    """Whether it can stand in a mail as a link: one word, with a host."""
    parts = urlsplit(text) if text.isascii() and text.isprintable() and " " not in text else None
    return parts is not None and parts.scheme in {"http", "https"} and bool(parts.hostname)


async def _run(
    chosen: Settings, agreed: Mapping[str, Contract], send: Mapping[Kind, Send], every: float | None, printer: Printer
) -> list[Recorded]:
    """One round, or rounds until a signal comes; what came of the last."""
    stopped = asyncio.Event()
    if every is not None:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        receivers = {vendor: len(contract.delivery.to) for vendor, contract in agreed.items()}
        structlog.get_logger(__name__).info("delivering", every_seconds=every, receivers=receivers)
    book = Book(chosen)
    while True:
        statements = await asyncio.to_thread(_statements, chosen)
        recorded = await asyncio.to_thread(book.read)
        courier = Courier(send, Press(statements, printer), book.write, recorded)
        said = await courier.round(statements, agreed)
        printer.forget()
        if every is None:
            return said
        try:
            await asyncio.wait_for(stopped.wait(), every)
        except TimeoutError:
            continue
        return said


def _statements(chosen: Settings) -> dict[Any, bytes]:
    topic = topics.name(chosen, topics.STATEMENTS)
    return issued(record.value for record in clients.read(chosen, topic))
