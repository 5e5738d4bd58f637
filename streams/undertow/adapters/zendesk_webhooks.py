"""Zendesk's webhook events (``zen:event-type:ticket.*``): one change of a ticket a document, the ticket's fields beside it.

Read are the events by which a ticket is created, written in, merged, or has its status, priority, form, group or agent
changed; every other type has nothing to say. ``detail`` names the requester in each, so that a document is enough alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from undertow.adapters.zendesk_history import Change, Comment, History, instant
from undertow.wire import Refused

PREFIX: Final = "zen:event-type:"
_CHANGED: Final = {
    "status_changed": "status",
    "priority_changed": "priority",
    "form_changed": "ticket_form_id",
    "group_assignment_changed": "group_id",
    "agent_assignment_changed": "assignee_id",
}
"""The field that a type changes."""
_DETAIL: Final = {"status": "status", "group_id": "group_id", "assignee_id": "assignee_id"}
"""Fields that a ticket is created with, beside the priority and the form, by their name in ``detail``."""


def read(document: dict[str, Any]) -> tuple[History, dict[str, str]] | None:
    """What a document tells, with roles by user id; None for nothing. Raises :class:`undertow.wire.Refused`."""
    what = str(document["type"]).removeprefix(f"{PREFIX}ticket.")
    if what not in _CHANGED and what not in {"created", "comment_added", "merged"}:
        return None
    detail, event = part(document, "detail", "$"), part(document, "event", "$")
    at = moment(document, "time", "$")
    history = History(word(detail, "id", "$.detail"), record=word(document, "id", "$"))
    if "requester_id" not in detail:
        raise Refused("missing_field", "$.detail.requester_id", "says whose ticket it is; null if nobody knows")
    history.requester = said(detail["requester_id"], "$.detail.requester_id")
    user = said(detail.get("actor_id"), "$.detail.actor_id")
    roles: dict[str, str] = {}
    if what == "created":
        _created(history, detail, user)
    elif what == "merged":
        history.merged = (at, word(event, "target_ticket_id", "$.event"))
    elif what == "comment_added":
        comment = part(event, "comment", "$.event")
        author = part(comment, "author", "$.event.comment")
        writer = word(author, "id", "$.event.comment.author")
        roles[writer] = "agent" if author.get("is_staff") is True else "end-user"
        text = comment.get("body")
        history.updates.append(
            Comment(at, writer, False, comment.get("is_public") is True, text if isinstance(text, str) else None)
        )
    else:
        field = _CHANGED[what]
        others = {"group_id", "assignee_id"} - {field}
        history.fields = {name: said(detail.get(name), f"$.detail.{name}") for name in others}
        history.updates.append(Change(at, user, False, field, _value(field, event.get("current"), "$.event.current")))
    return history, roles


def _created(history: History, detail: dict[str, Any], user: str | None) -> None:
    at = history.created = moment(detail, "created_at", "$.detail")
    history.creator = said(detail.get("submitter_id"), "$.detail.submitter_id") or user
    via = detail.get("via")
    history.channel = said(via.get("channel"), "$.detail.via.channel") if isinstance(via, dict) else None
    history.priority = _value("priority", detail.get("priority"), "$.detail.priority")
    history.form = said(detail.get("form_id"), "$.detail.form_id")
    for field, name in _DETAIL.items():
        history.updates.append(Change(at, user, False, field, _value(field, detail.get(name), f"$.detail.{name}")))


def _value(field: str, raw: object, path: str) -> str | None:
    """A field's value as the exports write it: webhooks shout."""
    value = said(raw, path)
    return value.lower() if value is not None and field in {"status", "priority"} else value


def part(document: dict[str, Any], name: str, path: str) -> dict[str, Any]:
    """The object in a document. Raises :class:`undertow.wire.Refused`."""
    found = document.get(name)
    if not isinstance(found, dict):
        reason = "wrong_value" if name in document else "missing_field"
        raise Refused(reason, f"{path}.{name}", "expected an object, as Zendesk sends it")
    return found


def word(document: dict[str, Any], name: str, path: str) -> str:
    """A number or text that must be there, as text. Raises :class:`undertow.wire.Refused`."""
    found = said(document.get(name), f"{path}.{name}")
    if found is None:
        raise Refused("missing_field", f"{path}.{name}", "has to be there")
    return found


def moment(document: dict[str, Any], name: str, path: str) -> datetime:
    """A time that must be there. Raises :class:`undertow.wire.Refused`."""
    text = word(document, name, path)
    try:
        return instant(text)
    except (ValueError, OverflowError):
        raise Refused("wrong_value", f"{path}.{name}", f"{text[:40]!r} is no time") from None


def said(raw: object, path: str) -> str | None:
    """An id or a word as text; None for none, which webhooks also write as 0 or as nothing. Raises :class:`Refused`."""
    if isinstance(raw, bool) or not isinstance(raw, int | str | None):
        raise Refused("wrong_value", path, "expected a number or text")
    return None if raw in {None, "", "0", 0} else str(raw)
