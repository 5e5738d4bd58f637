"""Names of record headers that are no UTF-8: read all the same, for any client may write them and brokers take them.

Both Kafka clients decode such a name strictly and fail on the whole fetch. The record could then be read by nobody, and
whatever comes after it on its partition neither.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from kafka.record import default_records


class _Spelled(bytearray):
    """Bytes whose parts are decoded with what is no UTF-8 spelled out, such as ``\\xff``."""

    def __getitem__(self, at: Any) -> Any:  # noqa: ANN401 - an index or a slice
        found = super().__getitem__(at)
        return _Spelled(found) if isinstance(at, slice) else found

    def decode(self, encoding: str = "utf-8", errors: str = "backslashreplace") -> str:
        return super().decode(encoding, errors)


def spelled(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """``_read_msg`` of a batch as both clients have it in Python: once more where it fails, for it moves on only at its end."""

    @wraps(read)
    def tolerant(batch: Any) -> Any:  # noqa: ANN401 - the clients are untyped
        try:
            return read(batch)
        except UnicodeDecodeError:
            strict = batch._buffer
            batch._buffer = _Spelled(strict)
            try:
                return read(batch)
            finally:
                batch._buffer = strict

    return tolerant


def read_by_kafka_python() -> None:
    """Have kafka-python read them. Raises ``AttributeError`` after an upgrade that has no such method."""
    batch = default_records.DefaultRecordBatch
    if not hasattr(batch._read_msg, "__wrapped__"):
        batch._read_msg = spelled(batch._read_msg)
