"""Files of others' formats, read into what would be on the topics."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import pytest

from undertow import events as e
from undertow import wire
from undertow.adapters import ADAPTERS, cloudevents, servicenow
from undertow.adapters.message import Unreadable
from undertow.topics import CLAIMS, TICKETS

ROW = {
    "number": "INC1",
    "incident_state": "New",
    "sys_mod_count": "0",
    "made_sla": "true",
    "caller_id": "Caller 7",
    "opened_at": "29/2/2016 01:16",
    "sys_updated_at": "29/2/2016 01:23",
    "category": "Category 55",
    "priority": "3 - Moderate",
    "contact_type": "Phone",
    "assignment_group": "?",
    "assigned_to": "?",
    "reopen_count": "0",
    "resolved_at": "29/2/2016 11:29",
}


def events(*changes: dict[str, str]) -> list[servicenow.ServiceNowEvent]:
    """Each row is the first with changes; ``sys_mod_count`` is its place."""
    rows = [{**ROW, "sys_mod_count": str(place), **change} for place, change in enumerate(changes)]
    return servicenow.events(rows, "acme")


def of(kind, found):
    return [event for event in found if isinstance(event, kind)]


def at(text: str) -> datetime:
    return datetime.strptime(text, "%d/%m/%Y %H:%M").replace(tzinfo=UTC)


def test_an_incident_is_opened_at_its_opening_time_by_its_caller():
    """Promise: day first, read as UTC; the caller is the customer, the category the topic."""
    (opened,) = of(e.TicketOpened, events({}))
    assert opened.time == datetime(2016, 2, 29, 1, 16, tzinfo=UTC)
    assert (opened.data.ticket, opened.data.customer, opened.data.topic) == ("INC1", "Caller 7", "Category 55")


def test_a_row_says_only_what_it_changed():
    """Promise: a row that repeats the state before is no event but the claim it carries."""
    found = events({}, {}, {"incident_state": "Active"}, {"incident_state": "Resolved"}, {"incident_state": "Closed"})
    assert [event.data.to for event in of(e.TicketStatusChanged, found)] == ["open", "solved", "closed"]
    assert of(e.TicketTopicChanged, found) == of(e.TicketPriorityChanged, found) == of(e.TicketAssigned, found) == []


def test_rows_are_read_in_the_log_s_own_sequence_whatever_their_order_in_the_file():
    """Promise: ``sys_mod_count`` orders the rows."""
    rows = [
        {**ROW, "sys_mod_count": "10", "incident_state": "Resolved"},
        {**ROW, "sys_mod_count": "9", "incident_state": "Active"},
    ]
    found = of(e.TicketStatusChanged, servicenow.events(rows, "acme"))
    assert [event.data.to for event in found] == ["open", "solved"]


def test_a_row_stamped_before_its_predecessor_happened_when_that_one_did():
    """Promise: a backwards stamp does not undo a reopen (as in INC0000135: reopened 16:17 or later, stamped 09:27)."""
    found = events(
        {"incident_state": "Resolved", "sys_updated_at": "1/3/2016 10:00"},
        {"incident_state": "Active", "sys_updated_at": "4/3/2016 16:17"},
        {"incident_state": "Resolved", "sys_updated_at": "4/3/2016 09:27"},
        {"incident_state": "Closed", "sys_updated_at": "9/3/2016 10:00"},
    )
    said = [(event.data.to, event.time) for event in of(e.TicketStatusChanged, found)]
    assert said == [
        ("solved", at("1/3/2016 10:00")),
        ("open", at("4/3/2016 16:17")),
        ("solved", at("4/3/2016 16:17")),
        ("closed", at("9/3/2016 10:00")),
    ]
    assert [event.time for event in found] == sorted(event.time for event in found)


def test_a_state_nobody_knows_changes_nothing():
    """Promise: ``-100`` in the log is noise, not a reopen."""
    found = events({"incident_state": "Resolved"}, {"incident_state": "-100"}, {"incident_state": "Resolved"})
    assert [event.data.to for event in of(e.TicketStatusChanged, found)] == ["solved"]


def test_the_vendor_s_words_become_claims_and_only_the_last_row_says_when_it_was_resolved():
    """Promise: ``resolved_at`` stands on every row of the log, also on those written before; it is claimed once."""
    found = events(
        {"incident_state": "Active"},
        {"incident_state": "Resolved"},
        {"incident_state": "Resolved"},
        {"incident_state": "Active", "reopen_count": "1"},
        {"incident_state": "Closed", "made_sla": "false", "reopen_count": "1"},
    )
    claims = [event.data for event in of(e.TicketClaimed, found)]
    assert [(claim.met, claim.reopen_count) for claim in claims] == [(True, 0), (False, 1)]
    assert [claim.resolved_at for claim in claims] == [None, at("29/2/2016 11:29")]


def test_an_incident_belongs_to_the_caller_it_ended_with():
    """Promise: a caller filled in later does not split the ticket in two; a question mark is nobody."""
    found = events({"caller_id": "?"}, {"caller_id": "Caller 8"})
    assert {event.data.customer for event in found} == {"Caller 8"}
    assert {event.data.customer for event in events({"caller_id": "?"})} == {None}


def test_hand_offs_topics_and_priorities_are_told_when_they_change():
    """Promise: a value that goes missing is no change of topic or priority."""
    found = events(
        {"assignment_group": "Group 1"},
        {
            "assignment_group": "Group 1",
            "assigned_to": "Resolver 2",
            "category": "Category 9",
            "priority": "1 - Critical",
        },
        {"assignment_group": "Group 1", "assigned_to": "Resolver 2", "category": "?", "priority": "?"},
    )
    assert [(x.data.team, x.data.agent) for x in of(e.TicketAssigned, found)] == [
        ("Group 1", None),
        ("Group 1", "Resolver 2"),
    ]
    assert [x.data.to for x in of(e.TicketTopicChanged, found)] == ["Category 9"]
    assert [x.data.to for x in of(e.TicketPriorityChanged, found)] == ["1 - Critical"]


def test_every_event_of_a_log_has_its_own_id_and_can_be_decoded():
    """Promise: what the adapter makes is what intake accepts, and a second reading gives the same ids."""
    found = events({"assignment_group": "Group 1"}, {"incident_state": "Resolved", "category": "Category 9"})
    assert len({event.id for event in found}) == len(found)
    assert [wire.decode(wire.encode(event)) for event in found] == found


def test_a_file_that_is_no_such_log_is_refused_with_the_line_and_what_is_missing(tmp_path):
    """Promise: another CSV, an empty one, or none at all is told apart before anything is imported."""
    path = tmp_path / "log.csv"
    path.write_text("number,state\nINC1,New\n")
    with pytest.raises(Unreadable, match=r"line 2: no column .*incident_state"):
        servicenow.read(path, "acme")
    path.write_text(",".join(ROW) + "\n")
    with pytest.raises(Unreadable, match="no rows"):
        servicenow.read(path, "acme")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Unreadable, match=r"log\.csv"):
        servicenow.read(path, "acme")


def test_a_packed_log_is_read_like_a_plain_one(tmp_path):
    """Promise: ``.csv`` and ``.csv.gz`` give the same messages, on the topics they belong on."""
    text = ",".join(ROW) + "\n" + ",".join(ROW.values()) + "\n"
    (tmp_path / "log.csv").write_text(text)
    (tmp_path / "log.csv.gz").write_bytes(gzip.compress(text.encode()))
    plain = list(ADAPTERS["servicenow"](tmp_path / "log.csv", "acme"))
    assert plain == list(ADAPTERS["servicenow"](tmp_path / "log.csv.gz", "acme"))
    assert [(message.topic, message.key) for message in plain] == [(TICKETS, "INC1"), (CLAIMS, "INC1")]


def lines() -> list[bytes]:
    head = '{"specversion":"1.0","id":"1","source":"/a","time":"2024-01-01T00:00:00Z",'
    return [
        (head + '"type":"undertow.ticket.opened","data":{"vendor":"acme","ticket":"T","customer":null}}').encode(),
        (
            head + '"type":"undertow.claim.period","data":{"vendor":"acme","measure":"sla","first_day":"2024-01-01",'
            '"last_day":"2024-01-31","met":1,"total":2}}'
        ).encode(),
    ]


@pytest.mark.parametrize("packed", [False, True])
def test_our_own_events_in_a_file_go_to_the_topics_they_belong_on(tmp_path, packed):
    """Promise: one event a line, plain or packed; the bytes are passed on as they are, blank lines are not."""
    path = tmp_path / ("events.jsonl.gz" if packed else "events.jsonl")
    content = b"\n\n".join(lines()) + b"\n"
    path.write_bytes(gzip.compress(content) if packed else content)
    found = list(cloudevents.read(path))
    assert [message.value for message in found] == lines()
    assert [message.topic for message in found] == [TICKETS, CLAIMS]
    assert found[0].key == "T"
    assert found[0].time == datetime(2024, 1, 1, tzinfo=UTC).timestamp()


def test_a_line_that_is_no_event_is_passed_on_for_intake_to_refuse(tmp_path):
    """Promise: the file's broken lines become dead letters; reading goes on."""
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join([b"{broken", lines()[0]]))
    found = list(cloudevents.read(path))
    assert [(message.topic, message.value) for message in found] == [(TICKETS, b"{broken"), (TICKETS, lines()[0])]
