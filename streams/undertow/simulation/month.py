"""A month of one vendor's tickets, with the week before it: what its conduct makes of them, and the truth about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from random import Random
from typing import Final

from undertow import events as e
from undertow.domain.agreement.contract import Contract, Target
from undertow.domain.patterns import Pattern, Patterns
from undertow.simulation.casework import BLAME, RESOLUTION, RESPONSE, Caseworker
from undertow.simulation.conduct import SLIPS, Conduct
from undertow.simulation.desk import Desk, Sent
from undertow.simulation.plans import DAY, HOUR

START: Final = datetime(2025, 4, 1, tzinfo=UTC)
DAYS: Final = 30
BEFORE: Final = 7
"""Days of the week before, whose tickets are solved in the month's first days."""
OUTAGE: Final = (10 * DAY, 12.5 * DAY)
"""From when to when the export is down where a feed only looks backdated: seconds since the month began."""
OWN: Final = (
    e.TicketOpened | e.TicketMessage | e.TicketStatusChanged | e.TicketAssigned | e.TicketPriorityChanged
    | e.TicketTopicChanged | e.TicketLinked | e.TicketClosed
)  # fmt: skip


class Month:
    """One vendor's month. Same arguments, same month. ``start``: its first midnight, in UTC."""

    def __init__(self, conduct: Conduct, seed: int, start: datetime = START) -> None:
        self.conduct = conduct
        self.begin = start.timestamp()
        self.end = self.begin + DAYS * DAY
        self.as_of = self.end + 45 * DAY
        """When everything is over that began in the month, its follow-up included."""
        random = Random(f"{seed}/{conduct.name}/month")  # noqa: S311 - to repeat itself is what it is for
        desk = Desk(conduct.name, random)
        self._worker = Caseworker(conduct, desk, random)
        for first, days, tickets in (
            (self.begin - BEFORE * DAY, BEFORE, conduct.tickets * BEFORE // DAYS),
            (self.begin, DAYS, conduct.tickets),
        ):
            for at in sorted(self._moment(random, first, days) for _ in range(tickets)):
                self._worker.work(at, self._swept(random, at))
        for _ in range(conduct.tickets):
            if random.random() < conduct.games_or_slips("unknown_ticket"):
                self._worker.invent(self._moment(random, self.begin, DAYS))
        if conduct.resembles.get("backdated", 0.0):
            self._lose_the_line(desk, random)
        self.sent: list[Sent] = desk.sent(conduct.slips.get("gaps", SLIPS["gaps"]))
        """What reaches the broker, in order of arrival."""
        self.withheld = sum(not said.kept for said in desk.said)
        """Events that have a number and were never sent."""

    @property
    def truth(self) -> Mapping[Pattern, frozenset[str]]:
        """By pattern, the tickets that show it; for ``gaps`` those whose events were held back."""
        return {pattern: frozenset(tickets) for pattern, tickets in self._worker.truth.items()}

    @property
    def contract(self) -> Contract:
        """What was agreed: targets by priority on the calendar clock, and numbers without a hole."""
        return Contract(
            vendor=self.conduct.name,
            targets={
                "first_response": tuple(Target(seconds, priority) for priority, seconds in RESPONSE.items()),
                "first_resolution": tuple(Target(seconds, priority) for priority, seconds in RESOLUTION.items()),
            },
            patterns=Patterns(numbering="source", blames=(BLAME,)),
            keep_all=True,
        )

    def _moment(self, random: Random, first: float, days: int) -> float:
        """When a customer writes: less at weekends; where the conduct says so, more at the month's end."""
        rush = self.conduct.resembles.get("mass_close", 0.0)
        while True:
            at = float(int(first + random.random() * days * DAY))
            weekday = datetime.fromtimestamp(at, UTC).weekday()
            busy = (0.35 if weekday >= 5 else 1.0) * (1 + rush if at >= self.end - 4 * DAY else 1.0)
            if random.random() * (1 + rush) < busy:
                return at

    def _swept(self, random: Random, opened: float) -> float | None:
        """When a ticket is solved that is kept for the month's last two days, None for one that is not."""
        share = self.conduct.games.get("mass_close", 0.0)
        if self.begin + 8 * DAY <= opened < self.end - 3 * DAY and random.random() < share:
            return self.end - random.uniform(3, 36) * HOUR
        return None

    def _lose_the_line(self, desk: Desk, random: Random) -> None:
        """Nothing arrives for a while; then everything does, within the hour."""
        begun, over = (self.begin + at for at in OUTAGE)
        for said in desk.said:
            if begun <= said.at < over:
                said.late = max(said.late, over - said.at + random.uniform(0, HOUR))
                if said.kind is e.TicketOpened:
                    said.rewritten = None  # a slip that is set right before anybody read it is none
                if said.kept and said.late > DAY and issubclass(said.kind, OWN):
                    self._worker.truth["backdated"].add(getattr(said.data, "ticket", ""))
