"""Bad input never kills a worker and never vanishes: a dead letter with the original bytes, a reason, and a way back."""

from __future__ import annotations

import json
from collections.abc import Mapping

from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient

from integration.conftest import Install
from integration.installation import Installation
from undertow import clients
from undertow.clients import Publisher
from undertow.domain.agreement.contract import Contract
from undertow.stages import letters
from undertow.topics import DEAD_LETTERS, TICKETS

ACME = {"acme": Contract(vendor="acme")}
LARGE = 5 * 1024 * 1024


def opened(number: int, vendor: str = "acme", **changes: object) -> bytes:
    """A ticket event, right but for the changes (None removes a key of the envelope)."""
    event: dict[str, object] = {
        "specversion": "1.0",
        "type": "undertow.ticket.opened",
        "source": "/acme",
        "id": f"e{number}",
        "time": "2026-03-01T09:00:00Z",
        "data": {"vendor": vendor, "ticket": f"T{number}", "customer": f"C{number}", "topic": "billing"},
    }
    event |= changes
    return json.dumps({key: value for key, value in event.items() if value is not None}).encode()


BAD: Mapping[str, tuple[bytes | None, str, str]] = {
    "not JSON": (b"{half an eve", "not_json", "$"),
    "not UTF-8": (opened(0).replace(b"C0", b"\xff\xfe"), "not_json", "$"),
    "wrong type": (opened(1, time=5), "wrong_value", "$.time"),
    "missing customer": (opened(2, data={"vendor": "acme", "ticket": "T2"}), "missing_field", "$.data.customer"),
    "unknown event type": (opened(3, type="acme.ticket.sneezed"), "unknown_type", "$.type"),
    "5 MB value": (opened(4, padding="x" * LARGE), "too_large", "$"),
    "the year 0001": (opened(5, time="0001-01-01T00:00:00Z"), "time_out_of_range", "$.time"),
    "the year 9999": (opened(6, time="9999-12-31T23:59:59Z"), "time_out_of_range", "$.time"),
    "unknown vendor": (opened(7, vendor="nobody"), "unknown_vendor", "$.data.vendor"),
    "tombstone": (None, "empty", "$"),
}


def prepared(install: Install) -> Installation:
    """Topics whose source takes large records, as a vendor's may."""
    here = install(ACME)
    admin = KafkaAdminClient(**here.settings.broker.client())
    wanted = {"num_partitions": 3, "replication_factor": 1, "configs": {"max.message.bytes": str(2 * LARGE)}}
    admin.create_topics({here.topic(TICKETS): wanted})
    admin.close()
    here.apply()
    return here


def test_each_bad_record_becomes_a_letter_and_the_good_ones_around_it_count(install: Install) -> None:
    """Each kind of bad record between good ones: one letter each with bytes, reason and field; the worker goes on."""
    here = prepared(install)
    worker = here.worker()
    with Publisher(here.settings) as publisher:
        for number, (value, _, _) in enumerate(BAD.values()):
            publisher.send(here.topic(TICKETS), opened(100 + number), key=b"\xff\xfe not UTF-8", partition=0)
            publisher.send(here.topic(TICKETS), value, key=b"bad", partition=0)
    here.drained(2 * len(BAD))
    assert worker.process.poll() is None
    assert worker.total("undertow_tickets_kept") == len(BAD), "a key that is not UTF-8 is not read, so it harms nothing"
    found = [
        letters.read(record.value, record.headers) for record in clients.read(here.settings, here.topic(DEAD_LETTERS))
    ]
    assert [(letter.value, letter.reason, letter.field) for letter in found] == list(BAD.values())
    assert [(letter.topic, letter.partition, letter.offset) for letter in found] == [
        (here.topic(TICKETS), 0, 2 * place + 1) for place in range(len(BAD))
    ]
    rejected = {labels[1]: n for labels, n in worker.samples("undertow_feed_rejected_total").items() if n}
    assert sum(rejected.values()) == len(BAD)
    assert rejected["time_out_of_range"] == 2
    assert worker.stop() == 0


