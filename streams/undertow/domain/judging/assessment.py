"""A ticket held against its claims: verdicts with their causes, patterns, and when that may change by time alone."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, get_args

from msgspec import Struct

from undertow.domain.agreement.contract import DAY, Contract
from undertow.domain.agreement.thresholds import CATALOG, Pattern
from undertow.domain.counting.cells import Tally
from undertow.domain.judging.disputes import answered, counted, parted, settled
from undertow.domain.judging.findings import Finding
from undertow.domain.judging.grounds import Grounds, changed, turns
from undertow.domain.judging.outcomes import Day
from undertow.domain.measuring.actuals import SLA, Actual, Clocks
from undertow.domain.measuring.comparison import DISCORDANT, Class, compare
from undertow.domain.measuring.explain import Explanation, explain
from undertow.domain.measuring.measures import LOOKS_BACK, NOTHING_KNOWN, TIMED, After
from undertow.domain.measuring.neighbours import Neighbour, contacts_of, neighbour
from undertow.domain.measuring.recovery import after, hand_offs, one_contact, rating
from undertow.domain.patterns.evidence import Case
from undertow.domain.patterns.observed import observed
from undertow.domain.tickets.course import FOREVER, Course, course
from undertow.domain.tickets.facts import Claimed, Seen, all_once, in_order
from undertow.domain.tickets.promises import Promise, State, promises

MOST_HAND_OFFS: Final = 5
"""More are counted as so many: a label has to be bounded."""
RECOVERED: Final = (("1h", 3600.0), ("4h", 4 * 3600.0), ("1d", DAY), ("3d", 3 * DAY), ("7d", 7 * DAY))
"""Seconds from a failure to the next human reply, by label; ``more`` is longer, ``open`` has none yet."""

COUNTED: Final[Mapping[str, tuple[str, ...]]] = {
    "promise": get_args(State),
    "hand_offs": tuple(map(str, range(MOST_HAND_OFFS + 1))),
    "csat": ("good", "bad", "unrated"),
    "recovery": (*(label for label, _ in RECOVERED), "more", "open"),
    "first_contact": ("yes", "no"),
}
"""What is counted of tickets beside any target, and the labels of each."""


class Assessment(Struct, frozen=True, gc=False):
    """What one ticket adds to the counts of its cell. It stands until its facts, or those of a ticket next to it, change."""

    tallies: tuple[Tally, ...] = ()
    priority: str | None = None
    """The one in force last."""
    one_contact: bool | None = None
    """See :func:`~undertow.domain.measuring.recovery.one_contact`."""
    broken_at: float = FOREVER
    """When the first of its promises was broken (seconds)."""
    changes_at: float = FOREVER
    """The first time (seconds) at which it may change though nothing happens: a deadline, a promise's grace."""


NOTHING: Final = Assessment()


class Named(Struct, frozen=True, gc=False):
    """Which ticket it is."""

    vendor: str
    ticket: str
    customer: str | None
    day: int | None


def before(seen: list[Seen], solves: tuple[float, ...], as_of: float) -> Assessment | None:
    """What holds of a ticket of which nothing is solved or claimed yet; None once anything is."""
    if solves and solves[0] <= as_of:
        return None
    claimed = next((one.fact.time for one in seen if type(one.fact.body) is Claimed), None)
    if claimed is None and not solves:
        return NOTHING
    if claimed is None or as_of < claimed:
        return Assessment(changes_at=next(one.fact.time for one in seen if one.fact.time > as_of))
    return None


