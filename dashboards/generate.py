"""Writes ``dashboards/grafana/*.json``: ``python -m dashboards.generate`` from the project's root."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from dashboards import engineer, leaders, vendor

FOLDER: Final = Path(__file__).parent / "grafana"


def rendered() -> Mapping[str, str]:
    """Every dashboard as the text of its file, by the file's name."""
    return {f"{room.UID}.json": _text(room.build().build()) for room in (leaders, vendor, engineer)}


def _text(built: object) -> str:
    made: dict[str, Any] = json.loads(json.dumps(built, cls=JSONEncoder))
    for number, panel in enumerate(made["panels"], 1):  # ids are the panels' addresses, which alerts and links use
        panel["id"] = number
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name, text in rendered().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
