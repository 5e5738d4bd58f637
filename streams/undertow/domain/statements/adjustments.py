"""Closed periods against what was stated of them: every later change is a line of its own, never a silent one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from undertow.domain.agreement.periods import Period
from undertow.domain.figures.reconcile import Cohort
from undertow.domain.statements.counts import Change, Count, Sheet, changed, changes, cohort, read


class Adjustment(Struct, frozen=True):
    """A closed period as it was stated, and as late events make it: a line of its own, never a silent change."""

    stated: Cohort
    now: Cohort

    @property
    def tickets(self) -> int:
        """How many more tickets count now."""
        return self.now.total - self.stated.total

    @property
    def met(self) -> int:
        """How many more of them are met."""
        return self.now.met - self.stated.met


class Adjusted(Struct, frozen=True, kw_only=True):
    """An earlier period as it was last stated, and as it is now. ``contract``: the version it is judged under now."""

    period: str
    first_day: int
    last_day: int
    """Days since 1970-01-01 in the contract's zone, both included."""
    statement: int
    """Number of the statement that first stated it."""
    contract: str
    judged_anew: bool
    """True where it was last stated under another contract."""
    measures: tuple[tuple[str, Adjustment], ...]
    """By measure: its tickets, where they changed."""
    lines: tuple[Change, ...]
    """Everything that changed, to the ticket: what was last stated and these give what is true now."""


class Kept(Struct, frozen=True):
    """What statements say of one vendor beside its standing."""

    vendor: str
    number: int
    """Of the statement issued last."""
    last_day: int
    """Of its period."""
    adjusted: tuple[tuple[str, str, int], ...]
    """Measure, part of the cohort (:data:`PARTS`), tickets: closed periods as they are now, minus as first stated."""


class Issued(Protocol):
    """What of a statement that was issued matters to later ones; a period statement has it."""

    @property
    def number(self) -> int | None: ...  # noqa: D102
    @property
    def period(self) -> str: ...  # noqa: D102
    @property
    def first_day(self) -> int: ...  # noqa: D102
    @property
    def last_day(self) -> int: ...  # noqa: D102
    @property
    def contract(self) -> str: ...  # noqa: D102
    @property
    def counts(self) -> tuple[Count, ...]: ...  # noqa: D102
    @property
    def adjustments(self) -> tuple[Adjusted, ...]: ...  # noqa: D102


class StatedPeriod(Struct, frozen=True):
    """A period as it was first stated, and as it was last, all adjustments included."""

    first: Issued
    sheet: Sheet
    contract: str

    @property
    def period(self) -> Period:
        """Its days."""
        return Period(self.first.first_day, self.first.last_day)


def stated_periods(issued: Iterable[Issued]) -> list[StatedPeriod]:
    """Every period that was stated, in the order of its days. ``issued``: statements of one vendor, in any order."""
    found: dict[Period, StatedPeriod] = {}
    for one in sorted(issued, key=lambda one: one.number or 0):
        period = Period(one.first_day, one.last_day)
        found.setdefault(period, StatedPeriod(one, read(one.counts), one.contract))
        for line in one.adjustments:
            of = Period(line.first_day, line.last_day)
            if (before := found.get(of)) is not None:
                found[of] = StatedPeriod(before.first, changed(before.sheet, line.lines), line.contract)
    return [found[period] for period in sorted(found)]


def adjusted(earlier: Iterable[StatedPeriod], now: Mapping[Period, Sheet], contract: str) -> tuple[Adjusted, ...]:
    """What changed in periods stated earlier. One that ``now`` lacks can no longer be recounted and is left as stated."""
    found = []
    for one in earlier:
        sheet = now.get(one.period)
        if sheet is not None and (lines := changes(one.sheet, sheet)):
            found.append(
                Adjusted(
                    period=one.first.period,
                    first_day=one.period.first,
                    last_day=one.period.last,
                    statement=one.first.number or 0,
                    contract=contract,
                    judged_anew=one.contract != contract,
                    measures=_by_measure(one.sheet, sheet),
                    lines=lines,
                )
            )
    return tuple(found)


def totals(earlier: Sequence[StatedPeriod], now: Mapping[Period, Sheet]) -> dict[tuple[str, str], int]:
    """By measure and part of the cohort (tickets, met, claimed, claimed_met, open): now minus as first stated, all periods."""
    found: dict[tuple[str, str], int] = {}
    for one in earlier:
        first, sheet = read(one.first.counts), now.get(one.period, one.sheet)
        for measure in _measures(first, sheet):
            before, after = cohort(first, measure), cohort(sheet, measure)
            for what, of in PARTS.items():
                difference = getattr(after, of) - getattr(before, of)
                found[measure, what] = found.get((measure, what), 0) + difference
    return found


PARTS: Mapping[str, str] = {
    "tickets": "total",
    "met": "met",
    "claimed": "claimed",
    "claimed_met": "claimed_met",
    "open": "open",
}
"""Parts of a cohort by the name they are shown under."""


def _by_measure(stated: Sheet, now: Sheet) -> tuple[tuple[str, Adjustment], ...]:
    found = []
    for measure in _measures(stated, now):
        before, after = cohort(stated, measure), cohort(now, measure)
        if before != after:
            found.append((measure, Adjustment(before, after)))
    return tuple(found)


def _measures(one: Sheet, other: Sheet) -> list[str]:
    return sorted({tally.name for sheet in (one, other) for tally in sheet if tally.kind == "verdict"})
