"""A help desk's export: what was said becomes events with ids and numbers, and a time at which each arrives."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Any, Final, NamedTuple

from msgspec import structs

from undertow import events as e

DELAY: Final = 5
"""Seconds an event is usually under way, at most."""


class Sent(NamedTuple):
    """An event and when the broker took it (seconds since 1970)."""

    event: e.Event
    arrived: float


class Said:
    """One thing said, before it has a number. What becomes of it on the way may still be changed."""

    __slots__ = ("at", "data", "kept", "kind", "late", "rewritten")

    def __init__(self, at: float, kind: type[e.Event], data: object) -> None:
        self.at = at
        self.kind = kind
        self.data = data
        self.late = 0.0
        """Seconds it arrives later than usual."""
        self.kept = True
        """False: it has a number and is never sent."""
        self.rewritten: tuple[float, dict[str, Any]] | None = None
        """When it is sent once more, and what of the envelope is then different."""


class Desk:
    """Collects what one vendor says. Numbers follow the order of time, as the database gave them out."""

    def __init__(self, vendor: str, random: Random) -> None:
        self.vendor = vendor
        self.said: list[Said] = []
        self._random = random

    def say(
        self,
        at: float,
        kind: type[e.Event],
        ticket: str,
        customer: str,
        actor: e.ActorKind | None = None,
        **what: object,
    ) -> Said:
        """Something about a ticket at a time (seconds since 1970, cut to whole ones)."""
        data_of = kind.__annotations__["data"]
        fields: dict[str, Any] = {"vendor": self.vendor, "ticket": ticket, "customer": customer, **what}
        if actor is not None:
            fields["actor"] = e.Actor(kind=actor, id=customer if actor == "customer" else None)
        said = Said(float(int(at)), kind, getattr(e, data_of)(**fields))
        self.said.append(said)
        return said

    def sent(self, skipped: float = 0.0) -> list[Sent]:
        """Everything that is sent, in order of arrival. ``skipped``: share of numbers that the database took back."""
        found = []
        number = 0
        for place, said in enumerate(sorted(self.said, key=lambda said: said.at), 1):
            number += said.kind is not e.FeedbackConfirmation
            while self._random.random() < skipped:
                number += 1
            if not said.kept:
                continue
            own = said.kind is not e.FeedbackConfirmation
            event = said.kind(
                specversion="1.0",
                id=f"{self.vendor}-{place:06d}",
                source=f"/vendors/{self.vendor}" if own else "/company",
                time=instant(said.at),
                sequence=str(number) if own else None,
                data=said.data,  # type: ignore[arg-type]
            )
            arrived = said.at + said.late + self._random.uniform(0.2, DELAY)
            found.append(Sent(event, arrived))
            if said.rewritten is not None:
                at, what = said.rewritten
                found.append(Sent(structs.replace(event, **what), max(at, arrived + 60)))
        return sorted(found, key=lambda sent: sent.arrived)


def instant(at: float) -> datetime:
    """Seconds since 1970 as a time."""
    return datetime.fromtimestamp(at, UTC)
