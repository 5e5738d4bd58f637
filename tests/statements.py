"""A history with everything late in it, for the tests of statements: a simulated vendor, and what arrives after closing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, Final

from msgspec.structs import replace

from undertow import events as e
from undertow import wire
from undertow.domain.agreement.calendars import Calendar
from undertow.domain.agreement.contract import DAY, Contract, Target
from undertow.domain.judging.findings import Finding
from undertow.simulation.plans import DEFAULT
from undertow.simulation.world import World
from undertow.stages.records import Record

START: Final = datetime(2026, 1, 10, tzinfo=UTC)
LATE: Final = datetime(2026, 4, 5, tzinfo=UTC).timestamp()
"""When the late ones arrive: January and February are closed by then, March is not."""


@cache
def world() -> tuple[dict[str, Contract], tuple[e.Event, ...]]:
    """The terms, and three months of one vendor that reports too well, weeks and months included."""
    plan = next(one for one in DEFAULT if one.name == "gaming")
    made = World(5, START, 80, (plan,))
    terms = {"first_response": (Target(4 * 3600.0),), "total_resolution": (Target(5 * DAY),)}
    contracts = {
        name: replace(one, targets=terms, imported_until=None, keep_all=True) for name, one in made.contracts().items()
    }
    return contracts, tuple(made.events())


def record(event: e.Event, offset: int, at: float | None = None) -> Record:
    """As a broker took it: at its own time where nothing else is said."""
    time = event.time.timestamp() if at is None else at
    return Record("vendor.tickets", 0, offset, int(time * 1000), wire.encode(event))


def records(*, late: bool) -> list[Record]:
    """The history; with ``late`` some arrive after January was closed: a reply, a restated claim, a restated period."""
    _, events = world()
    found = [record(event, place) for place, event in enumerate(events)]
    if not late:
        return found
    held = next(
        place for place, one in enumerate(events) if isinstance(one, e.TicketMessage) and one.data.actor.kind == "agent"
    )
    found[held] = record(events[held], held, LATE)
    return [*found, *(record(one, len(found) + place, LATE) for place, one in enumerate(restated(events)))]


def restated(events: Iterable[e.Event]) -> Iterator[e.Event]:
    """January's first claim turned round, and its first period claim with other figures."""
    later = datetime.fromtimestamp(LATE, UTC)
    some = list(events)
    claim = next(one for one in some if isinstance(one, e.TicketClaimed) and one.data.measure == "sla")
    yield replace(claim, id=f"{claim.id}-again", recordedtime=later, data=replace(claim.data, met=not claim.data.met))
    period = next(one for one in some if isinstance(one, e.PeriodClaimed))
    changed = replace(period.data, met=max(0, period.data.met - 1))
    yield replace(period, id=f"{period.id}-again", recordedtime=later, data=changed)


DISPUTED: Final = datetime(2026, 2, 20, tzinfo=UTC)
"""When the vendor disputes: January is over, and not closed yet."""


def disputed(finding: Finding) -> list[Record]:
    """The vendor disputes a finding of January before it is closed; the company withdraws it when all the rest is late."""
    of: dict[str, Any] = {"vendor": finding.vendor, "finding": finding.id, "ticket": finding.ticket}
    of |= {"customer": finding.customer, "reason": "a bot's answer", "by": "Kim"}
    head: dict[str, Any] = {"specversion": "1.0", "source": "/portal"}
    ruled = datetime.fromtimestamp(LATE, UTC)
    said: tuple[e.Event, ...] = (
        e.DisputeAnswered(**head, id="1", time=DISPUTED, data=e.AnsweredData(**of, answer="dispute")),
        e.DisputeRuled(**head, id="2", time=ruled, data=e.RuledData(**of, ruling="withdrawn")),
    )
    return [
        Record("vendor.disputes", 0, place, int(one.time.timestamp() * 1000), wire.encode(one))
        for place, one in enumerate(said)
    ]


SMALL: Final = Contract(
    vendor="acme",
    time_zone="Europe/Berlin",
    calendar=Calendar("Europe/Berlin", tuple((day * 1440 + 540, day * 1440 + 1080) for day in range(5))),
    targets={"first_response": (Target(4 * 3600.0), Target(3600.0, "high"))},
    minimum_n=3,
    keep_all=True,
)
"""Calendar clock, in Berlin."""