def test_letters_are_listed_and_replayed_after_the_cause_is_fixed(install: Install) -> None:
    """An unknown vendor's events wait as letters; with its contract they are sent back and count, once."""
    here = prepared(install)
    worker = here.worker()
    with Publisher(here.settings) as publisher:
        for number in range(3):
            publisher.send(here.topic(TICKETS), opened(number, vendor="newcomer"), partition=number)
        publisher.send(here.topic(TICKETS), b"{", partition=0)
    here.drained(4)
    assert sorted(letter["reason"] for letter in here.letters()) == ["not_json", *["unknown_vendor"] * 3]
    assert worker.stop() == 0
    here.contract({**ACME, "newcomer": Contract(vendor="newcomer")})
    again = here.worker()
    assert "would be sent back" in here.run("dlq", "replay", "--reason", "unknown_vendor", "--dry-run").stdout
    assert "3 letters were sent back" in here.run("dlq", "replay", "--reason", "unknown_vendor").stdout
    assert "0 letters were sent back" in here.run("dlq", "replay", "--reason", "unknown_vendor").stdout
    here.drained(3)
    assert again.total("undertow_tickets_kept") == 3
    assert [letter["reason"] for letter in here.letters()] == ["not_json"], "replayed ones no longer wait"


def test_compressed_topics_are_read_by_worker_and_replay(install: Install) -> None:
    """A vendor chooses the compression: each of Kafka's codecs must be readable, by aiokafka and by kafka-python."""
    here = install(ACME)
    here.apply()
    worker = here.worker()
    embedded = here.settings.broker.kind == "embedded"
    codecs = ("gzip", "snappy", "lz4", "zstd")
    for start, codec in enumerate(codecs):
        producer = KafkaProducer(
            **here.settings.broker.client(), compression_type=codec, linger_ms=50, enable_idempotence=not embedded
        )
        for number in range(50):
            producer.send(here.topic(TICKETS), opened(50 * start + number))
        producer.close()
    here.drained(50 * len(codecs))
    assert worker.total("undertow_tickets_kept") == 50 * len(codecs)
    told = here.run("replay", "all", "--contracts", str(here.folder / "contracts"), "--json").stdout
    assert json.loads(told)["vendors"]["acme"]["tickets"] == 50 * len(codecs)


def test_a_feed_that_is_wholly_wrong_stops_the_worker_and_commits_nothing_of_it(install: Install) -> None:
    """Beyond the run of refusals the worker exits with code 4; with the limit raised, every record becomes a letter."""
    here = install(ACME)
    here.apply()
    worker = here.worker("--reject-run", "20")
    with Publisher(here.settings) as publisher:
        for number in range(60):
            publisher.send(here.topic(TICKETS), b"{", partition=number % 3)
    here.until(lambda: worker.process.poll() is not None, "the worker stops")
    assert worker.process.returncode == 4, worker.tail()
    assert "--reject-run" in worker.log.read_text()
    assert not here.letters()
    patient = here.worker("--reject-run", "1000")
    here.drained(60)
    assert len(here.letters()) == 60
    assert patient.stop() == 0


class Foreign(str):
    """The name of a header as clients in other languages may write it: bytes that are no UTF-8."""

    def encode(self, *_: str) -> bytes:  # type: ignore[override]
        return b"stra\xdfe"


def test_a_header_s_name_that_is_no_utf_8_stops_nobody(install: Install) -> None:
    """Both clients fail on the whole fetch there. The event counts, as do those around it; a bad one is a letter that is listed,
    replayed and read by every command."""
    here = install(ACME)
    here.apply()
    worker = here.worker()
    embedded = here.settings.broker.kind == "embedded"
    producer = KafkaProducer(**here.settings.broker.client(), linger_ms=100, enable_idempotence=not embedded)
    for number, (value, name) in enumerate(
        [(opened(0), "fine"), (opened(1), Foreign("x")), (b"{", Foreign("x")), (opened(2), "fine")]
    ):
        producer.send(here.topic(TICKETS), value, headers=[(name, b"%d" % number)], partition=0)
    producer.close()
    here.drained(4)
    assert worker.total("undertow_tickets_kept") == 3
    (letter,) = [
        letters.read(record.value, record.headers) for record in clients.read(here.settings, here.topic(DEAD_LETTERS))
    ]
    assert (letter.offset, letter.reason, letter.value) == (2, "not_json", b"{")
    assert letter.headers == [("stra\\xdfe", b"2")]
    assert "1 letter was sent back" in here.run("dlq", "replay").stdout
    told = here.run("replay", "all", "--contracts", str(here.folder / "contracts"), "--json").stdout
    assert json.loads(told)["vendors"]["acme"]["tickets"] == 3
    assert worker.stop() == 0
