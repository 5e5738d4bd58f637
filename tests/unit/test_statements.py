"""Statements of closed periods: issued once, the same from the same history, and later changes as lines that add up."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import statements as made
from standings import Ticket, cells, tickets
from undertow import events as e
from undertow.clock import day_of, start_of
from undertow.domain.agreement.contract import DAY, Contract, Target
from undertow.domain.agreement.periods import Period, holding, iso, known, named
from undertow.domain.counting.cells import Cell, CellKey, Tally
from undertow.domain.counting.ledger import Ledger, PeriodClaim, Position
from undertow.domain.statements.adjustments import adjusted, stated_periods, totals
from undertow.domain.statements.counts import Sheet, changed, changes, cohort, counts, read, written
from undertow.domain.statements.statement import PeriodStatement, canonical, decode, encode, holds, key
from undertow.stages.records import decode_finding
from undertow.stages.rereading import history
from undertow.stages.rereading.replay import Offline
from undertow.stages.rows import CustomerRow, TicketRow, ticket_key
from undertow.stages.rows import decode as row
from undertow.stages.statements import NotStated, Statements

JANUARY = holding("month", 20_464)
FEBRUARY = holding("month", JANUARY.last + 1)
ACME = Contract(vendor="acme", targets={"first_response": (Target(3600.0),)}, keep_all=True)


def told(*some: Ticket, claims: tuple[PeriodClaim, ...] = (), contract: Contract = ACME) -> tuple[Ledger, Statements]:
    """A ledger of these tickets, and statements over it."""
    ledger = Ledger()
    say(ledger, 0, *some)
    for claim in claims:
        ledger.claim(claim)
    return ledger, Statements(ledger, {contract.vendor: contract})


def say(ledger: Ledger, offset: int, *some: Ticket) -> None:
    """The casebook says its whole set anew."""
    position = Position(1, offset)
    for where, cell in cells(some).items():
        ledger.put(0, position, where, cell)
    ledger.complete(0, position)


def met(day: int, label: str = "confirmed_met") -> Ticket:
    return Ticket(day, verdicts={"sla": label}, mature=True, claimed=label in {"confirmed_met", "over_reported"})


def noon(day: int) -> float:
    """Noon of a day, as seconds."""
    return (day + 0.5) * DAY


CLOSED = noon(JANUARY.last + 32)
"""January's follow-up of 30 days is over, February's is not."""
LATER = noon(FEBRUARY.last + 32)


def issue(statements: Statements, as_of: float) -> list[PeriodStatement]:
    """Everything due, as a worker issues it."""
    found = []
    for one in statements.all_due(as_of):
        statements.put(one)
        found.append(one)
    return found


def test_a_period_is_stated_once_when_its_last_follow_up_is_over() -> None:
    """Promise: not a day before, and never again."""
    _, statements = told(met(JANUARY.first), met(JANUARY.last))
    assert issue(statements, noon(JANUARY.last + 30)) == []
    (one,) = issue(statements, CLOSED)
    assert (one.number, one.period, one.waiting) == (1, "2026-01", 0)
    assert holds(one)
    assert issue(statements, CLOSED) == []
    assert issue(statements, CLOSED + 10 * DAY) == []


def test_a_new_owner_that_reads_what_was_issued_issues_nothing_again() -> None:
    """Promise: after a crash before the write the very same bytes are issued, after the write nothing is."""
    ledger, statements = told(met(JANUARY.first))
    (one,) = issue(statements, CLOSED)
    contracts = {"acme": ACME}
    (again,) = issue(Statements(ledger, contracts), CLOSED + 3600)
    assert encode(again) == encode(one)
    assert key(again) == key(one) == b'["acme","2026-01",1]'
    fresh = Statements(ledger, contracts)
    assert fresh.fold(encode(one))
    assert issue(fresh, CLOSED) == []
    assert not fresh.fold(b"nobody knows what"), "what is no statement does not count"
    assert fresh.issued("acme") == [one]


def test_a_ticket_that_waits_holds_its_period_up_but_not_for_ever() -> None:
    """Promise: solved again and again, it is stated as waiting after one more follow-up, and adjusted when it is judged."""
    ledger, statements = told(met(JANUARY.first), Ticket(JANUARY.last, verdicts={"sla": "immature"}))
    assert issue(statements, CLOSED) == []
    (one,) = issue(statements, noon(JANUARY.last + 62))
    assert one.waiting == 1
    say(ledger, 1, met(JANUARY.first), met(JANUARY.last), met(FEBRUARY.first))
    (two,) = issue(statements, LATER + 32 * DAY)
    assert [line.period for line in two.adjustments] == ["2026-01"]


def test_a_month_without_tickets_is_passed_over_unless_something_changed() -> None:
    """Promise: nothing is stated of nothing, and no change waits for tickets that may never come."""
    march = holding("month", FEBRUARY.last + 1)
    ledger, statements = told(met(JANUARY.first), met(march.first))
    assert [one.period for one in issue(statements, noon(march.last + 32))] == ["2026-01", "2026-03"]
    say(ledger, 1, met(JANUARY.first, "over_reported"), met(march.first))
    assert issue(statements, noon(march.last + 33)) == [], "February is not stated after March only to carry a change"
    ledger, statements = told(met(JANUARY.first))
    assert [one.period for one in issue(statements, LATER)] == ["2026-01"]
    say(ledger, 1, met(JANUARY.first, "over_reported"), met(march.last + 40))
    found = issue(statements, noon(march.last + 32))
    assert [(one.period, [line.period for line in one.adjustments]) for one in found] == [("2026-02", ["2026-01"])]


CHANGES = {
    "late event": (met(JANUARY.first), met(JANUARY.first), met(JANUARY.first, "over_reported")),
    "restated claim": (met(JANUARY.first, "confirmed_missed"), met(JANUARY.first)),
    "withdrawn ticket": (),
}


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_changes_later_is_in_the_next_statement_and_sums_to_the_difference(what: str) -> None:
    """Promise: what was stated and the lines give exactly what is true now, and the statement after that has no line."""
    ledger, statements = told(met(JANUARY.first), met(JANUARY.first))
    (first,) = issue(statements, CLOSED)
    say(ledger, 1, *CHANGES[what], met(FEBRUARY.first))
    (second,) = issue(statements, LATER)
    (line,) = second.adjustments
    assert (line.period, line.statement, line.judged_anew) == ("2026-01", 1, False)
    now = statements.of("acme", JANUARY, LATER)
    assert now == first, "what was issued stays as it was issued"
    _, afresh = told(*CHANGES[what], met(FEBRUARY.first))
    true = sheet_of(afresh)
    assert changed(read(first.counts), line.lines) == true
    assert all(one.now - one.stated == one.difference for one in line.lines)
    assert statements.adjustments("acme", LATER) == ()


def sheet_of(statements: Statements) -> Sheet:
    """January as it is recounted now."""
    return statements._now("acme", statements._cells("acme"), [JANUARY], known(ACME, LATER, day_of("UTC")))[JANUARY]


def test_a_restated_period_claim_is_a_line_of_its_own() -> None:
    """Promise: the vendor's own figures of a closed period change visibly, too."""
    claim = PeriodClaim("acme", "sla", *JANUARY, 9, 10, 1.0, "a")
    ledger, statements = told(met(JANUARY.first), claims=(claim,))
    (first,) = issue(statements, CLOSED)
    assert (first.claims[0].met, first.claims[0].tickets, first.claims[0].restated_from) == (9, 10, None)
    ledger.claim(PeriodClaim("acme", "sla", *JANUARY, 8, 10, 2.0, "b"))
    (line,) = statements.adjustments("acme", LATER)
    assert [tuple(one) for one in line.lines] == [("reported", "sla", "met", 9, 8, -1)]


