"""What a schema accepts decodes, and what it refuses is refused with a field that says where: on generated events."""

from __future__ import annotations

import copy
import json
import re
from datetime import date, datetime, timedelta, timezone
from functools import cache
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from contract.catalog import (
    COMMON,
    EVENTS,
    INLINED,
    TYPES,
    VALID,
    VALIDATORS,
    as_binary,
    as_structured,
    json_path,
    load,
    names_field,
    properties,
    verdict,
)
from undertow import wire

modest = settings(
    max_examples=20, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
FULL = {name: load(VALID[0].parent / f"{name}.json") for name in EVENTS}


@st.composite
def instants(draw):
    """Every form the wire takes: any offset, any precision, the small letters and the space."""
    zone = timezone(timedelta(minutes=draw(st.integers(-23 * 60 - 59, 23 * 60 + 59))))
    when = draw(st.datetimes(datetime(1990, 1, 1), datetime(2099, 12, 31, 23, 59, 58), timezones=st.just(zone)))  # noqa: DTZ001
    text = when.replace(microsecond=0).isoformat(sep=draw(st.sampled_from("Tt ")))
    clock, offset = text[:19], text[19:]
    fraction = draw(st.one_of(st.just(""), st.from_regex(r"\A\.[0-9]{1,12}\Z")))
    offset = draw(st.sampled_from([offset, offset.replace(":", ""), "Z", "z"]))
    return clock + fraction + offset


DAYS = st.dates(date(1990, 1, 1), date(2099, 12, 31)).map(date.isoformat)
BY_PATTERN = {
    COMMON["$defs"]["instant"]["pattern"]: instants(),
    COMMON["$defs"]["day"]["pattern"]: DAYS,
    COMMON["$defs"]["currency"]["pattern"]: st.from_regex(r"\A[A-Z]{3}\Z"),
    r"^[0-9a-f]{16}$": st.from_regex(r"\A[0-9a-f]{16}\Z"),
    COMMON["$defs"]["sequence_or_null"]["pattern"]: st.from_regex(r"\A[0-9]{1,18}\Z"),
}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=3,
)


