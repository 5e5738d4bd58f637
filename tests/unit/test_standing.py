"""How a vendor stands, from its cells: every number counted once more over the tickets themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest

import standings
from standings import LABELS, TODAY, Ticket, cells, tickets
from undertow.domain.agreement.contract import DAY, Contract, Target
from undertow.domain.agreement.periods import Period
from undertow.domain.counting.ledger import ALL, Ledger, PeriodClaim, Position
from undertow.domain.figures.budget import Told, budget
from undertow.domain.figures.comparisons import Comparison, enough, said
from undertow.domain.figures.equity import Counted, Stratum, equity
from undertow.domain.figures.reconcile import paired
from undertow.domain.figures.tallies import Tallied
from undertow.domain.patterns.accusations import Cases
from undertow.domain.standing import Overview, Standing, blamed
from undertow.domain.statistics.intervals import newcombe_paired
from undertow.stages.ledger import Speaker

SEGMENTS = ("gold", "basic", "other")
ACME = Contract(vendor="acme", segments=SEGMENTS[:2], keep_all=True)
WINDOWS = {"7d": 7, "28d": 28, "90d": 90, "all": None}


OTHERS = [Contract(vendor=vendor, segments=SEGMENTS[:2]) for vendor in ("zenith", "nadir")]


def stand(made: Iterable[Ticket], contract: Contract = ACME, claims: Iterable[PeriodClaim] = ()) -> Standing:
    """Beside two other vendors."""
    return standings.stand(made, contract, claims, OTHERS)


def row(found: Standing, measure: str = "sla", window: str = ALL, segment: str = ALL) -> Comparison:
    (one,) = [one for one in found.comparisons if (one.measure, one.window, one.segment) == (measure, window, segment)]
    return one


def several(n: int, label: str, day: int = TODAY - 1, measure: str = "sla", cause: str | None = None) -> list[Ticket]:
    causes = {} if cause is None else {measure: cause}
    return [Ticket(day, verdicts={measure: label}, causes=causes) for _ in range(n)]


PAIRS = [
    *several(150, "confirmed_met"),
    *several(9, "over_reported", cause="clock"),
    *several(3, "over_reported", cause="unexplained"),
    *several(2, "under_reported", cause="clock"),
    *several(36, "confirmed_missed"),
]


def test_reported_and_actual_are_over_the_same_tickets_with_interval_and_test():
    """Promise: 12 over and 2 under of 200: 81 % reported, 76 % actual, 5 points, McNemar .0129, Newcombe's interval."""
    one = row(stand([*PAIRS, *several(70, "unverifiable"), *several(30, "actual_only_missed")]))
    assert (one.gap.n, one.gap.over, one.gap.under) == (200, 12, 2)
    assert (one.reported.value, one.actual.value) == (0.81, 0.76)
    assert one.gap.value == pytest.approx(0.05)
    assert one.gap.p == pytest.approx(2 * (1 + 14 + 91) / 2**14)
    assert (one.gap.low, one.gap.high) == newcombe_paired(150, 12, 2, 36)
    assert one.classes.unverifiable == 70
    assert [(why.verdict, why.cause, why.n) for why in one.causes] == [
        ("over_reported", "clock", 9),
        ("over_reported", "unexplained", 3),
        ("under_reported", "clock", 2),
    ]


@pytest.mark.parametrize("seed", range(4))
def test_every_count_of_every_segment_window_and_measure_is_that_of_the_tickets(seed):
    """Promise: windows end yesterday, or for what looks at the time after the solve, with the newest mature day.

    Immature tickets of later days are counted beside; nothing is counted twice or left out.
    """
    measures = ("sla", "first_response", "durable_resolution")
    contract = Contract(
        vendor="acme", segments=SEGMENTS[:2], targets={"durable_resolution": (Target(DAY),)}, keep_all=True
    )
    for agreed in (contract, ACME):
        made = tickets(seed, measures=measures)
        own = [ticket for ticket in made if ticket.vendor == "acme"]
        found = stand(made, agreed)
        assert len(found.comparisons) == 4 * 4 * 3
        for one in found.comparisons:
            # a claim about the SLA as a whole has to wait where a part of it has to
            late = one.measure == "durable_resolution" or (one.measure == "sla" and agreed is contract)
            last, days = TODAY - (31 if late else 1), WINDOWS[one.window]
            of = [t for t in own if one.segment in (ALL, t.segment) and one.measure in t.verdicts]
            inside = [t for t in of if days is None or last - days < t.day <= last]
            counted = Counter(t.verdicts[one.measure] for t in inside)
            if days is not None:
                counted["immature"] += sum(t.verdicts[one.measure] == "immature" for t in of if t.day > last)
            assert one.classes._asdict() == {label: counted[label] for label in LABELS}
            assert one.gap == paired(
                counted["confirmed_met"],
                counted["over_reported"],
                counted["under_reported"],
                counted["confirmed_missed"],
            )
            causes = Counter(
                (t.verdicts[one.measure], t.causes[one.measure]) for t in inside if one.measure in t.causes
            )
            assert {(why.verdict, why.cause): why.n for why in one.causes} == dict(causes)
            assert sum(causes.values()) == one.gap.over + one.gap.under
            assert [why.n for why in one.causes] == sorted((why.n for why in one.causes), reverse=True)


