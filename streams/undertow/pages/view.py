"""What the page says: the board's state in words, bounded, those vendors first that need a leader."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from undertow.domain.counting.ledger import ALL, Figures
from undertow.domain.customers.calls import NOBODY
from undertow.domain.figures.alarms import MATURE, Watched
from undertow.domain.figures.trend import Trend, Week
from undertow.domain.standing import Standing
from undertow.domain.verdicts import Verdict
from undertow.metrics.board import Exposed
from undertow.metrics.labels import WINDOW_NAMES
from undertow.pages import words
from undertow.pages.answer import Answer, answer
from undertow.pages.drawing import Chart, Melon, chart, melon

DEFAULT: Final = "28d"
MOST_PANELS: Final = 24
"""Vendors with a panel of their own; the table below has more."""
MOST_ROWS: Final = 200
"""Vendors in the table."""
_ORDER: Final = list(words.WORDS)


class Panel(Struct, frozen=True):
    """One vendor."""

    vendor: str
    colour: str
    sign: str
    word: str
    sentence: str
    outside: str
    inside: str
    inside_interval: str
    eligible: str
    hidden: str
    hidden_interval: str
    normal: str
    reported_met: str
    waiting: str
    melon: Melon | None
    known: bool
    """Whether the tickets are enough for a verdict."""
    chart: Chart | None
    weeks: tuple[tuple[str, str, str, str], ...]
    """Its table: end, tickets, unhappy, share."""
    alerts: tuple[str, ...]
    calls: str | None
    """Customers to call; None while nobody counts them."""
    used: str
    """Of the truth budget."""
    equity: str


class View(Struct, frozen=True):
    """The page. ``panels`` are the first of ``rows``."""

    window: str
    windows: tuple[tuple[str, str, bool], ...]
    """Each to choose from: its value, its words, whether it is chosen."""
    ready: bool
    why: str
    owner: bool
    as_of: str | None
    mature: str | None
    """The newest day that counts, where all vendors share it."""
    panels: tuple[Panel, ...]
    rows: tuple[Panel, ...]
    more: int
    """Vendors that are not even in the table."""
    unheard: tuple[str, ...]
    """Vendors with a contract of whom there is no ticket yet."""
    alerts: tuple[tuple[str, str], ...]
    """Vendor and words."""
    calls: str | None
    calls_after_none: str | None
    """Of those to call, how many stopped after no vendor's ticket; None where there are none."""
    answer: Answer | None
    """To the page's question, of all vendors together; None without a ticket."""
    version: str


def chosen(asked: str | None) -> str:
    """The window that is meant; of anything else the usual one."""
    return asked if asked in WINDOW_NAMES else DEFAULT


def view(
    exposed: Exposed | None,
    window: str,
    *,
    ready: bool,
    why: str,
    version: str,
    calls: Mapping[str, float] | None = None,
) -> View:
    """``calls``: customers to call by the vendor whose ticket each stopped after; None while nobody counts them."""
    judged = _judged(exposed, window) if exposed is not None else []
    after_none = (calls or {}).get(NOBODY, 0.0)
    found = _panels(exposed, judged[:MOST_ROWS], window, calls) if exposed is not None else []
    heard = {row.vendor for row, _ in judged}
    mature = {one.trend.last for one in exposed.standings if one.trend.last} if exposed is not None else set()
    return View(
        window=words.window(window),
        windows=tuple((name, words.window(name), name == window) for name in WINDOW_NAMES),
        ready=ready,
        why=why,
        owner=exposed is not None,
        as_of=None if exposed is None or exposed.as_of is None else words.moment(exposed.as_of),
        mature=words.day(next(iter(mature))) if len(mature) == 1 else None,
        panels=tuple(found[:MOST_PANELS]),
        rows=tuple(found),
        more=max(0, len(judged) - MOST_ROWS),
        unheard=tuple(sorted(exposed.bounds.keys() - heard))[:MOST_ROWS] if exposed is not None else (),
        alerts=tuple((panel.vendor, said) for panel in found for said in panel.alerts),
        calls=None if calls is None else f"{round(sum(calls.values())):,}",
        calls_after_none=f"{round(after_none):,}" if after_none else None,
        answer=answer(judged, window) if judged else None,
        version=version,
    )


