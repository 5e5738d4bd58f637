"""Reads dashboards as Grafana does: their panels, their queries with the variables filled in, what these name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

GRAFANA: Final = Path(__file__).parents[1] / "dashboards" / "grafana"
CHOSEN: Final = {
    "vendor": ".*",
    "segment": "all",
    "window": "90d",
    "datasource": "prometheus",
    "__range": "1h",
    "__rate_interval": "1m",
}
"""What the variables stand for where a query is run: every vendor, and a window that holds enough tickets."""


@dataclass(frozen=True)
class Asked:
    """One query of one panel, or of the marks of a dashboard."""

    dashboard: str
    panel: str
    ref: str
    expr: str

    def __str__(self) -> str:
        return f"{self.dashboard}: {self.panel} {self.ref}"

    def filled(self, chosen: Mapping[str, str] = CHOSEN) -> str:
        """With the variables filled in."""
        return re.sub(r"\$\{?(\w+)(?::\w+)?\}?", lambda found: chosen[found[1]], self.expr)

    @property
    def metrics(self) -> set[str]:
        return set(re.findall(r"\bundertow_\w+", self.expr))

    @property
    def selectors(self) -> Iterator[tuple[str, str]]:
        """Each metric with a label that is selected on it."""
        for metric, selector in re.findall(r"\b(undertow_\w+)\{([^}]*)\}", self.expr):
            for label in re.findall(r"(\w+)(?:=~|!~|!=|=)", selector):
                yield metric, label

    @property
    def groups(self) -> set[str]:
        """Labels that are aggregated by or matched on."""
        lists = re.findall(r"\b(?:by|on|without|ignoring|group_left|group_right) ?\(([^)]*)\)", self.expr)
        return {label.strip() for some in lists for label in some.split(",") if label.strip()}


def dashboards() -> dict[str, dict[str, Any]]:
    """Every committed dashboard by its uid."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(GRAFANA.glob("*.json"))]
    assert found
    return {one["uid"]: one for one in found}


def panels(dashboard: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All panels but the rows' headings; collapsed rows hold theirs."""
    found = []
    for panel in dashboard["panels"]:
        found += panel["panels"] if panel["type"] == "row" else [panel]
    return found


def asked(dashboard: Mapping[str, Any]) -> list[Asked]:
    """All queries: of the panels, then of the marks."""
    found = [
        Asked(dashboard["uid"], panel["title"], target["refId"], target["expr"])
        for panel in panels(dashboard)
        for target in panel.get("targets", ())
    ]
    marks = dashboard["annotations"].get("list", ()) if "annotations" in dashboard else ()
    return found + [Asked(dashboard["uid"], mark["name"], "mark", mark["expr"]) for mark in marks if "expr" in mark]
