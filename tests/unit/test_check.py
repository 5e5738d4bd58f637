"""``undertow check``: what it says of a good contract, of a bad one, and with which exit code."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import get_args, get_type_hints

import pytest
from click.testing import CliRunner
from msgspec import structs

from undertow import exits
from undertow.cli.main import cli
from undertow.contracts import examined, parse, schema
from undertow.contracts.definitions import definitions
from undertow.contracts.holidays import number
from undertow.contracts.words import READS, explained, reads
from undertow.domain.agreement.contract import DAY
from undertow.domain.agreement.periods import Period
from undertow.domain.agreement.readings import Reading
from undertow.domain.agreement.thresholds import Allowed
from undertow.domain.measuring.measures import TIMED

NEVER = "What can never happen under it"
NOW = datetime(2026, 4, 20, 12, tzinfo=UTC).timestamp()
FULL = """
vendor: acme
time_zone: Europe/Berlin
calendar:
  hours: {monday-thursday: 08:00-18:00, friday: [08:00-12:00, 13:00-16:00]}
  holidays: {country: DE, subdivision: BE}
  closed: [12-24]
  open: [2026-05-01]
targets:
  first_response:
    - within: 4h
    - {within: 1h, priority: urgent}
    - {within: 2h, since: 2026-07-01}
  total_resolution: 47h
reading: {clock: business}
readings: {helpdesk: {clock: business, reply: bot}}
segments: [gold]
feeds: [{topic: acme.tickets, adapter: zendesk}]
"""


def said(text: str, now: float = NOW) -> dict[str, str]:
    """The explanation by heading."""
    return {part.heading: "\n".join(part.lines) for part in explained(examined(text, "acme.yaml"), now)}


def run(*arguments: object):
    return CliRunner().invoke(cli, ["check", *map(str, arguments)])


def test_the_calendar_is_told_with_the_days_that_change_something():
    """Promise: a holiday on a day without hours is no news; an exception is."""
    words = said(FULL)["Business clock"]
    assert (
        "Open Monday to Thursday 08:00-18:00; Friday 08:00-12:00 and 13:00-16:00, in Europe/Berlin: 47 hours" in words
    )
    assert "Closed next: Thu 2026-05-14 Ascension Day; Mon 2026-05-25" in words
    assert "2026-10-03" not in words  # a Saturday
    assert "Thu 2026-12-24 own holiday" in words
    assert "Open all the same: Fri 2026-05-01 Labor Day." in words
    on_the_day = datetime(2026, 5, 14, 20, tzinfo=UTC).timestamp()
    assert "Closed next: Thu 2026-05-14" in said(FULL, on_the_day)["Business clock"]
    assert "Closed next: Mon 2026-05-25" in said(FULL, on_the_day + DAY)["Business clock"]
    assert said("vendor: a")["Business clock"] == "Open around the clock (UTC)."


def test_hours_are_told_as_they_are_in_force_today_and_as_they_will_be():
    """Promise: a change that is over is no news, one to come has its day; a target's working days are those of its time."""
    text = FULL.replace(
        "  closed:", "  changes: [{since: 2026-07-01, hours: {monday-saturday: 08:00-20:00}}]\n  closed:"
    )
    before, after = said(text), said(text, NOW + 90 * DAY)
    assert "Friday 08:00-12:00 and 13:00-16:00, in Europe/Berlin: 47 hours a week." in before["Business clock"]
    later = "Open Monday to Saturday 08:00-20:00, in Europe/Berlin: 72 hours a week."
    assert f"From Wed 2026-07-01: {later}" in before["Business clock"]
    assert after["Business clock"].startswith(later)
    assert "about 5.0 working days" in before["Targets in force"]
    assert "about 3.9 working days" in after["Targets in force"]


