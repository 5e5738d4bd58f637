"""The lent CDNOW purchases, the published sample of them, and the published fits."""

from __future__ import annotations

import gzip
from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, reduce
from operator import add
from pathlib import Path

import pytest

from undertow.domain.customers.churn import Kind

FILE = Path(__file__).parents[2] / "shared/data/cdnow/CDNOW_master.txt.gz"
needed = pytest.mark.skipif(not FILE.exists(), reason="the lent CDNOW purchases are not beside this checkout")
EPOCH = date(1970, 1, 1)
FIRST = (date(1997, 1, 1) - EPOCH).days
CALIBRATED = (date(1997, 9, 30) - EPOCH).days
"""The last day of the 39 weeks that the published fits are of."""
FITS: dict[Kind, tuple[float, float, float, float, float]] = {
    "bg": (0.243, 4.414, 0.793, 2.426, -9582.43),
    "mbg": (0.525, 6.183, 0.891, 1.614, -9582.13),
}
"""r, alpha, a, b in weeks and the log-likelihood: Fader, Hardie and Lee 2005; Batislam, Denizel and Filiztekin 2007."""


@cache
def purchases() -> dict[str, dict[int, list[float]]]:
    """Amounts by customer and day, in the order of the file."""
    found: defaultdict[str, dict[int, list[float]]] = defaultdict(dict)
    with gzip.open(FILE, "rt", encoding="ascii") as lines:
        next(lines)
        for line in lines:
            customer, day, _, amount = line.split()
            number = (date.fromisoformat(day) - EPOCH).days
            found[customer].setdefault(number, []).append(float(amount))
    return dict(found)


@cache
def sample() -> tuple[str, ...]:
    """The 2,357 customers of the published sample, one in ten of all.

    Fader and Hardie, Notes on the CDNOW master data set (2013): by week of the first purchase, those with the highest repeat
    spend in the first 39 weeks first, every tenth. Spend is all purchases less the first day's, in floating point as it was
    then: its rounding decides among equal spenders.
    """

    def place(customer: str) -> tuple[int, float, str]:
        days = purchases()[customer]
        # reduce, not sum: since Python 3.12 sum compensates for the very rounding that decided then
        spent = [reduce(add, amounts) for day, amounts in sorted(days.items()) if day <= CALIBRATED]
        return ((min(days) - FIRST) // 7, -(reduce(add, spent) - spent[0]), customer)

    return tuple(sorted(purchases(), key=place)[9::10])


def moment(day: int) -> datetime:
    """Noon of a day (since 1970-01-01), UTC."""
    return datetime.combine(EPOCH + timedelta(days=day), time(12), UTC)
