"""C12, without a broker: what aiokafka makes of a fetch in which the name of a header is no UTF-8."""

from __future__ import annotations

import struct

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.consumer.fetcher import PartitionRecords as Ours
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c_py

import undertow.agents.transport  # noqa: F401 - it replaces how fetches are read

Stock = Ours.__mro__[1]
TP = TopicPartition("t", 0)


def fetched(*bad: int) -> bytes:
    """Two batches of three records, as a broker sends them; those at the offsets ``bad`` have such a header."""
    found = b""
    for base in (0, 3):
        batch = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1 << 20)
        for place in range(3):
            batch.append(
                place, 1000, None, b"v%d" % (base + place), [("abcd" if base + place in bad else "good", b"x")]
            )
        raw = bytes(batch.build()).replace(b"abcd", b"ab\xff\xfe")
        found += struct.pack(">q", base) + raw[8:17] + struct.pack(">I", calc_crc32c_py(raw[21:])) + raw[21:]
    return found


def read(kind: type, records: object, start: int) -> list[tuple[int, bytes, str]]:
    one = kind(TP, records, [], start, None, None, True, 0)
    return [(record.offset, record.value, record.headers[0][0]) for record in one]


def test_stock_fails_on_a_header_s_name_that_is_no_utf_8():
    with pytest.raises(UnicodeDecodeError):
        read(Stock, MemoryRecords(fetched(1)), 0)


@pytest.mark.parametrize("start", [0, 1, 2])
@pytest.mark.parametrize("bad", [(0,), (1,), (4,), (2, 5), (0, 1, 2, 3, 4, 5), ()])
def test_our_fetch_gives_every_record_once_with_such_names_spelled_out(start, bad):
    expected = [(at, b"v%d" % at, "ab\\xff\\xfe" if at in bad else "good") for at in range(start, 6)]
    assert read(Ours, fetcher.MemoryRecords(fetched(*bad)), start) == expected
