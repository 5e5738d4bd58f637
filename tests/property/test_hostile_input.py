"""Whatever stands on a source topic: events or a dead letter, within bounds, and never an exception."""

from __future__ import annotations

import json
import time
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undertow import contracts
from undertow.adapters import live
from undertow.agents.intake import parcels
from undertow.stages import letters
from undertow.stages.casebook import Casebook
from undertow.stages.intake import Intake
from undertow.stages.records import Parcel, Record, decode_for_casebook
from undertow.wire import MAX_EVENT_BYTES

LOG, CELLS, ZENDESK, EVERYBODYS = "acme.log", "acme.cells", "acme.zendesk", "vendor.tickets"
CONTRACT = f"""
vendor: acme
feeds:
  - topic: {ZENDESK}
    adapter: zendesk
  - topic: {LOG}
    adapter: table
    mapping:
      file: {{format: jsonl}}
      time_format: [iso, epoch_s, epoch_ms]
      zone: Europe/Rome
      ticket: "{{case}}"
      customer: "{{who.name}}"
      time: "{{at}}"
      sequence: "{{n}}"
      events:
        - type: ticket.opened
          when: {{field: step, matches: "o+pened"}}
          data: {{topic: {{field: product, extract: "(\\\\S+)@"}}}}
        - type: claim.ticket
          when: {{field: met, present: true}}
          data: {{measure: sla, met: "{{met}}", value: {{field: minutes, times: 60}}, reopen_count: "{{n}}"}}
        - type: ticket.promise_made
          when: {{field: due, present: true}}
          data: {{promise: "{{case}}", due: "{{due}}"}}
  - topic: {CELLS}
    adapter: table
    mapping:
      file: {{format: csv, columns: [case, who, at, minutes]}}
      time_format: "%d.%m.%Y %H:%M"
      zone: Europe/Berlin
      ticket: "{{case}}"
      customer: "{{who}}"
      time: "{{at}}"
      events: [{{type: claim.ticket, data: {{measure: sla, met: true, value: "{{minutes}}"}}}}]
"""
ROW: dict[str, Any] = {
    "case": "T1",
    "who": {"name": "ann"},
    "at": "2026-03-01T09:00:00Z",
    "step": "opened",
    "product": "x@y",
    "met": True,
    "minutes": 5,
    "n": 3,
    "due": "2026-03-02T09:00:00Z",
}
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "type": "undertow.claim.ticket",
    "source": "/acme",
    "id": "e1",
    "time": "2026-03-01T09:00:00Z",
    "sequence": "7",
    "recordedtime": "2026-03-01T09:00:00Z",
    "data": {"vendor": "acme", "ticket": "T1", "customer": "ann", "measure": "sla", "met": True, "value": 5},
}
UPDATE: dict[str, Any] = {
    "id": 1,
    "ticket_id": 5,
    "requester_id": 7,
    "updater_id": 7,
    "timestamp": 1_600_000_000,
    "created_at": "2026-01-01T00:00:00Z",
    "child_events": [{"id": 2, "event_type": "Change", "status": "solved", "previous_value": "open"}],
}
NASTY = st.sampled_from(
    [
        *(None, True, 0, -1, 1e308, -1e308, 10**18, 2**63, 10**400, -(10**400), 253_402_300_800, -62_135_596_801),
        *("", "\0", "\x1b[2J", "a\nb", "é" * 300, "x" * 300, "9" * 5000, "NaN", "-Infinity", "1e999", "²", "1_0"),
        *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "1990-01-01T00:00:00+14:00"),
        *("2099-12-31T23:59:59-12:00", "2016-12-31T23:59:60Z", "2026-03-01T09:00:00.123456789Z", "2026-W10-1"),
        *([], {}, {"name": []}, [[[]]], "x" * 5000 + "@"),
    ]
) | st.text(max_size=12)


def rows(like: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """One with some of its values, at any depth, replaced or left out."""
    parts: dict[str, st.SearchStrategy[Any]] = {
        key: st.one_of(st.just(value), st.just(value), rows(value) if isinstance(value, dict) else NASTY, NASTY)
        for key, value in like.items()
    }
    return st.fixed_dictionaries({}, optional=parts) | st.fixed_dictionaries(parts)


VALUES = st.one_of(
    st.binary(max_size=200),
    *(rows(like).map(lambda row: json.dumps(row, ensure_ascii=False).encode()) for like in (ROW, EVENT, UPDATE)),
    *(rows(like).map(lambda row: json.dumps(row).encode()[:-2] + b'"\xff\\ud800}') for like in (ROW, EVENT)),
    st.lists(NASTY.map(str), min_size=3, max_size=5).map(lambda cells: ",".join(cells).encode("utf-8", "replace")),
    st.sampled_from([b"[" * 50_000, b'{"a":' * 20_000, b'{"case":"T1","case":"T2"}', b"null", b"\xef\xbb\xbf{}"]),
)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["ce_specversion", "ce_type", "ce_time", "ce_\0", "x"]), st.binary(max_size=20) | st.none()
    ),
    max_size=4,
)


@cache
def intake() -> tuple[Intake, dict[str, Any]]:
    agreed = {"acme": contracts.parse(CONTRACT, "acme.yaml")}
    return Intake(agreed, 4, dialects=live.dialects(agreed)), agreed


@given(st.sampled_from([LOG, CELLS, ZENDESK, EVERYBODYS]), VALUES, HEADERS)
def test_any_bytes_become_facts_that_can_be_judged_or_one_letter(topic, value, headers):
    """Promise: nothing that a record may hold raises, and what is refused can be written and read again, whole."""
    stage, agreed = intake()
    taken = stage.take([Record(topic, 0, 9, 1_772_400_000_000, value, headers)])
    assert len(taken.letters) == (taken.refused == [0])
    for letter in taken.letters:
        _, carried, said = letters.record_of(letter)
        back = letters.read(carried, said)
        assert (back.value, back.reason, not back.detail) == (value, letter.reason, False)
        assert not any(taken.entries.values())
    for partition, some in taken.entries.items():
        book, rows = Casebook(partition, agreed, {}), {}
        for parcel in parcels(some):
            told = decode_for_casebook(parcel)
            assert isinstance(told, Parcel)
            rows |= book.fold(told.entries, 1_772_400_000.0).rows
        Casebook(partition, agreed, rows).tick(1_800_000_000.0)


@pytest.mark.parametrize(
    ("topic", "value"),
    [
        (LOG, json.dumps(ROW | {"product": "x" * 200_000}).encode()),
        (LOG, json.dumps(ROW | {"step": "o" * 200_000}).encode()),
        (CELLS, b"T1,ann,01.03.2026" + b" " * 200_000 + b"09:00,5"),
        (LOG, b'{"case": ' + b"9" * 200_000 + b"}"),
        (LOG, json.dumps(ROW | {"minutes": 10**400}).encode()),
        (EVERYBODYS, b"[" * (MAX_EVENT_BYTES - 1)),
    ],
    ids=["extract", "matches", "time", "number", "huge", "depth"],
)
def test_a_large_value_is_refused_in_no_time(topic, value):
    """Promise: a record takes milliseconds, whatever is in it: a worker that one holds up for minutes reads it again after each
    restart. What is long is kept nowhere but in its letter."""
    began = time.process_time()
    taken = intake()[0].take([Record(topic, 0, 9, 1_772_400_000_000, value)])
    assert time.process_time() - began < 0.5
    assert len(taken.letters) == 1
