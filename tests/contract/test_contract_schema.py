"""The contract's schema for editors and what the reader accepts say the same, in both directions."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from msgspec import inspect

from contract.catalog import SCHEMAS, Validator, inlined, properties
from undertow.contracts import document, parse, schema
from undertow.contracts.nodes import Items, Keys, Leaf, Node, tree
from undertow.contracts.problems import Report
from undertow.contracts.typed import Filler, built_in

FILE = SCHEMAS / "contract.json"
EXAMPLE = SCHEMAS.parent / "deploy" / "contracts" / "acme.yaml"
SCHEMA = schema.schema()
VALIDATOR = Validator(SCHEMA)
DOCUMENT = inspect.type_info(document.Document)
FULL = """
vendor: acme
time_zone: Europe/Berlin
calendar:
  time_zone: Europe/Berlin
  hours: {monday-friday: 09:00-17:00, saturday: [09:00-12:00, 13:00-24:00], sunday: closed}
  holidays: {country: DE, subdivision: BE}
  closed: [12-24, 2026-12-31]
  changes: [{since: 2027-01-01, hours: {monday-friday: 08:00-20:00}}]
  open: [05-01]
targets:
  next_response: 4h
  first_response: [{within: 2h, priority: high, since: 2026-07-01}, {within: 30}]
reading: {clock: business, pauses: all, paused: [pending], reply: bot, solve: first, reset: never, priority: end,
  start: opened, waits: later, unit: minute, empty_weeks: counted}
readings: {other: {clock: calendar}}
repeat_window: 30d
reopen_window: 1209600
solve_time: row
promise_grace: 1h
good_csat: 4
segments: [basic]
minimum_n: 20
tolerance: 0.1
objective: 0.98
patterns: {closed_within: 5m, false_alarm: 0.05, last_days: 2, blames: [customer error], numbering: none}
alerts: {silent_after: 8h, promise_broken: 0.05, repeat_failure: 0.02, unverifiable: 0.1, backdated: 0.05, equity: 0.05}
period: month
horizon: 200d
as_of: 2026-06-30
imported_until: 2026-05-31
keep_all: false
feeds:
  - {topic: acme.tickets, adapter: cloudevents}
  - topic: acme.log
    adapter: table
    mapping:
      file: {format: csv, columns: [Case, Who, When]}
      ticket: "{Case}"
      customer: "{Who}"
      time: "{When}"
      events: [{type: ticket.opened}]
delivery:
  after: 3d
  since: 2026-07-01
  to:
    - {kind: webhook, address: "https://hooks.acme.example/sla", secret_variable: ACME_WEBHOOK}
"""
SAMPLES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 0.5, 5, 5.0, 90, 1e15, "", "x", "30d", "0.5h", "-1d", "09:00-17:00", "25:00-26:00"),
    *("closed", "2026-07-01", "07-01", "Europe/Berlin", "DE", "pending", "x" * 300, [], ["x"], ["pending"], [5], [{}]),
    *({}, {"x": 1}, {"monday": "closed"}, {"next_response": "1h"}, {"other": {}}),
)
BEYOND_A_PATTERN = {"zone", "country", "day", "since", "instant", "hours", "topic", "days"}
"""Forms of which a schema can only say how they look."""
ELSEWHERE = ("mapping",)
"""Parts that another room reads, by rules of its own."""


def builtins(text: str) -> Any:
    root = tree(text, Report())
    assert isinstance(root, Keys)
    return built_in(root)


def node(said: Any) -> Node:
    """Builtins as the reader's tree: what :func:`builtins` made of one."""
    if isinstance(said, dict):
        return Keys({key: (1, node(value)) for key, value in said.items()}, 1)
    return Items(tuple(map(node, said)), 1) if isinstance(said, list) else Leaf(said, 1)


def read(said: Any) -> list[str]:
    """What the reader finds wrong with the words, before it asks for their sense."""
    report = Report()
    root = node(said)
    assert isinstance(root, Keys)
    Filler(report).struct(root, DOCUMENT, ())
    return [f"{problem.key}: {problem.words}" for problem in report.problems()]


