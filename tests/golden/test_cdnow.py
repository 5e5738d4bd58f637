"""Silent churn on real purchases: CSV rows to events, through intake to days, to the published fits."""

from __future__ import annotations

import csv
import json
from datetime import datetime
from functools import cache
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner

import cdnow
from undertow import wire
from undertow.adapters.activity import Row, event, rows
from undertow.cli.churn import churn
from undertow.domain.customers import activity
from undertow.domain.customers.activity import History
from undertow.domain.customers.churn import Kind, alive
from undertow.domain.tickets.facts import Active
from undertow.fitting import Book, fit
from undertow.stages.intake import Intake
from undertow.stages.records import Record

pytestmark = [cdnow.needed, pytest.mark.data]
PARTITIONS = 3


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's purchases as a company would export them."""
    path = tmp_path_factory.mktemp("cdnow") / "orders.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("customer", "date", "value"))
        for customer in cdnow.sample():
            for day, amounts in cdnow.purchases()[customer].items():
                on = datetime.fromordinal(day + cdnow.EPOCH.toordinal()).date().isoformat()
                writer.writerows((customer, on, amount) for amount in amounts)
    return path


@cache
def streamed(path: Path) -> dict[str, bytes]:
    """The days by customer, after the rows went through the stream as events: out of order, and a third of them twice."""
    random = Random(19970101)
    events = [wire.encode(event(row, "/orders")) for row in rows(path) if isinstance(row, Row)]
    sent = [*events, *random.sample(events, len(events) // 3)]
    random.shuffle(sent)
    taken = Intake((), PARTITIONS).take(
        Record("customer.activity", 0, offset, 0, value) for offset, value in enumerate(sent)
    )
    assert not taken.letters
    found: dict[str, bytes] = {}
    for entries in taken.entries.values():
        for entry in entries:
            assert isinstance(entry.seen.fact.body, Active)
            assert entry.customer is not None
            day = int(entry.seen.fact.time // 86_400)
            found[entry.customer] = activity.add(found.get(entry.customer, b""), day)
    return found


def test_the_sample_has_its_published_size(table: Path) -> None:
    """2,357 customers, of whom 946 made a repeat purchase on another day in the 39 weeks."""
    book = Book.of(streamed(table).values(), cdnow.CALIBRATED, 7.0)
    assert (book.customers, int((book.repeats > 0).sum())) == (2_357, 946)


@pytest.mark.parametrize("kind", ["bg", "mbg"])
def test_both_published_fits_follow_from_the_events(table: Path, kind: Kind) -> None:
    """Parameters to three digits, log-likelihoods to 0.01."""
    found = fit(Book.of(streamed(table).values(), cdnow.CALIBRATED, 7.0), kind)
    *parameters, likelihood = cdnow.FITS[kind]
    model = found.model
    assert [round(value, 3) for value in (model.r, model.alpha, model.a, model.b)] == parameters
    assert found.log_likelihood == pytest.approx(likelihood, abs=0.01)
    assert found.settled


def test_the_fitted_model_gives_the_published_probabilities(table: Path) -> None:
    """P(alive) of the definitions' vectors, to four digits where they have four."""
    model = fit(Book.of(streamed(table).values(), cdnow.CALIBRATED, 7.0)).model
    for seen, expected in {
        History(2, 30.43, 38.86): 0.7061,
        History(1, 2, 38.86): 0.1788,
        History(5, 10, 38.86): 0.0253,
        History(5, 30, 38.86): 0.6887,
        History(0, 0, 10): 0.522,
        History(0, 0, 38.86): 0.390,
    }.items():
        assert alive(model, seen) == pytest.approx(expected, abs=5e-5 if expected not in {0.522, 0.39} else 5e-4)


def test_the_command_prints_the_published_fit_and_is_right_about_the_month_after(table: Path) -> None:
    """``undertow churn`` on the same file; its own check holds the silence it expects against the silence there was."""
    done = CliRunner().invoke(churn, ["--activity", str(table), "--as-of", "1997-09-30", "--json"])
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    *parameters, likelihood = cdnow.FITS["mbg"]
    assert [round(answer["model"][name], 3) for name in ("r", "alpha", "a", "b")] == parameters
    assert answer["fit"]["log_likelihood"] == pytest.approx(likelihood, abs=0.01)
    assert answer["check"]["expected_silent"] == pytest.approx(answer["check"]["silent"], rel=0.02)
    assert all(one["alive"] < 0.5 for one in answer["listed"])
    risks = [one["at_risk"] for one in answer["listed"]]
    assert risks == sorted(risks, reverse=True)
