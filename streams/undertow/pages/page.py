"""The page as bytes: rendered off the loop, one at a time, and kept until what it says has changed."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from threading import Lock
from typing import Final
from urllib.parse import parse_qs

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from undertow.metrics.board import Board, State
from undertow.metrics.catalog import BY_NAME
from undertow.metrics.collector import Collector
from undertow.metrics.probes import Limits, Probe, readiness
from undertow.pages import drawing
from undertow.pages.view import View, chosen, view

HTML: Final = "text/html; charset=utf-8"
CALLS: Final = "undertow_customers_to_call"


class Pages:
    """The page of a board, by window. Called from any thread; a second caller waits for the first and takes its page."""

    def __init__(self, board: Board, limits: Limits) -> None:
        self._board, self._limits = board, limits
        self._rendering = Lock()
        self._kept: dict[str, tuple[State, Probe, bytes]] = {}

    def page(self, query: str) -> tuple[bytes, Mapping[str, str]]:
        """The page and its headers, as of now. ``query`` as it stands in the address."""
        state, now = self._board.state, self._board.clock()
        asked = parse_qs(query, max_num_fields=8).get("window", [None]) if query.count("&") < 8 else [None]
        window = chosen(asked[0])
        probe = readiness(state, now, self._limits)
        with self._rendering:
            kept = self._kept.get(window)
            if kept is None or kept[0].exposed is not state.exposed or kept[1] != probe:
                found = view(
                    state.exposed,
                    window,
                    ready=probe.ok,
                    why=probe.words,
                    version=state.version,
                    calls=customers_to_call(self._board),
                )
                kept = self._kept[window] = (state, probe, render(found))
        return kept[2], {"Content-Security-Policy": policy(), "Referrer-Policy": "no-referrer"}


def customers_to_call(board: Board) -> dict[str, float] | None:
    """As the scrape shows them, by the vendor whose ticket each stopped after; None while nobody counts them."""
    if CALLS not in BY_NAME or board.state.exposed is None:
        return None
    samples = (sample for family in Collector(board).collect() for sample in family.samples)
    return {sample.labels["vendor"]: sample.value for sample in samples if sample.name == CALLS} or None


def render(found: View) -> bytes:
    """The page's HTML. Everything that is not the template's own is escaped."""
    return _template().render(view=found, draw=drawing, style=Markup(_style())).encode()  # noqa: S704 - our own file


def policy() -> str:
    """The Content-Security-Policy: our one style sheet by its hash, and nothing else: no script, no image, no other site."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


@cache
def _style() -> str:
    return (files("undertow.pages") / "templates" / "leaders.css").read_text(encoding="utf-8")


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string((files("undertow.pages") / "templates" / "leaders.html").read_text(encoding="utf-8"))
