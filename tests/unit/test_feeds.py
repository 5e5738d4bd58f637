"""Topics that contracts name: what one record of them becomes, and which contracts cannot be meant for a topic."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undertow import contracts, wire
from undertow.adapters import live, table
from undertow.contracts import BadContract
from undertow.domain.tickets.facts import Place
from undertow.settings import Settings
from undertow.stages.intake import Intake, Taken
from undertow.stages.records import Entry, Record
from undertow.stages.rereading.replay import Offline
from undertow.topics import SOURCES, declared, registry, sources

ROWS = """
vendor: acme
feeds:
  - topic: acme.log
    adapter: table
    mapping:
      file: {format: jsonl}
      ticket: "{case}"
      customer: "{who.name}"
      time: "{at}"
      when: {field: kind, not: noise}
      events:
        - type: ticket.opened
          when: {field: step, is: opened}
          data: {topic: "{product}"}
        - type: ticket.status_changed
          data: {to: {field: step, map: {opened: new, taken: open, done: solved, noted: null}}}
        - type: claim.ticket
          when: {field: met, present: true}
          data: {measure: sla, met: "{met}"}
"""
ROW: dict[str, Any] = {
    "case": "T1",
    "who": {"name": "ann"},
    "at": "2026-03-01T09:00:00Z",
    "product": "router",
    "step": "opened",
}
CELLS = """
vendor: acme
feeds:
  - topic: acme.log
    adapter: table
    mapping:
      file: {format: csv, columns: [case, who, at, step], delimiter: ";", encoding: cp1252}
      time_format: "%d.%m.%Y %H:%M"
      zone: Europe/Berlin
      ticket: "{case}"
      customer: "{who}"
      time: "{at}"
      events: [{type: ticket.status_changed, data: {to: {field: step, map: {neu: new, erledigt: solved}}}}]
"""
SPOKEN = "feeds: [{topic: acme.events, adapter: cloudevents}]"


def take(text: str, *values: bytes | None, topic: str = "acme.log", namespace: str = "", offset: int = 0) -> Taken:
    """The records of a topic, under a contract."""
    records = [Record(namespace + topic, 1, offset + place, 1_772_400_000_000, v) for place, v in enumerate(values)]
    return intake(text, namespace).take(records)


@cache
def intake(text: str, namespace: str) -> Intake:
    agreed = contracts.by_vendor([("a", contracts.parse(text, "a")), ("b", contracts.parse("vendor: zenith", "b"))])
    return Intake(agreed, 4, dialects=live.dialects(agreed, namespace))


def row(**changes: object) -> bytes:
    return json.dumps({**ROW, **changes}).encode()


def entries(taken: Taken) -> list[Entry]:
    return [entry for some in taken.entries.values() for entry in some]


def letter(taken: Taken) -> tuple[str, str]:
    """Reason and field of the only letter, of a span that says nothing else."""
    assert (entries(taken), taken.claims, taken.refused) == ([], [], [0])
    (only,) = taken.letters
    assert only.detail
    return only.reason, only.field


def event(kind: str = "ticket.opened", **data: object) -> bytes:
    said = {"vendor": "acme", "ticket": "T1", "customer": "ann"} | data
    said = {name: value for name, value in said.items() if value is not None}
    head = {"specversion": "1.0", "id": "e1", "source": "/a", "time": "2026-03-01T09:00:00Z"}
    return json.dumps({**head, "type": f"undertow.{kind}", "data": said}).encode()


# --- rows by a mapping


def test_one_row_becomes_every_event_whose_rule_holds_with_the_record_as_evidence():
    """Promise: vendor, customer and ticket are the mapping's; each fact stands where the record was read."""
    taken = take(ROWS, b"{", row(met="yes"), offset=7)
    found = entries(taken)
    assert [type(entry.seen.fact.body).__name__ for entry in found] == ["Opened", "StatusChanged", "Claimed"]
    assert {(entry.vendor, entry.customer, entry.ticket) for entry in found} == {("acme", "ann", "T1")}
    assert {entry.seen.place for entry in found} == {Place("acme.log", 1, 8, 1_772_400_000.0)}
    assert len({entry.seen.fact.id for entry in found}) == len(found)
    assert (taken.feeds["acme"].consumed, taken.feeds["acme"].rejected) == (1, 0)
    assert taken.refused == [0]


