"""Statements as files: golden, escaped, without any name of a customer, and without anything from outside."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sys
from functools import cache
from html import unescape
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace

import statements as made
from bench.statement import cost
from undertow.domain.agreement.periods import holding
from undertow.domain.counting.cells import Counts
from undertow.domain.judging.findings import Evidence, Finding
from undertow.domain.statements.selection import MOST_SHOWN, belonging, chosen, order
from undertow.domain.statements.statement import PeriodStatement, canonical, decode, sealed
from undertow.reports import forms, words
from undertow.reports.forms import FORMATS, NoPdf, render
from undertow.reports.glance import glance
from undertow.reports.pseudonyms import KEY, KEY_FILE, NoKey, Pseudonyms, pseudonyms
from undertow.stages.records import decode_finding
from undertow.stages.rereading import history
from undertow.stages.rereading.dossier import Dossiers, dossiers
from undertow.stages.rereading.replay import Offline

GOLDEN = Path(__file__).parent.parent / "golden"
NAMES = Pseudonyms("a key for tests, 0123456789abcdef")
CONTRACT = next(iter(made.world()[0].values()))


@cache
def told() -> tuple[PeriodStatement, list[Finding], Dossiers]:
    """February of the simulated vendor, with January's late events as adjustments."""
    contracts, _ = made.world()
    book = Offline(contracts)
    statements = history.fold(book, made.records(late=True), recorded=False)
    second = statements.issued("gaming")[-1]
    findings = [decode_finding(value) for value in book.findings.values()]
    statement = next(one for one in statements.issued("gaming") if one.adjustments)
    own = belonging(findings, statement)
    assert own, second.period
    return statement, findings, dossiers(book.rows, statement, chosen(own), CONTRACT)


def made_as(form: str) -> bytes:
    statement, findings, drawn = told()
    return render(statement, findings, form, names=NAMES, dossiers=drawn)  # type: ignore[arg-type]


@cache
def small() -> tuple[Offline, list[PeriodStatement], list[Finding]]:
    """Seven tickets that can be counted by hand."""
    book = Offline({"acme": made.SMALL})
    statements = history.fold(book, made.small(), recorded=False)
    return book, statements.issued("acme"), [decode_finding(value) for value in book.findings.values()]


@pytest.mark.parametrize("form", ["html", "csv", "json"])
@pytest.mark.parametrize("number", [1, 2])
def test_the_same_history_gives_the_same_files(form: str, number: int) -> None:
    """Promise: not a byte of a form changes unnoticed. ``GOLDEN=write`` in the environment writes them anew."""
    path = GOLDEN / f"statement-{number}.{form}"
    book, issued, findings = small()
    statement = issued[number - 1]
    drawn = dossiers(book.rows, statement, chosen(belonging(findings, statement)), made.SMALL)
    content = render(statement, findings, form, names=NAMES, dossiers=drawn)  # type: ignore[arg-type]
    if os.environ.get("GOLDEN") == "write":
        path.write_bytes(content)
    assert content == path.read_bytes()


def test_the_small_history_counts_as_by_hand() -> None:
    """Promise: six tickets of January by class, the month as reported, and the claim taken back in the next statement."""
    _, (first, second), findings = small()
    (measure,) = first.measures
    expected = {"confirmed_met": 3, "confirmed_missed": 1, "over_reported": 1, "under_reported": 1}
    assert {name: n for name, n in measure.classes.items() if n} == expected
    assert [(one.verdict, one.cause, one.n) for one in measure.causes] == [
        ("under_reported", "unexplained", 1),
        ("over_reported", "actor", 1),
    ]
    (claim,) = first.claims
    assert (claim.met, claim.tickets, claim.actual_met, claim.actual_tickets) == (5, 6, 4, 6)
    assert claim.verdict == "over_reported"
    hidden = next(one.share for one in first.outcomes if one.outcome == "repeat_contact")
    assert hidden is not None
    assert (hidden.count, hidden.n) == (1, 6)
    (line,) = second.adjustments
    assert [tuple(one) for one in line.lines if one.kind == "verdict"] == [
        ("verdict", "first_response", "confirmed_met", 3, 2, -1),
        ("verdict", "first_response", "under_reported", 1, 2, 1),
    ]
    assert {one.ticket for one in belonging(findings, first)} == {"100", "101", "103"}, "as the findings stand now"


