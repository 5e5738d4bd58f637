"""Zendesk record by record: webhook events and objects of the exports, read from a topic."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undertow import events as e
from undertow import wire
from undertow.adapters import live
from undertow.domain.agreement.contract import Contract, Feed

ACME = {"acme": Contract(vendor="acme", feeds=(Feed("acme.zendesk", "zendesk"),))}
READ = live.dialects(ACME)["acme.zendesk"].decode
DETAIL: dict[str, Any] = {
    "id": "7",
    "created_at": "2026-06-01T09:00:00Z",
    "updated_at": "2026-06-01T09:05:00Z",
    "requester_id": "100",
    "submitter_id": "100",
    "actor_id": "900",
    "assignee_id": "0",
    "group_id": "3",
    "form_id": "5",
    "priority": "HIGH",
    "status": "OPEN",
    "via": {"channel": "email"},
}


def webhook(what: str, event: dict[str, Any] | None = None, number: int = 1, **detail: object) -> dict[str, Any]:
    return {
        "type": f"zen:event-type:ticket.{what}",
        "account_id": 12,
        "id": f"0000-{number}",
        "time": "2026-06-01T09:05:00.254571515Z",
        "zendesk_event_version": "2022-11-06",
        "subject": "zen:ticket:7",
        "detail": {**DETAIL, **detail},
        "event": event or {},
    }


def update(number: int, *children: dict[str, Any], at: str = "2026-06-01T09:05:00Z", **more: object) -> dict[str, Any]:
    """One object of ``ticket_events``."""
    head = {"id": number, "ticket_id": 7, "created_at": at, "updater_id": 900, "via": "Web form", "event_type": "Audit"}
    return {**head, "child_events": list(children), **more}


def change(**fields: object) -> dict[str, Any]:
    return {"event_type": "Change", "previous_value": None, **fields}


def read(document: object) -> list[Any]:
    return list(READ(json.dumps(document).encode(), ()))


def refusal(document: object) -> tuple[str, str]:
    with pytest.raises(wire.Refused) as refused:
        read(document)
    assert refused.value.detail
    return refused.value.reason, refused.value.field


# --- webhook events


def test_a_created_ticket_is_opened_with_what_it_was_created_with():
    """Promise: at its creation, by its submitter, words in small letters, its form as the topic; 0 is no agent."""
    opened, status, assigned = read(webhook("created", status="NEW"))
    assert isinstance(opened, e.TicketOpened)
    assert opened.time == datetime(2026, 6, 1, 9, tzinfo=UTC)
    data = opened.data
    assert (data.vendor, data.ticket, data.customer, data.actor.kind) == ("acme", "7", "100", "customer")
    assert (data.topic, data.priority, data.channel) == ("form 5", "high", "email")
    assert (status.data.to, status.data.actor.id) == ("new", "900")
    assert (assigned.data.agent, assigned.data.team) == (None, "3")
    assert len({event.id for event in (opened, status, assigned)}) == 3


@pytest.mark.parametrize(
    ("what", "current", "kind", "said"),
    [
        ("status_changed", "HOLD", e.TicketStatusChanged, {"to": "on_hold"}),
        ("status_changed", "SOLVED", e.TicketStatusChanged, {"to": "solved"}),
        ("priority_changed", "LOW", e.TicketPriorityChanged, {"to": "low"}),
        ("form_changed", 6, e.TicketTopicChanged, {"to": "form 6"}),
        ("agent_assignment_changed", "901", e.TicketAssigned, {"agent": "901", "team": "3"}),
        ("group_assignment_changed", "4", e.TicketAssigned, {"agent": None, "team": "4"}),
    ],
)
def test_a_change_says_what_became_of_the_field(what, current, kind, said):
    """Promise: one event of one change, at its time, by whoever did it; the other half of an assignment is in the detail."""
    (event,) = read(webhook(what, {"current": current, "previous": "x"}))
    assert type(event) is kind
    assert event.time == datetime(2026, 6, 1, 9, 5, 0, 254571, tzinfo=UTC)
    assert (event.data.ticket, event.data.customer, event.data.actor.id) == ("7", "100", "900")
    assert {name: getattr(event.data, name) for name in said} == said


@pytest.mark.parametrize(
    ("what", "current"),
    [
        ("status_changed", "ON_FIRE"),
        ("priority_changed", None),
        ("agent_assignment_changed", "0"),
        ("tags_changed", None),
        ("tomorrow", None),
    ],
)
def test_what_says_nothing_is_no_mistake(what, current):
    """Promise: emptied fields, unknown statuses and other types of events."""
    assert read(webhook(what, {"current": current, "previous": None})) == []
    assert read({"type": "zen:event-type:user.created", "id": "1"}) == []


@pytest.mark.parametrize(
    ("author", "staff", "kind"), [("100", False, "customer"), ("900", True, "agent"), ("77", False, "customer")]
)
def test_a_comment_is_by_its_author(author, staff, kind):
    """Promise: staff or not is Zendesk's word; a question is seen by its mark, and a private note asks nobody."""
    said = {"id": "5", "body": "Which version?", "is_public": True, "author": {"id": author, "is_staff": staff}}
    (public,) = read(webhook("comment_added", {"comment": said}))
    assert (public.data.actor.kind, public.data.actor.id, public.data.public, public.data.question) == (
        kind,
        author,
        True,
        True,
    )
    (private,) = read(webhook("comment_added", {"comment": {**said, "is_public": False}}))
    assert (private.data.public, private.data.question) == (False, False)


def test_a_merged_ticket_belongs_to_the_one_it_went_into():
    (linked,) = read(webhook("merged", {"target_ticket_id": "8"}))
    assert (linked.data.ticket, linked.data.related, linked.data.relation) == ("7", "8", "merged_into")


