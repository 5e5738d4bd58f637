"""The board between the worker's loop, which writes, and the scrape, which reads in a thread of its own.

Every change makes a new immutable :class:`State` and swaps one reference. A reader takes :attr:`Board.state` once and
has figures that belong together, however long it renders them; it never waits for the loop and the loop never for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from importlib.metadata import PackageNotFoundError, version
from threading import Lock
from types import MappingProxyType
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from undertow.clock import Clock
from undertow.clock import wall as wall_clock
from undertow.domain.agreement.contract import Contract
from undertow.domain.counting.ledger import ALL, Figures
from undertow.domain.customers.night import Customers
from undertow.domain.standing import Overview, Standing
from undertow.domain.statements.adjustments import Kept
from undertow.domain.verdicts import Verdict
from undertow.metrics.agreed import Agreed, agreed
from undertow.metrics.labels import COMPANY, OTHER, UNKNOWN
from undertow.wire import REASONS

Monotonic = Callable[[], float]
"""Seconds that never go back, from any start."""
Pair = tuple[str, str]
NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class Bounds(Struct, frozen=True):
    """What a vendor's contract bounds, and what of it is shown."""

    segments: frozenset[str]
    """Label values of its rows, ``all`` included."""
    minimum_n: int
    """Tickets."""
    objective: float
    """Ratio 0 to 1."""


class Exposed(Struct, frozen=True):
    """What the owner of the ledger shows, all of one moment. ``as_of`` in seconds since 1970-01-01T00:00Z."""

    figures: tuple[tuple[Figures, Verdict], ...]
    standings: tuple[Standing, ...]
    as_of: float | None
    bounds: Mapping[str, Bounds]
    """By vendor."""
    kept: tuple[Kept, ...] = ()
    """What was issued of closed periods."""
    customers: Customers | None = None
    """What became of customers; None before the first night."""


class State(Struct, frozen=True, kw_only=True):
    """All that can be read, of one moment. Nobody changes a mapping in it. None: not known yet.

    ``started``, ``turned`` and ``committed`` are monotonic seconds, ``event_times`` seconds since 1970-01-01T00:00Z.
    """

    version: str
    started: float
    turned: float | None = None
    """The loop's last turn."""
    committed: float | None = None
    ready: bool = False
    why: str = "starting"
    exposed: Exposed | None = None
    consumed: Mapping[Pair, int]
    """By feed and vendor, as ``backdated`` and ``event_times``."""
    rejected: Mapping[Pair, int]
    """By feed and reason."""
    backdated: Mapping[Pair, int]
    event_times: Mapping[Pair, float]
    arrivals: Mapping[Pair, float]
    """When the broker took the newest record, by feed and vendor; seconds since 1970-01-01T00:00Z."""
    agreed: Mapping[str, Agreed]
    """By vendor."""
    duplicates: int = 0
    late: int = 0
    dead_letters: int = 0
    dropped: Mapping[str, int]
    """Records that were gone before they were read, by topic."""
    lag: Mapping[tuple[str, int], int]
    partitions: Mapping[str, int]
    tickets_kept: int | None = None


