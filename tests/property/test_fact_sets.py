"""A fact set only grows: in whatever order and however often facts are read, the set and its bytes are the same."""

from __future__ import annotations

from itertools import permutations

import msgspec
from cramjam import lz4
from hypothesis import given
from hypothesis import strategies as st

from property.strategies import customer_bodies, facts, places, seen
from undertow.domain.customers import activity
from undertow.domain.tickets.facts import Fact, Opened, Place, Seen, in_order, join, position, rewritten
from undertow.stages.rows import ClockRow, CustomerRow, TicketRow, appended, encode, join_rows

few = st.lists(seen(ids=3), max_size=10)
"""Three ids among ten facts: most of them stand in several versions."""


def united(*parts: list[Seen]) -> list[Seen]:
    found: list[Seen] = []
    for part in parts:
        found, _ = join(found, part)
    return found


@given(few, few)
def test_the_union_of_two_sets_does_not_depend_on_which_came_first(one, other):
    """Promise: a late fact and an early one give the same set, and the same facts count, in the same order."""
    assert united(one, other) == united(other, one)
    assert in_order(united(one, other)) == in_order(united(other, one))
    assert rewritten(united(one, other)) == rewritten(united(other, one))


@given(few, few, few)
def test_the_union_does_not_depend_on_how_facts_were_grouped(a, b, c):
    """Promise: spans of any size give the same set."""
    left = united(united(a, b), c)
    right = united(a, united(b, c))
    assert left == right == united([*a, *b, *c])


@given(few, few)
def test_facts_read_again_change_nothing_and_are_counted_as_known(one, other):
    """Promise: a replay is harmless, and its size is told."""
    found = united(one, other)
    again, known = join(found, [*one, *other])
    assert known == len(one) + len(other)
    assert again is found, "the very list says that there is nothing to write"


@given(st.lists(seen(ids=2), min_size=1, max_size=8))
def test_of_two_versions_of_an_id_the_one_read_first_counts(read):
    """Promise: a rewritten fact is kept as evidence and decides nothing."""
    found = united(read)
    counting = in_order(found)
    assert len({(fact.source, fact.id) for fact in counting}) == len(counting)
    for fact in counting:
        rivals = [s.place for s in found if (s.fact.source, s.fact.id) == (fact.source, fact.id)]
        assert min(rivals) in [s.place for s in found if s.fact == fact]
    assert {(fact.source, fact.id) for fact in counting} == {(s.fact.source, s.fact.id) for s in read}


@given(facts(), st.lists(places, min_size=1, max_size=5))
def test_a_fact_keeps_the_lowest_place_it_was_read_at(fact, where):
    """Promise: evidence points at the first reading."""
    assert united([Seen(fact, place) for place in where]) == [Seen(fact, min(where))]


def ticket_row(read: list[Seen]) -> bytes:
    return join_rows(encode(TicketRow([])), encode(TicketRow(read)))


@given(few, few, few)
def test_ticket_rows_join_to_equal_bytes_in_any_order(a, b, c):
    """Promise: recovery may meet the records of a key in any order, any number of times."""
    x, y, z = map(ticket_row, (a, b, c))
    assert join_rows(x, y) == join_rows(y, x)
    assert join_rows(join_rows(x, y), z) == join_rows(x, join_rows(y, z)) == ticket_row([*c, *b, *a])
    assert join_rows(x, x) == x


@given(st.lists(seen(ids=40), max_size=20), st.lists(seen(ids=40), min_size=1, max_size=20))
def test_facts_put_behind_a_row_unread_give_the_bytes_that_reading_it_gives(before, more):
    """Promise: the short way writes what the long way writes, and is not taken where an id may have come before."""
    row, last = united(before), max((one.fact.time for one in before), default=0.0)
    late = [
        msgspec.structs.replace(one, fact=msgspec.structs.replace(one.fact, time=one.fact.time + last)) for one in more
    ]
    news = sorted({one.fact.id: one for one in late}.values(), key=position)
    found = appended(encode(TicketRow(row)), news)
    if {one.fact.id for one in row} & {one.fact.id for one in news}:
        assert found is None
    else:
        assert found in {None, ticket_row([*row, *news])}
        assert found is not None or len(row) > 1, "an id that only resembles something in the row"


@given(few, few)
def test_a_row_of_an_earlier_version_joins_to_the_bytes_of_today(one, other):
    """Promise: recovery may meet rows as LZ4 blocks, and writes what it writes of any other."""
    before = bytes(lz4.compress_block(msgspec.msgpack.encode(TicketRow(united(one)))))
    after = ticket_row(other)
    assert join_rows(before, after) == join_rows(after, before) == ticket_row([*one, *other])
    assert join_rows(before, before) == ticket_row(one)


def test_versions_that_differ_in_their_order_alone_join_to_equal_bytes():
    """Promise: also where two versions stand at one place, as after a topic was made anew."""
    place = Place("vendor.tickets", 0, 0)
    versions = [
        Seen(Fact(1.0, sequence, recorded, "7", "/a", Opened("bill")), place)
        for sequence in (1, 2)
        for recorded in (1.0, 2.0)
    ]
    assert len({ticket_row(list(order)) for order in permutations(versions)}) == 1


customer_rows = st.builds(
    lambda read, days: join_rows(encode(CustomerRow([], b"", b"")), encode(CustomerRow(read, activity.of(days), b""))),
    st.lists(seen(3, customer_bodies), max_size=8),
    st.sets(st.integers(19_000, 19_010)),
)


@given(customer_rows, customer_rows, customer_rows)
def test_customer_rows_join_to_equal_bytes_in_any_order(x, y, z):
    """Promise: facts unite, active days are a set."""
    assert join_rows(x, y) == join_rows(y, x)
    assert join_rows(join_rows(x, y), z) == join_rows(x, join_rows(y, z))
    assert join_rows(x, x) == x


clock_rows = st.builds(lambda as_of, epoch: encode(ClockRow(as_of, epoch)), st.floats(0, 4e9), st.integers(0, 9))


@given(clock_rows, clock_rows, clock_rows)
def test_clock_rows_join_to_equal_bytes_in_any_order(x, y, z):
    """Promise: time and epoch never run backwards."""
    assert join_rows(x, y) == join_rows(y, x)
    assert join_rows(join_rows(x, y), z) == join_rows(x, join_rows(y, z))
    assert join_rows(x, x) == x
