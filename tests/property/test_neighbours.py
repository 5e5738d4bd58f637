"""Tickets next to each other: whatever becomes of one, those that it concerns are judged again, and the rest need not be."""

from __future__ import annotations

from random import Random
from typing import Final
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from property import oracle
from property.strategies import BASE, CONTRACTS, UNIT, Owner
from undertow.domain.agreement.contract import Contract, Target
from undertow.domain.tickets import facts as f
from undertow.domain.tickets.facts import Body, Fact, Place, Seen
from undertow.stages.casebook import Casebook
from undertow.stages.derived import judgements
from undertow.stages.records import Entry, decode_finding

NOW: Final = BASE + 100 * UNIT
PLAIN: Final = replace(CONTRACTS["acme"], targets={}, keep_all=True)
TERMS: Final = (
    PLAIN,
    CONTRACTS["acme"],
    replace(PLAIN, solve_time="resolved_at"),
    replace(PLAIN, targets={"durable_resolution": (Target(9 * UNIT),), "recovery_solve": (Target(4 * UNIT),)}),
    replace(PLAIN, solve_time="resolved_at", targets={"recovery_solve": (Target(4 * UNIT),)}),
)
MEASURES: Final = ("sla", "sla", "first_response")


def returns(random: Random) -> list[Entry]:
    """Two to five tickets of one customer on one matter, in the order in which the vendor tells of them."""
    entries: list[Entry] = []
    for number in range(1, random.randint(3, 6)):
        at = random.randint(0, 12)
        told: list[tuple[int, Body]] = [
            (at, f.Opened("bill", None, None, random.choice(("customer", "customer", "agent"))))
        ]
        for _ in range(random.randint(0, 7)):
            at += random.randint(0, 3)
            told.append((at, _body(random, at, number)))
        for place, (step, body) in enumerate(told):
            time = BASE + step * UNIT
            fact = Fact(time, place, time, f"{number}-{place}", "/a", body)
            entries.append(Entry("acme", "ann", str(number), Seen(fact, Place("vendor.tickets", 0, len(entries)))))
    entries.sort(key=lambda entry: entry.seen.fact.time)
    if random.random() < 0.5:
        random.shuffle(entries)
    return entries


def _body(random: Random, at: int, number: int) -> Body:
    kind = random.choices(("message", "solved", "status", "claim", "topic", "link"), (4, 6, 3, 2, 2, 2))[0]
    if kind == "message":
        return f.Message(random.choice(("agent", "agent", "customer", "bot")), random.random() < 0.8, True, False)
    if kind == "solved":
        return f.StatusChanged(random.choice(("solved", "closed")), "agent", random.choice((None, "fault", "user")))
    if kind == "status":
        return f.StatusChanged(random.choice(("open", "pending")), random.choice(("agent", "customer")))
    if kind == "claim":
        resolved = random.choice((None, BASE + (at + random.randint(0, 4)) * UNIT))
        value = random.choice((None, 2 * UNIT))
        return f.Claimed(random.choice(MEASURES), random.random() < 0.6, value, resolved, None)
    if kind == "topic":
        return f.TopicChanged(random.choice(("bill", "line")))
    return f.Linked(str(random.choice((number - 1, number - 1, random.randint(1, 5)))), "follows_up")


def agrees(owner: Owner, entries: list[Entry], contracts: dict[str, Contract], as_of: float) -> None:
    assert owner.given == oracle.contributions(entries, contracts, as_of)
    said = {id.decode(): decode_finding(value) for id, value in owner.findings.items()}
    assert said == oracle.findings(entries, contracts, as_of)


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(TERMS), st.sampled_from((0, 2, 16)))
def test_what_becomes_of_a_ticket_reaches_those_it_is_next_to_at_once(seed, terms, few):
    """Promise: which news need not be told to others makes no difference to any figure or finding, at any moment."""
    random, contracts = Random(seed), {"acme": terms}
    with patch.object(judgements, "FEW", few):
        owner = Owner(contracts)
        owner.book = Casebook(0, contracts, owner.rows, owner.findings)
        now = random.choice((NOW, BASE + random.randint(0, 20) * UNIT))
        owner.step(now)
        told: list[Entry] = []
        left = returns(random)
        while left:
            span, left = left[: (n := random.choice((1, 1, 1, 3)))], left[n:]
            told += span
            owner.step(span)
            if random.random() < 0.1:
                now += UNIT * random.randint(1, 30)
                owner.step(now)
            agrees(owner, told, contracts, now)


def tell(owner: Owner, told: list[Entry], contracts: dict[str, Contract], ticket: str, step: int, body: Body) -> None:
    """One fact more, judged at once."""
    time = BASE + step * UNIT
    fact = Fact(time, step, time, f"{ticket}-{step}", "/a", body)
    told.append(Entry("acme", "ann", ticket, Seen(fact, Place("vendor.tickets", 0, len(told)))))
    owner.step(told[-1:])
    agrees(owner, told, contracts, NOW)


def test_a_late_solve_under_a_topic_since_taken_back_reaches_the_ticket_before_it():
    """Promise: where a ticket's topic changed, what it was solved as is told to others; else it is what they know."""
    contracts = {"acme": PLAIN}
    owner = Owner(contracts)
    owner.book = Casebook(0, contracts, owner.rows, owner.findings)
    owner.step(NOW)
    told: list[Entry] = []
    for ticket, step, body in (
        ("1", 0, f.Opened("bill", None, None, "customer")),
        ("1", 1, f.StatusChanged("solved", "agent")),
        ("2", 2, f.Opened("bill", None, None, "customer")),
        ("2", 3, f.TopicChanged("line")),
        ("2", 5, f.StatusChanged("open", "agent")),
        ("2", 6, f.TopicChanged("bill")),
        ("2", 4, f.StatusChanged("solved", "agent")),
    ):
        tell(owner, told, contracts, ticket, step, body)
    assert any(decode_finding(value).name == "misdiagnosed" for value in owner.findings.values())


@pytest.mark.parametrize("few", [0, 16])
def test_who_came_back_on_the_same_matter_and_was_filed_elsewhere_was_told_the_wrong_thing_first(few):
    """Promise: filing the return under another topic makes it no repeat contact, but it does not hide the wrong diagnosis."""
    contracts = {"acme": PLAIN}
    with patch.object(judgements, "FEW", few):
        owner = Owner(contracts)
        owner.book = Casebook(0, contracts, owner.rows, owner.findings)
        owner.step(NOW)
        told: list[Entry] = []
        for ticket, step, body in (
            ("1", 0, f.Opened("bill", None, None, "customer")),
            ("1", 1, f.StatusChanged("solved", "agent")),
            ("2", 2, f.Opened("bill", None, None, "customer")),
            ("2", 3, f.TopicChanged("line")),
            ("3", 4, f.Opened("bill", None, None, "customer")),
            ("2", 5, f.StatusChanged("solved", "agent")),
        ):
            tell(owner, told, contracts, ticket, step, body)
            returned = [
                entry for entry in told if entry.ticket in {"2", "3"} and isinstance(entry.seen.fact.body, f.Opened)
            ]
            if len(returned) == 1:
                repeats = sum(share.counts.repeat_contact for shares in owner.given.values() for share in shares)
                assert repeats == (told[-1].seen.fact.body != f.TopicChanged("line"))
        (found,) = [decode_finding(value) for value in owner.findings.values()]
    assert (found.name, found.ticket) == ("misdiagnosed", "1")
    assert {"2-2", "2-5"} <= {one.id for one in found.evidence}