class Board:
    """Written by the worker, read by the scrape. Counters of every known label begin at 0: rates see the first event.

    ``feeds`` are the source topics, ``topics`` those of the registry, both as the cluster names them, ``vendors`` those
    with a contract, ``contracts`` theirs: their terms are shown from the start. Writing is safe from any thread. A feed,
    vendor or reason outside the known ones raises ``ValueError``: labels are bounded, and who counts has checked them already.
    """

    def __init__(
        self,
        *,
        feeds: Collection[str],
        vendors: Collection[str],
        topics: Collection[str],
        contracts: Mapping[str, Contract] | None = None,
        version: str | None = None,
        clock: Monotonic = time.monotonic,
        wall: Clock = wall_clock,
    ) -> None:
        if taken := {COMPANY, UNKNOWN} & set(vendors):
            names = " or ".join(sorted(taken))
            raise ValueError(f"no vendor can be called {names}: the metrics use the word; rename it")
        self.clock: Final = clock
        self.wall: Final = wall
        self._topics: Final = frozenset(topics)
        self._writing: Final = Lock()
        publishers = (*sorted(vendors), COMPANY, UNKNOWN)
        by_vendor = {(feed, vendor): 0 for feed in feeds for vendor in publishers}
        self._known: Final = frozenset(by_vendor)
        self._state = State(
            version=version or installed(),
            started=clock(),
            consumed=by_vendor,
            rejected={(feed, reason): 0 for feed in feeds for reason in REASONS},
            backdated=by_vendor,
            event_times={},
            arrivals={},
            agreed=agreed(contracts or {}),
            dropped=dict.fromkeys(topics, 0),
            lag={},
            partitions={},
        )

    @property
    def state(self) -> State:
        """Everything as of now. Take it once per answer."""
        return self._state

    # -- the ledger's owner

    def expose(
        self,
        overview: Overview,
        contracts: Mapping[str, Contract],
        customers: Customers | None = None,
        *,
        ready: bool = False,
    ) -> None:
        """Show this in place of all before, and if ``ready`` that the worker is so: never one without the other.

        A vendor or segment that has left the contracts while its cells are still in the ledger is left out.
        """
        bounds = {vendor: _bounds(contracts[vendor]) for vendor in sorted(contracts)}
        exposed = Exposed(
            tuple((row, said) for row, said in overview.figures if _bounded(row, bounds)),
            tuple(standing for standing in overview.standings if standing.vendor in bounds),
            overview.as_of,
            bounds,
            tuple(one for one in overview.kept if one.vendor in bounds),
            customers,
        )
        self._set(exposed=exposed, **({"ready": True, "why": "ready"} if ready else {}))

    def withdraw(self) -> None:
        """Show no vendor figure any more: another worker owns the ledger. The very next scrape is without them."""
        self._set(exposed=None)

    # -- the worker

    def alive(self) -> None:
        """The loop has turned. Call it from the loop, every second or so."""
        self._set(turned=self.clock())

    def ready(self, ready: bool, why: str) -> None:
        """Whether the worker does its work, and in words why (not)."""
        self._set(ready=ready, why=why)

    def committed(self) -> None:
        """Offsets were committed just now."""
        self._set(committed=self.clock())

    def tickets_kept(self, n: int) -> None:
        """Tickets in this worker's state."""
        self._set(tickets_kept=n)

    def partitions(self, assigned: Mapping[str, int]) -> None:
        """Partitions assigned, by topic; replaces what was said before. Unregistered topics are left out."""
        self._set(partitions={topic: n for topic, n in assigned.items() if topic in self._topics})

    def lag(self, records: Mapping[tuple[str, int], int]) -> None:
        """Unread records by topic and partition; replaces what was said before. Unregistered topics are left out."""
        self._set(lag={at: n for at, n in records.items() if at[0] in self._topics})

    def dropped(self, records: Mapping[str, int]) -> None:
        """Records gone before they were read, by topic, since the start. Unregistered topics are left out."""
        known = self.state.dropped
        if seen := {topic: n for topic, n in records.items() if n > known.get(topic, n)}:
            self._set(dropped={**known, **seen})

    # -- feeds

    def fed(
        self,
        feed: str,
        *,
        consumed: Mapping[str, int] = NOTHING,
        backdated: Mapping[str, int] = NOTHING,
        event_times: Mapping[str, float] = NOTHING,
        arrivals: Mapping[str, float] = NOTHING,
    ) -> None:
        """One round, each by vendor, in one new state. Nothing counts when one vendor is none of those known.

        ``consumed``: records read, refused ones included. ``backdated``: events with a time far before the broker's.
        ``event_times`` (seconds): the highest stays; 0 is how a span without events says so. ``arrivals``: when the broker
        took the last record (seconds); the highest stays, and no publisher's clock can put it later than now.
        """
        newest = self.wall()
        with self._writing:
            state = self._state
            self._state = replace(
                state,
                consumed=self._more(state.consumed, feed, consumed),
                backdated=self._more(state.backdated, feed, backdated),
                event_times=self._highest(state.event_times, feed, event_times),
                arrivals=self._highest(
                    state.arrivals, feed, {vendor: min(seconds, newest) for vendor, seconds in arrivals.items()}
                ),
            )

    def rejected(self, feed: str, reason: str, n: int = 1) -> None:
        """``n`` more records were refused, for a reason of :data:`undertow.wire.REASONS`."""
        with self._writing:
            self._state = replace(self._state, rejected=self._more(self._state.rejected, feed, {reason: n}))

    def duplicates(self, n: int) -> None:
        """``n`` more events had been seen before."""
        self._sum("duplicates", n)

    def late(self, n: int) -> None:
        """``n`` more events were for tickets closed and dropped."""
        self._sum("late", n)

    def dead_letters(self, n: int) -> None:
        """``n`` more records were put aside."""
        self._sum("dead_letters", n)

    def _set(self, **changes: object) -> None:
        with self._writing:
            self._state = replace(self._state, **changes)

    def _highest(self, known: Mapping[Pair, float], feed: str, seconds: Mapping[str, float]) -> Mapping[Pair, float]:
        if strangers := [key for vendor in seconds if (key := (feed, vendor)) not in self._known]:
            raise ValueError(f"{strangers[0]} is none of the feeds and vendors this board was made for")
        later = {key: at for vendor, at in seconds.items() if at > known.get(key := (feed, vendor), 0.0)}
        return {**known, **later} if later else known

    def _more(self, known: Mapping[Pair, int], feed: str, counts: Mapping[str, int]) -> Mapping[Pair, int]:
        """``known`` with counts (or other labels of a feed) added to it."""
        if strangers := [key for label in counts if (key := (feed, label)) not in known]:
            raise ValueError(f"{strangers[0]} is none of the feeds, vendors and reasons this board was made for")
        more = {key: known[key] + _grown(n) for label, n in counts.items() if (key := (feed, label)) and n}
        return {**known, **more} if more else known

    def _sum(self, field: str, n: int) -> None:
        if n:
            with self._writing:
                self._state = replace(self._state, **{field: getattr(self._state, field) + _grown(n)})


def installed() -> str:
    """The installed version; ``unknown`` where the package runs without being installed."""
    try:
        return version("undertow")
    except PackageNotFoundError:
        return UNKNOWN


def _grown(n: int) -> int:
    if n < 0:
        raise ValueError(f"a counter cannot grow by {n}")
    return n


def _bounds(contract: Contract) -> Bounds:
    segments = {ALL, *contract.segments, OTHER} if contract.segments else {ALL}
    return Bounds(frozenset(segments), contract.minimum_n, contract.objective)


def _bounded(row: Figures, bounds: Mapping[str, Bounds]) -> bool:
    return row.vendor in bounds and row.segment in bounds[row.vendor].segments
