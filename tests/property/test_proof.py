"""Whatever the history: what is said of a ticket follows from the events that the finding names, and from nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from random import Random

import msgspec

from property.strategies import BASE, CONTRACTS, UNIT, Owner, _history, _world
from undertow.domain.judging.findings import Finding
from undertow.domain.tickets.facts import Place, Seen
from undertow.stages.intake import Intake
from undertow.stages.records import Entry, decode_finding
from undertow.stages.rereading.casefile import Facts
from undertow.stages.rereading.proof import Reread, Stated, places, prove
from undertow.stages.rows import name_of


def apart(entries: list[Entry]) -> list[Entry]:
    """Each at a place of its own, as records are."""
    return [
        msgspec.structs.replace(
            entry, seen=Seen(entry.seen.fact, Place("vendor.tickets", 0, offset, entry.seen.place.arrived))
        )
        for offset, entry in enumerate(entries)
    ]


def reread(entries: list[Entry]) -> Reread:
    """As if these were what stands on the topics."""
    read = Reread(Intake(CONTRACTS, 1))
    for entry in entries:
        place = entry.seen.place
        read.topics.add(place.topic)
        read.told[place.topic, place.partition, place.offset].append(entry)
    return read


def histories(seeds: range) -> Iterator[tuple[list[Entry], str, Finding]]:
    """Every finding of as many worlds, told in any order, with ticks in between, judged at any time."""
    for seed in seeds:
        random = Random(seed)
        entries = apart(_world(seed, 40))
        as_of = BASE + random.randint(0, 90) * UNIT
        for id, value in Owner(CONTRACTS).walk(_history(random, list(entries), as_of)).findings.items():
            yield entries, id.decode(), decode_finding(value)


def test_every_finding_follows_from_its_own_places_alone():
    """Promise: at any time, in any order of arrival, whatever is rewritten, late or dated ahead."""
    beside: Counter[bool] = Counter()
    for entries, id, finding in histories(range(200)):
        named = {where[2] for where in places(finding)}
        proof = prove(Stated(id, finding), reread([entries[offset] for offset in named]), CONTRACTS)
        assert proof.verified, (finding, proof.differences)
        # when time last changed anything is told with the tickets next to it, which this finding may not rest on
        assert proof.derived is not None
        day = proof.derived.day if proof.derived.day is not None else finding.day
        assert msgspec.structs.replace(proof.derived, as_of=finding.as_of, day=day) == finding
        beside[any(some.ticket != finding.ticket for some in finding.context)] += 1
    assert min(beside[True], beside[False]) > 10, "there were findings of both kinds"


def test_a_finding_whose_events_are_not_all_there_is_never_verified():
    """Promise: one event less is a difference, whichever it is."""
    for entries, id, finding in histories(range(200, 230)):
        named = sorted({where[2] for where in places(finding)})
        for gone in named:
            left = [entries[offset] for offset in named if offset != gone]
            assert not prove(Stated(id, finding), reread(left), CONTRACTS).verified


def test_a_case_file_says_what_the_casebook_says_of_the_same_rows():
    """Promise: ``undertow ticket`` shows the very findings and outcomes that were counted, whoever's ticket it is."""
    compared = 0
    for seed in range(300, 370):
        random = Random(seed)
        entries, as_of = apart(_world(seed, 40)), BASE + random.randint(61, 90) * UNIT
        owner = Owner(CONTRACTS).walk(_history(random, list(entries), as_of))
        said = [decode_finding(value) for value in owner.findings.values()]
        for key, given in owner.given.items():
            facts, name = Facts(), name_of(key)
            facts.rows(owner.rows, name[2])
            case = facts.of(name, CONTRACTS, owner.book.as_of)
            own = {one.id: one for one in said if (one.vendor, one.customer, one.ticket) == name}
            assert {one.id: one for one in case.findings} == own
            counted = {tally.name for share in given for tally in share.tallies if tally.kind == "outcome"}
            if case.outcome.mature and counted:
                told = {one.outcome for one in case.outcome.signals} | (
                    {"unconfirmed"} if case.outcome.unconfirmed else set()
                )
                assert counted - {"repeat_failure"} == told
                compared += 1
    assert compared > 30