def assess(
    name: Named,
    seen: list[Seen],
    others: Sequence[Neighbour],
    contract: Contract,
    day: Day,
    as_of: float,
    elsewhere: Sequence[Neighbour] = (),
) -> tuple[Assessment, list[Finding]]:
    """Assess one ticket as of a time (seconds): what it adds, and what can be said of it.

    ``seen``: its facts as :func:`undertow.domain.tickets.facts.join` gives them; ``others``: the customer's tickets that were
    opened next to its last solve, on its topic or linked to it; ``elsewhere``: those opened there under its topic and filed
    under another since, which are no repeat contacts but may show a wrong diagnosis. What is dated later than ``as_of`` waits
    for its time; not so what is said of a finding, which is no part of what happened and counts once it is recorded.
    """
    spoken: list[Seen] = []
    every = [*others, *elsewhere] if elsewhere else others
    comes = _comes(seen, every, as_of)
    if comes != FOREVER:
        seen, spoken = parted(seen)
        comes = _comes(seen, every, as_of)
        seen, every = _until(seen, as_of), [_by(as_of, other) for other in every]
        others = every[: len(others)]
    facts = in_order(seen)
    read = course(facts)
    if read.spoken:
        seen, spoken = parted(seen)
        facts = in_order(seen)
        read = course(facts)
    if not read.claims and not read.solves:
        return Assessment(changes_at=comes), []
    what = NOTHING_KNOWN
    failed = read.solves and (read.reopens or read.pledges or others)
    if failed or not LOOKS_BACK.isdisjoint(contract.targets):
        what = after(read, contacts_of(others), contract, as_of)
    clocks = Clocks(read, contract.reading, contract, as_of, what)
    pledged = promises(read, contract.promise_grace, as_of)
    turned = turns(facts, read, clocks, pledged, contract, as_of)
    grounds = Grounds((name.ticket, seen), every, contract, turned.last)
    answers = settled(spoken) if spoken else {}
    tallies: list[Tally] = []
    findings: list[Finding] = []
    for measure in sorted({*read.claims, *contract.targets}):
        judged = clocks.actual(measure)
        claim = read.claims.get(measure)
        verdict = compare(claim, read, judged)
        if verdict is None:
            continue
        headline = _HEADLINES[measure, verdict, judged.met]
        if claim is None or verdict not in DISCORDANT:
            tallies.append(headline)
            continue
        # as of a time that hangs on facts alone: other readings' targets pass unseen, and live and replay have to agree
        why = explain(claim, read, contract.reading, contract, grounds.since(measure), what)
        found = answered(_discordant(name, measure, verdict, why, claim, judged, grounds, contract), answers)
        tallies += counted(found.state, measure, verdict, [headline, Tally(verdict, measure, why.cause)])
        findings.append(found)
    for case in observed(seen, name.ticket, every, contract, as_of, (facts, read, clocks)):
        if case.match is None:
            tallies.append(_CASES[case.pattern])
            continue
        matched = [Tally("case", case.pattern, "matched")]
        if case.pattern == "backdated":
            matched.append(Tally("late", "backdated", str(day(case.match.at))))
        found = answered(_matched(name, case, grounds, contract), answers)
        tallies += counted(found.state, case.pattern, "matched", [_CASES[case.pattern], *matched])
        findings.append(found)
    tallies += _counted(read, pledged, what, contract)
    return Assessment(
        _shared(tuple(tallies)),
        read.priorities[-1][1] if read.priorities else None,
        one_contact(read, contract),
        min([one.at for one in pledged if one.state == "broken"], default=FOREVER) if pledged else FOREVER,
        min(comes, turned.next),
    ), findings


@lru_cache(maxsize=4096)
def _shared(tallies: tuple[Tally, ...]) -> tuple[Tally, ...]:
    """One object for all tickets of which the same is counted, as of most: else these were half of a ticket's memory."""
    return tallies


def _counted(read: Course, pledged: Sequence[Promise], what: After, contract: Contract) -> list[Tally]:
    """What is counted of a ticket, not held against a target: promises, hand-offs, ratings, how soon failures were owned."""
    found = [_PROMISES[promise.state] for promise in pledged]
    if not read.solves:
        return found
    rated = "unrated"
    if read.ratings:
        rated = "good" if rating(read, contract).good else "bad"
    found += (_HAND_OFFS[min(hand_offs(read), MOST_HAND_OFFS)], _RATINGS[rated])
    for failure in what.failures:
        waited = None if failure.replied is None else failure.replied - failure.at
        found.append(Tally("recovery", "reply", _within(waited)))
    return found