def test_a_record_that_comes_again_says_the_same_facts():
    """Promise: ids are made of the row, not of its place, so redelivery is a repeat; another row is another event."""
    once, again = entries(take(ROWS, row(), row(step="done"))), entries(take(ROWS, row(), row(step="done"), offset=50))
    assert [entry.seen.fact for entry in once] == [entry.seen.fact for entry in again]
    assert len({entry.seen.fact.id for entry in once}) == 3


@pytest.mark.parametrize(
    ("text", "value"), [(ROWS, row(met=False)), (CELLS, b"T1;Zo\xeb;01.03.2026 09:00;erledigt\r\n")]
)
def test_a_row_says_on_a_topic_what_it_says_in_a_file(tmp_path, text, value):
    """Promise: the same events under the same ids, so that an import of the history and the topic may overlap."""
    agreed = contracts.parse(text, "a")
    path = tmp_path / "rows"
    path.write_bytes(value)
    (told,) = table.Table(agreed.feeds[0].mapping, "acme").told(path)
    assert not told.bad
    decode = live.dialects({"acme": agreed})["acme.log"].decode
    assert list(decode(value, ())) == [said for said, _ in told.said]


def test_a_row_that_says_nothing_is_read_and_counted_as_its_vendors():
    """Promise: neither the condition at the top nor a map to null is a mistake."""
    taken = take(ROWS, row(kind="noise", at="never"), row(step="noted"))
    assert (entries(taken), taken.letters) == ([], [])
    assert {name: counts.consumed for name, counts in taken.feeds.items()} == {"acme": 2}


@pytest.mark.parametrize(
    ("value", "reason", "field"),
    [
        (None, "empty", "$"),
        (b"{half a row", "not_json", "$"),
        (b'{"case": "\xff"}', "not_json", "$"),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "not_json", "$"),
        (b" " * (wire.MAX_EVENT_BYTES + 1), "too_large", "$"),
        (row(step="sneezed"), "unmapped", "step"),
        (row(at="soon"), "unmapped", "at"),
        (row(who={"name": ["ann"]}), "unmapped", "who.name"),
        (row(case=None), "unmapped", "case"),
        (row(at="1970-01-01T00:00:00Z"), "time_out_of_range", "at"),
        (row(case="x" * 300), "wrong_value", "case"),
        (row(kind=[1]), "unmapped", "kind"),
        (b"5", "unmapped", "step"),
    ],
)
def test_a_row_that_fails_is_a_letter_with_the_column(value, reason, field):
    """Promise: the reason is one that is documented, the field is the mapping's; nothing of the row is counted."""
    taken = take(ROWS, value)
    assert letter(taken) == (reason, field)
    assert reason in wire.REASONS
    assert {name: (counts.consumed, counts.rejected) for name, counts in taken.feeds.items()} == {"unknown": (1, 1)}


def test_a_customer_that_the_row_does_not_name_is_unknown():
    """Promise: a path that leads nowhere is no value, and null is how a ticket event says that nobody knows who it was."""
    assert {entry.customer for entry in entries(take(ROWS, row(who=["ann"])))} == {None}


def test_a_row_of_which_one_event_fails_says_none():
    """Promise: what became a letter was never counted, so it can be sent again as it is."""
    assert letter(take(ROWS, row(met="perhaps"))) == ("unmapped", "met")


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (b"", "$"),
        (b"T1;Ann;01.03.2026 09:00", "$"),
        (b"T1;Ann;01.03.2026 09:00;neu;x", "$"),
        (b"T1;Ann;01.03.2026 09:00;neu\nT2;Bob;01.03.2026 09:00;neu", "$"),
        (b"T1;Ann;2026-03-01;neu", "at"),
        (b"T1;Ann;01.03.2026 09:00;\x81", "step"),
    ],
)
def test_a_record_of_cells_is_one_row(value, field):
    """Promise: no row, several rows and other columns are refused whole."""
    assert letter(take(CELLS, value)) == ("unmapped", field)


