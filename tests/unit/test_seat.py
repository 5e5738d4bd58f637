"""The instance id of a static member: what it may be, and what it is made of."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from undertow import exits
from undertow.cli.main import cli
from undertow.topics import MAX_INSTANCE_ID, seat

TOPICS = {"vendor.tickets": 4, "undertow.casebook": 8}


def test_a_worker_that_reads_the_same_topics_comes_back_to_its_seat() -> None:
    """Whatever order they are told in; another id is another seat."""
    first = seat("undertow-0", TOPICS)
    assert first == seat("undertow-0", dict(reversed(TOPICS.items())))
    assert first.startswith("undertow-0.")
    assert first != seat("undertow-1", TOPICS)


def test_a_worker_that_reads_other_topics_takes_another_seat() -> None:
    """A seat comes with the partitions it had: nobody would be given those of a new topic, or of a grown one."""
    known = {seat("a", TOPICS), seat("a", {**TOPICS, "acme.tickets": 1}), seat("a", {**TOPICS, "vendor.tickets": 5})}
    assert len(known) == 3


@pytest.mark.parametrize("wrong", ["", "a b", "pod/0", "pöd", "a\n", "x" * (MAX_INSTANCE_ID + 1)])
def test_an_id_that_kafka_would_refuse_is_refused_before_anything_is_begun(wrong: str) -> None:
    """By topics' rules, with the place left that our part of it needs."""
    with pytest.raises(ValueError, match="letters, digits"):
        seat(wrong, TOPICS)
    run = CliRunner().invoke(cli, ["worker", "--instance-id", wrong])
    assert run.exit_code == exits.USAGE
    assert "--instance-id" in run.output
    assert len(seat("x" * MAX_INSTANCE_ID, TOPICS)) == 249


def test_the_embedded_broker_has_no_seats() -> None:
    """Said plainly, for nothing about them is shown there."""
    run = CliRunner().invoke(cli, ["worker", "--broker-kind", "embedded", "--instance-id", "a"])
    assert run.exit_code == exits.USAGE
    assert "needs Apache Kafka" in run.output
