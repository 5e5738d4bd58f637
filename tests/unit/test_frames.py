"""Rows are packed for ever: what was written once is read by every later version."""

from __future__ import annotations

import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import pytest
from cramjam import lz4
from msgspec import msgpack

from undertow.domain.customers.activity import of
from undertow.domain.tickets.facts import Claimed, Fact, Opened, Place, Seen
from undertow.stages.frames import DICTIONARY, pack, unpack
from undertow.stages.rows import (
    ClockRow,
    CustomerRow,
    ForgottenRow,
    Row,
    TicketRow,
    appended,
    decode,
    encode,
    join_rows,
)


def seen(number: int) -> Seen:
    body = Claimed("sla", True, None, 1.5e9, 0) if number % 2 else Opened("router", None, "normal", "customer")
    fact = Fact(1.7e9 + number, number, 1.7e9 + number, f"acme-{number}", "/vendors/acme", body)
    return Seen(fact, Place("vendor.tickets", 3, 1_000 + number, 1.7e9 + number + 0.25))


TICKET = TicketRow([seen(0), seen(1)])
WRITTEN = (
    "28b52ffd2101bded0200f4039200929296cb41d954fc4000000000a661636d652d30ad61636d659500a6726f75746572c003e810000040"
    "0000014031d65a0bc00000000003cd03e95000000bfc119bb0cea7e539903d29902f1e8fec23657cbfec022bdde2aa3f"
)
"""A frame of the first version with it: :data:`TICKET`."""
ROWS: list[Row] = [
    TICKET,
    TicketRow([]),
    TicketRow([seen(number) for number in range(4_000)]),
    CustomerRow([seen(0)], of([19_000]), b""),
    ClockRow(1.5e9, 7),
    ForgottenRow(1.5e9),
]


def as_before(row: Row) -> bytes:
    """As rows were written before there was a dictionary."""
    return bytes(lz4.compress_block(msgpack.encode(row)))


def test_the_dictionary_is_what_the_rows_on_changelogs_were_written_with():
    """Promise: a row is read for ever; changed in one byte, the dictionary would unpack other facts, or none."""
    assert sha256(DICTIONARY).hexdigest() == "15b1f33a59ddf5d4f3d708f2c37ce95b6f2475f57f71f4b7d7b7326954927c2e"
    assert decode(bytes.fromhex(WRITTEN)) == TICKET


@pytest.mark.parametrize("row", ROWS)
def test_rows_of_earlier_versions_are_read_as_they_were(row):
    """Promise: an update needs no new changelog."""
    assert decode(as_before(row)) == row == decode(encode(row))
    assert join_rows(as_before(row), encode(row)) == join_rows(encode(row), as_before(row)) == encode(row)


def test_facts_are_put_behind_a_row_of_an_earlier_version():
    """Promise: and become a row of today."""
    assert appended(as_before(TICKET), [seen(2)]) == encode(TicketRow([*TICKET.facts, seen(2)]))
    assert appended(as_before(TICKET), [seen(1)]) is None, "it is in it"


def test_a_packed_row_keeps_no_room():
    """Promise: what a row weighs in memory is what it is long: zstd gives back more than it filled."""
    rows = [msgpack.encode(TicketRow([seen(number), seen(number + 1)])) for number in range(500)]
    pack(rows[0])
    tracemalloc.start()
    packed = [pack(row) for row in rows]
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < sum(len(row) + 64 for row in packed)


def test_rows_are_read_in_several_threads_at_once():
    """Promise: the nightly evaluation reads rows while the loop writes others."""
    rows = [msgpack.encode(TicketRow([seen(number + step) for step in range(200)])) for number in range(8)]

    def walk(row: bytes) -> bool:
        return all(unpack(pack(row)) == row for _ in range(200))

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(walk, rows))
