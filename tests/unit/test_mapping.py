"""Declarative mappings: what may be written, and what a refusal says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from undertow.adapters import table
from undertow.adapters.mapping import TYPES, BadMapping, Condition, Doer, File, Mapping, Rule, Term, load
from undertow.adapters.message import Unreadable
from undertow.adapters.shape import Problem

FOLDER = Path(__file__).parents[2] / "deploy/mappings"
GOOD = """
file: {format: csv}
zone: UTC
ticket: "{case}"
customer: "{who}"
time: "{at}"
events:
  - type: ticket.opened
    data: {topic: "{product}"}
  - type: ticket.status_changed
    when: {field: s, present: true}
    data:
      to: {field: s, map: {Done: solved}}
"""


def refused(text: str) -> dict[str, str]:
    """What is wrong, by key as it is spelled."""
    with pytest.raises(BadMapping) as bad:
        table.parsed(yaml.safe_load(text), "acme.yaml")
    said = dict(str(problem).split(": ", 1) for problem in bad.value.problems)
    assert all(f"acme.yaml: {key}: {words}" in str(bad.value) for key, words in said.items())
    return said


def test_a_mapping_that_makes_sense_is_read():
    """Promise: the typed form is what a contract holds."""
    mapping = table.parsed(yaml.safe_load(GOOD))
    assert mapping.events[1].data["to"] == Term(field="s", map={"Done": "solved"})
    assert isinstance(msgspec.json.schema(Mapping), dict)


@pytest.mark.parametrize(
    ("written", "instead", "key", "words"),
    [
        ("format: csv", "format: cvs", "file.format", "write one of csv, json, jsonl, not 'cvs'"),
        ("file: {format: csv}", "", "file", "is missing; write keys and values"),
        ("zone: UTC", "zoen: UTC", "zoen", "there is no such key; did you mean 'zone'?"),
        (
            "zone: UTC",
            "zone: Europe/Rom",
            "zone",
            "'Europe/Rom' is no time zone: write an IANA name such as Europe/Rome",
        ),
        ("zone: UTC", "zone: Europe", "zone", "is no time zone"),
        ("zone: UTC", "zone: 3", "zone", 'write text: "3" in quotes'),
        ("zone: UTC", "missing: 2024-01-01", "missing", "write a list"),
        ("zone: UTC", "missing: [no]", "missing[0]", 'put the word in quotes, such as "yes" or "true"'),
        ("zone: UTC", "source: 2024-01-01", "source", "YAML reads 2024-01-01 as a date: put it in quotes"),
        ("zone: UTC", "forward: maybe", "forward", "write true or false, not 'maybe'"),
        (
            "zone: UTC",
            "time_format: d/m/Y",
            "time_format",
            "'d/m/Y' is no format: write iso, epoch_s, epoch_ms or strptime",
        ),
        ("zone: UTC", "time_format: '%d/%m %H'", "time_format", "leaves out the year, month or day"),
        ("zone: UTC", "time_format: '%Y-%q'", "time_format", "'%Y-%q' is no format of strptime"),
        ("zone: UTC", "time_format: '%d/%m/%Y'", "time", "say no offset: add zone, such as zone: Europe/Rome"),
        (
            "zone: UTC",
            "file: {format: csv, encoding: latin-99}",
            "file.encoding",
            "is no encoding: write one such as utf-8",
        ),
        ("zone: UTC", "file: {format: csv, delimiter: ';;'}", "file.delimiter", "must be one character"),
        ("zone: UTC", "file: {format: csv, quote: '##'}", "file.quote", "must be one character, or empty"),
        ("zone: UTC", "file: {format: csv, rows: a}", "file.rows", "goes with format: json"),
        ("zone: UTC", "file: {format: json, rows: 'a['}", "file.rows", "'a[' is no path"),
        ("zone: UTC", "file: {format: jsonl, skip_lines: 1}", "file.skip_lines", "goes with format: csv"),
        ('"{case}"', "{case}", "ticket", 'put it in quotes: "{case}"'),
        ('"{case}"', '"{case"', "ticket", "a brace stands alone in '{case'"),
        ('"{case}"', '"{@line}"', "ticket", "there is no {@line}"),
        ('"{case}"', '"{@item}"', "ticket", "{@item} goes with each"),
        (
            '"{case}"',
            "{field: '{case}'}",
            "ticket.field",
            "a field is named without braces: write 'case', or text: \"{case}\"",
        ),
        ('"{case}"', "{}", "ticket", "write either field (a column or path) or text"),
        ('"{case}"', "{field: a, text: b}", "ticket", "write either field (a column or path) or text"),
        ('"{case}"', "{field: a, of: frist}", "ticket.of", "write one of first, last, previous, row, not 'frist'"),
        ('"{case}"', "{field: a, of: last}", "ticket.of", "it cannot ask for other rows"),
        ('"{case}"', "null", "events[0].data.ticket", "is missing: ticket.opened needs it"),
        ('"{who}"', "{text: '{a}', of: last}", "customer.of", "goes with field, not with text"),
        ('"{who}"', "{field: a, extract: '('}", "customer.extract", "'(' is no regular expression"),
        ('"{at}"', "null", "events[0].time", "is missing: say here or at the top when it happened"),
        ('"{at}"', "yesterday", "time", "'yesterday' is no time as iso"),
        ('"{product}"', "{field: a, times: 60, map: {a: b}}", "events[0].data.topic.times", "not with a map"),
        ("topic:", "topc:", "events[0].data.topc", "ticket.opened has no such field; did you mean 'topic'?"),
        ("topic:", "vendor:", "events[0].data.vendor", "is the contract's"),
        ("topic:", "actor:", "events[0].data.actor", "stands beside data, as actor: {kind: ..., id: ...}"),
        (
            "ticket.opened",
            "ticket.opend",
            "events[0].type",
            "there is no event 'ticket.opend'; did you mean 'ticket.opened'?",
        ),
        ("type: ticket.opened", "name: x", "events[0].type", "is missing; write text"),
        (
            'topic: "{product}"',
            "topic: x}\n  - type: ticket.linked\n    data: {related: x",
            "events[1].data.relation",
            "is missing",
        ),
        ("ticket.opened", "ticket.opened\n    each: a", "events[0].each", "goes with JSON: a CSV row holds no lists"),
        ("ticket.opened", "ticket.opened\n    name: ticket.status_changed", "events[1].name", "is another rule's name"),
        ("ticket.opened", "ticket.opened\n    actor: {kind: robot}", "events[0].actor.kind", "'robot' is none of "),
        (
            "Done: solved",
            "Done: resolved",
            "events[1].data.to.map.Done",
            "'resolved' is none of closed, new, on_hold, open",
        ),
        (
            "Done: solved",
            "yes: solved",
            "events[1].data.to.map.True",
            "YAML does not read this key as text: put it in quotes",
        ),
        ("map: {Done: solved}", "default: x", "events[1].data.to.default", "'x' is none of closed, new"),
        ("present: true", "is: yes", "events[1].when.is", 'put the word in quotes, such as "yes" or "true"'),
        ("present: true", "matches: '('", "events[1].when.matches", "is no regular expression"),
        ("field: s, present: true", "field: s", "events[1].when", "write what the value must be"),
        ("field: s, present: true", "present: true", "events[1].when", "write the field that is meant"),
        ("field: s, present: true", "", "events[1].when", "is empty: write field and is, or row, or any"),
        ("{field: s, present: true}", "[{row: frist}]", "events[1].when[0].row", "write one of first, last, later"),
        ("zone: UTC", "when: {row: first}", "when", "is asked of a row alone"),
        ("zone: UTC", "when: {any: [{field: a, changed: true}]}", "when", "is asked of a row alone"),
        ("zone: UTC", "order: [{field: a, of: first}]", "order[0].of", "it cannot ask for other rows"),
        ("format: csv}", "format: jsonl}\norder: ['{a[}']", "order[0]", "'a[' is no path: write a.b, a[0] or"),
        ("format: csv}", "format: jsonl}\norder: ['{.a}']", "order[0]", "begins with 1 dots, but there is no each"),
    ],
)
def test_each_mistake_is_answered_with_its_key_and_what_to_write(written, instead, key, words):
    """Promise: one mistake, one message; nothing else is wrong with the mapping."""
    text = GOOD.replace(written, instead, 1)
    if instead.startswith("file:"):
        text = text.replace("file: {format: csv}\n", "", 1)
    assert text != GOOD
    said = refused(text)
    assert words in said.pop(key)
    # a mistake in what holds for every event may show at each of them
    assert all(re.sub(r"\d", "0", other) == re.sub(r"\d", "0", key) for other in said), said


def test_all_mistakes_are_told_at_once_and_none_twice():
    """Promise: words and sense are looked at together; what stands below a mistake is not judged."""
    text = (
        GOOD.replace("csv}", "cvs, delimiter: ab}")
        .replace('"{case}"', "{case}")
        .replace("topic", "topc")
        .replace("solved", "sold")
    )
    assert list(refused(text)) == [
        "file.format",
        "ticket",
        "file.delimiter",
        "events[0].data.topc",
        "events[1].data.to.map.Done",
    ]
    assert list(refused(GOOD.replace("UTC", "Europe/Rom") + "recorded: '{x}'")) == ["zone"]


@pytest.mark.parametrize("raw", [None, [], "x", 3])
def test_what_is_no_mapping_at_all_is_said_in_one_sentence(raw):
    """Promise: an empty file is not answered with a list of everything that it lacks."""
    with pytest.raises(BadMapping) as bad:
        table.parsed(raw)
    assert bad.value.problems == (
        Problem((), "expected keys and values: at least file, ticket, customer, time and events"),
        *bad.value.problems[1:],
    )
    assert all(problem.path in {(), ("file",), ("events",)} for problem in bad.value.problems)


def test_an_empty_list_of_events_is_refused():
    """Promise: a mapping that can say nothing is a mistake."""
    assert "write at least one event" in refused(GOOD[: GOOD.index("events:")] + "events: []")["events"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"file: {format: csv}\nticket: {a}-{b}\n", 'text with braces needs quotes, "{a}-{b}"'),
        (b"file: {format: csv}\nfile: {format: csv}\n", "the key 'file' stands twice"),
        (b"events:\n  - data:\n      to: {map: {a: open, a: solved}}\n", "the key 'a' stands twice"),
        (b"\xff\xfe", "is no text in UTF-8"),
        (b"vendor: acme\nfeeds: []\n", "the contract has 0 feeds with a mapping"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_name(tmp_path, content, why):
    """Promise: a bad mapping is an unreadable file to every command."""
    path = tmp_path / "acme.yaml"
    path.write_bytes(content)
    with pytest.raises(Unreadable, match=r"acme\.yaml") as bad:
        load(path)
    assert why in str(bad.value)


def test_a_mapping_is_found_in_the_contract_it_stands_in_and_in_json_too(tmp_path):
    """Promise: one file says it all; the contract's vendor is the mapping's."""
    path = tmp_path / "acme.yaml"
    feeds: list[Any] = [
        {"topic": "acme", "adapter": "table", "mapping": yaml.safe_load(GOOD)},
        {"topic": "b", "adapter": "x"},
    ]
    path.write_text(yaml.safe_dump({"vendor": "acme", "feeds": feeds}))
    assert table.table(path).vendor == "acme"
    assert table.table(path, "other").vendor == "other"
    path = tmp_path / "acme.json"
    path.write_bytes(msgspec.json.encode(yaml.safe_load(GOOD)))
    assert table.table(path).mapping == table.parsed(yaml.safe_load(GOOD))
    assert table.table(path).vendor == table.NAME


def test_parts_can_be_shared_by_yaml_s_own_anchors(tmp_path):
    """Promise: refusing keys that stand twice does not refuse a merge."""
    path = tmp_path / "a.yaml"
    path.write_text("a: &a {x: 1}\nb: {<<: *a, y: 2}\n")
    assert load(path) == {"a": {"x": 1}, "b": {"x": 1, "y": 2}}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.name)
def test_the_example_mappings_make_sense(path):
    """Promise: what people are told to copy is valid."""
    assert table.table(path).mapping.events


def test_every_event_type_can_be_mapped():
    """Promise: no event of ours needs code to be told; a new one is reached without a change here."""
    for name, kind in TYPES.items():
        data = msgspec.inspect.type_info(kind).fields[-1].type  # type: ignore[attr-defined]
        needed = {
            field.encode_name: {"field": "x"}
            for field in data.fields
            if field.required and field.encode_name != "vendor"
        }
        raw = {"file": {"format": "jsonl"}, "time": "{t}", "events": [{"type": name, "data": needed}]}
        assert table.parsed(raw).events[0].type == name


def test_the_reference_names_every_key_and_its_examples_can_be_used():
    """Promise: the page beside the examples is complete."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    for struct in (Mapping, File, Rule, Term, Condition, Doer):
        for field in msgspec.structs.fields(struct):
            assert f"`{field.encode_name}`" in text, f"{struct.__name__}.{field.encode_name}"
    for name in TYPES:
        assert f"`{name}`" in text, name
    blocks = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert blocks
    for block in blocks:
        table.parsed(yaml.safe_load(block))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "x0: &x0 [a, a, a, a, a, a, a, a, a, a]\n"
            + "".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]\n" for n in range(1, 9))
            + "events: *x8\n",
            "do aliases repeat each other",
        ),
        ("x: &x [*x]\nevents: *x\n", "do aliases repeat each other"),
        ("[" * 5000, "neither YAML nor JSON"),
    ],
    ids=["a billion", "itself", "depth"],
)
def test_a_mapping_that_grows_without_end_is_refused_at_once(tmp_path, text, words):
    """Promise: a mapping may come from a vendor, and reading it takes neither minutes nor the memory there is."""
    file = tmp_path / "acme.yaml"
    file.write_text(text)
    with pytest.raises(BadMapping, match=words):
        load(file)
