"""What is said of single tickets, on its way to the topic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from undertow.domain.judging.findings import Finding
from undertow.stages.derived.contacts import Ticket
from undertow.stages.effects import Done
from undertow.stages.records import encode_finding


def say(ticket: Ticket, findings: Iterable[Finding], published: Mapping[bytes, bytes], done: Done) -> None:
    """Publish what is new of a ticket, take back what no longer holds. ``published``: by id, as last written."""
    said = {finding.id.encode(): encode_finding(finding) for finding in findings}
    if not said and not ticket.findings:
        return
    for gone in set(ticket.findings) - said.keys():
        done.findings[gone] = None
    for id, value in said.items():
        if published.get(id) != value or done.findings.get(id, value) != value:
            done.findings[id] = value
    ticket.findings = tuple(sorted(said))
