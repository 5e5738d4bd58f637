"""Where things stand in the drawings: a melon of a vendor and the course of its weeks. Numbers only, no markup.

A melon is two circles over the same tickets, both clockwise from the top: the rind is what was reported, the flesh what was.
Under the green of the rind lies what is good, then what is red: reported as met, and somebody was unhappy all the same.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from undertow.domain.counting.ledger import Figures
from undertow.domain.figures.trend import Week
from undertow.pages import words

WIDTH: Final = 360
HEIGHT: Final = 150
LEFT: Final = 40
RIGHT: Final = 12
TOP: Final = 16
BOTTOM: Final = 24
_TOPS: Final = (0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0)


class Melon(Struct, frozen=True):
    """Shares of the full circle in percent: of the rind what was reported, of the flesh what was good and what was not."""

    reported: float
    good: float
    bad: float


class Point(Struct, frozen=True):
    """A week's share with its interval: ``x``, and ``y`` of the share and of both bounds."""

    x: float
    y: float
    low: float
    high: float
    hollow: bool
    """Of fewer tickets than a verdict needs."""


class Chart(Struct, frozen=True):
    """The weeks. ``line``: the points of an SVG polyline for each stretch of weeks without a gap."""

    points: tuple[Point, ...]
    lines: tuple[str, ...]
    normal: float
    """The y of the share that is normal."""
    ticks: tuple[tuple[float, str], ...]
    """y and words."""
    first: str
    last: str
    spike: float | None
    """The x from which on an alarm stands."""
    words: str
    """All of it for those who do not see it."""


def melon(row: Figures) -> Melon | None:
    """None without a ticket."""
    if row.reported.value is None or row.actual.value is None:
        return None
    reported, good = 100 * row.reported.value, 100 * row.actual.value
    return Melon(round(reported, 2), round(good, 2), round(reported - good, 2))


def chart(weeks: list[Week], limit: float, minimum_n: int, began: int | None) -> Chart | None:
    """``limit``: the normal share. ``began``: the day an alarm's rise began, None without alarm. None without a ticket."""
    known = [week for week in weeks if week.rate.value is not None]
    if not known:
        return None
    # a bound that rests on a handful of tickets may leave the drawing: it must not flatten all others
    tall = max(
        [limit, *(week.rate.value or 0.0 for week in known), *(w.rate.high for w in known if w.rate.n >= minimum_n)]
    )
    top = next(step for step in _TOPS if step >= min(1.0, tall * 1.05))
    step = (WIDTH - LEFT - RIGHT) / (len(weeks) - 1)

    def y(share: float) -> float:
        return round(HEIGHT - BOTTOM - min(share, top) / top * (HEIGHT - TOP - BOTTOM), 1)

    points, lines, stretch = [], [], list[str]()
    for place, week in enumerate(weeks):
        if week.rate.value is None:
            lines.append(stretch)
            stretch = []
            continue
        x = round(LEFT + place * step, 1)
        rate = week.rate
        points.append(Point(x, y(week.rate.value), y(rate.low), y(rate.high), rate.n < minimum_n))
        stretch.append(f"{x},{points[-1].y}")
    lines.append(stretch)
    spike = None
    if began is not None:
        place = next((place for place, week in enumerate(weeks) if week.last >= began), len(weeks) - 1)
        spike = round(LEFT + (place - 0.5) * step, 1) if place else float(LEFT)
    newest = known[-1]
    return Chart(
        tuple(points),
        tuple(" ".join(one) for one in lines if len(one) > 1),
        y(limit),
        tuple((y(share), words.percent(share)) for share in (0.0, top / 2, top)),
        words.day(weeks[0].last),
        words.day(weeks[-1].last),
        spike,
        f"Hidden dissatisfaction by week of solving from {words.day(weeks[0].last)} to {words.day(weeks[-1].last)}; "
        f"newest known week {words.share(newest.rate)}, normal {words.percent(limit)}.",
    )
