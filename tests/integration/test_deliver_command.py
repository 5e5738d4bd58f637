"""``undertow deliver`` on a real broker: an issued statement to a webhook and a topic, as documents a stranger can verify."""

from __future__ import annotations

import base64
import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import msgspec
import pytest
from standardwebhooks import Webhook

from integration.conftest import Install
from integration.test_proof import terms
from undertow import admin, clients, topics, wire
from undertow.clients import Publisher
from undertow.delivery.topic import Book
from undertow.domain.delivery import Destination
from undertow.simulation import World
from undertow.simulation.plans import DEFAULT
from undertow.stages.offline import Offline
from undertow.stages.records import Record

history = pytest.importorskip("undertow.stages.history", reason="statements are not part of this checkout yet")
WORLD = World(seed=5, start=datetime(2026, 1, 1, tzinfo=UTC), days=40, vendors=DEFAULT[:2])
"""January is over in it, and so is its follow-up when the history ends."""
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


class Receiver(BaseHTTPRequestHandler):
    """Refuses the first request, and keeps the others."""

    refuse = 1
    kept: list[tuple[dict[str, str], bytes]] = []  # noqa: RUF012 - one receiver a test

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if Receiver.refuse:
            Receiver.refuse -= 1
            self.send_response(503)
        else:
            Receiver.kept.append((dict(self.headers), body))
            self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.mark.broker
@pytest.mark.parametrize("broker", ["embedded"], indirect=True)
def test_statements_reach_their_receivers_once_and_can_be_verified(
    install: Install, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """Promise: what fails is tried again by the next call, what was delivered is not, and what arrives can be verified."""
    monkeypatch.setenv("UNDERTOW_PSEUDONYM_KEY", "a key for tests, 0123456789abcdef")
    monkeypatch.setenv("ACME_WEBHOOK", SECRET)
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    vendor = next(iter(terms()))
    to = (
        Destination(kind="kafka", address="acme.statements"),
        Destination(
            kind="webhook", address=f"http://127.0.0.1:{server.server_port}/sla", secret_variable="ACME_WEBHOOK"
        ),
    )
    here = install(terms())
    here.own = ("acme.statements",)
    admin.apply(here.settings, here.own)
    (path,) = (one for one in (here.folder / "contracts").iterdir() if f"vendor: {vendor}\n" in one.read_text())
    said = [{name: value for name, value in msgspec.to_builtins(one).items() if value is not None} for one in to]
    path.write_text(f"{path.read_text()}delivery: {json.dumps({'after': '0s', 'to': said})}\n")

    book = Offline(terms())
    values = [wire.encode(event) for event in WORLD.events()]
    records = [Record(here.topic(topics.TICKETS), 0, place, 0, value) for place, value in enumerate(values)]
    statements = history.fold(book, iter(records), recorded=True)
    issued = statements.issued(vendor)
    assert issued
    with Publisher(here.settings) as publisher:
        for value in values:
            publisher.send(here.topic(topics.TICKETS), value, partition=0)
        for id, value in book.findings.items():
            publisher.send(here.topic(topics.FINDINGS), value, key=id)
        for one in issued:
            publisher.send(here.topic(topics.STATEMENTS), msgspec.json.encode(one), key=str(one.number).encode())
    words = ("deliver", "--once", "--allow-private", "--contracts", str(here.folder / "contracts"))
    try:
        here.run(*words, code=1)  # the webhook refuses the first
        here.until(lambda: here.run(*words).returncode == 0 and len(Receiver.kept) == len(issued), "all is delivered")
        here.run(*words)
    finally:
        server.shutdown()
    assert len(Receiver.kept) == len(issued)
    assert {said.state for said in Book(here.settings).read().values()} == {"delivered"}
    bodies = {}
    for headers, body in Receiver.kept:
        bodies[headers["webhook-id"]] = Webhook(SECRET).verify(body, headers)
    assert len(bodies) == len(issued)
    on_topic = list(clients.read(here.settings, here.topic("acme.statements")))
    assert len(on_topic) == len(issued)
    whole = max((json.loads(record.value)["data"] for record in on_topic), key=lambda data: len(data["findings"]))
    assert whole["findings"]
    (tmp_path / "statement.json").write_text(json.dumps(whole))
    verified = here.run("verify", str(tmp_path / "statement.json"), "--contracts", str(here.folder / "contracts"))
    assert f"{len(whole['findings'])} of {len(whole['findings'])} findings verified" in verified.stdout