def test_a_dispute_and_its_ruling_after_closing_are_adjustments_that_add_up() -> None:
    """Promise: a disputed finding leaves the figures by a line, and what the ruling does to it is another."""
    over = met(JANUARY.first, "over_reported")
    ledger, statements = told(over, met(JANUARY.last))
    (first,) = issue(statements, CLOSED)
    (key_of,) = cells([over])

    def ruled(kind: str, offset: int) -> None:
        cell = cells([over])[key_of]
        cell.tallies.pop(Tally("verdict", "sla", "over_reported"))
        cell.tallies[Tally(kind, "sla", "over_reported")] = 1
        ledger.put(0, Position(1, offset), key_of, cell)

    ruled("disputed", 1)
    (second,) = issue(statements, LATER) or (None,)
    assert second is not None
    ruled("withdrawn", 2)
    (third,) = statements.adjustments("acme", LATER)
    lines = [tuple(one) for one in second.adjustments[0].lines]
    assert ("disputed", "sla", "over_reported", 0, 1, 1) in lines
    assert ("verdict", "sla", "over_reported", 1, 0, -1) in lines
    assert [tuple(one) for one in third.lines] == [
        ("disputed", "sla", "over_reported", 1, 0, -1),
        ("withdrawn", "sla", "over_reported", 0, 1, 1),
    ]
    sheet = read(first.counts)
    for some in (second.adjustments[0].lines, third.lines):
        sheet = changed(sheet, some)
    assert Tally("verdict", "sla", "over_reported") not in sheet
    assert sheet[Tally("withdrawn", "sla", "over_reported")] == 1