def test_without_segments_in_the_contract_there_is_one_row_a_window_and_measure():
    """Promise: nobody is told apart whom the contract does not."""
    found = stand(PAIRS, Contract(vendor="acme"))
    assert [(one.segment, one.window) for one in found.comparisons] == [(ALL, window) for window in WINDOWS]


@pytest.mark.parametrize(
    ("pairs", "state", "words"),
    [
        ((150, 12, 2, 36), "over", "reported 81.0%, actual 76.0%: at least {low:.1f} points too many"),
        ((150, 2, 12, 36), "under", "reported 76.0%, actual 81.0%: better than it says by at least {high:.1f} points"),
        ((150, 5, 4, 36), "agrees", "no difference that chance would not make"),
        ((190, 5, 0, 5), "agrees", "no difference that chance would not make"),
        ((10, 9, 0, 0), "cannot_tell", "cannot tell yet, needs about 20, has 19"),
        ((17, 2, 0, 0), "cannot_tell", "cannot tell yet, needs about 53, has 19"),
        ((0, 0, 0, 0), "cannot_tell", "nothing is claimed"),
    ],
)
def test_a_difference_is_said_aloud_only_if_interval_and_test_agree(pairs, state, words):
    """Promise: over, under, none, or how many more it takes; five against none is a p of .06 and is not said."""
    labels = ("confirmed_met", "over_reported", "under_reported", "confirmed_missed")
    made = [t for n, label in zip(pairs, labels, strict=True) for t in several(n, label)]
    found = said(row(stand([*made, *several(1, "actual_only_met")])), 20)
    low, high = newcombe_paired(*pairs)
    assert found.state == state
    assert words.format(low=100 * low, high=-100 * high) in found.words


def test_how_many_it_takes_is_the_least_that_would_tell():
    """Promise: with the same shares, so many tickets decide and one pair fewer does not."""
    one = row(stand([*several(17, "confirmed_met"), *several(2, "over_reported")]))
    n = enough(one, 20)

    def told(n: int) -> bool:
        gap = paired(round(17 * n / 19), round(2 * n / 19), 0, 0)
        return gap.low > 0 and gap.p <= 0.05

    assert told(n)
    assert not told(n - 1)
    same = row(stand([*several(9, "confirmed_met"), *several(1, "over_reported"), *several(1, "under_reported")]))
    assert enough(same, 20) == 20


def test_what_cannot_be_checked_is_not_promised_to_become_clear():
    """Promise: waiting helps only where tickets wait; otherwise the words say what is lacking."""
    nothing = said(row(stand([*several(7, "unverifiable"), *several(2, "claim_only")])), 20)
    assert nothing.words.startswith("7 cannot be checked: no target agreed")
    assert nothing.words.endswith("2 claimed of tickets never seen")
    soon = said(row(stand([*several(7, "unverifiable"), *several(3, "immature", TODAY)]), window="7d"), 20)
    assert soon.words.startswith("cannot tell yet, needs about 20, has 0 (3 still to be judged; 7 cannot be checked")


# --- the truth budget


def test_the_budget_is_over_the_claims_of_met_of_the_last_28_days():
    """Promise: day by day what was confirmed of what was claimed met and could be checked; today is not over."""
    made = [t for t in tickets(5, 900) if t.vendor == "acme"]
    found = stand(made)
    days: dict[int, Counter[str]] = {}
    for ticket in made:
        days.setdefault(ticket.day, Counter())[ticket.verdicts.get("sla", "")] += 1
    told = {
        day: Told(n["confirmed_met"], n["confirmed_met"] + n["over_reported"])
        for day, n in days.items()
        if n["confirmed_met"] + n["over_reported"]
    }
    assert found.budgeted == ("sla",)
    assert found.budget == budget(told, TODAY - 1, 0.98, 20)
    assert found.budget.told.met == sum(one.met for day, one in told.items() if TODAY - 28 <= day < TODAY)


