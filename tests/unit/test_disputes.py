"""Answers and rulings: whose word counts, who may speak, and what leaves the figures."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import msgspec
import pytest

from undertow import wire
from undertow.adapters import live
from undertow.domain.agreement.contract import DAY, Contract, Feed, Target
from undertow.domain.judging.disputes import parted, settled
from undertow.domain.tickets import facts as f
from undertow.domain.tickets.facts import Body, Fact, Place, Seen
from undertow.domain.tickets.timeline import timeline
from undertow.stages.intake import Intake
from undertow.stages.ledger import Speaker
from undertow.stages.records import Record, decode_finding
from undertow.stages.rereading.replay import Offline

START = 1_780_272_000.0
"""2026-06-01T00:00Z."""
FINDING = "0123456789abcdef"
ACME = Contract(vendor="acme", targets={"first_response": (Target(3600.0),)}, minimum_n=1)


def said(*words: str, finding: str = FINDING) -> list[Seen]:
    """Answers and rulings, recorded one after another."""
    bodies: list[Body] = [
        f.Ruled(finding, word, f"{word} {n}")
        if word in {"upheld", "withdrawn"}
        else f.Answered(finding, word, f"{word} {n}")
        for n, word in enumerate(words)
    ]
    return [
        Seen(Fact(START + n, 0, START + n, str(n), "/portal", body), Place("vendor.disputes", 0, n))
        for n, body in enumerate(bodies)
    ]


@pytest.mark.parametrize(
    ("words", "state", "reason"),
    [
        (["accept"], "accepted", "accept 0"),
        (["explain", "dispute"], "disputed", "dispute 1"),
        (["dispute", "accept"], "accepted", "accept 1"),
        (["dispute", "upheld"], "upheld", "upheld 1"),
        (["dispute", "withdrawn"], "withdrawn", "withdrawn 1"),
        (["dispute", "upheld", "dispute"], "upheld", "upheld 1"),
        (["dispute", "upheld", "dispute", "withdrawn"], "withdrawn", "withdrawn 3"),
        (["dispute", "withdrawn", "accept", "upheld"], "upheld", "upheld 3"),
        (["upheld", "dispute"], "disputed", "dispute 1"),
        (["withdrawn"], "withdrawn", "withdrawn 0"),
        (["upheld", "accept"], "accepted", "accept 1"),
    ],
)
def test_the_latest_answer_counts_until_a_ruling_and_a_ruling_until_another(words, state, reason):
    """Promise: a ruling is final for the vendor, and what nobody disputed cannot be upheld."""
    answer = settled(said(*words))[FINDING]
    assert (answer.state, answer.reason) == (state, reason)
    assert answer == settled(said(*words)[::-1])[FINDING]


def test_an_upheld_finding_that_nobody_disputed_is_as_if_nothing_was_said():
    """Promise: a ruling cannot take away an answer that the vendor has not given yet."""
    assert settled(said("upheld")) == {}


def test_answers_do_not_make_a_ticket_live_longer_and_a_ticket_of_answers_alone_is_kept():
    """Promise: what is said of findings is no part of what happened, and is not lost either."""
    opened = Seen(Fact(START - DAY, 0, START - DAY, "o", "/a", f.Opened()), Place("vendor.tickets", 0, 0))
    line = timeline([one.fact for one in [opened, *said("dispute")]])
    assert (line.last, line.begun) == (START - DAY, START - DAY)
    assert timeline([one.fact for one in said("dispute", "upheld")]).last == START + 1
    assert parted([opened, *said("dispute")]) == ([opened], said("dispute"))


def event(type: str, second: float, **data: object) -> bytes:
    when = datetime.fromtimestamp(START + second, UTC).isoformat()
    head = {"specversion": "1.0", "source": "/acme", "id": f"{type}-{second}-{data.get('ticket')}"}
    return json.dumps(head | {"type": f"undertow.{type}", "time": when, "data": {"vendor": "acme"} | data}).encode()


def record(value: bytes, topic: str, offset: int = 0) -> Record:
    return Record(topic, 0, offset, int(START * 1000), value)


RULED = event("dispute.ruled", 1, ticket="T1", finding=FINDING, ruling="withdrawn", by="boss")
ANSWERED = event("dispute.answered", 1, ticket="T1", finding=FINDING, answer="dispute", by="kim")


def test_a_ruling_counts_on_the_topic_of_disputes_only_and_elsewhere_is_a_dead_letter():
    """Promise: who may write ticket events cannot thereby rule in its own favour; an answer may come from anywhere."""
    stage = Intake({"acme"}, 4, rulings="x.vendor.disputes")
    taken = stage.take(
        [record(RULED, "vendor.tickets"), record(ANSWERED, "vendor.tickets"), record(RULED, "x.vendor.disputes")]
    )
    assert [(one.reason, one.field) for one in taken.letters] == [("may_not_rule", "$.type")]
    assert [entry.ticket for entries in taken.entries.values() for entry in entries] == ["T1", "T1"]
    assert "may_not_rule" in wire.REASONS


def test_a_vendors_own_topic_may_answer_and_not_rule():
    """Promise: rulings are the company's, whatever a contract names."""
    own = msgspec.structs.replace(ACME, feeds=(Feed("acme.events", "cloudevents"),))
    stage = Intake({"acme"}, 4, dialects=live.dialects({"acme": own}))
    taken = stage.take([record(ANSWERED, "acme.events"), record(RULED, "acme.events")])
    assert [one.reason for one in taken.letters] == ["may_not_rule"]
    assert sum(map(len, taken.entries.values())) == 1