def test_disputes_and_outcomes_are_shown_as_soon_as_cells_tell_them() -> None:
    """Promise: a disputed verdict stands beside its measure, a disputed pattern is no measure, outcomes have both sides."""
    one = met(JANUARY.first)
    ledger, statements = told(one)
    (where,) = cells([one])
    cell = cells([one])[where]
    cell.tallies |= {
        Tally("disputed", "sla", "over_reported"): 2,
        Tally("withdrawn", "first_response", "under_reported"): 1,
        Tally("disputed", "flicker", "matched"): 3,
        Tally("outcome", "complained", "met"): 4,
        Tally("outcome", "complained", "missed"): 5,
    }
    ledger.put(0, Position(1, 1), where, cell)
    (first,) = issue(statements, CLOSED)
    assert [(row.measure, row.disputed, row.withdrawn) for row in first.measures] == [
        ("first_response", 0, 1),
        ("sla", 2, 0),
    ]
    assert ("disputed", "flicker", 3) in first.disputes
    assert [(row.met, row.missed) for row in first.outcomes if row.outcome == "complained"] == [(4, 5)]


def test_a_claim_is_in_the_statement_of_the_period_it_ends_in_and_held_against_its_own_days() -> None:
    """Promise: a week across two months is stated once."""
    week = Period(JANUARY.last - 3, JANUARY.last + 3)
    claim = PeriodClaim("acme", "sla", *week, 2, 2, 1.0, "a")
    _, statements = told(met(JANUARY.last), met(FEBRUARY.first), met(FEBRUARY.last), claims=(claim,))
    first, second = issue(statements, LATER)
    assert first.claims == ()
    assert [(row.actual_met, row.actual_tickets, row.verdict) for row in second.claims] == [(2, 2, "confirmed")]


def test_what_can_no_longer_be_recounted_is_left_as_it_was_stated() -> None:
    """Promise: tickets dropped after their time do not turn into an adjustment to nothing."""
    contract = Contract(vendor="acme")
    ledger, statements = told(met(JANUARY.first), contract=contract)
    (first,) = issue(statements, CLOSED)
    say(ledger, 1)
    assert statements.adjustments("acme", CLOSED) != ()
    assert statements.adjustments("acme", noon(JANUARY.first + 125)) == ()
    assert statements.of("acme", JANUARY, noon(JANUARY.first + 125)) == first


def test_another_contract_says_so_on_the_line() -> None:
    """Promise: terms that changed in between are named, for the vendor did nothing."""
    ledger, statements = told(met(JANUARY.first), met(FEBRUARY.first))
    (first,) = issue(statements, CLOSED)
    other = Contract(vendor="acme", targets={"first_response": (Target(7200.0),)}, keep_all=True)
    under = Statements(ledger, {"acme": other})
    under.put(first)
    say(ledger, 1, met(JANUARY.first, "over_reported"), met(FEBRUARY.first))
    (line,) = under.adjustments("acme", LATER)
    assert line.judged_anew
    assert line.contract == other.version


