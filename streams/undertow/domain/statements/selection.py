"""Which findings belong to a statement, in which order, and which of them are shown with a drawing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, islice

from undertow.domain.judging.findings import Finding
from undertow.domain.statements.statement import PeriodStatement

MOST_SHOWN = 24
"""Findings with a drawing of their own; the others stand in the CSV and JSON."""


def of_period(findings: Iterable[Finding], statement: PeriodStatement) -> Iterator[Finding]:
    """The findings of a statement's vendor and period, as they come."""
    first, last = statement.first_day, statement.last_day
    own = (one for one in findings if one.vendor == statement.vendor and one.day is not None)
    return (one for one in own if first <= (one.day or 0) <= last)


def belonging(findings: Iterable[Finding], statement: PeriodStatement) -> list[Finding]:
    """The same in the order of :func:`order`."""
    return sorted(of_period(findings, statement), key=order)


def order(finding: Finding) -> tuple[bool, bool, str, str, float, str, str]:
    """Claims before patterns; in the vendor's favour first; by measure and cause; the largest difference first."""
    return (
        finding.kind != "verdict",
        finding.verdict != "under_reported",
        finding.name,
        finding.cause or "",
        -distance(finding),
        finding.ticket,
        finding.customer or "",
    )


def distance(finding: Finding) -> float:
    """Seconds between what was claimed and what was; 0 where one of them is not known."""
    if finding.claimed is None or finding.actual is None:
        return 0.0
    return abs(finding.actual - finding.claimed)


def chosen(findings: Iterable[Finding], most: int = MOST_SHOWN) -> list[Finding]:
    """At most so many, in turn from each kind of finding and cause, so that none hides the others; order as given.

    ``findings`` in the order of :func:`order`.
    """
    groups = [list(islice(some, most)) for _, some in groupby(findings, key=lambda one: order(one)[:4])]
    taken: list[Finding] = []
    for turn in range(max(map(len, groups), default=0)):
        taken += [group[turn] for group in groups if turn < len(group)]
        if len(taken) >= most:
            break
    return sorted(taken[:most], key=order)