def test_no_customer_is_named_in_anything_that_leaves() -> None:
    """Promise: not in the text, not in an attribute, not in the JSON's corners; the same customer is the same pseudonym."""
    statement, findings, _ = told()
    customers = {one.customer for one in findings if one.customer is not None}
    assert len(customers) > 20
    for form in ("html", "csv", "json"):
        text = made_as(form).decode()
        present = [one for one in customers if re.search(rf"(?<![\w-]){re.escape(one)}(?![\w-])", text)]
        assert present == [], form
        named = NAMES.of(statement.vendor, belonging(findings, statement)[0].customer)
        assert named is not None
        assert named in text


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    """Promise: a file that is opened years later, offline, shows the same; there is no script in it."""
    page = made_as("html").decode()
    assert not re.search(r"(?i)<script|<link|<img|<iframe|@import|url\(|https?://|\son\w+=", page)
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page


def test_the_page_opens_with_a_case_and_puts_the_vendors_favour_before_its_faults() -> None:
    """Promise: a case to learn from first; under-reports before over-reports; definitions, adjustments and hash are there."""
    statement, *_ = told()
    page = made_as("html").decode()
    places = [page.index(text) for text in ("One case to learn from", "At a glance", "Reported and recounted")]
    assert places == sorted(places)
    if statement.favour:
        assert (
            page.index("In the vendor&#39;s favour" if "&#39;s favour" in page else "In the vendor's favour")
            < places[2]
        )
    assert statement.hash in page
    assert words.period(statement.adjustments[0].period) in page
    assert "How times are measured" in page
    assert page.count('<svg class="timeline"') == len(chosen(belonging(told()[1], statement)))


def test_the_glance_says_the_gap_of_what_was_claimed_with_its_interval() -> None:
    """Promise: reported, recounted and how sure the difference is stand at the top, and are those of the table."""
    statement, *_ = told()
    (sla,) = [one for one in statement.measures if one.measure == "sla"]
    assert sla.difference is not None
    second = glance(statement)[1]
    for shown in (
        words.percent(sla.reported.value),
        words.percent(sla.actual.value),
        words.points(sla.difference.low),
        words.points(sla.difference.high),
        words.tickets(sla.reported.n),
    ):
        assert shown in second
    assert second in unescape(made_as("html").decode())


def test_where_the_sla_itself_is_not_claimed_nobody_waits_for_tickets() -> None:
    """Promise: that needs no more tickets; it says what is missing."""
    _, (first, *_), _ = small()
    assert [one.measure for one in first.measures if one.reported.n] == ["first_response"]
    assert glance(first)[0].startswith("Nothing was reported of the SLA as a whole")
    assert "needs about" not in glance(first)[0]


def test_no_line_ends_between_a_number_and_its_per_cent() -> None:
    """Promise: one way of writing shares on the whole page."""
    text = re.sub(r"<style>.*?</style>|<[^>]+>", "", made_as("html").decode(), flags=re.DOTALL)
    assert not re.search(r"[0-9] ?%", text.replace("0 to 100 %", "").replace("95 % interval", ""))
    assert words.spaced("reported 96.8%, actual 72.6 %") == "reported 96.8\u00a0%, actual 72.6\u00a0%"


def test_tables_are_read_by_keyboard_and_by_ear() -> None:
    """Promise: what scrolls on a phone can be reached, every column has a heading, headings go down one step at a time."""
    page = made_as("html").decode()
    assert re.findall(r"<th(?![^>]*scope=)[ >]", page) == []
    assert '<th scope="col"></th>' not in page
    assert re.findall(r'<div class="wide[^>]*>', page) == re.findall(
        r'<div class="wide[^>]*aria-label="[^"]+" tabindex="0">', page
    )
    inside = re.sub(
        r'<div class="wide.*?</div>|<table class="story.*?</table>|<details.*?</details>', "", page, flags=re.DOTALL
    )
    assert "<table" not in inside, "a table beside the scrolling ones would widen the page"
    levels = [int(level) for level in re.findall(r"<h([1-6])", page)]
    assert levels[0] == 1
    assert all(lower - upper <= 1 for upper, lower in pairwise(levels))


