"""Dashboards name only what exists: metrics, labels, variables, other dashboards; and say everything in words."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from dashboards import generate, words
from panels import CHOSEN, Asked, asked, dashboards, panels
from prometheus import Missing, program
from undertow.domain.verdicts import Colour
from undertow.metrics.catalog import BY_NAME
from undertow.metrics.labels import CLASSES, STATES, WINDOW_NAMES

LABELS: Final = {name: tuple(label.name for label in metric.labels) for name, metric in BY_NAME.items()}
SCRAPED: Final = {"instance", "job"}
"""What Prometheus adds."""
UNITS: Final = {"percentunit", "short", "none", "s", "bytes", "reqps"}
FOUND: Final = dashboards()
ASKED: Final = [query for one in FOUND.values() for query in asked(one)]
PANELS: Final = [(uid, panel) for uid, one in FOUND.items() for panel in panels(one)]

each_query = pytest.mark.parametrize("query", ASKED, ids=str)
each_panel = pytest.mark.parametrize(
    ("uid", "panel"), PANELS, ids=[f"{uid}: {panel['title']}" for uid, panel in PANELS]
)
each = pytest.mark.parametrize("found", FOUND.values(), ids=list(FOUND))


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from strings(one)


def used(found: dict[str, Any]) -> set[str]:
    """The variables that anything but their declaration names, Grafana's own left out."""
    texts = [*strings({key: value for key, value in found.items() if key != "templating"})]
    texts += [
        text for one in found["templating"]["list"] for text in strings([one.get("query"), one.get("datasource")])
    ]
    names = {name for text in texts for name in re.findall(r"\$\{?(\w+)", text)}
    names |= {panel["repeat"] for panel in panels(found) if panel.get("repeat")}
    return {name for name in names if not name.startswith("__")}


def test_the_committed_files_are_what_the_code_makes() -> None:
    """Run ``python -m dashboards.generate`` when this fails."""
    committed = {path.name: path.read_text(encoding="utf-8") for path in generate.FOLDER.glob("*.json")}
    assert committed == generate.rendered()


@each_query
def test_every_metric_exists(query: Asked) -> None:
    """A panel of a metric that nobody shows stays empty for ever."""
    assert query.metrics <= LABELS.keys()
    assert query.metrics or query.expr.startswith("vector")


@each_query
def test_every_label_exists_on_its_metric(query: Asked) -> None:
    """A selector on a label that a metric lacks matches nothing, for ever."""
    for metric, label in query.selectors:
        assert label in LABELS[metric], f"{metric} has no label {label}"
    every = {label for metric in query.metrics for label in LABELS[metric]} | SCRAPED
    assert query.groups <= every


@each_panel
def test_every_legend_names_labels_that_its_query_keeps(uid: str, panel: dict[str, Any]) -> None:
    """A legend that names another label is empty."""
    for target in panel["targets"]:
        kept = Asked(uid, panel["title"], target["refId"], target["expr"]).groups
        assert set(re.findall(r"\{\{(\w+)\}\}", target.get("legendFormat", ""))) <= kept


@each_query
def test_no_gauge_is_summed_over_instances_and_no_row_counted_twice(query: Asked) -> None:
    """Two scrapes can hold the same figure while the ledger moves: every gauge stands in ``max by``, or is counted."""
    for metric in query.metrics:
        counter = metric in BY_NAME and BY_NAME[metric].type == "counter"
        around = r"(?:rate|increase)\(" if counter else r"(?:max(?: by \([^)]*\))? ?\(|count\()"
        assert len(re.findall(around + metric, query.expr)) == query.expr.count(metric), query.expr


@each
def test_variables_are_declared_and_used(found: dict[str, Any]) -> None:
    """One that is not declared stays as it is in the query; one that is not used confuses."""
    declared = [one["name"] for one in found["templating"]["list"]]
    assert len(declared) == len(set(declared))
    assert used(found) == set(declared)
    assert set(declared) <= CHOSEN.keys()


