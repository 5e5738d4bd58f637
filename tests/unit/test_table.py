"""Any CSV or JSON by a declarative mapping: what rows become, and what is said of those that fail."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
import zstandard

from undertow import events as e
from undertow import wire
from undertow.adapters import ADAPTERS, table
from undertow.adapters.message import Unreadable
from undertow.topics import ACTIVITY, CLAIMS, FEEDBACK, TICKETS

HEAD = """
file: {format: csv}
zone: UTC
vendor: acme
ticket: "{case}"
customer: "{who}"
time: "{at}"
"""
OPENED = HEAD + "events: [{type: ticket.opened, data: {topic: '{product}'}}]"
LOG = "case,who,at,product\n1,Ann,2024-01-02 09:00,router\n2,Bob,2024-01-02 10:00,phone\n"


def told(tmp_path: Path, mapping: str, content: str | bytes, name: str = "feed") -> list[table.Told]:
    """Every row of a file, in the file's order."""
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    rows = table.Table(table.parsed(yaml.safe_load(mapping))).told(path)
    return sorted(rows, key=lambda row: row.row)


def events(tmp_path: Path, mapping: str, content: str | bytes, name: str = "feed") -> list[Any]:
    """The events of a file of which no row fails."""
    rows = told(tmp_path, mapping, content, name)
    assert not [str(bad) for row in rows for bad in row.bad]
    return [event for row in rows for event, _ in row.said]


def failures(tmp_path: Path, mapping: str, content: str | bytes, name: str = "feed") -> list[str]:
    return [str(bad) for row in told(tmp_path, mapping, content, name) for bad in row.bad]


# --- where values come from


def test_text_is_itself_and_braces_are_read_from_the_row(tmp_path):
    """Promise: the one rule of a mapping; the event is what intake decodes."""
    mapping = HEAD + "events: [{type: ticket.opened, data: {topic: 'P/{product}', channel: web, segment: '{{x}}'}}]"
    (first, _) = events(tmp_path, mapping, LOG)
    assert isinstance(first, e.TicketOpened)
    assert first.time == datetime(2024, 1, 2, 9, tzinfo=UTC)
    data = first.data
    assert (data.vendor, data.ticket, data.customer) == ("acme", "1", "Ann")
    assert (data.topic, data.channel, data.segment) == ("P/router", "web", "{x}")
    ((event, value),) = told(tmp_path, mapping, LOG)[0].said
    assert wire.decode(value) == event


def test_a_missing_value_is_left_out_and_a_missing_customer_is_said_to_be_unknown(tmp_path):
    """Promise: blanks and the words for missing are no values; null says that the vendor does not know who it was."""
    mapping = OPENED.replace("vendor: acme", "vendor: acme\nmissing: ['', '?']")
    (event,) = events(tmp_path, mapping, "case,who,at,product\n1, ? ,2024-01-02 09:00,  \n")
    assert (event.data.customer, event.data.topic) == (None, None)


def test_a_map_says_what_a_value_means_and_null_that_it_means_nothing(tmp_path):
    """Promise: null for a needed field is no event, for another field no value; ``*`` is every other value."""
    mapping = (
        HEAD
        + "events: [{type: ticket.status_changed, data: {to: {field: s, map: {Done: solved, '3': open, '*': null}}}}]"
    )
    log = "case,who,at,s\n1,A,2024-01-02,Done\n2,A,2024-01-02,3\n3,A,2024-01-02,Noise\n"
    assert [event.data.to for event in events(tmp_path, mapping, log)] == ["solved", "open"]
    mapping = HEAD + "events: [{type: ticket.opened, data: {topic: {field: s, map: {Noise: null, '*': '{s}!'}}}}]"
    assert [event.data.topic for event in events(tmp_path, mapping, log)] == ["Done!", "3!", None]