def values(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of an inlined schema, of the keywords the event schemas use and no other."""
    if "const" in schema:
        return st.just(schema["const"])
    if isinstance(schema["type"], list):
        kind, null = schema["type"]
        assert null == "null"
        return st.none() | values(schema | {"type": kind})
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "pattern" in schema:
        return BY_PATTERN[schema["pattern"]]
    low, high = schema.get("minimum"), schema.get("maximum")
    match schema["type"]:
        case "object":
            return objects(schema)
        case "string":
            return st.text(min_size=schema.get("minLength", 0), max_size=schema["maxLength"])
        case "integer":
            return st.integers(low, high)
        case "number":
            return st.integers(low, high) | st.floats(low, high)
        case "boolean":
            return st.booleans()
    raise AssertionError(f"no event schema is written like {schema}")


def objects(schema: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """The required properties, some of the others, and now and then one that no schema knows."""
    parts = {name: values(part) for name, part in schema["properties"].items()}
    required = {name: parts.pop(name) for name in schema.get("required", ())}
    unknown = st.text(max_size=8).filter(lambda name: name not in schema["properties"])
    known = st.fixed_dictionaries(required, optional=parts)
    return st.builds(lambda extra, own: extra | own, st.dictionaries(unknown, JSON, max_size=1), known)


@cache
def events(name: str) -> st.SearchStrategy[dict[str, Any]]:
    return values(INLINED[name])


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_the_schema_accepts_decodes_and_survives_both_modes(name):
    @modest
    @given(events(name))
    def holds(said):
        assert VALIDATORS[name].is_valid(said)
        decoded = wire.decode(as_structured(said))
        assert type(decoded) is TYPES[name]
        assert wire.decode(*as_binary(said)) == decoded
        again = wire.encode(decoded)
        assert wire.decode(again) == decoded
        assert wire.decode(*wire.encode_binary(decoded)) == decoded
        VALIDATORS[name].validate(json.loads(again))

    holds()


def wrong_values(schema: dict[str, Any]) -> list[Any]:
    """Another JSON type each, and the nearest value beyond each limit; the schema judges which are right."""
    found: list[Any] = [None, True, 0, -1, 1.5, "", "x", [], [1], {}, {"x": 1}, 10**40, "0", "true", "\u0000"]
    if "maxLength" in schema:
        found += ["x" * schema["maxLength"], "x" * (schema["maxLength"] + 1), "\U0001f300" * schema["maxLength"]]
    if "minimum" in schema:
        found += [schema["minimum"], schema["minimum"] - 1, schema["maximum"], schema["maximum"] + 1]
    if "enum" in schema:
        found += [*schema["enum"], schema["enum"][0].upper(), schema["enum"][0] + " "]
    return found + WRONG_TEXT.get(schema.get("pattern", ""), [])


CLOCKS = [
    "2025-03-03T09:00:00Z", "2025-03-03 09:00:00z", "2025-03-03t09:00:00+0100", "2025-03-03T09:00:00-00:00",
    "2025-03-03T09:00:00.1234567890123Z", "1990-01-01T00:00:00+23:59", "2099-12-31T23:59:59.999999-23:59",
    "2025-03-03T09:00:00", "2025-03-03T09:00Z", "2025-03-03", "2025-03-03T09:00:00.Z", "2025-03-03T09:00:00,5Z",
    "2025-03-03T09:00:00+01", "2025-03-03T09:00:00+24:00", "2025-03-03T09:00:00+01:60", "2025-03-03_09:00:00Z",
    "2016-12-31T23:59:60Z", "2025-03-03T24:00:00Z", "2025-03-03T23:60:00Z", "2025-04-31T00:00:00Z",
    "2025-02-29T00:00:00Z", "2024-02-29T00:00:00Z", "2000-02-29T00:00:00Z", "2025-00-10T00:00:00Z",
    "2025-13-10T00:00:00Z", "2025-01-00T00:00:00Z", "2025-01-32T00:00:00Z", "1989-12-31T23:59:59Z",
    "2100-01-01T00:00:00Z", "2100-02-29T00:00:00Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59", "2025-03-03T09:00:00Z\n", " 2025-03-03T09:00:00Z", "20250303T090000Z",
    "1741000000", "2025-W10-1T00:00:00Z", "٢٠٢٥-03-03T09:00:00Z", "2025-03-03T09:00:00+01:00[Europe/Berlin]",
]  # fmt: skip
CALENDAR = [
    "1990-01-01", "2099-12-31", "2024-02-29", "1989-12-31", "2100-01-01", "2025-02-29", "2025-04-31", "2025-3-3",
    "20250303", "2025-03-03Z", "2025-03-03T00:00:00Z", "2025-03-03\n", "0000-01-01", "9999-12-31",
]  # fmt: skip
WRONG_TEXT = {
    COMMON["$defs"]["instant"]["pattern"]: CLOCKS,
    COMMON["$defs"]["day"]["pattern"]: CALENDAR,
    COMMON["$defs"]["currency"]["pattern"]: ["EUR", "eur", "EURO", "EU", "EUR\n", "ÄUR"],
    COMMON["$defs"]["sequence_or_null"]["pattern"]: ["0", "9" * 18, "9" * 19, "+1", "-1", "1.0", "1\n", "٣", " 1"],
}
GONE = object()


def mutated(said: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """The event with one property replaced, or removed."""
    changed = copy.deepcopy(said)
    at = changed
    for step in path[:-1]:
        at = at.setdefault(step, {})
    if value is GONE:
        at.pop(path[-1], None)
    else:
        at[path[-1]] = value
    return changed


def agree(name: str, said: dict[str, Any], path: tuple[str, ...]) -> None:
    """Schema and wire judge alike, and a refusal names the changed field."""
    accepted = VALIDATORS[name].is_valid(said)
    result = verdict(as_structured(said))
    if accepted:
        assert not isinstance(result, wire.Refused), f"the schema accepts it: {result}"
        return
    assert isinstance(result, wire.Refused), f"the schema refuses {json_path(path)} and the wire does not"
    assert names_field(result.field, path), result
    assert result.reason in wire.REASONS
    if path[0] != "data" and not isinstance(said.get(path[0], ""), str):
        return  # a header is always text: binary mode cannot say this
    if isinstance(said.get("data"), dict) and {"specversion", "type"} <= said.keys():
        binary = verdict(*as_binary(said))
        assert isinstance(binary, wire.Refused)
        assert (binary.reason, binary.field) == (result.reason, result.field)


@pytest.mark.parametrize("name", EVENTS)
def test_whatever_happens_to_one_field_schema_and_decoder_judge_alike(name):
    for path, part in properties(INLINED[name]).items():
        for value in (GONE, *wrong_values(part)):
            agree(name, mutated(FULL[name], path, value), path)


@pytest.mark.parametrize("name", EVENTS)
def test_a_generated_event_with_one_field_changed_is_judged_alike(name):
    places = list(properties(INLINED[name]).items())

    @modest
    @given(events(name), st.data())
    def holds(said, data):
        path, part = data.draw(st.sampled_from(places))
        value = data.draw(st.just(GONE) | st.sampled_from(wrong_values(part)) | JSON)
        changed = mutated(said, path, value)
        event("accepted" if VALIDATORS[name].is_valid(changed) else "refused")
        agree(name, changed, path)

    holds()


@pytest.mark.parametrize("name", EVENTS)
def test_a_required_field_that_is_absent_is_called_missing(name):
    schema = INLINED[name]
    paths = [(field,) for field in schema["required"]]
    paths += [("data", field) for field in schema["properties"]["data"]["required"]]
    for path in paths:
        refused = verdict(as_structured(mutated(FULL[name], path, GONE)))
        assert (refused.reason, refused.field) == ("missing_field", json_path(path))


def test_the_calendar_in_the_pattern_is_the_real_one():
    matches = re.compile(COMMON["$defs"]["day"]["pattern"]).search
    for year, month, number in product(range(1988, 2103), range(14), range(33)):
        try:
            real = 1990 <= date(year, month, number).year <= 2099
        except ValueError:
            real = False
        text = f"{year}-{month:02}-{number:02}"
        assert bool(matches(text)) == real, text


def test_an_instant_has_the_same_calendar():
    day = COMMON["$defs"]["day"]["pattern"].removesuffix("$")
    assert COMMON["$defs"]["instant"]["pattern"].startswith(day + "[Tt ]")


def test_what_a_schema_cannot_say_is_a_short_list():
    """The known differences; a new one belongs here and in the README, or is a defect."""
    period = copy.deepcopy(FULL["claim.period"])
    period["data"]["met"] = 5.0
    assert Draft202012Validator(EVENTS["claim.period"]).is_valid(period)
    assert verdict(as_structured(period)).field == "$.data.met"

    rounds_up = FULL["ticket.opened"] | {"time": "2099-12-31T23:59:59.9999999Z"}
    assert VALIDATORS["ticket.opened"].is_valid(rounds_up)
    assert verdict(as_structured(rounds_up)).reason == "time_out_of_range"

    half_a_character = as_structured(FULL["ticket.opened"] | {"id": "@"}).replace(b'"@"', b'"\\ud800"')
    assert VALIDATORS["ticket.opened"].is_valid(json.loads(half_a_character))
    assert verdict(half_a_character).reason == "not_json"
