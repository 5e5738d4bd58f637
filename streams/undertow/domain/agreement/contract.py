"""What was agreed with one vendor, as far as figures depend on it. Durations in seconds.

The contract imports alerts, calendars, readings and patterns, so none of these may import the contract (but for type checking).
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from functools import cached_property
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from undertow.domain.agreement.alerts import Alerts
from undertow.domain.agreement.calendars import Calendar
from undertow.domain.agreement.delivery import Delivery
from undertow.domain.agreement.readings import Reading
from undertow.domain.agreement.thresholds import Patterns

DAY: Final = 86_400.0
WINDOWS: Final = (7, 28, 90)
"""Reporting windows in days of solving."""
ROLLING: Final = 28
"""Days of the reporting period where it rolls."""
BURNS: Final = ((3.0, 3, 1), (1.0, 14, 3))
"""When the truth budget burns too fast: (factor, long window, short window), windows in days of event time; both windows
must burn at more than ``factor`` times the pace that would use the budget up exactly (domain: statistics)."""

Share = Annotated[float, Meta(ge=0, le=1)]
Duration = Annotated[float, Meta(gt=0, le=3650 * DAY)]


class Target(Struct, frozen=True, forbid_unknown_fields=True):
    """So fast it has to be."""

    seconds: float
    priority: str | None = None
    """For tickets of this priority; None: of any that has no target of its own."""
    since: float | None = None
    """In force from this time (seconds) on; None: from the beginning."""


class Feed(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the vendor's events come from."""

    topic: str
    adapter: str
    """The format's name, one of :data:`undertow.adapters.ADAPTERS`."""
    mapping: Struct | None = None
    """The adapter's own terms, checked by the adapter; the domain does not look inside."""