def _judged(exposed: Exposed, window: str) -> list[tuple[Figures, Verdict]]:
    """All segments together over one window, the worst first."""
    found = [(row, said) for row, said in exposed.figures if (row.segment, row.window) == (ALL, window)]
    return sorted(found, key=lambda one: (_ORDER.index(one[1].colour), -one[0].hidden.low, one[0].vendor))


def _panels(
    exposed: Exposed, judged: Iterable[tuple[Figures, Verdict]], window: str, calls: Mapping[str, float] | None
) -> list[Panel]:
    standings = {one.vendor: one for one in exposed.standings}
    bounds = exposed.bounds
    return [
        _panel(row, said, standings.get(row.vendor), bounds[row.vendor].minimum_n, window, calls)
        for row, said in judged
    ]


def _panel(
    row: Figures,
    said: Verdict,
    standing: Standing | None,
    minimum_n: int,
    window: str,
    calls: Mapping[str, float] | None,
) -> Panel:
    trend = standing.trend if standing is not None else Trend()
    weeks = trend.weeks
    alarms = [one for one in standing.watched if one.alarm] if standing is not None else []
    began = next((one.spike.began for one in alarms if (one.segment, one.lag) == (ALL, MATURE)), None)
    sign, word = words.WORDS[said.colour]
    called = None if calls is None else calls.get(row.vendor)
    return Panel(
        vendor=row.vendor,
        colour=said.colour.value,
        sign=sign,
        word=word,
        sentence=_sentence(said),
        outside=words.share(row.reported),
        inside=words.share(row.actual),
        inside_interval=words.interval(row.actual),
        eligible=words.tickets(row.actual.n),
        hidden=words.share(row.hidden),
        hidden_interval=words.interval(row.hidden),
        normal=words.percent(said.limit),
        reported_met=f"{row.hidden.n:,}",
        waiting=f"{row.immature:,}",
        melon=melon(row),
        known=row.hidden.n >= minimum_n,
        chart=chart(weeks, said.limit, minimum_n, began),
        weeks=tuple(map(_week, weeks)),
        alerts=_alerts(standing, alarms),
        calls=None if called is None else f"{round(called):,}",
        used=_used(standing),
        equity=_equity(standing, window),
    )


def _sentence(said: Verdict) -> str:
    """The words after the verdict's own, which stand in the badge already."""
    _, word = words.WORDS[said.colour]
    rest = said.words[len(word) :] if said.words.lower().startswith(word.lower()) else said.words
    rest = rest.lstrip(":, ").replace("%", f"{words.NARROW}%")
    return f"{rest[0].upper()}{rest[1:]}."


def _week(week: Week) -> tuple[str, str, str, str]:
    rate = week.rate
    if rate.value is None:
        return words.day(week.last), "none", "", "no ticket"
    return words.day(week.last), f"{rate.n:,}", f"{rate.count:,.0f}", words.share(rate)


def _alerts(standing: Standing | None, alarms: Iterable[Watched]) -> tuple[str, ...]:
    found = [words.risen(one) for one in alarms]
    if standing is not None and standing.budget is not None:
        found += [words.burning(alert) for alert in standing.budget.alerts if alert.fires]
    return tuple(found)


def _used(standing: Standing | None) -> str:
    if standing is None or standing.budget is None or standing.budget.used is None:
        return words.UNKNOWN
    used = standing.budget.used
    return "overspent beyond measure" if used == float("inf") else words.percent(used)


def _equity(standing: Standing | None, window: str) -> str:
    for name, found in standing.equity if standing is not None else ():
        if name == window and found.raw is not None:
            return f"{100 * found.raw.difference:.0f}{words.NARROW}points"
    return words.UNKNOWN
