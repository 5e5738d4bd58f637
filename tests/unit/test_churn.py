"""The churn models against their definition, summed up numerically, and against simulated customers."""

from __future__ import annotations

from math import exp
from random import Random

import numpy as np
import pytest
from scipy import stats

from undertow import fitting
from undertow.domain.customers import activity
from undertow.domain.customers.activity import History
from undertow.domain.customers.churn import CannotFit, Kind, Model, alive, log_likelihood, lost, silent
from undertow.fitting import Book
from undertow.fitting.leaving import check, leaving

CDNOW = Model("mbg", 0.5248, 6.183, 0.8913, 1.614, 7.0)
HISTORIES = [History(0, 0.0, 38.86), History(1, 2.0, 38.86), History(3, 20.5, 30.0), History(2, 10.0, 10.0)]
END = 20_000


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (History(2, 30.43, 38.86), 0.7061),
        (History(1, 2, 38.86), 0.1788),
        (History(5, 10, 38.86), 0.0253),
        (History(5, 30, 38.86), 0.6887),
    ],
)
def test_the_probability_of_being_there_has_its_defined_values(seen, expected):
    """Promise: the vectors of the definitions, to four digits."""
    assert round(alive(CDNOW, seen), 4) == expected


def test_customers_without_a_repeat_have_their_defined_values():
    """Promise: silence counts against those, too; in BG/NBD it cannot."""
    assert round(alive(CDNOW, History(0, 0, 10)), 3) == 0.522
    assert round(alive(CDNOW, History(0, 0, 38.86)), 3) == 0.390
    assert alive(Model("bg", 0.243, 4.414, 0.793, 2.426, 7.0), History(0, 0, 38.86)) == 1.0


@pytest.mark.parametrize("kind", ["bg", "mbg"])
@pytest.mark.parametrize("seen", HISTORIES)
def test_every_formula_is_the_definition_summed_over_rates_and_chances(kind: Kind, seen: History):
    """Promise: the rate (gamma) and the chance to leave (beta), integrated out by quadrature, give the same."""
    model = Model(kind, 1.3, 5.0, 1.6, 2.4)
    # Gauss-Legendre over the quantiles of both distributions: weights are probabilities
    nodes, halves = np.polynomial.legendre.leggauss(200)
    places = (nodes + 1) / 2
    rate = stats.gamma(model.r, scale=1 / model.alpha).ppf(places)[:, None]
    chance = stats.beta(model.a, model.b).ppf(places)[None, :]
    weight = np.outer(halves, halves) / 4
    x, y, ahead = seen.repeats, seen.repeats + (kind == "mbg"), 4.0
    stayed = weight * (1 - chance) ** y * rate**x * np.exp(-rate * seen.age)
    left = weight * chance * (1 - chance) ** (y - 1) * rate**x * np.exp(-rate * seen.recency) if y else 0 * weight
    total = stayed.sum() + left.sum()
    assert exp(log_likelihood(model, [seen])) == pytest.approx(total, rel=1e-4)
    assert alive(model, seen) == pytest.approx(stayed.sum() / total, abs=1e-4)
    quiet = (stayed * np.exp(-rate * ahead)).sum() + left.sum()
    assert silent(model, seen, ahead) == pytest.approx(quiet / total, abs=1e-4)
    assert lost(model, seen, ahead) == pytest.approx((left * rate).sum() * ahead / total, abs=1e-4)


def simulated(model: Model, customers: int, seed: int, days: int = 600) -> list[bytes]:
    """Packed activity of customers who live by the model; its unit must be a day."""
    random = Random(seed)
    found = []
    for _ in range(customers):
        rate, chance = random.gammavariate(model.r, 1 / model.alpha), random.betavariate(model.a, model.b)
        at = random.uniform(0, days / 2)
        active = [int(at)]
        while random.random() >= chance and (at := at + random.expovariate(rate)) < days:
            active.append(int(at))
        found.append(activity.of(END - days + 1 + day for day in active))
    return found


TRUE = Model("mbg", 1.2, 40.0, 1.2, 3.0)
"""A rate of an active day a month: two on one day are rare, so days are as good as events."""


def test_the_fit_finds_the_parameters_that_customers_live_by():
    """Promise: from four thousand customers, each parameter within a quarter, and no better likelihood at the truth."""
    book = Book.of(simulated(TRUE, 4_000, 7), END)
    found = fitting.fit(book)
    for name in ("r", "alpha", "a", "b"):
        assert getattr(found.model, name) == pytest.approx(getattr(TRUE, name), rel=0.25), name
    assert found.settled
    assert not found.bounded
    assert found.log_likelihood >= fitting.log_likelihood(TRUE, book)
    departed = 1 - alive(found.model, History(5, 100, 400))
    assert departed == pytest.approx(1 - alive(TRUE, History(5, 100, 400)), abs=0.05)


