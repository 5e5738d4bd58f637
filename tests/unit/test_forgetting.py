"""The right to erasure: what of a customer is found, what brings nobody back, and what the receipt says of the rest."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from kafka.errors import TopicAuthorizationFailedError

from undertow import admin
from undertow.cli import kept
from undertow.cli.kept import Search
from undertow.clients import KafkaUnavailable
from undertow.domain.agreement.contract import Contract
from undertow.domain.tickets.facts import Fact, Merged, Opened, Place, Seen, StatusChanged
from undertow.settings import Settings
from undertow.stages import letters
from undertow.stages.casebook import Casebook
from undertow.stages.intake import DeadLetter
from undertow.stages.letters import Letter
from undertow.stages.records import Entry, Record
from undertow.stages.rows import CustomerRow, TicketRow, customer_key, encode, forgotten_key, ticket_key
from undertow.topics import DAY_MS, registry

NOW = 1_790_000_000.0
CONTRACTS = {"acme": Contract(vendor="acme", keep_all=True)}


def fact(time: float, arrived: float, id: str = "e1") -> Entry:
    seen = Seen(Fact(time, 0, time, id, "/a", Opened("bill")), Place("vendor.tickets", 0, 1, arrived))
    return Entry("acme", "ann@example.org", "T1", seen)


def letter(value: bytes | None, *headers: tuple[str, bytes], detail: str = "x") -> Letter:
    made = letters.record_of(DeadLetter(Record("acme.log", 0, 5, 0, value, headers), "unmapped", "$", detail))
    return letters.read(made[1], made[2])


def found(customer: str, *some: Letter) -> int:
    return len(list(Search(Settings(), customer).letters(some)))


@pytest.mark.parametrize(
    ("entry", "back"),
    [
        (fact(NOW - 1, NOW - 1), False),
        (fact(NOW - 1, NOW + 60), False),
        (fact(NOW + 7200, NOW - 1), False),
        (fact(4_000_000_000.0, NOW), False),
        (fact(NOW + 60, NOW + 60), True),
        (fact(NOW + 60, 0.0), True),
    ],
    ids=["before", "sent again", "a clock two hours ahead", "the year 2096", "later", "later, of no broker"],
)
def test_what_stood_on_a_topic_when_the_customer_was_forgotten_brings_nobody_back(entry, back):
    """Promise: a source that is read again is read by when the broker took it, too: events dated ahead would else come back."""
    rows = {
        forgotten_key("ann@example.org"): Casebook(0, CONTRACTS, {}).forget("ann@example.org", NOW).rows.popitem()[1]
    }
    done = Casebook(0, CONTRACTS, rows).fold([entry])
    assert (ticket_key("acme", "ann@example.org", "T1") in done.rows, done.forgotten) == (back, int(not back))


@pytest.mark.parametrize(
    ("customer", "value", "named"),
    [
        ("361234567", b'{"requester_id": 361234567}', True),
        ("361234567", b'{"requester_id": 3612345678}', False),
        ("361234567", b"T1;361234567;neu", True),
        ("361234567", b"T1;1361234567;neu", False),
        ("ann@example.org", b'{"comment": "mail from ann@example.org, angry"}', True),
        ("ann@example.org", b'{"comment": "mail from joann@example.org"}', False),
        ("ann@example.org", b'{"comment": "ann@example.organic is another"}', False),
        ("ann@example.org", b'{"comment": "ann@example.org.au is another"}', False),
        ("ann@example.org", b'{"comment": "Write to ann@example.org."}', True),
        ("ann@example.org", b'{"ann@example.org": 1}', True),
        ("ann@example.org", b"{half an eve ann@example.org", True),
        ("ann", b'{"who": {"name": "ann"}}', True),
        ("ann", b'{"who": "ann", ', True),
        ("ann", b'{"said": "ann is late"}', False),
        ("5", b'{"minutes": 5}', False),
        ("ann@example.org", None, False),
    ],
)
def test_a_letter_is_found_by_what_stands_in_it(customer, value, named):
    """Promise: a number, a cell, an address within a text is a name, too; a short one within something longer is not."""
    assert found(customer, letter(value)) == named


def test_headers_and_the_reason_are_looked_at_as_well():
    """Promise: a letter is all that stands in it."""
    assert found("ann@example.org", letter(b"{}", ("ce_subject", b"ann@example.org"))) == 1
    assert found("ann@example.org", letter(b"{}", detail="'ann@example.org' is not in the map")) == 1


def test_a_letter_that_carries_nothing_is_told_by_its_original(monkeypatch):
    """Promise: of a late fact the letter has the ticket's number alone; whose it is stands where it was read."""
    key, value, headers = letters.record_of_fact(fact(1.0, 1.0), "too_late")
    late = letters.read(value, headers)
    original = SimpleNamespace(value=b'{"customer": "ann@example.org"}', headers=[], partition=0, offset=1)
    monkeypatch.setattr(kept.clients, "fetch_all", lambda *_: iter([original]))
    assert (found("ann@example.org", late), found("bea@example.org", late)) == (1, 0)
    assert key == b"vendor.tickets/0/1"


