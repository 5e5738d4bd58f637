"""From when on an alert is raised: what a contract calls normal where no other term says it.

How the product is run and nothing that any figure depends on. Imports no contract, because the contract imports this.
"""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

DAY: Final = 86_400.0
Share = Annotated[float, Meta(ge=0, le=1)]

Duration = Annotated[float, Meta(gt=0, le=3650 * DAY)]


class Alerts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Shares (0 to 1) up to which something is normal, held against lower bounds; 1 switches the alert off."""

    silent_after: Duration = DAY
    """Working time (seconds of the contract's calendar) without any record after which the vendor's feed counts as silent."""
    promise_broken: Share = 0.05
    """Of the tickets reported as met, those with a broken promise."""
    repeat_failure: Share = 0.02
    """Of the tickets reported as met, those of customers who had been let down before."""
    unverifiable: Share = 0.10
    """Of the claims, those that nothing in the feed can confirm or refute."""
    backdated: Share = 0.05
    """Of the events, those that arrive more than a day after their own time."""
    equity: Share = 0.05
    """How much more hidden dissatisfaction the worst-served segment may have than the best-served one."""


ALLOWED: Final = tuple(name for name in Alerts.__struct_fields__ if name != "silent_after")
"""The shares, by name."""
