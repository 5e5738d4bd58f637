"""Intake: what becomes an entry, a period claim or a dead letter, and where entries go."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import get_args

import msgspec
import pytest

from undertow import events as e
from undertow import wire
from undertow.domain.counting.ledger import PeriodClaim
from undertow.domain.tickets import facts as f
from undertow.domain.tickets.facts import Place
from undertow.stages.intake import _BODY, Intake, entry_of
from undertow.stages.records import Record, casebook_partition

NOON = datetime(2024, 3, 30, 12, tzinfo=UTC)
DAY = 86_400


def opened(ticket: str = "1", customer: str | None = "ann", vendor: str = "acme", **head) -> e.TicketOpened:
    data = e.OpenedData(vendor=vendor, ticket=ticket, customer=customer, topic="bill")
    return e.TicketOpened(**{"specversion": "1.0", "id": f"o{ticket}", "source": "/a", "time": NOON, **head}, data=data)


def record(value: e.Event | bytes | None, offset: int = 0, after: float = 0.0) -> Record:
    content = value if value is None or isinstance(value, bytes) else wire.encode(value)
    return Record("vendor.tickets", 2, offset, int((NOON.timestamp() + after) * 1000), content)


def take(*records: Record, partitions: int = 4):
    return Intake({"acme", "zenith"}, partitions).take(records)


def test_an_event_becomes_an_entry_that_knows_where_it_was_read():
    """Promise: nothing of the event that the domain needs is lost, and the evidence is kept."""
    event = opened(sequence="17", recordedtime=NOON + timedelta(hours=1))
    entries = take(record(event, offset=9)).entries
    assert [len(some) for some in entries.values()] == [1]
    (entry,) = next(iter(entries.values()))
    assert (entry.vendor, entry.customer, entry.ticket) == ("acme", "ann", "1")
    assert entry.seen.place == Place("vendor.tickets", 2, 9, NOON.timestamp())
    now = NOON.timestamp()
    assert entry.seen.fact == f.Fact(now, 17, now + 3600, "o1", "/a", f.Opened("bill", None, None))


def test_a_fact_without_a_recorded_time_was_recorded_when_it_happened():
    """Promise: the default is the event's own time, and sequence 0."""
    fact = entry_of(opened(), Place("t", 0, 0)).seen.fact
    assert (fact.recorded, fact.sequence) == (NOON.timestamp(), 0)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "empty"),
        (b"{", "not_json"),
        (b"\xff", "not_json"),
        (b"x" * (wire.MAX_EVENT_BYTES + 1), "too_large"),
        (b'{"type":"com.example"}', "unknown_type"),
    ],
)
def test_bad_input_is_a_letter_and_stops_nothing(value, reason):
    """Promise: one bad record costs itself alone; its original stands in the letter."""
    bad = record(value, offset=1)
    taken = take(record(opened("1")), bad, record(opened("2"), offset=2))
    assert [(letter.record, letter.reason) for letter in taken.letters] == [(bad, reason)]
    assert sum(map(len, taken.entries.values())) == 2
    assert (taken.feeds["unknown"].consumed, taken.feeds["unknown"].rejected) == (1, 1)
    assert (taken.feeds["acme"].consumed, taken.feeds["acme"].rejected) == (2, 0)


def test_a_vendor_without_a_contract_is_refused():
    """Promise: what was never agreed cannot be judged; the letter names the vendor."""
    taken = take(record(opened(vendor="stranger")))
    (letter,) = taken.letters
    assert (letter.reason, letter.field) == ("unknown_vendor", "$.data.vendor")
    assert "'stranger'" in letter.detail
    assert not taken.entries
    assert set(taken.feeds) == {"unknown"}


def test_period_claims_go_to_the_ledger_and_not_to_a_casebook():
    """Promise: a period belongs to no customer."""
    data = e.PeriodClaimData(
        vendor="acme", measure="sla", first_day=date(2024, 1, 1), last_day=date(2024, 1, 31), met=9, total=10
    )
    taken = take(record(e.PeriodClaimed(specversion="1.0", id="p", source="/a", time=NOON, data=data)))
    assert taken.claims == [PeriodClaim("acme", "sla", 19_723, 19_753, 9, 10, NOON.timestamp(), "p")]
    assert (dict(taken.entries), taken.letters) == ({}, [])


def test_all_of_a_customer_goes_to_one_partition_whatever_the_vendor_or_ticket():
    """Promise: a customer's tickets and own facts meet in one casebook, and the partition is fixed for good."""
    segment = e.CustomerSegmentChanged(
        specversion="1.0", id="s", source="/crm", time=NOON, data=e.SegmentChangedData(customer="ann", segment="gold")
    )
    taken = take(record(opened("1")), record(opened("2", vendor="zenith")), record(segment), partitions=64)
    assert list(taken.entries) == [casebook_partition("ann", 64)] == [51]


def test_tickets_without_a_customer_are_spread_by_ticket():
    """Promise: strangers are not one giant customer, and all facts of one such ticket still meet."""
    many = [record(opened(str(n), customer=None)) for n in range(40)]
    first, again = take(*many, partitions=8), take(*many, partitions=8)
    assert len(first.entries) == 8
    assert first.entries == again.entries
    assert casebook_partition("acme\0" + "1", 8) in first.entries


