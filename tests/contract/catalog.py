"""The schemas, the examples and the strict reading of both that the contract tests share."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any, get_args

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from undertow import wire
from undertow.events import Envelope, Event

SCHEMAS = Path(__file__).parents[2] / "schemas"
VALID = sorted((SCHEMAS / "examples" / "valid").glob("*.json"))
RAW = SCHEMAS / "examples" / "invalid" / "raw.json"
INVALID = sorted(path for path in (SCHEMAS / "examples" / "invalid").glob("*.json") if path != RAW)


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def tail(tag: object) -> str:
    """``undertow.ticket.opened`` as the schemas' file names spell it."""
    return str(tag).removeprefix("undertow.")


TYPES: dict[str, type[Envelope]] = {tail(kind.__struct_config__.tag): kind for kind in get_args(Event)}
COMMON = load(SCHEMAS / "events" / "common.schema.json")
EVENTS: dict[str, dict[str, Any]] = {
    path.name.removesuffix(".schema.json"): load(path)
    for path in sorted((SCHEMAS / "events").glob("*.schema.json"))
    if path.name != "common.schema.json"
}


def _ecma_pattern(_validator, pattern, instance, _schema):
    """JSON Schema's patterns are ECMA-262's, where ``$`` is the very end; Python's also stands before a newline."""
    if isinstance(instance, str) and not re.search(re.sub(r"\$$", r"\\Z", pattern), instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


_plain = Draft202012Validator.TYPE_CHECKER
Validator = extend(
    Draft202012Validator,
    {"pattern": _ecma_pattern},
    # 5.0 is an integer to JSON Schema and not to us; the one test below names that difference
    type_checker=_plain.redefine("integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)),
)
VALIDATORS = {name: Validator(schema) for name, schema in EVENTS.items()}
WITH_FORMATS = {
    name: Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER) for name, schema in EVENTS.items()
}


def as_structured(event: object) -> bytes:
    return json.dumps(event, ensure_ascii=False).encode()


def as_binary(event: dict[str, Any]) -> tuple[bytes, list[tuple[str, bytes]]]:
    """A structured event the way a vendor's own library would put it in binary mode."""
    attributes = {name: value for name, value in event.items() if name != "data" and isinstance(value, str)}
    return as_structured(event["data"]), [(f"ce_{name}", value.encode()) for name, value in attributes.items()]


def verdict(value: bytes | None, headers: wire.Headers = ()) -> Event | wire.Refused:
    try:
        return wire.decode(value, headers)
    except wire.Refused as refused:
        return refused


def raw_record(entry: dict[str, Any]) -> tuple[bytes | None, list[tuple[str, bytes]]]:
    """An entry of ``raw.json`` as a record's value and headers."""
    value = None if entry["base64"] is None else base64.b64decode(entry["base64"])
    if "pad_to" in entry:
        value = value.ljust(entry["pad_to"])
    headers = [(name, text.encode()) for name, text in entry.get("headers", {}).items()]
    return value, headers + [(name, base64.b64decode(raw)) for name, raw in entry.get("headers_base64", {}).items()]


def inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    """The schema with every reference to ``#/$defs`` replaced by what it names."""
    if isinstance(schema, list):
        return [inlined(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    own = {key: inlined(value, definitions) for key, value in schema.items() if key not in ("$ref", "$defs")}
    if "$ref" not in schema:
        return own
    return inlined(definitions[schema["$ref"].removeprefix("#/$defs/")], definitions) | own


def properties(schema: dict[str, Any], at: tuple[str, ...] = ()) -> dict[tuple[str, ...], dict[str, Any]]:
    """Every property of an inlined schema by its path, objects and what is in them."""
    found = {}
    for name, part in schema.get("properties", {}).items():
        found[(*at, name)] = part
        found |= properties(part, (*at, name))
    return found


def json_path(path: tuple[str, ...]) -> str:
    return ".".join(("$", *path))


def names_field(field: str, path: tuple[str, ...]) -> bool:
    """Whether a refusal's field is the path, above it or below it."""
    mutated, named = json_path(path) + ".", field + "."
    return mutated.startswith(named) or named.startswith(mutated)


INLINED = {name: inlined(schema, schema.get("$defs", {})) for name, schema in EVENTS.items()}