def test_a_quoted_line_break_is_no_second_row():
    """Promise: a record is CSV as in a file."""
    (entry,) = entries(take(CELLS, b'"T\n1";Ann;01.03.2026 09:00;neu\n'))
    assert (entry.ticket, entry.seen.fact.time) == ("T\n1", 1_772_352_000.0)


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*ROW, "name", "met"]), inner, max_size=5)
    ),
)


@given(anything, st.booleans())
def test_whatever_comes_is_read_or_refused(value, broken):
    """Promise: no record can stop a worker."""
    said = json.dumps({**ROW, **value} if isinstance(value, dict) else value).encode("utf-8", "surrogatepass")
    taken = take(ROWS, said[: len(said) // 2] if broken else said)
    assert {one.reason for one in taken.letters} <= set(wire.REASONS)
    take(CELLS, said)


# --- CloudEvents on a vendor's own topic


def test_a_vendors_topic_speaks_for_that_vendor_only():
    """Promise: of another vendor, of none, and about what customers do, is a letter; on the source topics it is not."""
    text = f"vendor: acme\n{SPOKEN}"
    (entry,) = entries(take(text, event(), topic="acme.events"))
    assert (entry.vendor, entry.ticket) == ("acme", "T1")
    refund = {"amount": 5, "currency": "EUR"}
    for value, field in (
        (event(vendor="zenith"), "$.data.vendor"),
        (event("customer.refunded", vendor=None, ticket=None, **refund), "$.data.vendor"),
        (event("customer.active"), "$.type"),
    ):
        assert letter(take(text, value, topic="acme.events")) == ("wrong_vendor", field)
        assert not take(text, value, topic=SOURCES[0]).letters
    assert entries(take(text, event("customer.refunded", **refund), topic="acme.events"))
    assert letter(take(text, b"{", topic="acme.events")) == ("not_json", "$")


def test_a_topic_that_two_contracts_name_speaks_for_both():
    """Promise: each event is counted as its own vendor's, and of a third vendor it is refused."""
    agreed = contracts.by_vendor(
        (name, contracts.parse(f"vendor: {name}\n{SPOKEN}", name)) for name in ("acme", "zenith")
    )
    stage = Intake({*agreed, "third"}, 4, dialects=live.dialects(agreed))
    said = [Record("acme.events", 0, place, 0, event(vendor=name)) for place, name in enumerate([*agreed, "third"])]
    taken = stage.take(said)
    assert set(taken.feeds) == {"acme", "zenith", "unknown"}
    assert [one.reason for one in taken.letters] == ["wrong_vendor"]


def test_a_source_topic_that_a_contract_names_stays_everybodys():
    """Promise: saying aloud where CloudEvents come from shuts nobody out."""
    text = "vendor: acme\nfeeds: [{topic: vendor.tickets, adapter: cloudevents}]"
    assert not live.dialects({"acme": contracts.parse(text, "a")})
    assert set(take(text, event(vendor="zenith"), topic="vendor.tickets").feeds) == {"zenith"}


# --- where the topics are known


def test_the_topics_that_contracts_name_stand_in_the_registry_once_with_the_namespace():
    """Promise: worker, checks and metrics mean the same topics; the source topics are there anyway."""
    agreed = [
        contracts.parse("vendor: a\nfeeds: [{topic: t, adapter: cloudevents}, {topic: s, adapter: zendesk}]", "a"),
        contracts.parse(
            "vendor: b\nfeeds: [{topic: t, adapter: cloudevents}, {topic: vendor.claims, adapter: cloudevents}]", "b"
        ),
    ]
    settings, own = Settings(namespace="x."), declared(agreed)
    assert own == ("s", "t")
    assert sources(settings, own) == [f"x.{topic}" for topic in (*SOURCES, "s", "t")]
    names = [topic.name for topic in registry(settings, own)]
    assert len(set(names)) == len(names) == len(registry(settings)) + 2
    assert {topic.partitions for topic in registry(settings, own) if topic.name in {"x.s", "x.t"}} == {None}


def test_records_are_told_apart_by_the_topic_as_the_cluster_names_it():
    """Promise: under a namespace only its own topic is read by the mapping."""
    assert len(entries(take(ROWS, row(), namespace="x."))) == 2
    agreed = {"acme": contracts.parse(ROWS, "a")}
    book = Offline(agreed, live.dialects(agreed, "x."))
    book.take([Record(topic, 0, 0, 0, row(step="done")) for topic in ("acme.log", "x.acme.log")])
    assert [one.reason for one in book.letters] == ["missing_field"]
    book.tick(1_777_000_000.0)
    assert [key.vendor for key in book.close().cells()] == ["acme"]


# --- contracts that cannot be meant

MAPPING = """vendor: acme
feeds:
  - topic: acme.log
    adapter: table
    mapping:
      file: {format: jsonl}
      ticket: "{case}"
      customer: "{who}"
      time: "{at}"
      events: [{type: ticket.opened}]
"""


@pytest.mark.parametrize(
    ("before", "after", "key", "words"),
    [
        ('"{who}"', "{field: who, of: last}", "customer.of", "there is no last row of its ticket"),
        ('"{who}"', '"{who}-{@place}"', "customer", "has no {@place}"),
        ("{type: ticket.opened}", '{type: ticket.opened, id: "{{{@row}}}"}', "events[0].id", "has no {@row}"),
        ("ticket.opened}", "ticket.opened, when: {row: first}}", "events[0].when.row", "say by its values"),
        (
            "ticket.opened}",
            "ticket.opened, when: [{field: a, is: b}, {any: [{field: a, changed: true}]}]}",
            "events[0].when[1].any[0].changed",
            "no earlier row",
        ),
        (
            "ticket.opened}",
            "ticket.opened, data: {topic: {field: a, of: previous}}}",
            "events[0].data.topic.of",
            "there is no previous row",
        ),
        ("time:", 'order: ["{n}"]\n      time:', "order", "say with sequence"),
        ("time:", "forward: true\n      time:", "forward", "its own time counts"),
        ("jsonl}", "json, rows: a.b}", "file.rows", "is one row"),
        ("jsonl}", "jsonl, compression: gzip}", "file.compression", "is not packed"),
        ("jsonl}", "csv}", "file.columns", "is missing"),
        ("jsonl}", "csv, columns: [case, at]}", "customer", "there is no column 'who'"),
        ("jsonl}", "csv, columns: [case, who, at], skip_lines: 1}", "file.skip_lines", "no lines before it"),
        ("jsonl}", "jsonl, encoding: hex}", "file.encoding", "is no encoding of text"),
        ("time:", "vendor: zenith\n      time:", "vendor", "speaks for that vendor only, which is 'acme'"),
    ],
)
def test_a_mapping_that_needs_more_than_one_record_is_refused_at_its_place(before, after, key, words):
    """Promise: whatever is told of a file and not of a record alone is found before the worker starts."""
    assert contracts.parse(MAPPING, "acme.yaml")
    with pytest.raises(BadContract) as bad:
        contracts.parse(MAPPING.replace(before, after), "acme.yaml")
    (problem,) = [problem for _, problem in bad.value.problems]
    assert problem.key == f"feeds[0].mapping.{key}"
    assert words in problem.words
    assert problem.line > 5


@pytest.mark.parametrize("said", ["'{{@row}}'", "'{@hash}'", "'{a}{{{b}'"])
def test_what_only_looks_like_another_row_is_accepted(said):
    """Promise: a brace that stands for itself, and the hash of the row's own content."""
    assert contracts.parse(MAPPING.replace("ticket.opened}", f"ticket.opened, data: {{channel: {said}}}}}"), "a")


def test_a_log_that_only_makes_sense_as_a_whole_is_no_feed_and_its_message_says_what_is():
    """Promise: no adapter reads a topic that cannot; files of it are read as before."""
    with pytest.raises(
        BadContract, match=r"adapter: 'servicenow' reads the rows of an incident together.*adapter: table"
    ):
        contracts.parse("vendor: a\nfeeds: [{topic: t, adapter: servicenow}]", "a")
    path = Path(__file__).parents[2] / "deploy/mappings/helpdesk.yaml"
    assert table.table(path), "the same mapping is a mapping of files"


def test_a_topic_that_is_everybodys_is_read_in_one_way():
    """Promise: no contract can turn the source topics into its own."""
    with pytest.raises(BadContract, match=r"feeds\[0\].topic: carries everybody's CloudEvents"):
        contracts.parse("vendor: a\nfeeds: [{topic: vendor.tickets, adapter: zendesk}]", "a")