def test_the_budget_alerts_on_both_pairs_of_windows():
    """Promise: a fifth not confirmed for three weeks fires both; what is all confirmed fires none and uses nothing."""
    bad = [t for day in range(TODAY - 21, TODAY) for t in several(20, "confirmed_met", day)]
    bad += [t for day in range(TODAY - 21, TODAY) for t in several(5, "over_reported", day)]
    found = stand(bad).budget
    assert (found.told, found.used) == (Told(420, 525), pytest.approx(10))
    assert [alert.fires for alert in found.alerts] == [True, True]
    good = stand(several(99, "confirmed_met", TODAY - 2)).budget
    assert (good.used, [alert.fires for alert in good.alerts]) == (0.0, [False, False])


def test_the_budget_is_over_every_measure_that_can_be_checked_where_the_whole_is_not_claimed():
    """Promise: those known only after the follow-up count where there are no others; without a claim there is no budget."""
    made = [
        *several(5, "confirmed_met", measure="first_response"),
        *several(2, "over_reported", measure="total_resolution"),
        *several(3, "confirmed_met", TODAY - 40, measure="durable_resolution"),
        *several(9, "unverifiable"),
    ]
    found = stand(made)
    assert found.budgeted == ("first_response", "total_resolution")
    assert found.budget.told == Told(5, 7)
    late = stand([*made[7:]])
    assert late.budgeted == ("durable_resolution",)
    assert late.budget.told == Told(3, 3)
    assert stand(several(9, "unverifiable")).budget is None


# --- equity


@pytest.mark.parametrize("seed", range(3))
def test_equity_compares_hidden_dissatisfaction_by_segment_over_mature_tickets(seed):
    """Promise: bad among those reported as met, by priority and topic, in the windows of mature days."""
    made = [t for t in tickets(seed, 1500) if t.vendor == "acme"]
    found = dict(stand(made).equity)
    assert found.keys() == WINDOWS.keys()
    for window, days in WINDOWS.items():
        mixes: dict[str, dict[Stratum, Counted]] = {segment: {} for segment in SEGMENTS}
        for ticket in made:
            if ticket.mix is not None and (days is None or TODAY - 31 - days < ticket.day <= TODAY - 31):
                mix = mixes[ticket.segment]
                bad, n = mix.get(Stratum(*ticket.mix), Counted(0, 0))
                mix[Stratum(*ticket.mix)] = Counted(bad + ticket.bad, n + 1)
        expected = equity(mixes, 20)
        assert found[window].raw == expected.raw
        assert found[window].covered == pytest.approx(expected.covered)
        assert (found[window].standardised is None) == (expected.standardised is None)
        if expected.standardised is not None:
            assert found[window].standardised.difference == pytest.approx(expected.standardised.difference)
            assert found[window].standardised.low == pytest.approx(expected.standardised.low)
    assert found["all"].raw is not None
    assert stand(made, Contract(vendor="acme")).equity == ()


# --- period claims

MAY = (20_574, 20_580)
"""A week that is over: 2026-05-01 to 2026-05-07."""


def period(
    met: int, total: int, days: tuple[int, int] = MAY, measure: str = "sla", recorded: float = 1.0
) -> PeriodClaim:
    return PeriodClaim("acme", measure, *days, met, total, recorded, f"c{recorded}")


@pytest.mark.parametrize("seed", range(3))
def test_the_cohort_of_a_period_is_the_tickets_solved_in_its_days(seed):
    """Promise: all segments; judged ones, those met, those with a claim of their own, and those that cannot be judged."""
    made = [t for t in tickets(seed, 900) if t.vendor == "acme"]
    for measure in ("sla", "first_response"):
        (one,) = stand(made, claims=[period(5, 9, measure=measure)]).claimed_periods
        inside = [t for t in made if MAY[0] <= t.day <= MAY[1]]
        n = Counter(t.verdicts.get(measure) for t in inside)
        cohort = one.reconciled.cohort
        both = n["confirmed_met"] + n["over_reported"] + n["confirmed_missed"] + n["under_reported"]
        assert cohort.total == both + n["actual_only_met"] + n["actual_only_missed"]
        assert cohort.met == n["confirmed_met"] + n["under_reported"] + n["actual_only_met"]
        assert (cohort.claimed, cohort.claimed_met) == (both, n["confirmed_met"] + n["over_reported"])
        assert cohort.open == len(inside) - cohort.total
        assert one.reconciled.tickets == 9 - len(inside)


