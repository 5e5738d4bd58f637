"""Zendesk's incremental exports (JSON): answers of its API as they come, one a file or one a line.

Read are the lists ``ticket_events`` (with or without the sideload ``comment_events``), ``tickets``, ``users``,
``ticket_metric_events`` and ``satisfaction_ratings``; what else an answer holds is left alone. Of ``ticket_events`` each
is one update with its ``child_events``: a field of that name is what changed, ``comment_public`` or a child of the type
Comment what was written. A ticket whose creation the export does not reach has no opening unless ``tickets`` tells it.

Zendesk's own verdicts become claims: a metric with a target that was fulfilled (met, unless it was breached before) or
breached (missed). ``reply_time`` is the first response in its first instance and the next response in later ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from undertow import events as e
from undertow.adapters.files import opened
from undertow.adapters.message import Unreadable
from undertow.adapters.zendesk_history import FIELDS, Change, Claim, Comment, History, Rated, instant

LISTS: Final = ("users", "tickets", "ticket_events", "ticket_metric_events", "satisfaction_ratings")
"""What is read, in the order in which it is taken in."""
_RULES: Final = ("rule", "trigger", "automation", "sla_target_change", "admin_setting")
"""Beginnings of ``via`` where no person acted."""
_METRICS: Final[dict[str, e.Measure]] = {
    "reply_time": "first_response",
    "resolution_time": "total_resolution",
    "total_resolution_time": "total_resolution",
}
_KEPT: Final = {"priority": "priority", "ticket_form_id": "form"}
"""Fields of which a history keeps what they were at its creation."""
_json = msgspec.json.Decoder(dict[str, Any])


def read(path: Path) -> tuple[list[History], dict[str, str]]:
    """Histories and roles by user id, of a file or of a folder's files. Raises :class:`Unreadable`, ``OSError``."""
    files = [path]
    if path.is_dir():
        files = sorted(one for one in path.iterdir() if one.name.removesuffix(".gz").endswith((".json", ".jsonl")))
    export = _Export()
    pages = [page for file in files for page in _pages(file)]
    if not any(name in page for page in pages for name in LISTS):
        raise Unreadable(f"{path.name} holds none of {', '.join(LISTS)}; expected Zendesk's incremental exports")
    for name in LISTS:
        rows = [row for page in pages for row in page.get(name) or []]
        try:
            for row in sorted(rows, key=_when) if name == "ticket_events" else rows:
                export.take(name, row)
        except KeyError as error:
            raise Unreadable(f"{path.name}: one of {name} has no {error}") from None
        except (TypeError, ValueError, AttributeError) as error:
            raise Unreadable(f"{path.name}: one of {name} is not of the documented form: {error}") from None
    return export.done()


def alone(name: str, row: dict[str, Any]) -> History:
    """What one object of a list tells by itself. Raises ``KeyError``, ``TypeError``, ``ValueError``, ``AttributeError``."""
    export = _Export()
    export.take(name, row)
    return export.done()[0][0]


