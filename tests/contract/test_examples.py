"""Every example says what it shows: valid ones decode, invalid ones are refused for the reason they give."""

from __future__ import annotations

import json

import pytest

from contract.catalog import (
    EVENTS,
    INLINED,
    INVALID,
    RAW,
    TYPES,
    VALID,
    VALIDATORS,
    WITH_FORMATS,
    as_binary,
    as_structured,
    json_path,
    load,
    properties,
    raw_record,
    tail,
    verdict,
)
from undertow import wire

by_name = {"ids": lambda path: path.stem}
FROM_LATER_STAGES = {"unknown_vendor", "wrong_vendor", "may_not_rule", "unmapped", "too_many_facts", "too_late"}


@pytest.mark.parametrize("path", VALID, **by_name)
def test_a_valid_example_satisfies_its_schema_and_decodes_to_its_type_in_both_modes(path):
    event = load(path)
    name = tail(event["type"])
    WITH_FORMATS[name].validate(event)
    decoded = wire.decode(as_structured(event))
    assert type(decoded) is TYPES[name]
    assert wire.decode(*as_binary(event)) == decoded


@pytest.mark.parametrize("name", EVENTS)
def test_every_type_has_an_example_with_every_property_and_one_with_the_required_ones_only(name):
    folder = VALID[0].parent
    full, minimal = load(folder / f"{name}.json"), load(folder / f"{name}.minimal.json")
    schema = INLINED[name]
    for path in properties(schema):
        at = full
        for step in path:
            assert step in at, f"{json_path(path)} is absent"
            at = at[step]
    assert set(minimal) == set(schema["required"])
    assert set(minimal["data"]) == set(schema["properties"]["data"]["required"])


def test_every_valid_example_belongs_to_a_type():
    assert {path.stem.removesuffix(".minimal") for path in VALID} == set(EVENTS)


def test_the_examples_of_one_source_have_different_ids():
    seen = [(event["source"], event["id"]) for event in map(load, VALID)]
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("path", INVALID, **by_name)
def test_an_invalid_example_is_refused_by_its_schema(path):
    example = load(path)
    event = example["event"]
    name = tail(event.get("type")) if isinstance(event, dict) else ""
    assert example["why"]
    for validator in [VALIDATORS[name]] if name in VALIDATORS else VALIDATORS.values():
        errors = list(validator.iter_errors(event))
        fields = {json_path(tuple(map(str, error.absolute_path))) for error in errors}
        missing = {
            f"{json_path(tuple(map(str, error.absolute_path)))}.{field}"
            for error in errors
            if error.validator == "required"
            for field in error.validator_value
        }
        assert example["field"] in fields | missing


@pytest.mark.parametrize("path", INVALID, **by_name)
def test_an_invalid_example_is_refused_on_the_wire_for_its_reason_and_field(path):
    example = load(path)
    refused = verdict(as_structured(example["event"]))
    assert isinstance(refused, wire.Refused)
    assert (refused.reason, refused.field) == (example["reason"], example["field"])
    assert 0 < len(refused.detail) <= wire.MAX_DETAIL


@pytest.mark.parametrize("entry", load(RAW), ids=lambda entry: entry["name"])
def test_a_raw_example_is_refused_on_the_wire_for_its_reason_and_field(entry):
    refused = verdict(*raw_record(entry))
    assert isinstance(refused, wire.Refused)
    assert (refused.reason, refused.field) == (entry["reason"], entry["field"])
    assert entry["why"]


def test_every_type_has_an_invalid_example():
    shown = {
        tail(event["type"]) for path in INVALID if isinstance(event := load(path)["event"], dict) and "type" in event
    }
    assert set(EVENTS) <= shown


def test_every_reason_the_decoder_can_give_is_shown_by_an_example():
    shown = {load(path)["reason"] for path in INVALID} | {entry["reason"] for entry in load(RAW)}
    assert shown == set(wire.REASONS) - FROM_LATER_STAGES


def test_the_largest_event_is_read_and_one_byte_more_is_not():
    value = json.dumps(load(VALID[0])).encode()
    assert not isinstance(verdict(value.ljust(wire.MAX_EVENT_BYTES)), wire.Refused)
    assert verdict(value.ljust(wire.MAX_EVENT_BYTES + 1)).reason == "too_large"


def test_a_refusal_quotes_a_giant_value_only_in_part():
    event = load(VALID[0]) | {"type": "x" * 100_000}
    assert len(verdict(as_structured(event)).detail) <= wire.MAX_DETAIL


def test_a_value_that_imitates_an_error_message_does_not_mislead_the_reason():
    event = load(VALID[0]) | {"type": "Object missing required field `id` - at `$.data`"}
    refused = verdict(as_structured(event))
    assert (refused.reason, refused.field) == ("unknown_type", "$.type")