def test_whoever_it_was_merged_with_is_told(monkeypatch):
    """Promise: the name in another customer's row is not passed over in silence."""
    merge = Seen(Fact(1.0, 0, 1.0, "m", "/crm", Merged("ann@example.org", "bea")), Place("customer.activity", 0, 3))
    other = Seen(Fact(1.0, 0, 1.0, "s", "/a", StatusChanged("open", "agent")), Place("vendor.tickets", 0, 4))
    log = {
        customer_key("bea"): encode(CustomerRow([merge], b"", b"")),
        customer_key("cy"): encode(CustomerRow([other], b"", b"")),
        customer_key("dan"): encode(CustomerRow([], b"\0\0\1", b"")),
        ticket_key("acme", "bea", "T1"): encode(TicketRow([other])),
    }
    read = {"undertow-casebook-changelog": [SimpleNamespace(key=key, value=value) for key, value in log.items()]}
    monkeypatch.setattr(kept.clients, "read", lambda _, topic: iter(read.get(topic, ())))
    there = Search(Settings(), "ann@example.org").look()
    assert (there.merged, there.nothing) == (["bea"], True)


def test_answers_that_name_it_are_counted(monkeypatch):
    """Promise: what stands on vendor.disputes for good is said."""
    head = {"specversion": "1.0", "id": "d", "source": "/p", "time": "2026-03-01T09:00:00Z"}
    data = {"vendor": "acme", "finding": "0" * 16, "ticket": "T1", "by": "Kim", "answer": "accept"}
    values = [
        json.dumps({**head, "type": "undertow.dispute.answered", "data": {**data, "customer": whose}}).encode()
        for whose in ("ann@example.org", "bea", None)
    ]
    told = [SimpleNamespace(value=value, headers=[]) for value in (*values, b"{", None)]
    monkeypatch.setattr(kept.clients, "read", lambda *_: iter(told))
    assert Search(Settings(), "ann@example.org").answers() == 1


@pytest.mark.parametrize("error", [KafkaUnavailable("no"), TopicAuthorizationFailedError("no")])
def test_who_may_not_read_answers_erases_all_the_same(monkeypatch, error):
    """Promise: the order is given; only the count is missing, and that is said."""

    def refuse(*_):
        raise error

    monkeypatch.setattr(kept.clients, "read", refuse)
    monkeypatch.setattr(kept.clients, "fetch_all", refuse)
    late = letters.read(*letters.record_of_fact(fact(1.0, 1.0), "too_late")[1:])
    assert Search(Settings(), "ann@example.org").answers() is None
    assert found("ann@example.org", late) == 0


def test_what_is_erased_is_gone_from_disks_in_bounded_time():
    """Promise: a quiet topic is compacted, too; one that is not set so is named as such."""
    names = {"undertow-casebook-changelog", "undertow.findings", "undertow.cells", "undertow.dead-letters"}
    lags = {topic.name: dict(topic.config).get("max.compaction.lag.ms") for topic in registry(Settings())}
    assert {lags[name] for name in names} == {str(7 * DAY_MS)}
    assert admin._compaction({"max.compaction.lag.ms": str(7 * DAY_MS), "delete.retention.ms": str(DAY_MS)}).startswith(
        "within 7 days"
    )
    assert "topics apply" in admin._compaction({"max.compaction.lag.ms": str(2**63 - 1)})
