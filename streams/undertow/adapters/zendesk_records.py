"""Zendesk record by record: its webhook events, and objects of its incremental exports that are enough alone.

Of the exports these are ``satisfaction_ratings`` and ``ticket_events``, the latter with the ``requester_id`` of the ticket in
each: Zendesk names it only where the ticket is created, and an event whose customer is not known would be another ticket's.
A target that was met is told by several ``ticket_metric_events`` and cannot be read from one; import those as a file.

Ids are made of the record's own, so a record that comes again is the same events again. They are not the ids that an import
of the same history gives: import up to the moment from which the topic carries it.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from undertow import wire
from undertow.adapters import zendesk, zendesk_exports, zendesk_webhooks
from undertow.adapters.zendesk_history import History
from undertow.adapters.zendesk_webhooks import PREFIX, said, word
from undertow.events import Event
from undertow.wire import Refused

_json: Final = msgspec.json.Decoder().decode
_LARGEST: Final = 10**15
"""Below it an id leaves room for three digits within the 18 of a sequence."""


def events(value: bytes, vendor: str) -> list[Event]:
    """What a record tells. Raises :class:`undertow.wire.Refused`."""
    try:
        document = _json(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused("not_json", "$", str(error)) from None
    if not isinstance(document, dict):
        raise Refused("wrong_value", "$", "expected an object, as Zendesk sends it")
    try:
        told = _told(document)
    except KeyError as error:
        raise Refused("missing_field", f"$.{error.args[0]}", "has to be there") from None
    except (TypeError, ValueError, AttributeError, OverflowError, OSError) as error:
        raise Refused("wrong_value", "$", f"is not of the documented form: {error}") from None
    if told is None:
        return []
    history, roles = told
    # read as any other record is: lengths, years and all
    return [wire.decode(wire.encode(event)) for event in zendesk.events([history], roles, vendor)]


def _told(document: dict[str, Any]) -> tuple[History, dict[str, str]] | None:
    if str(document.get("type", "")).startswith(PREFIX):
        return zendesk_webhooks.read(document)
    if "child_events" in document:
        return _update(document), {}
    if "score" in document:
        return _rating(document), {}
    words = "expected a webhook event (zen:event-type:ticket.*), or an object of ticket_events or satisfaction_ratings"
    raise Refused("unmapped", "$", words)


def _update(row: dict[str, Any]) -> History:
    """An update of a ticket. Those of one second are put in order by their ids, which grow."""
    name = word(row, "id", "$")
    word(row, "ticket_id", "$")
    history = zendesk_exports.alone("ticket_events", row)
    if history.requester is None:
        if "requester_id" not in row:
            words = "add the ticket's requester to each record: Zendesk names it only where the ticket is created"
            raise Refused("missing_field", "$.requester_id", words)
        history.requester = said(row["requester_id"], "$.requester_id")
    history.record = name
    history.after = int(name) * 1000 if name.isdecimal() and int(name) < _LARGEST else 0
    return history


def _rating(row: dict[str, Any]) -> History:
    """A rating, which the customer may change: each version is a survey."""
    name = word(row, "id", "$")
    word(row, "ticket_id", "$")
    history = zendesk_exports.alone("satisfaction_ratings", row)
    history.requester = said(row["requester_id"], "$.requester_id")
    history.record = f"{name}-{int(history.ratings[0].at.timestamp())}"
    return history
