"""When to stop instead of dead-lettering everything: a feed that is wholly wrong is a change upstream, not bad events."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

WINDOW: Final = 1000
"""Records over which the share is taken: below it a handful of bad events at the start of a feed would stop a worker."""


class TooManyRejects(Exception):
    """The feed is refused as a whole; the message says what was seen and what to do."""


class RejectLimit:
    """Counts one feed partition. ``share`` (ratio 0 to 1) of the last :data:`WINDOW` records, or ``run`` in a row."""

    def __init__(self, feed: str, share: float, run: int) -> None:
        self._feed, self._share, self._run = feed, share, run
        self._recent: deque[bool] = deque(maxlen=WINDOW)
        self._rejected = 0
        self._in_a_row = 0

    def saw(self, rejected: Iterable[bool], example: str) -> None:
        """Note records in order. Raises :class:`TooManyRejects`; ``example`` is a reason to show."""
        for bad in rejected:
            if len(self._recent) == WINDOW:
                self._rejected -= self._recent[0]
            self._recent.append(bad)
            self._rejected += bad
            self._in_a_row = self._in_a_row + 1 if bad else 0
            share = self._rejected / WINDOW
            if self._in_a_row >= self._run:
                self._stop(f"{self._in_a_row} records in a row were refused", example)
            if len(self._recent) == WINDOW and share > self._share:
                self._stop(f"{share:.0%} of the last {WINDOW} records were refused", example)

    def _stop(self, words: str, example: str) -> None:
        raise TooManyRejects(
            f"{self._feed}: {words} (the last one: {example}). The feed has changed as a whole, so nothing of it is "
            "committed. Fix the publisher, or raise --reject-run and --reject-share to let everything become dead letters"
        )
