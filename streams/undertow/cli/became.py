"""What became of a vendor's tickets, and what has just got worse, as ``undertow replay`` shows it: lines, and JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from undertow.cli.standings import rounded, share
from undertow.domain.agreement.contract import Contract
from undertow.domain.agreement.periods import iso
from undertow.domain.counting.ledger import ALL, Figures
from undertow.domain.figures.alarms import MATURE, Watched
from undertow.domain.figures.early import Early
from undertow.domain.figures.early import words as early_words
from undertow.domain.figures.spikes import words as spike_words
from undertow.domain.judging.outcomes import OUTCOMES, REPEAT_FAILURE, UNCONFIRMED
from undertow.domain.standing import Standing

_SAID: Final = {UNCONFIRMED: "solved on the vendor's word alone", REPEAT_FAILURE: "failed a customer a second time"}


def became_lines(standing: Standing, row: Figures | None, contract: Contract) -> Iterator[str]:
    """Console markup: the outcomes of the tickets reported as met, then alarms. ``row``: the figures over all time."""
    counted = {one.outcome: one.met for one in standing.outcomes if (one.segment, one.window) == (ALL, ALL) and one.met}
    if counted and row is not None and row.hidden.n:
        shown = [
            f"{_SAID.get(name, name.replace('_', ' '))} {counted[name]:,} ({counted[name] / row.hidden.n:.1%})"
            for name in OUTCOMES
            if name in counted
        ]
        yield f"{standing.vendor}: of {row.hidden.n:,} tickets reported as met: {', '.join(shown)}"
    for one in standing.watched:
        if one.alarm:
            of = "" if one.segment == ALL else f" {one.segment},"
            yield f"[red]{standing.vendor},{of} {_aged(one)}: {spike_words(one.spike, one.last_day)}[/]"
    for early in standing.early:
        if early.difference is not None and early.difference.low > 0 and early.now.n >= contract.minimum_n:
            yield f"[yellow]{standing.vendor}: {early_words(early, contract.minimum_n)}[/]"


def became_json(standing: Standing, contract: Contract) -> dict[str, Any]:
    """Outcomes over all time; the early figures and every series watched, as of the last day of each."""
    over_all = {one.outcome: one for one in standing.outcomes if (one.segment, one.window) == (ALL, ALL)}
    return {
        "outcomes": {
            name: {"met": over_all[name].met, "missed": over_all[name].missed}
            if name in over_all
            else {"met": 0, "missed": 0}
            for name in OUTCOMES
        },
        "early": [_early(one, contract) for one in standing.early],
        "spikes": [_watched(one) for one in standing.watched],
    }


def _aged(one: Watched) -> str:
    return "mature tickets" if one.lag == MATURE else f"tickets {one.lag.removesuffix('d')} days after their solve"


def _early(one: Early, contract: Contract) -> dict[str, Any]:
    between = one.difference
    return {
        "lag_days": one.lag,
        "last_day": iso(one.last_day),
        "now": share(one.now),
        "usual": share(one.before),
        "difference": None if between is None else rounded(**between._asdict()),
        "visible": share(one.visible),
        "words": early_words(one, contract.minimum_n),
    }


def _watched(one: Watched) -> dict[str, Any]:
    spike = one.spike
    return {
        "segment": one.segment,
        "lag": one.lag,
        "last_day": iso(one.last_day),
        "alarm": one.alarm,
        "state": spike.state,
        "words": spike_words(spike, one.last_day),
        "began": None if spike.began is None else iso(spike.began),
        "tickets": spike.since.n,
        "bad": spike.since.bad,
        **rounded(score=spike.score, threshold=spike.threshold, baseline=spike.baseline, suspected=spike.suspected),
    }
