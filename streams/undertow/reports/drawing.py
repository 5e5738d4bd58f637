"""Drawings as inline SVG: shares with their intervals, and the course of one ticket. Text is escaped, colours are the page's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from markupsafe import Markup, escape
from msgspec import Struct

from undertow.domain.measuring.held import Held
from undertow.domain.statements.statement import Share
from undertow.domain.tickets.course import Stay
from undertow.domain.tickets.story import Step
from undertow.domain.tickets.timeline import SOLVED
from undertow.reports.words import measure, moment, percent, span, span_beside

WIDTH: Final = 720
LEFT: Final = 84
SCALE: Final = 160
"""Width of the drawing of a share."""
LANES: Final = (("customer", 22), ("vendor", 46), ("machine", 70), ("company", 94))
MOST_MARKS: Final = 120
"""Marks in one drawing: of a ticket with more steps the first ones are drawn."""


class Drawn(Struct, frozen=True):
    """What one drawing shows. Times in seconds."""

    steps: Sequence[Step]
    stays: Sequence[Stay]
    held: Sequence[Held]
    evidence: frozenset[tuple[str, str]]
    """Events to be ringed: (source, id)."""
    zone: str


def shares(reported: Share, actual: Share) -> Markup:
    """Reported (ring) over actual (dot) on a line from 0 to 100 %, each with its interval; empty where unknown."""
    if reported.value is None or actual.value is None:
        return Markup("")
    width, height = SCALE, 34
    label = f"reported {percent(reported.value)}, actual {percent(actual.value)}"
    parts = [
        _line(_at(0), 17, _at(1), 17, "axis"),
        *(_line(_at(x / 4), 14, _at(x / 4), 20, "axis") for x in range(5)),
        *_whisker(reported, 9, "reported"),
        *_whisker(actual, 25, "actual"),
    ]
    return _svg(width, height, label, parts)


def share(one: Share, expected: float | None = None) -> Markup:
    """One share with its interval, and a mark where chance alone would put it."""
    if one.value is None:
        return Markup("")
    parts = [_line(_at(0), 10, _at(1), 10, "axis"), *_whisker(one, 10, "actual")]
    if expected is not None:
        parts.append(_line(_at(expected), 1, _at(expected), 19, "chance"))
    return _svg(SCALE, 20, percent(one.value), parts)


def timeline(drawn: Drawn) -> Markup:
    """A ticket from left to right: who did what, its status below, targets as dashed lines."""
    steps = list(drawn.steps[:MOST_MARKS])
    if not steps:
        return Markup("")
    begin = min(step.at for step in steps)
    ends = [step.at for step in steps] + [one.due for one in drawn.held if one.due is not None]
    length = max(1.0, max(ends) - begin)

    def x(at: float) -> float:
        return LEFT + (WIDTH - LEFT - 16) * min(1.0, max(0.0, (at - begin) / length))

    used = {step.by for step in steps}
    lanes = [(name, y) for name, y in LANES if name in used]
    rows = {name: 22 + 24 * place for place, (name, _) in enumerate(lanes)}
    band = 22 + 24 * len(lanes)
    parts: list[Markup] = []
    for name, y in rows.items():
        parts += [_text(0, y + 4, name.replace("machine", "automatic"), "lane"), _line(LEFT, y, WIDTH - 8, y, "axis")]
    parts.append(_text(0, band + 4, "status", "lane"))
    for stay in drawn.stays:
        kind = "solved" if stay.status in SOLVED else "paused" if stay.status in {"pending", "on_hold"} else "open"
        start, end = x(stay.start), x(min(stay.end, begin + length))
        if end > start:
            parts.append(_rect(start, band - 5, end - start, 10, f"stay {kind}", stay.status.replace("_", " ")))
    for place, one in enumerate(one for one in drawn.held if one.due is not None):
        assert one.due is not None
        at, low = x(one.due), 8 + 10 * (place % 2)
        parts.append(_line(at, low, at, band + 8, "due"))
        parts.append(_label(at, low, f"target of {measure(one.measure)}"))
    parts += [_mark(step, x(step.at), rows[step.by], drawn) for step in steps]
    parts.append(_text(LEFT, band + 24, moment(begin, drawn.zone), "tick"))
    parts.append(_text(WIDTH - 8, band + 24, f"{moment(begin + length, drawn.zone)} ({drawn.zone})", "tick end"))
    if len(drawn.steps) > MOST_MARKS:
        parts.append(_text(WIDTH / 2, band + 24, f"the first {MOST_MARKS} of {len(drawn.steps)} steps", "tick middle"))
    return _svg(WIDTH, band + 30, "timeline of the ticket", parts, "timeline")


def clocks(held: Iterable[Held]) -> list[str]:
    """Each clock of a drawing in words."""
    told = []
    for one in held:
        ran = f"{span_beside(one.lasted, one.target)}{' and still running' if one.end is None else ''}"
        target = f", target {span(one.target)}" if one.target is not None else ", no target agreed"
        met = {True: ": met", False: ": missed", None: ""}[one.met]
        told.append(f"{measure(one.measure)}: {ran}{target}{met}")
    return told


def _mark(step: Step, x: float, y: float, drawn: Drawn) -> Markup:
    kind = {"wrote": "dot", "answered": "square", "machine": "ring", "solved": "solved", "reopened": "reopened"}
    shape = kind.get(step.mark, "small")
    said = f"{moment(step.at, drawn.zone)}: {step.by} {step.words}"
    ring = Markup("")
    if (step.source, step.id) in drawn.evidence:
        ring = Markup('<circle class="evidence" cx="{}" cy="{}" r="8"/>').format(_n(x), _n(y))
    paths = {
        "solved": f"M{_n(x - 6)} {_n(y + 5)}h12l-6 -11z",
        "reopened": f"M{_n(x - 6)} {_n(y - 5)}h12l-6 11z",
        "square": f"M{_n(x - 5)} {_n(y - 5)}h10v10h-10z",
    }
    if shape in paths:
        body = Markup('<path class="{}" d="{}">').format(shape, paths[shape])
        end = Markup("</path>")
    else:
        radius = 2.5 if shape == "small" else 5
        body = Markup('<circle class="{}" cx="{}" cy="{}" r="{}">').format(shape, _n(x), _n(y), radius)
        end = Markup("</circle>")
    return ring + body + Markup("<title>{}</title>").format(said) + end


def _at(ratio: float) -> float:
    """Where a share lies on its scale: the dots at both ends need room."""
    return 7 + (SCALE - 14) * ratio


def _whisker(one: Share, y: float, kind: str) -> list[Markup]:
    assert one.value is not None
    assert one.low is not None
    assert one.high is not None
    parts = [_line(_at(one.low), y, _at(one.high), y, f"whisker {kind}")]
    return [*parts, Markup('<circle class="{}" cx="{}" cy="{}" r="4"/>').format(kind, _n(_at(one.value)), _n(y))]


def _svg(width: float, height: float, label: str, parts: Iterable[Markup], kind: str = "chart") -> Markup:
    head = Markup('<svg class="{}" viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}">').format(
        kind, _n(width), _n(height), _n(width), _n(height), label
    )
    return head + Markup("").join(parts) + Markup("</svg>")


def _line(x: float, y: float, to_x: float, to_y: float, kind: str) -> Markup:
    numbers = [_n(number) for number in (x, y, to_x, to_y)]
    return Markup('<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(kind, *numbers)


def _rect(x: float, y: float, width: float, height: float, kind: str, title: str) -> Markup:
    numbers = [_n(number) for number in (x, y, width, height)]
    head = Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}">').format(kind, *numbers)
    return head + Markup("<title>{}</title></rect>").format(title)


def _text(x: float, y: float, text: str, kind: str) -> Markup:
    return Markup('<text class="{}" x="{}" y="{}">').format(kind, _n(x), _n(y)) + escape(text) + Markup("</text>")


def _label(x: float, y: float, text: str) -> Markup:
    """Beside its line, on the side where there is room."""
    right = x < WIDTH - 190
    return _text(x + 4 if right else x - 4, y + 4, text, "note" if right else "note end")


def _n(number: float) -> str:
    """At most one digit after the point: enough for a screen, and the same everywhere."""
    return f"{number:.1f}".removesuffix(".0")
