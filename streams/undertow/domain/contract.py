"""What was agreed with one vendor, as far as figures depend on it. Durations in seconds."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

DAY: Final = 86_400.0
WINDOWS: Final = (7, 28, 90)
"""Reporting windows in days of solving."""

Share = Annotated[float, Meta(ge=0, le=1)]
Duration = Annotated[float, Meta(gt=0, le=3650 * DAY)]


class Contract(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The agreed terms. Every default is the product's own (domain: outcomes, statistics)."""

    vendor: Annotated[str, Meta(min_length=1, max_length=256)]
    time_zone: str = "UTC"
    """IANA name; days of the reports are days of this zone."""
    repeat_window: Duration = 30 * DAY
    reopen_window: Duration = 14 * DAY
    solve_time: Literal["row", "resolved_at"] = "row"
    """From which solve repeat contacts are counted: the status change in the feed, or the time the vendor claims."""
    minimum_n: Annotated[int, Meta(ge=1)] = 20
    tolerance: Share = 0.10
    """The share of hidden dissatisfaction, beyond chance, that both sides call normal."""
    segments: tuple[str, ...] = ()
    """The closed list of customer segments; every other becomes ``other``. Empty: no segments are told apart."""
    horizon: Duration | None = None
    """How long a ticket is kept after its last fact: None for the longest window plus the longest follow-up."""
    as_of: float | None = None
    """Judge as of this time (seconds) instead of the clock's, and as if nothing had happened since: a closed history."""
    keep_all: bool = False
    """Never close a ticket: for the replay of a history as a whole."""

    @property
    def follow_up(self) -> float:
        """Seconds after the last solve until every outcome is known."""
        return max(self.repeat_window, self.reopen_window)

    @property
    def kept_for(self) -> float:
        """Seconds after its last fact at which a ticket is closed and dropped."""
        if self.keep_all or self.as_of is not None:
            return float("inf")
        return self.horizon if self.horizon is not None else WINDOWS[-1] * DAY + self.follow_up

    def segment(self, name: str | None) -> str:
        """The label of a customer's segment."""
        if not self.segments:
            return "all"
        return name if name in self.segments else "other"
