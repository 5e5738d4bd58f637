"""What the page of a statement shows: everything in words and drawings, nothing left to decide in the template."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from markupsafe import Markup
from msgspec import Struct

from undertow.clock import start_of
from undertow.domain.agreement.contract import Contract
from undertow.domain.agreement.thresholds import CATALOG
from undertow.domain.figures.reconcile import Cohort
from undertow.domain.judging.disputes import OUT
from undertow.domain.judging.findings import Finding
from undertow.domain.measuring.held import held
from undertow.domain.statements.adjustments import Adjusted
from undertow.domain.statements.selection import chosen, distance
from undertow.domain.statements.statement import Cause, Claimed, Measure, Outcome, PeriodStatement
from undertow.domain.tickets.course import course
from undertow.domain.tickets.story import steps
from undertow.reports import drawing, words
from undertow.reports.glance import alone, glance
from undertow.reports.pseudonyms import Pseudonyms
from undertow.stages.rereading.dossier import Dossiers

MOST_LINES: Final = 40
"""Adjusted lines of one period that the page names; the JSON has all."""
LEGEND: Final = (
    "In a drawing time runs from left to right. Round and filled: the customer wrote; square: a person of the vendor answered; "
    "ring: an automatic message; triangle up: called solved; triangle down: taken out of solved; dashed: a target was used up; "
    "circled: an event that shows the habit. The band below is the ticket's status: grey open, yellow waiting, green solved."
)


class Shown(Struct, frozen=True):
    """One finding on the page."""

    id: str
    heading: str
    favour: bool
    facts: tuple[str, ...]
    drawing: Markup
    evidence: tuple[str, ...]


def page(
    statement: PeriodStatement,
    findings: Iterable[Finding],
    names: Pseudonyms,
    dossiers: Dossiers | None,
) -> dict[str, Any]:
    """The template's variables. ``findings``: the statement's own in order, read more than once."""
    contract = dossiers.contract if dossiers is not None else None
    if contract is not None and contract.version != statement.contract:
        contract = None  # clocks of other terms would contradict the statement
    shown = chosen(findings)
    counted = Counter(("out" if one.state in OUT else one.kind, _group(one)) for one in findings)
    return {
        "s": statement,
        "title": f"Statement of {statement.vendor} for {words.period(statement.period)}",
        "period": words.period(statement.period),
        "lesson": dossiers.lesson if dossiers is not None else None,
        "glance": glance(statement),
        "favour": [(words.measure(name), n) for name, n in statement.favour],
        "favour_claims": [one for one in statement.claims if one.verdict == "under_reported"],
        "measures": [_measure(one) for one in statement.measures],
        "claims": [_claim(one) for one in statement.claims],
        "patterns": [(one, CATALOG[one.pattern].says) for one in statement.patterns if one.pattern in CATALOG],
        "outcomes": [_outcome(one) for one in statement.outcomes if one.share is not None and one.share.n],
        "also": [_also(one) for one in statement.outcomes if one.share is None],
        "disputes": [(kind, words.measure(name), n) for kind, name, n in statement.disputes],
        "adjustments": [_adjusted(one) for one in statement.adjustments],
        "findings": [_shown(one, statement, names, dossiers, contract) for one in shown],
        "total": counted.total(),
        "groups": [(group, n) for (_, group), n in sorted(counted.items(), key=lambda one: (-one[1], one[0][1]))],
        "words": words,
        "drawing": drawing,
        "missing": _missing(statement, sum(n for (kind, _), n in counted.items() if kind == "verdict")),
        "legend": LEGEND,
    }


def _group(one: Finding) -> str:
    told = _said(one)
    return f"{told}, {one.state} and left out" if one.state in OUT else told


def _said(one: Finding) -> str:
    if one.kind == "pattern":
        return f"pattern: {CATALOG[one.name].says}" if one.name in CATALOG else f"pattern: {one.name}"
    return f"{words.measure(one.name)}: {words.CLASSES[one.verdict or 'unverifiable']}"


def _measure(one: Measure) -> dict[str, Any]:
    classes = [(words.CLASSES[name], n) for name, n in one.classes.items() if n and name in words.CLASSES]
    if not one.reported.n and len(classes) == 1:  # the words of the verdict have said it
        classes = []
    met_alone = alone(one)
    by_cause: dict[str, list[Cause]] = {"under_reported": [], "over_reported": []}
    for cause in one.causes:
        by_cause[cause.verdict].append(cause)
    return {
        "name": words.measure(one.measure),
        "one": one,
        "tickets": one.reported.n or (met_alone.n if met_alone is not None else 0),
        "actual": one.actual.value if one.reported.n or met_alone is None else met_alone.value,
        "chart": drawing.shares(one.reported, one.actual)
        or (drawing.share(met_alone) if met_alone is not None else Markup("")),
        "classes": classes,
        "causes": [
            (words.CLASSES[verdict], [(words.cause(cause.cause), cause.n) for cause in some])
            for verdict, some in by_cause.items()
            if some
        ],
    }


def _claim(one: Claimed) -> dict[str, Any]:
    return {
        "one": one,
        "name": words.measure(one.measure),
        "days": f"{one.first_day} to {one.last_day}",
        "verdict": "too old to be recounted" if one.verdict is None else words.VERDICTS.get(one.verdict, one.verdict),
        "causes": [words.PERIOD_CAUSES.get(cause, cause) for cause in one.causes],
    }


def _outcome(one: Outcome) -> dict[str, Any]:
    assert one.share is not None
    return {
        "name": words.OUTCOMES.get(one.outcome, one.outcome.replace("_", " ")),
        "share": one.share,
        "expected": one.expected,
        "chart": drawing.share(one.share, one.expected),
    }


def _also(one: Outcome) -> tuple[str, int, int]:
    return words.OUTCOMES.get(one.outcome, one.outcome.replace("_", " ")), one.met or 0, one.missed or 0


def _adjusted(one: Adjusted) -> dict[str, Any]:
    def change(name: str, before: Cohort, now: Cohort) -> tuple[str, ...]:
        difference = (now.total - before.total, now.met - before.met)
        return (
            words.measure(name),
            f"{before.met:,} of {before.total:,}",
            f"{now.met:,} of {now.total:,}",
            *map(words.signed, difference),
        )

    return {
        "one": one,
        "period": words.period(one.period),
        "measures": [change(name, each.stated, each.now) for name, each in one.measures if each.tickets or each.met],
        "lines": [
            (words.counted(*line[:3]), line.stated, line.now, words.signed(line.difference))
            for line in one.lines[:MOST_LINES]
        ],
        "more": max(0, len(one.lines) - MOST_LINES),
    }


def _shown(
    one: Finding,
    statement: PeriodStatement,
    names: Pseudonyms,
    dossiers: Dossiers | None,
    contract: Contract | None,
) -> Shown:
    facts = dossiers.facts.get(one.id) if dossiers is not None else None
    told = list(_facts(one, names, statement.time_zone))
    picture = Markup("")
    if facts:
        read = course(facts)
        clocks = []
        if contract is not None and one.kind == "verdict":
            as_of = start_of(statement.time_zone, statement.last_day + 1) + contract.follow_up
            clocks = held(read, one.name, contract.reading, contract, as_of)
            told += [f"Measured: {line}." for line in drawing.clocks(clocks)]
        ringed = frozenset((event.source, event.id) for event in one.evidence) if one.kind == "pattern" else frozenset()
        picture = drawing.timeline(drawing.Drawn(steps(facts), read.stays, clocks, ringed, statement.time_zone))
    evidence = tuple(f"{event.topic}/{event.partition}/{event.offset}" for event in one.evidence)
    heading = f"Ticket {one.ticket}: {_group(one)}"
    return Shown(one.id, heading, one.verdict == "under_reported", tuple(told), picture, evidence)


def _facts(one: Finding, names: Pseudonyms, zone: str) -> Iterator[str]:
    customer = names.of(one.vendor, one.customer)
    yield f"Customer {customer or 'unknown'}; solved on {words.day(one.day) if one.day is not None else 'no day yet'}."
    if one.kind == "verdict":
        said = "met" if one.claimed_met else "missed"
        was = "unknown" if one.actual_met is None else "met" if one.actual_met else "missed"
        claimed = f" ({words.span(one.claimed)})" if one.claimed is not None else ""
        actual = f" ({words.span_beside(one.actual, one.target)})" if one.actual is not None else ""
        target = f"; the target was {words.span(one.target)}" if one.target is not None else ""
        yield f"Reported: {said}{claimed}. Recounted: {was}{actual}{target}."
        if distance(one):
            yield f"Difference: {words.span(distance(one))}."
        yield f"Why: {words.cause(one.cause)}."
    if one.state is not None:
        yield f"State: {one.state}{f', because: {one.reason}' if one.reason else ''}."
    if one.kind == "pattern" and one.at is not None:
        yield f"It shows at {words.moment(one.at, zone)}. One such ticket is no accusation; how many there are is."


def _missing(statement: PeriodStatement, have: int) -> str | None:
    """What to say where the findings at hand are not those that were counted when the statement was made."""
    counted = sum(one.over_reported + one.under_reported for one in statement.measures)
    if counted == have:
        return None
    if statement.number is None:
        return f"{counted:,} differing claims were counted and {have:,} are at hand: the topic is still being written."
    return (
        f"When this was issued {counted:,} claims differed; now {have:,} do. What changed since is in the adjustments of "
        "the next statement."
    )
