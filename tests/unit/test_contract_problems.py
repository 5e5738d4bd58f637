"""Bad contracts: every problem at once, each with its line, its key and what to write instead."""

from __future__ import annotations

import re

import pytest

from undertow.contracts import BadContract, by_vendor, parse

HEAD = "vendor: acme\n"


def problems(text: str) -> list[str]:
    with pytest.raises(BadContract) as refused:
        parse(text, "acme.yaml")
    return str(refused.value).splitlines()


EVERYTHING = """vendr: acme
time_zone: Europe/Berln
repeat_window: 30 days
tolerance: 10%
calendar:
  hours:
    monday: 22:00-06:00
    fryday: 09:00-17:00
targets:
  first_respons: 4h
  next_response:
    - within: 0h
      prio: high
segments: [gold, all, gold]
objective: 0.5
horizon: 10d
reading: {clock: bussiness}
keep_all: yes
keep_all: false
"""


def test_one_look_shows_every_problem_in_the_order_of_the_lines():
    """Promise: nobody has to mend a file one message at a time."""
    told = [re.match(r"acme\.yaml:(\d+): ([^ ]+): ", line) for line in problems(EVERYTHING)]
    found = [(int(match[1]), match[2]) for match in told if match]
    assert found == sorted(found)
    assert set(found) == {
        (1, "vendor"),
        (1, "vendr"),
        (2, "time_zone"),
        (3, "repeat_window"),
        (4, "tolerance"),
        (7, "calendar.hours.monday"),
        (8, "calendar.hours.fryday"),
        (10, "targets.first_respons"),
        (12, "targets.next_response[0].within"),
        (13, "targets.next_response[0].prio"),
        (14, "segments[1]"),
        (14, "segments[2]"),
        (15, "objective"),
        (16, "horizon"),
        (17, "reading.clock"),
        (18, "keep_all"),
        (19, "keep_all"),
    }


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        # what YAML itself refuses, and what is read otherwise than one thinks
        ("a: [1\nb: 2", 2, "not YAML"),
        ("a: 1\n\tb: 2", 2, "not YAML"),
        ("a: &x [*x]", 1, "stands within itself"),
        ("vendor: !!python/none x", 1, "leave it out"),
        ("vendor: a\n? [b]\n: 1", 2, "a key must be a word"),
        (f"{HEAD}segments: [gold]\nsegments: [basic]", 3, "segments: stands twice, first in line 2: leave one"),
        (f"{HEAD}targets: {{first_response: [{{within: 1h, priority: 1}}]}}", 2, 'write "1" in quotes'),
        # keys
        (f"{HEAD}minimum: 3", 2, "did you mean minimum_n?"),
        (
            f"{HEAD}readings: {{a: {{puases: none}}}}",
            2,
            "readings.a.puases: there is no such key; did you mean pauses?",
        ),
        (f"{HEAD}patterns: {{zzz: 1}}", 2, "the keys here are false_alarm,"),
        # values
        (f"{HEAD}period: monthly", 2, "'monthly' is not possible: write one of month, rolling; did you mean month?"),
        (f"{HEAD}minimum_n: 2.5", 2, "write a whole number, not 2.5"),
        (f"{HEAD}minimum_n: 0x10", 2, "write a whole number, not '0x10'"),
        (f"{HEAD}minimum_n: true", 2, "write a whole number, not True"),
        (f"{HEAD}good_csat: 101", 2, "101 is too large: write at most 100"),
        (f"{HEAD}tolerance: 10%", 2, "write 10% as a ratio, such as 0.1 for 10%"),
        (f"{HEAD}repeat_window: 4000d", 2, "4000d is too large: write at most 3650d"),
        (f"{HEAD}repeat_window:", 2, "has no value: write a duration such as 4h, or leave the key out"),
        (f"{HEAD}repeat_window: [1d]", 2, "write a duration such as 4h, not a list"),
        (f"{HEAD}promise_grace: 1e999", 2, "finite"),
        (f"{HEAD}patterns: {{closed_within: 0s}}", 2, "0s is too small: write more than 0s"),
        (f"{HEAD}patterns: {{closed_within: soon}}", 2, "write a number, not 'soon'"),
        (f"{HEAD}segments: ['']", 2, "segments[0]: is empty"),
        (f"{HEAD}keep_all: yes", 2, "write true or false, not 'yes'"),
        (f"{HEAD}as_of: yesterday", 2, "'yesterday' is no time: write 2026-06-30"),
        # hours
        (f"{HEAD}calendar: {{hours: {{monday: 9-17}}}}", 2, "write them as 09:00-17:00"),
        (
            f"{HEAD}calendar: {{hours: {{monday: 22:00-06:00}}}}",
            2,
            "write 22:00-24:00, and 00:00-06:00 for the day after",
        ),
        (f"{HEAD}calendar: {{hours: {{monday: 22:00-00:00}}}}", 2, "ends before it starts: write 22:00-24:00"),
        (f"{HEAD}calendar: {{hours: {{monday: 09:00-25:00}}}}", 2, "leaves the day"),
        (f"{HEAD}calendar: {{hours: {{monday: 09:00-16:60}}}}", 2, "leaves the day"),
        (f"{HEAD}calendar: {{hours: {{monday: 09:00-09:00}}}}", 2, "ends as it starts"),
        (f"{HEAD}calendar: {{hours: {{saturday-monday: 09:00-17:00}}}}", 2, "a week begins on monday"),
        (
            f"{HEAD}calendar:\n  hours:\n    monday-friday: 9:00-17:00\n    friday: 9:00-12:00",
            5,
            "under monday-friday already",
        ),
        (f"{HEAD}calendar: {{hours: {{}}}}", 2, "this clock never runs"),
        (f"{HEAD}calendar: {{hours: {{sunday: closed}}}}", 2, "this clock never runs"),
        # days
        (f"{HEAD}calendar: {{closed: [2026-02-29]}}", 2, "calendar.closed[0]: '2026-02-29' is no day"),
        (f"{HEAD}calendar: {{closed: [26-12-24]}}", 2, "is no day"),
        (f"{HEAD}calendar: {{closed: [1970-01-01]}}", 2, "years run from 1990"),
        (f"{HEAD}calendar: {{closed: [12-24], open: [12-24]}}", 2, "the same day stands under open"),
        (f"{HEAD}calendar: {{open: [2026-05-01]}}", 2, "is no holiday: a day is open as its weekday anyway"),
        (
            f"{HEAD}calendar: {{hours: {{monday-friday: 9:00-17:00}}, holidays: {{country: DE}}, open: [2026-10-03]}}",
            2,
            "is a saturday, which has no hours",
        ),
        (f"{HEAD}calendar: {{holidays: {{country: de}}}}", 2, "did you mean DE?"),
        (f"{HEAD}calendar: {{holidays: {{country: DE, subdivision: XX}}}}", 2, "write one of BB, BE,"),
        (f"{HEAD}calendar: {{holidays: {{subdivision: BE}}}}", 2, "calendar.holidays.country: is missing"),
        # targets
        (f"{HEAD}targets: {{csat: 4h}}", 2, "targets.csat: 'csat' is not possible: write one of agent_work,"),
        (f"{HEAD}targets: {{first_response: 0h}}", 2, "write more than 0s"),
        (f"{HEAD}targets: {{first_response: []}}", 2, "holds no target"),
        (f"{HEAD}targets: {{first_response: [4h]}}", 2, "write keys and values, not '4h'"),
        (f"{HEAD}targets: {{first_response: [{{within: 4h, since: soon}}]}}", 2, "'soon' is no day: write 2026-07-01"),
        (f"{HEAD}targets: {{first_response: [{{within: 4h, since: 2026-07-01T08:00}}]}}", 2, "has no offset"),
        (
            f"{HEAD}targets:\n  first_response:\n    - within: 4h\n    - {{within: 1h, priority: p}}\n    - within: 3h",
            6,
            "targets.first_response[2]: any priority has a target from the same day on in line 4",
        ),
        (
            f"{HEAD}time_zone: Asia/Tokyo\ntargets:\n  first_response:\n    - {{within: 4h, since: 2026-07-01}}\n"
            "    - {within: 3h, since: 2026-06-30T20:00:00Z}",
            6,
            "any priority has a target from the same day on in line 5",
        ),
        # parts that contradict each other
        (f"{HEAD}horizon: 20d\nrepeat_window: 21d", 3, "repeat_window 21d is longer than tickets are kept, 20d"),
        (f"{HEAD}horizon: 20d", 2, "repeat_window 30d is longer than tickets are kept, 20d"),
        (f"{HEAD}horizon: 40d\npromise_grace: 50d", 3, "longer than tickets are kept"),
        (f"{HEAD}horizon: 40d\npatterns: {{backdated_after: 41d}}", 3, "patterns.backdated_after 41d is longer"),
        (f"{HEAD}targets: {{first_resolution: 200d}}", 2, "200d can never be missed"),
        (f"{HEAD}horizon: 40d\nkeep_all: true", 2, "keep_all says never: leave one"),
        (f"{HEAD}objective: 0.5", 2, "can never fire"),
        (f"{HEAD}objective: 0.6666", 2, "can never fire"),
        (f"{HEAD}segments: [all]", 2, "'all' is what all customers together are called"),
        (f"{HEAD}segments: [other]", 2, "leave it out"),
        (f"{HEAD}reading: {{clock: business}}", 2, "no hours and no holidays are agreed"),
        (f"{HEAD}reading: {{paused: []}}", 2, "write pauses: none"),
        (f"{HEAD}readings: {{x: {{pauses: all, paused: []}}}}", 2, "readings.x.paused: is empty"),
        (f"{HEAD}readings: {{agreed: {{}}}}", 2, "is the name of the reading under 'reading'"),
        # feeds
        (f"{HEAD}feeds: [{{topic: a b, adapter: cloudevents}}]", 2, "is no name of a topic"),
        (f"{HEAD}feeds: [{{topic: undertow.cells, adapter: cloudevents}}]", 2, "a topic of our own"),
        (f"{HEAD}feeds: [{{topic: a, adapter: cloudevent}}]", 2, "did you mean cloudevents?"),
        (
            f"{HEAD}feeds: [{{topic: a, adapter: cloudevents}},\n  {{topic: a, adapter: zendesk}}]",
            3,
            "already in line 2",
        ),
        (f"{HEAD}feeds: [{{topic: a, adapter: table}}]", 2, "feeds[0].mapping: is missing"),
        (
            f"{HEAD}feeds:\n  - topic: a\n    adapter: table\n    mapping:\n      file: {{format: xls}}",
            6,
            "mapping.file.format",
        ),
        (
            f'{HEAD}feeds: [{{topic: a, adapter: cloudevents, mapping: {{file: {{format: json}}, ticket: "{{a}}", '
            'customer: "{b}", time: "{c}", events: [{type: ticket.opened}]}}]',
            2,
            "knows its format: leave the mapping out",
        ),
    ],
)
def test_a_problem_is_told_with_its_line_and_what_to_write(text, line, words):
    """Promise: the message stands at the line to change, and says how."""
    told = problems(text)
    assert [entry for entry in told if entry.startswith(f"acme.yaml:{line}: ") and words in entry], told