def test_what_was_adjusted_is_named_in_words() -> None:
    """Promise: no line of the adjustments takes our code to read."""
    assert words.counted("first_contact", "", "no") == "solved with the first contact: no"
    assert words.counted("tickets", "", "reported_met") == "tickets reported as met"
    assert (
        words.counted("case", "backdated", "matched")
        == "pattern: events dated long before they arrived: tickets that show it"
    )
    assert words.counted("reported", "sla", "met 2026-01-12..2026-01-18") == (
        "the SLA as a whole: met from 2026-01-12 to 2026-01-18, as the vendor reports the whole"
    )
    assert words.counted("disputed", "closed_unasked", "matched") == (
        "pattern: closed for good right after the answer: disputed, tickets that show it"
    )
    for field in Counts._fields:
        assert "_" not in words.counted("tickets", "", field)


def test_whatever_a_vendor_writes_is_text_and_no_markup() -> None:
    """Promise: ticket numbers, reasons and segments are the vendor's own words."""
    statement, findings, drawn = told()
    evil = "<script>alert(1)</script>"
    one = replace(belonging(findings, statement)[0], ticket=evil, evidence=(Evidence("s", evil, evil, 0, 1),))
    named = replace(statement, vendor=evil)
    page = render(named, [replace(one, vendor=evil)], "html", names=NAMES, dossiers=drawn).decode()
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 3


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff20"])
def test_a_cell_that_a_spreadsheet_would_run_is_defused(start: str) -> None:
    """Promise: a ticket called =cmd() is shown, not run."""
    statement, findings, _ = told()
    one = replace(belonging(findings, statement)[0], ticket=f"{start}cmd()")
    (row,) = csv.DictReader(io.StringIO(render(statement, [one], "csv", names=NAMES).decode(), newline=""))
    assert row["ticket"] == f"'{start}cmd()".replace("\r", "\n")


def test_the_json_holds_a_statement_whose_hash_can_be_checked_and_every_finding() -> None:
    """Promise: what leaves as JSON is the statement as it is kept."""
    statement, findings, _ = told()
    content = json.loads(made_as("json"))
    again = decode(json.dumps(content["statement"]).encode())
    assert again == statement
    assert canonical(again) == canonical(statement)
    assert [one["id"] for one in content["findings"]] == [one.id for one in belonging(findings, statement)]


def test_the_csv_has_a_row_for_each_finding_whatever_the_order_they_came_in() -> None:
    """Promise: all of the period's findings and no other's, always in the same order."""
    statement, findings, _ = told()
    rows = list(csv.DictReader(io.StringIO(made_as("csv").decode(), newline="")))
    assert len(rows) == len(belonging(findings, statement)) < len(findings)
    assert render(statement, reversed(findings), "csv", names=NAMES) == made_as("csv")


def test_findings_are_shown_in_turn_so_that_none_hides_the_others() -> None:
    """Promise: of a thousand over-reports and one under-report, the one is drawn, and first."""
    _, findings, _ = told()
    one = next(one for one in findings if one.kind == "verdict")
    over = [replace(one, verdict="over_reported", ticket=str(n)) for n in range(1000)]
    some = sorted([*over, replace(one, verdict="under_reported", cause="clock")], key=order)
    shown = chosen(some)
    assert len(shown) == MOST_SHOWN
    assert shown[0].verdict == "under_reported"


def test_a_statement_says_where_its_findings_are_not_those_that_were_counted() -> None:
    """Promise: numbers that do not agree with each other are explained, not left to be found."""
    statement, _, _ = told()
    page = render(statement, [], "html", names=NAMES).decode()
    assert "No single ticket differs" in page or "claims differed" in page
    provisional = sealed(replace(statement, number=None))
    assert "Not issued yet" in render(provisional, told()[1], "html", names=NAMES).decode()


def test_a_pdf_is_made_and_fetches_nothing() -> None:
    """Promise: the page as PDF, by WeasyPrint."""
    pytest.importorskip("weasyprint", reason="the extra pdf is not installed")
    statement, findings, drawn = told()
    content = render(statement, belonging(findings, statement)[:2], "pdf", names=NAMES, dossiers=drawn)
    assert content.startswith(b"%PDF-")
    with pytest.raises(ValueError, match="load nothing"):
        forms._nothing("http://example.org")