def test_a_value_that_is_not_in_the_map_fails_its_row_only(tmp_path):
    """Promise: nothing is read over in silence; the other rows go on."""
    mapping = HEAD + "events: [{type: ticket.status_changed, data: {to: {field: s, map: {Done: solved}}}}]"
    log = "case,who,at,s\n1,A,2024-01-02,Odd\n2,A,2024-01-02,Done\n"
    rows = told(tmp_path, mapping, log)
    assert [str(bad) for bad in rows[0].bad] == [
        "row 2, column 's': 'Odd' is not in the map: add it, or \"*\" for every other value (ticket.status_changed)"
    ]
    assert [event.data.to for event, _ in rows[1].said] == ["solved"]


def test_the_steps_of_a_long_term(tmp_path):
    """Promise: the first field with a value, a part of it, a factor, a default; each in its order."""
    mapping = (
        HEAD
        + """
events:
  - type: claim.ticket
    data:
      measure: first_response
      met: {field: breached, map: {"yes": false, "no": true}}
      value: {field: [minutes, backup], extract: "([0-9.]+) min", times: 60, default: 7}
      reopen_count: {field: n, default: 0}
"""
    )
    log = "case,who,at,breached,minutes,backup,n\n1,A,2024-01-02,yes,,about 2.5 min,3\n2,A,2024-01-02,no,,,\n"
    first, second = events(tmp_path, mapping, log)
    assert (first.data.met, first.data.value, first.data.reopen_count) == (False, 150.0, 3)
    assert (second.data.met, second.data.value, second.data.reopen_count) == (True, 7.0, 0)


@pytest.mark.parametrize(
    ("form", "zone", "written", "meant"),
    [
        ("%d/%m/%Y %H:%M", "Europe/Rome", "5/7/2024 9:30", datetime(2024, 7, 5, 7, 30, tzinfo=UTC)),
        ("%d/%m/%Y %H:%M", "Europe/Rome", "5/1/2024 9:30", datetime(2024, 1, 5, 8, 30, tzinfo=UTC)),
        ("%Y/%m/%d %H:%M:%S.%f", "UTC", "2024/01/05 09:30:15.25", datetime(2024, 1, 5, 9, 30, 15, 250_000, tzinfo=UTC)),
        ("%Y-%m-%d 100%%", "UTC", "2024-01-05 100%", datetime(2024, 1, 5, tzinfo=UTC)),
        ("%b %d %Y %I:%M %p", "UTC", "Jan 05 2024 09:30 PM", datetime(2024, 1, 5, 21, 30, tzinfo=UTC)),
        ("%Y-%m-%d %H:%M %z", None, "2024-01-05 09:30 +0200", datetime(2024, 1, 5, 7, 30, tzinfo=UTC)),
        ("iso", None, "2024-01-05T09:30:00Z", datetime(2024, 1, 5, 9, 30, tzinfo=UTC)),
        ("iso", "Asia/Kolkata", "2024-01-05T09:30:00", datetime(2024, 1, 5, 4, 0, tzinfo=UTC)),
        ("iso", "Asia/Kolkata", "2024-01-05T09:30:00+00:00", datetime(2024, 1, 5, 9, 30, tzinfo=UTC)),
        ("epoch_s", None, "1704447000", datetime(2024, 1, 5, 9, 30, tzinfo=UTC)),
        ("epoch_ms", None, "1704447000250", datetime(2024, 1, 5, 9, 30, 0, 250_000, tzinfo=UTC)),
    ],
)
def test_times_are_read_as_they_are_written(tmp_path, form, zone, written, meant):
    """Promise: strptime letters, ISO 8601 and epochs; a zone only where the value says no offset, with its summer time."""
    head = OPENED.replace("zone: UTC", f"time_format: {form!r}\nzone: {zone or 'null'}")
    (event,) = events(tmp_path, head, f"case,who,at,product\n1,A,{written},x\n")
    assert event.time == meant


@pytest.mark.parametrize(
    "written",
    ["31/02/2024 10:00", "2024-01-05 10:00", "5/1/24 10:00", "x5/1/2024 10:00", "5/1/2024 25:00", "5/1/2024 10:00x"],
)
def test_a_time_written_otherwise_fails_its_row(tmp_path, written):
    """Promise: the message names the column, the value and the format; no date is guessed."""
    mapping = OPENED.replace("zone: UTC", "zone: UTC\ntime_format: '%d/%m/%Y %H:%M'")
    (why,) = failures(tmp_path, mapping, f"case,who,at,product\n1,A,{written},x\n")
    assert why == f"row 2, column 'at': {written!r} is no time as %d/%m/%Y %H:%M (ticket.opened)"


