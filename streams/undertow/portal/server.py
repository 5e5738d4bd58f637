"""The portal's life: its index, its feed, and its server on a thread of its own, beside whatever else the process does."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Final

from aiohttp import web

from undertow.domain.agreement.contract import Contract
from undertow.portal.access import Access, Refused
from undertow.portal.desk import Desk
from undertow.portal.evidence import Events
from undertow.portal.feed import Feed
from undertow.portal.index import Index
from undertow.portal.recorder import Recorder
from undertow.portal.routes import application
from undertow.portal.tokens import Tokens
from undertow.reports.pseudonyms import Pseudonyms
from undertow.settings import Settings

START_WITHIN: Final = 20.0
"""Seconds until it must listen."""


class Portal:
    """Listens once entered; ``port`` says where. Raises :class:`~undertow.portal.access.Refused`."""

    def __init__(
        self, settings: Settings, contracts: Mapping[str, Contract], access: Access, pseudonyms: Pseudonyms
    ) -> None:
        self._access, self._context = access, access.context()
        self._index = Index(Path(settings.data_dir))
        self._feed = Feed(settings, self._index)
        self._recorder = Recorder(settings)
        desk = Desk(self._index, pseudonyms, Events(settings, contracts), self._feed.ready.is_set, contracts)
        self._desk = desk
        self._thread = Thread(target=self._run, name="portal", daemon=True)
        self._listening, self._stop = Event(), asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._failed: OSError | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """Where it is."""
        host = f"[{self._access.host}]" if ":" in self._access.host else self._access.host
        return f"http{'s' if self._context else ''}://{host}:{self.port}"

    def __enter__(self) -> Portal:
        self._feed.start()
        self._thread.start()
        self._listening.wait(START_WITHIN)
        if not self.port:
            self.close()
            raise Refused(f"{self._access.host} port {self._access.port} cannot be listened on: {self._failed}")
        return self

    def close(self) -> None:
        """Stop, and forget the index."""
        if self._loop is not None:
            with suppress(RuntimeError):  # it has ended by itself, as where the port was taken
                self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._feed.close()
        self._recorder.close()
        self._index.close()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        app = application(self._desk, self._access, Tokens(self._access.tokens), self._recorder)
        runner = web.AppRunner(app, access_log=None, handle_signals=False, keepalive_timeout=15.0)
        await runner.setup()
        try:
            site = web.TCPSite(
                runner, self._access.host, self._access.port, ssl_context=self._context, shutdown_timeout=2.0
            )
            await site.start()
            self.port = runner.addresses[0][1]
        except OSError as error:
            self._failed = error
        finally:
            self._listening.set()
        if self.port:
            await self._stop.wait()
        await runner.cleanup()
