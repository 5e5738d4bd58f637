"""Every panel of every dashboard shows something, asked of a real Prometheus that scraped a worker's server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import watched
from panels import Asked, asked, dashboards
from prometheus import Missing, Prometheus
from undertow.metrics.catalog import BY_NAME
from undertow.metrics.server import MetricsServer


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus that has scraped a filled board several times while its counters grew."""
    board = watched.board()
    folder: Path = tmp_path_factory.mktemp("prometheus")
    with MetricsServer(board, "127.0.0.1", 0) as server:
        try:
            found = Prometheus(folder, [f"127.0.0.1:{server.port}"], interval="500ms")
        except Missing as missing:
            pytest.skip(str(missing))
        with found:
            for scrapes in range(1, 4):
                watched.fill_feeds(board)
                found.wait_for(f"count_over_time(undertow_ready[1m]) > {scrapes}")
            yield found


def test_every_query_of_every_panel_has_data(scraped: Prometheus) -> None:
    """Promise: nothing on a dashboard is empty when three vendors are judged, but what is named with its reason."""
    empty = [
        f"{query}: {shown(query)}"
        for found in dashboards().values()
        for query in asked(found)
        if query.metrics <= BY_NAME.keys() - watched.UNPLAYED.keys() and not scraped.query(shown(query))
    ]
    assert not empty
    assert not [name for name in watched.UNPLAYED if scraped.query(name)], "take it off the list"


def shown(query: Asked) -> str:
    """As it is asked; a mark stands only while there is an alarm, so of marks that there is anything to tell."""
    return query.filled().removesuffix(" == 1") if query.ref == "mark" else query.filled()


def test_each_vendor_has_one_verdict_outside_and_inside(scraped: Prometheus) -> None:
    """Promise: what the first panel asks for gives one number a vendor, and the gaming one's green is red inside."""
    leaders = dashboards()["undertow-leaders"]
    first = {query.ref: query.filled() for query in asked(leaders) if query.panel == "$vendor"}
    verdicts = {row["metric"]["vendor"]: row["metric"]["verdict"] for row in scraped.query(first["A"])}
    assert verdicts["gaming"] == "red_inside"
    assert len(verdicts) == 3
    (counted,) = [query.filled() for query in asked(leaders) if query.panel.startswith("Is the green real?")]
    told = {row["metric"]["verdict"]: float(row["value"][1]) for row in scraped.query(counted)}
    assert told == Counter(verdicts.values()), "the first panel counts what the others show"
    inside = {row["metric"]["vendor"]: row["metric"]["verdict"] for row in scraped.query(first["C"])}
    assert inside == verdicts
