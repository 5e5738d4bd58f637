"""Zendesk's exports, JSON and tables, read into what would be on the topics."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from undertow import events as e
from undertow import wire
from undertow.adapters import ADAPTERS, zendesk
from undertow.adapters.message import Unreadable
from undertow.topics import CLAIMS, FEEDBACK, TICKETS

CUSTOMER, AGENT, OTHER = 100, 900, 901


def audit(
    number: int, minute: int, *children: dict[str, Any], user: int = AGENT, via: object = "Web form"
) -> dict[str, Any]:
    """One update of ticket 7, as ``ticket_events`` has it."""
    return {
        "id": number,
        "ticket_id": 7,
        "timestamp": 1_780_272_000 + minute * 60,
        "created_at": f"2026-06-01T{minute // 60:02}:{minute % 60:02}:00Z",
        "updater_id": user,
        "via": via,
        "event_type": "Audit",
        "child_events": [{"id": number * 100 + place, "via": via, **child} for place, child in enumerate(children)],
    }


def create(**fields: object) -> list[dict[str, Any]]:
    return [{"event_type": "Create", name: value} for name, value in fields.items()]


def change(before: object = None, **fields: object) -> dict[str, Any]:
    return {"event_type": "Change", "previous_value": before, **fields}


def comment(public: bool = True, **more: object) -> dict[str, Any]:
    return {"event_type": "Comment", "comment_present": True, "comment_public": public, **more}


BORN = audit(
    1, 0, *create(status="new", priority="high", requester_id=CUSTOMER, ticket_form_id=5, group_id=3), comment(),
    user=CUSTOMER, via="Mail",
)  # fmt: skip
USERS = [{"id": CUSTOMER, "role": "end-user"}, {"id": AGENT, "role": "agent"}]


def read(tmp_path: Path, **lists: list[dict[str, Any]]) -> list[e.Event]:
    path = tmp_path / "export.json"
    path.write_text(json.dumps({**lists, "count": 1, "end_of_stream": True}))
    return zendesk.read(path, "acme")


def of(kind: type, found: list[e.Event]) -> list[Any]:
    return [event.data for event in found if isinstance(event, kind)]


def test_a_ticket_is_opened_by_what_its_first_update_created(tmp_path):
    """Promise: by the requester, with the form as its topic, the priority of its creation, and the first comment."""
    found = read(tmp_path, ticket_events=[BORN])
    (opened,) = of(e.TicketOpened, found)
    assert (opened.ticket, opened.customer, opened.actor.kind) == ("7", "100", "customer")
    assert (opened.topic, opened.priority, opened.channel) == ("form 5", "high", "Mail")
    (wrote,) = of(e.TicketMessage, found)
    assert (wrote.actor.kind, wrote.public, wrote.question) == ("customer", True, False)
    assert of(e.TicketPriorityChanged, found) == []
    assert of(e.TicketTopicChanged, found) == []


def test_updates_say_what_they_changed_and_unknown_fields_and_statuses_nothing(tmp_path):
    """Promise: on hold has two spellings; tags, emptied priorities and new kinds of children are not events."""
    found = read(
        tmp_path,
        users=USERS,
        ticket_events=[
            BORN,
            audit(2, 5, change("new", status="open"), change(None, assignee_id=AGENT)),
            audit(3, 6, change("open", status="hold"), change("high", priority="low"), change(5, ticket_form_id=6)),
            audit(4, 7, change("low", priority=None), change([], tags=["a"]), {"event_type": "Tomorrow"}),
            audit(
                5, 8, change("hold", status="on_fire"), change("hold", status="solved"), change(AGENT, assignee_id=None)
            ),
        ],
    )
    assert [(data.to, data.actor.kind) for data in of(e.TicketStatusChanged, found)] == [
        ("new", "customer"),
        ("open", "agent"),
        ("on_hold", "agent"),
        ("solved", "agent"),
    ]
    assert [data.to for data in of(e.TicketPriorityChanged, found)] == ["low"]
    assert [data.to for data in of(e.TicketTopicChanged, found)] == ["form 6"]
    assert [(data.agent, data.team) for data in of(e.TicketAssigned, found)] == [(None, "3"), ("900", "3")]


def test_who_wrote_is_told_by_the_requester_the_roles_and_the_rules(tmp_path):
    """Promise: a rule is a bot without substance, a user nobody knows is unknown, the system is the system."""
    found = read(
        tmp_path,
        users=USERS,
        ticket_events=[
            BORN,
            audit(2, 1, comment(), user=-1, via="Rule"),
            audit(3, 2, comment(), user=-1),
            audit(4, 3, comment(public=False)),
            audit(5, 4, comment(), user=OTHER),
            audit(6, 5, comment(author_id=CUSTOMER), user=OTHER),
            audit(7, 6, comment(), via={"channel": "trigger"}),
        ],
    )
    said = [(data.actor.kind, data.public, data.substantive) for data in of(e.TicketMessage, found)]
    assert said == [
        ("customer", True, True),
        ("bot", True, False),
        ("system", True, True),
        ("agent", False, True),
        ("unknown", True, True),
        ("customer", True, True),
        ("bot", True, False),
    ]


def test_a_question_is_seen_by_its_mark_or_without_text_by_pending_in_the_same_update(tmp_path):
    """Promise: the sideload's text decides where there is one; private notes ask nobody."""
    found = read(
        tmp_path,
        users=USERS,
        ticket_events=[
            BORN,
            audit(2, 1, comment(), change("new", status="pending")),
            audit(3, 2, comment(), change("pending", status="open")),
            audit(4, 3, comment(body="We wait."), change("open", status="pending")),
            audit(5, 4, comment(body="Which version?")),
            audit(6, 5, comment(public=False, body="Why?")),
        ],
    )
    assert [data.question for data in of(e.TicketMessage, found)] == [False, True, False, False, True, False]


