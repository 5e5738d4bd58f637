"""Who may have left without a word: two "buy till you die" models of a customer's active days.

While a customer stays, days of activity come at random with a rate of its own; after an activity it may leave for good.
Nobody says so: a long silence after frequent activity makes it likely. ``bg`` is BG/NBD (P. S. Fader, B. G. S. Hardie,
K. L. Lee, "Counting your customers" the easy way, Marketing Science 24 (2005) 275-284): one can leave only after a repeat,
so a customer without any never seems gone. ``mbg`` is MBG/NBD (E. P. Batislam, M. Denizel, A. Filiztekin, Empirical
validation and comparison of models for customer base analysis, Int. J. Research in Marketing 24 (2007) 201-209; the same as
CBG/NBD, D. Hoppe, U. Wagner, Customer base analysis: the case for a central variant of the Betageometric/NBD model,
Marketing ZFP 3 (2007) 75-90): one can leave after the first activity, too. The product's own is ``mbg``.

Both are one formula in the number of chances to leave, ``y``: x + 1 in ``mbg``, x in ``bg``. Rates are gamma(r, alpha) over
customers, the chance to leave at each activity is beta(a, b). Here are the formulas one customer at a time;
:mod:`undertow.fitting` fits and evaluates millions.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import exp, inf, lgamma, log, log1p
from typing import Literal

from msgspec import Struct

from undertow.domain.customers.activity import History

Kind = Literal["mbg", "bg"]


class Model(Struct, frozen=True):
    """A fitted model. ``unit`` is the length of its unit of time in days; all times it takes are in that unit."""

    kind: Kind
    r: float
    alpha: float
    a: float
    b: float
    unit: float = 1.0

    def chances(self, seen: History) -> int:
        """How often the customer could have left: y."""
        return seen.repeats + (self.kind == "mbg")


class Fit(Struct, frozen=True):
    """A model and how well it was found."""

    model: Model
    log_likelihood: float
    customers: int
    repeating: int
    """Of them active on more than one day: the only ones who show a rate."""
    evaluations: int
    settled: bool
    """The optimiser converged."""
    bounded: tuple[str, ...] = ()
    """Parameters that ended at their bounds, where the likelihood is flat: customers are as good as alike in what they
    describe (r and alpha the rates, a and b the chances to leave). The probabilities stand; these numbers mean nothing."""


class CannotFit(ValueError):
    """The activity does not determine a model; the message says what is missing."""


def alive(model: Model, seen: History) -> float:
    """The probability that the customer has not left by the end of observation: P(alive | x, t_x, T), 0 to 1."""
    y = model.chances(seen)
    if not y:
        return 1.0
    odds = (
        log(model.a)
        - log(model.b + y - 1)
        + (model.r + seen.repeats) * log1p((seen.age - seen.recency) / (model.alpha + seen.recency))
    )
    return 1 / (1 + exp(odds)) if odds < 700 else 0.0


def silent(model: Model, seen: History, ahead: float) -> float:
    """The probability of no activity in the next ``ahead`` units: left already, or stays and happens to do nothing.

    One who stays keeps a rate of gamma(r + x, alpha + T), and one leaves only at an activity, so P(nothing | alive) is
    ((alpha + T) / (alpha + T + ahead))^(r + x).
    """
    here = alive(model, seen)
    quiet = exp(-(model.r + seen.repeats) * log1p(ahead / (model.alpha + seen.age)))
    return 1 - here * (1 - quiet)


def lost(model: Model, seen: History, ahead: float) -> float:
    """Active days that a departure takes from the next ``ahead`` units: E[rate; left] times ``ahead``.

    Of one who left, the rate is known from the time it was there: gamma(r + x, alpha + t_x).
    """
    return (1 - alive(model, seen)) * (model.r + seen.repeats) / (model.alpha + seen.recency) * ahead


def log_likelihood(model: Model, seen: Iterable[History]) -> float:
    """The natural logarithm of the probability density of these histories."""
    return sum(_log_density(model, one) for one in seen)


def _log_density(model: Model, seen: History) -> float:
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    x, y = seen.repeats, model.chances(seen)
    common = lgamma(r + x) - lgamma(r) + r * log(alpha)
    common += lgamma(a + b) - lgamma(b) + lgamma(b + y) - lgamma(a + b + y)
    stayed = -(r + x) * log(alpha + seen.age)
    left = log(a) - log(b + y - 1) - (r + x) * log(alpha + seen.recency) if y else -inf
    high = max(stayed, left)
    return common + high + log(exp(stayed - high) + exp(left - high))
