"""Patterns of a vendor's days, words and numbers, from counts: a mass close, blame, events dated back, holes."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from undertow.domain.agreement.thresholds import Patterns
from undertow.domain.patterns.accusations import Cases, Suspicion
from undertow.domain.patterns.integrity import Runs
from undertow.domain.statistics.exact import more_often, sum_at_least

SPARED = 0.1
"""Share of days, the worst, on which late arrivals do not count: an export was down and caught up."""


def mass_close(solved: Mapping[int, int], last: int, others: Collection[int], patterns: Patterns) -> Suspicion | None:
    """Whether more was solved in the ``last_days`` days up to ``last`` than ``mass_factor`` times the usual.

    ``solved``: tickets by day of their first solve (days since 1970-01-01 in the contract's zone), a day without any may be
    left out; ``last``: the period's last day; ``others``: the days to hold against it, of this period or earlier ones, less
    the last days of each, which would hide a habit. Compared weekday by weekday: given how many were solved on all Fridays,
    how many of them fall on the last one is a binomial, and their sum is exact. None where no day can be compared.
    """
    end = range(last - patterns.last_days + 1, last + 1)
    count, parts = 0, []
    for weekday in sorted({day % 7 for day in end}):
        within = [day for day in end if day % 7 == weekday]
        without = [day for day in others if day % 7 == weekday and day not in end]
        if not without:
            continue
        here = sum(solved.get(day, 0) for day in within)
        there = sum(solved.get(day, 0) for day in without)
        weight = patterns.mass_factor * len(within)
        count += here
        parts.append((here + there, weight / (weight + len(without))))
    n = sum(part for part, _ in parts)
    if not n:
        return None
    normal = sum(part * share for part, share in parts) / n
    return Suspicion("mass_close", count, n, normal, sum_at_least(count, parts))


def customer_blamed(
    own: Cases, others: Cases | None, earlier: Cases | None, patterns: Patterns, minimum_n: int
) -> Suspicion | None:
    """Whether the customer is blamed at more than ``blame_factor`` times the odds of other vendors or of earlier periods.

    Tallies count tickets solved with a cause, and those put down to the customer. Each of the two has to have ``minimum_n``
    cases; where both have, the smaller p counts twice (Bonferroni). None where there is nothing to compare with.
    """
    tests = []
    for other in (others, earlier):
        if other is not None and other.n >= minimum_n:
            p = more_often(own.matched, own.n, other.matched, other.n, patterns.blame_factor)
            odds = patterns.blame_factor * other.matched / max(other.n - other.matched, 0.5)
            tests.append((p, odds / (1 + odds)))
    if not tests or not own.n:
        return None
    p, normal = min(tests)
    return Suspicion("customer_blamed", own.matched, own.n, normal, min(1.0, p * len(tests)))


def backdated(late: Mapping[int, int], days: int, opened: int) -> Cases:
    """Tickets with an event dated back, less those of the worst tenth of the period's ``days``, among ``opened`` tickets.

    ``late``: by the day of arrival, each ticket once. Leaving out days can only help the vendor.
    """
    spared = -(-days // round(1 / SPARED))
    counts = sorted(late.values(), reverse=True)
    return Cases(min(sum(counts[spared:]), opened), opened)


def gaps(numbers: Runs, upto: int) -> Cases:
    """Numbers missing up to ``upto``, as :meth:`Runs.holes` has them, among all from the lowest on."""
    if not numbers.spans:
        return Cases()
    missing = sum(last - first + 1 for first, last in numbers.holes(upto))
    return Cases(missing, max(0, upto - numbers.spans[0][0] + 1))