def test_a_statement_tells_the_terms_of_its_own_period():
    """Promise: what comes into force with the midnight after it, in the contract's zone, is none of them."""
    change = "  changes: [{since: 2026-07-01, hours: {monday-saturday: 08:00-20:00}}]\n  closed:"
    contract = parse(FULL.replace("  closed:", change), "acme.yaml")
    june = Period(number(date(2026, 6, 1)), number(date(2026, 6, 30)))
    told = dict(definitions(contract, june))
    assert "First response: 1h for priority urgent, 4h for every other priority" in told["Targets"]
    assert [line for line in told["Business clock"] if "2026-07-01" in line or "Saturday" in line] == []
    both = dict(definitions(contract, Period(june.first, june.last + 31)))
    assert "First response: 1h for priority urgent, 2h for every other priority" in both["Targets"]
    assert (
        "From 2026-07-01: Open Monday to Saturday 08:00-20:00, in Europe/Berlin: 72 hours a week."
        in both["Business clock"]
    )


def test_hours_that_run_through_midnight_are_told_by_day():
    """Promise: merged spans are cut where the days are."""
    words = said("vendor: a\ncalendar: {hours: {monday: 22:00-24:00, tuesday: 00:00-06:00, sunday: 00:00-24:00}}")
    assert words["Business clock"] == (
        "Open Monday 22:00-24:00; Tuesday 00:00-06:00; Sunday 00:00-24:00, in UTC: 32 hours a week."
    )


def test_a_country_whose_holidays_are_known_for_some_years_only_is_told():
    """Promise: an empty later year does not pass for one without holidays."""
    assert "known up to" in said("vendor: a\ncalendar: {holidays: {country: LK}}")["Business clock"]
    assert "known up to" not in said("vendor: a\ncalendar: {holidays: {country: DE}}")["Business clock"]


def test_targets_are_told_as_they_are_in_force_today_and_as_they_will_be():
    """Promise: a day of the business clock is not a day of work, and the words say how many it is."""
    assert said(FULL)["Targets in force"].splitlines() == [
        "first_response: 1h for priority urgent, 4h for every other priority",
        "first_response, from Wed 2026-07-01: 2h for every priority",
        "total_resolution: 47h (47 opening hours, about 5.0 working days) for every priority",
    ]
    assert said("vendor: a\ntargets: {agent_work: 9d}")["Targets in force"] == "agent_work: 9d for every priority"


def test_every_axis_of_a_reading_has_a_sentence_for_each_of_its_values():
    """Promise: whoever adds an axis says in ``READS`` what it means."""
    hints = get_type_hints(Reading)
    assert {axis: set(says) for axis, says in READS.items()} == {
        name: set(get_args(kind)) for name, kind in hints.items() if name != "paused"
    }
    sentences = [words for says in READS.values() for words in says.values()]
    assert len(set(sentences)) == len(sentences)


def test_a_reading_is_told_axis_by_axis_and_a_further_one_by_its_difference():
    """Promise: the agreed reading can be read aloud in a meeting."""
    words = said(FULL)
    assert words["The agreed reading"].splitlines() == reads(Reading(clock="business"))
    assert words["The reading helpdesk"].splitlines() == ["As agreed, but:", READS["reply"]["bot"]]
    assert "(pending or on hold)" in words["The agreed reading"]


def test_maturity_and_periods_are_told_with_their_dates():
    """Promise: today's ticket is judged after the longest follow-up; the period is the one that today is in."""
    words = said(FULL)
    assert (
        "mature 30d after its last solve: one that is solved now will be judged on Wed 2026-05-20" in words["Follow-up"]
    )
    assert "dropped 120d after its last event" in words["Follow-up"]
    assert "By calendar month in Europe/Berlin; today is in 2026-04." in words["Reports"]
    assert (
        "Over the last 28 days in UTC; today from 2026-03-24 to 2026-04-20."
        in said("vendor: a\nperiod: rolling")["Reports"]
    )
    assert "never dropped" in said("vendor: a\nkeep_all: true")["Follow-up"]
    assert words["Feeds"] == "Topic acme.tickets is read as zendesk."


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ("", "No breach of first_response, next_response,"),
        ("", "both clocks agree"),
        ("", "No equity gap"),
        ("", "No finding of gaps: switched off"),
        ("", "No finding of paused_late, lowered_late or edited"),
        ("targets: {first_response: [{within: 1h, since: 2026-05-01}]}", "No breach of first_response today"),
        ("targets: {first_response: [{within: 1h, priority: p}]}", "whose priority is none of p"),
        ("readings: {same: {}}", "No difference under the reading same"),
        ("tolerance: 1", "No verdict 'red inside'"),
        ("good_csat: 0", "No survey that is not good"),
        ("horizon: 60d", "No full window of 90 days: tickets are dropped after 60d, and it takes 120d"),
        ("horizon: 119d", "No full window of 90 days"),
        ("as_of: 2026-01-01", "time stands still"),
        ("patterns: {blames: []}", "customer_blamed"),
        *((f"patterns: {{allowed: {{{field.name}: 1}}}}", field.name) for field in structs.fields(Allowed)),
    ],
)
def test_what_can_never_happen_is_told(terms, words):
    """Promise: a contract that leaves something out says so before anybody waits for it."""
    assert words in said(f"vendor: a\n{terms}")[NEVER]


