"""A history folded in order of arrival, its statements issued when a worker would have issued them.

That needs a time of arrival: the broker's, or in a file the time an event was recorded, else its own. A late event then
arrives after its period was closed, and comes out as an adjustment.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil

from msgspec import Struct

from undertow import wire
from undertow.clock import day_of, start_of
from undertow.domain.agreement.contract import DAY, Contract
from undertow.domain.agreement.periods import Period, holding
from undertow.stages.records import KafkaRecord
from undertow.stages.rereading.replay import Offline
from undertow.stages.statements import Statements

SPAN = 2000
"""Records folded at a time."""


class _Turn(Struct):
    """Whose period closes next, and how many days it has been waiting for its last tickets."""

    contract: Contract
    period: Period
    waited: int = 0

    @property
    def moment(self) -> float:
        """When the period can be closed first, or looked at again (seconds)."""
        after = start_of(self.contract.time_zone, self.period.last + 1)
        return after + self.contract.follow_up + self.waited * DAY

    def next(self) -> None:
        """The period after this one."""
        self.period, self.waited = holding(self.contract.period, self.period.last + 1), 0


def arrival(record: KafkaRecord, *, recorded: bool) -> float:
    """When a record arrived (seconds); with ``recorded`` not before its event was recorded, as far as it says."""
    at = record.timestamp / 1000
    if not recorded or record.value is None or b'"recordedtime"' not in record.value:
        return at
    try:
        event = wire.decode(record.value, record.headers)
    except wire.Refused:
        return at
    return at if event.recordedtime is None else max(at, event.recordedtime.timestamp())


def fold(book: Offline, records: Iterable[KafkaRecord], *, recorded: bool) -> Statements:
    """Fold everything and judge it when every follow-up has passed. ``recorded`` as :func:`arrival` takes it, for files.

    Of a contract that is judged as of a fixed time every period that was closed by then is stated at the end.
    """
    statements = Statements(book.ledger, book.contracts)
    ordered = sorted(((arrival(one, recorded=recorded), one) for one in records), key=lambda one: one[0])
    living = [contract for contract in book.contracts.values() if contract.as_of is None]
    first = ordered[0][0] if ordered else 0.0
    turns = [_Turn(one, holding(one.period, day_of(one.time_zone)(first))) for one in living]
    span: list[KafkaRecord] = []
    for at, record in ordered:
        if len(span) >= SPAN or (turns and min(one.moment for one in turns) <= at):
            book.take(span)
            span = []
            _close_until(at, book, statements, turns)
        span.append(record)
    book.take(span)
    last = max(book.last_event_time, ordered[-1][0] if ordered else 0.0)
    until = last + max((one.follow_up for one in book.contracts.values()), default=0.0)
    _close_until(until, book, statements, turns)
    book.tick(until)
    book.close()
    for one in statements.all_due(until):
        statements.put(one)
    return statements


def _close_until(until: float, book: Offline, statements: Statements, turns: list[_Turn]) -> None:
    """Close what can be closed up to a time (seconds), in order of time."""
    while turns and (turn := min(turns, key=lambda one: (one.moment, one.contract.vendor))).moment <= until:
        moment, vendor = turn.moment, turn.contract.vendor
        book.tick(moment)
        book.close()
        while (one := statements.due(vendor, moment)) is not None:
            statements.put(one)
        if statements.waits(vendor, turn.period, moment) and turn.waited < ceil(turn.contract.follow_up / DAY):
            turn.waited += 1
        else:
            turn.next()
