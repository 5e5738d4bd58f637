"""C12: a fetch in which the name of a header is no UTF-8 is read again, tolerantly, from where it failed.

aiokafka would raise in the middle of the fetch, so one such record, which any publisher can write, would end every worker that
comes to it.
"""

# ruff: noqa: ANN401 -- aiokafka is untyped
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords, _MemoryRecordsPy

from undertow.headers import spelled


class _Kept(MemoryRecords):  # type: ignore[misc]
    """Records of a fetch that know their bytes."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.data = data


class _Batch(_DefaultRecordBatchPy):  # type: ignore[misc]
    _read_msg = spelled(_DefaultRecordBatchPy._read_msg)


class _Tolerant(_MemoryRecordsPy):  # type: ignore[misc]
    def next_batch(self, *_: Any) -> Any:
        piece = self._next_slice
        if piece is None or piece[self.MAGIC_OFFSET] < 2:
            return super().next_batch()
        self._cache_next()
        return _Batch(piece)


class _Records(fetcher.PartitionRecords):  # type: ignore[misc]
    def _unpack_records(self) -> Iterator[Any]:
        try:
            yield from super()._unpack_records()
        except UnicodeDecodeError:
            at = self.next_fetch_offset  # what was given is not given again
            self._records: Any = _Tolerant(self._records.data)
            yield from (record for record in super()._unpack_records() if record.offset >= at)


def read_by_aiokafka() -> None:
    """Have aiokafka read them. What it replaces is there, or importing this module has failed."""
    fetcher.MemoryRecords, fetcher.PartitionRecords = _Kept, _Records
