"""A statement in a few sentences: what its page and its mail open with."""

from __future__ import annotations

from undertow.domain.counting.ledger import Rate
from undertow.domain.statements.statement import Measure, PeriodStatement, Share, share
from undertow.domain.statistics.rounding import at_least, at_most, beside
from undertow.reports import words


def glance(s: PeriodStatement) -> list[str]:
    """Sentences: the verdict, the gap with its interval, what both rest on, what is in the vendor's favour."""
    told = [_headline(s)]
    if not any(one.reported.n for one in s.measures) and not _reported(s):
        told = ["The vendor reported nothing about single tickets of this period; what follows is recounted."]
        for one in s.measures:
            if (found := alone(one)) is not None:
                met = f"{found.count:,.0f} of {words.tickets(found.n)} met it"
                told.append(f"{words.measure(one.measure).capitalize()}: {met} ({words.percent(found.value)}).")
    told += [_gap(one) for one in s.measures if one.measure in s.truth_measures and one.difference is not None]
    by_name = {one.outcome: one.share for one in s.outcomes if one.share is not None}
    reported, hidden = by_name.get("reported"), by_name.get("hidden")
    if reported is not None and reported.value is not None:
        told.append(
            f"{reported.count:,} of {words.tickets(reported.n)} {'was' if reported.n == 1 else 'were'} reported as met "
            f"({words.percent(reported.value)})."
        )
    if hidden is not None and hidden.value is not None:
        told.append(
            f"After {hidden.count:,} of those {hidden.n:,} the customer came back or something else went wrong "
            f"({words.percent(hidden.value)}; 95{words.NBSP}% interval {words.interval(hidden)})."
        )
    truth = s.truth
    if truth.value is not None:
        over = ", ".join(map(words.measure, s.truth_measures))
        told.append(
            f"Claims of met that can be checked: {truth.n:,}; confirmed by the events: {truth.count:,} "
            f"({words.spaced(beside(truth.value, s.objective))}; agreed are {words.percent(s.objective)}). Checked: {over}."
        )
    elif reported is not None and reported.n:
        told.append(
            "No claim of met can be checked against a target: the contract agrees none, or the feed lacks what it takes."
        )
    favour = sum(n for _, n in s.favour)
    if favour:
        told.append(f"In {favour:,} case{'s' if favour > 1 else ''} the vendor did better than it said.")
    return told


def _headline(s: PeriodStatement) -> str:
    """The verdict in words; its colour says whether it is good, and decimals where both shares are near each other."""
    hidden = next((one.share for one in s.outcomes if one.outcome == "hidden"), None)
    normal = f"up to {words.percent(s.allowed)} would be normal, chance included."
    if any(one.reported.n for one in s.measures) and not _reported(s):
        return "Nothing was reported of the SLA as a whole, so what became of the customers is held against no report."
    if hidden is not None and s.verdict == "red_inside":
        least = words.spaced(at_least(hidden.low or 0.0))
        return f"At least {least} of the tickets reported as met left an unhappy customer; {normal}"
    if hidden is not None and s.verdict == "holds":
        most = words.spaced(at_most(hidden.high if hidden.high is not None else 1.0))
        return f"At most {most} of the tickets reported as met went wrong later; {normal}"
    return f"{words.spaced(s.words[:1].upper() + s.words[1:])}."


def _gap(one: Measure) -> str:
    """Reported against recounted, over the same tickets, and how sure the difference is."""
    assert one.difference is not None
    name = words.measure(one.measure)
    between = f"{words.points(one.difference.low)} to {words.points(one.difference.high)}"
    return (
        f"{name[:1].upper()}{name[1:]}, over the same {words.tickets(one.reported.n)}: reported as met "
        f"{words.percent(one.reported.value)}, recounted {words.percent(one.actual.value)}; difference "
        f"{words.points(one.difference.value)} points, 95{words.NBSP}% interval {between}."
    )


def _reported(s: PeriodStatement) -> bool:
    return any(one.outcome == "reported" and one.share is not None and one.share.n for one in s.outcomes)


def alone(one: Measure) -> Share | None:
    """The share that met a measure among the tickets of which nothing was reported; None without any."""
    met, missed = one.classes["actual_only_met"], one.classes["actual_only_missed"]
    return share(Rate(met, met + missed)) if met + missed else None
