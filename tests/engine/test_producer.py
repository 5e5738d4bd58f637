"""P1 to P3 on real brokers, in the test's own process."""

from __future__ import annotations

import asyncio
import ssl
import uuid

import faust
import pytest
from faust.exceptions import ImproperlyConfigured

from brokers.client import Broker, Client
from engine.harness import run
from undertow.agents.transport import EmbeddedTransport, Producer, PublishFailed, Transport, send_all


def written_when_flushed(broker: Broker, topic: str, scheme: str) -> bool:
    """Whether a message that was sent soon is written when the flush after it returns.

    The first one for a topic is on its way, in neither of Faust's and aiokafka's buffers, until metadata has come.
    """
    written = []

    async def body(app: faust.App, producer: Producer) -> None:
        channel = app.topic(topic, value_serializer="raw", key_serializer="raw")
        future = channel.send_soon(key=b"k", value=b"v")
        while producer.buffer.size:  # noqa: ASYNC110 - Faust's buffer has no event for it
            await asyncio.sleep(0)
        await producer.flush()
        written.append(future.done())
        await future

    run(broker, body, scheme=scheme)
    return written == [True]


def test_stock_flush_returns_with_a_write_on_its_way(broker: Broker, topic: str) -> None:
    """The offsets that are committed next then stand for a record that a crash takes away."""
    assert not written_when_flushed(broker, topic, "kafka")


def test_our_flush_waits_for_a_write_on_its_way(broker: Broker, topic: str) -> None:
    """P1."""
    assert written_when_flushed(broker, topic, broker.scheme)


def test_our_flush_returns_when_the_broker_has_every_record(broker: Broker, client: Client, topic: str) -> None:
    """P1, and the order of records within and across batches."""
    expected = [(b"k%d" % i, b"v" * 100 + b"%d" % i) for i in range(1000)]

    async def body(app: faust.App, producer: Producer) -> None:
        futures = await send_all(producer, topic, 0, ((k, v, [("h", b"1")]) for k, v in expected))
        assert len(futures) > 5, "several batches"
        await producer.flush()
        assert all(future.done() for future in futures)

    run(broker, body)
    found = client.read(topic, 0, 1000)
    assert [(record.key, record.value) for record in found] == expected
    assert found[0].headers == [("h", b"1")]


def test_a_record_above_the_batch_size_goes_alone_and_in_order(broker: Broker, client: Client, topic: str) -> None:
    sizes = [10, 50_000, 10, 900_000, 10]

    async def body(app: faust.App, producer: Producer) -> None:
        await send_all(producer, topic, 0, [(b"k", b"v" * size, []) for size in sizes])
        await producer.flush()

    run(broker, body)
    assert [len(record.value) for record in client.read(topic, 0, len(sizes))] == sizes


def test_a_record_above_the_request_size_fails_by_name_and_poisons(broker: Broker, topic: str) -> None:
    async def body(app: faust.App, producer: Producer) -> None:
        with pytest.raises(PublishFailed, match=r"b'huge' has 1000004 bytes"):
            await send_all(producer, topic, 0, [(b"huge", b"v" * 1_000_000, [])])
        with pytest.raises(PublishFailed):
            await producer.flush()

    run(broker, body)


@pytest.mark.broker
def test_a_record_that_the_broker_refuses_fails_this_flush_and_all_later_ones(apache: Broker) -> None:
    """P1: Faust logs the failure and goes on to commit. The embedded broker refuses nothing."""
    client = Client(apache)
    topic = f"t-{uuid.uuid4().hex[:8]}"
    client.create(topic, 1, max_message_bytes="2000")

    async def body(app: faust.App, producer: Producer) -> None:
        await send_all(producer, topic, 0, [(b"k", b"v" * 5000, [])])
        for _ in range(2):
            with pytest.raises(PublishFailed, match="MessageSizeTooLarge"):
                await producer.flush()

    run(apache, body)
    client.close()


def test_a_publish_that_raises_settles_its_future(broker: Broker, topic: str) -> None:
    """P3: with Faust's own buffer this flush would never return."""

    async def body(app: faust.App, producer: Producer) -> None:
        channel = app.topic(topic, value_serializer="raw", key_serializer="raw")
        future = channel.send_soon(key=b"k", value=b"v" * 2_000_000)
        with pytest.raises(PublishFailed, match="MessageSizeTooLarge"):
            await asyncio.wait_for(producer.flush(), 5)
        assert future.done()

    run(broker, body)


def test_a_message_sent_soon_is_waited_for(broker: Broker, client: Client, topic: str) -> None:
    """P1: Faust's flush gives up after a tenth of a second with messages still in its buffer."""

    async def body(app: faust.App, producer: Producer) -> None:
        channel = app.topic(topic, value_serializer="raw", key_serializer="raw")
        futures = [channel.send_soon(key=b"k", value=b"%d" % i) for i in range(500)]
        await producer.flush()
        assert all(future.done() for future in futures)

    run(broker, body)
    assert [record.value for record in client.read(topic, 0, 500)] == [b"%d" % i for i in range(500)]


def test_the_embedded_switch_turns_off_idempotence_and_nothing_else() -> None:
    assert (Transport.idempotent, Transport.verify_ends) == (True, False)
    assert (EmbeddedTransport.idempotent, EmbeddedTransport.verify_ends) == (False, True)
    for scheme, idempotent in (("undertow", True), ("undertow-embedded", False)):
        app = faust.App("p2", broker=f"{scheme}://127.0.0.1:1")
        assert app.producer._settings_extra() == {"acks": "all", "enable_idempotence": idempotent}


def test_credentials_reach_the_client_as_faust_gives_them() -> None:
    secure = faust.SASLCredentials(username="u", password="p", ssl_context=ssl.create_default_context())
    settings = []
    for scheme in ("kafka", "undertow"):
        app = faust.App("auth", broker=f"{scheme}://127.0.0.1:1", broker_credentials=secure)
        settings.append({**app.producer._settings_default(), **app.producer._settings_auth()})
    partitioners = [setting.pop("partitioner") for setting in settings]
    assert type(partitioners[0]) is type(partitioners[1])
    assert settings[0] == settings[1]
    assert settings[1]["sasl_plain_username"] == "u"


@pytest.mark.parametrize(
    "setting",
    [
        {"producer_threaded": True},
        {"producer_max_batch_size": 2_000_000},
        {"processing_guarantee": "exactly_once"},
        {"stream_wait_empty": False},
        {"table_standby_replicas": 1},
        {"consumer_auto_offset_reset": "latest"},
    ],
    ids=lambda setting: next(iter(setting)),
)
def test_a_setting_that_would_undo_a_rule_is_refused_by_name(setting: dict[str, object]) -> None:
    async def main() -> None:
        app = faust.App("refused", broker="undertow://127.0.0.1:1", **{"table_standby_replicas": 0} | setting)
        with pytest.raises(ImproperlyConfigured, match=next(iter(setting))):
            _ = app.producer, app.consumer

    asyncio.run(main())
