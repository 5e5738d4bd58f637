"""Who is observed on which side, how the arms are matched, and what the interval counts as one customer."""

from __future__ import annotations

from collections import Counter
from functools import cache
from math import sqrt
from random import Random

import pytest

from calibration.world import TODAY, VENDOR, Plan, people
from undertow.domain.counting.ledger import ALL
from undertow.domain.customers import activity
from undertow.domain.customers.activity import Days, history, unpack
from undertow.domain.customers.arms import Arms, after_a_ticket, not_durable, quiet_ones, total
from undertow.domain.customers.churn import Model, alive
from undertow.domain.customers.excess import excess, words
from undertow.domain.customers.silence import (
    HORIZONS,
    WEEK,
    Customer,
    Design,
    Match,
    Observed,
    Ticket,
    cohort,
    observe,
    stopped_after,
    week_of,
)
from undertow.domain.statistics.differences import difference, proportion

NOW = 20_006
"""A Friday."""
WEEKS = cohort(NOW, 30, Design())
MONDAY = WEEKS[-1] * WEEK - 3
"""First day of the newest week whose 30 days are over."""


@cache
def days_of(active: tuple[int, ...]) -> Days:
    return unpack(activity.of(active))


def customer(name: str, active: range | list[int], *tickets: Ticket, **more: object) -> Customer:
    return Customer(name, days_of(tuple(active)), tickets, **more)  # type: ignore[arg-type]


def daily(until: int = NOW) -> range:
    return range(NOW - 400, until)


def of_week(seen: Observed, week: int = WEEKS[-1]) -> tuple[list[str], list[str]]:
    return (
        [str(one.customer) for one in seen.exposed if one.match.week == week],
        [str(one.customer) for one in seen.controls if one.match.week == week],
    )


def test_weeks_run_from_monday_to_sunday_and_a_cohort_ends_with_the_last_one_followed_to_the_end():
    """Promise: the newest week's last ticket has all of its days of follow-up before today."""
    assert [week_of(MONDAY + day) - week_of(MONDAY) for day in (-1, 0, 6, 7)] == [-1, 0, 0, 1]
    sunday = MONDAY + 6
    assert sunday + 30 < NOW <= sunday + 7 + 30
    assert len(WEEKS) == Design().weeks
    assert week_of(NOW - 1 - 30) == WEEKS[-1] + 1, "the week of the newest day followed up is not complete"


def test_a_ticket_that_ended_in_the_week_exposes_and_one_that_is_open_or_just_over_is_no_control():
    """Promise: controls are without a ticket in the week, and not still under the effect of an earlier one."""
    seen = observe(
        [
            customer("ended", daily(), Ticket(VENDOR, MONDAY - 5, MONDAY + 2)),
            customer("open", daily(), Ticket(VENDOR, MONDAY + 6, None)),
            customer("just over", daily(), Ticket(VENDOR, MONDAY - 40, MONDAY - 30)),
            customer("long over", daily(), Ticket(VENDOR, MONDAY - 40, MONDAY - 31)),
            customer("never", daily()),
            customer("later", daily(), Ticket(VENDOR, MONDAY + 7, MONDAY + 9)),
        ],
        NOW,
    )
    assert of_week(seen) == (["0"], ["3", "4", "5"])


def test_only_who_was_active_shortly_before_counts_on_either_side():
    """Promise: nobody can stop who had stopped."""
    day = MONDAY + 2
    seen = observe(
        [
            customer("gone", daily(day - 13), Ticket(VENDOR, day, day)),
            customer("there", [*daily(day - 100), day - 13], Ticket(VENDOR, day, day)),
            customer("control gone", daily(MONDAY - 14)),
        ],
        NOW,
    )
    assert of_week(seen) == (["1"], [])


