"""What was counted of one vendor and period, as one flat sheet: what a statement states, and what is later held against it.

A sheet maps a :class:`~undertow.domain.counting.cells.Tally` to a number of tickets. Kinds are those of the cells, and

- ``tickets``, nothing, a field of :class:`~undertow.domain.counting.cells.Counts` (``opened`` too, by day of opening)
- ``reported``, a measure, ``met`` or ``tickets``: the vendor's own figures of exactly this period, as they stand; of other
  days within it the label also names them

What is nought is not on a sheet. Priorities and topics (``mix``), days of arrival (``late``) and early signs are in cells alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import add
from typing import Final, NamedTuple

from undertow.domain.agreement.periods import Period, named
from undertow.domain.counting.cells import ZERO, Counts, Tally
from undertow.domain.counting.ledger import Cells, PeriodClaim
from undertow.domain.figures.comparisons import Classes, labels
from undertow.domain.figures.period_claims import as_claimed, of_classes, out
from undertow.domain.figures.reconcile import Cohort

Sheet = Mapping[Tally, int]
LEFT_OUT: Final = frozenset({"mix", "mix_bad", "late", "early"})


class Count(NamedTuple):
    """One line of a sheet as it is written down."""

    kind: str
    name: str
    label: str
    n: int


class Change(NamedTuple):
    """One line that is not what it was last stated to be; ``difference`` is ``now`` - ``stated``."""

    kind: str
    name: str
    label: str
    stated: int
    now: int
    difference: int


def within(cells: Cells, period: Period) -> Cells:
    """The cells of a period's days."""
    return {key: cell for key, cell in cells.items() if period.first <= key.day <= period.last}


def sheet(cells: Cells, said: Iterable[PeriodClaim], period: Period) -> Sheet:
    """The sheet of a period from the cells :func:`within` it and the vendor's standing claims about its days."""
    total, found = ZERO, dict[Tally, int]()
    for cell in cells.values():
        total = Counts._make(map(add, total, cell.counts))
        for tally, n in cell.tallies.items():
            if tally.kind not in LEFT_OUT:
                found[tally] = found.get(tally, 0) + n
    for name, n in zip(Counts._fields, total, strict=True):
        found[Tally("tickets", "", name)] = n
    for claim in said:
        days = Period(claim.first_day, claim.last_day)
        of = "" if days == period else f" {named(days)}"
        found[Tally("reported", claim.measure, f"met{of}")] = claim.met
        found[Tally("reported", claim.measure, f"tickets{of}")] = claim.total
    return {tally: n for tally, n in found.items() if n}


def counts(of: Sheet) -> Counts:
    """The counts on a sheet."""
    return Counts._make(of.get(Tally("tickets", "", name), 0) for name in Counts._fields)


def classes(of: Sheet, measure: str) -> Classes:
    """The classes of a measure on a sheet: of the tickets solved in its days, others are in no period."""
    return Classes._make(of.get(label, 0) for label in labels(measure))


def measures(of: Sheet) -> list[str]:
    """The measures that a sheet has a verdict on, also one that is disputed; a disputed pattern is none."""
    kinds = {"verdict", "unsolved", "disputed", "withdrawn"}
    return sorted({tally.name for tally in of if tally.kind in kinds and tally.label in Classes._fields})


def cohort(of: Sheet, measure: str) -> Cohort:
    """The tickets of the period under a measure; those whose findings are out of the figures count as they were claimed."""
    whole = as_claimed(classes(of, measure), [of.get(tally, 0) for tally in out(measure)])
    return of_classes(measure, whole, counts(of))


def written(of: Sheet) -> tuple[Count, ...]:
    """A sheet written down: equal sheets, equal lines."""
    return tuple(Count(*tally, n) for tally, n in sorted(of.items()) if n)


def read(lines: Iterable[Count]) -> dict[Tally, int]:
    """The sheet that :func:`written` wrote."""
    return {Tally(*line[:3]): line.n for line in lines}


def changes(stated: Sheet, now: Sheet) -> tuple[Change, ...]:
    """The lines by which ``now`` differs from ``stated``: added to ``stated`` they give ``now`` exactly."""
    found = []
    for tally in sorted(stated.keys() | now.keys()):
        before, after = stated.get(tally, 0), now.get(tally, 0)
        if before != after:
            found.append(Change(*tally, before, after, after - before))
    return tuple(found)


def changed(stated: Sheet, lines: Iterable[Change]) -> dict[Tally, int]:
    """A sheet after some changes."""
    found = dict(stated)
    for line in lines:
        tally = Tally(*line[:3])
        left = found.get(tally, 0) + line.difference
        if left:
            found[tally] = left
        else:
            found.pop(tally, None)
    return found
