"""The JSON Schema of a contract, for editors: made of the types in ``document`` and the docstrings below their fields."""

from __future__ import annotations

import ast
import json
import re
import textwrap
from inspect import cleandoc, getsource
from typing import Any, Final

import msgspec
from msgspec import Struct, inspect

from undertow.contracts.document import Document
from undertow.contracts.forms import FORMS
from undertow.contracts.typed import timed

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
IDENTITY: Final = "urn:undertow:schema:contract"
_SIMPLE: Final[dict[type, str]] = {
    inspect.NoneType: "null",
    inspect.BoolType: "boolean",
    inspect.IntType: "integer",
    inspect.FloatType: "number",
    inspect.StrType: "string",
}


def schema() -> dict[str, Any]:
    """The whole schema. What types cannot say - parts that contradict each other - only ``undertow check`` finds."""
    writer = _Writer()
    root = writer.struct(inspect.type_info(Document))
    return {
        "$schema": DIALECT,
        "$id": IDENTITY,
        "title": "Contract",
        **root,
        "$defs": dict(sorted(writer.defined.items())),
    }


def text() -> str:
    """The schema as the file ``schemas/contract.json``."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


class _Writer:
    def __init__(self) -> None:
        self.defined: dict[str, dict[str, Any]] = {}

    def of(self, kind: inspect.Type) -> dict[str, Any]:
        match kind:
            case inspect.Metadata(extra={"form": name}):
                return FORMS[str(name)].schema() | _limits(kind.type)
            case inspect.Metadata():
                return self.of(kind.type) | (kind.extra_json_schema or {})
            case inspect.UnionType():
                return self._either(kind)
            case inspect.StructType():
                name = kind.cls.__name__
                if name not in self.defined:
                    self.defined[name] = {}  # a type may be part of itself
                    self.defined[name] = self.struct(kind)
                return {"$ref": f"#/$defs/{name}"}
            case inspect.DictType():
                names = self.of(kind.key_type)
                named = {} if names == {"type": "string"} else {"propertyNames": names}
                return {"type": "object", "additionalProperties": self.of(kind.value_type)} | named
            case inspect.VarTupleType():
                return {"type": "array", "items": self.of(kind.item_type)}
            case inspect.LiteralType():
                return {"enum": list(kind.values)}
            case _ if timed(kind):
                return FORMS["duration"].schema() | _limits(kind)
            case _ if type(kind) in _SIMPLE:
                return {"type": _SIMPLE[type(kind)]} | _limits(kind)
        raise TypeError(f"no schema is written for {kind}")

    def struct(self, kind: inspect.Type) -> dict[str, Any]:
        assert isinstance(kind, inspect.StructType)
        said = descriptions(kind.cls)
        properties: dict[str, Any] = {}
        for field in kind.fields:
            part = self.of(field.type)
            if words := said.get(field.name):
                part |= {"description": words}
            if not field.required and (default := _default(field)) is not None:
                part |= {"default": default}
            properties[field.encode_name] = part
        found: dict[str, Any] = {
            "type": "object",
            "description": _one_line(kind.cls.__doc__ or ""),
            "properties": properties,
        }
        if required := [field.encode_name for field in kind.fields if field.required]:
            found["required"] = required
        return found | {"additionalProperties": False}

    def _either(self, kind: inspect.UnionType) -> dict[str, Any]:
        parts = [self.of(part) for part in kind.types]
        simple = all(set(part) == {"type"} and isinstance(part["type"], str) for part in parts)
        return {"type": sorted({part["type"] for part in parts})} if simple else {"anyOf": parts}


def descriptions(cls: type[Struct]) -> dict[str, str]:
    """The docstrings below the fields of a struct, each as one line."""
    (body,) = ast.parse(textwrap.dedent(getsource(cls))).body
    assert isinstance(body, ast.ClassDef)
    found: dict[str, str] = {}
    for field, below in zip(body.body, body.body[1:], strict=False):
        if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name):
            continue
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            found[field.target.id] = _one_line(str(below.value.value))
    return found


def _one_line(words: str) -> str:
    return " ".join(re.sub(r":[a-z]+:`~?([^`]+)`", r"\1", cleandoc(words)).replace("``", "'").split())


def _default(field: inspect.Field) -> Any:  # noqa: ANN401
    default = field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
    match field.type:
        case inspect.Metadata(extra={"form": name}):
            return FORMS[str(name)].spell(default)
        case kind if timed(kind):
            return FORMS["duration"].spell(default)
    if isinstance(default, Struct) or default in (msgspec.UNSET, msgspec.NODEFAULT):
        return None  # its own parts say their defaults
    return msgspec.to_builtins(default)


def _limits(kind: inspect.Type) -> dict[str, Any]:
    words = {
        "exclusiveMinimum": "gt",
        "minimum": "ge",
        "exclusiveMaximum": "lt",
        "maximum": "le",
        "minLength": "min_length",
        "maxLength": "max_length",
    }
    found = {word: getattr(kind, name, None) for word, name in words.items()}
    return {word: limit for word, limit in found.items() if limit is not None}
