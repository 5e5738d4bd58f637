"""The patterns that are looked for, what each is counted among, and the thresholds a contract may set.

Imports no contract, because the contract imports this.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, NamedTuple

from msgspec import Meta, Struct

DAY: Final = 86_400.0
Share = Annotated[float, Meta(ge=0, le=1)]
Duration = Annotated[float, Meta(gt=0, le=3650 * DAY)]

Pattern = Literal[
    "closed_unasked",
    "paused_late",
    "paused_unasked",
    "lowered_late",
    "flicker",
    "continued",
    "misdiagnosed",
    "mass_close",
    "customer_blamed",
    "edited",
    "backdated",
    "gaps",
    "unknown_ticket",
]
"""Nine of gaming; then four of integrity, where the feed contradicts itself."""


class Entry(NamedTuple):
    """What the pattern says of a vendor, and what it is counted among."""

    says: str
    of: str


CATALOG: Final[dict[Pattern, Entry]] = {
    "closed_unasked": Entry("closed for good right after the answer", "tickets that the vendor closed for good"),
    "paused_late": Entry("paused just before the deadline", "tickets paused before a deadline"),
    "paused_unasked": Entry("paused with no question to the customer", "tickets paused"),
    "lowered_late": Entry("priority lowered after the breach", "tickets past their target"),
    "flicker": Entry("solved, taken back and solved again within minutes", "tickets solved"),
    "continued": Entry("closed and continued under a new ticket of the vendor's", "tickets solved"),
    "misdiagnosed": Entry("came back and was then solved under another topic or cause", "tickets solved"),
    "mass_close": Entry("solved in mass before the period ended", "tickets solved on the same weekdays"),
    "customer_blamed": Entry("put down to the customer", "tickets solved with a cause"),
    "edited": Entry("an event rewritten after the breach", "tickets past their target"),
    "backdated": Entry("events dated long before they arrived", "tickets opened"),
    "gaps": Entry("numbers missing from the feed's sequence", "numbers used by the feed"),
    "unknown_ticket": Entry("a claim for a ticket that does not exist", "tickets claimed"),
}
"""In the order of reports."""


class Allowed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The share of its cases (see :data:`CATALOG`) up to which a pattern is normal; 1 switches it off.

    None is 0: every habit has innocent cases, and only more of them than this speaks. Mass closes and blame have no share,
    for they are held against the vendor's other days and against others.
    """

    closed_unasked: Share = 0.05
    paused_late: Share = 0.25
    """A tenth of all pauses would start in the last tenth by chance; people who work by the deadline start more there."""
    paused_unasked: Share = 0.25
    """Waiting for a supplier is a pause that asks the customer nothing."""
    lowered_late: Share = 0.10
    flicker: Share = 0.02
    continued: Share = 0.03
    misdiagnosed: Share = 0.05
    edited: Share = 0.05
    backdated: Share = 0.03
    """Work is sometimes written down a day later. What arrives on the worst tenth of days does not count at all."""
    gaps: Share = 0.005
    """A database that takes back a transaction leaves a hole, too."""
    unknown_ticket: Share = 0.01


class Patterns(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Thresholds of the patterns and of integrity. Durations in seconds, shares 0 to 1."""

    false_alarm: Annotated[float, Meta(gt=0, le=0.5)] = 0.05
    """The chance that a vendor who stays within what is allowed is accused of anything in one period."""
    allowed: Allowed = Allowed()
    closed_within: Duration = 300.0
    """Closed for good so soon after the vendor's last words is closed right after the answer."""
    last_share: Annotated[float, Meta(gt=0, le=1)] = 0.1
    """The part of a target just before its deadline in which a pause is late."""
    question_grace: Annotated[float, Meta(ge=0, le=3600)] = 60.0
    """A question may follow its pause by so much: many help desks write the status down first."""
    flicker_within: Duration = 300.0
    continued_within: Duration = 3 * DAY
    """Between the close and the vendor's own new ticket on the matter, whichever came first."""
    last_days: Annotated[int, Meta(ge=1, le=15)] = 2
    """The days of a period that are its end."""
    mass_factor: Annotated[float, Meta(ge=1, le=100)] = 1.5
    """So many times the usual number of solves of a weekday is normal at the end of a period."""
    blames: tuple[str, ...] = ("customer error",)
    """The causes that blame the customer, in the vendor's words; capitals and spaces at the ends do not count."""
    blame_factor: Annotated[float, Meta(ge=1, le=100)] = 2.0
    """So many times the odds of others, or of earlier periods, is normal: products differ."""
    backdated_after: Duration = DAY
    """An event that arrives, or was recorded, so long after its own time is backdated."""
    unknown_after: Duration = DAY
    """A claim may be so much ahead of the ticket it is about."""
    numbering: Literal["none", "source"] = "none"
    """Whether the feed promised to number its events without holes. Only then is a hole a finding."""
