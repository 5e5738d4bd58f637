"""What a ticket was to its customer: kept in memory of each, for the nightly evaluation."""

from __future__ import annotations

from msgspec import Struct

from undertow.domain.agreement.contract import DAY
from undertow.domain.judging.outcomes import Judgement
from undertow.domain.tickets.timeline import Timeline


class Experience(Struct, frozen=True, gc=False):
    """What a ticket was to its customer, as of its last judgement. In days: that is all a night asks, and many are alike."""

    ended: int | None
    """The day (UTC, since 1970-01-01) of the solve it rests on; None while it is open."""
    durable: bool | None
    """Whether that held; None while nobody can know."""
    unhappy: bool
    """Something bad is known to have come of it."""
    complained: bool


def experience(line: Timeline, outcome: Judgement) -> Experience:
    """As of the judgement given."""
    return Experience(
        ended=int(line.solves[-1] // DAY) if len(line.solves) > len(line.reopens) else None,
        durable=not (outcome.reopened or outcome.repeat_contact) if outcome.mature else None,
        unhappy=outcome.bad,
        complained=outcome.bad and any(signal.outcome == "complained" for signal in outcome.signals),
    )