def test_a_local_time_without_a_zone_fails_and_says_what_to_add(tmp_path):
    """Promise: a local time without an offset cannot be placed on a clock."""
    (why, _) = failures(tmp_path, OPENED.replace("zone: UTC", ""), LOG)
    assert "column 'at': '2024-01-02 09:00' says no offset: add zone" in why


def test_a_time_that_intake_would_refuse_is_refused_here_with_the_column(tmp_path):
    """Promise: what passes here is no dead letter there."""
    (why,) = failures(tmp_path, OPENED, "case,who,at,product\n1,A,1970-01-01,x\n")
    assert why.startswith("row 2, column 'at': 1970-01-01T00:00:00+00:00 is not between 1990 and 2099")
    (why,) = failures(tmp_path, OPENED, f"case,who,at,product\n1,A,2024-01-01,{'x' * 300}\n")
    assert why.startswith("row 2, column 'product': Expected `str` of length <= 256")


@pytest.mark.parametrize(
    ("kind", "written", "why"),
    [
        ("met", "maybe", "neither true nor false"),
        ("value", "1_0", "no number"),
        ("value", "nan", "no number"),
        ("reopen_count", "1.5", "no whole number"),
        ("value", "-3", "Expected `float` >= 0"),
        ("measure", "csat", "is none of"),
    ],
)
def test_values_of_another_kind_fail_with_what_they_are_not(tmp_path, kind, written, why):
    """Promise: each kind of field says what stood there."""
    data = {"measure": "sla", "met": "true", "value": "1", "reopen_count": "1"} | {kind: "{x}"}
    mapping = HEAD + "events: " + json.dumps([{"type": "claim.ticket", "data": data}])
    (said,) = failures(tmp_path, mapping, f"case,who,at,x\n1,A,2024-01-02,{written}\n")
    assert said.startswith("row 2, column 'x': ")
    assert why in said


def test_a_decimal_comma(tmp_path):
    """Promise: points then group thousands."""
    mapping = HEAD.replace("zone: UTC", "zone: UTC\ndecimal: ','") + (
        "events: [{type: customer.refunded, data: {amount: '{x}', currency: EUR}}]"
    )
    (event,) = events(tmp_path, mapping, 'case,who,at,x\n1,A,2024-01-02,"1.234,50"\n')
    assert event.data.amount == 1234.5


# --- a ticket's rows


HISTORY = "case,who,at,s\n1,A,2024-01-01,New\n2,B,2024-01-01,New\n1,,2024-01-03,Work\n1,C,2024-01-02,Work\n1,C,2024-01-04,Done\n"


def test_a_row_knows_its_place_among_the_rows_of_its_ticket(tmp_path):
    """Promise: first, later and last are the ticket's, wherever its rows stand in the file."""
    mapping = (
        HEAD
        + """
events:
  - {type: ticket.opened, when: {row: first}}
  - {type: ticket.priority_changed, when: {row: later}, data: {to: x}}
  - {type: ticket.closed, when: {row: last}}
"""
    )
    rows = told(tmp_path, mapping, HISTORY)
    assert [[table_type(event) for event, _ in row.said] for row in rows] == [
        ["ticket.opened"],
        ["ticket.opened", "ticket.closed"],
        ["ticket.priority_changed"],
        ["ticket.priority_changed"],
        ["ticket.priority_changed", "ticket.closed"],
    ]


def table_type(event: Any) -> str:
    return str(event.__struct_config__.tag).removeprefix("undertow.")


@pytest.mark.parametrize(
    ("of", "customers"),
    [("row", ["A", None, "C", "C"]), ("first", ["A"] * 4), ("last", ["C"] * 4), ("previous", [None, "A", "A", "C"])],
)
def test_a_value_can_be_another_row_s_of_the_ticket(tmp_path, of, customers):
    """Promise: of the first, last or nearest earlier row that has one."""
    mapping = (
        HEAD.replace('customer: "{who}"', f"customer: {{field: who, of: {of}}}") + "events: [{type: ticket.opened}]"
    )
    found = [event.data.customer for event in events(tmp_path, mapping, HISTORY) if event.data.ticket == "1"]
    assert found == customers


