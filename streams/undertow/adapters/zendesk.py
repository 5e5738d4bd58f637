"""Zendesk to our events: an export as JSON (``zendesk_exports``) or as a folder of tables (``zendesk_tables``), or record by
record from a topic (``zendesk_records``).

All are read into histories, one a ticket, and those into events here. What Zendesk does not say is not made up:
- A comment by the requester, or by a user whose role is end-user, is the customer's; one made by a rule, trigger or
  automation is a bot's; of a user nobody knows it is unknown, and passes for a human's.
- Whether a public comment asks the customer something is seen by its question mark, or, where the export carries no text,
  by the same update setting the ticket to pending, which is Zendesk's word for waiting for the requester.
- The topic is the ticket's form, Zendesk's own way to ask what a ticket is about; without forms there is no topic.
- A rating ``good`` is 5, ``bad`` is 1, on the scale from one to five of the contract's ``good_csat``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from undertow import events as e
from undertow.adapters import zendesk_exports, zendesk_tables
from undertow.adapters.zendesk_history import Change, Comment, History, Rated

STATUS: Final[Mapping[str, e.Status]] = {
    "new": "new",
    "open": "open",
    "pending": "pending",
    "hold": "on_hold",
    "on-hold": "on_hold",
    "solved": "solved",
    "closed": "closed",
    "deleted": "closed",
}
_SCORES: Final = {"good": 5.0, "bad": 1.0}
_ROLES: Final[Mapping[str, e.ActorKind]] = {"end-user": "customer", "agent": "agent", "admin": "agent"}
_UPDATE: Final = 0
_CLAIM: Final = 1_000_000
"""What is said about a ticket comes after what happened to it at the same time: where their sequences begin."""
SYSTEM: Final = "-1"
"""The user id that Zendesk writes where no user did it."""


def read(path: Path, vendor: str) -> list[e.Event]:
    """Every event of an export, in order of time. Raises :class:`undertow.adapters.message.Unreadable`, ``OSError``."""
    reader = zendesk_tables if path.is_dir() and zendesk_tables.found(path) else zendesk_exports
    histories, roles = reader.read(path)
    return events(histories, roles, vendor)


def events(histories: Iterable[History], roles: Mapping[str, str], vendor: str) -> list[e.Event]:
    """Histories as events, in order of time, then of the ticket's own sequence. ``roles`` by user id."""
    found: list[e.Event] = []
    for history in histories:
        found += _Teller(history, roles, vendor).events()
    return sorted(found, key=lambda event: (event.time, int(event.sequence or 0), event.id))


