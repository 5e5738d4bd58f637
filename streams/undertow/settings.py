"""How a worker or a command reaches the broker, and what it may use. Read from options and ``UNDERTOW_*`` variables."""

from __future__ import annotations

import ssl
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from undertow.reach import Security, why

Seconds = Annotated[float, Meta(gt=0)]


class Broker(Struct, frozen=True, kw_only=True):
    """A Kafka cluster: ``address`` is ``host:port[,host:port]``. The password is shown nowhere, ``repr`` included."""

    address: str = "127.0.0.1:9092"
    kind: Literal["kafka", "embedded"] = "kafka"
    """``embedded`` turns on the work-arounds that the in-memory broker of the demo needs; see ARCHITECTURE.md."""
    security: Security = "PLAINTEXT"
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    username: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        return f"Broker({self.address}, {self.kind}, {self.security})"

    @property
    def tls(self) -> bool:
        """True when the connection is encrypted."""
        return self.security in {"SSL", "SASL_SSL"}

    def ssl_context(self) -> ssl.SSLContext | None:
        """The TLS context, None without TLS. Raises ``OSError`` when a file cannot be read."""
        if not self.tls:
            return None
        context = ssl.create_default_context(cafile=self.ca_file)
        if self.cert_file:
            context.load_cert_chain(self.cert_file, self.key_file)
        return context

    def silent(self, error: Exception) -> str:
        """What to tell a person when the cluster does not answer."""
        try:
            told = why(self.address.split(","), self.security, self.ssl_context())
        except OSError as unreadable:  # a certificate's file
            told = f"{error} ({unreadable})"
        return f"no answer from the broker: {told}"

    def failed(self, error: Exception) -> str:
        """What to tell a person when the cluster answered, and then failed or refused."""
        return f"the broker at {self.address} failed or refused: {str(error) or type(error).__name__}"

    def client(self) -> dict[str, Any]:
        """Arguments of every kafka-python client."""
        settings: dict[str, Any] = {
            "bootstrap_servers": self.address.split(","),
            "security_protocol": self.security,
            "ssl_context": self.ssl_context(),
        }
        if self.security.startswith("SASL"):
            settings |= {
                "sasl_mechanism": self.sasl_mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
            }
        return settings


class Settings(Struct, frozen=True, kw_only=True):
    """Everything a worker is told. Times in seconds."""

    broker: Broker = Broker()
    namespace: str = ""
    """Put before every topic and group name, so that several installations can share a cluster."""
    casebook_partitions: Annotated[int, Meta(ge=1, le=1024)] = 8
    source_partitions: Annotated[int, Meta(ge=1, le=1024)] = 4
    """Partitions of a source topic that ``topics apply`` has to create; an existing one may have any number."""
    replication: Annotated[int, Meta(ge=1, le=9)] = 1
    clock: Literal["wall", "events"] = "wall"
    """``wall``: the worker ticks by the wall clock. ``events``: ticks come with the data (import, demo)."""
    tick_every: Seconds = 2.0
    session_timeout: Seconds = 10.0
    commit_every: Seconds = 1.0
    leave_within: Seconds = 25.0
    """After that a worker that was told to leave ends without a last commit: supervisors kill after thirty seconds."""
    metrics_host: str = "127.0.0.1"
    metrics_port: Annotated[int, Meta(ge=0, le=65535)] = 9464
    reject_share: Annotated[float, Meta(gt=0, le=1)] = 0.5
    reject_run: Annotated[int, Meta(ge=1)] = 500
    data_dir: str = ".undertow"
    seat: str | None = None
    """Group instance id of a static member, as `topics.seat` makes it; None: a member that leaves when it stops."""
