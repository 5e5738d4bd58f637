"""Brokers for every test that needs one, started once a process and skipped visibly where none can run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from brokers.apache import ApacheKafka, Unavailable
from brokers.client import Broker, Client
from undertow.embedded import EmbeddedBroker, EmbeddedUnavailable

# a busy machine must not fail a test: what something costs is told by tests/bench
settings.register_profile("undertow", deadline=None)
settings.load_profile("undertow")


@pytest.fixture(scope="session")
def embedded() -> Iterator[EmbeddedBroker]:
    """The embedded broker."""
    broker = EmbeddedBroker()
    try:
        broker.start()
    except EmbeddedUnavailable as exc:
        pytest.skip(str(exc))
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def apache() -> Iterator[ApacheKafka]:
    """A node of Apache Kafka."""
    broker = ApacheKafka()
    try:
        broker.start()
    except Unavailable as exc:
        pytest.skip(str(exc))
    yield broker
    broker.stop()


@pytest.fixture(
    params=[pytest.param("embedded", marks=pytest.mark.broker), pytest.param("apache", marks=pytest.mark.broker)]
)
def broker(request: pytest.FixtureRequest) -> Broker:
    """Each kind of broker in turn."""
    found: Broker = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def client(broker: Broker) -> Iterator[Client]:
    """A client of `broker`."""
    found = Client(broker)
    yield found
    found.close()