def test_ids_are_the_records_own():
    """Promise: the same record says the same again; another of the same second is another event."""
    moved = {"current": "SOLVED", "previous": "OPEN"}
    once, again, other = (read(webhook("status_changed", moved, number))[0] for number in (1, 1, 2))
    assert once == again
    assert (once.source, once.time) == (other.source, other.time)
    assert once.id != other.id


@pytest.mark.parametrize(
    ("document", "reason", "field"),
    [
        ({"type": "zen:event-type:ticket.created"}, "missing_field", "$.detail"),
        (webhook("created") | {"detail": 5}, "wrong_value", "$.detail"),
        (webhook("created", id=""), "missing_field", "$.detail.id"),
        (webhook("created", id=["7"]), "wrong_value", "$.detail.id"),
        (webhook("created", created_at="soon"), "wrong_value", "$.detail.created_at"),
        (webhook("created", created_at="1970-01-01T00:00:00Z"), "time_out_of_range", "$.time"),
        (webhook("created", requester_id="1" * 300), "wrong_value", "$.data.customer"),
        (webhook("created") | {"id": None}, "missing_field", "$.id"),
        (webhook("comment_added"), "missing_field", "$.event.comment"),
        (webhook("comment_added", {"comment": {"author": {}}}), "missing_field", "$.event.comment.author.id"),
        (webhook("status_changed", {"current": {}}), "wrong_value", "$.event.current"),
        (webhook("merged"), "missing_field", "$.event.target_ticket_id"),
        ([], "wrong_value", "$"),
        ({"id": 1, "ticket_id": 7, "metric": "reply_time", "type": "fulfill", "instance_id": 1}, "unmapped", "$"),
    ],
)
def test_a_record_that_is_not_as_documented_is_refused_with_the_field(document, reason, field):
    assert refusal(document) == (reason, field)


def test_a_customer_nobody_knows_is_said_and_not_left_out():
    """Promise: without the requester the event would be another ticket's."""
    (event,) = read(webhook("status_changed", {"current": "OPEN"}, requester_id=None))
    assert event.data.customer is None
    without = webhook("status_changed", {"current": "OPEN"})
    del without["detail"]["requester_id"]
    assert refusal(without) == ("missing_field", "$.detail.requester_id")


# --- objects of the exports


def test_an_update_tells_its_children_in_order_for_the_requester_it_names():
    """Promise: what it created, what it changed, what was written; all of one customer's ticket."""
    children = (
        {"event_type": "Create", "status": "new"},
        {"event_type": "Create", "priority": "high"},
        {"event_type": "Create", "requester_id": 100},
        {"event_type": "Comment", "comment_present": True, "comment_public": True},
    )
    opened, status, wrote = read(update(11, *children))
    assert (opened.data.priority, opened.data.customer, status.data.to, wrote.data.public) == (
        "high",
        "100",
        "new",
        True,
    )
    later = read(update(12, change(status="open"), change(priority="low"), requester_id=100))
    assert [event.data.to for event in later] == ["open", "low"]
    assert {event.data.customer for event in later} == {"100"}
    order = [int(event.sequence) for event in (opened, status, wrote, *later)]
    assert order == sorted(set(order)), "updates of one second stay in the order of their ids"
    assert len({event.id for event in (opened, status, wrote, *later)}) == 5


def test_an_update_that_does_not_say_whose_ticket_it_is_is_refused():
    """Promise: Zendesk's export leaves it out of later updates, and a guess would make two tickets of one."""
    with pytest.raises(wire.Refused, match="add the ticket's requester to each record") as refused:
        read(update(12, change(status="open")))
    assert (refused.value.reason, refused.value.field) == ("missing_field", "$.requester_id")
    (event,) = read(update(12, change(status="open"), requester_id=None))
    assert event.data.customer is None


def test_each_version_of_a_rating_is_a_survey():
    """Promise: a customer who thinks again is heard again; an offer is no rating."""
    rating = {"id": 5, "ticket_id": 7, "requester_id": 100, "score": "good", "updated_at": "2026-06-02T00:00:00Z"}
    (good,) = read(rating)
    (bad,) = read({**rating, "score": "bad_with_comment", "updated_at": "2026-06-03T00:00:00Z"})
    assert (good.data.score, bad.data.score, good.data.customer) == (5.0, 1.0, "100")
    assert good.id != bad.id
    assert read({**rating, "score": "offered"}) == []
    assert refusal({**rating, "updated_at": None}) == ("missing_field", "$.created_at")
    del rating["requester_id"]
    assert refusal(rating) == ("missing_field", "$.requester_id")


DOCUMENTS = (
    webhook("created"),
    webhook("status_changed", {"current": "OPEN"}),
    webhook("comment_added", {"comment": {"is_public": True, "author": {"id": "1"}}}),
    update(12, change(status="open"), requester_id=100),
    {"id": 5, "ticket_id": 7, "requester_id": 100, "score": "good", "updated_at": "2026-06-02T00:00:00Z"},
)
odd = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.just([])
    | st.just({})
    | st.just([5])
)


@given(st.sampled_from(DOCUMENTS), st.data())
def test_whatever_stands_in_a_record_it_is_read_or_refused(document, data):
    """Promise: no record can stop a worker."""
    broken = json.loads(json.dumps(document))
    at = broken
    while isinstance(at, dict | list) and at:
        key = data.draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
        if not isinstance(at[key], dict | list) or data.draw(st.booleans()):
            at[key] = data.draw(odd)
            break
        at = at[key]
    try:
        said = read(broken)
    except wire.Refused:
        return
    assert [wire.decode(wire.encode(event)) for event in said] == said
