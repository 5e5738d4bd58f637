"""What was agreed: one YAML file a vendor, read into :class:`undertow.domain.contract.Contract`.

Durations are written as ``30d``, ``12h``, ``90m`` or ``45s``; the file name does not matter, ``vendor`` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfoNotFoundError

import msgspec
import yaml

from undertow.clock import day_of
from undertow.domain.contract import Contract

_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_DURATION: Final = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>[smhd])")
_DURATIONS: Final = ("repeat_window", "reopen_window", "horizon")
RESERVED: Final = frozenset({"company", "unknown"})
"""Labels of the metrics: the company's own events, and events of which no vendor could be read."""


class BadContract(ValueError):
    """A contract cannot be used. The message names the file and the key, and says what to write."""


def duration(text: str) -> float:
    """``"30d"`` as seconds. Raises ``ValueError`` with what to write instead."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a duration: write a number and s, m, h or d, such as 30d or 12h")
    return float(found["number"]) * _UNITS[found["unit"]]


def instant(value: object) -> float | None:
    """``"2026-06-30"`` or ``"2026-06-30T12:00:00Z"``, or what YAML makes of them, as seconds; UTC where nothing else is said.

    Raises ``ValueError`` with what to write instead.
    """
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    try:
        when = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"{value!r} is no time: write 2026-06-30 or 2026-06-30T12:00:00Z") from None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def load(folder: Path) -> dict[str, Contract]:
    """All contracts of a folder by vendor. Raises :class:`BadContract`."""
    if not folder.is_dir():
        raise BadContract(f"{folder} is not a folder: put one YAML file a vendor there (at least: 'vendor: acme')")
    files = sorted(path for path in folder.iterdir() if path.suffix in {".yaml", ".yml"})
    if not files:
        raise BadContract(f"{folder} holds no .yaml file: put one a vendor there (at least: 'vendor: acme')")
    return by_vendor((path.name, parse(_text(path), path.name)) for path in files)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadContract(f"{path.name}: cannot be read as text in UTF-8: {error}") from None


def by_vendor(named: Iterable[tuple[str, Contract]]) -> dict[str, Contract]:
    """Contracts by vendor. Raises :class:`BadContract` when two name the same."""
    found: dict[str, Contract] = {}
    for name, contract in named:
        if contract.vendor in found:
            raise BadContract(f"{name}: vendor {contract.vendor!r} has a contract in another file already")
        found[contract.vendor] = contract
    return found


def parse(text: str, name: str) -> Contract:
    """One contract from YAML. Raises :class:`BadContract`."""
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadContract(f"{name}: not YAML: {error}") from None
    if not isinstance(raw, Mapping):
        raise BadContract(f"{name}: expected keys and values, such as 'vendor: acme'")
    return _checked(dict(raw), name)


def _checked(raw: dict[str, Any], name: str) -> Contract:
    for key in _DURATIONS:
        if isinstance(raw.get(key), str):
            try:
                raw[key] = duration(raw[key])
            except ValueError as error:
                raise BadContract(f"{name}: {key}: {error}") from None
    if "as_of" in raw:
        try:
            raw["as_of"] = instant(raw["as_of"])
        except ValueError as error:
            raise BadContract(f"{name}: as_of: {error}") from None
    try:
        contract = msgspec.convert(raw, Contract)
    except msgspec.ValidationError as error:
        raise BadContract(f"{name}: {error}") from None
    if contract.vendor in RESERVED:
        words = " and ".join(sorted(RESERVED))
        raise BadContract(f"{name}: vendor: {contract.vendor!r} is a word of our own ({words} are): write another name")
    try:
        day_of(contract.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder of zones, such as Europe
        raise BadContract(f"{name}: time_zone: {contract.time_zone!r} is no IANA name, such as Europe/Berlin") from None
    return contract
