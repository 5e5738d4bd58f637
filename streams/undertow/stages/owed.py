"""What the facts that came since the last settlement make owed: judgements, and looks at those next to them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from undertow.domain.facts import Seen, position
from undertow.domain.timeline import concerns_others
from undertow.stages.contacts import Ticket


class Owed:
    """Keys of tickets, by what is to be done with them."""

    def __init__(self) -> None:
        self.changed: dict[bytes, list[Seen]] = {}
        """Facts that came or were joined since, read already."""
        self.told: set[bytes] = set()
        """Of those, the tickets to be judged by them."""
        self.telling: set[bytes] = set()
        """Tickets whose news may matter to those they are next to."""
        self.stale: set[bytes] = set()
        """Tickets to be judged though nothing came for them."""

    def __bool__(self) -> bool:
        return bool(self.told or self.stale or self.telling)

    def ticket(self, ticket: Ticket, facts: list[Seen], news: Sequence[Seen]) -> None:
        """A ticket's row now holds ``facts``; ``news`` are those that came, or more."""
        self.changed[ticket.key] = facts
        ticket.look(facts)
        if not ticket.under_way(news):
            self.told.add(ticket.key)
        if any(concerns_others(one.fact.body) for one in news) or len({one.fact.id for one in facts}) < len(facts):
            self.telling.add(ticket.key)

    @staticmethod
    def following(ticket: Ticket, news: list[Seen]) -> list[Seen] | None:
        """The news in order, if all came after the ticket's facts and change no figure of it: then those need not be read."""
        if ticket.worked is None or not ticket.under_way(news):
            return None
        if len(news) > 1:
            if len({one.fact.id for one in news}) < len(news):
                return None
            news = sorted(news, key=position)
        return news if news[0].fact.time > ticket.worked else None

    def followed(self, ticket: Ticket, news: list[Seen]) -> None:
        """A ticket's row now holds what :meth:`following` found, too."""
        ticket.worked = news[-1].fact.time
        if (facts := self.changed.get(ticket.key)) is not None:
            self.changed[ticket.key] = [*facts, *news]
        if any(concerns_others(one.fact.body) for one in news):
            self.telling.add(ticket.key)

    def forget(self, keys: Collection[bytes]) -> None:
        """Nothing is owed to these tickets any more."""
        for key in keys:
            self.changed.pop(key, None)
        for waiting in (self.told, self.telling, self.stale):
            waiting.difference_update(keys)