@pytest.mark.parametrize(
    "text",
    [
        "objective: 0.67",
        "objective: 1",
        "horizon: 30d",
        "targets: {first_resolution: 120d}",
        "targets: {first_response: [{within: 1h}, {within: 1h, priority: a}, {within: 1h, since: 2026-01-01}]}",
        "calendar: {hours: {monday: 00:00-24:00}}",
        "calendar: {hours: {monday: [09:00-12:00, 11:00-13:00]}}",
        "calendar: {holidays: {country: DE}}\nreading: {clock: business}",
        "calendar: {hours: {monday-friday: 9:00-17:00}, holidays: {country: DE}, open: [10-03]}",
        "reading: {pauses: none, paused: []}",
        "segments: &some [a, b]\npatterns: {blames: *some}",
    ],
)
def test_what_is_only_just_possible_is_accepted(text):
    """Promise: only what cannot be meant is refused."""
    assert parse(HEAD + text, "acme.yaml")


def test_one_mistake_is_told_once():
    """Promise: nothing is concluded from what could not be read."""
    assert len(problems(f"{HEAD}calendar: {{hours: {{monday: 9-17}}}}\nreading: {{clock: business}}")) == 1
    assert len(problems(f"{HEAD}horizon: ten days")) == 1
    assert len(problems(f"{HEAD}calendar: {{holidays: {{country: XX}}, open: [05-01]}}")) == 1