def test_a_rolling_contract_is_stated_in_blocks_that_follow_each_other() -> None:
    """Promise: 28 days each, without gap or overlap, wherever the feed begins."""
    contract = Contract(vendor="acme", period="rolling", keep_all=True)
    _, statements = told(*[met(20_464 + day) for day in range(60)], contract=contract)
    found = issue(statements, noon(20_464 + 120))
    assert [one.last_day - one.first_day for one in found] == [27] * len(found)
    assert all(two.first_day == one.last_day + 1 for one, two in pairwise(found))
    assert sum(counts(read(one.counts)).solved for one in found) == 60


@pytest.mark.parametrize(
    ("vendor", "period", "as_of", "words"),
    [
        ("acne", JANUARY, CLOSED, "no contract names the vendor 'acne'; there are contracts of acme"),
        ("acme", FEBRUARY, noon(FEBRUARY.first + 3), "is not over: days are known up to 2026-02-03"),
        (
            "acme",
            Period(JANUARY.first - 31, JANUARY.first - 1),
            CLOSED,
            "holds no ticket; there are tickets from 2026-01-",
        ),
    ],
)
def test_what_cannot_be_stated_is_said_in_plain_words(vendor: str, period: Period, as_of: float, words: str) -> None:
    """Promise: unknown vendor, period not over, period without tickets."""
    _, statements = told(met(JANUARY.first))
    with pytest.raises(NotStated, match=words):
        statements.of(vendor, period, as_of)


def test_a_period_that_is_over_and_not_closed_is_shown_without_a_number() -> None:
    """Promise: how things stand can be read before they are stated for good, and is not mistaken for it."""
    _, statements = told(met(JANUARY.first), Ticket(JANUARY.last, verdicts={"sla": "immature"}))
    one = statements.of("acme", JANUARY, noon(JANUARY.last + 2))
    assert (one.number, one.waiting) == (None, 1)


def test_the_hash_is_over_everything_else() -> None:
    """Promise: nothing in a statement can be changed without its hash telling."""
    _, statements = told(*tickets(3))
    (one, *_) = issue(statements, noon(20_600 + 40))
    assert decode(encode(one)) == one
    assert holds(decode(encode(one))), "read back from the topic it still holds"
    assert canonical(decode(encode(one))) == canonical(one)
    assert b'"hash"' not in canonical(one)
    changed_one = decode(encode(one).replace(b'"minimum_n":20', b'"minimum_n":21'))
    assert not holds(changed_one)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 1000))
def test_any_order_of_what_casebooks_and_claims_say_gives_the_same_bytes(seed: int) -> None:
    """Promise: a statement is a function of the history, not of how it came."""
    random = Random(seed)
    contract = Contract(vendor="acme", segments=("gold", "basic"), keep_all=True)
    some = tickets(seed, 250)
    claims = [
        PeriodClaim("acme", "sla", 20_480 + 7 * n, 20_486 + 7 * n, n, 10, float(n % 3), str(n)) for n in range(12)
    ]
    parts = [cells(some[part::3]) for part in range(3)]
    said = [(part, where, cell) for part, of in enumerate(parts) for where, cell in of.items()]
    found = set()
    for _ in range(2):
        ledger = Ledger()
        for part, where, cell in said:
            ledger.put(part, Position(1, 0), where, _shuffled(cell, random))
        for claim in claims:
            ledger.claim(claim)
        one = Statements(ledger, {"acme": contract, "zenith": Contract(vendor="zenith")})
        found.add(b"\n".join(map(encode, issue(one, noon(20_640)))))
        random.shuffle(said)
        random.shuffle(claims)
    assert len(found) == 1


def _shuffled(cell: Cell, random: Random) -> Cell:
    lines = list(cell.tallies.items())
    random.shuffle(lines)
    return Cell(cell.counts, dict(cell.exposures), dict(lines))


