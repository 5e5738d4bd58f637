"""Prometheus' rule files as the object that the Prometheus Operator reads: the same rules, so that they cannot drift apart."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import yaml

HEAD: Final = "# Made by `undertow alerts kubernetes` of the rule files: edit those, and make it again.\n"


class BadRules(Exception):
    """A file holds no rules; the message says which."""


class _Dumper(yaml.SafeDumper):
    """Expressions of several lines stay readable."""


def _words(dumper: yaml.SafeDumper, words: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", words, style="|" if "\n" in words else None)


_Dumper.add_representer(str, _words)


def prometheus_rule(files: Iterable[Path], name: str = "undertow") -> dict[str, Any]:
    """The object. Raises :class:`BadRules`."""
    groups: list[Any] = []
    for path in files:
        try:
            said = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise BadRules(f"{path} cannot be read: {' '.join(str(error).split())}") from None
        if not isinstance(said, dict) or not isinstance(said.get("groups"), list):
            raise BadRules(f"{path} is no file of rules: it has no list called groups")
        groups += said["groups"]
    labels = {"app.kubernetes.io/name": "undertow", "app.kubernetes.io/part-of": "undertow"}
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": name, "labels": labels},
        "spec": {"groups": groups},
    }


def text(files: Iterable[Path], name: str = "undertow") -> str:
    """The same as YAML, with a line on how it was made."""
    return HEAD + yaml.dump(prometheus_rule(files, name), Dumper=_Dumper, sort_keys=False, width=140)