def test_changed_is_against_the_nearest_earlier_row_that_has_a_value(tmp_path):
    """Promise: the first value is a change, a repetition and a gap are none."""
    mapping = HEAD + "events: [{type: ticket.priority_changed, when: {field: s, changed: true}, data: {to: '{s}'}}]"
    log = "case,who,at,s\n" + "".join(
        f"1,A,2024-01-0{day},{s}\n" for day, s in enumerate(["", "x", "x", "", "x", "y"], start=1)
    )
    assert [(event.time.day, event.data.to) for event in events(tmp_path, mapping, log)] == [(2, "x"), (6, "y")]


def test_rows_are_ordered_by_what_the_mapping_says_numbers_as_numbers(tmp_path):
    """Promise: 10 comes after 9, and a row without a number cannot be placed."""
    mapping = HEAD + "order: ['{n}']\nevents: [{type: ticket.opened, when: {row: first}, data: {topic: '{n}'}}]"
    log = "case,who,at,n\n1,A,2024-01-02,10\n1,A,2024-01-03,9\n1,A,2024-01-03,\n"
    rows = told(tmp_path, mapping, log)
    assert [event.data.topic for row in rows for event, _ in row.said] == ["9"]
    assert [str(bad) for row in rows for bad in row.bad] == [
        "row 4, column 'n': is empty, and rows are put in order by it"
    ]


def test_a_row_stamped_before_the_one_it_follows_can_be_carried_forward(tmp_path):
    """Promise: with ``forward`` the order of the log is surer than its clock."""
    mapping = HEAD + "events: [{type: ticket.priority_changed, data: {to: '{s}'}}]"
    assert [event.time.day for event in events(tmp_path, mapping, HISTORY)] == [1, 1, 3, 2, 4]
    assert [event.time.day for event in events(tmp_path, mapping + "\nforward: true", HISTORY)] == [1, 1, 3, 3, 4]


def test_conditions(tmp_path):
    """Promise: is, not, matches, present and any; several in a list must all hold."""

    def kept(when: str) -> list[str]:
        found = events(tmp_path, HEAD + f"events: [{{type: ticket.opened, when: {when}}}]", log)
        return [event.data.ticket for event in found]

    log = "case,who,at,s\n1,A,2024-01-01,New\n2,B,2024-01-01,\n3,A,2024-01-01,Done 3\n"
    assert kept("{field: s, is: New}") == ["1"]
    assert kept("{field: s, is: [New, 'Done 3']}") == ["1", "3"]
    assert kept("{field: case, is: 2}") == ["2"]
    assert kept("{field: s, not: New}") == ["2", "3"]
    assert kept("{field: s, matches: '^Done \\d'}") == ["3"]
    assert kept("{field: s, present: false}") == ["2"]
    assert kept("[{field: s, present: true}, {field: who, is: A}]") == ["1", "3"]
    assert kept("[{field: who, is: A}, {any: [{field: s, is: New}, {field: case, is: '2'}]}]") == ["1"]
    assert kept("{text: '{who}-{s}', is: A-New}") == ["1"]


def test_rows_that_are_none_of_ours_do_not_count_among_the_ticket_s(tmp_path):
    """Promise: the condition at the top decides what is read at all."""
    mapping = HEAD + "when: {field: s, not: New}\nevents: [{type: ticket.opened, when: {row: first}}]"
    assert [event.time.day for event in events(tmp_path, mapping, HISTORY)] == [3]


# --- ids and order


