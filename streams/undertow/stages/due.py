"""What must be judged again, and when. In memory only: rebuilt with the judgements themselves."""

from __future__ import annotations

from heapq import heappop, heappush


class Due:
    """The latest time (seconds) set for each ticket, by time."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, bytes]] = []
        self._at: dict[bytes, float] = {}

    def put(self, key: bytes, when: float) -> None:
        """Set a ticket's time; infinity is never."""
        if when != float("inf") and self._at.get(key) != when:
            self._at[key] = when
            heappush(self._heap, (when, key))

    def drop(self, key: bytes) -> None:
        """Forget a ticket."""
        self._at.pop(key, None)

    def ripe(self, as_of: float) -> set[bytes]:
        """Take out the tickets whose time has come."""
        keys = set()
        while self._heap and self._heap[0][0] <= as_of:
            when, key = heappop(self._heap)
            if self._at.get(key) == when:  # else it was set anew, or dropped, since
                del self._at[key]
                keys.add(key)
        return keys