sheets = st.dictionaries(
    st.builds(Tally, st.sampled_from(("verdict", "tickets")), st.sampled_from("mn"), st.sampled_from(("met", "x"))),
    st.integers(1, 9),
)


@settings(deadline=None)
@given(st.lists(sheets, min_size=1, max_size=6))
def test_any_number_of_adjustments_add_up_to_the_last_recount(some: list[dict[Tally, int]]) -> None:
    """Promise: however often a period changes, its first statement and all lines since give what is true now."""
    issued: list[PeriodStatement] = []
    base = statement_of(some[0])
    issued.append(base)
    for number, sheet in enumerate(some[1:], start=2):
        lines = adjusted(stated_periods(issued), {JANUARY: sheet}, "v")
        issued.append(statement_of({}, number, FEBRUARY.first + number, lines))
    total = dict(some[0])
    for one in issued[1:]:
        for line in one.adjustments:
            total = changed(total, line.lines)
    assert total == some[-1]
    assert stated_periods(reversed(issued))[0].sheet == some[-1]
    assert changes(total, some[-1]) == ()


@cache
def plain() -> PeriodStatement:
    _, statements = told(met(JANUARY.first))
    (one,) = issue(statements, CLOSED)
    return one


def statement_of(
    sheet: dict[Tally, int], number: int = 1, day: int = JANUARY.first, lines: tuple = ()
) -> PeriodStatement:
    """One that states a sheet, and nothing else of interest."""
    last = JANUARY.last if number == 1 else day
    return replace(
        plain(), number=number, first_day=day, last_day=last, contract="v", counts=written(sheet), adjustments=lines
    )


def test_totals_say_how_far_closed_periods_have_moved_since_they_were_first_stated() -> None:
    """Promise: what the metric shows is now minus as first stated, adjustments that were issued included."""
    ledger, statements = told(met(JANUARY.first), met(JANUARY.first))
    issue(statements, CLOSED)
    say(ledger, 1, met(JANUARY.first), met(JANUARY.first, "over_reported"), met(JANUARY.last), met(FEBRUARY.first))
    before = _totals(statements)
    assert before["sla", "tickets"] == 1
    assert before["sla", "met"] == 0
    issue(statements, LATER)
    assert _totals(statements) == before


def _totals(statements: Statements) -> dict[tuple[str, str], int]:
    earlier = [one for one in stated_periods(statements.issued("acme")) if one.period == JANUARY]
    return totals(earlier, {JANUARY: sheet_of(statements)})


# -- whole histories


@pytest.fixture(scope="module")
def late() -> tuple[Offline, Statements]:
    contracts, _ = made.world()
    book = Offline(contracts)
    return book, history.fold(book, made.records(late=True), recorded=False)


def test_what_arrives_after_closing_ends_where_it_had_ended_in_time(late: tuple[Offline, Statements]) -> None:
    """Promise: a late reply, a restated claim and a restated period change January by lines that lead to the very recount."""
    book, statements = late
    first, *rest = statements.issued("gaming")
    sheet, lines = read(first.counts), [line for one in rest for line in one.adjustments if line.period == first.period]
    assert lines, "something was late"
    for line in lines:
        sheet = changed(sheet, line.lines)
    again = Offline(made.world()[0])
    again.take(made.records(late=True))
    again.tick(book.ledger.as_of or 0.0)
    other = Statements(again.close(), made.world()[0])
    now = other.of("gaming", Period(first.first_day, first.last_day), book.ledger.as_of or 0.0)
    assert sheet == read(now.counts)
    kinds = {change.kind for line in lines for change in line.lines}
    assert {"verdict", "reported"} <= kinds
    assert statements.adjustments("gaming", book.ledger.as_of or 0.0) == ()


