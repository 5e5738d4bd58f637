"""Draws up the statement of one vendor and period from its cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import fsum

from msgspec import Struct
from msgspec.structs import replace

from undertow.domain.agreement.contract import Contract
from undertow.domain.agreement.periods import Known, Period, iso, named
from undertow.domain.counting.cells import Counts, Tally
from undertow.domain.counting.chance import Chance
from undertow.domain.counting.ledger import ALL, Cells, PeriodClaim, Rate
from undertow.domain.counting.windows import period_figures
from undertow.domain.figures.comparisons import Comparison, Said, said
from undertow.domain.figures.habits import habits
from undertow.domain.figures.reconcile import paired, reconcile, versions
from undertow.domain.figures.tallies import Tallied
from undertow.domain.measuring.actuals import SLA
from undertow.domain.measuring.comparison import DISCORDANT
from undertow.domain.patterns.accusations import Cases, Examined
from undertow.domain.statements.adjustments import Adjusted
from undertow.domain.statements.counts import Sheet, classes, cohort, counts, measures, sheet, within, written
from undertow.domain.statements.fairness import fairness
from undertow.domain.statements.statement import (
    Cause,
    Claimed,
    Difference,
    Habit,
    Measure,
    Outcome,
    PeriodStatement,
    sealed,
    share,
)
from undertow.domain.verdicts import Verdict, verdict

Versions = Sequence[tuple[PeriodClaim, PeriodClaim]]
"""The first and the standing version of each of a vendor's period claims."""


class Basis(Struct, frozen=True):
    """All that a statement is drawn up from, beside what was stated before."""

    contract: Contract
    cells: Cells
    """The vendor's, of every day: what is usual, and what chance would bring, is seen on other days."""
    said: Versions
    known: Known
    others: Cases
    """How often the other vendors put tickets of the period's days down to the customer."""
    definitions: tuple[tuple[str, tuple[str, ...]], ...]
    """The terms in words, as :mod:`undertow.contracts.definitions` says them."""


def counted(cells: Cells, said: Versions, period: Period) -> Sheet:
    """The sheet of a period."""
    return sheet(within(cells, period), [last for _, last in _about(said, period)], period)


def closed(of: Sheet, period: Period, known: Known, follow_up_days: int) -> bool:
    """Whether a period can be stated for good: its days are known and none of its tickets waits.

    A ticket solved again and again (or said to be solved far ahead) may hold it up for one more follow-up, not for ever.
    """
    total = counts(of)
    waits = total.solved - total.mature
    return known.mature >= period.last and (not waits or known.mature >= period.last + follow_up_days)


def draw_up(basis: Basis, period: Period, number: int | None, adjustments: tuple[Adjusted, ...]) -> PeriodStatement:
    """The statement, with its hash. ``number`` None: not issued."""
    contract, said_of = basis.contract, _about(basis.said, period)
    own = within(basis.cells, period)
    of = sheet(own, [last for _, last in said_of], period)
    total = counts(of)
    rows = [_measure(of, measure, period, contract) for measure in measures(of)]
    told = _budgeted(rows)
    headline = _headline(total, own, period, basis)
    confirmed = sum(one.classes["confirmed_met"] for one in told)
    return sealed(
        PeriodStatement(
            vendor=contract.vendor,
            number=number,
            period=named(period),
            first_day=period.first,
            last_day=period.last,
            time_zone=contract.time_zone,
            known_up_to=iso(basis.known.complete),
            waiting=total.solved - total.mature,
            contract=contract.version,
            definitions=basis.definitions,
            minimum_n=contract.minimum_n,
            objective=contract.objective,
            truth=share(Rate(confirmed, confirmed + sum(one.over_reported for one in told))),
            truth_measures=tuple(one.measure for one in told),
            verdict=headline.colour.value,
            words=headline.words,
            allowed=round(headline.limit, 6),
            favour=tuple((one.measure, one.under_reported) for one in rows if one.under_reported),
            measures=tuple(rows),
            claims=tuple(_claimed(first, last, of, basis, period) for first, last in said_of),
            patterns=tuple(_patterns(basis, period)),
            outcomes=tuple(_outcomes(of, own, basis)),
            equity=fairness(own, contract),
            disputes=tuple((tally.kind, tally.name, n) for tally, n in _by_name(of, ("disputed", "withdrawn")).items()),
            adjustments=adjustments,
            counts=written(of),
        )
    )


def _about(said: Versions, period: Period) -> list[tuple[PeriodClaim, PeriodClaim]]:
    """The vendor's claims about days that end in the period: each is in one statement, a week across two months too."""
    return [(a, b) for a, b in said if period.first <= b.last_day <= period.last]


