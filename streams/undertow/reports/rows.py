"""Findings as CSV and JSON. Customers by pseudonym, cells that a spreadsheet would run as a formula defused."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Final

import msgspec
from msgspec.structs import replace

from undertow.domain.judging.findings import Finding
from undertow.domain.statements.statement import PeriodStatement
from undertow.reports import words
from undertow.reports.pseudonyms import Pseudonyms

COLUMNS: Final = (
    "finding",
    "kind",
    "name",
    "verdict",
    "ticket",
    "customer",
    "solved_on",
    "claimed",
    "claimed_seconds",
    "actual",
    "actual_seconds",
    "target_seconds",
    "cause",
    "cause_in_words",
    "at",
    "contract",
    "state",
    "reason",
    "read_at",
    "events",
)
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How a cell begins that spreadsheets take for a formula: the last four are the first four in full width."""


def write_csv(out: BinaryIO, findings: Iterable[Finding], names: Pseudonyms) -> None:
    """One row a finding, UTF-8. ``read_at`` has topic/partition/offset of each event, ``events`` their ids."""
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=False)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([cell(value) for value in row(one, names.of(one.vendor, one.customer))] for one in findings)
    text.flush()
    text.detach()


def write_json(out: BinaryIO, statement: PeriodStatement, findings: Iterable[Finding], names: Pseudonyms) -> None:
    """The statement as it is kept (its hash can be checked), and the findings, one a line."""
    out.write(b'{\n"statement": ' + msgspec.json.format(msgspec.json.encode(statement), indent=1) + b',\n"findings": [')
    for place, one in enumerate(findings):
        out.write(b",\n" if place else b"\n")
        out.write(_encode({"id": one.id, **_plain(one, names)}))
    out.write(b"\n]\n}\n")


_encode: Final = msgspec.json.Encoder().encode


def _plain(one: Finding, names: Pseudonyms) -> dict[str, Any]:
    hidden = replace(one, customer=names.of(one.vendor, one.customer))
    told: dict[str, Any] = msgspec.structs.asdict(hidden)
    told["day"] = None if one.day is None else words.day(one.day)
    return told


def row(one: Finding, customer: str | None) -> Iterator[object]:
    """The cells of one finding, in the order of :data:`COLUMNS`; ``customer`` as the reader may know them."""
    yield from (one.id, one.kind, one.name, one.verdict, one.ticket, customer)
    yield None if one.day is None else words.day(one.day)
    yield from (_met(one.claimed_met), one.claimed, _met(one.actual_met), one.actual, one.target)
    yield from (one.cause, words.cause(one.cause), words.utc(one.at), one.contract, one.state, one.reason)
    yield " ".join([f"{event.topic}/{event.partition}/{event.offset}" for event in one.evidence])
    yield " ".join([event.id for event in one.evidence])


def _met(met: bool | None) -> str | None:
    return None if met is None else "met" if met else "missed"


def cell(value: object) -> str:
    """Empty for unknown: it must not read as zero. Only text can be a formula."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    return harmless(str(value))


def harmless(text: str) -> str:
    """Text of others in a cell: a leading quote disarms a formula, a bare carriage return would end some rows."""
    return (f"'{text}" if text.startswith(FORMULA) else text).replace("\r", "\n")
