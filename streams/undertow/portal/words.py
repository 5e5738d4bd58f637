"""Findings and events in plain words, for people who have not read the code."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from undertow import events as e
from undertow.domain.judging.findings import Finding
from undertow.domain.patterns import CATALOG
from undertow.reports import words

VERDICTS: Final = {"under_reported": "better than reported", "over_reported": "worse than reported"}
STATES: Final = {
    "none": "not answered",
    "disputed": "disputed",
    "withdrawn": "withdrawn",
    "upheld": "upheld",
    "accepted": "accepted",
    "explained": "explained",
}
ANSWERED: Final = {
    "accept": "accepted it",
    "dispute": "disputed it",
    "explain": "explained it",
    "upheld": "ruled: upheld",
    "withdrawn": "ruled: withdrawn",
}
_EPOCH: Final = date(1970, 1, 1).toordinal()


def measure(name: str) -> str:
    """``first_response`` as First response."""
    return "SLA as a whole" if name == "sla" else name.replace("_", " ").capitalize()


def about(finding: Finding) -> str:
    """What a finding is about, as a title."""
    if finding.kind == "pattern":
        entry = CATALOG.get(finding.name)  # type: ignore[call-overload]
        return str(entry.says).capitalize() if entry is not None else measure(finding.name)
    return f"{measure(finding.name)}: {VERDICTS.get(finding.verdict or '', finding.verdict)}"


def met(value: bool | None) -> str:
    """Met or missed."""
    return "unknown" if value is None else "met" if value else "missed"


def span(seconds: float | None) -> str:
    """Seconds as 4 h 40 min, in the words of reports."""
    return "no value" if seconds is None else words.span(seconds)


def day(number: int | None) -> str:
    """Days since 1970-01-01 as an ISO date."""
    return "not solved yet" if number is None else date.fromordinal(number + _EPOCH).isoformat()


def day_number(text: str) -> int:
    """An ISO date as days since 1970-01-01. Raises ``ValueError``."""
    return date.fromisoformat(text).toordinal() - _EPOCH


def happened(event: e.Event, zone: str) -> str:  # noqa: PLR0912 - one branch a kind of event
    """What an event says, in one line. Names nobody."""
    data: Any = event.data
    match event:
        case e.TicketOpened():
            told = ", ".join(
                f"{what} {said}" for what, said in (("topic", data.topic), ("priority", data.priority)) if said
            )
            return f"opened by {_actor(data)}" + (f": {told}" if told else "")
        case e.TicketMessage():
            kind = "a message" if data.public else "a private note"
            more = ", with a question" if data.question else "" if data.substantive else ", without substance"
            return f"{kind} by {_actor(data)}{more}"
        case e.TicketStatusChanged():
            return f"status: {data.to.replace('_', ' ')}, by {_actor(data)}" + (
                f", cause: {data.cause}" if data.cause else ""
            )
        case e.TicketClosed():
            return f"closed by {_actor(data)}"
        case e.TicketAssigned():
            return f"assigned to {'another agent' if data.agent else 'a team'}"
        case e.TicketPriorityChanged():
            return f"priority: {data.to}, by {_actor(data)}"
        case e.TicketTopicChanged():
            return f"topic: {data.to}"
        case e.TicketPromiseMade() | e.TicketPromiseMoved():
            verb = "promised" if isinstance(event, e.TicketPromiseMade) else "promise moved"
            return f"{verb} until {words.moment(data.due.timestamp(), zone)}"
        case e.TicketPromiseFulfilled():
            return "promise kept"
        case e.TicketLinked():
            return f"belongs to ticket {data.related}"
        case e.TicketClaimed():
            value = f", {span(data.value)}" if data.value is not None else ""
            return f"reported: {measure(data.measure)} {met(data.met)}{value}"
        case e.DisputeAnswered():
            return f"the vendor {ANSWERED[data.answer]}"
        case e.DisputeRuled():
            return f"the company {ANSWERED[data.ruling]}"
        case _:
            return type(event).__struct_config__.tag.removeprefix("undertow.").replace(".", " ").replace("_", " ")  # type: ignore[union-attr]


def _actor(data: Any) -> str:  # noqa: ANN401 - the data of any ticket event
    kind: str = data.actor.kind
    return {"unknown": "somebody", "agent": "an agent", "bot": "a bot", "system": "the system"}.get(kind, f"the {kind}")