def test_the_same_rows_give_the_same_ids_wherever_they_stand_in_the_file(tmp_path):
    """Promise: without an id the row's content makes it, so a later export with more rows repeats nothing anew."""
    head, one, two = LOG.splitlines()
    first = {event.id for event in events(tmp_path, OPENED, "\n".join([head, one, two]))}
    later = {event.id for event in events(tmp_path, OPENED, "\n".join([head, two, "3,Cy,2024-01-03,phone", one]))}
    assert len(first) == 2
    assert first < later
    mapping = JSON_HEAD + "events: [{type: ticket.opened}]"
    rows = [
        '{"case": 1, "at": "2024-01-02", "z": {"b": 1, "a": 2}}',
        '{"z": {"a": 2, "b": 1}, "at": "2024-01-02", "case": 1}',
    ]
    assert [event.id for event in events(tmp_path, mapping, rows[0])] == [
        event.id for event in events(tmp_path, mapping, rows[1])
    ], "the order of keys is no content"


def test_rows_of_one_content_are_told_apart_and_events_of_one_row_too(tmp_path):
    """Promise: no two events share an id."""
    mapping = HEAD + "events: [{type: ticket.message}, {type: ticket.message}, {type: ticket.closed, name: end}]"
    found = events(tmp_path, mapping, "case,who,at\n1,A,2024-01-02\n1,A,2024-01-02\n")
    assert len({event.id for event in found}) == 6
    row = found[0].id.removesuffix("-ticket.message")
    assert [event.id for event in found[:3]] == [f"{row}-ticket.message", f"{row}-ticket.message.2", f"{row}-end"]


def test_an_id_of_the_feed_s_own_is_used_and_one_that_names_two_things_is_refused(tmp_path):
    """Promise: an id that stands for two contents would look like a rewritten history; one repeated word for word is one."""
    mapping = OPENED + "\nid: 'T{case}'"
    found = told(tmp_path, mapping, LOG + "1,Ann,2024-01-02 09:00,router\n2,Bob,2024-01-02 10:00,modem\n")
    assert [event.id for row in found for event, _ in row.said] == ["T1-ticket.opened", "T2-ticket.opened"]
    assert [row.repeated for row in found] == [0, 0, 1, 0]
    assert [str(bad) for bad in found[3].bad] == [
        "row 5, column 'case': gives the id 'T2-ticket.opened', which row 3 gives to another event: make the id name the row "
        "(ticket.opened)"
    ]
    (why,) = failures(tmp_path, mapping, LOG + "1,Ann,2024-01-02 09:01,router\n")
    assert "gives the id 'T1-ticket.opened', which row 2 gives" in why, "another time is another content"
    whole = HEAD + "events: [{type: ticket.opened, id: 'open-{case}'}]"
    assert [event.id for event in events(tmp_path, whole, LOG)] == ["open-1", "open-2"]


def test_rows_without_a_ticket_have_no_history(tmp_path):
    """Promise: what names no ticket stands alone, and is not taken for one ticket called nothing."""
    mapping = HEAD + "events: [{type: customer.active, when: {row: first}}]"
    assert len(events(tmp_path, mapping, "case,who,at\n,A,2024-01-02\n,B,2024-01-02\n")) == 2


def test_events_of_a_ticket_at_one_time_keep_the_order_they_are_written_in(tmp_path):
    """Promise: ties have the order of rows and rules; a feed that says its own order is believed."""
    mapping = HEAD + "events: [{type: ticket.message}, {type: ticket.closed}]"
    log = "case,who,at,n\n1,A,2024-01-02,7\n1,A,2024-01-02,8\n1,A,2024-01-03,9\n"
    assert [event.sequence for event in events(tmp_path, mapping, log)] == [None, "1", "2", "3", None, "1"]
    own = mapping + "\nsequence: '{n}'"
    assert [event.sequence for event in events(tmp_path, own, log)] == ["7", "7", "8", "8", "9", "9"]
    why, *_ = failures(tmp_path, own, log.replace(",8\n", ",x\n"))
    assert "column 'n': expected 1 to 18 digits" in why


