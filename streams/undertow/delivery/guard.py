"""Where a webhook may go: to public addresses only, unless the setting says otherwise. Names are looked up once and pinned."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver


class Forbidden(OSError):
    """The address is none that statements are sent to."""


def public(address: str) -> bool:
    """Whether an IP address is reachable by everybody: not of this machine, of a private network, or of special use."""
    found = ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    if mapped is not None:
        found = mapped
    return found.is_global and not found.is_multicast and not found.is_reserved


def literal(host: str) -> bool:
    """Whether a host is an IP address, which is never looked up."""
    try:
        ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return False
    return True


class Guarded(AbstractResolver):
    """Gives only public addresses. The connection goes to what was given here, so a name cannot change its mind in between."""

    def __init__(self) -> None:
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises :class:`Forbidden` where any address of the name is not public: who mixes them is up to something."""
        found = await self._resolver.resolve(host, port, family)
        if not all(public(one["host"]) for one in found):
            raise Forbidden(f"{host} is not on the public internet; if it is yours, allow private addresses")
        return found

    async def close(self) -> None:
        """Nothing is held."""
        await self._resolver.close()


def check(host: str) -> None:
    """Raises :class:`Forbidden` for an IP address that is not public: no resolver is asked for it."""
    if literal(host) and not public(host.strip("[]")):
        raise Forbidden(f"{host} is not on the public internet; if it is yours, allow private addresses")


def resolver(*, private: bool) -> Any:  # noqa: ANN401 - None is aiohttp's own
    """What looks names up; None for aiohttp's own where private addresses are allowed."""
    return None if private else Guarded()
