"""A ticket held against its claims: verdicts with their causes, patterns, and when that may change by time alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Final, get_args

from msgspec import Struct

from undertow.domain.actuals import Actual, actual
from undertow.domain.cells import Tally
from undertow.domain.comparison import DISCORDANT, Class, compare
from undertow.domain.contract import DAY, Contract
from undertow.domain.course import FOREVER, Course, course
from undertow.domain.disputes import answered, counted, parted, settled
from undertow.domain.explain import Explanation, explain
from undertow.domain.facts import Claimed, Seen, in_order
from undertow.domain.findings import Finding
from undertow.domain.grounds import Grounds, changed, turns
from undertow.domain.measures import LOOKS_BACK, NOTHING_KNOWN, After
from undertow.domain.outcomes import Day
from undertow.domain.patterns.evidence import Case
from undertow.domain.patterns.observed import observed
from undertow.domain.promises import State, promises
from undertow.domain.recovery import after, contacts_of, hand_offs, human_contacts, rating

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
    """Whether one human contact was all up to the last solve; None where the feed has no messages or it was never solved."""
    broken_at: float = FOREVER
    """When the first of its promises was broken (seconds)."""
    changes_at: float = FOREVER
    """The first time (seconds) at which it may change though nothing happens: a deadline, a promise's grace."""


NOTHING: Final = Assessment()


class Named(Struct, frozen=True):
    """Which ticket it is."""

    vendor: str
    ticket: str
    customer: str | None
    day: int | None
    others: tuple[str, ...] = ()
    """Numbers of the tickets next to it, in the order of their facts."""


def assess(
    name: Named, seen: list[Seen], others: Sequence[list[Seen]], contract: Contract, day: Day, as_of: float
) -> tuple[Assessment, list[Finding]]:
    """Assess one ticket as of a time (seconds): what it adds, and what can be said of it.

    ``seen``: its facts as :func:`undertow.domain.facts.join` gives them; ``others``: those of the customer's tickets that were
    opened next to its last solve, on its topic or linked to it. What is dated later than ``as_of`` waits for its time; not so
    what is said of a finding, which is no part of what happened and counts once it is recorded.
    """
    spoken: list[Seen] = []
    comes = min(map(_next, (seen, *others), repeat(as_of)))
    if comes != FOREVER:
        seen, spoken = parted(seen)
        comes = min(map(_next, (seen, *others), repeat(as_of)))
        seen, *others = [_until(some, as_of) for some in (seen, *others)]
    facts = in_order(seen)
    read = course(facts)
    if read.spoken:
        seen, spoken = parted(seen)
        facts = in_order(seen)
        read = course(facts)
    if not read.claims and not read.solves:
        return Assessment(changes_at=comes), []
    measures = sorted({*read.claims, *contract.targets})
    what, near = NOTHING_KNOWN, [in_order(other) for other in others]
    failed = read.solves and (read.reopens or read.pledges or near)
    if failed or not LOOKS_BACK.isdisjoint(contract.targets):
        what = after(read, contacts_of(near), contract, as_of)
    answers = settled(spoken) if spoken else {}
    tallies: list[Tally] = []
    findings: list[Finding] = []
    numbered = list(zip(name.others or [""] * len(others), others, strict=True))
    turned = turns(facts, read, what, contract, as_of)
    grounds = Grounds((name.ticket, seen), numbered, contract, turned.last)
    for measure in measures:
        judged = actual(read, measure, contract.reading, contract, as_of, what)
        claim = read.claims.get(measure)
        verdict = compare(claim, read, judged)
        if verdict is None:
            continue
        headline = [Tally("verdict", measure, _label(verdict, judged))]
        if claim is None or verdict not in DISCORDANT:
            tallies += headline
            continue
        # as of a time that hangs on facts alone: other readings' targets pass unseen, and live and replay have to agree
        why = explain(claim, read, contract.reading, contract, grounds.since(measure), what)
        headline.append(Tally(verdict, measure, why.cause))
        found = answered(_discordant(name, measure, verdict, why, claim, judged, grounds, contract), answers)
        tallies += counted(found.state, measure, verdict, headline)
        findings.append(found)
    for case in observed(seen, name.ticket, near, contract, as_of, (facts, read)):
        headline = [Tally("case", case.pattern, "n")]
        if case.match is None:
            tallies += headline
            continue
        headline.append(Tally("case", case.pattern, "matched"))
        if case.pattern == "backdated":
            headline.append(Tally("late", "backdated", str(day(case.match.at))))
        found = answered(_matched(name, case, grounds, contract), answers)
        tallies += counted(found.state, case.pattern, "matched", headline)
        findings.append(found)
    tallies += _counted(read, what, contract, as_of)
    return Assessment(
        _shared(tuple(tallies)),
        read.priorities[-1][1] if read.priorities else None,
        _one_contact(read),
        _broken_at(read, contract, as_of) if read.pledges else FOREVER,
        min(comes, turned.next),
    ), findings


@lru_cache(maxsize=4096)
def _shared(tallies: tuple[Tally, ...]) -> tuple[Tally, ...]:
    """One object for all tickets of which the same is counted, as of most: else these were half of a ticket's memory."""
    return tallies


def _counted(read: Course, what: After, contract: Contract, as_of: float) -> Iterable[Tally]:
    """What is counted of a ticket, not held against a target: promises, hand-offs, ratings, how soon failures were owned."""
    for promise in promises(read, contract.promise_grace, as_of):
        yield Tally("promise", "", promise.state)
    if not read.solves:
        return
    yield Tally("hand_offs", "", str(min(hand_offs(read), MOST_HAND_OFFS)))
    rated = rating(read, contract)
    yield Tally("csat", "", ("good" if rated.good else "bad") if rated.rated else "unrated")
    for failure in what.failures:
        waited = None if failure.replied is None else failure.replied - failure.at
        yield Tally("recovery", "reply", _within(waited))


def _broken_at(read: Course, contract: Contract, as_of: float) -> float:
    broken = [one.at for one in promises(read, contract.promise_grace, as_of) if one.state == "broken"]
    return min(broken, default=FOREVER)


def _within(seconds: float | None) -> str:
    """The label of the first of :data:`RECOVERED` that a wait is not longer than."""
    if seconds is None:
        return "open"
    return next((label for label, most in RECOVERED if seconds <= most), "more")


def _one_contact(read: Course) -> bool | None:
    if not read.solves or not read.wrote:
        return None
    return human_contacts(read, read.solves[-1]) == 1


def _next(seen: list[Seen], as_of: float) -> float:
    """When the first fact dated later than ``as_of`` comes."""
    if not seen or seen[-1].fact.time <= as_of:
        return FOREVER
    return next(one.fact.time for one in seen if one.fact.time > as_of)


def _until(seen: list[Seen], as_of: float) -> list[Seen]:
    """What is dated up to ``as_of``; of a rewritten event it is the version that counts which decides."""
    later = {(fact.source, fact.id) for fact in in_order(seen) if fact.time > as_of}
    return [one for one in seen if one.fact.time <= as_of and (one.fact.source, one.fact.id) not in later]


def _label(verdict: Class, judged: Actual) -> str:
    """The class; where both sides can be paired, or only we can tell, also which way."""
    if verdict in {"confirmed", "actual_only"}:
        return f"{verdict}_met" if judged.met else f"{verdict}_missed"
    return verdict


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
