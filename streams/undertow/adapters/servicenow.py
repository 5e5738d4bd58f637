"""ServiceNow incident audit log (CSV, one row an update) to ticket events and SLA claims.

The format is that of the public log of Amaral, Fantinato and Peres (2018), UCI Machine Learning Repository 498: dates
day first, to the minute, without a zone (read as UTC); ``?`` for missing; rows of an incident ordered by
``sys_mod_count``. ``made_sla``, ``reopen_count``, ``resolved_at`` are what the vendor says: they become claims.
``resolved_at`` is filled back onto every row, so it is claimed only when the row of its incident is the last.
A few rows carry a time before the row they follow (INC0000135: reopened 16:17 at the earliest, stamped 09:27): the
log's sequence is the order of writing, so such a row happened when its predecessor did, and its own stamp is lost.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from undertow import events as e
from undertow.adapters.files import opened
from undertow.adapters.message import Unreadable
from undertow.domain.tickets.timeline import SOLVED

STATUS: Final[Mapping[str, e.Status]] = {
    "New": "new",
    "Active": "open",
    "Awaiting User Info": "pending",
    "Awaiting Vendor": "on_hold",
    "Awaiting Problem": "on_hold",
    "Awaiting Evidence": "on_hold",
    "Resolved": "solved",
    "Closed": "closed",
}
COLUMNS: Final = ("number", "incident_state", "sys_mod_count", "made_sla", "caller_id", "opened_at", "sys_updated_at")
Row = Mapping[str, str]
ServiceNowEvent = (
    e.TicketOpened
    | e.TicketStatusChanged
    | e.TicketTopicChanged
    | e.TicketPriorityChanged
    | e.TicketAssigned
    | e.TicketClaimed
)


def read(path: Path, vendor: str) -> list[ServiceNowEvent]:
    """All events of a file (``.csv`` or ``.csv.gz``), in order of time. Raises :class:`Unreadable`, ``OSError``."""
    with opened(path) as content, io.TextIOWrapper(content, encoding="utf-8", newline="") as lines:
        try:
            return events(csv.DictReader(lines), vendor)
        except (UnicodeDecodeError, csv.Error) as error:
            raise Unreadable(f"{path.name} is no CSV text in UTF-8: {error}") from None


def events(rows: Iterable[Row], vendor: str) -> list[ServiceNowEvent]:
    """Rows of a log as events, in order of time, then the vendor's sequence."""
    incidents: dict[str, list[Row]] = {}
    line = 1
    for line, row in enumerate(rows, start=2):
        missing = [name for name in COLUMNS if row.get(name) is None]
        if missing:
            raise Unreadable(f"line {line}: no column {', '.join(missing)}; expected a ServiceNow incident audit log")
        incidents.setdefault(row["number"], []).append(row)
    if line == 1:
        raise Unreadable("the file holds no rows; expected a ServiceNow incident audit log")
    found: list[ServiceNowEvent] = []
    for number, history in incidents.items():
        try:
            found += _Incident(history, vendor).events()
        except ValueError as error:
            raise Unreadable(f"incident {number}: {error}") from None
    return sorted(found, key=lambda event: (event.time, int(event.sequence or 0), event.id))


class _Incident:
    """One incident's rows, read into events."""

    def __init__(self, rows: list[Row], vendor: str) -> None:
        self.rows = sorted(rows, key=lambda row: int(row["sys_mod_count"]))
        self.vendor = vendor
        self.number = rows[0]["number"]
        # the caller may be filled in or corrected later: an incident belongs to one customer, the one it ended with
        self.customer = _known(self.rows[-1]["caller_id"])

    def head(self, what: str, place: int, time: datetime) -> dict[str, Any]:
        """Envelope. Several facts of one row, and rows of one ``sys_mod_count``, keep the order of the log."""
        return {
            "specversion": "1.0",
            "id": f"{self.number}-{place}-{what}",
            "source": f"/{self.vendor}/incidents",
            "sequence": str(place),
            "time": time,
        }

    def ticket(self) -> dict[str, Any]:
        """What the data of every event has in common."""
        return {"vendor": self.vendor, "ticket": self.number, "customer": self.customer}

    def events(self) -> Iterator[ServiceNowEvent]:
        """The opening, then for each row what it changed, and what was claimed."""
        first, last = self.rows[0], self.rows[-1]
        ticket = self.ticket()
        yield e.TicketOpened(
            **self.head("opened", 0, _time(first["opened_at"])),
            data=e.OpenedData(
                **ticket,
                topic=_known(first.get("category")),
                priority=_known(first.get("priority")),
                channel=_known(first.get("contact_type")),
            ),
        )
        before: Row = {**first, "incident_state": "New", "assignment_group": "?", "assigned_to": "?"}
        claimed: tuple[str, str] | None = None
        now = datetime.min.replace(tzinfo=UTC)
        for place, row in enumerate(self.rows, start=1):
            now = max(now, _time(row["sys_updated_at"]))
            yield from self.changes(before, row, place, now)
            said = (row["made_sla"], row.get("reopen_count", "0"))
            if row is last or (said != claimed and STATUS.get(row["incident_state"]) in SOLVED):
                claimed = said
                yield self.claim(row, place, now, final=row is last)
            before = {
                **row,
                "incident_state": row["incident_state"]
                if row["incident_state"] in STATUS
                else before["incident_state"],
            }

    def changes(self, before: Row, row: Row, place: int, now: datetime) -> Iterator[ServiceNowEvent]:
        """What a row changed against the one before it. A state we do not know changes nothing."""
        ticket = self.ticket()
        state, topic, priority = row["incident_state"], _known(row.get("category")), _known(row.get("priority"))
        if state != before["incident_state"] and state in STATUS:
            data = e.StatusChangedData(**ticket, to=STATUS[state])
            yield e.TicketStatusChanged(**self.head("status", place, now), data=data)
        if topic is not None and topic != before.get("category"):
            yield e.TicketTopicChanged(**self.head("topic", place, now), data=e.TopicChangedData(**ticket, to=topic))
        if priority is not None and priority != before.get("priority"):
            changed = e.PriorityChangedData(**ticket, to=priority)
            yield e.TicketPriorityChanged(**self.head("priority", place, now), data=changed)
        team, agent = _known(row.get("assignment_group")), _known(row.get("assigned_to"))
        if (team, agent) != (_known(before.get("assignment_group")), _known(before.get("assigned_to"))):
            assigned = e.AssignedData(**ticket, team=team, agent=agent)
            yield e.TicketAssigned(**self.head("assigned", place, now), data=assigned)

    def claim(self, row: Row, place: int, now: datetime, *, final: bool) -> e.TicketClaimed:
        """What the vendor says of the incident as of a row."""
        resolved = _known(row.get("resolved_at")) if final else None
        data = e.TicketClaimData(
            **self.ticket(),
            measure="sla",
            met=row["made_sla"] == "true",
            resolved_at=_time(resolved) if resolved is not None else None,
            reopen_count=int(row.get("reopen_count", "0")),
        )
        return e.TicketClaimed(**self.head("claim", place, now), data=data)


def _known(value: str | None) -> str | None:
    return None if value in {None, "", "?"} else value


@lru_cache(maxsize=100_000)
def _time(text: str) -> datetime:
    # cached: a log to the minute repeats its times, and parsing them was half the cost of reading one
    return datetime.strptime(text, "%d/%m/%Y %H:%M").replace(tzinfo=UTC)