def test_of_a_mature_period_the_vendors_own_claims_count_even_where_they_cannot_be_checked():
    """Promise: a vendor whose tickets add up to less than its period contradicts itself, target or none."""
    day = TODAY - 40
    made = [Ticket(day, verdicts={"sla": "unverifiable"}, mature=True, claimed=met) for met in [True] * 7 + [False] * 3]
    (one,) = stand(made, claims=[period(9, 10, (day, day))]).claimed_periods
    assert (one.reconciled.verdict, one.reconciled.causes) == ("unverifiable", ("own_tickets_differ",))
    made[0].mature = False
    (one,) = stand(made, claims=[period(9, 10, (day, day))]).claimed_periods
    assert one.reconciled.causes == ()


def test_a_period_is_judged_when_it_is_over_and_all_its_tickets_are_known():
    """Promise: neither on its last day, nor while a ticket of it is still to be judged, nor before its follow-up."""
    made = [*several(9, "confirmed_met", TODAY - 1), *several(1, "over_reported", TODAY - 1)]

    def verdict(tickets: list[Ticket], last: int, measure: str = "sla") -> str:
        (one,) = stand(tickets, claims=[period(10, 10, (TODAY - 5, last), measure)]).claimed_periods
        return one.reconciled.verdict

    assert verdict(made, TODAY - 1) == "over_reported"
    assert verdict(made, TODAY) == "immature"
    assert verdict([*made, *several(1, "immature", TODAY - 1)], TODAY - 1) == "immature"
    durable = several(9, "confirmed_met", TODAY - 3, "durable_resolution")
    assert verdict(durable, TODAY - 1, "durable_resolution") == "immature"


def test_a_restated_period_shows_what_was_said_first():
    """Promise: the last recorded version is judged, whatever order they came in."""
    versions = [period(10, 10, recorded=3.0), period(8, 10, recorded=1.0), period(9, 10, recorded=2.0)]
    (one,) = stand(several(10, "confirmed_met", MAY[0]), claims=versions).claimed_periods
    assert (one.claim.met, one.reconciled.restated_from.met) == (10, 8)
    assert one.reconciled.verdict == "confirmed"


def test_nothing_is_said_of_a_period_whose_tickets_have_been_dropped():
    """Promise: tickets are kept for 120 days; of an older period the claim is shown and not held against nothing."""
    old = period(9, 10, (TODAY - 121, TODAY - 120))
    new = period(9, 10, (TODAY - 119, TODAY - 118))
    contract = Contract(vendor="acme")
    partly = period(9, 10, (TODAY - 120, TODAY - 110))
    first, second, third = stand(several(9, "confirmed_met", TODAY - 119), contract, [old, partly, new]).claimed_periods
    assert (first.claim, first.reconciled) == (old, None)
    assert (second.claim, second.reconciled) == (partly, None)
    assert third.reconciled.cohort.total == 9
    assert stand([], ACME, [old]).claimed_periods[0].reconciled.verdict == "claim_only"


def test_a_period_of_any_length_is_counted_in_no_time():
    """Promise: a claim about three thousand years is no reason to stand still."""
    endless = period(9, 10, (-700_000, 700_000))
    (one,) = stand(several(9, "confirmed_met"), claims=[endless]).claimed_periods
    assert one.reconciled.cohort.total == 9


# --- patterns

APRIL = (20_544, 20_573)


def shows(pattern: str, matched: int, n: int, days: tuple[int, int] = APRIL, vendor: str = "acme") -> list[Ticket]:
    span = days[1] - days[0] + 1
    return [Ticket(days[0] + i % span, vendor=vendor, cases={pattern: i < matched}) for i in range(n)]


def states(found: Standing) -> dict[str, str]:
    (habits,) = found.habits
    return {one.suspicion.pattern: one.state for one in habits.examined}


