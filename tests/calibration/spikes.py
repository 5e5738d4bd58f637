"""The spike detector's false alarms and delays.

    PYTHONPATH=tests python -m calibration.spikes [RUNS]

First ticket by ticket with a known baseline, as the definitions quote it; then as the product runs it: day counts, the
baseline estimated from the trailing 90 days, thirty tickets a week.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from math import log
from random import Random
from statistics import mean, median

from undertow.domain.figures.spikes import RECENT, THRESHOLD, TRAILING, Count, across, raised, spike, step, weights

BASELINE = 0.08
WEEKLY = 30
YEAR = 365


def run_length(share: float, threshold: float, random: Random, *, baseline: float = BASELINE) -> int:
    """Tickets, each a day of its own, until the score reaches the threshold."""
    weight = weights(baseline, raised(baseline))
    score, tickets = 0.0, 0
    while score < threshold:
        tickets += 1
        score = step(score, Count(1, int(random.random() < share)), weight)
    return tickets


def series(random: Random, days: int, *, share: float = BASELINE, since: int | None = None) -> dict[int, Count]:
    """Day counts; from day ``since`` on the bad share is ``share``, before it the baseline."""
    found = {}
    for day in range(days):
        n = _poisson(random, WEEKLY / 7)
        bad = share if since is not None and day >= since else BASELINE
        found[day] = Count(n, sum(random.random() < bad for _ in range(n)))
    return found


def false_alarms(runs: int, seed: int = 1) -> float:
    """Alarms a year of one series that never changes, as the product counts them: from calm to spike."""
    random = Random(seed)
    alarms = 0
    for _ in range(runs):
        counts = series(random, TRAILING + YEAR)
        calm = True
        for day in range(TRAILING, TRAILING + YEAR):
            state = spike(counts, day).state
            alarms += calm and state == "spike"
            calm = state != "spike"
    return alarms / runs


def delays(share: float, runs: int, seed: int = 2) -> list[tuple[int, int]]:
    """Days and tickets until a rise to ``share`` is seen; series already in alarm when it begins do not count."""
    random = Random(seed)
    found = []
    for _ in range(runs):
        counts = series(random, TRAILING + YEAR, share=share, since=TRAILING)
        if spike(counts, TRAILING - 1).state == "spike":
            continue
        for day in range(TRAILING, TRAILING + YEAR):
            if spike(counts, day).state == "spike":
                found.append((day - TRAILING + 1, sum(counts[one].n for one in range(TRAILING, day + 1))))
                break
    return found


def family(runs: int, cells: int, seed: int = 3) -> tuple[float, float]:
    """Alarms a year of ``cells`` series that never change: each on its own, and weighed together."""
    random = Random(seed)
    alone = together = 0
    for _ in range(runs):
        counts = {str(cell): series(random, TRAILING + YEAR) for cell in range(cells)}
        before: frozenset[str] = frozenset()
        stood: frozenset[str] = frozenset()
        for day in range(TRAILING, TRAILING + YEAR):
            found = {name: spike(one, day) for name, one in counts.items()}
            alarms, standing = frozenset(n for n, one in found.items() if one.state == "spike"), across(found)
            alone, together = alone + len(alarms - before), together + len(standing - stood)
            before, stood = alarms, standing
    return alone / runs, together / runs


def _poisson(random: Random, rate: float) -> int:
    """By waiting times."""
    count, at = 0, -log(1 - random.random())
    while at < rate:
        count += 1
        at -= log(1 - random.random())
    return count


def lines(runs: int) -> Iterator[str]:
    """The table."""
    yield f"ticket by ticket, baseline {BASELINE:.0%} known: mean tickets until an alarm"
    shares = (BASELINE, 0.12, 0.16, 0.25)
    yield f"  {'threshold':>9} " + " ".join(f"{f'at {share:.0%}':>8}" for share in shares)
    for threshold in (4.0, THRESHOLD):
        random = Random(0)
        means = [mean(run_length(share, threshold, random) for _ in range(runs)) for share in shares]
        yield f"  {threshold:>9} " + " ".join(f"{value:>8,.0f}" for value in means)
    few = max(20, runs // 20)
    yield (
        f"as the product runs it: day counts, {WEEKLY} tickets a week, baseline estimated from {TRAILING} days less {RECENT}"
    )
    alone, together = family(max(2, few // 10), 12)
    yield (
        f"  false alarms a year of a series: {false_alarms(few):.2f}; of 12: {alone:.1f}, weighed together {together:.1f}"
    )
    for share in shares[1:]:
        seen = delays(share, 2 * few)
        days, tickets = [one for one, _ in seen], [one for _, one in seen]
        yield (
            f"  a rise to {share:.0%}: seen by {len(seen) / 2 / few:.0%} within a year, median {median(days):.0f} days, "
            f"{median(tickets):.0f} tickets"
        )


if __name__ == "__main__":
    for line in lines(int(sys.argv[1]) if len(sys.argv) > 1 else 4_000):
        print(line, flush=True)
