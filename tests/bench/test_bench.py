"""The measurements measure what they say: the feeds, the clocks, and the tables that are made of them."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

from bench import generate, steady
from bench.child import Failed, run
from bench.desk import Desk, records
from bench.generate import README, readme, targets
from bench.grown import END, SPAN, fold
from bench.latency import FIGURE, delays
from bench.results import load
from bench.steady import FACTS, equilibrium
from undertow import wire


def test_the_tables_of_the_readme_are_those_of_the_results() -> None:
    """Run ``make bench-table`` when this fails."""
    text = README.read_text(encoding="utf-8")
    assert text == readme(text, load())


def test_a_target_that_is_missed_or_was_not_measured_is_said_to_be() -> None:
    """The limit itself is met; nothing is taken for granted."""

    def said(cost: float) -> str:
        runs = {"runs": {"product": [{"cpu_us_per_event": cost}]}}
        (line,) = (line for line in targets({"job": runs}).splitlines() if line.startswith("| product"))
        return line

    assert said(20.0).endswith("| 20 | yes |")
    assert said(20.1).endswith("| 20.1 | **no** |")
    assert "not measured: `growth`" in targets({})
    assert set(generate.PARTS) >= {"job", "peers", "growth", "latency", "scale", "recovery"}


def test_every_event_of_the_steady_feed_is_valid_and_a_span_holds_hardly_two_of_a_ticket() -> None:
    """Coalescing would flatter: a span that holds a ticket's whole life writes its row once."""
    feed, begin = equilibrium(10_000, END)
    span = [wire.decode(one.value) for one in feed.stretch(begin, begin + round(SPAN / FACTS))]
    assert SPAN * 0.97 < len(span) < SPAN * 1.03
    assert len({event.id for event in span}) == len(span)
    assert max(Counter(event.data.ticket for event in span).values()) == 1  # type: ignore[union-attr]
    assert [event.time for event in span] == sorted(event.time for event in span)


def test_the_steady_feed_keeps_as_many_tickets_as_it_says() -> None:
    """Tickets are dropped as fast as they open, so a larger state is the only difference between two sizes."""
    feed, begin = equilibrium(2_000, END)
    desk = Desk()
    desk.fill(feed.past(begin), feed.time(begin), begin)
    kept = []
    for turn in range(3):
        fold(desk, feed, begin + turn * 600, begin + (turn + 1) * 600)
        kept.append(desk.tickets)
        assert len(desk.rows[0]) == desk.tickets + 1  # the clock has a row, too
    assert abs(kept[2] - 2_000) <= 130, kept


def test_the_past_told_ticket_by_ticket_is_the_past_told_by_time() -> None:
    """The state that is measured is the one that a worker would have come to."""
    feed, begin = equilibrium(1_500, END)
    desks = [Desk(), Desk()]
    for desk, told in zip(desks, (feed.past(begin), feed.stretch(0, begin)), strict=True):
        desk.tick(feed.time(begin))
        # places are evidence, and differ with the order of telling
        desk.take([record.__class__(record.topic, 0, 0, 0, record.value) for record in records(told)])
        desk.settle()
    assert desks[0].rows == desks[1].rows
    assert desks[0].books[0].cells == desks[1].books[0].cells
    assert desks[0].findings == desks[1].findings


def test_an_opening_is_seen_at_the_first_reading_that_counts_it() -> None:
    """A reading counts all that came before; what was never counted is an error and no latency."""
    appended = [1.0, 2.0, 3.0, 4.0]
    readings = [(1.5, 1), (2.25, 1), (3.5, 3), (4.5, 4)]
    assert delays(appended, readings, 0.0, 9.0) == [0.5, 1.5, 0.5, 0.5]
    assert delays(appended, readings, 2.0, 4.0) == [1.5, 0.5]
    with pytest.raises(RuntimeError, match="1 openings were never seen"):
        delays(appended, readings[:-1], 0.0, 9.0)


def test_the_figure_is_that_of_all_days_and_segments() -> None:
    """Whatever the order of the labels."""
    lines = [
        'undertow_tickets{segment="all",vendor="acme",window="all"} 12.0',
        'undertow_tickets{vendor="bolt",segment="all",window="all"} 3.0',
        'undertow_tickets{segment="basic",vendor="acme",window="all"} 5.0',
        'undertow_tickets{segment="all",vendor="acme",window="7d"} 6.0',
        'undertow_tickets_kept{segment="all",vendor="acme",window="all"} 7.0',
    ]
    assert FIGURE.findall("\n".join(lines)) == [("acme", "12.0"), ("bolt", "3.0")]


def test_the_cost_of_a_process_is_from_its_first_event_less_what_it_spent_on_checking(tmp_path: Path) -> None:
    """Starting up and the digest of the final state are nobody's job."""
    code = """
import json, sys, time
from bench.meter import cpu, mark
def burn(seconds):
    until = cpu() + seconds
    while cpu() < until: pass
burn(0.2); mark("first"); burn(0.1); mark("stop"); burn(0.3); mark("checked")
sys.stderr.write("RESULT {}\\n")
"""
    ran = run([sys.executable, "-c", code], tmp_path, {"PYTHONPATH": str(Path(steady.__file__).parents[1])})
    assert ran.cpu > 0.6
    assert 0.09e3 < ran.row(1_000)["cpu_us_per_event"] < 0.2e3


def test_a_process_that_dies_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    """And never a figure."""
    with pytest.raises(Failed, match="no such thing"):
        run([sys.executable, "-c", "raise SystemExit('no such thing')"], tmp_path, {})
