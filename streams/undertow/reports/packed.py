"""A statement's findings in order, packed: a hundred thousand of them with their evidence would not fit beside a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from cramjam import lz4

from undertow.domain.judging.findings import Finding
from undertow.domain.statements.selection import of_period, order
from undertow.domain.statements.statement import PeriodStatement

_pack: Final = msgspec.msgpack.Encoder().encode
_unpack: Final = msgspec.msgpack.Decoder(Finding).decode


class Packed:
    """Those findings that belong to a statement, in the order of :func:`~undertow.domain.statements.selection.order`.

    Iterated any number of times, one finding unpacked at a time.
    """

    def __init__(self, findings: Iterable[Finding], statement: PeriodStatement) -> None:
        some = [(order(one), bytes(lz4.compress_block(_pack(one)))) for one in of_period(findings, statement)]
        some.sort()
        self._packed = [packed for _, packed in some]

    def __len__(self) -> int:
        return len(self._packed)

    def __iter__(self) -> Iterator[Finding]:
        return (_unpack(lz4.decompress_block(packed)) for packed in self._packed)
