"""What a contract allows and what can then never happen: nothing wrong, but whoever signs it should know."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import structs

from undertow.contracts.quantities import in_words
from undertow.domain.agreement.contract import DAY, WINDOWS, Contract
from undertow.domain.measuring.measures import TIMED


def never(contract: Contract, now: float) -> list[str]:
    """One sentence each, as of a time (seconds)."""
    return [*_breaches(contract, now), *_clocks(contract), *_verdicts(contract), *_patterns(contract)]


def _breaches(contract: Contract, now: float) -> Iterator[str]:
    without = [measure for measure in TIMED if not contract.targets.get(measure)]
    if without:
        yield f"No breach of {', '.join(without)}: there is no target, so these are computed and never judged as met."
    for measure, targets in contract.targets.items():
        if all(target.since is not None and target.since > now for target in targets):
            yield f"No breach of {measure} today: its first target is not in force yet."
        elif all(target.priority is not None for target in targets):
            named = ", ".join(sorted({target.priority for target in targets if target.priority is not None}))
            yield f"No breach of {measure} by a ticket whose priority is none of {named}: only these have a target."


def _clocks(contract: Contract) -> Iterator[str]:
    if contract.calendar.always_open:
        yield "No difference explained by the clock: without hours or holidays both clocks agree."
    for name, reading in contract.readings.items():
        if reading == contract.reading:
            yield f"No difference under the reading {name}: it is the agreed one."


def _verdicts(contract: Contract) -> Iterator[str]:
    if contract.tolerance >= 1:
        yield "No verdict 'red inside': any amount of hidden dissatisfaction counts as normal."
    if contract.good_csat <= 0:
        yield "No survey that is not good: no score lies below it."
    if not contract.segments:
        yield "No equity gap: no segments are told apart."
    full = WINDOWS[-1] * DAY + contract.follow_up
    if contract.kept_for < full:
        kept, window = in_words(contract.kept_for), WINDOWS[-1]
        yield f"No full window of {window} days: tickets are dropped after {kept}, and it takes {in_words(full)}."
    if contract.as_of is not None:
        yield "No alert: the history is closed, and time stands still in it."


def _patterns(contract: Contract) -> Iterator[str]:
    patterns = contract.patterns
    off = [field.name for field in structs.fields(patterns.allowed) if getattr(patterns.allowed, field.name) >= 1]
    if patterns.numbering == "none":
        off.append("gaps")
    if not patterns.blames:
        off.append("customer_blamed")
    if off:
        yield f"No finding of {', '.join(dict.fromkeys(off))}: switched off under patterns."
    if not any(contract.targets.values()):
        yield "No finding of paused_late, lowered_late or edited: each needs a target."
