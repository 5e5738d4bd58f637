"""The CUSUM over day counts: a pure function of ninety days, with the baseline before the last fourteen."""

from __future__ import annotations

from math import log
from random import Random

import pytest

from calibration.spikes import BASELINE, run_length, series
from undertow.domain.figures.spikes import (
    CALM,
    LEAST,
    RECENT,
    THRESHOLD,
    TRAILING,
    Count,
    Spike,
    across,
    raised,
    spike,
    step,
    weights,
    words,
)

LAST = 1_000
FIRST = LAST - TRAILING + 1


def steady(n: int = 10, bad: int = 1, **changed: Count) -> dict[int, Count]:
    return {day: changed.get(f"d{day - LAST}", Count(n, bad)) for day in range(FIRST, LAST + 1)}


def test_a_ticket_weighs_what_it_says_for_the_raised_share_against_the_baseline():
    """Promise: log-likelihood ratios of p1 = max(2 p0, p0 + 0.05) against p0; above a third there is room left to 1."""
    assert [raised(p) for p in (0.01, 0.04, 0.08, 0.3)] == pytest.approx([0.06, 0.09, 0.16, 0.6])
    assert raised(0.6) == pytest.approx(0.8)
    assert weights(0.08, 0.16) == pytest.approx((log(2), log(0.84 / 0.92)))


def test_the_run_lengths_are_the_defined_ones():
    """Promise: at h = 4 and 8 % one false alarm per 2,424 tickets, 16 % is seen after 96 and 25 % after 38 (within noise)."""
    for share, runs, expected, off in ((0.25, 800, 38, 0.05), (0.16, 600, 96, 0.1), (BASELINE, 400, 2_424, 0.12)):
        random = Random(11)
        mean = sum(run_length(share, 4.0, random) for _ in range(runs)) / runs
        assert mean == pytest.approx(expected, rel=off)


def test_the_baseline_is_the_trailing_ninety_days_less_the_last_fourteen():
    """Promise: a spike of the last two weeks does not hide itself, and one day earlier does count."""
    recent = {day: Count(10, 10) for day in range(LAST - RECENT + 1, LAST + 1)}
    calm, loud = spike(steady(), LAST), spike({**steady(), **recent}, LAST)
    assert calm.baseline == loud.baseline == pytest.approx((76 + 0.5) / (760 + 1))
    assert spike({**steady(), LAST - RECENT: Count(10, 10)}, LAST).baseline == pytest.approx((85 + 0.5) / 761)
    assert spike({**steady(), FIRST: Count(10, 10)}, LAST).baseline == pytest.approx((85 + 0.5) / 761)


def test_what_lies_outside_the_ninety_days_changes_nothing():
    """Promise: a pure function of these days: neither longer retention nor later days move it."""
    known = spike(steady(), LAST)
    assert spike({**steady(), FIRST - 1: Count(500, 500), LAST + 1: Count(500, 500)}, LAST) == known
    assert spike(dict(reversed(steady().items())), LAST) == known
    gaps = {day: count for day, count in steady().items() if day % 3}
    assert spike({**gaps, FIRST + (-FIRST % 3): Count(0, 0)}, LAST) == spike(gaps, LAST)


def test_a_rise_is_seen_dated_and_counted():
    """Promise: the alarm says since when, and how many tickets speak for it."""
    rise = LAST - 4
    found = spike({**steady(bad=0), **{day: Count(10, 5) for day in range(rise, LAST + 1)}}, LAST)
    assert (found.state, found.began, found.since) == ("spike", rise, Count(50, 25))
    assert found.score == 2 * THRESHOLD, "the score is capped, so that it comes down again"
    assert words(found, LAST).startswith("spike: 25 of 50 tickets bad in the last 5 days, 0.1% is usual")
    calm = spike(steady(bad=0), LAST)
    assert (calm.state, calm.score, calm.began, calm.since) == ("calm", 0.0, None, Count(0, 0))
    assert words(calm, LAST) == "calm, 0.1% is usual"


def test_the_order_of_a_day_s_tickets_does_not_matter_and_good_ones_count():
    """Promise: a day is one step by its counts, and the score never falls below zero."""
    weight = weights(0.08, 0.16)
    assert step(1.0, Count(10, 2), weight) == pytest.approx(1 + 2 * weight.bad + 8 * weight.good)
    assert step(1.0, Count(100, 0), weight) == 0.0


def test_an_alarm_stands_until_the_score_has_halved():
    """Promise: it does not come and go with each day's tickets."""
    counts = {day: Count(5, 0) for day in range(FIRST, LAST + 1)} | {FIRST: Count(50, 4)}
    shown: list[tuple[float, str]] = []
    peak = LAST - 30
    counts |= {peak: Count(8, 4)}
    for last in range(peak, LAST + 1):
        shifted = {day - last + LAST: count for day, count in counts.items()}
        shown.append((spike(shifted, LAST).score, spike(shifted, LAST).state))
    assert shown[0][1] == "spike"
    held = [score for score, state in shown if state == "spike"]
    assert min(held) < THRESHOLD, "it stands below the threshold"
    assert min(held) >= CALM
    assert shown[-1][1] == "calm"


def test_too_few_tickets_before_are_learning_and_say_how_many_it_takes():
    """Promise: no alarm without a baseline."""
    few = {LAST - 20: Count(LEAST - 1, 3)} | {day: Count(20, 20) for day in range(LAST - 5, LAST + 1)}
    found = spike(few, LAST)
    assert (found.state, found.baseline, found.tickets) == ("learning", None, LEAST - 1)
    assert words(found, LAST).startswith("cannot tell yet, needs about 50 tickets")
    assert spike({**few, LAST - 20: Count(LEAST, 3)}, LAST).state == "spike"


def test_a_baseline_without_any_bad_ticket_does_not_make_the_first_one_a_spike():
    """Promise: none seen so far is not impossible."""
    counts = {day: Count(2, 0) for day in range(FIRST, LAST + 1)}
    assert spike({**counts, LAST: Count(2, 1)}, LAST).state == "calm"


def state(score: float, name: str = "spike") -> Spike:
    return Spike(name, score, score, 0.08, 0.16, 300, LAST, Count(30, 9))  # type: ignore[arg-type]


def test_many_segments_need_more_than_one_threshold():
    """Promise: Benjamini and Hochberg over all that have a baseline; one of forty barely at the threshold is chance."""
    quiet = {f"s{number}": state(0.1, "calm") for number in range(39)}
    assert across({"a": state(THRESHOLD)}) == {"a"}
    assert across({**quiet, "a": state(THRESHOLD)}) == frozenset()
    assert across({**quiet, "a": state(8.0)}) == {"a"}
    assert across({**quiet, "a": state(8.0), "b": state(6.6)}) == {"a", "b"}
    learning = {f"l{number}": state(0.0, "learning") for number in range(400)}
    assert across({**learning, "a": state(THRESHOLD)}) == {"a"}
    assert across({"a": state(9.0, "calm")}) == frozenset(), "an alarm needs the alarm's state as well"


def test_a_score_is_no_rarer_than_its_bound_says():
    """Promise: on a day of a series that never changes, a score of s or more has a chance of at most exp(-s)."""
    random = Random(5)
    scores = [spike(series(random, TRAILING), TRAILING - 1).score for _ in range(300)]
    for limit in (1.0, 2.0, 3.0):
        assert sum(score >= limit for score in scores) / 300 <= state(limit).p_value + 0.02
