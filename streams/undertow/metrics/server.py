"""The worker's HTTP server: metrics, two probes and the leaders' page, on a daemon thread from process start.

It runs beside the event loop and not on it, so that a loop that hangs is reported and does not hang its own report.
Reads only; answers GET and HEAD, one request a connection.
"""

from __future__ import annotations

import errno
import gzip
import logging
import socket
import sys
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from io import BytesIO
from socketserver import TCPServer, ThreadingMixIn
from threading import BoundedSemaphore, Thread
from types import TracebackType
from typing import Final

from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST as OPENMETRICS

from undertow.metrics.board import Board
from undertow.metrics.collector import Collector
from undertow.metrics.exposition import exposition
from undertow.metrics.probes import Limits, Probe, health, readiness
from undertow.pages.page import HTML, Pages

TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
PLAIN: Final = "text/plain; charset=utf-8"
MAX_HEAD_BYTES: Final = 8 * 1024
"""Of a request's line and headers; Prometheus sends about 400 bytes. A body is never read."""
HEAD_WITHIN: Final = 5.0
"""Seconds for the whole head: a client that drips bytes must not hold a thread."""
ANSWER_WITHIN: Final = 30.0
"""Seconds for the answer to be taken."""
MAX_CONNECTIONS: Final = 32
"""At once. More are closed unread: threads are memory of the worker."""
_log: Final = logging.getLogger("undertow.metrics")


class CannotListen(Exception):
    """The address cannot be listened on; the message says what to do."""


class MetricsServer:
    """Serves a board. Listens once constructed, answers once started. Port 0 takes a free one; ``port`` says which.

    Raises :class:`CannotListen`.
    """

    def __init__(self, board: Board, host: str, port: int, *, limits: Limits | None = None) -> None:
        try:
            self._server = _Server(board, host, port, limits or Limits())
        except (OSError, OverflowError, UnicodeError) as error:
            raise CannotListen(_words(host, port, error)) from error
        self._thread = Thread(target=self._server.serve_forever, args=(0.1,), name="metrics", daemon=True)

    @property
    def port(self) -> int:
        """The port listened on."""
        return int(self._server.server_address[1])

    def start(self) -> MetricsServer:
        """Answer from now on."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop and free the port. Answers under way are not waited for."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def __enter__(self) -> MetricsServer:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class _Server(ThreadingMixIn, TCPServer):
    """A thread a connection. No HTTPServer: it asks the name service for our own name, which can take minutes."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = MAX_CONNECTIONS

    def __init__(self, board: Board, host: str, port: int, limits: Limits) -> None:
        self.board, self.limits = board, limits
        self.collector, self.pages = Collector(board), Pages(board, limits)
        self._free = BoundedSemaphore(MAX_CONNECTIONS)
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Handler)

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        if not self._free.acquire(blocking=False):
            self.close_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._free.release()
            raise

    def process_request_thread(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no news; anything else is a bug and goes to the log."""
        if not isinstance(sys.exception(), OSError):
            _log.exception("metrics server: a request failed")


class _Handler(BaseHTTPRequestHandler):
    """One request."""

    server: _Server
    timeout = ANSWER_WITHIN

    def handle(self) -> None:
        """Read the head within its bounds, then answer."""
        self.requestline, self.request_version, self.command = "", "HTTP/1.0", ""
        self.close_connection = True
        head = self._head()
        if head is None:
            self._answer(431, PLAIN, f"the request's head is larger than {MAX_HEAD_BYTES} bytes\n".encode())
        elif head:
            self.rfile = BytesIO(head)
            self.raw_requestline = self.rfile.readline()
            if self.parse_request():
                self._route()
        self._hang_up()

    def _head(self) -> bytes | None:
        """The request's line and headers; empty when the client went or was too slow, None when it is too large."""
        head = b""
        until = time.monotonic() + HEAD_WITHIN
        while b"\r\n\r\n" not in head and b"\n\n" not in head:
            if len(head) > MAX_HEAD_BYTES:
                return None
            left = until - time.monotonic()
            if left <= 0:
                return b""
            self.connection.settimeout(left)
            try:
                more = self.connection.recv(MAX_HEAD_BYTES)
            except TimeoutError:
                return b""
            if not more:
                return b""
            head += more
        self.connection.settimeout(ANSWER_WITHIN)
        return head

    def _route(self) -> None:
        path, _, query = self.path.partition("?")
        state, now = self.server.board.state, self.server.board.clock()
        if self.command not in {"GET", "HEAD"}:
            self._answer(405, PLAIN, b"only GET and HEAD\n", {"Allow": "GET, HEAD"})
        elif path == "/metrics":
            self._metrics()
        elif path == "/healthz":
            self._probe(health(state, now, self.server.limits))
        elif path == "/readyz":
            self._probe(readiness(state, now, self.server.limits))
        elif path == "/":
            self._page(query)
        else:
            self._answer(404, PLAIN, b"nothing here; see /\n")

    def _metrics(self) -> None:
        openmetrics = "application/openmetrics-text" in self.headers.get("Accept", "")
        try:
            # version and escaping of the Accept header are not taken over: our names need neither, and we echo nothing
            body = exposition(self.server.collector.sheet(), openmetrics=openmetrics)
        except Exception:
            _log.exception("metrics server: the scrape failed")
            self._answer(500, PLAIN, b"the scrape failed; the worker's log says why\n")
            return
        self._compressed(OPENMETRICS if openmetrics else TEXT, body, {"Vary": "Accept, Accept-Encoding"})

    def _page(self, query: str) -> None:
        try:
            body, headers = self.server.pages.page(query)
        except Exception:
            _log.exception("metrics server: the page failed")
            self._answer(500, PLAIN, b"the page failed; the worker's log says why\n")
            return
        self._compressed(HTML, body, {"Vary": "Accept-Encoding", **headers})

    def _compressed(self, kind: str, body: bytes, headers: dict[str, str]) -> None:
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, compresslevel=1)
            headers["Content-Encoding"] = "gzip"
        self._answer(200, kind, body, headers)

    def _probe(self, probe: Probe) -> None:
        self._answer(200 if probe.ok else 503, PLAIN, f"{probe.words}\n".encode())

    def _answer(self, code: int, kind: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response_only(code)
        fixed = {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "Connection": "close",
            "Content-Security-Policy": "default-src 'none'",
            "X-Content-Type-Options": "nosniff",
        }
        for name, value in {**fixed, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _hang_up(self) -> None:
        """Say we are done and let a body run out for a moment: closing on unread bytes resets the answer on its way."""
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(0.2)
            for _ in range(16):
                if not self.connection.recv(64 * 1024):
                    break

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the base class says of a malformed request, without quoting it."""
        self.request_version = "HTTP/1.0"  # else the base class takes it for HTTP/0.9, which has no headers
        self._answer(code, PLAIN, b"this is no request that can be read\n")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: probes come every few seconds."""


def _words(host: str, port: int, error: Exception) -> str:
    code = error.errno if isinstance(error, OSError) else None
    if code == errno.EADDRINUSE:
        return f"port {port} of {host} is in use by another program: choose another one, or 0 for any free one"
    if code == errno.EACCES:
        return f"port {port} of {host} may not be listened on by this user: choose one above 1023"
    return f"cannot listen on {host} port {port} ({error}): choose an address of this machine, such as 127.0.0.1"
