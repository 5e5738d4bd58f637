"""The truth budget: of the tickets a vendor reports as met, how many the facts confirm, and how fast the rest uses it up.

With an objective of 98 %, two tickets in a hundred may turn out otherwise; that is the budget of a window. It burns at 1 when
it would be used up exactly at the window's end, at 3 when in a third of it. Days are event time, ratios 0 to 1.
Source: B. Beyer et al., The Site Reliability Workbook (2018), chapter 5, alerts on several windows and burn rates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf
from typing import Final, NamedTuple

from msgspec import Struct

from undertow.domain.agreement.contract import BURNS, ROLLING
from undertow.domain.statistics.intervals import wilson


class Told(NamedTuple):
    """Of one day (or of several): tickets reported as met that could be checked, and those of them that were."""

    confirmed: int
    met: int


class Burn(NamedTuple):
    """An alert: both windows (days) burn at more than ``factor``."""

    factor: float
    long: int
    short: int


AGREED: Final = tuple(Burn(*burn) for burn in BURNS)


class Rate(Struct, frozen=True):
    """How fast one window burns. ``low`` is what it burns at least (Wilson 95 %); inf for an objective of 1."""

    days: int
    told: Told
    bare: float
    low: float


class Alert(Struct, frozen=True):
    """One pair of windows. ``fires``: the long one's lower bound and the short one's bare rate both exceed the factor."""

    burn: Burn
    long: Rate
    short: Rate
    fires: bool


class Budget(Struct, frozen=True):
    """The state of the budget over ``days`` ending with a day. ``share`` is None without a ticket: unknown is not zero."""

    days: int
    told: Told
    share: float | None
    low: float
    high: float
    used: float | None
    """Of the budget: 0 nothing, 1 all of it, more is overspent."""
    alerts: tuple[Alert, ...]


class Impossible(ValueError):
    """An alert that can never fire. The message says what to change."""


def check(objective: float, burns: Iterable[Burn] = AGREED) -> None:
    """Refuse what can never fire: a factor at which even a window without one confirmed ticket burns too slowly.

    Raises :class:`Impossible`. ``objective``: the share to be confirmed, 0 to 1.
    """
    if not 0.0 < objective <= 1.0:
        raise Impossible(f"objective {objective:g}: write a share above 0 and up to 1, such as 0.98")
    for burn in burns:
        if burn.factor * (1 - objective) >= 1 - 1e-12:  # 3 x (1 - 2/3) is 1, whatever a float makes of it
            most = 1 - 1 / burn.factor
            raise Impossible(
                f"an alert at {burn.factor:g} times the budget can never fire with an objective of {objective:g}: "
                f"not even if nothing were confirmed; write an objective above {most:.4g} or a smaller factor"
            )
        if not 0 < burn.short < burn.long:
            raise Impossible(f"the short window ({burn.short} days) has to be shorter than the long one ({burn.long})")


def budget(
    days: Mapping[int, Told],
    last: int,
    objective: float,
    minimum_n: int,
    burns: Iterable[Burn] = AGREED,
    window: int = ROLLING,
) -> Budget:
    """The budget over the ``window`` days up to ``last`` (days since 1970-01-01 in the contract's zone).

    ``days``: by day of solving, a day without tickets may be left out. An alert needs ``minimum_n`` tickets in its long
    window. Raises :class:`Impossible` as :func:`check` does.
    """
    burns = tuple(burns)
    check(objective, burns)
    told = _within(days, last, window)
    wrong = told.met - told.confirmed
    low, high = wilson(told.confirmed, told.met)
    return Budget(
        window,
        told,
        told.confirmed / told.met if told.met else None,
        low,
        high,
        _over(wrong / told.met, objective) if told.met else None,
        tuple(_alert(days, last, objective, minimum_n, burn) for burn in burns),
    )


def _alert(days: Mapping[int, Told], last: int, objective: float, minimum_n: int, burn: Burn) -> Alert:
    long, short = _rate(days, last, burn.long, objective), _rate(days, last, burn.short, objective)
    fires = long.told.met >= minimum_n and long.low > burn.factor and short.bare > burn.factor
    return Alert(burn, long, short, fires)


def _rate(days: Mapping[int, Told], last: int, window: int, objective: float) -> Rate:
    told = _within(days, last, window)
    if not told.met:
        return Rate(window, told, 0.0, 0.0)
    wrong = told.met - told.confirmed
    return Rate(window, told, _over(wrong / told.met, objective), _over(wilson(wrong, told.met)[0], objective))


def _over(share: float, objective: float) -> float:
    """A share of unconfirmed tickets as a multiple of the share the objective leaves."""
    left = 1 - objective
    if left <= 0:
        return inf if share > 0 else 0.0
    return share / left


def _within(days: Mapping[int, Told], last: int, window: int) -> Told:
    inside = [told for day, told in days.items() if last - window < day <= last]
    return Told(sum(told.confirmed for told in inside), sum(told.met for told in inside))