class _Teller:
    """Events of tickets, told in hours since January 12th, 2026, a Monday."""

    def __init__(self) -> None:
        self.events: list[e.Event] = []

    def head(self, hours: float, recorded: float | None = None) -> dict[str, Any]:
        number = str(len(self.events))
        stamp = None if recorded is None else MONDAY + timedelta(hours=recorded)
        at = MONDAY + timedelta(hours=hours)
        return {
            "specversion": "1.0",
            "id": number,
            "source": "/acme",
            "sequence": number,
            "time": at,
            "recordedtime": stamp,
        }

    def ticket(self, name: str, customer: str, opened: float, *told: tuple[float, str, str], claim: str) -> None:
        """``told``: hours since the opening, who, and what: a message, or the status it became. ``claim`` of the response."""
        of: dict[str, Any] = {"vendor": "acme", "ticket": name, "customer": customer}
        by = {kind: e.Actor(kind) for kind in ("customer", "agent", "bot")}  # type: ignore[arg-type]
        first = e.OpenedData(**of, actor=by["customer"], topic="billing", priority="normal")
        self.events.append(e.TicketOpened(**self.head(opened), data=first))
        for hours, who, what in told:
            head = self.head(opened + hours)
            if what == "message":
                said = e.MessageData(**of, actor=by[who], substantive=who != "bot")
                self.events.append(e.TicketMessage(**head, data=said))
            else:
                moved = e.StatusChangedData(**of, actor=by[who], to=what)  # type: ignore[arg-type]
                self.events.append(e.TicketStatusChanged(**head, data=moved))
        self.claim(name, customer, opened + 100, claim)

    def claim(self, name: str, customer: str, at: float, claim: str, recorded: float | None = None) -> None:
        """Such as ``met 0.1``: hours."""
        word, _, hours = claim.partition(" ")
        value = float(hours) * 3600 if hours else None
        data = e.TicketClaimData(
            vendor="acme", ticket=name, customer=customer, measure="first_response", met=word == "met", value=value
        )
        self.events.append(e.TicketClaimed(**self.head(at, recorded), data=data))


MONDAY: Final = datetime(2026, 1, 12, 8, tzinfo=UTC)


def small() -> list[Record]:
    """Six tickets of January, one of February; in March the vendor takes a claim of January back."""
    tell = _Teller()
    wrote = (0.0, "customer", "message")
    tell.ticket("100", "ann", 0, wrote, (1, "agent", "message"), (2, "agent", "solved"), claim="met 1")
    bot = (0.1, "bot", "message")
    tell.ticket("101", "bob", 3, wrote, bot, (6, "agent", "message"), (7, "agent", "solved"), claim="met 0.1")
    tell.ticket("102", "bob", 80, wrote, bot, (2, "agent", "message"), (3, "agent", "solved"), claim="met 2")
    tell.ticket("103", "cid", 24, wrote, (3, "agent", "message"), (5, "agent", "solved"), claim="missed 5")
    again = ((30, "customer", "message"), (30, "customer", "open"), (31, "agent", "message"), (32, "agent", "solved"))
    tell.ticket("104", "dee", 48, wrote, (5, "agent", "message"), (6, "agent", "solved"), *again, claim="missed 5")
    tell.ticket("105", "eve", 50, wrote, (1, "agent", "message"), (9, "agent", "solved"), claim="met 1")
    tell.ticket("106", "fay", 24 * 25, wrote, (1, "agent", "message"), (2, "agent", "solved"), claim="met 1")
    month = e.PeriodClaimData(
        vendor="acme", measure="first_response", first_day=date(2026, 1, 1), last_day=date(2026, 1, 31), met=5, total=6
    )
    tell.events.append(e.PeriodClaimed(**tell.head(24 * 21), data=month))
    tell.claim("100", "ann", 100, "missed 1", recorded=24 * 60)
    return [
        record(one, place, one.recordedtime.timestamp() if one.recordedtime is not None else None)
        for place, one in enumerate(tell.events)
    ]