def test_silence_is_counted_from_the_day_after_and_to_the_last_day_of_the_horizon():
    """Promise: an active day on day 30 is no silence of 30 days, one on day 31 is; a horizon not over yet is unknown."""
    day = MONDAY + 2
    ticket = Ticket(VENDOR, day, day)
    seen = observe(
        [customer("a", [*daily(day + 1), day + 30], ticket), customer("b", [*daily(day + 1), day + 31], ticket)], NOW
    )
    newest = [one for one in seen.exposed if one.match.week == WEEKS[-1]]
    assert [one.silent for one in newest] == [(False, None, None), (True, None, None)]


def test_a_control_s_day_lies_in_the_week_and_depends_on_nothing_but_its_name():
    """Promise: the same evaluation gives the same arms, and the days are spread over the week."""
    everybody = [customer(f"c{number}", daily(MONDAY + 4)) for number in range(300)]
    seen = observe(everybody, NOW)
    again = observe(everybody, NOW)
    assert seen == again
    kinds = {one.match.quartile for one in seen.controls if one.match.week == WEEKS[-1]}
    assert len(kinds) > 1, "activity up to the day differs between days of the week"


def test_many_customers_take_turns_as_controls_and_all_with_a_ticket_count():
    """Promise: a million customers cost little more than the controls asked for, and no ticket is left out."""
    tickets = (Ticket(VENDOR, MONDAY, MONDAY + 1),)
    everybody = [customer(f"c{number}", daily(), *(tickets if number % 10 == 0 else ())) for number in range(400)]
    seen = observe(everybody, NOW, Design(controls=50))
    exposed, controls = of_week(seen)
    assert len(exposed) == 40
    assert 20 < len(controls) < 80
    served = [one.match.week for one in seen.controls if one.customer == seen.controls[0].customer]
    assert {(week - served[0]) % 8 for week in served} == {0}, "each serves in one week of eight"


def test_a_control_is_told_how_likely_it_had_left_and_a_ticket_says_who_had_not():
    """Promise: the churn model is asked with what was known on that day, never with what came after."""
    model = Model("mbg", 0.5, 43.0, 0.9, 1.6)
    seen = observe(
        [customer("c", daily(MONDAY)), customer("t", daily(MONDAY), Ticket(VENDOR, MONDAY, MONDAY))], NOW, None, model
    )
    (control,) = [one for one in seen.controls if (one.match.week, one.customer) == (WEEKS[-1], 0)]
    (exposed,) = seen.exposed
    days = unpack(activity.of(daily(MONDAY)))
    possible = [1 - alive(model, history(days, MONDAY + at, 1.0)) for at in range(WEEK)]  # type: ignore[arg-type]
    assert any(control.gone == pytest.approx(one) for one in possible)
    assert exposed.gone == 0.0


def test_both_arms_agree_in_week_segment_quartile_and_band():
    """Promise: a stratum without two controls is shown as unmatched and compares nothing."""
    alone = customer("alone", daily(), Ticket(VENDOR, MONDAY, MONDAY), segments=((0, "gold"),))
    others = [customer(f"c{number}", daily(), segments=((0, "basic"),)) for number in range(5)]
    arms = after_a_ticket(observe([alone, *others], NOW), VENDOR)
    assert (arms["gold", 30].n, arms["gold", 30].unmatched) == (0, 1)
    assert (arms[ALL, 30].n, arms[ALL, 30].unmatched) == (0, 1)
    pair = [customer(f"g{number}", daily(), segments=((0, "gold"),)) for number in range(2)]
    matched = after_a_ticket(observe([alone, *others, *pair], NOW), VENDOR)
    assert (matched["gold", 30].n, matched["gold", 30].controls, matched["gold", 30].unmatched) == (1, 2, 0)
    assert matched["gold", 30] == matched[ALL, 30]


