"""Silent churn on real purchases through the stages: activity events in, the published fits and probabilities out."""

from __future__ import annotations

from functools import cache
from random import Random

import pytest

import cdnow
from undertow import wire
from undertow.adapters.activity import Row, event
from undertow.domain.agreement.contract import DAY
from undertow.domain.customers.activity import History
from undertow.domain.customers.churn import Kind, alive
from undertow.domain.customers.night import Customers
from undertow.domain.customers.population import histories
from undertow.fitting import Book, fit
from undertow.stages.evaluation import WITHIN
from undertow.stages.night import Night
from undertow.stages.records import Record
from undertow.stages.rereading.replay import Offline

pytestmark = [cdnow.needed, pytest.mark.data]
NEWEST = cdnow.CALIBRATED
"""The last day that the fits know of: the purchases after it are in the feed, too, and lie in the future."""


def purchases(customers: tuple[str, ...]) -> list[bytes]:
    """Their purchases as events, out of order and a third of them twice."""
    random = Random(19970101)
    rows = [
        Row(number, customer, cdnow.moment(day), amount)
        for customer in customers
        for day, amounts in cdnow.purchases()[customer].items()
        for number, amount in enumerate(amounts, day * 100)
    ]
    events = [wire.encode(event(row, f"/orders/{row.customer}")) for row in rows]
    sent = [*events, *random.sample(events, len(events) // 3)]
    random.shuffle(sent)
    return sent


@cache
def evaluated() -> tuple[Night, Customers]:
    """The evaluation at the close of the calibration's last day, as the first tick of the next one brings it."""
    book = Offline({})
    book.take(Record("customer.activity", 0, place, 0, value) for place, value in enumerate(purchases(cdnow.sample())))
    assert not book.letters
    book.tick((NEWEST + 1) * DAY + 60)
    found = book.evaluate()
    assert found is not None
    return book.night, found


@pytest.mark.parametrize("kind", ["bg", "mbg"])
def test_both_published_fits_follow_from_what_a_casebook_says_of_its_population(kind: Kind) -> None:
    """Parameters to three digits, log-likelihoods to 0.01."""
    night, shown = evaluated()
    assert shown.today == NEWEST + 1
    rows = histories([said.population for said in night._populations.values()], NEWEST)
    found = fit(Book.counted(rows, 7.0), kind)
    *parameters, likelihood = cdnow.FITS[kind]
    assert [round(getattr(found.model, name), 3) for name in ("r", "alpha", "a", "b")] == parameters
    assert found.log_likelihood == pytest.approx(likelihood, abs=0.01)
    assert (found.customers, found.repeating) == (2_357, 946)


def test_the_night_says_the_published_model_and_its_probabilities() -> None:
    """P(alive) of the definitions' vectors by the model that casebooks are given, to four digits where they have four."""
    _, shown = evaluated()
    assert shown.fit is not None
    *parameters, likelihood = cdnow.FITS["mbg"]
    model = shown.fit.model
    assert [round(getattr(model, name), 3) for name in ("r", "alpha", "a", "b")] == parameters
    assert shown.fit.log_likelihood == pytest.approx(likelihood, abs=0.01)
    for seen, expected in {
        History(2, 30.43, 38.86): 0.7061,
        History(1, 2, 38.86): 0.1788,
        History(5, 10, 38.86): 0.0253,
        History(5, 30, 38.86): 0.6887,
        History(0, 0, 10): 0.522,
        History(0, 0, 38.86): 0.390,
    }.items():
        assert alive(model, seen) == pytest.approx(expected, abs=5e-5 if expected not in {0.522, 0.39} else 5e-4)


def test_the_customers_to_call_are_those_of_the_file_in_the_order_of_what_is_at_risk() -> None:
    """Each with the history its purchases give, worth the mean of its two latest amounts; no ticket, so nobody's."""
    night, shown = evaluated()
    listed = night.listed()
    assert shown.fit is not None
    assert [one.at_risk for one in listed] == sorted((one.at_risk for one in listed), reverse=True)
    assert [(one.vendor, one.customers) for one in shown.calls] == [("none", len(listed))]
    assert len(listed) > 20
    for one in listed:
        days = {day: max(amounts) for day, amounts in cdnow.purchases()[one.customer].items() if day <= NEWEST}
        history = History(len(days) - 1, (max(days) - min(days)) / 7, (NEWEST - min(days)) / 7)
        assert one.alive == pytest.approx(alive(shown.fit.model, history))
        assert one.alive < 0.5
        assert NEWEST - one.last_day < WITHIN
        assert one.vendor is None
