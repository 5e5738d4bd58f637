"""Windows over cells, and the chance level of a repeat contact against shuffling."""

from __future__ import annotations

from random import Random

import pytest

from property.strategies import Owner
from undertow.clock import day_of
from undertow.domain.agreement.contract import DAY, Contract
from undertow.domain.counting.cells import Cell, CellKey, Counts, Exposure
from undertow.domain.counting.chance import Chance
from undertow.domain.counting.ledger import ALL, Figures, Rate
from undertow.domain.counting.windows import figures
from undertow.domain.tickets.facts import Body, Fact, Opened, Place, Seen, StatusChanged
from undertow.stages.records import Entry

ACME = Contract(vendor="acme")
AS_OF = 100.5 * DAY
NEWEST = 69
"""The newest day all of whose tickets have 30 days of follow-up behind them at noon of day 100."""


def by_window(
    cells: dict[CellKey, Cell], contract: Contract = ACME, as_of: float = AS_OF
) -> dict[tuple[str, str], Figures]:
    return {(row.segment, row.window): row for row in figures(cells, contract, as_of, day_of(contract.time_zone))}


def one_a_day(first: int, last: int, segment: str = "all") -> dict[CellKey, Cell]:
    mature = Counts(opened=1, solved=1, mature=1, claimed=1, reported_met=1)
    young = Counts(opened=1, solved=1)
    return {CellKey("acme", segment, day): Cell(mature if day <= NEWEST else young) for day in range(first, last + 1)}


def test_a_window_ends_with_the_newest_day_whose_tickets_are_all_mature():
    """Promise: a window of n days holds n days of mature tickets, none of them cut off by follow-up."""
    rows = by_window(one_a_day(0, 100))
    assert {window: row.reported.n for (_, window), row in rows.items()} == {"7d": 7, "28d": 28, "90d": 70, ALL: 70}
    for day, cell in one_a_day(0, 100).items():
        assert by_window({day: cell})[ALL, "7d"].tickets == (63 <= day.day <= NEWEST)


def test_one_second_decides_whether_a_day_is_complete():
    """Promise: a day counts from the moment the last second of it has matured."""
    full = (NEWEST + 1) * DAY + ACME.follow_up
    assert by_window(one_a_day(0, 100), as_of=full)[ALL, "90d"].tickets == 70
    assert by_window(one_a_day(0, 100), as_of=full - 1)[ALL, "90d"].tickets == 69


def test_tickets_still_within_their_follow_up_are_shown_beside_every_window():
    """Promise: immature tickets are never dropped in silence."""
    rows = by_window(one_a_day(0, 100))
    assert {row.immature for row in rows.values()} == {100 - NEWEST}


def test_a_ticket_of_an_old_day_that_is_open_again_is_shown_as_immature():
    """Promise: a reopened ticket keeps its day and waits again."""
    cells = {CellKey("acme", "all", NEWEST): Cell(Counts(opened=2, solved=2, mature=1))}
    assert by_window(cells)[ALL, "7d"].immature == 1
    assert by_window({CellKey("acme", "all", 10): Cell(Counts(solved=2, mature=1))})[ALL, "7d"].immature == 0


def test_unknown_never_reads_as_zero():
    """Promise: a rate of nothing has no value and the widest interval."""
    rate = Rate(0, 0)
    assert (rate.value, rate.low, rate.high) == (None, 0.0, 1.0)
    assert by_window(one_a_day(90, 100))[ALL, "28d"].hidden.value is None


def test_outside_and_inside_are_over_the_same_tickets():
    """Promise: reported, actual and hidden share their cohort."""
    counts = Counts(opened=9, solved=9, mature=8, claimed=6, reported_met=4, bad=3, reported_met_but_bad=1)
    row = by_window({CellKey("acme", "all", 60): Cell(counts)})[ALL, "28d"]
    assert (row.reported, row.actual, row.hidden) == (Rate(4, 6), Rate(3, 6), Rate(1, 4))