def test_a_contract_that_leaves_nothing_out_has_nothing_of_the_kind_to_tell():
    """Promise: the list is not noise that every contract carries."""
    targets = "\n".join(f"  {measure}: 1h" for measure in TIMED)
    assert NEVER in said(FULL)
    agreed = FULL[: FULL.index("targets:")] + FULL[FULL.index("reading:") :]
    assert NEVER not in said(f"{agreed}targets:\n{targets}\npatterns: {{numbering: source}}\n")


def test_good_contracts_are_explained_and_bad_ones_refused_in_one_go(tmp_path):
    """Promise: exit code 2, the good explained, each problem one line with file, line and key on standard error."""
    (tmp_path / "a.yaml").write_text(FULL)
    (tmp_path / "b.yaml").write_text("vendor: acme\nperiod: weekly\ntolerance: 2\n")
    (tmp_path / "c.yml").write_text("vendor: acme\n")
    found = run(tmp_path, tmp_path / "missing.yaml", tmp_path / "a.yaml", "--on", "2026-04-20")
    assert found.exit_code == exits.USAGE
    assert found.stdout.count("version ") == 2  # a.yaml was named twice and is one
    errors = found.stderr.splitlines()
    assert errors[0].startswith(f"{tmp_path / 'b.yaml'}:2: period: 'weekly' is not possible")
    assert errors[1].startswith(f"{tmp_path / 'b.yaml'}:3: tolerance: 2 is too large")
    assert errors[2] == f"{tmp_path / 'missing.yaml'}: cannot be read: No such file or directory"
    assert errors[3] == f"{tmp_path / 'c.yml'}: vendor 'acme' has a contract in another file already"
    assert errors[4:] == ["4 problems in 3 files"]


def test_a_good_contract_is_explained_as_of_a_day(tmp_path):
    """Promise: exit code 0; the day given is the day of the words."""
    file = tmp_path / "a.yaml"
    file.write_text(FULL)
    for day, words in (("2026-04-20", "4h for every other"), ("2026-08-01T12:00:00Z", "2h for every other")):
        found = run(file, "--on", day)
        assert found.exit_code == exits.OK
        assert words in found.stdout
        assert found.stdout.endswith("1 contract can be used\n")
    assert run(file, "--quiet").output == ""


def test_without_a_day_it_is_explained_as_of_now(tmp_path):
    """Promise: what is in force today is what is told."""
    file = tmp_path / "a.yaml"
    file.write_text("vendor: a")
    before = datetime.now(UTC)
    found = run(file)
    told = {f"as of {moment:%Y-%m-%d %H:%M} UTC" for moment in (before, datetime.now(UTC))}
    assert any(words in found.stdout for words in told)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [((), "name a contract or a folder"), (("x", "--on", "someday"), "'someday' is no time: write 2026-06-30")],
)
def test_wrong_use_says_what_to_write(arguments, words):
    """Promise: exit code 2 and an example."""
    found = run(*arguments)
    assert found.exit_code == exits.USAGE
    assert words in found.stderr


def test_an_empty_folder_is_refused(tmp_path):
    """Promise: a check of nothing does not pass."""
    found = run(tmp_path)
    assert found.exit_code == exits.USAGE
    assert "holds no .yaml file" in found.stderr


def test_the_schema_is_printed():
    """Promise: an editor's schema can be had from an installed program, too."""
    assert run("--schema").stdout == schema.text()
