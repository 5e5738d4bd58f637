"""The chance level of repeat contacts: how many there would be if customers came back at times unrelated to the solve."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import accumulate
from math import fsum

from undertow.domain.agreement.contract import DAY
from undertow.domain.counting.cells import Cell, CellKey, Exposure, middle

_middle = cache(middle)


class Chance:
    """Of one vendor's cells.

    Deal each of a customer's other tickets an opening time and a topic at random from the vendor's own tickets: it is a
    repeat contact of a ticket solved on day d with topic k with probability p = (share of the vendor's tickets opened in
    the repeat window after d) x (share of topic k). With m others, the chance of at least one is 1 - (1 - p)^m. This is
    the expectation of shuffling the customers of the log; rates of tickets opened are the vendor's, how often a customer
    makes contact is the customer's own.
    """

    def __init__(self, cells: Mapping[CellKey, Cell], window: float) -> None:
        """``window``: the repeat window in seconds."""
        topics: dict[int, int] = {}
        opened: dict[int, int] = {}
        for key, cell in cells.items():
            opened[key.day] = opened.get(key.day, 0) + cell.counts.opened
            for (topic, _), n in cell.exposures.items():
                topics[topic] = topics.get(topic, 0) + n
        known = sum(topics.values())
        self._topic = {topic: n / known for topic, n in topics.items()}
        self._first = min(opened, default=0)
        days = range(self._first, max(opened, default=-1) + 1)
        self._opened = list(accumulate((opened.get(day, 0) for day in days), initial=0))
        self._days = max(1, round(window / DAY))

    def expected(self, day: int, exposures: Mapping[Exposure, int]) -> float:
        """How many of the tickets solved on ``day`` would be followed by a repeat contact by chance."""
        total = self._opened[-1]
        if not total or not exposures:
            return 0.0
        in_time = (self._before(day + 1 + self._days) - self._before(day + 1)) / total
        share = self._topic
        # fsum: exposures may stand in any order, and equal ledgers must give equal figures to the last bit
        return fsum(
            [
                n * (1.0 - (1.0 - in_time * share[topic]) ** _middle(others))
                for (topic, others), n in exposures.items()
                if others
            ]
        )

    def _before(self, day: int) -> int:
        """Tickets opened before ``day``."""
        return self._opened[min(max(day - self._first, 0), len(self._opened) - 1)]
