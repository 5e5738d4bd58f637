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
import gzip
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from undertow import events as e

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


class NotServiceNow(ValueError):
    """The file is not such a log; the message says what is missing."""


def read(path: Path) -> list[e.Event]:
    """All events of a file (``.csv`` or ``.csv.gz``), in order of time. Raises :class:`NotServiceNow`, ``OSError``."""
    opened = gzip.open(path, "rt", encoding="utf-8", newline="") if path.suffix == ".gz" else path.open(encoding="utf-8", newline="")
    with opened as lines:
        return events(csv.DictReader(lines))


def events(rows: Iterable[Row], vendor: str = "servicenow") -> list[e.Event]:
    """Rows of a log as events, in order of time, then the vendor's sequence."""
    incidents: dict[str, list[Row]] = {}
    for line, row in enumerate(rows, start=2):
        missing = [name for name in COLUMNS if row.get(name) is None]
        if missing:
            raise NotServiceNow(f"line {line}: no column {', '.join(missing)}; expected a ServiceNow incident audit log")
        incidents.setdefault(row["number"], []).append(row)
    found = [event for history in incidents.values() for event in _incident(history, vendor)]
    return sorted(found, key=lambda event: (event.time, int(event.sequence or 0), event.id))


def _incident(rows: list[Row], vendor: str) -> Iterator[e.Event]:
    rows = sorted(rows, key=lambda row: int(row["sys_mod_count"]))
    first, last = rows[0], rows[-1]
    # the caller may be filled in or corrected later: an incident belongs to one customer, the one it ended with
    ticket = {"vendor": vendor, "ticket": first["number"], "customer": _known(last["caller_id"])}
    source = f"/{vendor}/incidents"

    def head(what: str, place: int, time: datetime) -> dict[str, object]:
        # several facts of one row, and rows of one sys_mod_count, keep the order of the log
        return {
            "specversion": "1.0",
            "id": f"{first['number']}-{place}-{what}",
            "source": source,
            "sequence": str(place),
            "time": time,
        }

    yield e.TicketOpened(
        **head("opened", 0, _time(first["opened_at"])),  # type: ignore[arg-type]
        data=e.OpenedData(
            **ticket, topic=_known(first.get("category")), priority=_known(first.get("priority")),
            channel=_known(first.get("contact_type")),
        ),  # fmt: skip
    )
    state, topic, priority, team, agent = "New", first.get("category"), first.get("priority"), None, None
    claim: tuple[str, str] | None = None
    now = datetime.min.replace(tzinfo=UTC)
    for place, row in enumerate(rows, start=1):
        now = max(now, _time(row["sys_updated_at"]))
        if row["incident_state"] != state and row["incident_state"] in STATUS:
            state = row["incident_state"]
            data = e.StatusChangedData(**ticket, to=STATUS[state])
            yield e.TicketStatusChanged(**head("status", place, now), data=data)  # type: ignore[arg-type]
        if row.get("category") != topic and _known(topic := row.get("category")) is not None:
            yield e.TicketTopicChanged(**head("topic", place, now), data=e.TopicChangedData(**ticket, to=topic))  # type: ignore[arg-type]
        if row.get("priority") != priority and _known(priority := row.get("priority")) is not None:
            yield e.TicketPriorityChanged(**head("priority", place, now), data=e.PriorityChangedData(**ticket, to=priority))  # type: ignore[arg-type]
        if (row.get("assignment_group"), row.get("assigned_to")) != (team, agent):
            team, agent = row.get("assignment_group"), row.get("assigned_to")
            data_ = e.AssignedData(**ticket, team=_known(team), agent=_known(agent))
            yield e.TicketAssigned(**head("assigned", place, now), data=data_)  # type: ignore[arg-type]
        said = (row["made_sla"], row.get("reopen_count", "0"))
        if row is last or (said != claim and STATUS.get(row["incident_state"]) in {"solved", "closed"}):
            claim = said
            resolved = _known(row.get("resolved_at")) if row is last else None
            data__ = e.TicketClaimData(
                **ticket,
                measure="sla",
                met=row["made_sla"] == "true",
                resolved_at=_time(resolved) if resolved is not None else None,
                reopen_count=int(row.get("reopen_count", "0")),
            )
            yield e.TicketClaimed(**head("claim", place, now), data=data__)  # type: ignore[arg-type]


def _known(value: str | None) -> str | None:
    return None if value in {None, "", "?"} else value


def _time(text: str) -> datetime:
    return datetime.strptime(text, "%d/%m/%Y %H:%M").replace(tzinfo=UTC)
