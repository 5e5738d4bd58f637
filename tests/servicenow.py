"""The lent ServiceNow log and its published figures, for every test that needs them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from undertow.adapters import ADAPTERS
from undertow.adapters.message import Message
from undertow.domain.agreement.contract import DAY, Contract
from undertow.domain.counting.cells import Cell, CellKey
from undertow.stages.records import Record
from undertow.stages.rereading.replay import Offline

FILE = Path(__file__).parents[2] / "shared/data/servicenow/incidents_opened_before_2016-04-15.csv.gz"
needed = pytest.mark.skipif(not FILE.exists(), reason="the lent ServiceNow log is not beside this checkout")
VENDOR = "servicenow"
FOLLOW_UP = 400 * DAY
FIGURES = {
    "row": {
        "tickets": 13_302,
        "reported_met": 6_886,
        "reopened": 176,
        "reopened_claimed": 175,
        "repeat_contact_eligible": 13_292,
        "repeat_contact": 2_620,
        "reported_met_but_bad": 1_564,
    },
    "resolved_at": {
        "tickets": 13_302,
        "reported_met": 6_886,
        "reopened": 176,
        "reopened_claimed": 175,
        "repeat_contact_eligible": 12_282,
        "repeat_contact": 2_353,
        "reported_met_but_bad": 1_354,
    },
}
"""UCI Machine Learning Repository 498 (doi 10.24432/C57S4H), as published beside the data: all time, 400 days after."""


def contract(reading: str) -> Contract:
    """The data's own windows: a reopen at any time counts, nothing is too old, and nothing backdated for being imported."""
    solve_time = "row" if reading == "row" else "resolved_at"
    return Contract(
        vendor=VENDOR, solve_time=solve_time, reopen_window=FOLLOW_UP, imported_until=2_000_000_000.0, keep_all=True
    )


@cache
def messages() -> tuple[Message, ...]:
    """The log as it stands on topics."""
    return tuple(ADAPTERS["servicenow"](FILE, VENDOR))


@cache
def as_of() -> float:
    """When the log is judged: seconds since 1970."""
    return max(message.time for message in messages()) + FOLLOW_UP


@cache
def cells(reading: str) -> dict[CellKey, Cell]:
    """The log folded offline."""
    book = Offline({VENDOR: contract(reading)})
    records = [Record("file", 0, line, 0, message.value) for line, message in enumerate(messages())]
    for start in range(0, len(records), 5_000):
        book.take(records[start : start + 5_000])
    book.tick(as_of())
    assert not book.letters
    return book.close().cells()
