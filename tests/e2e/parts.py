"""Real parts around the worker: Debian's Alertmanager, and the two who receive what it sends, by webhook and by mail."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final

import yaml

from prometheus import STARTS_WITHIN, Missing, free_port, is_ready

ROOT: Final = Path(__file__).parents[2]
DEPLOY: Final = ROOT / "deploy"
FASTER: Final = 40.0
"""How many times faster rules and routes are here than deployed. A worker must not be missed for being restarted, which takes ten
seconds on a busy machine: 10 minutes of ``UndertowWorkerNotReady`` become 15 s."""
SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
PACES: Final = ("for", "keep_firing_for", "group_wait", "group_interval", "repeat_interval")


def sooner(said: Any) -> Any:
    """The deployed rules or routes with every time in :data:`PACES` divided by :data:`FASTER`, and nothing else changed.

    What is asked over (``[7d]``) stays: such a range holds what there is. Raises ``ValueError`` for an unknown form of time.
    """
    if isinstance(said, list):
        return [sooner(one) for one in said]
    if not isinstance(said, dict):
        return said
    return {key: _sooner(value) if key in PACES else sooner(value) for key, value in said.items()}


def _sooner(length: str) -> str:
    found = re.fullmatch(r"(\d+)(ms|[smhd])", length)
    if found is None:
        raise ValueError(f"not a time: {length}")
    return f"{round(int(found[1]) * SECONDS[found[2]] * 1000 / FASTER)}ms"


def rules(folder: Path) -> list[Path]:
    """The deployed rules, written down :func:`sooner`."""
    written = []
    for path in sorted((DEPLOY / "prometheus").glob("undertow.*.yaml")):
        written.append(folder / path.name)
        written[-1].write_text(yaml.safe_dump(sooner(yaml.safe_load(path.read_text()))), encoding="utf-8")
    return written


@dataclass(frozen=True)
class Message:
    """Something that was delivered. ``at``: seconds of the monotonic clock."""

    at: float
    to: str
    """A mail's address or a webhook's path."""
    status: str
    """``firing`` while any alert of it stands, else ``resolved``."""
    body: str
    alerts: tuple[dict[str, Any], ...] = ()
    """What a webhook was told."""


@dataclass
class Box:
    """Where everything that is delivered ends up."""

    token: str
    messages: list[Message] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """Requests without the token where one is needed, and mails in no known form."""

    def to(self, *addresses: str) -> list[Message]:
        return [message for message in self.messages if message.to in addresses]

    def told(self, address: str, name: str, status: str) -> list[dict[str, Any]]:
        """Alerts of a name that a webhook was told of with a status."""
        said = [alert for message in self.to(address) for alert in message.alerts]
        return [alert for alert in said if alert["labels"]["alertname"] == name and alert["status"] == status]


@contextmanager
def webhook(box: Box, secret: str) -> Iterator[str]:
    """Receives on every path; on the path ``secret`` only with the box's bearer token. Yields its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == secret and self.headers["Authorization"] != f"Bearer {box.token}":
                box.refused.append(self.path)
                self.send_error(401)
                return
            said = json.loads(body)
            alerts = tuple(said["alerts"])
            box.messages.append(Message(time.monotonic(), self.path, said["status"], body.decode(), alerts))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@contextmanager
def mailbox(box: Box) -> Iterator[str]:
    """Receives mail. Yields host:port."""
    from aiosmtpd.controller import Controller  # of the dev extra: the test says so where it is missing

    class Handler:
        async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
            mail = message_from_bytes(envelope.content, policy=policy.default)
            plain = mail.get_body(("plain",))
            if plain is None:
                box.refused.append(str(mail["Subject"]))
                return "550 no text"
            words = f"{mail['Subject']}\n{plain.get_content()}"
            status = "resolved" if _over(str(mail["Subject"])) else "firing"
            box.messages.extend(Message(time.monotonic(), to, status, words) for to in envelope.rcpt_tos)
            return "250 OK"

    port = free_port()
    controller = Controller(Handler(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        controller.stop()


def _over(subject: str) -> bool:
    return "[RESOLVED]" in subject or " 0 standing" in subject


class Alertmanager:
    """Debian's, with a configuration, in a folder of its own. Raises :class:`Missing` and ``RuntimeError`` as Prometheus does."""

    def __init__(self, folder: Path, config: dict[str, Any]) -> None:
        found = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
        if found is None:
            raise Missing("no Alertmanager on this machine: apt install prometheus-alertmanager")
        self.address = f"127.0.0.1:{free_port()}"
        folder.mkdir(parents=True)
        (folder / "alertmanager.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
        self._log = folder / "log"
        self._command = [found, f"--config.file={folder / 'alertmanager.yml'}", f"--storage.path={folder / 'data'}"]
        self._command += [f"--web.listen-address={self.address}", "--cluster.listen-address="]

    def __enter__(self) -> Alertmanager:
        with self._log.open("wb") as log:
            said = {"PATH": os.environ.get("PATH", "")}
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, env=said)
        until = time.monotonic() + STARTS_WITHIN
        while not is_ready(f"http://{self.address}"):
            if self._process.poll() is not None or time.monotonic() > until:
                self.__exit__()
                raise RuntimeError(f"Alertmanager did not start:\n{self.log()}")
            time.sleep(0.05)
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def log(self) -> str:
        return self._log.read_text(errors="replace")[-4000:]

    def alerts(self) -> list[dict[str, Any]]:
        """Every alert that stands there, with its status: active or suppressed, and by what."""
        with urllib.request.urlopen(f"http://{self.address}/api/v2/alerts", timeout=10) as answer:
            found: list[dict[str, Any]] = json.load(answer)
        return found
