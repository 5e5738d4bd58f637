"""What both sides say of findings: in any order, repeated or rebuilt, it comes to the same, and touches nothing else."""

from __future__ import annotations

from collections import Counter
from random import Random

import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from property.strategies import BASE, CONTRACTS, UNIT, Owner, histories, ticks, worlds
from undertow.domain.judging.disputes import OUT
from undertow.domain.judging.findings import Finding
from undertow.domain.tickets import facts as f
from undertow.domain.tickets.facts import Fact, Place, Seen
from undertow.stages.records import Entry, decode_finding

slow = settings(
    max_examples=40,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def findings(owner: Owner) -> dict[str, Finding]:
    return {id.decode(): decode_finding(value) for id, value in owner.findings.items()}


def tallied(owner: Owner) -> Counter[tuple[str, ...]]:
    """How often each tally was counted, by vendor."""
    found: Counter[tuple[str, ...]] = Counter()
    for key, cell in owner.book.cells.items():
        found.update({(key.vendor, *tally): n for tally, n in cell.tallies.items()})
    return found


def spoken(known: dict[str, Finding], seed: int) -> list[Entry]:
    """Answers and rulings on the findings of a world, some of them read twice, and on one that does not exist."""
    random = Random(seed)
    entries: list[Entry] = []
    for number in range(random.randint(1, 8)):
        if known and random.random() < 0.9:
            finding = known[random.choice(sorted(known))]
        else:
            finding = Finding(
                kind="verdict", name="sla", vendor="acme", ticket="1", customer="ann", day=None, contract=""
            )
        body: f.Body = (
            f.Ruled(finding.id, random.choice(("upheld", "withdrawn")), f"r{number}")
            if random.random() < 0.4
            else f.Answered(finding.id, random.choice(("accept", "dispute", "dispute", "explain")), f"a{number}")
        )
        at = BASE + random.choice((1, 90, 90, 500)) * UNIT
        fact = Fact(at, random.randint(0, 1), at + random.choice((0.0, UNIT)), f"said-{number}", "/portal", body)
        seen = Seen(fact, Place("vendor.disputes", 0, number, at))
        entries += [Entry(finding.vendor, finding.customer, finding.ticket, seen)] * random.choice((1, 1, 2))
    return entries


def state(said: list[Fact]) -> tuple[str, str | None] | None:
    """The rules of :mod:`undertow.domain.judging.disputes` once more, by looking back from the end."""
    said = sorted(said, key=lambda fact: (fact.recorded, fact.sequence, fact.id))
    for place, fact in reversed(list(enumerate(said))):
        before = [one.body for one in said[:place] if isinstance(one.body, f.Answered)]
        if isinstance(fact.body, f.Ruled) and (
            fact.body.ruling == "withdrawn" or any(one.answer == "dispute" for one in before)
        ):
            return fact.body.ruling, fact.body.reason
    for fact in reversed(said):
        if isinstance(fact.body, f.Answered):
            words = {"accept": "accepted", "dispute": "disputed", "explain": "explained"}
            return words[fact.body.answer], fact.body.reason
    return None


def answered(finding: Finding, said: list[Entry]) -> Finding:
    """The finding with its state; evidence left out of it, for it grows by the events that decide."""
    same = {one.seen.fact for one in said if getattr(one.seen.fact.body, "finding", None) == finding.id}
    found = state(list(same))
    now, reason = found if found is not None else (None, None)
    return msgspec.structs.replace(finding, state=now, reason=reason, evidence=())


@slow
@given(st.data(), st.integers(0, 2**32))
def test_answers_change_the_state_of_their_findings_and_nothing_else_of_them(data, seed):
    """Promise: whatever order things arrive in, each finding has the state its answers come to."""
    entries, as_of = data.draw(worlds()), data.draw(ticks)
    before = findings(Owner(CONTRACTS).walk(data.draw(histories(entries, as_of))))
    said = spoken(before, seed)
    after = findings(Owner(CONTRACTS).walk(data.draw(histories([*entries, *said], as_of))))
    assert {id: msgspec.structs.replace(one, evidence=()) for id, one in after.items()} == {
        id: answered(finding, said) for id, finding in before.items()
    }
    for id, one in after.items():
        assert one.evidence[: len(before[id].evidence)] == before[id].evidence
        assert bool(one.evidence[len(before[id].evidence) :]) == (one.state is not None)


@slow
@given(st.data(), st.integers(0, 2**32))
def test_a_finding_that_is_out_takes_its_tallies_along_and_is_counted_apart(data, seed):
    """Promise: figures lose what is disputed or withdrawn, exactly, and no more."""
    entries, as_of = data.draw(worlds()), data.draw(ticks)
    one = Owner(CONTRACTS).walk(data.draw(histories(entries, as_of)))
    said = spoken(findings(one), seed)
    other = Owner(CONTRACTS).walk(data.draw(histories([*entries, *said], as_of)))
    lost, gained = tallied(one) - tallied(other), tallied(other) - tallied(one)
    expected_lost: Counter[tuple[str, ...]] = Counter()
    expected_gained: Counter[tuple[str, ...]] = Counter()
    for finding in findings(other).values():
        if finding.state is None:
            continue
        label = finding.verdict or "matched"
        unsolved = "unsolved_" if finding.day is None and finding.state in OUT and has_begun(finding, one) else ""
        expected_gained[finding.vendor, unsolved + finding.state, finding.name, label] += 1
        if finding.state in OUT and finding.kind == "verdict":
            kind = "unsolved" if unsolved else "verdict"
            expected_lost[finding.vendor, kind, finding.name, str(finding.verdict)] += 1
            expected_lost[finding.vendor, str(finding.verdict), finding.name, str(finding.cause)] += 1
        elif finding.state in OUT:
            expected_lost[finding.vendor, "case", finding.name, "n"] += 1
            expected_lost[finding.vendor, "case", finding.name, "matched"] += 1
    lost = Counter({tally: n for tally, n in lost.items() if tally[1] != "late"})  # names a day, tested beside
    assert (lost, gained) == (expected_lost, expected_gained)


def has_begun(finding: Finding, owner: Owner) -> bool:
    """Whether anybody but claims speaks of the ticket: then it counts on its day of opening."""
    tickets = owner.book._judgements.tickets.values()
    return any(
        share.counts.opened for ticket in tickets if finding.id.encode() in ticket.findings for share in ticket.given
    )


@slow
@given(st.data(), st.integers(0, 2**32))
def test_order_and_repetition_and_a_rebuild_do_not_matter(data, seed):
    """Promise: the same rows byte for byte, the same cells and the same findings."""
    entries, as_of = data.draw(worlds()), data.draw(ticks)
    said = spoken(findings(Owner(CONTRACTS).walk([entries, as_of])), seed)
    one = Owner(CONTRACTS).walk(data.draw(histories([*entries, *said], as_of)))
    other = Owner(CONTRACTS).walk(data.draw(histories([*entries, *said, *said], as_of)))
    assert one.rows == other.rows
    assert one.book.cells == other.book.cells
    assert findings(one) == findings(other)
    again = Owner(CONTRACTS, dict(one.rows))
    assert again.book.cells == one.book.cells
    again.keep(again.book.assigned())
    assert findings(again) == findings(one)
