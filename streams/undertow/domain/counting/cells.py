"""Cells: the counters of one vendor, segment and day; and what one ticket contributes to them.

Nothing increments a cell across processes. A casebook owns its tickets and changes its cells by
``contribution(new) - contribution(old)``; what travels is a snapshot.
"""

from __future__ import annotations

from functools import lru_cache
from operator import add, sub
from typing import Any, Final, NamedTuple
from zlib import crc32

from msgspec import Struct


class CellKey(NamedTuple):
    """``day`` counts days since 1970-01-01 in the contract's time zone: of solving, for ``opened`` of opening."""

    vendor: str
    segment: str
    day: int


class Counts(NamedTuple):
    """Tickets. ``solved`` and all after it count by the day of the first solve; all after ``mature`` only mature ones."""

    opened: int = 0
    solved: int = 0
    mature: int = 0
    claimed: int = 0
    reported_met: int = 0
    reopened: int = 0
    reopened_claimed: int = 0
    flicker: int = 0
    repeat_eligible: int = 0
    repeat_contact: int = 0
    bad: int = 0
    """Mature, claimed, with at least one bad outcome."""
    reported_met_but_bad: int = 0


ZERO: Final = Counts()
OPENED: Final = Counts(opened=1)


class Exposure(NamedTuple):
    """What the chance level of a repeat contact depends on: the topic, and how often else this customer made contact."""

    topic: int
    """Class of the topic, see :func:`topic_class`."""
    others: int
    """Floor of the bucket of the customer's other tickets, see :func:`bucket`."""


exposed: Final = lru_cache(maxsize=4096)(Exposure)
"""One object for all tickets and cells that have it."""


class Tally(NamedTuple):
    """One more thing that is counted of a ticket; a cell holds how often each was said.

    - ``verdict``, a measure, one of ``confirmed_met``, ``confirmed_missed``, ``over_reported``, ``under_reported``,
      ``claim_only``, ``actual_only_met``, ``actual_only_missed``, ``unverifiable``, ``immature``
    - ``unsolved``, the same: of tickets not solved yet, on their day of opening
    - ``over_reported`` or ``under_reported``, a measure, its cause
    - ``disputed`` or ``withdrawn``, a measure or pattern, its class or ``matched``: of a finding, in place of what it adds above
      (``unsolved_disputed``, ``unsolved_withdrawn``: of tickets not solved yet); ``upheld``, ``accepted``, ``explained``, the
      same: beside it
    - ``case``, a pattern, ``n`` (counted among its cases) or ``matched`` (shows it)
    - ``late``, ``backdated``, the day on which its first late event arrived
    - ``mix``, class of the priority, class of the topic: of mature tickets reported as met; ``mix_bad``: those that went bad
    - ``promise``, nothing, its state; ``hand_offs``, nothing, how many; ``csat``, nothing, ``good``, ``bad`` or ``unrated``;
      ``recovery``, ``reply``, how soon a human answered a failure; ``first_contact``, nothing, ``yes`` or ``no``
    - ``outcome``, its name, ``met`` or ``missed`` as the ticket was reported: of mature tickets with a claim
    - ``early``, nothing, ``n``: solved and reported as met; ``early``, a lag such as ``3d``, ``bad``: of those, bad by then
    """

    kind: str
    name: str
    label: str


class Share(Struct, frozen=True, gc=False):
    """What a ticket adds to one cell."""

    key: CellKey
    counts: Counts
    exposure: Exposure | None = None
    tallies: tuple[Tally, ...] = ()


Added = tuple[Counts, Exposure | None, tuple[Tally, ...]]
"""What a ticket adds to one cell, whichever that is."""
NO_MORE: Final[Added] = (ZERO, None, ())
Contribution = tuple[Share, ...]


class Cell:
    """Mutable sums, owned by one process."""

    __slots__ = ("counts", "exposures", "tallies")

    def __init__(
        self,
        counts: Counts = ZERO,
        exposures: dict[Exposure, int] | None = None,
        tallies: dict[Tally, int] | None = None,
    ) -> None:
        self.counts = counts
        self.exposures = {} if exposures is None else exposures
        self.tallies = {} if tallies is None else tallies

    def change(self, old: Added, new: Added) -> None:
        """Let a ticket add ``new`` instead of ``old``: nearly always that is one count, and a tally or two at the end."""
        (was, before, said), (counts, exposure, tallies) = old, new
        if was is not counts:
            self.counts = Counts._make(map(add, map(sub, self.counts, was), counts))
        if before != exposure:
            if exposure is not None:
                _count(self.exposures, exposure, 1)
            if before is not None:
                _count(self.exposures, before, -1)
        alike = 0
        for one, other in zip(said, tallies, strict=False):
            if one is not other:
                break
            alike += 1
        for tally in tallies[alike:]:
            _count(self.tallies, tally, 1)
        for tally in said[alike:]:
            _count(self.tallies, tally, -1)

    def move(self, old: Exposure, new: Exposure) -> None:
        """Count one ticket's exposure as ``new`` instead of ``old``."""
        _count(self.exposures, old, -1)
        _count(self.exposures, new, 1)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cell) and (self.counts, self.exposures, self.tallies) == (
            other.counts,
            other.exposures,
            other.tallies,
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Cell({self.counts}, {self.exposures}, {self.tallies})"

    @property
    def empty(self) -> bool:
        """True when nothing is left in it."""
        return self.counts == ZERO and not self.exposures and not self.tallies


def _count(counts: dict[Any, int], what: object, times: int) -> None:
    left = counts.get(what, 0) + times
    if left:
        counts[what] = left
    else:
        del counts[what]


def topic_class(topic: str) -> int:
    """One of 4,096 classes of topics: CRC-32, folded.

    A cell travels as one record. By name, a vendor with free-text topics could make it larger than a broker takes; by
    class its size is bounded. Two of a hundred topics share a class with a chance of about 0.7, and then only the chance
    level of those two is a little high.
    """
    return crc32(topic.encode()) & 0xFFF


def mix(priority: str | None, topic: str | None) -> tuple[str, str]:
    """The classes of a priority (one of 16) and a topic (one of 256) by which tickets are comparable.

    Bounded, for a cell is one record and both words are the vendor's own.
    """
    of_priority = "" if priority is None else format(crc32(priority.encode()) & 0xF, "x")
    return of_priority, "" if topic is None else format(topic_class(topic) & 0xFF, "x")


def bucket(others: int) -> int:
    """Floor of ``others`` on the grid 0 1 2 3 4 6 8 12 16 24 32 ...

    A customer's n-th ticket moves the exposure of the n - 1 before it. Counted exactly, a customer with 5,000 tickets
    would cost 5,000 re-judgements a ticket; on this grid a ticket is re-judged about 2 log2(n) times in its life.
    """
    if others < 4:
        return others
    power = 1 << (others.bit_length() - 1)
    return power + power // 2 if others >= power + power // 2 else power


def middle(floor: int) -> float:
    """The value that stands for the bucket beginning at ``floor``."""
    if floor < 4:
        return float(floor)
    power = 1 << (floor.bit_length() - 1)
    width = power // 2
    return floor + (width - 1) / 2