def test_without_weasyprint_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Promise: a missing extra is one plain sentence."""
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    statement, *_ = told()
    with pytest.raises(NoPdf, match=r"pip install 'undertow\[pdf\]'"):
        render(statement, [], "pdf", names=NAMES)


def test_there_is_no_other_form() -> None:
    """Promise: a typing error is told, with what there is."""
    with pytest.raises(ValueError, match=", ".join(FORMATS)):
        render(told()[0], [], "docx", names=NAMES)  # type: ignore[arg-type]


def test_a_pseudonym_depends_on_key_and_vendor_and_on_nothing_else(tmp_path: Path) -> None:
    """Promise: stable for a vendor, another for another vendor, another under another key; nobody stays nobody."""
    other = Pseudonyms("another key, 0123456789abcdefghij")
    one = NAMES.of("acme", "ann")
    assert one is not None
    assert re.fullmatch(r"c-[0-9a-f]{16}", one)
    assert one == Pseudonyms("a key for tests, 0123456789abcdef\n").of("acme", "ann")
    assert len({one, NAMES.of("zenith", "ann"), NAMES.of("acme", "bob"), other.of("acme", "ann")}) == 4
    assert NAMES.of("acme", None) is None
    assert "key" not in repr(NAMES)
    file = tmp_path / "pseudonym.key"
    file.write_text("a key for tests, 0123456789abcdef\n")
    assert pseudonyms({KEY_FILE: str(file)}).of("acme", "ann") == one
    assert pseudonyms({KEY: "a key for tests, 0123456789abcdef"}).of("acme", "ann") == one
    assert pseudonyms({}, file).of("acme", "ann") == one


@pytest.mark.parametrize("environment", [{}, {KEY: "short"}, {KEY: "a" * 64}, {KEY: " " * 64}])
def test_without_a_key_that_protects_nothing_leaves_and_the_error_says_how_to_make_one(environment: dict) -> None:
    """Promise: there is no default key."""
    with pytest.raises(NoKey, match="openssl rand -hex 32"):
        pseudonyms(environment)


def test_durations_and_shares_read_as_people_say_them() -> None:
    """Promise: no number needs a calculator."""
    assert [words.span(n) for n in (0, 35, 95, 2520, 16_800, 400_000)] == [
        "0 s",
        "35 s",
        "1 min 35 s",
        "42 min",
        "4 h 40 min",
        "111 h",
    ]
    assert words.percent(None) == "\u2013"
    assert words.points(-0.1234) == "\u221212.3"
    assert words.period("2026-02") == "February 2026"
    assert words.period("2026-05-07..2026-06-03") == "2026-05-07 to 2026-06-03"
    assert words.cause("actor+solve").count("; and ") == 1
    assert holding("month", 20_464).first == 20_454


def test_a_duration_does_not_read_like_the_target_that_it_missed():
    """Promise: four hours and half a minute against four hours are just over; what is equal, or reads otherwise, is itself."""
    hours = 4 * 3600.0
    said = [words.span_beside(seconds, hours) for seconds in (hours + 30, hours - 0.4, hours, hours + 90)]
    assert said == ["just over 4 h", "just under 4 h", "4 h", "4 h 1 min"]
    assert words.span_beside(hours, None) == "4 h"


def test_four_times_the_findings_cost_about_four_times_as_much() -> None:
    """Promise: nothing in a report grows faster than its findings (``tests/bench/statement.py`` has the numbers)."""
    cost(200)
    small_one = min(cost(500) for _ in range(2))
    assert min(cost(2000) for _ in range(2)) < 8 * small_one


def test_a_disputed_finding_says_so_and_counts_apart() -> None:
    """Promise: state and reason stand on the page, escaped, and in the CSV; the group says that it is left out."""
    statement, findings, _ = told()
    one = replace(
        next(one for one in belonging(findings, statement) if one.kind == "verdict"), state="disputed", reason="<b>"
    )
    page = render(statement, [one], "html", names=NAMES).decode()
    assert "disputed and left out" in page
    assert "State: disputed, because: &lt;b&gt;." in page
    (row,) = csv.DictReader(io.StringIO(render(statement, [one], "csv", names=NAMES).decode(), newline=""))
    assert (row["state"], row["reason"]) == ("disputed", "<b>")