def test_messages_are_in_order_of_time_on_the_topics_they_belong_on(tmp_path):
    """Promise: an import plays the history forward; failed rows are handed over, not raised."""
    mapping = (
        HEAD
        + """
events:
  - {type: ticket.opened, when: {field: kind, is: t}}
  - {type: claim.period, when: {field: kind, is: p}, data: {measure: sla, first_day: "{at}", last_day: "{at}", met: 1, total: 2}}
  - {type: customer.active, when: {field: kind, is: a}}
  - {type: feedback.survey, when: {field: kind, is: f}, data: {scale: csat, score: 5}}
"""
    )
    path = tmp_path / "feed.csv"
    path.write_text(
        "case,who,at,kind\n1,A,2024-01-04,t\n,,2024-01-03,p\n,A,2024-01-02,a\n1,A,2024-01-01,f\n,A,2024-01-01,t\n"
    )
    refused: list[table.BadRow] = []
    found = table.Table(table.parsed(yaml.safe_load(mapping))).messages(path, refused.append)
    assert [message.topic for message in found] == [FEEDBACK, ACTIVITY, CLAIMS, TICKETS]
    assert [message.key for message in found] == ["1", "A", "acme", "1"]
    assert [str(bad) for bad in refused] == [
        "row 6, column 'case': is empty, and ticket.opened needs it as ticket (ticket.opened)"
    ]
    survey, active = (json.loads(message.value)["data"] for message in found[:2])
    assert (survey["vendor"], survey["ticket"]) == ("acme", "1")
    assert "vendor" not in active, "what a customer does is no vendor's, where no ticket is named"


# --- files


JSON_HEAD = HEAD.replace("format: csv", "format: jsonl")


def test_json_paths(tmp_path):
    """Promise: keys, indexes from either end, odd keys in quotes; numbers and truths as they are."""
    mapping = JSON_HEAD.replace("{case}", "{$.ticket.id}").replace('"{who}"', "'{people[-1][\"full.name\"]}'") + (
        "events: [{type: claim.ticket, data: {measure: sla, met: '{ok}', value: '{n}', reopen_count: '{people[0].n}'}}]"
    )
    row = {"ticket": {"id": 7}, "people": [{"n": 2.0}, {"full.name": "Ann"}], "at": "2024-01-02", "ok": False, "n": 3}
    (event,) = events(tmp_path, mapping, json.dumps(row))
    assert (event.data.ticket, event.data.customer) == ("7", "Ann")
    assert (event.data.met, event.data.value, event.data.reopen_count) == (False, 3.0, 2)


def test_an_object_where_a_value_is_meant_fails_its_row(tmp_path):
    """Promise: no text is made of braces and brackets, wherever it would go."""
    row = '{"case": {"id": 1}, "who": "A", "at": "2024-01-02", "x": [1]}\n'
    (why,) = failures(tmp_path, JSON_HEAD + "events: [{type: ticket.opened}]", row)
    assert why == "row 1, column 'case': is an object: name a value inside it"
    simple = JSON_HEAD.replace("{case}", "c")
    for rule in ("when: {field: x, is: a}", "data: {topic: 'a-{x}'}", "data: {topic: {field: x, map: {a: b}}}"):
        (why,) = failures(tmp_path, simple + f"events: [{{type: ticket.opened, {rule}}}]", row)
        assert why == "row 1, column 'x': is a list: name a value inside it (ticket.opened)"


NESTED = """
file: {format: json, rows: issues}
vendor: acme
ticket: "{key}"
customer: "{by}"
time: "{created}"
events:
  - type: ticket.opened
  - type: ticket.status_changed
    each: [changelog.histories, items]
    when: {field: .field, is: status}
    time: "{..created}"
    data: {to: {field: .toString, map: {Done: solved, Open: open}}}
  - type: ticket.message
    each: comments
    time: {field: .at, format: epoch_s}
    actor: {kind: "{.kind}", id: "{.who}"}
"""
ISSUE = {
    "key": "K-1",
    "by": "Ann",
    "created": "2024-01-01T00:00:00Z",
    "changelog": {
        "histories": [
            {"created": "2024-01-02T00:00:00Z", "items": [{"field": "status", "toString": "Done"}, {"field": "rank"}]},
            {"created": "2024-01-03T00:00:00Z", "items": [{"field": "status", "toString": "Open"}]},
        ]
    },
    "comments": [
        {"at": 1704153600, "kind": "agent", "who": "x"},
        {"at": "soon"},
        {"at": 1704240000, "kind": "customer"},
    ],
}