def test_the_segment_is_the_one_of_that_day():
    """Promise: a later change of the segment moves nobody."""
    moved = customer("m", daily(), segments=((0, "basic"), (MONDAY - 20, "gold")))
    assert (moved.segment(MONDAY - 21), moved.segment(MONDAY), customer("x", []).segment(5)) == (
        "basic",
        "gold",
        "other",
    )
    seen = observe([moved], NOW)
    assert {one.match.segment for one in seen.controls if one.match.week >= WEEKS[-1]} == {"gold"}
    assert {one.match.segment for one in seen.controls if one.match.week <= WEEKS[-1] - 4} == {"basic"}


def test_without_clusters_the_interval_is_the_textbook_one():
    """Promise: one stratum, every customer once: Newcombe's interval of two independent shares, but for n - 1 controls."""
    tickets = [customer(f"t{n}", daily(MONDAY if n < 60 else NOW), Ticket(VENDOR, MONDAY, MONDAY)) for n in range(200)]
    controls = [customer(f"c{n}", daily(MONDAY if n < 40 else NOW)) for n in range(400)]
    seen = observe([*tickets, *controls], NOW, Design(weeks=1))
    # one stratum: up to their days of the week, some were a little longer there and a little more active
    exposed, others = ([one._replace(match=Match(0, "other", 0, 0)) for one in side] for side in seen)
    found = excess(after_a_ticket(Observed(exposed, others), VENDOR)[ALL, 30], 30)
    assert (found.n, found.customers, found.controls) == (200, 200, 400)
    # the stratum's share is taken from the very controls whose spread is measured: 399 degrees of freedom
    assert found.difference is not None
    assert tuple(found.difference) == pytest.approx(tuple(difference(proportion(0.3, 200), proportion(0.1, 399))))


def test_a_customer_seen_in_many_weeks_is_no_more_evidence_than_once():
    """Promise: the same people with the same outcome in four weeks leave the interval as wide as in one."""
    weeks = WEEKS[-4:]

    def world(last: range) -> list[Customer]:
        found = []
        for number in range(120):
            quiet = number < 40
            tickets = [Ticket(VENDOR, week * WEEK - 3, week * WEEK - 3) for week in last]
            # active on the tickets' own days only, or every day
            days = [week * WEEK - 3 for week in weeks] if quiet else list(daily())
            found.append(customer(f"t{number}", [NOW - 399, *days], *tickets))
        return [*found, *(customer(f"c{number}", daily()) for number in range(400))]

    design = Design(spared=0, tenure=(), lookback=1)
    once = excess(after_a_ticket(observe(world(weeks[-1:]), NOW, design), VENDOR)[ALL, 30], 30)
    often = observe(world(weeks), NOW, design)
    # what they did after each of the four weeks is made the same, so that only the counting differs
    exposed = [one._replace(silent=(one.customer < 40, None, None)) for one in often.exposed]
    four = excess(after_a_ticket(Observed(exposed, often.controls), VENDOR)[ALL, 30], 30)
    assert once.silent is not None
    assert four.silent is not None
    assert (once.n, four.n, once.customers, four.customers) == (120, 480, 120, 120)
    assert tuple(four.silent) == pytest.approx(tuple(once.silent), abs=1e-9)


def test_the_arms_of_disjoint_customers_add_up():
    """Promise: casebooks, each matched within itself, give the ledger a figure by addition alone."""
    population = [person.customer for person in people(5, Plan(customers=400))]
    halves = [after_a_ticket(observe(population[at::2], TODAY), VENDOR)[ALL, 60] for at in (0, 1)]
    both = total(halves)
    assert both.n == sum(one.n for one in halves)
    found, parts = excess(both, 60), [excess(one, 60) for one in halves]
    assert found.difference is not None
    assert found.difference.value == pytest.approx(
        sum(one.difference.value * one.n for one in parts if one.difference) / both.n
    )
    widths = [one.difference.high - one.difference.low for one in parts if one.difference]
    assert found.difference.high - found.difference.low == pytest.approx(
        sqrt(sum((width * one.n) ** 2 for width, one in zip(widths, parts, strict=True))) / both.n, rel=0.25
    )