def test_segments_are_told_apart_only_where_the_contract_names_them():
    """Promise: a row a segment, and their sum under ``all``; a contract without segments has that row alone."""
    cells = {**one_a_day(60, 69, "gold"), **one_a_day(65, 69, "other")}
    rows = by_window(cells, Contract(vendor="acme", segments=("gold",)))
    assert {segment: rows[segment, "28d"].tickets for segment, _ in rows} == {ALL: 15, "gold": 10, "other": 5}
    assert {segment for segment, _ in by_window(cells)} == {ALL}


def test_another_vendor_s_cells_do_not_count():
    """Promise: one vendor never sees, nor pays for, another's tickets."""
    cells = one_a_day(60, 69)
    cells[CellKey("zenith", "all", 65)] = Cell(Counts(opened=50))
    assert by_window(cells)[ALL, "28d"].tickets == 10
    assert figures(cells, Contract(vendor="nobody"), AS_OF, day_of("UTC")) == []


def test_cells_without_any_opening_have_no_chance_level():
    """Promise: a feed whose openings are missing gives a chance of zero, not an error."""
    cell = Cell(Counts(solved=1, mature=1, repeat_eligible=1), {Exposure(7, 3): 1})
    assert by_window({CellKey("acme", "all", 60): cell})[ALL, "28d"].by_chance == Rate(0.0, 1)


def test_chance_deals_openings_to_the_days_after_the_solve():
    """Promise: as many days as the window has, the day of the solve not among them and the last one is."""
    opened = {60: 5, 61: 3, 90: 2, 91: 4}
    cells = {CellKey("acme", "all", day): Cell(Counts(opened=n)) for day, n in opened.items()}
    chance = Chance({**cells, CellKey("acme", "gold", 60): Cell(Counts(), {Exposure(1, 1): 1})}, 30 * DAY)
    assert chance.expected(60, {Exposure(1, 1): 1}) == pytest.approx(5 / 14)
    assert chance.expected(60, {Exposure(1, 2): 7}) == pytest.approx(7 * (1 - (9 / 14) ** 2))
    assert chance.expected(60, {Exposure(1, 0): 7}) == 0.0


def test_the_chance_level_is_what_shuffling_the_customers_gives():
    """Promise: repeat contacts by chance are those that remain when times and topics are dealt to tickets at random."""
    random = Random(20240330)
    owners = [customer for customer in range(90) for _ in range(random.choice((1, 2, 2, 3, 4)))]
    dealt = [(random.uniform(0, 150) * DAY, random.choice("aaabbc")) for _ in owners]
    owner = Owner({"acme": Contract(vendor="acme", keep_all=True)})
    entries = [
        entry
        for number, (customer, (at, topic)) in enumerate(zip(owners, dealt, strict=True))
        for entry in (
            said(customer, number, at, Opened(topic)),
            said(customer, number, at + 7200, StatusChanged("solved", "agent")),
        )
    ]
    expected = by_window(owner.walk([entries, 200 * DAY]).book.cells, as_of=200 * DAY)[ALL, ALL].by_chance
    shuffles = 150
    found = 0
    for _ in range(shuffles):
        random.shuffle(dealt)
        found += returns(owners, dealt)
    assert expected.n == len(owners)
    assert expected.count == pytest.approx(found / shuffles, rel=0.06)


def returns(owners: list[int], dealt: list[tuple[float, str]]) -> int:
    """Tickets followed by another of the same owner and topic within the window."""
    of: dict[int, list[tuple[float, str]]] = {}
    for owner, ticket in zip(owners, dealt, strict=True):
        of.setdefault(owner, []).append(ticket)
    return sum(
        any(topic == other and 0 < again - (at + 7200) <= ACME.repeat_window for again, other in tickets)
        for tickets in of.values()
        for at, topic in tickets
    )


def said(owner: int, number: int, at: float, body: Body) -> Entry:
    fact = Fact(at, 0, at, f"{number}-{type(body).__name__}", "/a", body)
    return Entry("acme", str(owner), str(number), Seen(fact, Place("vendor.tickets", 0, number)))
