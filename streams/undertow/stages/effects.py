"""What folding changed: all that a casebook asks its owner to write."""

from __future__ import annotations

from msgspec import Struct, field

from undertow.domain.counting.cells import CellKey
from undertow.stages.records import Entry


class Done(Struct):
    """Effects of one fold or tick."""

    rows: dict[bytes, bytes | None] = field(default_factory=dict)
    """Rows to write; None deletes."""
    findings: dict[bytes, bytes | None] = field(default_factory=dict)
    """Findings to write, by id; None takes one back."""
    cells: set[CellKey] = field(default_factory=set)
    late: list[Entry] = field(default_factory=list)
    """Facts for tickets that are closed and dropped, or would be."""
    overfull: list[Entry] = field(default_factory=list)
    """Facts that would make a row larger than a broker takes."""
    moved: list[Entry] = field(default_factory=list)
    """What other customers' casebooks are to have: facts of customers who were merged into them."""
    forgotten: int = 0
    """Facts of forgotten customers, dropped."""
    duplicates: int = 0
    judged: int = 0