def test_controls_met_once_are_counted_as_those_met_often():
    """Promise: the closed form for customers who stand in one stratum alone gives what summing them one by one gives."""
    population = [person.customer for person in people(6, Plan(customers=600))]
    seen = observe(population, TODAY, Design(controls=60, tenure=()))
    # from here on half of the customers served once
    seen = Observed(seen.exposed, [one for one in seen.controls if one.customer % 2 or one.match.week % 13 == 0])
    times = Counter(one.customer for one in (*seen.exposed, *seen.controls))
    assert sum(times[one.customer] == 1 for one in seen.controls) > 30
    found = after_a_ticket(seen, VENDOR)
    # a second observation outside every stratum with a ticket: now nobody is met only once, and nothing else changed
    nowhere = [one._replace(match=one.match._replace(segment="nowhere")) for one in seen.controls]
    again = after_a_ticket(Observed(seen.exposed, [*seen.controls, *nowhere]), VENDOR)
    for key, arms in found.items():
        for name in arms.__struct_fields__:
            assert getattr(arms, name) == pytest.approx(getattr(again[key], name)), (key, name)


def test_the_durable_contrast_compares_those_who_all_had_a_ticket():
    """Promise: a ticket nobody can judge yet is on neither side; in one week the one that failed decides."""
    day = MONDAY + 1
    seen = observe(
        [
            customer("failed", daily(), Ticket(VENDOR, day, day, False), Ticket(VENDOR, day, day, True)),
            *(customer(f"held{n}", daily(), Ticket(VENDOR, day, day, True)) for n in range(3)),
            customer("unknown", daily(), Ticket(VENDOR, day, day, None)),
            customer("another's", daily(), Ticket("zenith", day, day, True)),
            customer("none", daily()),
        ],
        NOW,
    )
    arms = not_durable(seen, VENDOR)[ALL, 30]
    assert (arms.n, arms.controls) == (1, 3)


def test_the_durable_contrast_is_matched_over_all_weeks_together():
    """Promise: both arms are small; a ticket that failed is compared with those that held in other weeks."""
    monday = MONDAY - 5 * WEEK
    seen = observe(
        [
            customer("failed", daily(), Ticket(VENDOR, MONDAY, MONDAY, False)),
            *(customer(f"held{n}", daily(), Ticket(VENDOR, monday, monday, True)) for n in range(3)),
        ],
        NOW,
        Design(tenure=()),
    )
    assert (not_durable(seen, VENDOR)[ALL, 30].n, not_durable(seen, VENDOR)[ALL, 30].controls) == (1, 3)


def test_quiet_ones_are_counted_once_after_the_last_ticket_and_only_if_nothing_bad_is_known():
    """Promise: the iceberg's hidden part holds nobody whom the company knows to be unhappy."""
    early, late = MONDAY - 14, MONDAY
    once = Ticket(VENDOR, late, late)
    seen = observe(
        [
            customer("twice", daily(), Ticket(VENDOR, early, early), once),
            customer("unhappy", daily(), once, unhappy=frozenset({VENDOR})),
            customer("complained", daily(), once, complained=frozenset({VENDOR})),
            customer("of another", daily(), once, unhappy=frozenset({"zenith"})),
            *(customer(f"c{n}", daily()) for n in range(4)),
            customer("later", daily(), Ticket(VENDOR, NOW - 3, NOW - 2)),
        ],
        NOW,
        Design(tenure=(), lookback=1),
    )
    assert [one.last for one in seen.controls if (one.customer, one.match.week) == (8, WEEKS[-1])] == [False]
    arms = quiet_ones(seen, VENDOR)[ALL, 30]
    assert (arms.n, arms.controls) == (2, 4)


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        ((-30,), None),
        ((-15,), None),
        ((-14,), -14),
        ((-14, -3), -3),
        ((-3, 0), 0),
        ((-3, 5, 60), 5),
        ((None,), None),
        ((), None),
    ],
)
def test_the_ticket_a_customer_stopped_after_is_the_one_next_to_the_last_sign_of_life(ended, expected):
    """Promise: the first without any activity after it; else the latest shortly before the last active day."""
    tickets = [Ticket(VENDOR, NOW - 99, None if end is None else NOW + end) for end in ended]
    found = stopped_after(customer("c", [NOW - 50, NOW], *tickets))
    assert found == (None if expected is None else Ticket(VENDOR, NOW - 99, NOW + expected))


