"""What a ticket was to its customer: kept in memory of each, for the nightly evaluation."""

from __future__ import annotations

from msgspec import Struct

from undertow.domain.outcomes import Judgement
from undertow.domain.timeline import Timeline


class After(Struct, frozen=True, gc=False):
    """What a ticket was to its customer, as of its last judgement."""

    ended: float | None
    """The solve it rests on (seconds); None while it is open."""
    durable: bool | None
    """Whether that held; None while nobody can know."""
    unhappy: bool
    """Something bad is known to have come of it."""
    complained: bool


def after(line: Timeline, outcome: Judgement) -> After:
    """As of the judgement given."""
    return After(
        ended=line.solves[-1] if len(line.solves) > len(line.reopens) else None,
        durable=not (outcome.reopened or outcome.repeat_contact) if outcome.mature else None,
        unhappy=outcome.bad,
        complained=outcome.bad and any(signal.outcome == "complained" for signal in outcome.signals),
    )
