"""What really happened, counted from the story's own decisions: the answer key.

Deliberately simple and slow, and deliberately without a line of ``undertow.domain``'s fold: two counts that agree by
sharing code would prove nothing. Only the contract's windows are common to both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from undertow.domain.agreement.contract import Contract
from undertow.domain.verdicts import Colour
from undertow.simulation.aftermath import Word
from undertow.simulation.story import Claim, Story, Ticket


class Truth(Struct, frozen=True, kw_only=True):
    """One vendor as of a time. All but ``opened`` and ``immature`` count mature tickets.

    Bad means any bad outcome. ``colour`` is what the vendor deserves: while its tickets are still few, a
    verdict may say *unclear* instead, but never the other colour.
    """

    opened: int
    immature: int
    """Solved, not yet mature."""
    tickets: int
    """Mature: the contract's follow-up has passed since the last solve."""
    claimed: int
    reported_met: int
    reopened: int
    """By the customer, within the reopen window of the solve undone."""
    reopened_claimed: int
    """Reported as reopened by the vendor."""
    flicker: int
    repeat_eligible: int
    """Of a customer the vendor knows."""
    repeat_contact: int
    made_to_return: int
    """Of the repeat contacts, those the vendor's failure caused; the rest is chance."""
    reported_met_but_bad: int
    outcomes: dict[str, int]
    """Of the tickets reported as met, those with each bad outcome; outcomes without any are left out."""
    colour: Colour


def truth_of(story: Story, contract: Contract, now: float, end: float) -> Truth:
    """Count one vendor's tickets as of ``now``; nothing happens from ``end`` on. Seconds since the start."""
    tickets = [_Known(ticket, now, end) for ticket in story.tickets if ticket.opened <= now and ticket.opened < end]
    solved = [ticket for ticket in tickets if ticket.solves]
    mature = [ticket for ticket in solved if now >= ticket.solves[-1] + contract.follow_up]
    met = [ticket for ticket in mature if ticket.claims and ticket.claims[-1].met]
    reopened = [ticket for ticket in mature if _reopened(ticket, contract.reopen_window)]
    returns = {ticket.it.number: _returns(ticket, tickets, contract.repeat_window) for ticket in mature}
    returned = [ticket for ticket in mature if returns[ticket.it.number]]
    unnamed = _unnamed(tickets, contract.reopen_window)
    found = {
        number: _outcomes(ticket, unnamed.get(number, ()), returns[number], contract, now)
        for ticket in mature
        for number in (ticket.it.number,)
    }
    enough = len(met) >= contract.minimum_n
    return Truth(
        opened=len(tickets),
        immature=len(solved) - len(mature),
        tickets=len(mature),
        claimed=sum(bool(ticket.claims) for ticket in mature),
        reported_met=len(met),
        reopened=len(reopened),
        reopened_claimed=sum(bool(ticket.claims) and ticket.claims[-1].reopen_count > 0 for ticket in mature),
        flicker=sum(any(reopen.by == "vendor" for reopen in ticket.reopens) for ticket in mature),
        repeat_eligible=sum(ticket.it.known for ticket in mature),
        repeat_contact=len(returned),
        made_to_return=sum(
            any(other.it.origin is ticket.it for other in returns[ticket.it.number]) for ticket in returned
        ),
        reported_met_but_bad=sum(bool(found[ticket.it.number]) for ticket in met),
        outcomes=dict(Counter(name for ticket in met for name in found[ticket.it.number])),
        colour=story.plan.expected(contract.tolerance) if enough else Colour.CANNOT_TELL,
    )


class _Known:
    """As much of a ticket as has happened."""

    def __init__(self, it: Ticket, now: float, end: float) -> None:
        def happened(at: int) -> bool:
            return at <= now and at < end

        self.it = it
        self.solves = [at for at in it.solves if happened(at)]
        self.reopens = [reopen for reopen in it.reopens if happened(reopen.at)]
        self.claims: list[Claim] = [claim for claim in it.claims if happened(claim.at)]
        self.topic = [topic for at, topic in it.filed if happened(at)][-1]
        self.words = [word for word in it.words if happened(word.at)]
        promise = it.promise
        self.promise = promise if promise is not None and happened(promise.made) else None
        self.kept = promise is not None and promise.kept is not None and happened(promise.kept)
        self.linked = it.linked is not None and happened(it.linked)


def _reopened(ticket: _Known, window: float) -> bool:
    return any(
        reopen.by == "customer" and reopen.at - solved <= window
        for solved, reopen in zip(ticket.solves, ticket.reopens, strict=False)
    )


def _outcomes(
    ticket: _Known, unnamed: Sequence[Word], returns: Sequence[_Known], contract: Contract, now: float
) -> set[str]:
    """The names of a ticket's bad outcomes."""
    named = [word for word in ticket.words if word.named]
    kinds = {word.kind for word in (*named, *unnamed)}
    found: set[str] = {kind for kind in ("refunded", "cancelled", "complained") if kind in kinds}
    if _reopened(ticket, contract.reopen_window):
        found.add("reopened")
    if returns:
        found.add("repeat_contact")
    if _broken(ticket, contract.promise_grace, now):
        found.add("promise_broken")
    if any(word.kind == "surveyed" and word.score < contract.good_csat for word in named):
        found.add("rejected")
    if any(word.kind == "confirmed" and not word.score for word in named):
        found.add("rejected")
    if any(word.kind == "invoiced" for word in named) and not _held(ticket, returns, contract):
        found.add("charged")
    return found


def _unnamed(tickets: Sequence[_Known], window: float) -> dict[int, list[Word]]:
    """What was said of customers without a ticket, by the ticket that was solved last before, unless too long before."""
    own: dict[str, list[_Known]] = {}
    for ticket in tickets:
        if ticket.it.known:
            own.setdefault(ticket.it.customer.name, []).append(ticket)
    found: dict[int, list[Word]] = {}
    for some in own.values():
        words = [word for ticket in some for word in ticket.words if not word.named and word.kind != "invoiced"]
        for word in words:
            before = [(solve, ticket.it.number) for ticket in some for solve in ticket.solves if solve < word.at]
            if before and word.at - max(before)[0] <= window:
                found.setdefault(max(before)[1], []).append(word)
    return found


def _broken(ticket: _Known, grace: float, now: float) -> bool:
    """A customer who left asks for nothing more."""
    if ticket.promise is None or ticket.kept or now <= ticket.promise.due + grace:
        return False
    left = [word.at for word in ticket.words if word.named and word.kind == "cancelled"]
    return not any(ticket.promise.made <= at <= ticket.promise.due + grace for at in left)


def _held(ticket: _Known, returns: Sequence[_Known], contract: Contract) -> bool:
    """Whether any solve was followed neither by a reopen nor by a return within their windows."""
    ends = [reopen.at for reopen in ticket.reopens]
    return any(
        not (place < len(ends) and ends[place] - solve <= contract.reopen_window)
        and not any(0 < other.it.opened - solve <= contract.repeat_window for other in returns)
        for place, solve in enumerate(ticket.solves)
    )


def _returns(ticket: _Known, all_tickets: Sequence[_Known], window: float) -> list[_Known]:
    """The tickets that are a repeat contact of this one."""
    return [
        other
        for other in all_tickets
        if other.it is not ticket.it
        and other.it.customer is ticket.it.customer
        and other.it.known
        and ticket.it.known
        and (other.topic == ticket.topic or (other.linked and other.it.origin is ticket.it))
        and any(0 < other.it.opened - solved <= window for solved in ticket.solves)
    ]