def arms(**changes: float) -> Arms:
    """A hundred customers once each, 26 silent, against many controls of whom a fifth are."""
    known = {
        "n": 100,
        "customers": 100,
        "controls": 1_000,
        "silent": 26.0,
        "expected": 20.0,
        "evenness": 10.0,
        "nn": 100.0,
        "ns": 26.0,
        "ss": 26.0,
        "ne": 20.0,
        "ee": 4.0 + 1.6,
        "se": 5.2,
    }
    return Arms(**{**known, **changes})  # type: ignore[arg-type]


def test_too_few_customers_are_said_to_be_too_few_and_how_many_it_takes():
    """Promise: below the number that tells 20 % from 30 %, "cannot tell yet", unless the interval is clear of zero."""
    few = excess(arms(), 60)
    assert few.needed == 293
    assert not few.enough
    assert words(few, 20).startswith("cannot tell yet, about 293 customers needed, has 100")
    nobody = excess(Arms(), 60)
    assert (nobody.difference, nobody.p_value) == (None, 1.0)
    assert words(nobody, 20) == "cannot tell yet, about 20 customers needed, has 0"
    clear = excess(arms(silent=60.0, ns=60.0, ss=60.0, se=12.0), 60)
    assert clear.clear
    assert words(clear, 20).startswith("an excess of +")
    assert words(clear, 101).startswith("cannot tell yet")
    assert clear.p_value < 1e-6 < few.p_value < 0.2


def test_arms_that_share_customers_or_their_mix_are_told_apart_more_easily():
    """Promise: what moves both arms together does not count as uncertainty of their difference."""
    widths = [one.high - one.low for se in (4.6, 5.2, 5.8) if (one := excess(arms(se=se), 60).difference) is not None]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > widths[2] + 0.01


def test_customers_who_had_left_before_raise_the_upper_limit_and_nothing_else():
    """Promise: what is only assumed is never held against the vendor."""
    plain, corrected = excess(arms(), 60), excess(arms(gone=5.0), 60)
    assert plain.difference is not None
    assert corrected.difference is not None
    assert corrected.difference[:2] == plain.difference[:2]
    assert corrected.difference.high == pytest.approx(plain.difference.high + 0.20 - (0.20 - 0.05) / 0.95)


def test_nobody_silent_still_has_an_interval():
    """Promise: none of forty is not certainty."""
    none = excess(arms(n=40, customers=40, silent=0, ns=0, ss=0, se=0, nn=40, expected=0, ne=0, ee=0, evenness=4), 30)
    assert none.difference is not None
    assert none.difference.low < 0 < none.difference.high
    assert none.silent is not None
    assert none.silent.high == pytest.approx(proportion(0, 40).high)


def test_the_whole_evaluation_does_not_depend_on_the_order_of_customers_or_of_their_tickets():
    """Promise: what order events came in changes no figure."""
    population = [person.customer for person in people(8, Plan(customers=200))]
    shuffled = [one._replace(tickets=tuple(reversed(one.tickets))) for one in population]
    Random(1).shuffle(shuffled)
    found, again = (after_a_ticket(observe(order, TODAY), VENDOR) for order in (population, shuffled))
    for key, one in found.items():
        for name in one.__struct_fields__:
            assert getattr(one, name) == pytest.approx(getattr(again[key], name)), (key, name)
    assert set(found) == {(segment, h) for segment in (ALL, "basic", "business") for h in HORIZONS}