def test_an_answer_says_nothing_of_how_far_the_feed_has_come():
    """Promise: an answer of today to a history of last year does not make the history end today."""
    taken = Intake({"acme"}, 4).take(
        [record(event("ticket.opened", 0, ticket="T1", customer="C1"), "a"), record(ANSWERED, "a")]
    )
    assert taken.feeds["acme"].last_event_time == START


def history(tickets: int = 4) -> list[bytes]:
    """Tickets answered by a human after two hours of one; all claimed as met."""
    told = []
    for number in range(tickets):
        of = {"ticket": f"T{number}", "customer": f"C{number}"}
        told += [
            event("ticket.opened", 0, **of, topic="billing", actor={"kind": "customer"}),
            event("ticket.message", 0, **of, actor={"kind": "customer"}),
            event("ticket.message", 7200, **of, actor={"kind": "agent"}),
            event("ticket.status_changed", 7201, **of, to="solved", actor={"kind": "agent"}),
            event("claim.ticket", 7202, **of, measure="first_response", met=True),
        ]
    return [
        *told,
        event(
            "claim.period",
            7203,
            measure="first_response",
            first_day="2026-06-01",
            last_day="2026-06-01",
            met=tickets,
            total=tickets,
        ),
    ]


def judged(told: list[bytes], contract: Contract = ACME) -> Offline:
    book = Offline({"acme": contract})
    book.take([record(value, "file", place) for place, value in enumerate(told)])
    book.tick(START + 40 * DAY)
    return book


def standing(book: Offline, contract: Contract = ACME):
    (found,) = Speaker(book.close(), {"acme": contract}).state().standings
    return found


def overall(book: Offline, contract: Contract = ACME):
    return next(
        one
        for one in standing(book, contract).comparisons
        if (one.window, one.segment, one.measure) == ("all", "all", "first_response")
    )


@pytest.mark.parametrize(
    ("words", "pairs", "counted"),
    [([], 4, {}), (["dispute"], 3, {"disputed": 1}), (["dispute", "upheld"], 4, {"upheld": 1}),
     (["dispute", "withdrawn"], 3, {"withdrawn": 1}), (["accept"], 4, {"accepted": 1})],
)  # fmt: skip
def test_the_gap_is_over_what_is_not_disputed_and_the_rest_is_counted_apart(words, pairs, counted):
    """Promise: the headline loses a disputed finding until it is ruled on, and for good when it is withdrawn."""
    before = judged(history())
    finding = next(one for value in before.findings.values() if (one := decode_finding(value)).ticket == "T2")
    assert finding.verdict == "over_reported"
    told = [
        event("dispute.ruled", 500 * DAY + n, **of(finding), ruling=word, by="boss")
        if word in {"upheld", "withdrawn"}
        else event("dispute.answered", 500 * DAY + n, **of(finding), answer=word, reason="no", by="kim")
        for n, word in enumerate(words)
    ]
    after = judged([*told, *history()])
    assert overall(after).gap.over == overall(after).gap.n == pairs
    assert {state: n for state, n in standing(after).answered if n} == counted
    budget = standing(after).budget
    assert budget is None or budget.told.met in {0, pairs}