def test_a_restated_claim_a_late_event_and_a_ruling_add_up_to_the_difference(late: tuple[Offline, Statements]) -> None:
    """Promise: all three after closing, and January as first stated plus the next statement's lines is January recounted."""
    contracts, events = made.world()
    restated = {one.data.ticket for one in made.restated(events) if isinstance(one, e.TicketClaimed)}
    known = [decode_finding(value) for value in late[0].findings.values()]
    last = late[1].issued("gaming")[0].last_day
    finding = next(
        one
        for one in sorted(known, key=lambda one: one.id)
        if one.verdict == "over_reported" and one.day is not None and one.day <= last and one.ticket not in restated
    )
    book = Offline(contracts, rulings="vendor.disputes")
    statements = history.fold(book, [*made.records(late=True), *made.disputed(finding)], recorded=False)
    first, *rest = statements.issued("gaming")
    (adjusted,) = (line for one in rest for line in one.adjustments if line.period == first.period)
    lines = {tuple(one[:3]): (one.stated, one.now) for one in adjusted.lines}
    assert lines["disputed", finding.name, "over_reported"] == (1, 0)
    assert lines["withdrawn", finding.name, "over_reported"] == (0, 1)
    assert {"verdict", "reported", "disputed", "withdrawn"} <= {kind for kind, *_ in lines}
    assert all(line.difference == line.now - line.stated for line in adjusted.lines)
    again = Offline(contracts, rulings="vendor.disputes")
    again.take([*made.disputed(finding), *made.records(late=True)])
    again.tick(book.ledger.as_of or 0.0)
    recounted = Statements(again.close(), contracts)
    now = recounted.of("gaming", Period(first.first_day, first.last_day), book.ledger.as_of or 0.0)
    assert read(first.counts) != read(now.counts)
    assert changed(read(first.counts), adjusted.lines) == read(now.counts)
    stated = next(one for one in first.measures if one.measure == finding.name)
    found = next(one for one in now.measures if one.measure == finding.name)
    assert (stated.disputed, stated.withdrawn, found.disputed, found.withdrawn) == (1, 0, 0, 1)


def test_a_period_is_stated_from_what_had_arrived_by_its_closing(late: tuple[Offline, Statements]) -> None:
    """Promise: the first statement is the recount of the facts known by then, and of no other."""
    book, statements = late
    contracts, _ = made.world()
    first = statements.issued("gaming")[0]
    closing = start_of("UTC", first.last_day + 1) + contracts["gaming"].follow_up
    seen = {}
    for where, value in book.rows.items():
        if isinstance(found := row(value), TicketRow | CustomerRow):
            seen[where] = [one for one in found.facts if one.place.arrived <= closing]
    missing = sum(len(row(value).facts) - len(seen[where]) for where, value in book.rows.items() if where in seen)
    assert missing > 0
    kept = {(one.place.offset) for facts in seen.values() for one in facts}
    records = [
        one
        for one in made.records(late=True)
        if one.offset in kept or (b"claim.period" in one.value and one.timestamp / 1000 <= closing)
    ]
    again = Offline(contracts)
    again.take(records)
    again.tick(closing)
    assert Statements(again.close(), contracts).due("gaming", closing) == first


def test_the_order_of_events_changes_no_byte() -> None:
    """Promise: folded in any order, the same history gives the same statement."""
    contracts, _ = made.world()
    records = made.records(late=False)
    found = set()
    for seed in range(2):
        Random(seed).shuffle(records)
        book = Offline(contracts)
        for start in range(0, len(records), 500):
            book.take(records[start : start + 500])
        until = book.last_event_time + 30 * DAY
        book.tick(until)
        statements = Statements(book.close(), contracts)
        found.add(b"\n".join(map(encode, issue(statements, until))))
    assert len(found) == 1
    assert found.pop()


def test_names_of_periods_and_days_are_those_of_the_calendar() -> None:
    """Promise: a month by its name, other days by both ends."""
    assert named(JANUARY) == "2026-01"
    assert iso(JANUARY.last) == "2026-01-31"
    assert named(Period(JANUARY.first, JANUARY.last - 1)) == "2026-01-01..2026-01-30"
    assert cohort({}, "sla").total == 0
    assert CellKey("a", "b", 1) < CellKey("a", "b", 2)
    assert ticket_key("a", None, "1") != ticket_key("a", "b", "1")
