"""Where the portal listens and whom it believes. Checked before it starts: a plain error says what to change."""

from __future__ import annotations

import ssl
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs

from msgspec import Struct

Network = IPv4Network | IPv6Network
MOST_NAME: Final = 256
"""Characters of a name, as of an event's ``by``."""


class Refused(Exception):
    """It cannot be served like that; the message says what to change."""


class Who(Struct, frozen=True):
    """Who asks. ``vendor`` is None for the company; ``token`` for whom a proxy vouches."""

    vendor: str | None
    name: str
    token: str | None = None

    @property
    def company(self) -> bool:
        """Whether this is one of the company's own people."""
        return self.vendor is None


class Access(Struct, frozen=True, kw_only=True):
    """``certificate`` and ``key`` (PEM) serve TLS; ``header`` and forwarded addresses are believed from ``trusted`` alone."""

    host: str = "127.0.0.1"
    port: int = 9465
    tokens: Path = Path(".undertow/tokens.json")
    certificate: Path | None = None
    key: Path | None = None
    header: str | None = None
    trusted: tuple[Network, ...] = ()

    def context(self) -> ssl.SSLContext | None:
        """The TLS context, None without TLS. Raises :class:`Refused` where sessions would travel in the open."""
        if (self.certificate is None) != (self.key is None):
            raise Refused("TLS takes both --certificate and --key")
        if self.header is not None and not self.trusted:
            raise Refused("--proxy-header is believed from named addresses only: give --trusted-proxy, too")
        if self.certificate is None and not _loopback(self.host) and not self.trusted:
            raise Refused(
                f"sessions travel over TLS or loopback only, and {self.host} is neither: give --certificate and --key, or "
                "listen on 127.0.0.1, or name the reverse proxy that ends TLS with --trusted-proxy"
            )
        if self.certificate is None:
            return None
        try:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            context.load_cert_chain(self.certificate, self.key)
        except (OSError, ssl.SSLError) as error:
            raise Refused(f"--certificate and --key cannot be used: {error}") from None
        return context

    def vouched(self, peer: str | None) -> bool:
        """Whether a peer is a proxy that is believed."""
        try:
            address = ip_address(peer or "")
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None) or address
        return any(mapped in network for network in self.trusted)

    def served(self, peer: str | None) -> bool:
        """Whether a peer is answered at all: without TLS only this machine and the proxy are."""
        return self.certificate is not None or _loopback(peer or "") or self.vouched(peer)


def network(text: str) -> Network:
    """An address or network such as 10.0.0.0/24. Raises ``ValueError``."""
    return ip_network(text, strict=False)


def named(value: str) -> Who | None:
    """Who a proxy's header names: ``vendor=acme&name=Kim`` or ``company=yes&name=Kim``, percent-encoded as a query is."""
    said = parse_qs(value, keep_blank_values=True, max_num_fields=4)
    if any(len(values) != 1 for values in said.values()) or not said.keys() <= {"vendor", "company", "name"}:
        return None
    one = {key: values[0] for key, values in said.items()}
    name = one.get("name", "")
    if not 0 < len(name) <= MOST_NAME or not name.isprintable():
        return None
    if one.get("company") == "yes" and "vendor" not in one:
        return Who(None, name)
    return Who(one["vendor"], name) if one.get("vendor") and "company" not in one else None


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
