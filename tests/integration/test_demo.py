"""The demo as a newcomer runs it: it finds the simulation's truth, and leaves nothing running."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import psutil
import pytest

from brokers.apache import ApacheKafka
from brokers.client import Client
from undertow.embedded import EmbeddedBroker

DEMO = [sys.executable, "-m", "undertow", "demo"]


def descendants(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


@pytest.mark.broker
@pytest.mark.parametrize("seed", [1, 7])
def test_the_demo_finds_the_truth_on_a_broker_of_its_own(embedded: EmbeddedBroker, seed: int) -> None:
    """``--once`` ends with exit code 0 only when every figure of every vendor is the simulation's, to the ticket."""
    done = subprocess.run(
        [*DEMO, "--once", "--speed", "12", "--seed", str(seed)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the figures are the truth" in done.stdout
    assert done.stdout.count("=") >= 4
    assert "spike   fading: more goes wrong" in done.stdout
    assert "precision" in done.stdout


@pytest.mark.broker
def test_the_demo_on_a_users_kafka_deletes_the_topics_it_made(apache: ApacheKafka) -> None:
    """Topics of a namespace of its own come and go; nothing else is touched."""
    client = Client(apache)
    before = client.topics()
    words = [*DEMO, "--once", "--speed", "60", "--days", "60", "--broker", apache.address]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    deadline = time.monotonic() + 10
    while client.topics() != before and time.monotonic() < deadline:
        time.sleep(0.2)
    assert client.topics() == before
    client.close()


@pytest.mark.broker
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_stopping_the_demo_leaves_no_process(embedded: EmbeddedBroker, ending: signal.Signals) -> None:
    """Ctrl-C, or a supervisor's signal: broker and worker are gone with it, and the exit code is 0."""
    demo = subprocess.Popen([*DEMO, "--speed", "1"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    deadline = time.monotonic() + 30
    while len(descendants(demo)) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    parts = descendants(demo)
    assert len(parts) == 2, "a broker and a worker"
    time.sleep(2)
    demo.send_signal(ending)
    told, _ = demo.communicate(timeout=40)
    assert demo.returncode == 0, told
    assert not psutil.wait_procs(parts, timeout=5)[1]
    assert "nothing is left running" in told
