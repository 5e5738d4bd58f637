"""Schemas and Python types say the same: names, what is required, nullable, enumerated, and every limit."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from msgspec import inspect

from contract.catalog import COMMON, EVENTS, INLINED, TYPES, properties, tail
from undertow.events import Actor
from undertow.wire import MAX_SEQUENCE

INSTANT = COMMON["$defs"]["instant"]["pattern"]
DAY = COMMON["$defs"]["day"]["pattern"]
LIMITS = ("min_length", "max_length", "ge", "le", "pattern")
BY_WIRE = {"sequence": {"pattern": f"^[0-9]{{1,{MAX_SEQUENCE}}}$"}}
"""Limits which the decoder checks by hand; test_schemas_match_decoder holds them to the schema's words."""
KEYWORDS = ("type", "minLength", "maxLength", "minimum", "maximum", "pattern", "enum")


def limits(kind: inspect.Type) -> dict[str, Any]:
    """A msgspec type in JSON Schema's words, the way the schemas are written."""
    match kind:
        case inspect.UnionType(types=types):
            one = limits(next(part for part in types if not isinstance(part, inspect.NoneType)))
            return one | {"type": [one["type"], "null"]}
        case inspect.LiteralType(values=values):
            return {"type": "string", "enum": sorted(values)}
        case inspect.StrType():
            said = {"type": "string", "minLength": kind.min_length, "maxLength": kind.max_length}
            said["pattern"] = kind.pattern and kind.pattern.replace(r"\Z", "$")
        case inspect.FloatType():
            said = {"type": "number", "minimum": kind.ge, "maximum": kind.le}
        case inspect.IntType():
            said = {"type": "integer", "minimum": kind.ge, "maximum": kind.le}
        case inspect.BoolType():
            said = {"type": "boolean"}
        case inspect.DateTimeType(tz=True):
            said = {"type": "string", "pattern": INSTANT}
        case inspect.DateType():
            said = {"type": "string", "pattern": DAY}
        case inspect.StructType():
            said = {"type": "object"}
        case _:
            raise AssertionError(f"no schema is written like {kind}")
    return {word: value for word, value in said.items() if value is not None}


def said(schema: dict[str, Any]) -> dict[str, Any]:
    found = {word: schema[word] for word in KEYWORDS if word in schema}
    if "const" in schema:
        found = {"type": "string", "enum": [schema["const"]]}
    return found | ({"enum": sorted(found["enum"])} if "enum" in found else {})


def compare(kind: inspect.StructType, schema: dict[str, Any], tag: frozenset[str] = frozenset()) -> None:
    fields = {field.name: field for field in kind.fields}
    assert set(fields) | tag == set(schema["properties"])
    assert {name for name, field in fields.items() if field.required} | tag == set(schema.get("required", ()))
    for name, field in fields.items():
        part = schema["properties"][name]
        assert said(part) == limits(field.type) | BY_WIRE.get(name, {}), name
        if not field.required:
            default = msgspec.to_builtins(field.default, builtin_types=(datetime, date))
            expected = {"kind": "unknown"} if field.default == Actor() else default
            assert "default" in part, name
            assert part["default"] == expected, name
        if isinstance(field.type, inspect.StructType):
            compare(field.type, part)


def test_every_event_type_has_a_schema_and_every_schema_an_event_type():
    assert set(EVENTS) == set(TYPES)


@pytest.mark.parametrize("name", TYPES)
def test_a_schema_has_the_fields_requirements_defaults_and_limits_of_its_type(name):
    compare(inspect.type_info(TYPES[name]), INLINED[name], tag=frozenset({"type"}))


@pytest.mark.parametrize("name", EVENTS)
def test_a_schema_is_valid_and_named_after_its_type(name):
    schema = EVENTS[name]
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:undertow:schema:{name}"
    assert tail(schema["properties"]["type"]["const"]) == name
    assert schema["title"]
    assert schema["description"]


@pytest.mark.parametrize("name", EVENTS)
def test_every_property_is_described(name):
    for path, part in properties(INLINED[name]).items():
        assert part.get("description"), path


@pytest.mark.parametrize("name", EVENTS)
def test_a_schema_stands_alone_with_the_shared_definitions_word_for_word(name):
    schema = EVENTS[name]
    referred = {part.split('"')[0] for part in json.dumps(schema).split('"#/$defs/')[1:]}
    assert schema["$defs"] == {word: part for word, part in COMMON["$defs"].items() if word in referred}


def test_every_shared_definition_is_used_and_the_shared_file_is_valid():
    Draft202012Validator.check_schema(COMMON)
    assert set(COMMON["$defs"]) == {word for schema in EVENTS.values() for word in schema["$defs"]}


@pytest.mark.parametrize("name", EVENTS)
def test_an_unknown_property_is_allowed_everywhere(name):
    for part in (INLINED[name], *properties(INLINED[name]).values()):
        assert "additionalProperties" not in part
        assert "unevaluatedProperties" not in part
