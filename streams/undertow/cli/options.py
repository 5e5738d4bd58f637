"""Options that several commands share, and the settings they make."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from undertow import contracts as contract_files
from undertow.domain.agreement.contract import Contract
from undertow.settings import Broker, Settings

_ADDRESS: Final = re.compile(r"(\[[0-9a-fA-F:]+\]|[^\s:/\[\]]+)(:\d{1,5})?")
_NAMESPACE: Final = re.compile(r"[A-Za-z0-9._-]{0,200}")

F = TypeVar("F", bound=Callable[..., Any])

_BROKER = (
    click.option(
        "--broker", default="127.0.0.1:9092", envvar="UNDERTOW_BROKER", show_default=True, help="host:port[,host:port]"
    ),
    click.option(
        "--broker-kind",
        type=click.Choice(["kafka", "embedded"]),
        default="kafka",
        envvar="UNDERTOW_BROKER_KIND",
        hidden=True,
        help="work-arounds for the demo's in-memory broker",
    ),
    click.option(
        "--security",
        type=click.Choice(["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]),
        default="PLAINTEXT",
        envvar="UNDERTOW_SECURITY",
        show_default=True,
        help="how to connect",
    ),
    click.option("--ca-file", envvar="UNDERTOW_CA_FILE", type=click.Path(exists=True), help="CA certificate (PEM)"),
    click.option(
        "--cert-file", envvar="UNDERTOW_CERT_FILE", type=click.Path(exists=True), help="client certificate (PEM)"
    ),
    click.option("--key-file", envvar="UNDERTOW_KEY_FILE", type=click.Path(exists=True), help="its key (PEM)"),
    click.option(
        "--sasl-mechanism",
        type=click.Choice(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]),
        default="PLAIN",
        envvar="UNDERTOW_SASL_MECHANISM",
        show_default=True,
    ),
    click.option(
        "--username", envvar="UNDERTOW_USERNAME", help="SASL user; the password is read from UNDERTOW_PASSWORD"
    ),
    click.option("--namespace", default="", envvar="UNDERTOW_NAMESPACE", help="put before every topic and group name"),
    click.option(
        "--partitions",
        "casebook_partitions",
        type=click.IntRange(1, 1024),
        default=8,
        envvar="UNDERTOW_PARTITIONS",
        show_default=True,
        help="partitions of our own topics; fixed once data is in them",
    ),
)


def broker_options(command: F) -> F:
    """Add the options that say where Kafka is. The command receives them as ``**cluster``; see :func:`settings`."""
    for option in reversed(_BROKER):
        command = option(command)
    return command


def settings(cluster: dict[str, Any], **more: Any) -> Settings:
    """Settings from the options of :func:`broker_options`, or a usage error where they cannot be meant."""
    broker = Broker(
        address=cluster["broker"],
        kind=cluster["broker_kind"],
        security=cluster["security"],
        ca_file=cluster["ca_file"],
        cert_file=cluster["cert_file"],
        key_file=cluster["key_file"],
        sasl_mechanism=cluster["sasl_mechanism"],
        username=cluster["username"],
        # never an option: options stand in the process list. A file that became the variable may end its line
        password=os.environ.get("UNDERTOW_PASSWORD", "").rstrip("\r\n") or None,
    )
    _check(broker, cluster["namespace"])
    own = {"namespace": cluster["namespace"], "casebook_partitions": cluster["casebook_partitions"]}
    return Settings(broker=broker, **own, **more)


def _check(broker: Broker, namespace: str) -> None:
    """Say at once what a client would say after half a minute, or never: it takes any of this for a silent broker."""
    for address in broker.address.split(","):
        if not _ADDRESS.fullmatch(address.strip()):
            raise click.BadParameter(
                f"{address!r} is no address: write host:port[,host:port]", param_hint="'--broker' (UNDERTOW_BROKER)"
            )
    if not _NAMESPACE.fullmatch(namespace):
        raise click.BadParameter(
            f"{namespace!r}: a topic's name has letters, digits, '.', '_' and '-' only",
            param_hint="'--namespace' (UNDERTOW_NAMESPACE)",
        )
    if broker.security.startswith("SASL") and not (broker.username and broker.password):
        raise click.UsageError(f"--security {broker.security} needs --username, and the password in UNDERTOW_PASSWORD")
    if not broker.tls and (broker.ca_file or broker.cert_file or broker.key_file):
        raise click.UsageError(
            f"--ca-file, --cert-file and --key-file go with --security SSL or SASL_SSL, not {broker.security}"
        )
    if broker.key_file and not broker.cert_file:
        raise click.UsageError("--key-file goes with --cert-file")
    try:
        broker.ssl_context()
    except OSError as error:
        raise click.UsageError(f"--ca-file, --cert-file or --key-file cannot be used: {error}") from None


def contracts(folder: Path) -> dict[str, Contract]:
    """The contracts of a folder, or a usage error that says what is wrong with them."""
    try:
        return contract_files.load(folder)
    except contract_files.BadContract as error:
        raise click.UsageError(str(error)) from None


class Duration(click.ParamType):
    """``30d``, ``12h``, ``90m``, ``45s`` as seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Parse, or fail with what to write."""
        if isinstance(value, float):
            return value
        try:
            return contract_files.duration(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


def contracts_folder(help: str, default: str | None = "contracts") -> Callable[[Any], Any]:
    """Add the option that names the folder of contracts; the command receives it as ``folder``, None where it may be left out."""
    return click.option(
        "--contracts",
        "folder",
        type=click.Path(path_type=Path, file_okay=False),
        default=default,
        envvar="UNDERTOW_CONTRACTS",
        show_default=default is not None,
        help=help,
    )


contracts_option = contracts_folder("folder of contracts, one YAML file a vendor")
