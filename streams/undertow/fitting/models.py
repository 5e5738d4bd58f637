"""Maximum likelihood of the churn models, and their figures, for whole columns.

Formulas: :mod:`undertow.domain.customers.churn`.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import digamma, gammaln

from undertow.domain.customers.churn import CannotFit, Fit, Kind, Model
from undertow.fitting.book import Book, Column

LEAST: Final = 20
"""Customers with a repeat below which no model is fitted: four parameters from fewer would be a guess."""
_REACH: Final = 1e4
"""A parameter is sought within this factor of its start on either side: beyond it the likelihood is flat."""


def fit(book: Book, kind: Kind = "mbg") -> Fit:
    """The model of highest likelihood.

    L-BFGS-B on the parameters' logarithms with the exact gradient: some tens of passes over the customers. Raises
    :class:`CannotFit` when fewer than :data:`LEAST` customers came back on another day.
    """
    rows = book.gathered()
    repeating = int(rows.weight[rows.repeats > 0].sum())
    if repeating < LEAST:
        raise CannotFit(
            f"cannot tell yet: {repeating} of {rows.customers} customers were active on more than one day, "
            f"a model needs at least {LEAST}"
        )
    # the mean gap between active days: with it as alpha's start the search does not depend on the unit of time
    gap = float((rows.weight * rows.age).sum() / (rows.weight * rows.repeats).sum())
    start = np.log([1.0, gap, 1.0, 1.0])
    reach = np.log(_REACH)
    found = minimize(
        _slope,
        start,
        args=(rows, kind),
        method="L-BFGS-B",
        jac=True,
        bounds=[(at - reach, at + reach) for at in start],
        options={"ftol": 1e-13, "gtol": 1e-8, "maxiter": 500},
    )
    r, alpha, a, b = (float(value) for value in np.exp(found.x))
    model = Model(kind, r, alpha, a, b, book.unit)
    at_bound = np.abs(found.x - start) > reach - 1e-6
    free = np.where(at_bound, 0.0, found.jac)
    return Fit(
        model=model,
        log_likelihood=log_likelihood(model, rows),
        customers=rows.customers,
        repeating=repeating,
        evaluations=int(found.nfev),
        settled=bool(found.success or np.abs(free).max() < 1e-5),
        bounded=tuple(name for name, flat in zip(("r", "alpha", "a", "b"), at_bound, strict=True) if flat),
    )


def log_likelihood(model: Model, book: Book) -> float:
    """The natural logarithm of the likelihood of these customers."""
    value, _ = _slope(np.log([model.r, model.alpha, model.a, model.b]), book, model.kind)
    return -value * float(book.weight.sum())


def alive(model: Model, book: Book) -> Column:
    """P(alive) of every row, 0 to 1."""
    y = _chances(book, model.kind)
    # y = 0 never enters the odds; the floor keeps the logarithm from warning about it
    odds = np.log(model.a) - np.log(np.maximum(model.b + y - 1, 1e-300))
    odds += (model.r + book.repeats) * np.log1p((book.age - book.recency) / (model.alpha + book.recency))
    here: Column = np.where(y > 0, 1 / (1 + np.exp(np.minimum(odds, 700))), 1.0)
    return here


def silent(model: Model, book: Book, ahead: float) -> Column:
    """The probability of every row to show no activity in the next ``ahead`` units."""
    quiet = np.exp(-(model.r + book.repeats) * np.log1p(ahead / (model.alpha + book.age)))
    still: Column = 1 - alive(model, book) * (1 - quiet)
    return still


def lost(model: Model, book: Book, ahead: float) -> Column:
    """Active days in the next ``ahead`` units that the departure of each row is expected to cost."""
    return (1 - alive(model, book)) * (model.r + book.repeats) / (model.alpha + book.recency) * ahead


def _chances(book: Book, kind: Kind) -> Column:
    return book.repeats + (kind == "mbg")


def _slope(point: npt.NDArray[np.float64], rows: Book, kind: Kind) -> tuple[float, npt.NDArray[np.float64]]:
    """Minus the mean log-likelihood at the logarithms of (r, alpha, a, b), and its gradient there."""
    r, alpha, a, b = np.exp(point)
    x, y = rows.repeats, _chances(rows, kind)
    to_end, to_last = np.log(alpha + rows.age), np.log(alpha + rows.recency)
    stayed = -(r + x) * to_end
    left = np.where(y > 0, np.log(a) - np.log(np.maximum(b + y - 1, 1e-300)) - (r + x) * to_last, -np.inf)
    both = np.logaddexp(stayed, left)
    gone = np.exp(left - both)
    # functions of whole numbers only: looked up, for there are far fewer repeats than customers
    places, at = np.unique(x, return_inverse=True)
    chances = places + (kind == "mbg")
    known = gammaln(r + places) - gammaln(r) + gammaln(b + chances) - gammaln(a + b + chances)
    value = known[at] + r * np.log(alpha) + gammaln(a + b) - gammaln(b) + both
    total = rows.weight.sum()
    w = rows.weight / total
    shared = digamma(a + b) - digamma(a + b + chances)
    by_r = (digamma(r + places) - digamma(r))[at] + np.log(alpha) - to_end + gone * (to_end - to_last)
    by_alpha = r / alpha - (r + x) * ((1 - gone) / (alpha + rows.age) + gone / (alpha + rows.recency))
    by_a = shared[at] + gone / a
    by_b = (shared + digamma(b + chances) - digamma(b))[at] - np.where(y > 0, gone / np.maximum(b + y - 1, 1e-300), 0)
    gradient = np.array([w @ by_r * r, w @ by_alpha * alpha, w @ by_a * a, w @ by_b * b])
    return -float(w @ value), -gradient