def places(said: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document."""
    inside = said.items() if isinstance(said, dict) else enumerate(said) if isinstance(said, list) else ()
    return [(*at, step) for step, _ in inside] + [
        deeper for step, part in inside if step not in ELSEWHERE for deeper in places(part, (*at, step))
    ]


def put(said: Any, place: tuple[Any, ...], value: Any) -> Any:
    """A copy with another value at the place."""
    copy = json.loads(json.dumps(said))
    at = copy
    for step in place[:-1]:
        at = at[step]
    at[place[-1]] = value
    return copy


def form_at(place: tuple[Any, ...]) -> set[str]:
    """The names of the forms a place may have, found in the types."""
    kinds: list[inspect.Type] = [DOCUMENT]
    for step in place:
        kinds = [deeper for kind in kinds for deeper in below(kind, step)]
    return {name for kind in kinds for name in forms(kind)}


def below(kind: inspect.Type, step: Any) -> list[inspect.Type]:
    match kind:
        case inspect.Metadata():
            return [] if kind.extra and "form" in kind.extra else below(kind.type, step)
        case inspect.UnionType():
            return [deeper for part in kind.types for deeper in below(part, step)]
        case inspect.StructType():
            return [field.type for field in kind.fields if field.encode_name == step]
        case inspect.DictType():
            return [kind.value_type]
        case inspect.VarTupleType():
            return [kind.item_type]
    return []


def forms(kind: inspect.Type) -> set[str]:
    """Of the kind, and of what may be in it."""
    match kind:
        case inspect.Metadata(extra={"form": name}):
            return {str(name)}
        case inspect.Metadata():
            return forms(kind.type)
        case inspect.UnionType():
            return {name for part in kind.types for name in forms(part)}
        case inspect.VarTupleType():
            return forms(kind.item_type)
        case inspect.DictType():
            return forms(kind.key_type) | forms(kind.value_type)
    return set()


def test_the_file_is_what_the_types_say():
    """Run ``undertow check --schema > schemas/contract.json`` when this fails."""
    assert FILE.read_text(encoding="utf-8") == schema.text()


def test_the_schema_is_valid_and_every_reference_in_it_leads_somewhere():
    Draft202012Validator.check_schema(SCHEMA)
    referred = set(re.findall(r'"#/\$defs/([^"]+)"', json.dumps(SCHEMA)))
    assert referred == set(SCHEMA["$defs"])


def test_everything_a_contract_may_say_is_described():
    of_mappings = {"Mapping", "Rule", "Term", "Condition", "Doer", "File"}
    of_patterns = {"Patterns", "Allowed"}
    for name, part in {"Contract": SCHEMA, **SCHEMA["$defs"]}.items():
        assert part["description"], name
        if name not in of_mappings | of_patterns:
            for key, property_ in part["properties"].items():
                assert property_.get("description"), f"{name}.{key}"
    assert "``" not in schema.text()
    assert ":class:" not in schema.text()


@pytest.mark.parametrize(
    "text", [FULL, "vendor: acme", EXAMPLE.read_text(encoding="utf-8")], ids=["full", "least", "example"]
)
def test_a_good_contract_satisfies_the_schema_and_is_read(text):
    VALIDATOR.validate(builtins(text))
    assert parse(text, "acme.yaml").vendor == "acme"


def test_the_full_contract_says_everything_that_the_schema_knows():
    said, at = builtins(FULL), inlined({**SCHEMA, "properties": {**SCHEMA["properties"], "feeds": {}}}, SCHEMA["$defs"])
    assert set(said) == set(SCHEMA["properties"])
    for path in properties(at):
        if path[0] != "patterns":
            part = said
            for step in path:
                assert step in part, path
                part = part[step]


def test_the_defaults_of_the_schema_are_the_reader_s():
    said = {name: part["default"] for name, part in SCHEMA["properties"].items() if "default" in part}
    assert {"repeat_window", "minimum_n", "keep_all", "targets"} <= set(said)
    assert parse(json.dumps({"vendor": "acme", **said}), "a") == parse("vendor: acme", "a")
    for name in ("Reading", "Patterns", "Alerts"):
        parts = {key: part["default"] for key, part in SCHEMA["$defs"][name]["properties"].items() if "default" in part}
        assert parts
        assert parse(json.dumps({"vendor": "a", name.lower(): parts}), "a") == parse("vendor: a", "a")


def test_the_schema_and_the_reader_refuse_the_same_values_in_every_place():
    """Every place of the full contract takes every sample; where they differ, only the reader can know better."""
    full = builtins(FULL)
    compared = refused = 0
    for place in places(full):
        if (
            "mapping" in place or "to" in place
        ):  # what a receiver has to say depends on its kind: tests/unit/test_receivers.py
            continue
        part = {"vendor": "acme", place[0]: full[place[0]]}
        for value in SAMPLES:
            said = put(part, place, value)
            problems, valid = read(said), VALIDATOR.is_valid(said)
            compared += 1
            refused += bool(problems)
            if not valid:
                assert problems, f"only the schema refuses {value!r} at {place}"
            elif problems:
                assert form_at(place) & BEYOND_A_PATTERN, f"only the reader refuses {value!r} at {place}: {problems}"
    assert compared > 2000
    assert refused > compared / 2


@pytest.mark.parametrize(
    "place", [(), ("calendar",), ("reading",), ("patterns",), ("calendar", "holidays"), ("feeds", 0)]
)
def test_an_unknown_key_is_refused_by_both(place):
    said = put(builtins(FULL), (*place, "unknown_key"), 1)
    assert not VALIDATOR.is_valid(said)
    assert any("there is no such key" in problem for problem in read(said))


def test_the_example_names_the_schema_for_editors():
    first = EXAMPLE.read_text(encoding="utf-8").splitlines()[0]
    named = re.fullmatch(r"# yaml-language-server: \$schema=(.+)", first)
    assert named
    assert (EXAMPLE.parent / named[1]).resolve() == FILE.resolve()
