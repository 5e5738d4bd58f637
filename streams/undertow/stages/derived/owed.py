"""What the facts that came since the last settlement make owed: judgements, and looks at those next to them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from undertow.domain.judging.assessment import NOTHING
from undertow.domain.measuring.neighbours import Weight, weight
from undertow.domain.tickets.facts import Seen, all_once, position
from undertow.domain.tickets.timeline import concerns_others, on_the_way
from undertow.stages.derived.contacts import Ticket


class Owed:
    """Keys of tickets, by what is to be done with them. ``worked`` lasts, the rest is of one settlement."""

    def __init__(self, worked: dict[bytes, float]) -> None:
        self.worked = worked
        """Time of the last fact (seconds) of each ticket that is merely being worked on."""
        self.changed: dict[bytes, list[Seen]] = {}
        """Facts that came or were joined since, read already."""
        self.told: set[bytes] = set()
        """Of those, the tickets to be judged by them."""
        self.telling: dict[bytes, Weight] = {}
        """Tickets whose news concern those they are next to, and what weighs most of them."""
        self.rewritten: set[bytes] = set()
        """Tickets of which not every event is told once."""
        self.stale: set[bytes] = set()
        """Tickets to be judged though nothing came for them."""

    def __bool__(self) -> bool:
        return bool(self.told or self.stale or self.telling)

    def look(self, ticket: Ticket, facts: list[Seen], *, once: bool) -> bool:
        """Note whether it is merely being worked on: opened, never solved, nothing claimed, every event of it told ``once``."""
        if ticket.assessed is NOTHING and ticket.opened_at is not None and once:  # else one may take another's place
            self.worked[ticket.key] = facts[-1].fact.time
            return True
        self.worked.pop(ticket.key, None)
        return False

    def ticket(self, ticket: Ticket, facts: list[Seen], news: Sequence[Seen]) -> None:
        """A ticket's row now holds ``facts``; ``news`` are those that came, or more.

        When one that is worked on closes moves with its last fact: it is judged at the time that was set before, and then sees.
        """
        self.changed[ticket.key] = facts
        once = all_once(facts)
        if not self.look(ticket, facts, once=once) or not all(on_the_way(one.fact.body) for one in news):
            self.told.add(ticket.key)
        self._tell(ticket.key, news, solved=bool(ticket.solves))
        if not once:
            self.telling[ticket.key] = Weight.ALL
            self.rewritten.add(ticket.key)

    def following(self, key: bytes, news: list[Seen]) -> list[Seen] | None:
        """The news in order, if all came after the facts of a ticket that is and stays merely worked on: those are not read."""
        last = self.worked.get(key)
        if last is None or not all(on_the_way(one.fact.body) for one in news):
            return None
        if len(news) > 1:
            if not all_once(news):
                return None
            news = sorted(news, key=position)
        return news if news[0].fact.time > last else None

    def followed(self, key: bytes, news: list[Seen]) -> None:
        """A ticket's row now holds what :meth:`following` found, too."""
        self.worked[key] = news[-1].fact.time
        if (facts := self.changed.get(key)) is not None:
            self.changed[key] = [*facts, *news]
        self._tell(key, news, solved=False)

    def _tell(self, key: bytes, news: Sequence[Seen], *, solved: bool) -> None:
        for one in news:
            if concerns_others(one.fact.body):
                self.telling[key] = max(self.telling.get(key, Weight.GROUNDS), weight(one.fact.body, solved=solved))

    def settled(self, tickets: dict[bytes, Ticket]) -> None:
        """The judgements were given."""
        for key in self.told & tickets.keys():
            self.look(tickets[key], self.changed[key], once=key not in self.rewritten)

    def forget(self, keys: Collection[bytes]) -> None:
        """Nothing is owed to these tickets any more."""
        for key in keys:
            self.changed.pop(key, None)
            self.worked.pop(key, None)
            self.telling.pop(key, None)
        self.told.difference_update(keys)
        self.stale.difference_update(keys)