def _measure(of: Sheet, measure: str, period: Period, contract: Contract) -> Measure:
    told = classes(of, measure)
    gap = paired(told.confirmed_met, told.over_reported, told.under_reported, told.confirmed_missed)
    compared = Comparison(contract.vendor, ALL, named(period), measure, told, gap, ())
    state, words = _said(compared, contract)
    causes = [
        Cause(tally.kind, tally.label, n)  # type: ignore[arg-type]
        for tally, n in of.items()
        if tally.kind in DISCORDANT and tally.name == measure
    ]
    return Measure(
        measure=measure,
        reported=share(compared.reported),
        actual=share(compared.actual),
        difference=None
        if gap.value is None
        else Difference(round(gap.value, 6), round(gap.low, 6), round(gap.high, 6), float(f"{gap.p:.3g}")),
        under_reported=told.under_reported,
        over_reported=told.over_reported,
        classes=told._asdict(),
        disputed=_sum(of, "disputed", measure),
        withdrawn=_sum(of, "withdrawn", measure),
        unsolved=sum(of.get(Tally("unsolved", measure, verdict), 0) for verdict in DISCORDANT),
        causes=tuple(sorted(causes, key=lambda one: (one.verdict != "under_reported", -one.n, one.cause))),
        state=state,
        words=words,
    )


def _said(one: Comparison, contract: Contract) -> Said:
    found = said(one, contract.minimum_n)
    if one.gap.value is None and found.words == "nothing is claimed":
        told = one.classes
        met, n = told.actual_only_met, told.actual_only_met + told.actual_only_missed
        if n:
            return Said("cannot_tell", f"nothing is claimed of single tickets; {met:,} of {n:,} met it")
    return found


def _sum(of: Sheet, kind: str, name: str) -> int:
    return sum(n for tally, n in of.items() if (tally.kind, tally.name) == (kind, name))


def _by_name(of: Sheet, kinds: Iterable[str]) -> dict[Tally, int]:
    found: dict[Tally, int] = {}
    for tally, n in sorted(of.items()):
        if tally.kind in kinds:
            name = Tally(tally.kind, tally.name, "")
            found[name] = found.get(name, 0) + n
    return found


def _budgeted(rows: Sequence[Measure]) -> list[Measure]:
    """The measures of the truth share: the SLA as a whole where it can be checked, else all that can."""
    checked = [one for one in rows if one.reported.n]
    return [one for one in checked if one.measure == SLA] or checked


def _claimed(first: PeriodClaim, last: PeriodClaim, of: Sheet, basis: Basis, period: Period) -> Claimed:
    days = Period(last.first_day, last.last_day)
    both = versions([first, last])
    restated = (first.met, first.total) if both.restated else None
    head = Claimed(
        measure=last.measure,
        first_day=iso(days.first),
        last_day=iso(days.last),
        met=last.met,
        tickets=last.total,
        restated_from=restated,
        verdict=None,
    )
    if basis.known.kept is not None and days.first < basis.known.kept:
        return head
    part = of if days == period else counted(basis.cells, (), days)
    told = classes(part, last.measure)
    closed_by = basis.known.mature >= days.last and not told.immature
    found = reconcile(both, cohort(part, last.measure), closed=closed_by)
    return replace(
        head,
        verdict=found.verdict,
        actual_met=found.cohort.met,
        actual_tickets=found.cohort.total,
        open_tickets=found.cohort.open,
        difference_met=found.met,
        difference_tickets=found.tickets,
        gap=None if found.gap is None else round(found.gap, 6),
        causes=found.causes,
    )


def _patterns(basis: Basis, period: Period) -> Iterator[Habit]:
    tallied = Tallied(basis.cells, {period.first, period.last + 1})
    for one in habits(tallied, period, basis.others, basis.contract, basis.known).examined:
        yield _habit(one)


def _habit(one: Examined) -> Habit:
    of = one.suspicion
    p, normal = float(f"{of.p:.3g}"), round(of.normal, 6)
    return Habit(pattern=of.pattern, state=one.state, words=one.words, count=of.count, n=of.n, normal=normal, p=p)


def _expected(own: Cells, basis: Basis) -> float:
    """How many repeat contacts chance would bring to the tickets of some cells."""
    chance = Chance(basis.cells, basis.contract.repeat_window)
    return fsum([chance.expected(key.day, cell.exposures) for key, cell in own.items()])


def _headline(total: Counts, own: Cells, period: Period, basis: Basis) -> Verdict:
    expected = _expected(own, basis)
    return verdict(period_figures(basis.contract.vendor, named(period), total, expected), basis.contract)


def _outcomes(of: Sheet, own: Cells, basis: Basis) -> Iterator[Outcome]:
    """Rates first, then each outcome by what was reported of the tickets, as far as cells tell them."""
    total, expected = counts(of), _expected(own, basis)
    yield Outcome(outcome="reported", share=share(Rate(total.reported_met, total.claimed)))
    yield Outcome(outcome="hidden", share=share(Rate(total.reported_met_but_bad, total.reported_met)))
    yield Outcome(outcome="reopened", share=share(Rate(total.reopened, total.mature)))
    yield Outcome(outcome="reopened_claimed", share=share(Rate(total.reopened_claimed, total.claimed)))
    of_chance = round(expected / total.repeat_eligible, 6) if total.repeat_eligible else None
    repeat = share(Rate(total.repeat_contact, total.repeat_eligible))
    yield Outcome(outcome="repeat_contact", share=repeat, expected=of_chance)
    by_name: dict[str, dict[str, int]] = {}
    for tally, n in sorted(of.items()):
        if tally.kind == "outcome":
            by_name.setdefault(tally.name, {})[tally.label] = n
    for name, told in by_name.items():
        yield Outcome(outcome=name, share=None, met=told.get("met", 0), missed=told.get("missed", 0))