@pytest.mark.parametrize("kind", ["bg", "mbg"])
def test_columns_give_what_one_customer_at_a_time_gives(kind: Kind):
    """Promise: the fast formulas are the plain ones."""
    packed = simulated(TRUE, 60, 3)
    model = Model(kind, 0.9, 11.0, 1.1, 2.0, 7.0)
    book = Book.of(packed, END, 7.0)
    seen = [one for p in packed if (one := activity.history(activity.unpack(p), END, 7.0)) is not None]
    assert fitting.log_likelihood(model, book) == pytest.approx(log_likelihood(model, seen))
    assert fitting.log_likelihood(model, book.gathered()) == pytest.approx(log_likelihood(model, seen))
    assert fitting.alive(model, book) == pytest.approx([alive(model, one) for one in seen])
    assert fitting.silent(model, book, 4.0) == pytest.approx([silent(model, one, 4.0) for one in seen])
    assert fitting.lost(model, book, 52.0) == pytest.approx([lost(model, one, 52.0) for one in seen])


def test_the_unit_of_time_and_the_order_of_customers_change_no_probability():
    """Promise: alpha scales with the unit, the rest stays."""
    packed = simulated(TRUE, 800, 5)
    days, weeks = fitting.fit(Book.of(packed, END)), fitting.fit(Book.of(reversed(packed), END, 7.0))
    assert days.model.alpha == pytest.approx(7 * weeks.model.alpha, rel=1e-4)
    assert fitting.alive(days.model, Book.of(packed, END)) == pytest.approx(
        fitting.alive(weeks.model, Book.of(packed, END, 7.0)), abs=1e-5
    )


def test_customers_who_did_nothing_yet_keep_their_row_and_count_for_nothing():
    """Promise: rows stay where their customers are; the fit is as if the strangers were not there."""
    packed = simulated(TRUE, 300, 5)
    strangers = [*packed, b"", activity.of([END + 5])]
    book = Book.of(strangers, END)
    assert (len(book.repeats), book.customers) == (302, 300)
    assert fitting.fit(book) == fitting.fit(Book.of(packed, END))


def test_too_few_repeats_fit_no_model():
    """Promise: "cannot tell yet", and what is needed."""
    few = [activity.of([END - 50, END - place]) for place in range(19)] + [activity.of([END - 9])] * 500
    with pytest.raises(CannotFit, match=r"19 of 519 customers .* at least 20"):
        fitting.fit(Book.of(few, END))
    assert check(few, END, "mbg", 7.0) is None


def test_customers_who_are_all_alike_leave_a_parameter_at_its_bound_and_it_is_named():
    """Promise: where the likelihood is flat the fit says in what, and its probabilities stand: here nobody ever leaves."""
    faithful = [activity.of(range(END - 300 + start, END + 1, 3)) for start in range(60)]
    found = fitting.fit(Book.of(faithful, END))
    assert set(found.bounded) & {"a", "b"}
    assert fitting.alive(found.model, Book.of(faithful, END)).min() > 0.9


def test_the_list_is_ordered_by_what_a_departure_costs_and_holds_only_the_likely_ones():
    """Promise: P(alive) under the limit, active within the days asked for, the dearest first, ties by name."""
    packed = {f"c{number:03}": days for number, days in enumerate(simulated(TRUE, 400, 9))}
    found = fitting.fit(Book.of(packed.values(), END))
    values = {name: 10.0 + int(name[1:]) for name in packed}
    everybody = leaving(packed, values, END, found)
    assert [one.at_risk for one in everybody.likely] == sorted((one.at_risk for one in everybody.likely), reverse=True)
    assert all(one.alive < 0.5 for one in everybody.likely)
    assert everybody.left == pytest.approx(float(np.sum(1 - fitting.alive(found.model, Book.of(packed.values(), END)))))
    recent = leaving(packed, values, END, found, within=100, most=3)
    assert recent.likely == [one for one in everybody.likely if END - one.last_day < 100][:3]
    assert recent.likely_count == sum(END - one.last_day < 100 for one in everybody.likely)
    top = everybody.likely[0]
    assert top.at_risk == pytest.approx(values[top.customer] * lost(found.model, top.history, 365.0))
    assert leaving(packed, {}, END, found).likely[0].value == 1.0
    few = leaving(packed, {"c001": 5.0, "c002": 7.0}, END, found)
    assert {one.value for one in few.likely if one.customer not in {"c001", "c002"}} == {6.0}


def test_the_model_is_held_against_the_month_it_did_not_see():
    """Promise: the check counts who was silent in truth, and the model expects about as many."""
    packed = simulated(TRUE, 2_000, 11)
    held = check(packed, END, "mbg", 1.0)
    assert held is not None
    known = [activity.unpack(one) for one in packed if activity.unpack(one).active(0, END - 30)]
    assert (held.customers, held.day) == (len(known), END - 30)
    assert held.seen == sum(not days.active(END - 29, END) for days in known)
    assert held.expected == pytest.approx(held.seen, rel=0.03)
