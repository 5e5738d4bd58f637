"""The histories of all customers as columns: what a model is fitted on, and what it is evaluated for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from undertow.domain.customers.activity import unpack

Column = npt.NDArray[np.float64]


class Book(NamedTuple):
    """One row a customer, in the order given; times in units of ``unit`` days. ``weight`` counts equal customers."""

    repeats: Column
    recency: Column
    age: Column
    weight: Column
    unit: float

    @classmethod
    def of(cls, packed: Iterable[bytes], end: int, unit: float = 1.0) -> Book:
        """Histories at the close of day ``end`` from packed sets of days.

        A customer without activity until then has a row of its own with weight 0: rows stay where their customers are.
        """
        rows: list[tuple[int, int, int, int]] = []
        for one in packed:
            days = unpack(one).until(end)
            start, bits = days
            rows.append((bits.bit_count() - 1, days.last - start, end - start, 1) if bits else (0, 0, 0, 0))
        table = np.array(rows, dtype=np.float64).reshape(-1, 4)
        return cls(table[:, 0], table[:, 1] / unit, table[:, 2] / unit, table[:, 3], unit)

    @classmethod
    def counted(cls, rows: Sequence[tuple[int, int, int, int]], unit: float = 1.0) -> Book:
        """From histories that were counted: repeats, recency and age in days, and how many customers have them."""
        table = np.array(rows, dtype=np.float64).reshape(-1, 4)
        return cls(table[:, 0], table[:, 1] / unit, table[:, 2] / unit, table[:, 3], unit)

    @property
    def customers(self) -> int:
        """Customers with any activity."""
        return int(self.weight.sum())

    def gathered(self) -> Book:
        """Equal customers in one row each, without those who never did anything: the same likelihood, sooner."""
        table = np.stack([self.repeats, self.recency, self.age])[:, self.weight > 0]
        order = np.lexsort(table)
        table, weight = table[:, order], self.weight[self.weight > 0][order]
        first = np.ones(table.shape[1], dtype=bool)
        first[1:] = (table[:, 1:] != table[:, :-1]).any(axis=0)
        sums = np.add.reduceat(weight, np.flatnonzero(first)) if weight.size else weight
        x, t, age = table[:, first]
        return Book(x, t, age, sums, self.unit)