def test_the_list_of_tickets_tells_what_the_events_do_not_reach_and_not_what_was_then(tmp_path):
    """Promise: opened when it was created; the priority of its creation is what the first change replaced."""
    now = {
        "id": 7,
        "created_at": "2026-05-01T00:00:00Z",
        "requester_id": CUSTOMER,
        "submitter_id": AGENT,
        "priority": "low",
        "ticket_form_id": 6,
        "via": {"channel": "email", "source": {"rel": "follow_up", "from": {"ticket_id": 3}}},
    }
    found = read(tmp_path, users=USERS, tickets=[now], ticket_events=[audit(3, 6, change("urgent", priority="low"))])
    (opened,) = of(e.TicketOpened, found)
    assert (opened.actor.kind, opened.priority, opened.topic) == ("agent", "urgent", "form 6")
    assert [data.to for data in of(e.TicketPriorityChanged, found)] == ["low"]
    assert [(data.related, data.relation) for data in of(e.TicketLinked, found)] == [("3", "follows_up")]
    later = read(tmp_path, tickets=[now], ticket_events=[BORN])
    assert of(e.TicketOpened, later)[0].priority == "high"
    bare = audit(1, 0, *create(status="new", requester_id=CUSTOMER))
    without = read(tmp_path, tickets=[now], ticket_events=[bare, audit(3, 6, change(None, priority="low"))])
    assert of(e.TicketOpened, without)[0].priority is None
    assert [data.to for data in of(e.TicketPriorityChanged, without)] == ["low"]


def test_without_its_creation_a_ticket_has_no_opening(tmp_path):
    """Promise: the beginning of the export is not the beginning of the ticket."""
    assert of(e.TicketOpened, read(tmp_path, ticket_events=[audit(3, 6, change("new", status="open"))])) == []


def metric(
    number: int, minute: int, kind: str, name: str = "reply_time", instance: int = 1, **more: object
) -> dict[str, Any]:
    return {
        "id": number,
        "ticket_id": 7,
        "metric": name,
        "instance_id": instance,
        "type": kind,
        "time": f"2026-06-01T00:{minute:02}:00Z",
        **more,
    }


def test_a_target_that_zendesk_saw_fulfilled_or_breached_is_a_claim(tmp_path):
    """Promise: met unless it was breached before; the minutes it counted on the policy's clock are the value."""
    found = read(
        tmp_path,
        ticket_events=[BORN],
        ticket_metric_events=[
            metric(1, 0, "apply_sla", sla={"target": 30, "business_hours": True}),
            metric(2, 9, "fulfill"),
            metric(3, 9, "update_status", status={"calendar": 9, "business": 4}),
            metric(4, 0, "apply_sla", "resolution_time", sla={"target": 10, "business_hours": False}),
            metric(5, 10, "breach", "resolution_time"),
            metric(6, 12, "fulfill", "resolution_time"),
        ],
    )
    said = [(data.measure, data.met, data.value, data.customer) for data in of(e.TicketClaimed, found)]
    assert said == [
        ("first_response", True, 240.0, "100"),
        ("total_resolution", False, None, "100"),
        ("total_resolution", False, None, "100"),
    ]