def _within(seconds: float | None) -> str:
    """The label of the first of :data:`RECOVERED` that a wait is not longer than."""
    if seconds is None:
        return "open"
    return next((label for label, most in RECOVERED if seconds <= most), "more")


def _comes(seen: list[Seen], others: Sequence[Neighbour], as_of: float) -> float:
    """When the first fact of all comes that is dated later than ``as_of``."""
    comes = _next(seen, as_of)
    return min(comes, *[_next(other.seen, as_of) for other in others]) if others else comes


def _next(seen: list[Seen], as_of: float) -> float:
    """When the first fact dated later than ``as_of`` comes."""
    if not seen or seen[-1].fact.time <= as_of:
        return FOREVER
    return seen[bisect_right(seen, as_of, key=_time)].fact.time


def _until(seen: list[Seen], as_of: float) -> list[Seen]:
    """What is dated up to ``as_of``; of a rewritten event it is the version that counts which decides."""
    if not seen or seen[-1].fact.time <= as_of:
        return seen
    come = seen[: bisect_right(seen, as_of, key=_time)]
    if all_once(seen):
        return come
    later = {(fact.source, fact.id) for fact in in_order(seen) if fact.time > as_of}
    return [one for one in come if (one.fact.source, one.fact.id) not in later]


def _by(as_of: float, other: Neighbour) -> Neighbour:
    seen = _until(other.seen, as_of)
    return other if seen is other.seen else neighbour(other.number, seen)


def _time(one: Seen) -> float:
    return one.fact.time


def _label(verdict: Class, met: bool | None) -> str:
    """The class; where both sides can be paired, or only we can tell, also which way."""
    if verdict in {"confirmed", "actual_only"}:
        return f"{verdict}_met" if met else f"{verdict}_missed"
    return verdict


# What nearly every ticket counts for, made once: a tally costs half a microsecond to make, and a ticket has half a dozen.
_HEADLINES: Final[Mapping[tuple[str, Class, bool | None], Tally]] = {
    (measure, verdict, met): Tally("verdict", measure, _label(verdict, met))
    for measure in (*TIMED, SLA)
    for verdict in get_args(Class)
    for met in (True, False, None)
}
_CASES: Final[Mapping[Pattern, Tally]] = {pattern: Tally("case", pattern, "n") for pattern in CATALOG}
_PROMISES: Final[Mapping[State, Tally]] = {state: Tally("promise", "", state) for state in get_args(State)}
_HAND_OFFS: Final = tuple([Tally("hand_offs", "", label) for label in COUNTED["hand_offs"]])
_RATINGS: Final[Mapping[str, Tally]] = {label: Tally("csat", "", label) for label in COUNTED["csat"]}


def _discordant(
    name: Named,
    measure: str,
    verdict: Class,
    why: Explanation,
    claim: Claimed,
    judged: Actual,
    grounds: Grounds,
    contract: Contract,
) -> Finding:
    rested = grounds.under(measure)
    return Finding(
        kind="verdict",
        name=measure,
        vendor=name.vendor,
        ticket=name.ticket,
        customer=name.customer,
        day=name.day,
        contract=contract.version,
        verdict=verdict,
        cause=why.cause,
        reading=changed(contract.reading, why.reading),
        claimed_met=claim.met,
        claimed=claim.value,
        actual_met=judged.met,
        actual=judged.value if judged.ended else None,
        target=judged.target,
        **rested._asdict(),
    )


def _matched(name: Named, case: Case, grounds: Grounds, contract: Contract) -> Finding:
    assert case.match is not None
    rested = grounds.under(case.pattern, frozenset(case.match.events))
    return Finding(
        kind="pattern",
        name=case.pattern,
        vendor=name.vendor,
        ticket=name.ticket,
        customer=name.customer,
        day=name.day,
        contract=contract.version,
        at=case.match.at,
        **rested._asdict(),
    )
