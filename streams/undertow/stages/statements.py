"""Statements kept: which period is closed and not stated yet, what was stated, and what has changed since.

What was issued is read back from ``undertow.statements``, so a crash between deciding and writing changes nothing: the next
owner of the ledger reads the topic to its end first, and then issues only what is not there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil

import msgspec

from undertow.clock import day_of
from undertow.contracts.definitions import definitions
from undertow.domain.agreement.contract import DAY, Contract
from undertow.domain.agreement.periods import Known, Period, holding, iso, known, named
from undertow.domain.counting.ledger import Cells, Ledger
from undertow.domain.standing import blamed, together
from undertow.domain.statements.adjustments import Adjusted, Kept, adjusted, stated_periods, totals
from undertow.domain.statements.counts import Sheet
from undertow.domain.statements.drawn_up import Basis, closed, counted, draw_up
from undertow.domain.statements.statement import PeriodStatement, decode, latest


class NotStated(Exception):
    """There is no statement of a period; the message says why, and what to do."""


class Statements:
    """The statements of a ledger's vendors. ``contracts``: by vendor."""

    def __init__(self, ledger: Ledger, contracts: Mapping[str, Contract]) -> None:
        self._ledger, self._contracts = ledger, contracts
        self._issued: dict[str, dict[tuple[int, int], PeriodStatement]] = {}
        self._kept: dict[str, tuple[object, Kept]] = {}
        self._looked: dict[str, object] = {}

    # -- what was issued

    def put(self, statement: PeriodStatement) -> None:
        """One that was issued; the last record of a key is what compaction keeps."""
        if statement.number is not None:
            self._issued.setdefault(statement.vendor, {})[statement.number, statement.first_day] = statement

    def fold(self, value: bytes | None) -> bool:
        """One record of ``undertow.statements``. False for one that is none: whoever wrote it, it does not count."""
        if value is None:
            return True
        try:
            self.put(decode(value))
        except msgspec.DecodeError:
            return False
        return True

    def issued(self, vendor: str) -> list[PeriodStatement]:
        """The vendor's statements by number."""
        return [one for _, one in sorted(self._issued.get(vendor, {}).items())]

    # -- what is to be issued

    def due(self, vendor: str, as_of: float) -> PeriodStatement | None:
        """The vendor's next statement to issue as of a time (seconds); None while no further period is closed.

        Periods are stated in order. One without a ticket is passed over, unless earlier ones have to be adjusted.
        """
        contract = self._contracts[vendor]
        upto = _known(contract, as_of)
        looked = (self._ledger.revision(vendor), upto, len(self._issued.get(vendor, {})))
        if self._looked.get(vendor) == looked:  # nothing can have become due since
            return None
        cells = self._cells(vendor)
        newest = max((first for _, first in self._issued.get(vendor, {})), default=-1)
        for period in self._periods(vendor, cells, upto):
            sheet = counted(cells, self._ledger.versions(vendor), period)
            if not closed(sheet, period, upto, ceil(contract.follow_up / DAY)):
                break
            if not sheet and period.first <= newest:  # a later one was stated, with all that had changed
                continue
            changes = self._adjustments(vendor, cells, upto)
            if sheet or changes:
                number = max((n for n, _ in self._issued.get(vendor, {})), default=0) + 1
                return draw_up(self._basis(vendor, cells, period, upto), period, number, changes)
        self._looked[vendor] = looked
        return None

    def waits(self, vendor: str, period: Period, as_of: float) -> bool:
        """Whether a period has to wait before it can be stated as of a time (seconds)."""
        contract = self._contracts[vendor]
        sheet = counted(self._cells(vendor), self._ledger.versions(vendor), period)
        return not closed(sheet, period, _known(contract, as_of), ceil(contract.follow_up / DAY))

    def all_due(self, as_of: float) -> Iterator[PeriodStatement]:
        """Every vendor's. Each has to be :meth:`put` before the next is asked for."""
        for vendor in sorted(self._contracts):
            while (one := self.due(vendor, as_of)) is not None:
                yield one

    def of(self, vendor: str, period: Period, as_of: float) -> PeriodStatement:
        """The statement of a period: as it was issued, else as it stands, without a number. Raises :class:`NotStated`."""
        contract = self._contracts.get(vendor)
        if contract is None:
            have = ", ".join(sorted(self._contracts)) or "none"
            raise NotStated(f"no contract names the vendor {vendor!r}; there are contracts of {have}")
        for one in self.issued(vendor):
            if (one.first_day, one.last_day) == period:
                return one
        upto, cells = _known(contract, as_of), self._cells(vendor)
        words = f"{vendor}'s period {named(period)}"
        if period.last > upto.complete:
            raise NotStated(f"{words} is not over: days are known up to {iso(upto.complete)}")
        if upto.kept is not None and period.first < upto.kept:
            raise NotStated(
                f"{words} was never stated and can no longer be recounted: tickets are kept since {iso(upto.kept)}; "
                "'undertow report --adapter' or 'undertow replay' can judge the whole history"
            )
        if not counted(cells, self._ledger.versions(vendor), period):
            days = sorted(key.day for key in cells)
            have = f"; there are tickets from {iso(days[0])} to {iso(days[-1])}" if days else ""
            raise NotStated(f"{words} holds no ticket{have}")
        return draw_up(
            self._basis(vendor, cells, period, upto), period, None, self._adjustments(vendor, cells, upto, period)
        )

    # -- what has changed since

    def adjustments(self, vendor: str, as_of: float) -> tuple[Adjusted, ...]:
        """What changed in closed periods and is in no statement yet: the next one carries it."""
        return self._adjustments(vendor, self._cells(vendor), _known(self._contracts[vendor], as_of))

    def kept(self, as_of: float) -> tuple[Kept, ...]:
        """What there is to show of every vendor that had a statement; reckoned anew only where something changed."""
        return tuple(self._kept_of(vendor, as_of) for vendor in sorted(self._issued.keys() & self._contracts.keys()))

    def _kept_of(self, vendor: str, as_of: float) -> Kept:
        upto = _known(self._contracts[vendor], as_of)
        basis = (self._ledger.revision(vendor), upto, len(self._issued[vendor]))
        before = self._kept.get(vendor)
        if before is None or before[0] != basis:
            issued = self.issued(vendor)
            newest = latest(issued)
            assert newest is not None
            assert newest.number is not None
            periods = stated_periods(issued)
            now = self._now(vendor, self._cells(vendor), [one.period for one in periods], upto)
            found = tuple((*key, n) for key, n in sorted(totals(periods, now).items()))
            before = self._kept[vendor] = (basis, Kept(vendor, newest.number, newest.last_day, found))
        return before[1]

    def _adjustments(self, vendor: str, cells: Cells, upto: Known, but: Period | None = None) -> tuple[Adjusted, ...]:
        earlier = [one for one in stated_periods(self.issued(vendor)) if one.period != but]
        now = self._now(vendor, cells, [one.period for one in earlier], upto)
        return adjusted(earlier, now, self._contracts[vendor].version)

    def _now(self, vendor: str, cells: Cells, periods: list[Period], upto: Known) -> dict[Period, Sheet]:
        """The sheets of periods none of whose tickets has been dropped."""
        said = self._ledger.versions(vendor)
        return {
            period: counted(cells, said, period) for period in periods if upto.kept is None or period.first >= upto.kept
        }

    def _cells(self, vendor: str) -> Cells:
        return self._ledger.of(vendor)

    def _periods(self, vendor: str, cells: Cells, upto: Known) -> Iterator[Period]:
        """Periods whose days are known and which were not stated, oldest first."""
        contract = self._contracts[vendor]
        done = {Period(one.first_day, one.last_day) for one in self.issued(vendor)}
        day = min((key.day for key in cells), default=upto.mature + 1)
        if upto.kept is not None:
            day = max(day, upto.kept)
        while day <= upto.mature:
            period = holding(contract.period, day)
            if period.last > upto.mature:
                return
            # of a month whose first tickets may have been dropped nothing can be stated
            if period not in done and (upto.kept is None or period.first >= upto.kept):
                yield period
            day = period.last + 1

    def _basis(self, vendor: str, cells: Cells, period: Period, upto: Known) -> Basis:
        contract = self._contracts[vendor]
        others = [blamed(self._cells(name), period) for name in self._contracts if name != vendor]
        return Basis(
            contract, cells, self._ledger.versions(vendor), upto, together(others), definitions(contract, period)
        )


def _known(contract: Contract, as_of: float) -> Known:
    return known(contract, as_of, day_of(contract.time_zone))
