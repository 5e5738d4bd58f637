"""C2: what was handed to the streams, in order, and so what may be committed."""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterable

from faust.types import TP


class Unsettled:
    """Offsets delivered and not settled, one queue a partition.

    Faust keeps a tree of offset gaps; here the committable offset is the contiguous settled prefix of what was
    *delivered*. Offsets which are missing in the log (compaction, transaction markers) then need no bookkeeping, and a
    span is one entry: its last offset.
    """

    def __init__(self) -> None:
        self._open: dict[TP, deque[int]] = {}
        self._next: dict[TP, int] = {}

    def start(self, tp: TP, offset: int) -> None:
        """Begin again at `offset`: all that was delivered before is forgotten and will be delivered again."""
        self._open[tp] = deque()
        self._next[tp] = offset

    def drop(self, tps: Iterable[TP]) -> None:
        """Forget partitions."""
        for tp in tps:
            self._open.pop(tp, None)
            self._next.pop(tp, None)

    def expected(self, tp: TP) -> int | None:
        """Offset of the next record to come, if the log has no holes; None for a partition that has not started."""
        queue = self._open.get(tp)
        return queue[-1] + 1 if queue else self._next.get(tp)

    def waiting(self, tp: TP) -> bool:
        """Whether anything that was delivered is not settled."""
        return bool(self._open.get(tp))

    def deliver(self, tp: TP, last: int) -> None:
        """Note that a message whose last offset is `last` goes to the streams."""
        self._open.setdefault(tp, deque()).append(last)

    def settle(self, tp: TP, acked: set[int], committed: int | None) -> int | None:
        """Take the settled prefix off and return the offset to commit, None where nothing new is settled.

        Settled offsets are removed from `acked`. An entry below `committed` was delivered twice around a seek and
        committed through its first copy; Faust ignores the ack of the second copy, so the commit would stand still.
        """
        queue = self._open.get(tp)
        last: int | None = None
        while queue and (queue[0] in acked or (committed is not None and queue[0] < committed)):
            head = queue.popleft()
            acked.discard(head)
            last = head if last is None else max(last, head)
        if not queue:
            acked.clear()
        if last is None:
            return None
        self._advance(tp, last + 1)
        return last + 1

    def handled(self, tp: TP, last: int) -> None:
        """Settle all up to and including `last` of a partition whose offsets are never committed."""
        queue = self._open.get(tp)
        while queue and queue[0] <= last:
            queue.popleft()
        self._advance(tp, last + 1)

    def idle(self, tp: TP, position: int) -> None:
        """Note the fetch position of a partition of which nothing is on its way: markers at the end of a log count."""
        if tp in self._next and not self._open.get(tp):
            self._advance(tp, position)

    def next(self, tp: TP, acked: Container[int] = ()) -> int | None:
        """Offset of the first record that is neither settled nor `acked`; None for a partition that has not started."""
        found = self._next.get(tp)
        for last in self._open.get(tp, ()):
            if found is None or last not in acked:
                break
            found = last + 1
        return found

    def _advance(self, tp: TP, offset: int) -> None:
        self._next[tp] = max(self._next.get(tp, 0), offset)
