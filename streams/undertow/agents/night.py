"""The night loop: while the ledger is ours, fit where it is time, and ask every casebook to evaluate its customers."""

from __future__ import annotations

import asyncio
import time
from typing import Final

import structlog
from faust.types import AppT

from undertow import topics
from undertow.agents.ledger import LedgerLoop
from undertow.agents.transport import Consumer, send_all
from undertow.agents.transport.producer import producer_of
from undertow.settings import Settings
from undertow.stages.night import Night, NoFitting
from undertow.stages.records import ModelSaid, encode, ledger_key

log = structlog.get_logger(__name__)

AGAIN: Final = 900.0
"""Seconds after which casebooks that have not answered are asked once more; an answer takes a minute at most."""


class NightLoop:
    """Looks every second whether there is anything to do; keeps nothing that a new owner of the ledger would miss."""

    def __init__(self, app: AppT, settings: Settings, ledger: LedgerLoop) -> None:
        self._app, self._settings, self._ledger = app, settings, ledger
        self._tried: tuple[Night, int] | None = None
        self._asked: object = None
        """Of which ledger's which round the casebooks were asked."""
        self._asked_at = 0.0
        self._busy = self._warned = False

    async def watch(self) -> None:
        """One look. Call only while the worker works."""
        if self._busy or not self._ours():
            return
        self._busy = True
        try:
            await self._watch(self._ledger.night)
        finally:
            self._busy = False

    async def _watch(self, night: Night) -> None:
        number = night.night
        if number is None or night.answered:
            return
        if night.stale and self._tried != (night, number):
            self._tried = (night, number)
            await self._fit(night, number)
        ask = night.ask()
        waited = time.monotonic() - self._asked_at
        if ask is None or not self._still(night) or (self._asked == (night, night.round) and waited < AGAIN):
            return
        self._asked, self._asked_at = (night, night.round), time.monotonic()
        topic, value = topics.name(self._settings, topics.CASEBOOK), encode(ask)
        for partition in range(self._settings.casebook_partitions):
            await send_all(producer_of(self._app), topic, partition, [(None, value, [])])

    async def _fit(self, night: Night, number: int) -> None:
        """Fit in a thread, so that the loop turns, and say the model."""
        begun = time.monotonic()
        try:
            found = await asyncio.to_thread(night.fit)
        except NoFitting as why:
            if not self._warned:
                self._warned = True
                log.warning("no churn model: customers are compared, but none are listed", why=str(why))
            return
        if found is None or not self._still(night):
            return
        said = ModelSaid(number, found, time.monotonic() - begun, time.time())
        night.fold(said)
        topic = topics.name(self._settings, topics.CELLS)
        await send_all(producer_of(self._app), topic, 0, [(ledger_key(said), encode(said), [])])

    def _still(self, night: Night) -> bool:
        """Whether nothing was dealt out anew in between."""
        return self._ledger.night is night and self._ours()

    def _ours(self) -> bool:
        consumer = self._app.consumer
        assert isinstance(consumer, Consumer)
        partition = self._ledger.partition
        return partition in consumer.assignment() and consumer.caught_up(partition)
