"""`undertow worker --instance-id`: the command as a supervisor sees it. The rules are tested in tests/engine/test_seats.py."""

from __future__ import annotations

import pytest

from integration.conftest import Install
from integration.test_feeds import CONTRACT, TOPIC, rows
from integration.test_worker import ACME, event
from undertow import admin, exits
from undertow.clients import Publisher
from undertow.topics import TICKETS

pytestmark = [pytest.mark.parametrize("broker", [pytest.param("apache", marks=pytest.mark.broker)], indirect=True)]
SEAT = ("--instance-id", "undertow-0", "--session-timeout", "6")


def test_of_two_workers_with_one_id_the_older_ends_with_a_plain_reason(install: Install) -> None:
    """Exit code 1 and what to change; the newer one goes on alone and counts each event once."""
    here = install(ACME)
    here.apply()
    older = here.worker(*SEAT)
    with Publisher(here.settings) as publisher:
        for number in range(20):
            publisher.send(here.topic(TICKETS), event(number, "ticket.opened", 0))
    here.until(lambda: older.total("undertow_tickets_kept") == 20, "the events are read")
    newer = here.worker(*SEAT, ready=False)
    assert older.process.wait(40) == exits.FAILED
    assert "another worker joined with the same --instance-id" in older.tail()
    with Publisher(here.settings) as publisher:
        for number in range(10, 30):
            publisher.send(here.topic(TICKETS), event(number, "ticket.opened", 0))
    here.until(lambda: newer.get("/readyz")[0] == 200 and newer.total("undertow_tickets_kept") == 30, "30 tickets")
    assert newer.stop() == exits.OK


def test_a_topic_that_a_contract_names_by_now_is_read_after_a_restart(install: Install) -> None:
    """Within the session: a seat alone would bring the partitions of before, and the new feed would be read by nobody."""
    here = install(ACME)
    here.apply()
    assert here.worker(*SEAT).stop() == exits.OK
    (only,) = (here.folder / "contracts").iterdir()
    only.write_text(CONTRACT)
    here.own = (TOPIC,)
    admin.apply(here.settings, [TOPIC])
    again = here.worker(*SEAT)
    with Publisher(here.settings) as publisher:
        (first, *_) = rows()
        publisher.send(here.topic(TOPIC), first)
    here.until(lambda: again.total("undertow_feed_consumed_total") == 1, "the new topic is read")
