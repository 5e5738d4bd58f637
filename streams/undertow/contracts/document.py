"""What a contract's file may say: its keys, their types and their defaults. The JSON Schema for editors is made of these.

A docstring below a field is its description in the schema. Types with a ``form`` are written as text; ``forms`` reads them.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from undertow.adapters.mapping import Mapping
from undertow.contracts.quantities import Day, Span
from undertow.domain.agreement.alerts import Alerts
from undertow.domain.agreement.contract import DAY, Share
from undertow.domain.agreement.delivery import Destination
from undertow.domain.agreement.readings import Reading
from undertow.domain.agreement.thresholds import Patterns
from undertow.events import Name

Seconds = Annotated[float, Meta(gt=0, le=3650 * DAY, extra={"form": "duration"})]
Grace = Annotated[float, Meta(ge=0, le=3650 * DAY, extra={"form": "duration"})]
Instant = Annotated[float, Meta(extra={"form": "instant"})]
Since = Annotated[date | float, Meta(extra={"form": "since"})]
ADay = Annotated[Day, Meta(extra={"form": "day"})]
Hours = Annotated[Span, Meta(extra={"form": "hours"})]
Zone = Annotated[str, Meta(extra={"form": "zone"})]
Country = Annotated[str, Meta(extra={"form": "country"})]
Days = Annotated[str, Meta(extra={"form": "days"})]
Week = dict[Days, Literal["closed"] | Hours | tuple[Hours, ...]]
TopicName = Annotated[str, Meta(extra={"form": "topic"})]
Told = Annotated[Mapping, Meta(extra={"foreign": "mapping"})]
AdapterName = Annotated[str, Meta(extra={"form": "adapter"})]

Timed = Literal[
    "first_response",
    "next_response",
    "first_resolution",
    "total_resolution",
    "durable_resolution",
    "recovery_reply",
    "recovery_solve",
    "requester_wait",
    "agent_work",
]
"""The measures that are durations: those of :data:`undertow.domain.measuring.measures.TIMED`."""


class TargetTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One target of a measure."""

    within: Seconds
    """So fast it has to be, such as 4h; on the clock of the agreed reading."""
    priority: Name | None = None
    """For tickets of this priority. Left out: for every priority without a target of its own."""
    since: Since | None = None
    """Valid from this day on (in the contract's time zone) or from this time on. Left out: from the beginning."""


class HolidayTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Public holidays as the PyPI package holidays knows them."""

    country: Country
    """ISO 3166 code, such as DE."""
    subdivision: str | None = None
    """State, province or the like, such as BY; left out: the holidays of the whole country."""


class ChangeTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Other opening hours from a day on."""

    since: Since
    """The first day on which they hold, in the zone of the hours."""
    hours: Week | None = None
    """As above, in place of all that held before. Left out: open around the clock."""


class CalendarTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The business clock."""

    time_zone: Zone | None = None
    """IANA name of the zone the hours are in. Left out: the contract's."""
    hours: Week | None = None
    """Opening hours by weekday (monday) or weekdays (monday-friday): 09:00-17:00, a list of such, or closed. A day that is
    not named is closed. Left out: open around the clock."""
    changes: tuple[ChangeTerms, ...] = ()
    """Hours that were agreed later: what was worked before the day they begin stays as it was."""
    holidays: HolidayTerms | None = None
    """Public holidays, on which nothing is open."""
    closed: tuple[ADay, ...] = ()
    """Own holidays: 2026-12-24, or 12-24 for every year."""
    open: tuple[ADay, ...] = ()
    """Days that are open as their weekday although they are holidays: 2026-10-03, or 10-03 for every year."""


class FeedTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One topic that the vendor's events come from."""

    topic: TopicName
    """Name of the Kafka topic, without the namespace. Any but the source topics speaks for this vendor only."""
    adapter: AdapterName
    """Format of its records."""
    mapping: Told | None = None
    """For the adapter that reads any JSON or CSV, one row a record: where each field is found."""


class DeliveryTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the vendor's statements are delivered, and where to."""

    after: Grace = 3 * DAY
    """So long after the end of its last day a period's statement is delivered; one that is issued later, once it is issued."""
    since: Since | None = None
    """Statements of periods that ended before this day (in the contract's time zone) are not delivered. Left out: all are."""
    to: tuple[Destination, ...] = ()
    """The receivers."""


class Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was agreed with one vendor. Only the vendor is required; what is left out is the product's default."""

    vendor: Name
    """The vendor's name, as its events give it."""
    time_zone: Zone = "UTC"
    """IANA name of the zone in which the reports' days and months are, such as Europe/Berlin."""
    calendar: CalendarTerms = CalendarTerms()
    """The business clock: hours, holidays, exceptions. Left out: always open."""
    targets: dict[Timed, Seconds | tuple[TargetTerms, ...]] = {}
    """How fast it has to be, by measure: one duration such as 4h, or a list by priority and day of coming into force."""
    reading: Reading = Reading()
    """The agreed rules by which measures are computed: clock, pauses, replies and so on."""
    readings: dict[Name, Reading] = {}
    """Further rules by name, to compute the same tickets under; no verdict rests on them."""
    repeat_window: Seconds = 30 * DAY
    """A new ticket of the same customer on the same topic within it: the first was not solved."""
    reopen_window: Seconds = 14 * DAY
    """The customer reopened the ticket within it: not solved. A refund or complaint that names no ticket counts in it, too."""
    solve_time: Literal["row", "resolved_at"] = "row"
    """From which solve repeat contacts are counted: the status change in the feed, or the time the vendor claims."""
    promise_grace: Grace = 3600.0
    """A promise kept so long after it was due is late; after that it is broken."""
    good_csat: Annotated[float, Meta(ge=0, le=100)] = 4.0
    """The lowest score of a satisfaction survey that is good, on the scale that the surveys use."""
    segments: tuple[Name, ...] = ()
    """The closed list of customer segments; every other becomes 'other'. Empty: no segments are told apart."""
    minimum_n: Annotated[int, Meta(ge=1, le=1_000_000)] = 20
    """Fewer tickets than this get the verdict 'cannot tell yet'."""
    tolerance: Share = 0.10
    """The share of hidden dissatisfaction, beyond chance, that both sides call normal."""
    objective: Annotated[float, Meta(gt=0, le=1)] = 0.98
    """Truth budget: of the tickets reported as met, the share that has to be confirmed."""
    patterns: Patterns = Patterns()
    """Thresholds of the gaming patterns that are looked for."""
    alerts: Alerts = Alerts()
    """From when on an alert is raised: after how much silence of the feed, and which shares are normal."""
    period: Literal["month", "rolling"] = "month"
    """What is reported on: the calendar month in the contract's zone, or the last 28 days."""
    feeds: tuple[FeedTerms, ...] = ()
    """Where the vendor's events come from. Empty: CloudEvents on the source topics."""
    delivery: DeliveryTerms = DeliveryTerms()
    """When and where statements are delivered. Left out: to nobody."""
    horizon: Seconds | None = None
    """How long a ticket is kept after its last event. Left out: the longest window plus the longest follow-up."""
    as_of: Instant | None = None
    """Judge as of this time, as if nothing had happened since: a closed history."""
    imported_until: Instant | None = None
    """Events before this time were imported long after they happened: of them none is said to be backdated."""
    keep_all: bool = False
    """Never drop a ticket: for a history that is judged as a whole."""
