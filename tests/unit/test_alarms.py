"""Outcomes, early figures and spikes as a vendor's cells give them: each number counted once more over the tickets."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from standings import NOON, TODAY, Ticket, cells, stand, tickets
from undertow.domain.agreement.contract import DAY, Contract
from undertow.domain.counting.ledger import ALL, Ledger, Position
from undertow.domain.figures.alarms import SERIES, Watched
from undertow.domain.figures.early import YOUNG, early
from undertow.domain.figures.spikes import TRAILING, Count, across, spike
from undertow.domain.judging.outcomes import OUTCOMES
from undertow.stages.ledger import Speaker

ACME = Contract(vendor="acme", segments=("gold", "basic"), keep_all=True)
WINDOWS = {"7d": 7, "28d": 28, "90d": 90, "all": 10_000}
MATURE = TODAY - 31
"""The newest day whose tickets have all had their follow-up."""
LAST = {"mature": MATURE, "3d": TODAY - 4, "7d": TODAY - 8}


@pytest.mark.parametrize("seed", range(3))
def test_every_outcome_of_every_segment_and_window_is_that_of_the_mature_tickets(seed):
    """Promise: windows end with the newest mature day; those reported as met and as missed stand apart."""
    made = tickets(seed)
    found = {(one.segment, one.window, one.outcome): (one.met, one.missed) for one in stand(made, ACME).outcomes}
    for segment in (ALL, "gold", "basic", "other"):
        for window, days in WINDOWS.items():
            inside = [
                one
                for one in made
                if one.vendor == "acme" and segment in (ALL, one.segment) and MATURE - days < one.day <= MATURE
            ]
            for name in OUTCOMES:
                counted = tuple(sum(name in one.outcomes and one.met is met for one in inside) for met in (True, False))
                assert found.get((segment, window, name), (0, 0)) == counted


def by_day(made: list[Ticket], lag: str, segment: str) -> dict[int, Count]:
    found: dict[int, Count] = {}
    for one in made:
        if one.vendor == "acme" and segment in (ALL, one.segment) and one.day <= LAST[lag]:
            if lag == "mature":
                met, bad = one.share.counts.reported_met, one.share.counts.reported_met_but_bad
            else:
                met, bad = one.met, one.met and one.shows is not None and one.shows <= int(lag[0])
            before = found.get(one.day, Count(0, 0))
            found[one.day] = Count(before.n + met, before.bad + bad)
    return found


@pytest.mark.parametrize("seed", range(3))
def test_every_series_is_the_spike_of_its_own_tickets_and_the_early_figures_are_theirs(seed):
    """Promise: of each segment and lag, up to the newest day whose tickets are all that old, and of no day after it."""
    made = tickets(seed, n=2000)
    standing = stand(made, ACME)
    found = {(one.segment, one.lag): one for one in standing.watched}
    assert found.keys() == {(segment, lag) for segment in (ALL, "gold", "basic", "other") for lag in SERIES}
    for (segment, lag), one in found.items():
        assert one.last_day == LAST[lag]
        assert one.spike == spike(by_day(made, lag, segment), LAST[lag])
    assert any(one.spike.baseline is not None for one in found.values())
    mature = by_day(made, "mature", ALL)
    assert standing.early == tuple(early(lag, by_day(made, f"{lag}d", ALL), mature, TODAY) for lag in (3, 7))


def worse(segment: str, *, since: int, lag: int = 3) -> list[Ticket]:
    """Six a day of which one in twelve goes bad at once; from a day on two thirds."""
    made = []
    for day in range(TODAY - TRAILING - lag - 1, TODAY):
        made += [
            Ticket(day, segment, met=True, shows=1 if place < (4 if day >= since else day % 2) else None)
            for place in range(6)
        ]
    return made


def test_a_rise_days_ago_is_an_alarm_at_the_lags_and_not_yet_among_mature_tickets():
    """Promise: the early series warn weeks before the mature one, of the segment where it happens."""
    standing = stand([*worse("gold", since=TODAY - 9), *worse("basic", since=TODAY)], ACME)
    alarms = {(one.segment, one.lag) for one in standing.watched if one.alarm}
    assert ("gold", "3d") in alarms
    assert not {("basic", "3d"), ("basic", "7d")} & alarms
    assert not {lag for _, lag in alarms} & {"mature"}
    (now, _) = standing.early
    assert now.difference is not None
    assert now.difference.low > 0
    assert now.now.n == 2 * 6 * YOUNG


def test_alarms_are_weighed_together_across_the_segments_of_a_lag():
    """Promise: exactly those that stand by Benjamini and Hochberg, whatever each says alone."""
    standing = stand([*worse("gold", since=TODAY - 9), *worse("basic", since=TODAY - 6)], ACME)
    for lag in SERIES:
        of = {one.segment: one for one in standing.watched if one.lag == lag}
        assert {name for name, one in of.items() if one.alarm} == across({name: one.spike for name, one in of.items()})


def test_without_segments_there_is_one_series_a_lag_and_without_tickets_none():
    """Promise: nobody is told apart whom the contract does not; nothing is said of nothing."""
    made = worse("gold", since=TODAY)
    assert {one.segment for one in stand(made, Contract(vendor="acme")).watched} == {ALL}
    nothing = stand([Ticket(TODAY - 40, mature=True)], ACME)
    assert (nothing.watched, nothing.early, nothing.outcomes) == ((), (), ())


def test_days_passing_move_the_series_and_a_changed_cell_its_day():
    """Promise: what is kept between two statements is not what is stated: each is that of somebody who begins anew."""
    made = worse("gold", since=TODAY - 9)
    ledger = Ledger()
    for key, cell in cells(made).items():
        ledger.put(0, Position(0, 0), key, cell)
    speaker = Speaker(ledger, {"acme": ACME})
    said: list[tuple[Watched, ...]] = []
    for day, more in ((0, []), (1, []), (1, worse("gold", since=0)[-6:])):
        changed = [*made, *more]
        for key, cell in cells(changed).items():
            ledger.put(0, Position(1, len(said)), key, cell)
        ledger.judged(0, NOON + day * DAY)
        said.append(speaker.state().standings[0].watched)
        assert said[-1] == stand(changed, ACME, as_of=NOON + day * DAY).watched
    assert said[0] != said[1]


def test_a_history_that_ended_is_looked_at_as_of_its_last_day():
    """Promise: the follow-up that a replay waits for is not a month without tickets, nor half a day at its end a whole one."""
    ledger = Ledger()
    for key, cell in cells(worse("gold", since=TODAY - 9)).items():
        ledger.put(0, Position(0, 0), key, cell)
    ledger.judged(0, NOON + 30 * DAY)
    found = Speaker(ledger, {"acme": replace(ACME, keep_all=True)}, ended=NOON).state().standings[0].watched
    assert {one.lag: one.last_day for one in found} == {"3d": LAST["3d"], "7d": LAST["7d"]}


def test_a_score_that_would_do_alone_is_no_alarm_among_many_segments():
    """Promise: where eight segments are looked at, one that barely reaches the threshold may be chance."""
    names = tuple(f"s{place}" for place in range(8))
    calm = [ticket for name in names for ticket in worse(name, since=TODAY)]

    def barely(among: list[Ticket], segments: tuple[str, ...]) -> Watched:
        """The first state that is a spike, one bad ticket of the segment's newest day after the other."""
        made = list(among)
        while True:
            made.append(Ticket(LAST["3d"], "s0", met=True, shows=1))
            standing = stand(made, Contract(vendor="acme", segments=segments))
            (one,) = [one for one in standing.watched if (one.segment, one.lag) == ("s0", "3d")]
            if one.spike.state == "spike":
                return one

    among, alone = barely(calm, names), barely(worse("s0", since=TODAY), names[:1])
    assert among.spike == alone.spike
    assert (alone.alarm, among.alarm) == (True, False)