def of(finding) -> dict[str, str]:
    return {"finding": finding.id, "ticket": finding.ticket, "customer": finding.customer}


def test_a_disputed_finding_counts_as_claimed_in_the_census_of_a_period():
    """Promise: leaving it out would accuse a vendor of tickets that it did report."""
    before = judged(history())
    findings = [decode_finding(value) for value in before.findings.values()]
    told = [
        event("dispute.answered", 500 * DAY, **of(one), answer="dispute", by="kim")
        for one in findings
        if one.kind == "verdict"
    ]
    (stated,) = standing(judged([*history(), *told])).claimed_periods
    assert stated.reconciled is not None
    assert (stated.reconciled.verdict, stated.reconciled.tickets, stated.reconciled.cohort.met) == ("confirmed", 0, 4)
    (stated,) = standing(before).claimed_periods
    assert stated.reconciled is not None
    assert stated.reconciled.verdict == "over_reported"


def test_a_disputed_finding_of_a_ticket_not_solved_yet_belongs_to_no_period():
    """Promise: it is counted apart, and in the census of no period: a period's claim is of tickets solved."""
    told = [value for value in history(1) if b"status_changed" not in value]
    finding = next(one for value in judged(told).findings.values() if (one := decode_finding(value)).kind == "verdict")
    assert (finding.day, finding.verdict) == (None, "over_reported")
    after = judged([*told, event("dispute.answered", 500 * DAY, **of(finding), answer="dispute", by="kim")])
    kinds = {tally.kind for cell in after.casebook.cells.values() for tally in cell.tallies}
    assert "unsolved_disputed" in kinds
    assert kinds.isdisjoint({"disputed", "verdict", "unsolved"})
    (stated,) = standing(after).claimed_periods
    assert stated.reconciled is not None
    assert (stated.reconciled.cohort.total, stated.reconciled.cohort.met) == (0, 0)
    assert dict(standing(after).answered)["disputed"] == 1


def test_a_closed_history_can_be_disputed_later():
    """Promise: disputes come after the period they are about, so its end does not cut them off."""
    closed = msgspec.structs.replace(ACME, as_of=START + 35 * DAY, keep_all=True)
    finding = decode_finding(next(iter(judged(history(1), closed).findings.values())))
    told = event("dispute.answered", 500 * DAY, **of(finding), answer="dispute", reason="no", by="kim")
    after = judged([*history(1), told], closed)
    (now,) = [decode_finding(value) for value in after.findings.values()]
    assert (now.state, now.reason) == ("disputed", "no")
    assert now.evidence[:-1] == finding.evidence
    assert now.evidence[-1].id == json.loads(told)["id"]


def test_an_answer_to_what_is_no_finding_changes_nothing_and_waits_for_it():
    """Promise: arriving before its ticket, or naming nothing, an answer is kept in the ticket's row and harms nobody."""
    finding = decode_finding(next(iter(judged(history(1)).findings.values())))
    told = event("dispute.answered", 1, **of(finding), answer="dispute", by="kim")
    bogus = event("dispute.answered", 2, ticket="T0", customer="C0", finding=FINDING, answer="dispute", by="kim")
    early = judged([told, bogus])
    assert (early.findings, early.casebook.cells, early.letters, early.casebook.tickets) == ({}, {}, [], 1)
    early.take([record(value, "file", 10 + place) for place, value in enumerate(history(1))])
    early.tick(START + 41 * DAY)
    (now,) = [decode_finding(value) for value in early.findings.values()]
    assert now.state == "disputed"
