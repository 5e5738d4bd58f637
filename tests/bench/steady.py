"""Tickets in an equilibrium: one opens, those opened a little earlier move on, old ones mature and close.

Position p of the feed opens ticket p and brings one step of each ticket opened a fixed number of positions before it.
So any stretch of the feed holds every step of a life, a span holds hardly two facts of one ticket, and the number of
tickets kept depends on nothing but the gap between two positions.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final, NamedTuple
from zlib import crc32

from undertow import events as e
from undertow import wire
from undertow.domain.agreement.contract import Contract
from undertow.simulation.story import SEGMENTS, TOPICS
from undertow.topics import CLAIMS, TICKETS

VENDORS: Final = ("acme", "bolt", "cork", "dune")
CONTRACTS: Final = {vendor: Contract(vendor=vendor, segments=SEGMENTS) for vendor in VENDORS}
STRIDE: Final = 130
"""Positions between two steps of a ticket: more than a span of 1,000 events holds. A feed may have another."""
REOPENED: Final = 10
"""One ticket of so many is reopened by its customer, and solved again."""
TICKETS_A_CUSTOMER: Final = 5
_MARK: Final = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)


class Written(NamedTuple):
    """One event as it goes onto a topic (named without namespace)."""

    topic: str
    key: bytes
    value: bytes
    opens: str | None
    """The vendor, where this is the first event of a ticket."""
    at: float
    """Seconds since 1970."""


class _Step(NamedTuple):
    topic: str
    form: str
    """The event with %-places for id, vendor, time and the rest."""


def _steps() -> tuple[_Step, ...]:
    agent, customer = e.Actor(kind="agent", id="agent-17"), e.Actor(kind="customer")
    of = {"vendor": "@VENDOR@", "ticket": "@TICKET@", "customer": "@CUSTOMER@"}
    whole: dict[str, object] = {"specversion": "1.0", "id": "@ID@", "source": "/vendors/@VENDOR@", "time": _MARK}
    whole["sequence"] = "@SEQUENCE@"
    claim = e.TicketClaimData(**of, measure="sla", met=True, resolved_at=_MARK, reopen_count=0)
    said: list[tuple[e.Event, str]] = [
        (
            e.TicketOpened(
                **whole,
                data=e.OpenedData(**of, actor=customer, topic="@TOPIC@", priority="normal", segment="@SEGMENT@"),
            ),
            TICKETS,
        ),
        (e.TicketAssigned(**whole, data=e.AssignedData(**of, actor=agent, team="first line")), TICKETS),
        (e.TicketMessage(**whole, data=e.MessageData(**of, actor=agent, public=True, question=True)), TICKETS),
        (e.TicketStatusChanged(**whole, data=e.StatusChangedData(**of, actor=agent, to="pending")), TICKETS),
        (e.TicketMessage(**whole, data=e.MessageData(**of, actor=customer, public=True)), TICKETS),
        (e.TicketStatusChanged(**whole, data=e.StatusChangedData(**of, actor=agent, to="solved")), TICKETS),
        (e.TicketClaimed(**whole, recordedtime=_MARK, data=claim), CLAIMS),
        (e.TicketClosed(**whole, data=e.ClosedData(**of, actor=agent)), TICKETS),
        (e.TicketStatusChanged(**whole, data=e.StatusChangedData(**of, actor=customer, to="open")), TICKETS),
        (e.TicketStatusChanged(**whole, data=e.StatusChangedData(**of, actor=agent, to="solved")), TICKETS),
    ]
    return tuple(_Step(topic, _form(wire.encode(event))) for event, topic in said)


def _form(encoded: bytes) -> str:
    """The bytes of an event with %-places for what differs."""
    text = encoded.decode().replace("%", "%%").replace("2001-02-03T04:05:06Z", "%(time)s")
    for word in ("ID", "SEQUENCE", "VENDOR", "TICKET", "CUSTOMER", "TOPIC", "SEGMENT"):
        text = text.replace(f"@{word}@", f"%({word.lower()})s")
    return text


STEPS: Final = _steps()
FACTS: Final = len(STEPS) - 2 + 2 / REOPENED
"""Facts of a ticket, on average: the last two steps are those of a reopened one."""
LIFE: Final = len(STEPS) - 3 + 2 / REOPENED
"""Strides from the first to the last step of a ticket, on average."""


class Feed:
    """Events by position. ``gap`` seconds lie between two positions, position 0 at ``start`` (seconds since 1970)."""

    def __init__(self, start: float, gap: float, customers: int, stride: int = STRIDE) -> None:
        self.start, self.gap, self.stride = start, gap, stride
        self._customers = customers

    def time(self, position: float) -> float:
        """Seconds since 1970 of a position."""
        return self.start + position * self.gap

    def past(self, until: int) -> Iterator[Written]:
        """All that happened before position ``until``, ticket by ticket: the same facts, sooner folded."""
        for ticket in range(until):
            for step in self._of(ticket):
                if ticket + step * self.stride < until:
                    yield self.written(ticket, step)

    def stretch(self, begin: int, end: int) -> Iterator[Written]:
        """What happens from one position to another, in order of time."""
        for position in range(begin, end):
            for step in range(len(STEPS)):
                ticket = position - step * self.stride
                if ticket >= 0 and step in self._of(ticket):
                    yield self.written(ticket, step)

    @staticmethod
    def _of(ticket: int) -> range:
        return range(len(STEPS) - (2 if ticket % REOPENED else 0))

    def written(self, ticket: int, step: int) -> Written:
        """One step of a ticket."""
        topic, form = STEPS[step]
        lag = step * self.stride
        chance = crc32(b"%d" % ticket)
        number = chance % self._customers
        vendor = VENDORS[number % len(VENDORS)]
        name = f"{vendor}-{ticket:08d}"
        at = self.time(ticket + lag)
        value = form % {
            "id": f"{name}-{step}",
            "sequence": ticket + lag,
            "vendor": vendor,
            "time": datetime.fromtimestamp(at, UTC).isoformat(),
            "ticket": name,
            "customer": f"customer-{number:07d}",
            "topic": _TOPICS[(chance >> 8) % len(_TOPICS)],
            "segment": SEGMENTS[(chance >> 16) % len(SEGMENTS)],
        }
        return Written(topic, name.encode(), value.encode(), vendor if step == 0 else None, at)


_TOPICS: Final = tuple(TOPICS)


def equilibrium(tickets: int, end: float, customers: int | None = None, stride: int = STRIDE) -> tuple[Feed, int]:
    """The feed that keeps about ``tickets`` tickets, and the position at ``end`` (seconds) from which it does.

    A ticket is kept for its life and for the horizon after it, and one opens every gap. Without ``customers``, so many
    that each has :data:`TICKETS_A_CUSTOMER` tickets.
    """
    begin = tickets - round(LIFE * stride)
    gap = CONTRACTS[VENDORS[0]].kept_for / (begin + 1)
    feed = Feed(end - begin * gap, gap, customers or max(1, tickets // TICKETS_A_CUSTOMER), stride)
    return feed, begin