class Contract(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """The agreed terms. Every default is the product's own (domain: outcomes, statistics)."""

    vendor: Annotated[str, Meta(min_length=1, max_length=256)]
    time_zone: str = "UTC"
    """IANA name; days and months of the reports are those of this zone."""
    calendar: Calendar = Calendar()
    """The business clock. The default is always open."""
    reading: Reading = Reading()
    """The agreed one: every actual is computed under it."""
    readings: dict[str, Reading] = {}
    """Further ones by name, to compute the same tickets under; no verdict rests on them."""
    targets: dict[str, tuple[Target, ...]] = {}
    """By measure; in any order. A measure without one is computed and never breached."""
    good_csat: Annotated[float, Meta(ge=0, le=100)] = 4.0
    """The lowest score of a satisfaction survey that is good, on the scale the surveys use (here one to five)."""
    promise_grace: Annotated[float, Meta(ge=0, le=3650 * DAY)] = 3600.0
    """A promise kept so long after it was due is late; after that it is broken."""
    repeat_window: Duration = 30 * DAY
    reopen_window: Duration = 14 * DAY
    solve_time: Literal["row", "resolved_at"] = "row"
    """From which solve repeat contacts are counted: the status change in the feed, or the time the vendor claims."""
    minimum_n: Annotated[int, Meta(ge=1)] = 20
    tolerance: Share = 0.10
    """The share of hidden dissatisfaction, beyond chance, that both sides call normal."""
    objective: Annotated[float, Meta(gt=0, le=1)] = 0.98
    """Truth budget: of the tickets reported as met, the share that has to be confirmed."""
    patterns: Patterns = Patterns()
    """Thresholds of the patterns that are looked for."""
    alerts: Alerts = Alerts()
    """From when on an alert is raised; no figure depends on it."""
    segments: tuple[str, ...] = ()
    """The closed list of customer segments; every other becomes ``other``. Empty: no segments are told apart."""
    period: Literal["month", "rolling"] = "month"
    """What is reported on: the calendar month of ``time_zone``, or the last :data:`ROLLING` days."""
    feeds: tuple[Feed, ...] = ()
    """Empty: the vendor publishes CloudEvents on the source topics."""
    delivery: Delivery = Delivery()
    """When and where statements are delivered; to nobody by default."""
    horizon: Duration | None = None
    """How long a ticket is kept after its last fact: None for the longest window plus the longest follow-up."""
    as_of: float | None = None
    """Judge as of this time (seconds) instead of the clock's, and as if nothing had happened since: a closed history."""
    imported_until: float | None = None
    """Facts before this time (seconds) were imported long after they happened: of them none is backdated."""
    keep_all: bool = False
    """Never close a ticket: for the replay of a history as a whole."""

    def __hash__(self) -> int:
        """Equal contracts have equal versions."""
        return hash(self.version)

    @cached_property
    def follow_up(self) -> float:
        """Seconds after the last solve until every outcome is known."""
        return max(self.repeat_window, self.reopen_window)

    @cached_property
    def kept_for(self) -> float:
        """Seconds after its last fact at which a ticket is closed and dropped."""
        if self.keep_all or self.as_of is not None:
            return float("inf")
        return self.horizon if self.horizon is not None else WINDOWS[-1] * DAY + self.follow_up

    @cached_property
    def version(self) -> str:
        """Twelve hexadecimal digits that stand for the terms: equal terms, equal version, in every process.

        How the product is run (:data:`RUNNING`) is no term, so that a replay of the same history names the same one. A term
        left at its default does not count, so that a term the product learns later changes no version.
        """
        said = {name: _canonical(getattr(self, name)) for name in _said(self) if name not in RUNNING}
        said["segments"] = sorted(self.segments)
        said["targets"] = {name: sorted(map(_canonical, some), key=repr) for name, some in self.targets.items() if some}
        return hashlib.sha256(msgspec.json.encode(said, order="sorted")).hexdigest()[:12]

    @cached_property
    def _in_force(self) -> dict[str, dict[str | None, tuple[list[float], list[float]]]]:
        """By measure and priority: since when, and how many seconds, oldest first."""
        found: dict[str, dict[str | None, tuple[list[float], list[float]]]] = {}
        for measure, targets in self.targets.items():
            of_measure = found[measure] = {}
            for target in sorted(targets, key=_since):
                since, seconds = of_measure.setdefault(target.priority, ([], []))
                since.append(_since(target))
                seconds.append(target.seconds)
        return found

    def target(self, measure: str, priority: str | None, at: float) -> float | None:
        """The target in force at a time (seconds), in seconds; None where there is none.

        The latest one that names the priority, else the latest for any.
        """
        of_measure = self._in_force.get(measure)
        if of_measure is None:
            return None
        found = of_measure.get(priority)
        if found is not None and (index := bisect_right(found[0], at)):
            return found[1][index - 1]
        found = of_measure.get(None)
        return found[1][index - 1] if found is not None and (index := bisect_right(found[0], at)) else None

    def segment(self, name: str | None) -> str:
        """The label of a customer's segment."""
        if not self.segments:
            return "all"
        return name if name in self.segments else "other"


RUNNING: Final = frozenset({"alerts", "delivery", "feeds", "horizon", "as_of", "imported_until", "keep_all"})
"""Fields that say how the product is run and nothing of what was agreed."""


def _since(target: Target) -> float:
    return float("-inf") if target.since is None else target.since


def _said(terms: Struct) -> list[str]:
    """The fields that differ from their defaults."""
    return [field.name for field in msgspec.structs.fields(terms) if getattr(terms, field.name) != _default(field)]


def _default(field: msgspec.structs.FieldInfo) -> object:
    return field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()


def _canonical(value: object) -> object:
    """A value as it is written down for the version: one form for equal values."""
    if isinstance(value, Struct):
        return {name: _canonical(getattr(value, name)) for name in _said(value)}
    if isinstance(value, dict):
        return {key: _canonical(part) for key, part in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(map(_canonical, value), key=repr)
    if isinstance(value, tuple | list):
        return [_canonical(part) for part in value]
    return float(value) if isinstance(value, int) else value
