"""What the outcomes of a ticket add to the counts of its cell, beside what its assessment does."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from undertow.domain.counting.cells import Contribution, Share, Tally, mix
from undertow.domain.judging.assessment import Assessment
from undertow.domain.judging.outcomes import LAGS, OUTCOMES, REPEAT_FAILURE, UNCONFIRMED, Judgement, visible
from undertow.domain.tickets.timeline import Timeline

OUTCOME: Final[Mapping[tuple[str, bool], Tally]] = {
    (name, met): Tally("outcome", name, "met" if met else "missed") for name in OUTCOMES for met in (True, False)
}
"""By outcome, and whether the ticket was reported as met: a mature ticket with a claim adds one for each it has."""
GOOD: Final = Tally("early", "", "n")
"""A solved ticket that was reported as met, however young."""
EARLY: Final[Mapping[int, Tally]] = {lag: Tally("early", f"{lag}d", "bad") for lag in LAGS}
"""By lag: of those tickets the ones that had gone bad by then.

Both are said at once. That a day's tickets are old enough is told by the day, so no ticket has to be looked at again for it.
"""


def tallied(line: Timeline, outcome: Judgement, found: Assessment, again: bool) -> tuple[Tally, ...]:
    """All that the ticket counts for. ``again``: another ticket of the customer had failed before it."""
    claim = line.claim
    if outcome.solved_at is None or (claim is None and found.one_contact is None):
        return found.tallies
    tallies = list(found.tallies)
    if claim is not None:
        if claim.met:
            tallies.append(GOOD)
            if outcome.bad:
                tallies += [EARLY[lag] for lag in visible(outcome.solved_at, outcome.first_bad)]
        if outcome.mature:
            tallies += _mature(line, outcome, found, claim.met)
    if outcome.mature and found.one_contact is not None:
        durable = not outcome.bad or not (outcome.reopened or outcome.repeat_contact)
        tallies.append(_FIRST_CONTACT[found.one_contact and durable])
    if again and outcome.mature and claim is not None:
        tallies.append(OUTCOME[REPEAT_FAILURE, claim.met])
    return tuple(tallies)


def seconded(given: Contribution, again: bool) -> Contribution:
    """What a ticket adds once another one of the customer had failed before it, or had not after all; nothing else moved."""
    if not given or not (of := given[-1]).counts.mature or not of.counts.claimed:
        return given
    second = OUTCOME[REPEAT_FAILURE, bool(of.counts.reported_met)]
    others = of.tallies[:-1] if of.tallies and of.tallies[-1] == second else of.tallies
    return (*given[:-1], Share(of.key, of.counts, of.exposure, (*others, second) if again else others))


def _mature(line: Timeline, outcome: Judgement, found: Assessment, met: bool) -> list[Tally]:
    tallies = []
    if met:
        alike, alike_bad = _mix(found.priority, line.topic)
        tallies.append(alike)
        if outcome.bad:
            tallies.append(alike_bad)
    if outcome.bad:
        tallies += [OUTCOME[signal.outcome, met] for signal in outcome.signals]
    if outcome.unconfirmed:
        tallies.append(OUTCOME[UNCONFIRMED, met])
    return tallies


@lru_cache(maxsize=1024)
def _mix(priority: str | None, topic: str | None) -> tuple[Tally, Tally]:
    name, label = mix(priority, topic)
    return Tally("mix", name, label), Tally("mix_bad", name, label)


_FIRST_CONTACT: Final = {True: Tally("first_contact", "", "yes"), False: Tally("first_contact", "", "no")}
