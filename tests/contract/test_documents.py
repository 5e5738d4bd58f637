"""The AsyncAPI document and the README say what the schemas and the decoder do."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from contract.catalog import EVENTS, INLINED, SCHEMAS, TYPES, load, tail
from undertow import wire
from undertow.stages import letters
from undertow.stages.intake import DeadLetter

ASYNCAPI = yaml.safe_load((SCHEMAS / "asyncapi.yaml").read_text(encoding="utf-8"))
README = (SCHEMAS / "README.md").read_text(encoding="utf-8")
TOPICS = {
    "ticket": "vendor.tickets",
    "claim": "vendor.claims",
    "customer": "customer.activity",
    "feedback": "customer.feedback",
    "dispute": "vendor.disputes",
}
DEAD_LETTERS = "undertow.dead-letters"


def references(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [found for value in part.values() for found in references(value)]
    return [found for value in part for found in references(value)] if isinstance(part, list) else []


def resolved(reference: str) -> Any:
    """What a reference of the AsyncAPI document names; raises where there is nothing."""
    file, _, pointer = reference.partition("#")
    at = load(SCHEMAS / file) if file else ASYNCAPI
    for step in pointer.split("/")[1:]:
        at = at[step.replace("~1", "/").replace("~0", "~")]
    return at


def block(name: str) -> list[str]:
    return README.split(f"<!-- {name} -->\n")[1].split(f"\n<!-- /{name} -->")[0].splitlines()


def test_the_asyncapi_document_is_of_version_3_and_every_reference_names_something():
    assert ASYNCAPI["asyncapi"] == "3.0.0"
    found = references(ASYNCAPI)
    assert found
    for reference in found:
        assert resolved(reference), reference


def test_every_event_file_and_example_is_referred_to():
    named = {Path(reference.partition("#")[0]).name for reference in references(ASYNCAPI)}
    files = [*(SCHEMAS / "events").glob("*.json"), *(SCHEMAS / "examples" / "valid").glob("*.json")]
    assert {path.name for path in files} - {"common.schema.json"} <= named


def test_the_channels_are_the_sources_and_the_dead_letters():
    assert {channel["address"] for channel in ASYNCAPI["channels"].values()} == {
        *TOPICS.values(),
        "undertow.findings",
        "undertow.statements",
        DEAD_LETTERS,
    }
    assert all(name == channel["address"] for name, channel in ASYNCAPI["channels"].items())


def test_sources_are_received_and_dead_letters_sent():
    done = {(part["action"], part["channel"]["$ref"]) for part in ASYNCAPI["operations"].values()}
    expected = {("receive", f"#/channels/{topic}") for topic in TOPICS.values()}
    sent = ("undertow.findings", "undertow.statements", DEAD_LETTERS)
    assert done == expected | {("send", f"#/channels/{name}") for name in sent}


@pytest.mark.parametrize("name", TYPES)
def test_a_type_is_a_message_of_its_channel_in_both_modes(name):
    channel = ASYNCAPI["channels"][TOPICS[name.split(".")[0]]]["messages"]
    messages = ASYNCAPI["components"]["messages"]
    for mode, payload in (("structured", EVENTS[name]), ("binary", EVENTS[name]["properties"]["data"])):
        assert resolved(channel[f"{name}.{mode}"]["$ref"]) == messages[f"{name}.{mode}"]
        message = messages[f"{name}.{mode}"]
        assert tail(message["name"]) == name
        assert resolved(message["payload"]["schema"]["$ref"]) == payload
        assert message["payload"]["schemaFormat"] == "application/schema+json;version=draft-2020-12"
    assert messages[f"{name}.binary"]["headers"]["allOf"][1]["properties"]["ce_type"] == {"const": f"undertow.{name}"}


def test_binary_headers_are_the_envelope_with_its_limits():
    said = ASYNCAPI["components"]["schemas"]["binaryHeaders"]
    envelope = INLINED["ticket.opened"]
    attributes = set(envelope["properties"]) - {"data"}
    assert set(said["properties"]) - {"content-type"} == {f"ce_{name}" for name in attributes}
    assert set(said["required"]) == {f"ce_{name}" for name in envelope["required"] if name != "data"}
    for name in attributes - {"type"}:
        for word in ("const", "minLength", "maxLength"):
            assert said["properties"][f"ce_{name}"].get(word) == envelope["properties"][name].get(word)


def test_a_dead_letter_has_the_documented_headers_and_keeps_within_their_lengths():
    said = ASYNCAPI["components"]["schemas"]["deadLetterHeaders"]
    long = "x" * 10_000
    record = SimpleNamespace(topic="vendor.tickets", partition=3, offset=7, value=b"{", headers=[("ce_id", b"\xff")])
    key, value, headers = letters.record_of(DeadLetter(record, "not_json", long, long))
    own = {name: content.decode() for name, content in headers if not name.startswith(letters.ORIGINAL)}
    assert (key, value) == (b"vendor.tickets/3/7", b"{")
    assert (letters.ORIGINAL + "ce_id", b"\xff") in headers
    assert set(own) == set(said["required"])
    Draft202012Validator(said).validate(own)
    assert len(own["undertow-detail"]) == said["properties"]["undertow-detail"]["maxLength"]
    assert len(own["undertow-field"]) == said["properties"]["undertow-field"]["maxLength"]


def test_the_documents_know_every_reason_and_header_of_a_dead_letter():
    said = ASYNCAPI["components"]["schemas"]["deadLetterHeaders"]
    assert said["properties"]["undertow-reason"]["enum"] == list(wire.REASONS)
    assert set(said["properties"]) - set(said["required"]) == {"undertow-replayed"}
    for header in said["required"]:
        assert f"`{header}`" in README
    limit = f"of more than {wire.MAX_LETTER_BYTES} bytes"
    assert limit in README.replace("\n", " ")
    assert limit in said["properties"]["undertow-carried"]["description"].replace("\n", " ")


def test_the_readmes_table_of_types_is_the_schemas():
    def row(name: str) -> str:
        schema = EVENTS[name]
        data = schema["properties"]["data"]
        optional = [field for field in data["properties"] if field not in data["required"]]
        lists = [", ".join(f"`{field}`" for field in fields) for fields in (data["required"], optional)]
        return " | ".join([f"| `undertow.{name}`", schema["description"].split(" A CloudEvent 1.0")[0], *lists]) + " |"

    assert block("types")[2:] == [row(name) for name in TYPES]


def test_the_readmes_table_of_reasons_is_the_decoders():
    assert block("reasons")[2:] == [f"| `{reason}` | {words} |" for reason, words in wire.REASONS.items()]


def test_the_readmes_examples_can_be_copied():
    structured, data = re.findall(r"```json\n(.+?)```", README, re.DOTALL)
    (headers,) = re.findall(r"```text\n(.+?)```", README, re.DOTALL)
    lines = [line.split(": ", 1) for line in headers.splitlines()]
    event = wire.decode(structured.encode())
    assert wire.decode(data.encode(), [(name, value.encode()) for name, value in lines]) == event
    assert json.loads(structured) == load(SCHEMAS / "examples" / "valid" / "ticket.status_changed.json")


def test_the_readme_states_the_size_and_the_years_that_hold():
    assert f"at most {wire.MAX_EVENT_BYTES} bytes" in README
    assert f"years {wire.EARLIEST_YEAR} to {wire.LATEST_YEAR}" in README
    for schema in EVENTS.values():
        assert f"at most {wire.MAX_EVENT_BYTES} bytes" in schema["description"]


def test_every_topic_and_link_of_the_readme_exists():
    for topic in (*TOPICS.values(), DEAD_LETTERS):
        assert f"`{topic}`" in README
    for target in re.findall(r"\]\((?!https:)([^)]+)\)", README):
        assert (SCHEMAS / target).exists(), target
