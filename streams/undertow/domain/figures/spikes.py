"""Spikes: a Bernoulli CUSUM over a vendor's mature tickets, day by day, as a pure function of day counts.

The score is a sum of log-likelihood ratios, "the bad share has risen to p1" against "it is p0 as before", that never falls
below zero (E. S. Page, Continuous inspection schemes, Biometrika 41 (1954); for shares M. R. Reynolds, Z. G. Stoumbos, A CUSUM
chart for monitoring a proportion when inspecting continuously, J. Quality Technology 31 (1999)). A day counts as a whole, so
the order of its tickets does not matter. Everything is taken from the trailing 90 days alone: what is kept before them, and
which day was evaluated before, changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, log
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from undertow.domain.statistics.exact import benjamini_hochberg

THRESHOLD: Final = 4.5
"""The score that is a spike, h."""
TRAILING: Final = 90
"""Days that are looked at."""
RECENT: Final = 14
"""The last of them, which the baseline leaves out: a spike must not hide itself."""
LEAST: Final = 50
"""Tickets in the baseline below which there is none: with an expected share of 8 % its standard error is then 4 points."""
CALM: Final = THRESHOLD / 2
"""An alarm stands until the score has fallen below this: one that comes and goes with each day's tickets is not read."""
_CEILING: Final = 2 * THRESHOLD
"""The score goes no higher, so that it comes down again within weeks after a spike has passed."""


class Count(NamedTuple):
    """Tickets of one day, and how many of them were bad."""

    n: int
    bad: int


class Weights(NamedTuple):
    """What one ticket adds to the score."""

    bad: float
    good: float


class Spike(Struct, frozen=True):
    """The state of one series after a day. Days count from 1970-01-01, shares are ratios."""

    state: Literal["learning", "calm", "spike"]
    score: float
    peak: float
    """The highest score since it was last zero."""
    baseline: float | None
    """p0; None while learning."""
    suspected: float | None
    """p1: the share that the score speaks for."""
    tickets: int
    """In the baseline."""
    began: int | None
    """The day after the score was last zero: when the rise probably began. None at zero."""
    since: Count
    """Tickets from that day on."""
    threshold: float = THRESHOLD

    @property
    def p_value(self) -> float:
        """How often chance alone would show such a score as the peak on a given day, at most: exp(-peak).

        A score is the greatest sum over the days back from now; each such sum is a likelihood ratio whose expectation
        under p0 is 1, so the bound is Ville's inequality.
        """
        return exp(-self.peak)


def raised(baseline: float) -> float:
    """p1: twice the baseline, at least five points more; above a third, half of what is left to 1."""
    return min(max(2 * baseline, baseline + 0.05), (1 + baseline) / 2)


def weights(baseline: float, suspected: float) -> Weights:
    """The log-likelihood ratios of a bad and of a good ticket, p1 against p0."""
    return Weights(log(suspected / baseline), log((1 - suspected) / (1 - baseline)))


def step(score: float, count: Count, weight: Weights) -> float:
    """The score after one more day."""
    return min(max(0.0, score + count.bad * weight.bad + (count.n - count.bad) * weight.good), _CEILING)


def spike(counts: Mapping[int, Count], last_day: int) -> Spike:
    """The state after ``last_day``, the newest whose tickets can all be judged. A day without tickets may be missing."""
    days = range(last_day - TRAILING + 1, last_day + 1)
    known = [counts.get(day, _NOTHING) for day in days]
    tickets = sum(count.n for count in known[:-RECENT])
    if tickets < LEAST:
        return Spike("learning", 0.0, 0.0, None, None, tickets, None, _NOTHING)
    # half a bad ticket more, of one more: a baseline of none at all would take the first bad ticket for a catastrophe
    baseline = (sum(count.bad for count in known[:-RECENT]) + 0.5) / (tickets + 1)
    suspected = raised(baseline)
    weight = weights(baseline, suspected)
    state: Literal["calm", "spike"] = "calm"
    score, peak, began, since = 0.0, 0.0, None, _NOTHING
    for day, count in zip(days, known, strict=True):
        score = step(score, count, weight)
        if score >= THRESHOLD:
            state = "spike"
        elif score < CALM:
            state = "calm"
        if score == 0.0:
            peak, began, since = 0.0, None, _NOTHING
        else:
            peak = max(peak, score)
            began = day if began is None else began
            since = Count(since.n + count.n, since.bad + count.bad)
    return Spike(state, score, peak, baseline, suspected, tickets, began, since)


def across(series: Mapping[str, Spike], share: float = 0.05) -> frozenset[str]:
    """Which of many series to alarm for: at the threshold, and still standing when all are looked at together.

    Benjamini and Hochberg on the p-values of every series that is not learning: of the alarms, about ``share`` are false.
    """
    known = {name: one for name, one in series.items() if one.state != "learning"}
    stands = benjamini_hochberg([one.p_value for one in known.values()], share)
    return frozenset(
        name for (name, one), yes in zip(known.items(), stands, strict=True) if yes and one.state == "spike"
    )


def words(found: Spike, last_day: int) -> str:
    """The state for a leader, after ``last_day``."""
    if found.baseline is None:
        days = TRAILING - RECENT
        return f"cannot tell yet, needs about {LEAST} tickets in the {days} days of the baseline, has {found.tickets}"
    usual = f"{found.baseline:.1%} is usual"
    if found.began is None:
        return f"calm, {usual}"
    recent = f"{found.since.bad} of {found.since.n} tickets bad in the last {last_day - found.began + 1} days"
    if found.state == "spike":
        return f"spike: {recent}, {usual} (score {found.score:.1f}, alarm from {found.threshold})"
    return f"calm: {recent}, {usual} (score {found.score:.1f}, alarm from {found.threshold})"


_NOTHING: Final = Count(0, 0)
