"""Activity through the casebook: whatever order it comes in, a customer's row is the union of what was told."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from property.strategies import CONTRACTS, Owner
from undertow.domain.customers import activity
from undertow.domain.tickets.facts import Active, Fact, Place, Seen, SegmentChanged
from undertow.stages.records import Entry
from undertow.stages.rows import (
    CustomerRow,
    customer_key,
    customer_of,
    decode,
    encode,
    flat,
    join_rows,
    ticket_key,
    unflattened,
)

DAY = 86_400.0
TODAY = 20_000
customers = st.sampled_from(["ann", "bob"])
days = st.integers(TODAY - 729, TODAY)
told = st.lists(st.tuples(customers, days, st.none() | st.floats(-1e4, 1e4)), max_size=20)
packed = st.lists(days, max_size=12).map(activity.of)
values = st.lists(st.tuples(days, st.floats(0, 1e4)), max_size=4)


def entry(customer: str, day: int, value: float | None, place: int = 0) -> Entry:
    body = Active(value)
    return Entry(
        None, customer, None, Seen(Fact(day * DAY + place % 1000, 0, 0.0, f"{place}", "/c", body), Place("t", 0, 0))
    )


def facts(told: list[tuple[str, int, float | None]]) -> list[Entry]:
    return [entry(*one, place) for place, one in enumerate(told)]


@given(told, st.booleans(), st.data())
def test_duplicated_reordered_and_late_activity_gives_the_same_rows(told, with_facts, data):
    """Promise: in one span or in many, twice, backwards, up to two years late: the same bytes and the same sets."""
    entries = facts(told)
    if with_facts:
        fact = Fact(DAY, 0, DAY, "moved", "/c", SegmentChanged("gold"))
        entries.append(Entry(None, "ann", None, Seen(fact, Place("t", 0, 1))))
    once = Owner(CONTRACTS).walk([TODAY * DAY + 60, entries])
    again = data.draw(st.permutations([*entries, *entries[: len(entries) // 2]]))
    cut = data.draw(st.integers(0, len(again)))
    twice = Owner(CONTRACTS).walk([TODAY * DAY, again[:cut], TODAY * DAY + 60, again[cut:], entries])
    assert {key: once.rows[key] for key in once.rows if customer_of(key)} == {
        key: twice.rows[key] for key in twice.rows if customer_of(key)
    }
    for customer in {who for who, *_ in told}:
        row = decode(once.rows[customer_key(customer)])
        assert isinstance(row, CustomerRow)
        assert set(activity.unpack(row.days).listed()) == {day for who, day, _ in told if who == customer}


@given(packed, values, packed, values)
def test_joining_rows_is_the_row_of_both(one, worth_one, other, worth_other):
    """Promise: a row that a paused worker wrote late loses nothing, flat or not; flattening loses nothing either."""
    owners = [
        Owner(CONTRACTS).walk(
            [facts([("ann", day, value) for day, value in some] + [("ann", d, None) for d in listed])]
        )
        for some, listed in ((worth_one, activity.unpack(one).listed()), (worth_other, activity.unpack(other).listed()))
    ]
    both = Owner(CONTRACTS).walk(
        [
            facts([("ann", day, value) for day, value in (*worth_one, *worth_other)]),
            facts([("ann", day, None) for part in (one, other) for day in activity.unpack(part).listed()]),
        ]
    )
    key = customer_key("ann")
    rows = [owner.rows.get(key, flat(b"", b"")) for owner in owners]
    assert join_rows(*rows) == join_rows(*reversed(rows)) == both.rows.get(key, flat(b"", b""))
    for value in rows:
        row = decode(value)
        assert isinstance(row, CustomerRow)
        assert unflattened(value) == (row.days, row.amounts)
        assert encode(row) == value


def test_only_a_customers_key_names_a_customer():
    """Promise: a row's kind is read off its key, whatever the names are."""
    assert customer_of(customer_key("ann")) == "ann"
    assert customer_of(ticket_key("v", "ann", "1")) is None


def test_a_row_with_two_years_of_activity_is_small():
    """Promise: at most 144 bytes as an object: with its key and its place in the table a customer costs under 250."""
    every = [("ann", day, 12.34) for day in range(TODAY - 729, TODAY + 1, 2)]
    value = Owner(CONTRACTS).walk([facts(every)]).rows[customer_key("ann")]
    assert value.__sizeof__() <= 144


def test_what_is_older_than_two_years_is_forgotten():
    """Promise: a set never grows beyond its window, and old news of a stranger leaves no row at all."""
    owner = Owner(CONTRACTS).walk([TODAY * DAY, [entry("ann", TODAY - 730, None)], [entry("bob", TODAY - 729, None)]])
    assert customer_key("ann") not in owner.rows
    owner.walk([(TODAY + 1) * DAY, [entry("bob", TODAY, None)]])
    row = decode(owner.rows[customer_key("bob")])
    assert isinstance(row, CustomerRow)
    assert activity.unpack(row.days).listed() == [TODAY]