@each
def test_ids_are_unique_and_panels_do_not_overlap(found: dict[str, Any]) -> None:
    """A panel's id is its address."""
    ids = [panel["id"] for panel in found["panels"]]
    assert len(ids) == len(set(ids))
    taken: set[tuple[int, int]] = set()
    for panel in found["panels"]:
        at = panel["gridPos"]
        place = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not place & taken, panel["title"]
        assert at["x"] + at["w"] <= 24, panel["title"]
        taken |= place


def test_uids_and_titles_are_unique() -> None:
    """Grafana overwrites a dashboard of the same uid without a word."""
    assert len(FOUND) == len(list(generate.FOLDER.glob("*.json")))
    assert len({one["title"] for one in FOUND.values()}) == len(FOUND)


@each_panel
def test_every_panel_explains_itself(uid: str, panel: dict[str, Any]) -> None:
    """A title, sentences, a unit, a data source that can be chosen, a name for every line."""
    assert panel["title"]
    assert len(panel["description"]) >= 10
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    assert panel["datasource"]["uid"] == "${datasource}"
    assert panel["targets"]
    for target in panel["targets"]:
        assert target["datasource"]["uid"] == "${datasource}"
        assert target.get("legendFormat") or target.get("format") == "table"


def test_every_state_is_shown_by_a_word_of_its_own() -> None:
    """A colour alone tells some people nothing; every state of the catalog has both."""
    assert words.VERDICTS.keys() == {colour.value for colour in Colour}
    assert words.PATTERN_STATES.keys() == set(STATES)
    assert words.CLASSES.keys() == set(CLASSES)
    for some in (words.VERDICTS, words.PATTERN_STATES, words.CLASSES, words.READY, words.ALARM):
        assert len({word for word, _ in some.values()}) == len(some)


def test_leaders_read_the_answer_of_all_vendors_before_any_one_of_them() -> None:
    """With twenty vendors the red one is else a page away: the first panel is of all, and as wide as the screen."""
    first, second, *_ = panels(FOUND["undertow-leaders"])
    assert not first.get("repeat")
    assert second["repeat"] == "vendor"
    assert (first["gridPos"]["y"], first["gridPos"]["w"]) == (0, 24)
    assert {one["matcher"]["options"] for one in first["fieldConfig"]["overrides"]} == words.VERDICTS.keys()


def test_the_windows_to_choose_from_are_those_of_the_figures() -> None:
    """The value of the choice is the value of the label."""
    for found in FOUND.values():
        for one in found["templating"]["list"]:
            if one["name"] == "window":
                assert [option["value"] for option in one["options"]] == list(WINDOW_NAMES)


def test_links_between_dashboards_lead_somewhere() -> None:
    """To a uid that exists, with variables that are declared there."""
    seen = 0
    for found in FOUND.values():
        assert [link["tags"] for link in found["links"]] == [["undertow"]]
        assert "undertow" in found["tags"]
        for link in re.findall(r'"url": "(/d/[^"]+)"', json.dumps(found)):
            uid = link.split("/")[2]
            declared = {one["name"] for one in FOUND[uid]["templating"]["list"]}
            assert set(re.findall(r"[?&]var-(\w+)=|\$\{(\w+):queryparam", link)) <= {
                *((name, "") for name in declared),
                *(("", name) for name in declared),
            }
            seen += 1
    assert seen


def test_every_query_parses(tmp_path: Path) -> None:
    """All of them as recording rules, read by Prometheus's own parser."""
    try:
        promtool = program("promtool")
    except Missing as missing:
        pytest.skip(str(missing))
    every = {query.filled() for query in ASKED}
    every |= {
        re.sub(r"^label_values\((.*), \w+\)$", r"\1", one["query"]["query"]).replace("$vendor", ".*")
        for found in FOUND.values()
        for one in found["templating"]["list"]
        if one["type"] == "query"
    }
    rules = [{"record": f"asked:{place}", "expr": expr} for place, expr in enumerate(sorted(every))]
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "asked", "rules": rules}]}), encoding="utf-8")
    done = subprocess.run([promtool, "check", "rules", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
