"""Who has probably left, what it costs, and whether the model would have been right a month ago."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from msgspec import Struct

from undertow.domain.customers.activity import History, history, unpack
from undertow.domain.customers.churn import CannotFit, Fit, Kind
from undertow.fitting.book import Book
from undertow.fitting.models import alive, fit, lost, silent

YEAR: Final = 365.0
"""Days over which value is at risk."""


class Leaver(Struct, frozen=True):
    """One customer who has probably left. Days count from 1970-01-01; probabilities 0 to 1."""

    customer: str
    first_day: int
    last_day: int
    history: History
    alive: float
    silent: float
    """Of no activity in the days ahead that were asked for."""
    value: float
    """Of one active day; 1 where no values are known."""
    at_risk: float
    """What its departure is expected to cost within a year: the chance that it left, at the pace it had, times ``value``."""


class Check(Struct, frozen=True):
    """The model against what happened: fitted without the last days, asked about them."""

    day: int
    """The last day it was fitted on."""
    customers: int
    expected: float
    """Customers without activity in the days after it: by the model, and in fact."""
    seen: int


class Leaving(Struct, frozen=True):
    """The whole population's evaluation at the close of a day."""

    fit: Fit
    customers: int
    left: float
    """Expected number of customers who have left."""
    at_risk: float
    """Sum over all customers."""
    likely: list[Leaver]
    """By value at risk, the highest first."""
    likely_count: int
    """How many there are, listed or not."""


def leaving(
    activity: Mapping[str, bytes],
    values: Mapping[str, float],
    end: int,
    found: Fit,
    *,
    ahead: int = 30,
    below: float = 0.5,
    within: int | None = None,
    most: int | None = None,
    usual: float | None = None,
) -> Leaving:
    """Evaluate everyone as of the close of day ``end``.

    ``likely`` are those with P(alive) under ``below`` who were active in the last ``within`` days, ``most`` of them.

    ``activity`` is the packed days by customer, ``values`` what an active day is worth; who is not in it is worth
    ``usual``, by default the mean of those who are, and without any value each day counts 1.
    """
    names = list(activity)
    model = found.model
    book = Book.of(activity.values(), end, model.unit)
    here = alive(model, book)
    if usual is None:
        usual = float(np.mean(list(values.values()))) if values else 1.0
    worth = np.array([values.get(name, usual) for name in names])
    at_risk = lost(model, book, YEAR / model.unit) * np.maximum(worth, 0.0) * book.weight
    recent = book.age - book.recency < (np.inf if within is None else within / model.unit)
    chosen = np.flatnonzero((here < below) & (book.weight > 0) & recent)
    # equal risk: in the order of names, so that the same data give the same list
    order = sorted(chosen.tolist(), key=lambda place: (-at_risk[place], names[place]))
    quiet = silent(model, book, ahead / model.unit)
    return Leaving(
        fit=found,
        customers=book.customers,
        left=float(((1 - here) * book.weight).sum()),
        at_risk=float(at_risk.sum()),
        likely=[
            _leaver(
                names[at], activity, end, found, float(here[at]), float(quiet[at]), float(worth[at]), float(at_risk[at])
            )
            for at in order[:most]
        ],
        likely_count=len(order),
    )


def check(activity: Sequence[bytes], end: int, kind: Kind, unit: float, ahead: int = 30) -> Check | None:
    """Fit as of ``ahead`` days before ``end`` and compare; None when too little had happened by then."""
    day = end - ahead
    before = Book.of(activity, day, unit)
    try:
        model = fit(before, kind).model
    except CannotFit:
        return None
    known = before.weight > 0
    quiet = np.fromiter((not unpack(one).active(day + 1, end) for one in activity), dtype=bool, count=len(activity))
    return Check(
        day=day,
        customers=before.customers,
        expected=float((silent(model, before, ahead / unit) * before.weight).sum()),
        seen=int((quiet & known).sum()),
    )


def _leaver(
    name: str, activity: Mapping[str, bytes], end: int, found: Fit, here: float, quiet: float, worth: float, cost: float
) -> Leaver:
    days = unpack(activity[name]).until(end)
    seen = history(days, end, found.model.unit)
    assert seen is not None
    return Leaver(name, days.start, days.last, seen, here, quiet, worth, cost)
