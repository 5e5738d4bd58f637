"""What a PromQL expression names: metrics, labels of selectors, labels of clauses. Enough for rules, no parser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
RULES = sorted((ROOT / "deploy" / "prometheus").glob("undertow.*.yaml"))
EVERYWHERE = frozenset({"job", "instance"})
"""Labels that Prometheus adds."""


def groups() -> list[dict[str, Any]]:
    return [group for path in RULES for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]]


def rules(kind: str) -> list[dict[str, Any]]:
    """All recording rules (``record``) or alerts (``alert``)."""
    return [rule for group in groups() for rule in group["rules"] if kind in rule]


def alert_names() -> list[str]:
    return sorted({rule["alert"] for rule in rules("alert")})


def metrics(expression: str) -> Iterator[tuple[str, set[str]]]:
    """Every metric with the labels of its selector. Strings are taken out first, for they may hold anything."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', expression)
    for found in re.finditer(r"(?<![\w:$])([a-zA-Z_:][\w:]*)\s*(\{[^}]*\})?", bare):
        name, selector = found[1], found[2] or ""
        if "undertow_" in name or name == "up":
            yield name, set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selector))


def clauses(expression: str) -> set[str]:
    """The labels after ``by``, ``on`` and ``group_left``."""
    return {
        label
        for inside in re.findall(r"\b(?:by|on|without|ignoring|group_left|group_right)\s*\(([^)]*)\)", expression)
        for label in re.findall(r"\w+", inside)
    }
