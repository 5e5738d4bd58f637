"""Deliveries recorded on a real broker: a courier that starts again knows what was delivered; a topic holds each once."""

from __future__ import annotations

import asyncio
import os
import subprocess

import pytest
from msgspec.structs import replace

from integration.conftest import Install
from undertow import admin, clients, exits
from undertow.delivery.courier import Courier
from undertow.delivery.items import Document, Issued, Recorded
from undertow.delivery.schedule import Backoff, Errand
from undertow.delivery.sending import NotSent
from undertow.delivery.topic import Book, OnTopic
from undertow.domain.agreement.contract import Contract
from undertow.domain.agreement.delivery import Delivery, Destination

STATEMENT = Issued(vendor="acme", period="2026-10", first_day=20_727, last_day=20_757, number=1, content="ab" * 32)
TO = Destination(kind="kafka", address="acme.statements")
TERMS = {"acme": Contract(vendor="acme", delivery=Delivery(to=(TO,), after=0.0))}
DOCUMENT = (Document("a.json", "application/json", b'{"n": 1}'),)


def test_a_topic_gets_each_statement_once_whoever_delivers(install: Install) -> None:
    """Promise: recorded deliveries survive the process; a crash before the record repeats a record of the same key only."""
    here = install(TERMS)
    here.own = (TO.address,)
    admin.apply(here.settings, here.own)
    book = Book(here.settings)
    broken = [NotSent("not now"), None]
    clock = iter(range(2_000_000_000, 3_000_000_000, 100_000))

    class Flaky(OnTopic):
        async def __call__(self, errand: Errand, documents: tuple[Document, ...]) -> str:
            if broken and (error := broken.pop(0)) is not None:
                raise error
            return await super().__call__(errand, documents)

    async def forgetful(_: str, said: Recorded) -> None:
        raise SystemError("the process is gone")

    def courier(record=book.write) -> Courier:
        return Courier(
            {"kafka": Flaky(here.settings)},
            lambda *_: DOCUMENT,
            record,
            book.read(),
            backoff=Backoff(most=3),
            clock=lambda: float(next(clock)),
        )

    def went(one: Courier) -> list[str]:
        issued = [STATEMENT, replace(STATEMENT, vendor="nobody")]
        return [f"{said.state} {said.attempts}" for said in asyncio.run(one.round(issued, TERMS))]

    assert went(courier()) == ["failed 1"]
    with pytest.raises(SystemError):
        went(courier(forgetful))
    assert went(courier()) == ["delivered 2"], "what was not recorded is not known"
    assert went(courier()) == []
    (recorded,) = book.read().values()
    assert (recorded.state, recorded.address, recorded.detail) == (
        "delivered",
        TO.address,
        "acknowledged by the broker",
    )
    records = list(clients.read(here.settings, here.topic(TO.address)))
    assert len(records) == 2, "sent once more after the crash"
    assert {(record.key, dict(record.headers)["idempotency-key"]) for record in records} == {
        (key := next(iter(book.read())).encode(), key)
    }
    assert {record.value for record in records} == {records[0].value}


def test_a_topic_that_is_not_there_is_said_and_tried_again(install: Install) -> None:
    """Promise: a receiver's mistake ends no process and no other delivery."""
    here = install(TERMS)
    here.apply()
    book = Book(here.settings)
    courier = Courier({"kafka": OnTopic(here.settings)}, lambda *_: DOCUMENT, book.write, {})
    (said,) = asyncio.run(courier.round([STATEMENT], TERMS))
    assert said.state == "failed"
    assert "there is no topic" in said.detail


def test_a_signal_ends_it_in_order(install: Install) -> None:
    """Promise: a supervisor's SIGTERM ends it at once between two looks, and is no failure."""
    here = install(TERMS)
    here.apply()
    (contract,) = (here.folder / "contracts").iterdir()
    contract.write_text(f"vendor: acme\ndelivery: {{to: [{{kind: kafka, address: {TO.address}}}]}}\n")
    words = here.command("deliver", "--contracts", str(contract.parent), "--every", "1h")
    key = {"UNDERTOW_PSEUDONYM_KEY": "a key for tests, 0123456789abcdef"}
    log = here.folder / "deliver.log"
    with log.open("wb") as out:
        process = subprocess.Popen(words, stderr=out, env=os.environ | key)
    try:
        here.until(lambda: b'"receivers": {"acme": 1}' in log.read_bytes(), "it says what it does")
        process.terminate()
        assert process.wait(10) == exits.OK, log.read_text()
    finally:
        process.kill()