def test_one_event_for_each_element_of_a_list_or_of_a_list_within_a_list(tmp_path):
    """Promise: ``{.x}`` is the element's, ``{..x}`` the one's around it; one element that fails does not silence the others."""
    (row,) = told(tmp_path, NESTED, json.dumps({"issues": [ISSUE]}))
    said = [event for event, _ in row.said]
    assert [(event.time.day, event.data.to) for event in said if isinstance(event, e.TicketStatusChanged)] == [
        (2, "solved"),
        (3, "open"),
    ]
    messages = [event for event in said if isinstance(event, e.TicketMessage)]
    assert [(event.time.day, event.data.actor) for event in messages] == [
        (2, e.Actor("agent", "x")),
        (3, e.Actor("customer")),
    ]
    assert [str(bad) for bad in row.bad] == ["row 1, column '.at': 'soon' is no time as epoch_s (ticket.message)"]
    assert len({event.id for event in said}) == len(said)
    assert said[1].id.endswith("-ticket.status_changed-1.1")


def test_lists_that_are_absent_are_empty_and_what_is_no_list_fails(tmp_path):
    """Promise: a ticket without comments has none; a text where a list is meant is said."""
    plain = {key: value for key, value in ISSUE.items() if key not in {"changelog", "comments"}}
    assert [table_type(event) for event in events(tmp_path, NESTED, json.dumps({"issues": [plain]}))] == [
        "ticket.opened"
    ]
    (why,) = failures(tmp_path, NESTED, json.dumps({"issues": [plain | {"comments": "none"}]}))
    assert why == "row 1, column 'comments': is no list (ticket.message)"


def test_every_form_of_file_gives_the_same_events(tmp_path):
    """Promise: CSV with other signs, JSON lines, an array, within a document; packed or not; in other encodings."""
    rows = [{"case": "1", "who": "Zoë; B", "at": "2024-01-02 09:00", "product": 'a "b"'}] * 2
    rows[1] = rows[1] | {"case": "2"}
    text = "case,who,at,product\n" + "".join(f'{r["case"]},Zoë; B,{r["at"]},"a ""b"""\n' for r in rows)
    odd = "exported today\n" + "".join(f"{r['case']};'Zoë; B';{r['at']};'a \"b\"'\n" for r in rows)
    odd_head = "{format: csv, delimiter: ';', quote: \"'\", encoding: cp1252, skip_lines: 1, columns: [case, who, at, product]}"
    lines = "".join(json.dumps(row) + "\n\n" for row in rows)
    files: dict[str, tuple[str, bytes]] = {
        "a.csv": ("{format: csv}", text.encode()),
        "mark.csv": ("{format: csv}", text.encode("utf-8-sig")),
        "u16.csv": ("{format: csv, encoding: utf-16}", text.encode("utf-16")),
        "odd.csv": (odd_head, odd.encode("cp1252")),
        "tab.tsv": (
            '{format: csv, delimiter: "\\t", quote: ""}',
            text.replace('"a ""b"""', 'a "b"').replace(",", "\t").encode(),
        ),
        "a.jsonl": ("{format: jsonl}", lines.encode("utf-8-sig")),
        "u16.jsonl": ("{format: jsonl, encoding: utf-16}", lines.encode("utf-16")),
        "a.json": ("{format: json}", json.dumps(rows).encode("utf-8-sig")),
        "deep.json": ("{format: json, rows: 'data[0].x'}", json.dumps({"data": [{"x": rows}]}).encode()),
        "a.csv.gz": ("{format: csv}", gzip.compress(text.encode())),
        "a.jsonl.bz2": ("{format: jsonl}", bz2.compress(lines.encode())),
        "a.csv.xz": ("{format: csv}", lzma.compress(text.encode())),
        "a.csv.zst": ("{format: csv}", zstandard.compress(text.encode())),
        "noname": ("{format: csv, compression: gzip}", gzip.compress(text.encode())),
    }
    wanted = None
    for name, (file, content) in files.items():
        found = events(tmp_path, OPENED.replace("{format: csv}", file), content, name)
        data = [(event.data, event.time) for event in found]
        assert (data[0][0].customer, data[0][0].topic, len(data)) == ("Zoë; B", 'a "b"', 2), name
        wanted = wanted or data
        assert data == wanted, name


