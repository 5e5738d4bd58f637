"""How a worker leaves when nobody is there to say goodbye to."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from integration.installation import Installation
from integration.test_worker import ACME, event
from undertow import exits
from undertow.clients import Publisher
from undertow.embedded import EmbeddedBroker, EmbeddedUnavailable
from undertow.topics import TICKETS

pytestmark = pytest.mark.broker
WITHIN = 4.0


def test_a_worker_whose_broker_is_gone_for_good_leaves_within_its_bound(tmp_path: Path) -> None:
    """Promise: a supervisor need not kill it; what it could not commit is read again."""
    broker = EmbeddedBroker()
    try:
        broker.start()
    except EmbeddedUnavailable as why:
        pytest.skip(str(why))
    try:
        here = Installation(broker, tmp_path, ACME)
        here.apply()
        worker = here.worker("--leave-within", f"{WITHIN:g}")
        with Publisher(here.settings) as publisher:
            publisher.send(here.topic(TICKETS), event(1, "ticket.opened", 0))
        here.until(lambda: worker.total("undertow_feed_consumed_total") == 1, "the event is read")
    finally:
        broker.stop()
    time.sleep(2)
    begun = time.monotonic()
    worker.process.terminate()
    try:
        code = worker.process.wait(30)
    finally:
        worker.process.kill()
    assert (code, time.monotonic() - begun < WITHIN + 5) == (exits.FAILED, True), worker.tail()
    assert "is the broker gone?" in worker.tail()