def test_what_had_no_target_or_was_taken_back_is_no_claim(tmp_path):
    """Promise: metrics of tickets without a policy say nothing, nor do deleted breaches and other metrics."""
    found = read(
        tmp_path,
        ticket_events=[BORN],
        ticket_metric_events=[
            metric(1, 9, "fulfill"),
            metric(2, 0, "apply_sla", instance=2),
            metric(3, 5, "breach", instance=2, deleted=True),
            metric(4, 6, "fulfill", instance=2),
            metric(5, 7, "breach", "agent_work_time"),
        ],
    )
    assert [(data.measure, data.met) for data in of(e.TicketClaimed, found)] == [("next_response", True)]


def test_a_next_response_missed_once_stays_missed(tmp_path):
    """Promise: later instances met do not clear it."""
    rows = [
        metric(i, i, kind, instance=2 + i // 2)
        for i, kind in enumerate(("apply_sla", "breach", "apply_sla", "fulfill"))
    ]
    claims = of(e.TicketClaimed, read(tmp_path, ticket_events=[BORN], ticket_metric_events=rows))
    assert [data.met for data in claims] == [False, False]


def test_ratings_are_surveys_and_offers_are_not(tmp_path):
    """Promise: good is five and bad is one, with or without a comment; also of a ticket whose events are elsewhere."""
    rows = [
        {"id": n, "ticket_id": 7, "requester_id": CUSTOMER, "score": score, "created_at": "2026-06-02T00:00:00Z"}
        for n, score in enumerate(("offered", "good_with_comment", "bad"))
    ]
    found = of(e.FeedbackSurvey, read(tmp_path, satisfaction_ratings=rows))
    assert [(data.score, data.scale, data.ticket, data.customer) for data in found] == [
        (5.0, "csat", "7", "100"),
        (1.0, "csat", "7", "100"),
    ]


def test_a_folder_of_answers_overlaps_and_is_read_like_one(tmp_path):
    """Promise: pages as files or as lines, packed or not; what comes twice is one event, and ids stay the same."""
    second = audit(2, 5, change("new", status="open"))
    whole = read(tmp_path, users=USERS, ticket_events=[BORN, second])
    folder = tmp_path / "pages"
    folder.mkdir()
    pages = [{"ticket_events": [second]}, {"ticket_events": [BORN, second]}]
    (folder / "a.jsonl").write_text("\n".join(map(json.dumps, pages)) + "\n\n")
    (folder / "users.json.gz").write_bytes(gzip.compress(json.dumps({"users": USERS}).encode()))
    assert zendesk.read(folder, "acme") == whole
    assert len({event.id for event in whole}) == len(whole)
    assert [wire.decode(wire.encode(event)) for event in whole] == whole


def test_more_history_repeats_the_events_that_were_exported_before(tmp_path):
    """Promise: importing a longer export again changes nothing but what is new."""
    second = audit(2, 5, change("new", status="open"), comment())
    claims = [metric(1, 9, "breach")]
    before = read(tmp_path, ticket_events=[BORN], ticket_metric_events=claims)
    longer = read(tmp_path, ticket_events=[BORN, second], ticket_metric_events=claims)
    assert [event for event in longer if event in before] == before
    assert len(longer) == len(before) + 2


TICKET = {
    "id": "7",
    "created_at": "2026-06-01 00:00:00",
    "requester_id": "100",
    "submitter_id": "900",
    "priority": "low",
}
HISTORY = {"ticket_id": "7", "field_name": "status", "updated": "2026-06-01 00:00:00", "user_id": "900", "value": "new"}
COMMENT = {"ticket_id": "7", "created": "2026-06-01 00:01:00", "public": "true", "user_id": "900", "body": "Done?"}


def tables(folder: Path, **changed: list[dict[str, str]]) -> list[e.Event]:
    rows = {
        "ticket": [TICKET],
        "ticket_field_history": [HISTORY],
        "ticket_comment": [COMMENT],
        "user": [{"id": "900", "role": "admin"}],
    } | changed
    for name, some in rows.items():
        lines = [",".join(some[0]), *(",".join(row.values()) for row in some)]
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    return zendesk.read(folder, "acme")


def test_tables_tell_the_same_story(tmp_path):
    """Promise: opened by the submitter, questions by their mark, roles from the table of users."""
    found = tables(tmp_path)
    (opened,) = of(e.TicketOpened, found)
    assert (opened.actor.kind, opened.customer, opened.priority, opened.topic) == ("agent", "100", "low", None)
    (wrote,) = of(e.TicketMessage, found)
    assert (wrote.actor.kind, wrote.question) == ("agent", True)


def test_of_a_field_s_history_the_first_value_is_that_of_the_creation(tmp_path):
    """Promise: the ticket table knows today's priority; set later, the ticket had none when it was opened."""
    at = {"field_name": "priority", "value": "urgent"}
    at_once = tables(tmp_path, ticket_field_history=[{**HISTORY, **at}])
    assert (of(e.TicketOpened, at_once)[0].priority, of(e.TicketPriorityChanged, at_once)) == ("urgent", [])
    later = tables(tmp_path, ticket_field_history=[{**HISTORY, **at, "updated": "2026-06-01 09:00:00"}])
    assert of(e.TicketOpened, later)[0].priority is None
    assert [data.to for data in of(e.TicketPriorityChanged, later)] == ["urgent"]


def test_merges_follow_ups_and_ratings_of_tables(tmp_path):
    """Promise: the merged ticket belongs to the one it went into; deleted rows are gone."""
    more = {
        "updated_at": "2026-06-03 00:00:00",
        "via_followup_source_id": "",
        "merged_ticket_ids": "",
        "_fivetran_deleted": "false",
    }
    old = {**TICKET, "id": "8", **more}
    into = {**TICKET, **more, "via_followup_source_id": "3", "merged_ticket_ids": "[8]"}
    gone = {**TICKET, "id": "9", **more, "_fivetran_deleted": "true"}
    rated = {"ticket_id": "7", "score": "bad", "created_at": "2026-06-04T00:00:00Z"}
    found = tables(tmp_path, ticket=[old, into, gone], satisfaction_rating=[rated])
    assert [(data.ticket, data.related, data.relation) for data in of(e.TicketLinked, found)] == [
        ("7", "3", "follows_up"),
        ("8", "7", "merged_into"),
    ]
    assert [data.score for data in of(e.FeedbackSurvey, found)] == [1.0]
    assert {data.ticket for data in of(e.TicketOpened, found)} == {"7", "8"}


def test_messages_go_to_the_topics_they_belong_on(tmp_path):
    """Promise: tickets, claims and feedback apart, all by ticket."""
    path = tmp_path / "export.json"
    rating = {"id": 1, "ticket_id": 7, "score": "good", "created_at": "2026-06-02T00:00:00Z"}
    path.write_text(
        json.dumps(
            {
                "ticket_events": [BORN],
                "satisfaction_ratings": [rating],
                "ticket_metric_events": [metric(1, 1, "breach")],
            }
        )
    )
    found = list(ADAPTERS["zendesk"](path, "acme"))
    assert {message.topic for message in found} == {TICKETS, CLAIMS, FEEDBACK}
    assert {message.key for message in found} == {"7"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{}", "holds none of users, tickets, ticket_events"),
        ("[1]", "line 1: no JSON object"),
        ("{broken", "line 1: no JSON object"),
        ('{"ticket_events": [{"id": 1}]}', "one of ticket_events has no 'timestamp'"),
        ('{"ticket_events": [{"id": 1, "created_at": "soon"}]}', "one of ticket_events is not of the documented form"),
        ('{"users": [3]}', "one of users is not of the documented form"),
    ],
)
def test_a_file_that_is_no_export_is_refused_with_what_was_expected(tmp_path, content, words):
    """Promise: the message names the list and what is wrong, and nothing is imported by half."""
    path = tmp_path / "export.json"
    path.write_text(content)
    with pytest.raises(Unreadable, match=words):
        zendesk.read(path, "acme")


def test_tables_that_lack_a_file_a_column_or_a_time_are_refused(tmp_path):
    """Promise: the file, the line and the column."""
    (tmp_path / "ticket.csv").write_text("id,created_at\n7,2026-06-01 00:00:00\n")
    with pytest.raises(Unreadable, match=r"ticket\.csv line 2: no column requester_id"):
        zendesk.read(tmp_path, "acme")
    with pytest.raises(Unreadable, match="'soon' is no time"):
        tables(tmp_path, ticket=[{**TICKET, "created_at": "soon"}])
    tables(tmp_path)
    (tmp_path / "ticket_comment.csv").unlink()
    with pytest.raises(Unreadable, match=r"holds no ticket_comment\.csv"):
        zendesk.read(tmp_path, "acme")
