"""Simulated vendors: who games is found by its own pattern, who only looks like it is not accused.

A few seeds here; ``UNDERTOW_SEEDS=40`` runs as many as are promised, ``python -m tests.patterns.trials`` prints them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cache
from math import ceil

import pytest

from patterns.trials import Trial, observe, received, trial
from undertow import wire
from undertow.domain.patterns import CATALOG, Pattern, Patterns
from undertow.domain.patterns.integrity import runs
from undertow.domain.tickets.facts import join
from undertow.simulation.conduct import GAMES, LOOKALIKES, PLAIN, UNLUCKY, Conduct
from undertow.simulation.month import Month

SEEDS = range(int(os.environ.get("UNDERTOW_SEEDS", "2")))
FALSE_ALARM = Patterns().false_alarm
FEED = {"mass_close", "gaps"}
"""Patterns of the whole feed: no ticket shows them alone."""


CONDUCTS = {conduct.name: conduct for conduct in [*GAMES.values(), *LOOKALIKES.values(), UNLUCKY, PLAIN]}


@cache
def _played(name: str, seed: int) -> Trial:
    return trial(CONDUCTS[name], seed)


def played(conduct: Conduct, seed: int) -> Trial:
    return _played(conduct.name, seed)


def accused(conduct: Conduct, seeds: Iterable[int]) -> list[set[Pattern]]:
    return [played(conduct, seed).accused for seed in seeds]


@pytest.mark.parametrize("pattern", CATALOG)
def test_a_vendor_that_games_is_found_by_its_pattern_and_no_other(pattern: Pattern) -> None:
    """Promise: in at least 95 % of the seeds, at 300 tickets a month; others are named no more often than by chance."""
    found = accused(GAMES[pattern], SEEDS)
    assert sum(pattern in patterns for patterns in found) >= 0.95 * len(SEEDS)
    assert sum(bool(patterns - {pattern}) for patterns in found) <= FALSE_ALARM * len(SEEDS)


@pytest.mark.parametrize("pattern", CATALOG)
def test_an_honest_vendor_that_looks_like_it_is_not_accused(pattern: Pattern) -> None:
    """Promise: at the limit of what is allowed, accused of anything in at most the stated share of the seeds."""
    found = accused(LOOKALIKES[pattern], SEEDS)
    assert sum(map(bool, found)) <= FALSE_ALARM * len(SEEDS)


def test_honest_vendors_close_to_nothing_or_to_everything_are_not_accused() -> None:
    """Promise: of the unluckiest, at every limit at once, no more than the stated share, to the next whole vendor."""
    seeds = range(4 * len(SEEDS))
    assert sum(map(bool, accused(UNLUCKY, seeds))) <= ceil(FALSE_ALARM * len(seeds))
    assert sum(map(bool, accused(PLAIN, SEEDS))) <= FALSE_ALARM * len(SEEDS)


@pytest.mark.parametrize("conduct", [*GAMES.values(), *LOOKALIKES.values(), UNLUCKY], ids=lambda conduct: conduct.name)
def test_every_ticket_that_shows_a_pattern_is_found_and_no_other(conduct: Conduct) -> None:
    """Promise: what the simulation did is what the events show, ticket by ticket, with events that exist as evidence."""
    seen = played(conduct, SEEDS[0])
    known = {(event.source, event.id) for event, _ in seen.month.sent}
    for pattern in set(CATALOG) - FEED:
        assert seen.matched(pattern) == seen.month.truth.get(pattern, set()), pattern
    for cases in seen.cases.values():
        for case in cases:
            assert case.match is None or (case.match.events and set(case.match.events) <= known)


def test_the_truth_holds_something_of_each_pattern() -> None:
    """Promise: the comparison above is not of empty sets: each gamer does its thing, each look-alike slips."""
    for pattern in set(CATALOG) - FEED:
        assert len(played(GAMES[pattern], 0).month.truth[pattern]) >= 10
        assert played(LOOKALIKES[pattern], 0).month.truth[pattern]
    assert played(GAMES["gaps"], 0).month.withheld >= 40


def test_a_month_repeats_itself_and_could_be_sent() -> None:
    """Promise: the same seed, the same events, byte for byte; each decodes as a vendor's would, in order of arrival."""
    one, other = Month(UNLUCKY, 5), Month(UNLUCKY, 5)
    assert one.sent == other.sent
    assert one.truth == other.truth
    assert Month(UNLUCKY, 6).sent != one.sent
    for event, _ in one.sent:
        assert wire.decode(wire.encode(event)) == event
    arrivals = [arrived for _, arrived in one.sent]
    assert arrivals == sorted(arrivals)
    assert all(arrived > event.time.timestamp() for event, arrived in one.sent)


def test_events_in_any_order_and_twice_show_the_same() -> None:
    """Promise: cases are a function of the set of facts, as everything here is."""
    month = Month(UNLUCKY, 1)
    straight = observe(month)
    # the place of an event stays its own, as it does on a broker; only the order of folding changes
    tickets, _, numbers = received(month.sent)
    again, _, other = received(month.sent)
    for ticket, seen in tickets.items():
        backwards, _ = join([], reversed(seen))
        assert join(backwards, seen)[0] == again[ticket]
    assert numbers == other == runs(reversed([int(event.sequence or 0) for event, _ in month.sent]))
    assert straight.cases == observe(Month(UNLUCKY, 1)).cases