def test_the_newest_month_that_is_over_is_examined():
    """Promise: cases of April, in May; neither those of March nor of May."""
    made = [*shows("flicker", 30, 300), *shows("flicker", 99, 99, (APRIL[0] - 1, APRIL[0] - 1))]
    found = stand([*made, *shows("flicker", 99, 99, (APRIL[1] + 1, APRIL[1] + 1))])
    (habits,) = found.habits
    assert habits.period == APRIL
    (flicker,) = [one for one in habits.examined if one.suspicion.pattern == "flicker"]
    assert (flicker.suspicion.count, flicker.suspicion.n, flicker.state) == (30, 300, "found")
    assert "30 of 300 tickets solved" in flicker.words
    assert [one.suspicion.pattern for one in habits.found] == ["flicker"]


def test_a_rolling_period_is_the_last_28_days_and_has_no_end_to_close_before():
    """Promise: what ends every day cannot be met by closing in mass."""
    contract = Contract(vendor="acme", period="rolling", keep_all=True)
    made = shows("flicker", 2, 280, (TODAY - 28, TODAY - 1)) + shows("flicker", 0, 90, (TODAY - 1, TODAY - 1))
    (habits,) = stand(made, contract).habits
    assert habits.period == (TODAY - 28, TODAY - 1)
    assert states(stand(made, contract)) == {"flicker": "not_found"}


def test_a_mass_close_is_held_against_the_month_and_the_one_before_less_their_ends():
    """Promise: three times the usual on the last two days is found; not if the month before is dropped or never was."""
    usual = [Ticket(day) for day in range(APRIL[0] - 31, APRIL[1] - 1) for _ in range(5)]
    ends = [Ticket(day) for end in (APRIL[0] - 1, APRIL[1]) for day in (end - 1, end) for _ in range(15)]
    found = stand([*usual, *ends])
    assert states(found) == {"mass_close": "found"}
    (one,) = found.habits[0].examined
    # April 2026 ends on a Wednesday and a Thursday: four of each before in April; of those in March, four and four
    assert (one.suspicion.count, one.suspicion.n) == (30, 30 + 5 * 16)
    alone = stand([ticket for ticket in (*usual, *ends) if ticket.day >= APRIL[0]])
    assert alone.habits[0].examined[0].suspicion.n == 30 + 5 * 8
    dropped = Contract(vendor="acme", horizon=(TODAY - APRIL[0] + 1) * DAY)
    assert stand([*usual, *ends], dropped).habits[0].examined[0].suspicion.n == 30 + 5 * 8


def test_blame_is_held_against_the_other_vendors_of_the_same_days_and_against_own_earlier_ones():
    """Promise: neither the others' earlier habits count nor those of a vendor without a contract."""
    own = shows("customer_blamed", 60, 200)
    assert states(stand([*own, *shows("customer_blamed", 20, 200, vendor="zenith")]))["customer_blamed"] == "found"
    assert states(stand([*own, *shows("customer_blamed", 60, 200, vendor="zenith")]))["customer_blamed"] == "not_found"
    march = (APRIL[0] - 31, APRIL[0] - 1)
    assert "customer_blamed" not in states(stand(own))
    assert "customer_blamed" not in states(stand([*own, *shows("customer_blamed", 1, 200, march, "zenith")]))
    assert "customer_blamed" not in states(stand([*own, *shows("customer_blamed", 1, 200, vendor="stranger")]))
    assert states(stand([*own, *shows("customer_blamed", 20, 200, march)]))["customer_blamed"] == "found"
    two = [*shows("customer_blamed", 20, 100, vendor="zenith"), *shows("customer_blamed", 4, 80, vendor="nadir")]
    assert blamed(cells(two), Period(*APRIL)) == Cases(24, 180)


def test_events_dated_back_count_by_the_day_they_arrived():
    """Promise: of thirty days the three worst are spared, whenever their tickets were solved."""
    made = [*shows("backdated", 40, 300)]
    for place, ticket in enumerate(made[:40]):
        ticket.late = APRIL[0] + place % 20
    (one,) = [one for one in stand(made).habits[0].examined if one.suspicion.pattern == "backdated"]
    assert (one.suspicion.count, one.suspicion.n, one.state) == (34, 300, "found")
    for ticket in made[:40]:
        ticket.late = APRIL[0] + 7
    (one,) = [one for one in stand(made).habits[0].examined if one.suspicion.pattern == "backdated"]
    assert (one.suspicion.count, one.state) == (0, "not_found")