def test_rows_that_cannot_be_read_are_reported_and_the_others_go_on(tmp_path):
    """Promise: too few or many cells, bytes of another encoding, lines that are no JSON; numbers as a spreadsheet shows them."""
    log = b"case,who,at,product\n1,A,2024-01-02\n\n2,B,2024-01-02,x,y\n3,\xe9,2024-01-02,x\n4,D,2024-01-02,x\n"
    rows = told(tmp_path, OPENED, log)
    assert [(row.row, len(row.said)) for row in rows] == [(2, 0), (4, 0), (5, 0), (6, 1)]
    why = [str(bad) for row in rows for bad in row.bad]
    assert why[0].startswith("row 2: has 3 cells and not 4 as the columns")
    assert why[1].startswith("row 4: has 5 cells and not 4 as the columns")
    assert why[2] == (
        "row 5, column 'who': holds bytes that are no text in the file's encoding: say file.encoding (ticket.opened)"
    )
    mapping = JSON_HEAD + "events: [{type: ticket.opened}]"
    rows = told(tmp_path, mapping, '{"case": 1\n[]\n{"case": 1, "at": "2024-01-02"}\n')
    assert [(row.row, len(row.said), len(row.bad)) for row in rows] == [(1, 0, 1), (2, 0, 1), (3, 1, 0)]
    assert "row 1: is no JSON" in str(rows[0].bad[0])


@pytest.mark.parametrize(
    ("mapping", "content", "why"),
    [
        (
            OPENED,
            "case,who,at,Product\n1,A,2024-01-02,x\n",
            "events[0].data.topic: there is no column 'product'; did you mean 'Product'?",
        ),
        (OPENED, "case,who,at,product,who\n1,A,2024-01-02,x,B\n", "customer: there are 2 columns 'who'"),
        (OPENED, "", "holds no rows"),
        (OPENED, "case,who,at,product\n", "holds no rows"),
        (OPENED.replace("csv}", "csv, encoding: utf-16}"), b"\xff\xfe\x00", "is no text in utf-16"),
        (OPENED.replace("csv}", "csv, compression: gzip}"), "plain", "is cut off or damaged"),
        (
            OPENED.replace("csv}", "csv, compression: gzip}"),
            gzip.compress(LOG.encode() * 99)[:-20],
            "is cut off or damaged",
        ),
        (OPENED.replace("csv}", "json}"), '{"a": 1}\n{"a": 2}', "write format: jsonl"),
        (
            OPENED.replace("csv}", "json}"),
            '{"tickets": []}',
            "say where the rows are with file.rows; its keys are tickets",
        ),
        (OPENED.replace("csv}", "json, rows: tickets}"), '{"tickets": {}}', "holds no list at 'tickets'"),
    ],
)
def test_a_file_that_the_mapping_does_not_fit_is_refused_as_a_whole(tmp_path, mapping, content, why):
    """Promise: before anything is imported, with what is missing and what there is."""
    with pytest.raises(Unreadable) as refused:
        told(tmp_path, mapping, content)
    assert why in str(refused.value)
    assert "feed" in str(refused.value)


def test_the_adapter_s_name_alone_says_that_it_needs_a_mapping(tmp_path):
    """Promise: nobody is left with a traceback."""
    with pytest.raises(Unreadable, match="--mapping FILE"):
        list(ADAPTERS[table.NAME](tmp_path / "x.csv", "acme"))


def test_a_ticket_of_many_rows_does_not_cost_their_square(tmp_path):
    """Promise: looking at other rows of the ticket is done once a ticket, not once a row."""
    calls = 0

    class Counting(list):  # type: ignore[type-arg]
        def __iter__(self):
            nonlocal calls
            calls += 1
            return super().__iter__()

    from undertow.adapters.paths import Here, of

    here = Here(Counting([{"x": None}] * 500))
    read = of("previous", lambda here: here.row["x"])
    for here.place in range(500):
        here.row = here.rows[here.place]
        assert read(here) is None
    assert calls == 1
