"""``undertow portal``: the pages on which vendors answer findings and the company rules."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

import click
import structlog

from undertow import admin, logging
from undertow.cli.options import broker_options, contracts, contracts_option, settings
from undertow.cli.topics import end_on
from undertow.domain.agreement.contract import Contract
from undertow.portal.access import Access, Network, Refused, network
from undertow.portal.server import Portal
from undertow.reports.pseudonyms import NoKey, pseudonyms
from undertow.settings import Settings
from undertow.topics import DISPUTES, FINDINGS, name

F = TypeVar("F", bound=Callable[..., Any])


class _Networks(click.ParamType):
    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Network:
        try:
            return network(value) if isinstance(value, str) else value
        except ValueError:
            self.fail(f"{value!r} is no address or network such as 10.0.0.0/24", param, ctx)


_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
tokens_option = click.option(
    "--tokens",
    type=click.Path(dir_okay=False, path_type=Path),
    default=".undertow/tokens.json",
    envvar="UNDERTOW_TOKENS",
    show_default=True,
    help="file of tokens; see 'undertow token'",
)


def access_options(prefix: str = "") -> Callable[[F], F]:
    """Add the options that say whom the portal believes, their names after a prefix. :func:`portal_of` takes them."""
    options = (
        tokens_option,
        click.option(
            f"--{prefix}certificate",
            "certificate",
            type=_FILE,
            envvar="UNDERTOW_PORTAL_CERTIFICATE",
            help="serve the portal by TLS: certificate (PEM)",
        ),
        click.option(f"--{prefix}key", "key", type=_FILE, envvar="UNDERTOW_PORTAL_KEY", help="its key (PEM)"),
        click.option(
            "--proxy-header",
            envvar="UNDERTOW_PROXY_HEADER",
            help="believe this header of a reverse proxy: vendor=acme&name=Kim",
        ),
        click.option(
            "--trusted-proxy",
            "trusted",
            multiple=True,
            type=_Networks(),
            help="a proxy that ends TLS, or names people or addresses; may be repeated",
        ),
    )

    def add(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def portal_of(
    chosen: Settings, agreed: Mapping[str, Contract], host: str, port: int, given: Mapping[str, Any]
) -> Portal:
    """The portal that the options ask for, or a usage error."""
    try:
        access = Access(
            host=host,
            port=port,
            tokens=given["tokens"],
            certificate=given["certificate"],
            key=given["key"],
            header=given["proxy_header"],
            trusted=tuple(given["trusted"]),
        )
        return Portal(chosen, agreed, access, pseudonyms())
    except (Refused, NoKey, OSError) as error:
        raise click.UsageError(str(error)) from None


@click.command()
@broker_options
@contracts_option
@click.option(
    "--host", default="127.0.0.1", envvar="UNDERTOW_PORTAL_HOST", show_default=True, help="address to listen on"
)
@click.option("--port", type=click.IntRange(0, 65535), default=9465, envvar="UNDERTOW_PORTAL_PORT", show_default=True)
@access_options()
@click.option(
    "--data-dir",
    default=".undertow",
    envvar="UNDERTOW_DATA_DIR",
    show_default=True,
    help="for the index; holds no state",
)
@click.option(
    "--log-level", type=click.Choice(["debug", "info", "warning", "error"]), default="info", show_default=True
)
def portal(
    folder: Path,
    host: str,
    port: int,
    tokens: Path,
    certificate: Path | None,
    key: Path | None,
    proxy_header: str | None,
    trusted: tuple[Network, ...],
    data_dir: str,
    log_level: str,
    **cluster: Any,
) -> None:
    """Serve the pages on which a vendor's people see, answer and download findings, and the company rules on disputes.

    Sessions travel over TLS or loopback only. Customers are shown to vendors under other names, made with the key in
    UNDERTOW_PSEUDONYM_KEY_FILE. Everything it shows is read from the topics.

    \b
    Examples:
      undertow token create --vendor acme --name "Kim, Acme"
      undertow portal --broker kafka-1:9092 --contracts contracts/
      undertow portal --host 0.0.0.0 --certificate portal.pem --key portal.key
      undertow portal --host 10.0.0.5 --proxy-header X-Undertow-User --trusted-proxy 10.0.0.2
    """
    chosen = settings(cluster, data_dir=data_dir)
    agreed = contracts(folder)
    logging.configure(log_level)
    needed = {name(chosen, FINDINGS), name(chosen, DISPUTES)}
    end_on([one for one in admin.check(chosen) if one.topic in needed and one.kind == "missing"])
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    given = {
        "tokens": tokens,
        "certificate": certificate,
        "key": key,
        "proxy_header": proxy_header,
        "trusted": trusted,
    }
    try:
        with portal_of(chosen, agreed, host, port, given) as running:
            structlog.get_logger(__name__).info("the portal is served", url=running.url)
            stop.wait()
    except Refused as error:
        raise click.UsageError(str(error)) from None
