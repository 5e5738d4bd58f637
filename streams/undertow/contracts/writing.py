"""A contract as the file that says it: the demo and the tests hand workers their contracts so."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import msgspec
import yaml

from undertow.contracts.forms import WEEKDAYS
from undertow.contracts.holidays import dated
from undertow.contracts.quantities import A_DAY
from undertow.domain.agreement.calendars import Calendar, Hours
from undertow.domain.agreement.contract import Contract, Target


def written(contract: Contract) -> str:
    """YAML that reads as an equal contract. Feeds and deliveries are left out; holidays are written day by day."""
    said: dict[str, Any] = {"vendor": contract.vendor}
    for field in msgspec.structs.fields(contract):
        value = getattr(contract, field.name)
        if field.name in said or value in (field.default, {}):
            continue
        match value:
            case Calendar():
                said[field.name] = _calendar(value)
            case dict() if field.name == "targets":
                said[field.name] = {measure: [_target(one) for one in some] for measure, some in value.items()}
            case float() if field.name in {"as_of", "imported_until"}:
                said[field.name] = _instant(value)
            case _ if field.name not in {"feeds", "delivery"}:
                said[field.name] = msgspec.to_builtins(value)
    return yaml.safe_dump(said, sort_keys=False, default_flow_style=None)


def _calendar(calendar: Calendar) -> dict[str, Any]:
    said: dict[str, Any] = {"time_zone": calendar.time_zone}
    if calendar.hours:
        said["hours"] = _week(calendar.hours)
    if calendar.changes:
        said["changes"] = [
            {"since": dated(day).isoformat()} | ({"hours": _week(hours)} if hours else {})
            for day, hours in calendar.changes
        ]
    if calendar.holidays:
        said["closed"] = [dated(day).isoformat() for day in sorted(calendar.holidays)]
    return said


def _week(hours: Hours) -> dict[str, list[str]]:
    said: defaultdict[str, list[str]] = defaultdict(list)
    for start, end in hours:
        day = start // A_DAY
        said[WEEKDAYS[day]].append(f"{_clock(start - day * A_DAY)}-{_clock(end - day * A_DAY)}")
    return dict(said)


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _target(target: Target) -> dict[str, Any]:
    said: dict[str, Any] = {"within": f"{target.seconds!r}s"}
    if target.priority is not None:
        said["priority"] = target.priority
    if target.since is not None:
        said["since"] = _instant(target.since)
    return said