def test_company_events_are_counted_as_the_company_s():
    """Promise: what no vendor said is no vendor's feed."""
    active = e.CustomerActive(specversion="1.0", id="a", source="/shop", time=NOON, data=e.ActiveData(customer="ann"))
    assert set(take(record(active)).feeds) == {"company"}


def test_a_fact_names_a_ticket_only_together_with_the_vendor_who_numbered_it():
    """Promise: a ticket number alone is nobody's ticket: the fact stays the customer's."""
    data = e.MoneyData(customer="ann", ticket="1", amount=5, currency="EUR")
    head = {"specversion": "1.0", "id": "r", "source": "/shop", "time": NOON}
    alone = entry_of(e.CustomerRefunded(**head, data=data), Place("t", 0, 0))
    assert (alone.vendor, alone.ticket) == (None, None)
    named = e.MoneyData(customer="ann", ticket="1", vendor="acme", amount=5, currency="EUR")
    both = entry_of(e.CustomerRefunded(**head, data=named), Place("t", 0, 0))
    assert (both.vendor, both.ticket) == ("acme", "1")


def test_activity_and_segment_are_the_customer_s_even_where_they_name_a_ticket():
    """Promise: a segment told together with a ticket still counts for the customer's other tickets."""
    head = {"specversion": "1.0", "id": "s", "source": "/crm", "time": NOON}
    named = {"customer": "ann", "ticket": "1", "vendor": "acme"}
    for event in (
        e.CustomerSegmentChanged(**head, data=e.SegmentChangedData(**named, segment="gold")),
        e.CustomerActive(**head, data=e.ActiveData(**named)),
    ):
        entry = entry_of(event, Place("t", 0, 0))
        assert (entry.vendor, entry.customer, entry.ticket) == (None, "ann", None)


def test_a_closed_ticket_is_a_status():
    """Promise: the two ways to say closed are one fact."""
    data = e.ClosedData(vendor="acme", ticket="1", customer="ann", actor=e.Actor(kind="agent"))
    event = e.TicketClosed(specversion="1.0", id="c", source="/a", time=NOON, data=data)
    assert entry_of(event, Place("t", 0, 0)).seen.fact.body == f.StatusChanged("closed", "agent")


def test_a_cause_and_who_did_it_reach_the_facts():
    """Promise: what patterns are judged by: the cause of a solve, who opened a ticket, who changed its priority."""
    ids = {"vendor": "acme", "ticket": "1", "customer": "ann", "actor": e.Actor(kind="agent")}
    head = {"specversion": "1.0", "id": "c", "source": "/a", "time": NOON}
    events = (
        e.TicketStatusChanged(**head, data=e.StatusChangedData(**ids, to="solved", cause="defect")),
        e.TicketClosed(**head, data=e.ClosedData(**ids, reason="no answer", cause="misuse")),
        e.TicketOpened(**head, data=e.OpenedData(**ids, topic="bill")),
        e.TicketPriorityChanged(**head, data=e.PriorityChangedData(**ids, to="low")),
    )
    assert [entry_of(event, Place("t", 0, 0)).seen.fact.body for event in events] == [
        f.StatusChanged("solved", "agent", "defect"),
        f.StatusChanged("closed", "agent", "misuse"),
        f.Opened("bill", None, None, "agent"),
        f.PriorityChanged("low", "agent"),
    ]


def test_a_fact_written_before_causes_were_known_is_read_as_it_was():
    """Promise: rows and parcels of an older version are read: nobody known, no cause."""
    old = [[2, "solved", "agent"], [0, "bill", "gold", "high"], [4, "low"]]
    solved, opened, lowered = (
        f.StatusChanged("solved", "agent"),
        f.Opened("bill", "gold", "high"),
        f.PriorityChanged("low"),
    )
    expected: list[f.Body] = [solved, opened, lowered]
    assert [msgspec.msgpack.decode(msgspec.msgpack.encode(one), type=f.Body) for one in old] == expected
    assert [solved.actor, opened.actor, lowered.actor] == ["agent", "unknown", "unknown"]


def test_what_was_imported_is_not_backdated():
    """Promise: the alert on backdated feeds stays quiet while a history comes in, as the pattern does."""
    records = [record(opened(str(days), time=NOON - timedelta(days=days))) for days in (10, 3)]
    imported = {"acme": (NOON - timedelta(days=5)).timestamp()}
    feed = Intake({"acme"}, 4, imported=imported).take(records).feeds["acme"]
    assert (feed.consumed, feed.backdated) == (2, 1)


def test_the_newest_arrival_is_the_broker_s_time_and_not_the_event_s():
    """Promise: a feed that is silent is told by when records came, whatever order they lie in."""
    feed = take(record(opened("1"), after=9.0), record(opened("2"), after=3.0)).feeds["acme"]
    assert feed.last_arrival == NOON.timestamp() + 9


def test_an_event_far_older_than_its_record_counts_as_backdated():
    """Promise: a day after the event is still in time, a second more is not; the newest event time is kept."""
    feed = take(record(opened("1"), after=DAY), record(opened("2"), after=DAY + 1), record(opened("3"))).feeds["acme"]
    assert (feed.consumed, feed.backdated, feed.last_event_time) == (3, 1, NOON.timestamp())


def test_every_event_type_has_a_fact():
    """Promise: an event that can be decoded can be folded; a new type without a fact is found here."""
    assert set(_BODY) == set(get_args(e.Event)) - {e.PeriodClaimed}