def test_a_giant_made_of_aliases_is_refused():
    """Promise: a small file cannot fill the memory."""
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    for one, other in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{other}: &{other} [{', '.join([f'*{one}'] * 10)}]")
    assert "do aliases repeat each other?" in problems("\n".join(lines))[0]


def test_deeply_nested_lists_are_refused():
    """Promise: what overflows the parser's stack is a bad contract and no crash."""
    assert "not YAML" in problems("[" * 1000)[0]


def test_one_topic_is_read_in_one_way_by_all_contracts():
    """Promise: only CloudEvents say which vendor they are of."""
    shared = "feeds: [{topic: t, adapter: cloudevents}]"
    assert by_vendor((name, parse(f"vendor: {name}\n{shared}", name)) for name in "ab")
    own = "feeds: [{topic: t, adapter: zendesk}]"
    for first, second in ((shared, own), (own, shared), (own, own)):
        with pytest.raises(BadContract, match="b: feeds: 't' is read by the contract a, too"):
            by_vendor([("a", parse(f"vendor: a\n{first}", "a")), ("b", parse(f"vendor: b\n{second}", "b"))])


def test_changes_of_hours_say_what_is_wrong_with_them():
    """Promise: a change begins with a day, once, and leaves some day open."""
    told = problems(
        HEAD
        + """calendar:
  hours: {monday: 09:00-17:00}
  changes:
    - {since: 2026-07-01T12:00:00Z, hours: {monday: 10:00-17:00}}
    - {since: 2026-07-01, hours: {monday: closed}}
    - {since: 2026-07-01, hours: {monday-tuesday: 09:00-12:00, tuesday: 13:00-15:00}}
"""
    )
    assert sorted(line.split(" ")[1] for line in told) == [
        "calendar.changes[0].since:",
        "calendar.changes[1].hours:",
        "calendar.changes[2].hours.tuesday:",
        "calendar.changes[2].since:",
    ]
    assert "hours change with a day" in told[0]
