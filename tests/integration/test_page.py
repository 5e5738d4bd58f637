"""The leaders' page in a real browser: Chromium, at desktop and phone width, light and dark. Screenshots are kept for a look.

``UNDERTOW_SCREENSHOTS=folder`` says where; without it they go with the test's own folder.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import watched
from customers import night
from undertow.domain.figures.alarms import Watched
from undertow.domain.figures.spikes import Count, spike
from undertow.domain.figures.trend import Trend
from undertow.metrics.board import Board
from undertow.metrics.server import MetricsServer

playwright = pytest.importorskip("playwright.sync_api", reason="the dev extra brings playwright")

DESKTOP, PHONE = (1280, 800), (375, 812)
CONTRAST = """() => {
  const rgb = text => { const n = text.match(/[\\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
  const light = c => c.slice(0, 3).map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const ground = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
    if (c[3] > 0) return c; } return [255, 255, 255, 1]; };
  const found = [];
  for (const e of document.querySelectorAll("body *")) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || !e.getClientRects().length) continue;
    const style = getComputedStyle(e), inDrawing = e instanceof SVGElement;
    const a = light(rgb(inDrawing ? style.fill : style.color)), b = light(ground(inDrawing ? e.closest("svg") : e));
    found.push([(Math.max(a, b) + .05) / (Math.min(a, b) + .05), e.textContent.trim().slice(0, 40)]);
  }
  return found.sort((x, y) => x[0] - y[0]);
}"""
"""Every piece of text with its contrast to what it stands on, the worst first (WCAG 2.2, relative luminance)."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The system's Chromium, without a window."""
    binary = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if binary is None:
        pytest.skip("no chromium on this machine: apt install chromium")
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=binary, args=["--no-sandbox", "--disable-gpu"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def server() -> Iterator[MetricsServer]:
    """A worker's server over three judged vendors, one of them with a spike, and one with a name that breaks nowhere."""
    board = watched.board()
    exposed = board.state.exposed
    assert exposed is not None
    with MetricsServer(_with_the_worst(board), "127.0.0.1", 0) as found:
        yield found


def _with_the_worst(board: Board) -> Board:
    statement, contracts = watched.told()
    long = "A" * 120
    standings = []
    for one in statement.standings:
        last = one.trend.last
        days = {day: Count(4, 0) for day in range(last - 89, last + 1)} | {last - n: Count(4, 3) for n in range(18)}
        risen = Trend(last, tuple(days.items()))
        alarm = Watched("all", "mature", last, spike(days, last), True)
        standings.append(replace(one, trend=risen, watched=(alarm,)) if one.vendor == "gaming" else one)
    more = [(replace(row, vendor=long), said) for row, said in statement.figures if row.vendor == "small"]
    spread = replace(statement, figures=(*statement.figures, *more), standings=tuple(standings))
    board.expose(
        spread, {**contracts, long: contracts["small"], "unheard": contracts["small"]}, night(contracts["gaming"])
    )
    return board


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = Path(os.environ.get("UNDERTOW_SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))
    found.mkdir(parents=True, exist_ok=True)
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_page_is_whole_in_a_browser(browser, server, folder, size, scheme) -> None:
    """Promise: nothing on the console, nothing asked of another address, no sideways scrolling, every text readable."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    tab = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("request", lambda request: asked.append(request.url))
    address = f"http://127.0.0.1:{server.port}/"
    tab.goto(f"{address}?window=90d")
    tab.screenshot(path=folder / f"page-{size[0]}-{scheme}.png", full_page=True)
    assert said == []
    assert {url.removeprefix(address).split("?")[0] for url in asked} <= {"", "favicon.ico"}
    assert tab.evaluate("document.documentElement.scrollWidth") <= size[0]
    for card in tab.query_selector_all(".card, .tile, nav"):
        box = card.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size[0]
    contrast, text = tab.evaluate(CONTRAST)[0]
    assert contrast >= 4.5, text
    ground = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, ground[4:-1].split(","))) > 384) == (scheme == "light"), "the style sheet was not taken"
    context.close()


def test_a_leader_finds_the_red_vendor_first_and_changes_the_window_without_a_script(browser, server) -> None:
    """Promise: with scripts switched off the answer names the red one before all else, and its panel stands within the first
    screen; a click changes days."""
    context = browser.new_context(viewport={"width": DESKTOP[0], "height": DESKTOP[1]}, java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"http://127.0.0.1:{server.port}/?window=90d")
    answer = tab.locator(".answer")
    assert "Not with 1 of 4 vendors: red inside." in answer.inner_text()
    assert "gaming" in answer.inner_text()
    above = answer.bounding_box()
    assert above is not None
    assert above["y"] + above["height"] < DESKTOP[1] / 5
    card = tab.locator(".card").first
    assert card.locator("h3").inner_text() == "gaming"
    assert "Red inside" in card.inner_text()
    box = card.bounding_box()
    assert box is not None
    assert box["y"] < DESKTOP[1] * 2 / 3
    assert "spike" in tab.locator(".tiles").inner_text()
    tab.get_by_role("link", name="7 days").click()
    assert tab.url.endswith("/?window=7d")
    assert tab.locator("nav strong").inner_text() == "7 days"
    tab.locator("summary").first.click()
    assert tab.get_by_role("columnheader", name="Week up to").first.is_visible()
    context.close()
