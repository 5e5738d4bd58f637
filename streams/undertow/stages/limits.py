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
        self._seen = 0
        self._rejected: deque[int] = deque()
        """Numbers of the refused records that may still be in the window."""
        self._in_a_row = 0
        self._whole = False

    def saw(self, records: int, rejected: Iterable[int], example: str) -> None:
        """Note ``records`` more, of which those at the positions ``rejected`` (ascending) were refused.

        Costs nothing for a good record. Raises :class:`TooManyRejects`; ``example`` is a reason to show.
        """
        good = 0
        for position in rejected:
            number = self._seen + position
            if number >= WINDOW:
                self._first_window(example)
            self._in_a_row = self._in_a_row + 1 if position == good else 1
            good = position + 1
            self._rejected.append(number)
            while self._rejected[0] <= number - WINDOW:
                self._rejected.popleft()
            share = len(self._rejected) / WINDOW
            if self._in_a_row >= self._run:
                self._stop(f"{self._in_a_row} records in a row were refused", example)
            if number >= WINDOW and share > self._share:
                self._stop(f"{share:.0%} of the last {WINDOW} records were refused", example)
        if good < records:
            self._in_a_row = 0
        self._seen += records
        if self._seen >= WINDOW:
            self._first_window(example)

    def _first_window(self, example: str) -> None:
        """The share of the first window, once it is whole; later windows can only exceed it with a refusal."""
        if not self._whole:
            self._whole = True
            share = len(self._rejected) / WINDOW
            if share > self._share:
                self._stop(f"{share:.0%} of the last {WINDOW} records were refused", example)

    def _stop(self, words: str, example: str) -> None:
        raise TooManyRejects(
            f"{self._feed}: {words} (the last one: {example}). The feed has changed as a whole, so nothing of it is "
            "committed. Fix the publisher, or raise --reject-run and --reject-share to let everything become dead letters"
        )