def test_a_claim_of_a_ticket_not_solved_yet_is_compared_and_belongs_to_no_period():
    """Promise: it counts by the day of opening, and a period claim speaks of tickets solved."""
    solved = several(30, "confirmed_met", TODAY - 40, "first_response")
    waiting = [Ticket(TODAY - 40, waiting="over_reported") for _ in range(5)]
    claim = PeriodClaim("acme", "first_response", TODAY - 45, TODAY - 35, 30, 30, 0.0, "p")
    found = stand([*solved, *waiting], claims=[claim])
    one = row(found, "first_response")
    assert (one.classes.confirmed_met, one.classes.over_reported) == (30, 5)
    assert [
        (said.reconciled.cohort.total, said.reconciled.tickets)
        for said in found.claimed_periods
        if said.reconciled is not None
    ] == [(30, 0)]


@pytest.mark.parametrize("seed", range(2))
def test_ratings_and_the_like_are_counted_over_tickets_whose_follow_up_is_over(seed):
    """Promise: every window ends with the newest mature day, and nothing of another vendor is in it."""
    made = tickets(seed)
    found = {(window, what, which): n for window, what, which, n in stand(made).counted}
    for window, days in WINDOWS.items():
        inside = [
            one.csat
            for one in made
            if one.vendor == "acme" and (days is None or TODAY - 31 - days < one.day <= TODAY - 31)
        ]
        for which in ("good", "bad", "unrated"):
            assert found.get((window, "csat", which), 0) == inside.count(which), (window, which)


def test_a_vendor_of_whom_nothing_is_known_stands_nowhere():
    """Promise: no rows, no budget, no accusation."""
    assert stand([]) == Standing("acme", equity=stand([]).equity, answered=stand([]).answered)
    assert all(found.raw is None for _, found in stand([]).equity)


# --- what was said before is no reason to say it again


def put(ledger: Ledger, made: Iterable[Ticket]) -> None:
    for key, cell in cells(made).items():
        ledger.put(0, Position(0, 0), key, cell)


def test_what_others_do_and_days_that_pass_are_seen_though_the_vendor_did_nothing():
    """Promise: an unchanged vendor is stated anew when the comparison changes, or the day does."""
    ledger = Ledger()
    put(ledger, [*shows("customer_blamed", 60, 200), *PAIRS, *several(3, "confirmed_met", TODAY - 7)])
    put(ledger, shows("customer_blamed", 60, 200, vendor="zenith"))
    ledger.judged(0, standings.NOON)
    speaker = Speaker(ledger, {one.vendor: one for one in (ACME, *OTHERS)})

    def now() -> Standing:
        return speaker.state().standings[0]

    assert states(now())["customer_blamed"] == "not_found"
    put(ledger, shows("customer_blamed", 20, 200, vendor="zenith"))
    assert states(now())["customer_blamed"] == "found"
    assert row(now(), window="7d").gap.n == 203
    ledger.judged(0, standings.NOON + DAY)
    assert row(now(), window="7d").gap.n == 200
    assert row(now()).gap.n == 203


def test_the_statement_of_a_moment_bears_its_time():
    """Promise: a tick that changes nothing changes the time, and a ledger that judged nothing states nothing."""
    ledger = Ledger()
    speaker = Speaker(ledger, {"acme": ACME})
    assert speaker.state() == Overview()
    put(ledger, PAIRS)
    ledger.judged(0, standings.NOON)
    before = speaker.state()
    ledger.judged(0, standings.NOON + 60)
    after = speaker.state()
    assert (before.as_of, after.as_of) == (standings.NOON, standings.NOON + 60)
    assert after.standings[0] is before.standings[0]
    assert after.figures is before.figures


def test_sums_that_follow_their_cells_are_those_of_the_cells():
    """Promise: cells that change or go leave nothing behind, not even their segment."""
    gold, basic = (cells([Ticket(TODAY, segment, verdicts={"sla": "immature"})]) for segment in ("gold", "basic"))
    tallied = Tallied({**gold, **basic}, [TODAY])
    assert tallied.segments == ["basic", "gold"]
    tallied.update(gold)
    assert tallied.segments == ["gold"]
    assert [sums for _, sums, _ in tallied.windows("verdict", "all", TODAY - 1)][-1] == {
        tally: n for cell in gold.values() for tally, n in cell.tallies.items()
    }
    tallied.update({})
    assert (tallied.segments, tallied.measures("all"), tallied.solved) == ([], [], {})
