"""Rules do what they say: promtool plays each alert, and no rule names what no worker shows."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from rules.promql import EVERYWHERE, ROOT, RULES, alert_names, clauses, groups, metrics, rules
from undertow.domain.agreement.alerts import ALLOWED
from undertow.domain.statistics.intervals import wilson
from undertow.metrics.catalog import BY_NAME

HERE = Path(__file__).parent
PLAYED = sorted(HERE.glob("Undertow*.yaml"))
needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed (Debian: prometheus)"
)
RECORDED = {rule["record"]: rule["expr"] for rule in rules("record")}
EVERY = [(rule.get("alert") or rule["record"], rule["expr"]) for kind in ("record", "alert") for rule in rules(kind)]


def promtool(*arguments: str) -> None:
    run = subprocess.run(["promtool", *arguments], capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


@needs_promtool
@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name)
def test_prometheus_accepts_the_rules(path: Path) -> None:
    """Syntax, duplicates, and templates of annotations."""
    promtool("check", "rules", "--lint=all", "--lint-fatal", str(path))


@needs_promtool
@pytest.mark.parametrize("path", PLAYED, ids=lambda path: path.stem)
def test_each_alert_fires_when_it_must_and_only_then(path: Path) -> None:
    """Fires, just below, low n, absent feed, after a restart: played by promtool through all rules."""
    promtool("test", "rules", str(path))


@needs_promtool
def test_wilson_s_bound_in_promql_is_the_one_of_the_product(tmp_path: Path) -> None:
    """The bound is written out three times in PromQL: each must be what the worker itself would say."""
    counts = [(1, 20), (5, 40), (19, 20), (20, 20), (3, 1000)]
    series, asked = [], []
    for place, (count, n) in enumerate(counts):
        row = f'job="undertow",vendor="v{place}",segment="all",window="28d"'
        measured = f'job="undertow",vendor="v{place}",measure="sla",window="28d"'
        series += [
            (f'undertow_outcome_tickets{{{row},outcome="refunded"}}', count),
            (f"undertow_hidden_dissatisfaction_eligible_tickets{{{row}}}", n),
            (f'undertow_verdict_tickets{{{measured},class="unverifiable"}}', count),
            (f'undertow_verdict_tickets{{{measured},class="confirmed"}}', n - count),
        ]
        for name in (
            "job_vendor_segment_window_outcome:undertow_outcome_ratio:wilson_low",
            "job_vendor_measure:undertow_unverifiable_ratio:wilson_low28d",
        ):
            low = wilson(count, n)[0]
            asked.append({"expr": f'count(abs({name}{{vendor="v{place}"}} - {low!r}) < 1e-9)', "eval_time": "5m"})
    test = {
        "rule_files": [str(path) for path in RULES],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": f"{value}x10"} for name, value in series],
                "promql_expr_test": [{**one, "exp_samples": [{"labels": "{}", "value": 1}]} for one in asked],
            }
        ],
    }
    path = tmp_path / "wilson.yaml"
    path.write_text(json.dumps(test))
    promtool("test", "rules", str(path))
    shapes = {
        re.sub(r"\s+|job_\w+:undertow_\w+:\w+|on\([\w,]+\)|group_left\(\)", " ", e)
        for n, e in RECORDED.items()
        if ":wilson_low" in n
    }
    for constant in ("1.920729410347062", "1.959963984540054", "0.960364705173531", "3.841458820694124"):
        assert all(constant in shape for shape in shapes), "every bound is the same formula"


def test_every_alert_is_played_in_each_of_the_situations_that_matter() -> None:
    """An alert without a test is a guess. Low n matters where a number of tickets or records decides."""
    assert [path.stem for path in PLAYED] == alert_names()
    without_n = {  # their n is in the worker's own alarm or interval, or a single one counts
        "UndertowHiddenDissatisfactionSpike",
        "UndertowTruthBudgetBurn",
        "UndertowEquityGap",
        "UndertowWorkerNotReady",
        "UndertowLag",
        "UndertowRecordsDropped",
    }
    for path in PLAYED:
        names = " ; ".join(test["name"] for test in yaml.safe_load(path.read_text())["tests"])
        situations = {"fires", "just below", "absent feed", "after a restart"}
        situations |= set() if path.stem in without_n else {"low n"}
        assert not [one for one in situations if one not in names], (path.stem, names)


def test_every_metric_and_label_of_a_rule_is_one_that_a_worker_shows() -> None:
    """A renamed metric must break a test and not an alert in silence."""
    for name, expression in EVERY:
        known = set(EVERYWHERE)
        for metric, labels in metrics(expression):
            if metric == "up":
                has: set[str] = set()
            elif ":" in metric:
                assert metric in RECORDED, (name, metric)
                has = set(metric.partition(":")[0].split("_"))  # the level in the name says the labels
            else:
                assert metric in BY_NAME, f"{name}: no worker shows {metric}"
                has = {label.name for label in BY_NAME[metric].labels}
            assert labels <= has | EVERYWHERE, (name, metric, labels - has)
            known |= has
        assert clauses(expression) <= known, (name, clauses(expression) - known)


def test_label_values_in_rules_are_among_those_of_the_catalog() -> None:
    """A closed list that loses a value must break a test."""
    closed = {"pattern", "state", "mix", "pair", "window", "class"}
    for name, expression in EVERY:
        for metric, selector in re.findall(r"(undertow_\w+)\{([^}]*)\}", expression):
            if metric not in BY_NAME:
                continue
            bounds = {label.name: label.bound for label in BY_NAME[metric].labels}
            for label, values in re.findall(r'(\w+)=~?"([^"]*)"', selector):
                if label in closed:
                    assert all(f"`{value}`" in bounds[label] for value in values.split("|")), (name, label, values)
    for what in re.findall(r'what="(\w+)"', str(EVERY)):
        assert what in ALLOWED


def test_figures_of_the_ledger_are_never_summed_over_instances() -> None:
    """While the ledger moves, two workers can be scraped with the same series: a sum would double it."""
    counters = {name for name, metric in BY_NAME.items() if metric.type == "counter"}
    for name, expression in EVERY:
        for metric, _ in metrics(expression):
            if metric in BY_NAME and metric not in counters:
                before = expression[: expression.index(metric)]
                assert re.search(r"(max by \([^)]*\) \(\s*|absent\()$", before), f"{name} takes {metric} without max by"


@pytest.mark.parametrize("rule", rules("alert"), ids=lambda rule: f"{rule['alert']}-{rule['labels']['severity']}")
def test_an_alert_says_who_is_told_what_it_means_and_where_to_look(rule: dict) -> None:
    """The conventions of the monitoring mixins, and our own labels for the routes."""
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert rule["labels"]["audience"] in {"leaders", "engineers"}
    assert rule["labels"]["kind"] in {"outcome", "feed", "worker"}
    assert rule["labels"]["tell_vendor"] in {"yes", "no"}
    assert rule["for"] or rule["labels"]["kind"] == "feed"
    notes = rule["annotations"]
    assert set(notes) == {"summary", "description", "runbook_url", "dashboard_url", "evidence_url"}
    assert notes["runbook_url"].endswith(f"}}}}/{rule['alert']}.md")
    assert re.search(r"/d/undertow-(leaders|vendor|engineer)(\?|$)", notes["dashboard_url"])
    assert "tableLink" in notes["evidence_url"]
    if rule["labels"]["kind"] == "outcome":
        assert rule["keep_firing_for"], "else it would end whenever the ledger moves"
    for label in re.findall(r"\$labels\.(\w+)", " ".join(notes.values())):
        assert label in clauses(rule["expr"]) | {
            "vendor",
            "segment",
            "window",
            "measure",
            "outcome",
            "instance",
            "topic",
        }


@pytest.mark.parametrize("rule", rules("alert"), ids=lambda rule: f"{rule['alert']}-{rule['labels']['severity']}")
def test_a_vendor_is_told_only_of_alerts_that_name_it(rule: dict) -> None:
    """What the business alone may know, and what names no vendor, is never marked for one."""
    if rule["labels"]["tell_vendor"] == "yes":
        assert "vendor" in clauses(rule["expr"]) or "vendor" in str(RECORDED[rule["expr"].split()[0]])
    if (
        re.search(r"silen(t_ratio|ce_)|customers|churn|iceberg|value_at_risk", rule["expr"])
        and "feed_silence" not in rule["expr"]
    ):
        assert rule["labels"]["tell_vendor"] == "no"


def test_annotations_ask_only_for_what_a_worker_shows() -> None:
    """Queries in descriptions and evidence links name metrics, too."""
    for rule in rules("alert"):
        for text in rule["annotations"].values():
            for query in re.findall(r"`([^`]*undertow_[^`]*)`", text):
                for metric, _ in metrics(query):
                    assert metric in BY_NAME, (rule["alert"], metric)


def test_the_link_to_a_vendor_s_dashboard_exists_where_dashboards_are() -> None:
    """The identifiers in links are those of the committed dashboards."""
    folder = ROOT / "dashboards" / "grafana"
    if not folder.is_dir():
        pytest.skip("dashboards/grafana is not there yet: it comes with the dashboards")
    made = {json.loads(path.read_text(encoding="utf-8"))["uid"] for path in folder.glob("*.json")}
    asked = {u for rule in rules("alert") for u in re.findall(r"/d/([\w-]+)", rule["annotations"]["dashboard_url"])}
    assert asked <= made


def test_groups_have_names_of_their_own() -> None:
    """Prometheus' metrics of rule groups, and promtool's order, go by the name."""
    names = [group["name"] for group in groups()]
    assert len(set(names)) == len(names)
