"""Webhooks after the Standard Webhooks specification: one POST of JSON, signed, its ``webhook-id`` the delivery's key.

A receiver that keeps the ids it has seen, as the specification asks of it, sees every statement exactly once.
"""

from __future__ import annotations

import asyncio
import binascii
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import msgspec
from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError

from undertow.clock import Clock, wall
from undertow.contracts.receivers import LOOPBACK
from undertow.delivery import guard
from undertow.delivery.items import Document
from undertow.delivery.schedule import Errand
from undertow.delivery.sending import MOST_BYTES, NotSent, secret
from undertow.domain.agreement.delivery import Destination

TIMEOUT: Final = 20.0
"""Seconds for everything, from the look-up of the name to the answer: the specification recommends 15 to 30."""
MOST_ANSWER: Final = 4096
"""Bytes of an answer that are read; the rest is not waited for."""
TYPE: Final = "undertow.statement.issued"
_GONE: Final = 410
"""The receiver wants no more (Standard Webhooks)."""


class Webhooks:
    """Sends to https addresses, and on this machine to http ones. ``private``: also to addresses that are not public."""

    def __init__(
        self,
        *,
        private: bool = False,
        clock: Clock = wall,
        timeout: float = TIMEOUT,
        secrets: Callable[[Destination], str] = secret,
    ) -> None:
        self._private, self._clock, self._timeout, self._secrets = private, clock, timeout, secrets

    async def __call__(self, errand: Errand, documents: tuple[Document, ...]) -> str:
        """Send the first document, JSON. Raises :class:`NotSent`."""
        address = errand.to.address
        host = urlsplit(address).hostname or ""
        if not address.startswith("https://") and host not in LOOPBACK:
            raise NotSent("its address is not encrypted: write https", final=True)
        body = payload(errand, documents[0])
        if len(body) > MOST_BYTES:
            raise NotSent(f"{len(body):,} bytes are too large for a webhook, which takes {MOST_BYTES:,}", final=True)
        headers = self._signed(errand, body)
        try:
            if not self._private:
                guard.check(host)
            return await self._post(address, headers, body)
        except guard.Forbidden as error:
            raise NotSent(str(error)) from None
        except aiohttp.ClientConnectorError as error:
            raise NotSent(f"no connection to {host}: {error.os_error or error}") from None
        except (aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:  # noqa: UP041 - aiohttp's own derives from it
            raise NotSent(
                f"no answer from {host}: {type(error).__name__}"
            ) from None  # the words may hold the whole address

    def _signed(self, errand: Errand, body: bytes) -> dict[str, str]:
        try:
            hook = Webhook(self._secrets(errand.to))
        except (binascii.Error, ValueError, EmptyWebhookSecretError):
            raise NotSent("its secret is none: write whsec_ and 24 to 64 bytes in base64") from None
        now = datetime.fromtimestamp(int(self._clock()), UTC)
        return {
            "content-type": "application/json",
            "user-agent": "undertow",
            "webhook-id": errand.key,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": hook.sign(errand.key, now, body.decode()),
        }

    async def _post(self, address: str, headers: dict[str, str], body: bytes) -> str:
        connector = aiohttp.TCPConnector(resolver=guard.resolver(private=self._private), force_close=True)
        timeout = aiohttp.ClientTimeout(total=self._timeout)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout, auto_decompress=False) as session,
            session.post(address, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            await answer.content.read(MOST_ANSWER)
            if 200 <= answer.status < 300:
                return f"HTTP {answer.status}"
            raise NotSent(f"HTTP {answer.status} {answer.reason or ''}".strip(), final=answer.status == _GONE)


def payload(errand: Errand, document: Document) -> bytes:
    """The body: type, time and data, as the specification recommends. The same bytes in every attempt."""
    issued = errand.issued
    said = {"type": TYPE, "vendor": issued.vendor, "period": issued.period, "number": issued.number}
    return msgspec.json.encode({**said, "hash": issued.content, "data": msgspec.Raw(document.content)})