class _Teller:
    """One ticket's history, told as events."""

    def __init__(self, history: History, roles: Mapping[str, str], vendor: str) -> None:
        self.history = history
        self.roles = roles
        self.vendor = vendor
        self.said: dict[tuple[datetime, int], int] = {}
        self.ids: dict[str, int] = {}

    def events(self) -> Iterator[e.Event]:
        """The opening, every update, what the ticket is linked to, what was claimed of it and how it was rated."""
        history = self.history
        if history.created is not None:
            yield self.opening(history.created)
        updates = sorted(history.updates, key=lambda update: update.at)
        waiting = {(update.at, update.user) for update in updates if _to_pending(update)}
        before = {"priority": history.priority, "ticket_form_id": history.form, **history.fields}
        for update in updates:
            if isinstance(update, Comment):
                yield self.message(update, asked=(update.at, update.user) in waiting)
            elif update.value != before.get(update.field):
                before[update.field] = update.value
                yield from self.change(update, before)
        if history.follows is not None and history.created is not None:
            yield self.linked(history.created, history.follows, "follows_up")
        if history.merged is not None:
            yield self.linked(*history.merged, "merged_into")
        for claim in history.claims:
            said = e.TicketClaimData(**self.ids_(), measure=claim.measure, met=claim.met, value=claim.value)
            yield e.TicketClaimed(**self.head(f"claim-{claim.measure}", claim.at, _CLAIM), data=said)
        for rated in history.ratings:
            yield from self.rating(rated)

    def head(self, what: str, at: datetime, group: int = _UPDATE) -> dict[str, Any]:
        """Envelope. Id and sequence follow from what was said before at the same time, so a later export of more history
        repeats them: an event that comes again with another sequence would pass for a rewritten one. Those of a record that
        is told alone follow from the record.
        """
        said = self.said[at, group] = self.said.get((at, group), 0) + 1
        number, record = self.history.number, self.history.record
        name = f"{number}-{what}-{int(at.timestamp())}" if record is None else f"{number}-{record}-{what}"
        again = self.ids[name] = self.ids.get(name, -1) + 1
        return {
            "specversion": "1.0",
            "id": f"{name}-{again}" if again else name,
            "source": f"/{self.vendor}/zendesk",
            "sequence": str(self.history.after + group + said),
            "time": at,
        }

    def ids_(self) -> dict[str, Any]:
        """What the data of every event about the ticket has in common."""
        return {"vendor": self.vendor, "ticket": self.history.number, "customer": self.history.requester}

    def by(self, user: str | None, automatic: bool = False) -> dict[str, Any]:
        """The same with who did it; a rule acts as a bot."""
        return {**self.ids_(), "actor": e.Actor(self.kind(user, automatic), user)}

    def kind(self, user: str | None, automatic: bool) -> e.ActorKind:
        """Who a user is to this ticket."""
        if automatic:
            return "bot"
        if user is None:
            return "unknown"
        if user == SYSTEM:
            return "system"
        if user == self.history.requester:
            return "customer"
        return _ROLES.get(self.roles.get(user, ""), "unknown")

    def opening(self, at: datetime) -> e.Event:
        history = self.history
        data = e.OpenedData(
            **self.by(history.creator),
            topic=_topic(history.form),
            priority=history.priority,
            channel=history.channel,
        )
        return e.TicketOpened(**self.head("opened", at), data=data)

    def message(self, comment: Comment, *, asked: bool) -> e.Event:
        human = not comment.automatic
        question = "?" in comment.text if comment.text is not None else asked
        data = e.MessageData(
            **self.by(comment.user, comment.automatic),
            public=comment.public,
            substantive=human,
            question=question and comment.public,
        )
        return e.TicketMessage(**self.head("comment", comment.at), data=data)

    def change(self, change: Change, now: Mapping[str, str | None]) -> Iterator[e.Event]:
        """A change of a field that we read; a status nobody knows, or an emptied priority, changes nothing."""
        who, value = self.by(change.user, change.automatic), change.value
        if change.field == "status" and value is not None and value in STATUS:
            moved = e.StatusChangedData(**who, to=STATUS[value])
            yield e.TicketStatusChanged(**self.head("status", change.at), data=moved)
        elif change.field == "priority" and value is not None:
            data = e.PriorityChangedData(**who, to=value)
            yield e.TicketPriorityChanged(**self.head("priority", change.at), data=data)
        elif change.field == "ticket_form_id" and (topic := _topic(value)) is not None:
            filed = e.TopicChangedData(**who, to=topic)
            yield e.TicketTopicChanged(**self.head("topic", change.at), data=filed)
        elif change.field in {"assignee_id", "group_id"} and value is not None:
            given = e.AssignedData(**who, agent=now.get("assignee_id"), team=now.get("group_id"))
            yield e.TicketAssigned(**self.head("assigned", change.at), data=given)

    def linked(self, at: datetime, related: str, relation: Any) -> e.Event:  # noqa: ANN401 - a literal of LinkedData
        data = e.LinkedData(**self.ids_(), related=related, relation=relation)
        return e.TicketLinked(**self.head("linked", at, _CLAIM), data=data)

    def rating(self, rated: Rated) -> Iterator[e.Event]:
        """``good``, ``good_with_comment``, ...; an offer that nobody answered is no rating."""
        score = _SCORES.get(rated.score.partition("_")[0])
        customer = self.history.requester or rated.user
        if score is not None and customer is not None:
            ticket = {"vendor": self.vendor, "ticket": self.history.number, "customer": customer}
            data = e.SurveyData(**ticket, scale="csat", score=score)
            yield e.FeedbackSurvey(**self.head("rating", rated.at, _CLAIM), data=data)


def _topic(form: str | None) -> str | None:
    return f"form {form}" if form is not None else None


def _to_pending(update: Change | Comment) -> bool:
    return isinstance(update, Change) and update.field == "status" and update.value == "pending"
