"""How a vendor stands, as ``undertow replay`` shows it: lines for people, and everything as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import isfinite
from typing import Any, Final

from rich.table import Table

from undertow.domain.agreement.contract import Contract
from undertow.domain.agreement.periods import Period, iso
from undertow.domain.counting.ledger import ALL, Rate
from undertow.domain.figures.budget import Budget
from undertow.domain.figures.comparisons import Comparison, said
from undertow.domain.figures.equity import Equity, Gap, Served
from undertow.domain.figures.habits import Habits
from undertow.domain.figures.period_claims import ClaimedPeriod
from undertow.domain.patterns.accusations import Examined
from undertow.domain.standing import Standing
from undertow.domain.statistics.rounding import beside, points

_STYLE: Final = {"over": "red", "under": "cyan", "agrees": "green", "cannot_tell": "dim"}
MOST_CAUSES: Final = 3
"""Causes a line names; the JSON names all."""


def gap_table(standing: Standing, contract: Contract) -> Table | None:
    """Each measure that the vendor speaks of, all segments together and over all time; None where it claims nothing."""
    rows = [row for row in standing.comparisons if (row.segment, row.window) == (ALL, ALL) and _claimed(row)]
    if not rows:
        return None
    table = Table(title=f"{standing.vendor}: claims against actuals, over the same tickets", title_justify="left")
    table.add_column("measure", no_wrap=True)
    for column in ("reported", "actual", "over", "under", "n"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("main causes")
    for row in rows:
        state, words = said(row, contract.minimum_n)
        told = state != "cannot_tell"
        table.add_row(
            f"[{_STYLE[state]}]{row.measure}[/]",
            _percent(row.reported.value) if told else "",
            _percent(row.actual.value) if told else "",
            f"{row.gap.over:,}",
            f"{row.gap.under:,}",
            f"{row.gap.n:,}",
            _causes(row) if told else words,
        )
    return table


def lines(standing: Standing, contract: Contract) -> Iterator[str]:
    """What else there is to say, as console markup: periods, patterns found, the truth budget, equity."""
    verdicts = Counter(one.reconciled.verdict if one.reconciled else "too_old" for one in standing.claimed_periods)
    if verdicts:
        counted = ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in sorted(verdicts.items()))
        restated = sum(one.versions.restated for one in standing.claimed_periods)
        yield f"{standing.vendor}: of its period claims, {counted}{f'; {restated:,} restated' if restated else ''}"
    for habits in standing.habits:
        for one in habits.found:
            yield f"[red]{standing.vendor}, {named(habits.period)}: {one.words}[/]"
    if standing.budget is not None and standing.budget.share is not None:
        yield f"{standing.vendor}: {_budget_words(standing.budget, contract)}"
    if answered := ", ".join(f"{n:,} {state}" for state, n in standing.answered if n):
        yield f"{standing.vendor}: of its findings, {answered}; what is disputed or withdrawn is in no figure above"
    for window, found in standing.equity:
        if window == ALL and (gap := found.standardised or found.raw) is not None and gap.shown:
            mix = "with the same mix of tickets" if gap is found.standardised else "whatever the mix of tickets"
            yield (
                f"[yellow]{standing.vendor}: {gap.worst.segment} is served worse than {gap.best.segment} by at least "
                f"{points(gap.low)} of hidden dissatisfaction, {mix}[/]"
            )


def in_json(standing: Standing, contract: Contract) -> dict[str, Any]:
    """Everything over all time; ratios 0 to 1, days as ISO dates."""
    return {
        "comparisons": [_comparison(row, contract) for row in standing.comparisons if row.window == ALL],
        "periods": [_stated(one) for one in standing.claimed_periods],
        "patterns": [one for habits in standing.habits for one in _habits(habits)],
        "truth_budget": None if standing.budget is None else _budget(standing, standing.budget, contract),
        "disputes": dict(standing.answered),
        "equity": next((_equity(found) for window, found in standing.equity if window == ALL), None),
    }


def named(period: Period) -> str:
    """A month as 2026-05, other days as two dates."""
    first, last = iso(period.first), iso(period.last)
    return first[:7] if first.endswith("-01") and iso(period.last + 1).endswith("-01") else f"{first} to {last}"


def _claimed(row: Comparison) -> bool:
    of = row.classes
    return bool(row.gap.n or of.claim_only or of.unverifiable or of.immature)


def _causes(row: Comparison) -> str:
    counted: Counter[str] = Counter()
    for one in row.causes:
        counted[one.cause] += one.n
    named = sorted(counted.items(), key=lambda one: (-one[1], one[0]))[:MOST_CAUSES]
    return ", ".join(f"{cause} {n:,}" for cause, n in named)


def _comparison(row: Comparison, contract: Contract) -> dict[str, Any]:
    state, words = said(row, contract.minimum_n)
    gap = row.gap
    return {
        "segment": row.segment,
        "measure": row.measure,
        "classes": row.classes._asdict(),
        "pairs": gap.n,
        "over_reported": gap.over,
        "under_reported": gap.under,
        "reported": share(row.reported),
        "actual": share(row.actual),
        "gap": None if gap.value is None else {**rounded(value=gap.value, low=gap.low, high=gap.high), "p": _p(gap.p)},
        "causes": [{"class": one.verdict, "cause": one.cause, "tickets": one.n} for one in row.causes],
        "state": state,
        "words": words,
    }


def _stated(one: ClaimedPeriod) -> dict[str, Any]:
    claim, found = one.claim, one.reconciled
    first = one.versions.first
    answer: dict[str, Any] = {
        "measure": claim.measure,
        "first_day": iso(claim.first_day),
        "last_day": iso(claim.last_day),
        "claimed": {"met": claim.met, "tickets": claim.total},
        "restated_from": {"met": first.met, "tickets": first.total} if one.versions.restated else None,
        "verdict": None,
    }
    if found is None:
        return answer
    cohort = found.cohort
    return answer | {
        "verdict": found.verdict,
        "actual": {"met": cohort.met, "tickets": cohort.total, "open": cohort.open},
        "own_claims": {"met": cohort.claimed_met, "tickets": cohort.claimed},
        "difference": {"met": found.met, "tickets": found.tickets},
        "gap": None if found.gap is None else round(found.gap, 6),
        "causes": list(found.causes),
    }


def _habits(habits: Habits) -> Iterator[dict[str, Any]]:
    days = {"first_day": iso(habits.period.first), "last_day": iso(habits.period.last)}
    for one in habits.examined:
        yield days | examined(one)


def examined(one: Examined) -> dict[str, Any]:
    """What is said of a pattern."""
    return {
        "pattern": one.suspicion.pattern,
        "state": one.state,
        "words": one.words,
        "count": one.suspicion.count,
        "n": one.suspicion.n,
        "p": _p(one.suspicion.p),
        **rounded(normal=one.suspicion.normal, found_from=one.found_from),
    }


def _budget(standing: Standing, budget: Budget, contract: Contract) -> dict[str, Any]:
    return {
        "measures": list(standing.budgeted),
        "days": budget.days,
        "confirmed": budget.told.confirmed,
        "checked": budget.told.met,
        **rounded(objective=contract.objective, share=budget.share, low=budget.low, high=budget.high, used=budget.used),
        "alerts": [
            {
                "long_days": alert.burn.long,
                "short_days": alert.burn.short,
                "fires": alert.fires,
                **rounded(factor=alert.burn.factor, long=alert.long.bare, low=alert.long.low, short=alert.short.bare),
            }
            for alert in budget.alerts
        ],
    }


def _budget_words(budget: Budget, contract: Contract) -> str:
    firing = [f"{alert.burn.long} and {alert.burn.short} days" for alert in budget.alerts if alert.fires]
    used = f"; {budget.used:.0%} of the truth budget used" if budget.used is not None and isfinite(budget.used) else ""
    burning = f", burning too fast over {' and over '.join(firing)}" if firing else ""
    share = beside(budget.share or 0.0, contract.objective)
    return (
        f"in its last {budget.days} days {share} of {budget.told.met:,} claims of met were confirmed, "
        f"agreed are {contract.objective:.1%}{used}{burning}"
    )


def _equity(found: Equity) -> dict[str, Any]:
    return {
        "raw": _gap(found.raw),
        "standardised": _gap(found.standardised),
        "covered": round(found.covered, 6),
        "too_few": list(found.too_few),
    }


def _gap(gap: Gap | None) -> dict[str, Any] | None:
    if gap is None:
        return None
    numbers = rounded(difference=gap.difference, low=gap.low, high=gap.high, ratio=gap.ratio)
    return {"worst": _served(gap.worst), "best": _served(gap.best), **numbers}


def _served(one: Served) -> dict[str, Any]:
    return {"segment": one.segment, "n": one.n, **rounded(rate=one.rate, low=one.low, high=one.high)}


def share(rate: Rate) -> dict[str, Any]:
    """A rate with its limits and how many tickets it is over."""
    if rate.value is None:
        return {"value": None, "low": None, "high": None, "n": 0}
    return {**rounded(value=rate.value, low=rate.low, high=rate.high), "n": rate.n}


def rounded(**numbers: float | None) -> dict[str, float | None]:
    """JSON has no infinity: what is beyond every number is null, as what is unknown."""
    return {name: round(n, 6) if n is not None and isfinite(n) else None for name, n in numbers.items()}


def _p(probability: float) -> float:
    """Three digits that count: how small it is says how sure."""
    return float(f"{probability:.3g}")


def _percent(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.1%}"


def rate_in_json(rate: Rate) -> dict[str, Any]:
    """A rate with its interval."""
    if rate.value is None:
        return {"value": None, "low": None, "high": None, "n": 0}
    return {"value": round(rate.value, 6), "low": round(rate.low, 6), "high": round(rate.high, 6), "n": rate.n}
