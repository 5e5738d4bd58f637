"""The lent Zendesk export and its answer key, for every test that needs them."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from undertow import contracts
from undertow.adapters import zendesk
from undertow.domain.agreement.contract import Contract
from undertow.domain.tickets.course import Course, course
from undertow.domain.tickets.facts import Place, Seen, in_order, join
from undertow.stages.intake import entry_of

FOLDER = Path(__file__).parents[2] / "shared/data/zendesk"
needed = pytest.mark.skipif(not FOLDER.exists(), reason="the lent Zendesk export is not beside this checkout")
TERMS = Path(__file__).parent / "golden" / "zendesk.yaml"
AS_OF = 1_600_000_000.0
"""Years after the last event: every ticket of the export is closed."""


@cache
def contract() -> Contract:
    """The definitions behind the answer key."""
    return contracts.parse(TERMS.read_text(encoding="utf-8"), TERMS.name)


@cache
def courses() -> dict[str, Course]:
    """Every ticket, read through the adapter and the intake's translation."""
    seen: dict[str, list[Seen]] = defaultdict(list)
    for place, event in enumerate(zendesk.read(FOLDER / "input", "zendesk")):
        entry = entry_of(event, Place("file", 0, place))  # type: ignore[arg-type]
        assert entry.ticket is not None
        seen[entry.ticket].append(entry.seen)
    return {ticket: course(in_order(join([], facts)[0])) for ticket, facts in seen.items()}


def rows(name: str) -> list[dict[str, str]]:
    """A table of the answer key or of the export."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def written(seconds: float) -> str:
    """A time as the answer key writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
