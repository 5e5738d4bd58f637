"""The courier: what is ready is sent, and what came of it recorded.

Nothing is lost: only what is recorded as delivered is not sent again. A crash between sending and recording sends again,
under the key by which the receiver knows that it has it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping

import structlog

from undertow.clock import Clock, wall
from undertow.delivery.items import Document, Issued, Recorded
from undertow.delivery.schedule import Backoff, Errand, errands
from undertow.delivery.sending import NotSent, Send
from undertow.domain.agreement.contract import Contract
from undertow.domain.agreement.delivery import Kind

AT_ONCE = 4
"""Deliveries under way at a time."""
_log = structlog.get_logger(__name__)

Render = Callable[[Issued, Kind], tuple[Document, ...]]
"""The documents of a statement for a kind of receiver."""
Record = Callable[[str, Recorded], Awaitable[None]]
"""Writes down what came of a delivery, and returns when that is safe."""


class Courier:
    """``send`` by kind; ``recorded`` by key is kept up to date here."""

    def __init__(
        self,
        send: Mapping[Kind, Send],
        render: Render,
        record: Record,
        recorded: dict[str, Recorded],
        *,
        backoff: Backoff | None = None,
        clock: Clock = wall,
    ) -> None:
        self._send, self._render, self._record, self.recorded = send, render, record, recorded
        self._backoff, self._clock = backoff if backoff is not None else Backoff(), clock

    def left(self, issued: Iterable[Issued], contracts: Mapping[str, Contract]) -> list[Errand]:
        """What is not delivered yet, whether it is due or not."""
        return errands(issued, contracts, self.recorded, self._backoff)

    async def round(self, issued: Iterable[Issued], contracts: Mapping[str, Contract]) -> list[Recorded]:
        """Attempt everything that is ready, once each."""
        now = self._clock()
        ready = [errand for errand in self.left(issued, contracts) if errand.ready <= now]
        limit = asyncio.Semaphore(AT_ONCE)

        async def one(errand: Errand) -> Recorded:
            async with limit:
                return await self._attempt(errand)

        return list(await asyncio.gather(*map(one, ready)))

    async def _attempt(self, errand: Errand) -> Recorded:
        attempts = errand.attempts + 1
        try:
            # a statement of thousands of findings takes a second to render, in which other deliveries go on
            documents = await asyncio.to_thread(self._render, errand.issued, errand.to.kind)
            answer = await self._send[errand.to.kind](errand, documents)
            said = _recorded(errand, "delivered", attempts, self._clock(), answer)
        except NotSent as error:
            over = error.final or attempts >= self._backoff.most
            said = _recorded(errand, "given_up" if over else "failed", attempts, self._clock(), str(error))
        await self._record(errand.key, said)
        self.recorded[errand.key] = said
        level = {"delivered": _log.info, "failed": _log.warning, "given_up": _log.error}[said.state]
        level(f"statement {said.state.replace('_', ' ')}", **_shown(errand, said))
        return said


def _recorded(errand: Errand, state: str, attempts: int, at: float, detail: str) -> Recorded:
    issued, to = errand.issued, errand.to
    return Recorded(
        vendor=issued.vendor,
        period=issued.period,
        number=issued.number,
        content=issued.content,
        kind=to.kind,
        address=to.address,
        state=state,  # type: ignore[arg-type]
        attempts=attempts,
        at=at,
        detail=detail,
    )


def _shown(errand: Errand, said: Recorded) -> dict[str, object]:
    """What a log may hold: an address can be somebody's name, a webhook's path a secret."""
    return {
        "vendor": said.vendor,
        "period": said.period,
        "number": said.number,
        "kind": said.kind,
        "key": errand.key,
        "attempts": said.attempts,
        "detail": said.detail,
    }
