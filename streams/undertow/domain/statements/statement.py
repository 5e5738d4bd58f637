"""The statement of one vendor and period: what it reports, what was recomputed, why they differ, and how sure that is.

A pure function of cells, claims, contract, a time and the statements issued before; equal histories give equal bytes. It
holds counts and what follows from them; findings (single tickets) are read from their topic when a statement is rendered,
for whoever owns the ledger sees cells only, and a statement has to stay one record. Shares are ratios 0 to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from undertow.domain.counting.ledger import Rate
from undertow.domain.statements.adjustments import Adjusted
from undertow.domain.statements.counts import Count

FORMAT: Final = 1
"""Version of this record's form."""


class Share(Struct, frozen=True):
    """``count`` of ``n`` with its Wilson 95 % interval; None where n is 0: unknown is not zero."""

    count: int
    n: int
    value: float | None
    low: float | None
    high: float | None


class Difference(Struct, frozen=True):
    """Reported minus actual share over the same tickets: Newcombe's 95 % interval for pairs, exact McNemar p."""

    value: float
    low: float
    high: float
    p: float


class Cause(Struct, frozen=True):
    """``n`` tickets whose claim is true under another reading, or under none (``unexplained``)."""

    verdict: Literal["over_reported", "under_reported"]
    cause: str
    n: int


class Measure(Struct, frozen=True, kw_only=True):
    """One measure. Reported, actual and difference are over the same tickets: those that both sides can judge."""

    measure: str
    reported: Share
    actual: Share
    difference: Difference | None
    under_reported: int
    """In the vendor's favour: claimed missed, and was met."""
    over_reported: int
    """Claimed met, and was not."""
    classes: dict[str, int]
    disputed: int
    """Left out of all of these until ruled on."""
    withdrawn: int
    """Ruled in the vendor's favour, and left out for good."""
    unsolved: int
    """Discordant tickets opened in the period and not solved yet: in no period, so in none of these numbers but the causes."""
    causes: tuple[Cause, ...]
    """In the vendor's favour first, then the most frequent."""
    state: Literal["over", "under", "agrees", "cannot_tell"]
    words: str


class Claimed(Struct, frozen=True, kw_only=True):
    """What the vendor reports of the period as a whole, beside the same tickets recounted."""

    measure: str
    first_day: str
    last_day: str
    met: int
    tickets: int
    restated_from: tuple[int, int] | None
    """Met and tickets as first reported, where that was something else."""
    verdict: str | None
    """None where it can no longer be recounted."""
    actual_met: int = 0
    actual_tickets: int = 0
    open_tickets: int = 0
    difference_met: int = 0
    difference_tickets: int = 0
    gap: float | None = None
    causes: tuple[str, ...] = ()


class Habit(Struct, frozen=True, kw_only=True):
    """A pattern put to the test: one match is no accusation."""

    pattern: str
    state: Literal["found", "not_found", "cannot_tell"]
    words: str
    count: int
    n: int
    normal: float
    p: float


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of customers after a solve: tickets by what was reported of them."""

    outcome: str
    share: Share | None
    """None where only how many is known."""
    expected: float | None = None
    """The share that chance alone would bring; None where none is known."""
    met: int | None = None
    missed: int | None = None


class Served(Struct, frozen=True):
    """One segment of customers: hidden dissatisfaction among its tickets reported as met."""

    segment: str
    share: Share


class Fairness(Struct, frozen=True, kw_only=True):
    """Worst against best-served segment, allowing for having chosen the two."""

    segments: tuple[Served, ...]
    worst: str | None = None
    best: str | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    same_mix: bool = False
    """True: as if every segment had the same priorities and topics."""
    words: str = ""


class PeriodStatement(Struct, frozen=True, kw_only=True):
    """One vendor and period. Its key on the topic is :func:`key`."""

    format: int = FORMAT
    vendor: str
    number: int | None
    """How many statements the vendor has had with this one; None: not issued, and so still to change."""
    period: str
    """``2026-10``, or two dates joined by two dots."""
    first_day: int
    last_day: int
    """Days since 1970-01-01 in the contract's zone, both included."""
    time_zone: str
    known_up_to: str
    """The newest day that was over when it was made."""
    waiting: int
    """Tickets solved in the period whose follow-up is not over."""
    contract: str
    """Version of the terms."""
    definitions: tuple[tuple[str, tuple[str, ...]], ...]
    """The terms in words: headings and sentences."""
    minimum_n: int
    objective: float
    truth: Share
    """Of what was reported as met and could be checked, the share confirmed."""
    truth_measures: tuple[str, ...]
    verdict: str
    """``holds``, ``unclear``, ``red_inside`` or ``cannot_tell``: hidden dissatisfaction against what is normal."""
    words: str
    allowed: float
    """The share of hidden dissatisfaction that both sides call normal, chance included."""
    favour: tuple[tuple[str, int], ...]
    """Under-reports by measure: where the vendor did better than it says."""
    measures: tuple[Measure, ...]
    claims: tuple[Claimed, ...]
    patterns: tuple[Habit, ...]
    outcomes: tuple[Outcome, ...]
    equity: Fairness | None
    disputes: tuple[tuple[str, str, int], ...]
    """``disputed`` or ``withdrawn``, measure or pattern, findings."""
    adjustments: tuple[Adjusted, ...]
    counts: tuple[Count, ...]
    """Everything as counted: what later adjustments are held against."""
    hash: str = ""
    """SHA-256 over the canonical JSON of everything else, hexadecimal."""

    @property
    def adjusted(self) -> int:
        """How many lines of earlier periods it adjusts."""
        return sum(len(one.lines) for one in self.adjustments)


def canonical(statement: PeriodStatement) -> bytes:
    """The JSON that the hash is over: keys sorted, no space, whole numbers without a point, without the hash."""
    parts = msgspec.to_builtins(replace(statement, hash=""))
    del parts["hash"]
    return msgspec.json.encode(_whole(parts), order="sorted")


def _whole(part: Any) -> Any:  # noqa: ANN401 - any JSON
    """1.0 as 1: most languages read and write one number for both."""
    if isinstance(part, float) and part.is_integer():
        return int(part)
    if isinstance(part, dict):
        return {name: _whole(value) for name, value in part.items()}
    return [_whole(value) for value in part] if isinstance(part, list | tuple) else part


def sealed(statement: PeriodStatement) -> PeriodStatement:
    """The statement with its hash."""
    return replace(statement, hash=sha256(canonical(statement)).hexdigest())


def holds(statement: PeriodStatement) -> bool:
    """Whether the hash is that of the content."""
    return statement.hash == sha256(canonical(statement)).hexdigest()


def key(statement: PeriodStatement) -> bytes:
    """Its key on the topic: vendor, period and number as a JSON array."""
    return msgspec.json.encode((statement.vendor, statement.period, statement.number))


encode: Final = msgspec.json.Encoder().encode
"""A statement as it is kept and published: JSON."""
decode: Final = msgspec.json.Decoder(PeriodStatement).decode
"""Raises ``msgspec.DecodeError`` (of which ``ValidationError`` is one)."""


def latest(issued: Sequence[PeriodStatement]) -> PeriodStatement | None:
    """The one issued last."""
    return max(issued, key=lambda one: one.number or 0, default=None)


def share(rate: Rate) -> Share:
    """A rate written down."""
    if rate.value is None:
        return Share(0, 0, None, None, None)
    return Share(round(rate.count), rate.n, round(rate.value, 6), round(rate.low, 6), round(rate.high, 6))
