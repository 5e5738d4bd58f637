"""The truth budget: what is confirmed of what was reported as met, and how fast the rest uses up what is allowed."""

from __future__ import annotations

import pytest

from undertow.domain.agreement.contract import BURNS
from undertow.domain.figures.budget import AGREED, Burn, Impossible, Told, budget, check
from undertow.domain.statistics.intervals import wilson

TODAY = 20_000


def steady(confirmed: int, met: int, days: int = 40) -> dict[int, Told]:
    return {TODAY - back: Told(confirmed, met) for back in range(days)}


def test_the_budget_is_used_up_when_two_in_a_hundred_are_not_confirmed():
    """Promise: 98 % agreed: 98 % found is all of it, 99 % half, 96 % twice; over 28 days and no day more."""
    days = steady(98, 100)
    found = budget(days, TODAY, 0.98, 20)
    assert (found.days, found.told) == (28, Told(28 * 98, 28 * 100))
    assert found.used == pytest.approx(1)
    assert found.share == pytest.approx(0.98)
    assert (found.low, found.high) == pytest.approx(wilson(28 * 98, 28 * 100))
    assert budget(steady(99, 100), TODAY, 0.98, 20).used == pytest.approx(0.5)
    assert budget(steady(96, 100), TODAY, 0.98, 20).used == pytest.approx(2)
    days[TODAY - 28] = Told(0, 100)
    days[TODAY + 1] = Told(0, 100)
    assert budget(days, TODAY, 0.98, 20) == found


def test_without_a_ticket_the_share_is_unknown():
    """Promise: unknown is not zero and burns nothing."""
    found = budget({}, TODAY, 0.98, 20)
    assert (found.share, found.used, found.low, found.high) == (None, None, 0.0, 1.0)
    assert not any(alert.fires for alert in found.alerts)


def alerts(days: dict[int, Told], objective: float = 0.98, minimum_n: int = 20) -> list[bool]:
    return [alert.fires for alert in budget(days, TODAY, objective, minimum_n).alerts]


def test_three_bad_days_fire_the_fast_alert():
    """Promise: 12 % not confirmed in three days burns at 6; the long alert sees two weeks of it at 1.3, not for certain."""
    days = {**steady(100, 100), **steady(88, 100, 3)}
    found = budget(days, TODAY, 0.98, 20)
    assert found.alerts[0].long.bare == pytest.approx(6)
    assert alerts(days) == [True, False]


def test_two_slightly_bad_weeks_fire_the_slow_alert_only():
    """Promise: 4 % not confirmed burns at 2: too slow for the fast alert, and surely above 1 over 14 days."""
    assert alerts(steady(96, 100)) == [False, True]


def test_an_alert_ends_when_the_last_day_is_good():
    """Promise: the short window says that it still goes on."""
    days = {**steady(100, 100), **steady(80, 100, 3), TODAY: Told(100, 100)}
    found = budget(days, TODAY, 0.98, 20)
    assert found.alerts[0].long.low > 3
    assert alerts(days) == [False, True]


def test_an_alert_needs_certainty_and_not_a_bare_rate():
    """Promise: one of ten not confirmed burns at 5 and may be chance; below the minimum nothing fires at all."""
    few = {TODAY: Told(9, 10), TODAY - 1: Told(10, 10), TODAY - 2: Told(10, 10)}
    found = budget(few, TODAY, 0.98, 20)
    assert found.alerts[0].short.bare == pytest.approx(5)
    assert found.alerts[0].long.low < 3
    assert alerts(few) == [False, False]
    wrong = {TODAY: Told(0, 5), TODAY - 1: Told(0, 5)}
    assert alerts(wrong, minimum_n=20) == [False, False]
    assert alerts(wrong, minimum_n=10) == [True, True]


def test_burn_is_a_multiple_of_what_the_objective_leaves():
    """Promise: with 99.9 % agreed, one in a hundred burns at 10; with everything agreed, any burns without end."""
    assert budget(steady(99, 100), TODAY, 0.999, 20).alerts[0].long.bare == pytest.approx(10)
    assert budget(steady(99, 100), TODAY, 1.0, 20).used == float("inf")
    assert budget(steady(100, 100), TODAY, 1.0, 20).used == 0.0


@pytest.mark.parametrize("objective", [2 / 3, 0.6, 0.5, 0.01])
def test_an_alert_that_can_never_fire_is_refused(objective):
    """Promise: at factor 3 a third of the tickets may fail: not even a vendor of whom nothing is confirmed burns faster."""
    with pytest.raises(Impossible, match=r"never fire.*write an objective above 0\.6667"):
        check(objective)
    with pytest.raises(Impossible):
        budget(steady(9, 10), TODAY, objective, 20)


def test_of_the_short_window_the_bare_rate_is_enough():
    """Promise: a day is too few tickets for certainty, which is the long window's to give."""
    days = {**steady(60, 100, 3), TODAY: Told(9, 10)}
    fast = budget(days, TODAY, 0.98, 20).alerts[0]
    assert fast.short.low < 3 < fast.short.bare
    assert fast.fires


@pytest.mark.parametrize("objective", [0.67, 0.98, 0.9999, 1.0])
def test_an_objective_under_which_every_alert_can_fire_is_taken(objective):
    """Promise: and with nothing confirmed at all, every one does."""
    check(objective)
    assert alerts(steady(0, 10_000), objective) == [True, True]


def test_other_windows_are_checked_too():
    """Promise: an objective that is no share, and a short window that is none, are refused in words."""
    with pytest.raises(Impossible, match="objective 0"):
        check(0.0)
    with pytest.raises(Impossible, match=r"objective 1\.2"):
        check(1.2)
    with pytest.raises(Impossible, match="shorter"):
        check(0.98, [Burn(1.0, 3, 3)])
    check(0.5, [Burn(1.5, 7, 1)])


def test_the_windows_are_the_contracts():
    """Promise: what the contract's room names is what is watched."""
    assert tuple(AGREED) == tuple(BURNS)
