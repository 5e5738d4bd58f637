"""The statements of a history, as ``undertow replay --statements`` shows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from undertow.domain.statements.adjustments import Adjusted
from undertow.reports import words
from undertow.stages.statements import Statements

MOST = 8
"""Changes a line names; the JSON has all."""


def lines(statements: Statements, vendor: str, as_of: float) -> Iterator[str]:
    """The vendor's statements and what each adjusts, as console markup; then what changed since the last one."""
    for one in statements.issued(vendor):
        yield f"{vendor}: statement {one.number} of {one.period}, {one.hash[:16]}"
        for adjusted in one.adjustments:
            yield f"  adjusts {_changes(adjusted)}"
    for adjusted in statements.adjustments(vendor, as_of):
        yield f"[yellow]{vendor}: changed since, for the next statement: {_changes(adjusted)}[/]"


def in_json(statements: Statements, vendor: str, as_of: float) -> dict[str, Any]:
    """The same, with every line."""
    return {
        "issued": [
            {
                "number": one.number,
                "period": one.period,
                "hash": one.hash,
                "adjustments": [_adjusted(each) for each in one.adjustments],
            }
            for one in statements.issued(vendor)
        ],
        "pending_adjustments": [_adjusted(each) for each in statements.adjustments(vendor, as_of)],
    }


def _adjusted(one: Adjusted) -> dict[str, Any]:
    return {
        "period": one.period,
        "judged_anew": one.judged_anew,
        "lines": [line._asdict() for line in one.lines],
    }


def _changes(one: Adjusted) -> str:
    named = [f"{words.counted(*line[:3])} {line.stated:,} -> {line.now:,}" for line in one.lines[:MOST]]
    more = f", and {len(one.lines) - MOST} more" if len(one.lines) > MOST else ""
    return f"{one.period}: {', '.join(named)}{more}"