class _Export:
    """Everything read so far."""

    def __init__(self) -> None:
        self.histories: dict[str, History] = {}
        self.roles: dict[str, str] = {}
        self.seen: set[tuple[str, str]] = set()
        self.begun: set[tuple[str, str]] = set()
        """Fields of tickets whose first value is known."""
        self.metrics: dict[tuple[str, str, int], list[dict[str, Any]]] = {}

    def take(self, name: str, row: dict[str, Any]) -> None:
        """One object of a list. Exports overlap: what came before is not taken again."""
        key = (name, str(row["id"]))
        if name in {"users", "tickets"} or key not in self.seen:  # of these two the last word counts
            self.seen.add(key)
            getattr(self, f"_{name}")(row)

    def done(self) -> tuple[list[History], dict[str, str]]:
        """All of it."""
        for (number, metric, instance), rows in self.metrics.items():
            self.history(number).claims += _claims(metric, instance, rows)
        for history in self.histories.values():
            history.claims = _together(history.claims)
        return list(self.histories.values()), self.roles

    def history(self, number: object) -> History:
        """The history of a ticket, begun when it is first spoken of."""
        return self.histories.setdefault(str(number), History(str(number)))

    def _users(self, row: dict[str, Any]) -> None:
        self.roles[str(row["id"])] = str(row.get("role"))

    def _tickets(self, row: dict[str, Any]) -> None:
        history = self.history(row["id"])
        via = row.get("via") or {}
        history.created = instant(row["created_at"])
        history.creator = _id(row.get("submitter_id"))
        history.requester = _id(row.get("requester_id"))
        history.channel = via.get("channel")
        history.priority = row.get("priority")
        history.form = _id(row.get("ticket_form_id"))
        source = via.get("source") or {}
        if source.get("rel") == "follow_up":
            history.follows = _id((source.get("from") or {}).get("ticket_id"))

    def _ticket_events(self, row: dict[str, Any]) -> None:
        history = self.history(row["ticket_id"])
        at = _when(row)
        user = _id(row.get("updater_id"))
        children = row.get("child_events") or []
        if any(child.get("event_type") == "Create" for child in children):
            self._created(history, at, user, row)
        for child in children:
            automatic = _by_rule(child.get("via") or row.get("via"))
            self._begun(history, child)
            if child.get("event_type") == "Comment" or child.get("comment_present"):
                author = _id(child.get("author_id")) or user
                public = bool(child.get("comment_public", child.get("public", False)))
                history.updates.append(Comment(at, author, automatic, public, child.get("body")))
            for name in FIELDS:
                if name in child:
                    history.updates.append(Change(at, user, automatic, name, _id(child[name])))
            if child.get("requester_id") is not None:
                history.requester = _id(child["requester_id"])

    def _created(self, history: History, at: datetime, user: str | None, row: dict[str, Any]) -> None:
        """The update that created the ticket: what it does not set was not set."""
        via = row.get("via")
        history.channel = history.channel or (via if isinstance(via, str) else (via or {}).get("channel"))
        history.creator = history.creator or user
        history.created = at
        history.priority = history.form = None
        self.begun |= {(history.number, name) for name in _KEPT}

    def _begun(self, history: History, child: dict[str, Any]) -> None:
        """What the ticket was created with, for the list of tickets knows only what it is now."""
        for name, attribute in _KEPT.items():
            if name not in child:
                continue
            if child.get("event_type") == "Create":
                setattr(history, attribute, _id(child[name]))
            elif (history.number, name) not in self.begun:
                setattr(history, attribute, _id(child.get("previous_value")))
            self.begun.add((history.number, name))

    def _ticket_metric_events(self, row: dict[str, Any]) -> None:
        if row["metric"] in _METRICS and not row.get("deleted"):
            key = (str(row["ticket_id"]), str(row["metric"]), int(row["instance_id"]))
            self.metrics.setdefault(key, []).append(row)

    def _satisfaction_ratings(self, row: dict[str, Any]) -> None:
        at = instant(row.get("updated_at") or row["created_at"])
        rated = Rated(at, _id(row.get("requester_id")), str(row["score"]))
        self.history(row["ticket_id"]).ratings.append(rated)


def _claims(metric: str, instance: int, rows: list[dict[str, Any]]) -> Iterator[Claim]:
    """What Zendesk says of one running of a metric. Without a target it says nothing."""
    measure = "next_response" if metric == "reply_time" and instance > 1 else _METRICS[metric]
    rows = sorted(rows, key=lambda row: (instant(row["time"]), row["id"]))
    kinds = {row["type"] for row in rows}
    if kinds.isdisjoint({"apply_sla", "apply_group_sla", "breach"}):
        return
    business = any((row.get("sla") or {}).get("business_hours") for row in rows)
    counted = [row["status"] for row in rows if row["type"] == "update_status" and row.get("status")]
    minutes = counted[-1].get("business" if business else "calendar") if counted else None
    breached = False
    for row in rows:
        if row["type"] == "breach":
            breached = True
            yield Claim(instant(row["time"]), measure, met=False, value=None)
        elif row["type"] == "fulfill":
            value = None if minutes is None else minutes * 60.0
            yield Claim(instant(row["time"]), measure, met=not breached, value=value)


def _together(claims: list[Claim]) -> list[Claim]:
    """The claims of a ticket in order of time; a measure that was missed once stays missed in what is claimed later."""
    missed: set[str] = set()
    found: list[Claim] = []
    for claim in sorted(claims, key=lambda claim: claim.at):
        if not claim.met:
            missed.add(claim.measure)
        found.append(claim._replace(met=claim.measure not in missed))
    return found


def _pages(path: Path) -> Iterator[dict[str, Any]]:
    with opened(path) as content:
        text = content.read()
    try:
        pages = [_json.decode(text)]
    except msgspec.DecodeError:
        pages = []
        for line, one in enumerate(text.splitlines(), start=1):
            if one.strip():
                try:
                    pages.append(_json.decode(one))
                except msgspec.DecodeError as error:
                    raise Unreadable(f"{path.name} line {line}: no JSON object: {error}") from None
    yield from pages


def _when(row: dict[str, Any]) -> datetime:
    if row.get("created_at"):
        return instant(row["created_at"])
    return datetime.fromtimestamp(row["timestamp"], UTC)


def _by_rule(via: object) -> bool:
    """True where a trigger, automation or other rule acted. ``via`` is a word here and an object there."""
    name = via.get("channel") if isinstance(via, dict) else via
    return isinstance(name, str) and name.lower().replace(" ", "_").startswith(_RULES)


def _id(value: object) -> str | None:
    return None if value is None or value == "" else str(value)
