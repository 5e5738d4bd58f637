"""What a finding rests on: the facts it was judged by, where each was read, and since when time has changed nothing.

From these alone anybody can derive the finding again. Times are seconds since 1970-01-01T00:00Z.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from hashlib import sha256
from math import nextafter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from undertow.domain.agreement.readings import Reading
from undertow.domain.judging.findings import Beside, Evidence
from undertow.domain.measuring.actuals import SLA, Clocks, deadline
from undertow.domain.measuring.measures import LOOKS_BACK
from undertow.domain.measuring.neighbours import Neighbour
from undertow.domain.patterns.deadlines import at_the_time
from undertow.domain.patterns.evidence import Event
from undertow.domain.tickets.course import FOREVER, Course
from undertow.domain.tickets.facts import Claimed, Fact, Seen, in_order
from undertow.domain.tickets.promises import Promise
from undertow.domain.tickets.timeline import concerns_others

if TYPE_CHECKING:
    from undertow.domain.agreement.contract import Contract

MOST_EVIDENCE: Final = 100
"""Events a finding names one by one at most; of the others it says where they are."""
_AFTER: Final = 0.001
"""Seconds. Well above what sums of times lose, well below what help desks tell."""
_MINUTE: Final = 120.0
"""Seconds after which even a reading that cuts instants to the minute has noticed that a target passed."""
_BESIDE: Final = frozenset({"continued", "misdiagnosed"})
"""Patterns between a ticket and those next to it."""
_encode: Final = msgspec.msgpack.Encoder().encode


class Rested(NamedTuple):
    """What is written into a finding."""

    as_of: float
    facts: str
    evidence: tuple[Evidence, ...]
    context: tuple[Beside, ...]


class Grounds:
    """Those of one ticket, for all that is said of it.

    ``others`` are the tickets next to it; ``passed`` is when time alone changed something last.
    """

    def __init__(
        self,
        ticket: tuple[str, list[Seen]],
        others: Sequence[Neighbour],
        contract: Contract,
        passed: float,
    ) -> None:
        self._ticket, self._contract, self._passed = ticket, contract, passed
        self._near = others
        self._kept: dict[bool, tuple[float, str]] = {}

    @cached_property
    def _others(self) -> list[tuple[str, list[Seen]]]:
        """What counts of them; of most tickets nothing is said, and nobody asks."""
        return [(other.number, told) for other in self._near if (told := telling(other.seen))]

    def since(self, name: str) -> float:
        """The moment up to which everything had happened by which a measure or pattern is judged: no later one changes it."""
        return self._of(looks_beside(name, self._contract))[0]

    def under(self, name: str, shown: Collection[Event] | None = None) -> Rested:
        """What a finding of this name rests on; ``shown`` are the events that tell it, None for all of the ticket."""
        beside = looks_beside(name, self._contract)
        as_of, digest = self._of(beside)
        named: list[Evidence] = []
        unnamed: dict[tuple[str, str, int], list[int]] = {}
        for number, seen in self._counted(beside):
            for one in seen:
                place, event = one.place, Event(one.fact.source, one.fact.id)
                tells = number == self._ticket[0] if shown is None else event in shown
                if tells and len(named) < MOST_EVIDENCE:
                    named.append(Evidence(*event, place.topic, place.partition, place.offset))
                else:
                    unnamed.setdefault((number, place.topic, place.partition), []).append(place.offset)
        context = [Beside(*where, tuple(sorted(set(offsets)))) for where, offsets in sorted(unnamed.items())]
        return Rested(as_of, digest, tuple(named), tuple(context))

    def _counted(self, beside: bool) -> list[tuple[str, list[Seen]]]:
        return [self._ticket, *self._others] if beside else [self._ticket]

    def _of(self, beside: bool) -> tuple[float, str]:
        found = self._kept.get(beside)
        if found is None:
            counted = [seen for _, seen in self._counted(beside)]
            latest = max([self._passed, *(some[-1].fact.time for some in counted if some)])
            as_of = round(latest + _AFTER, 3)
            if self._contract.as_of is not None:  # a closed history ends there, so whatever it is judged by
                as_of = min(as_of, self._contract.as_of)
            found = self._kept[beside] = as_of, digest(self._ticket[1], self._others if beside else ())
        return found


class Turns(Struct, frozen=True, gc=False):
    """When time alone changes what is said of a ticket: the last such moment up to now, and the next."""

    last: float
    next: float


def turns(
    facts: Sequence[Fact],
    read: Course,
    clocks: Clocks,
    pledged: Sequence[Promise],
    contract: Contract,
    as_of: float,
) -> Turns:
    """A target is passed, a promise's grace or a follow-up is over, a claim has waited long enough for its ticket.

    ``clocks``: the ticket's under the agreed reading; ``pledged``: its promises.
    """
    passed = [one.due + contract.promise_grace for one in pledged]
    if contract.targets:
        passed += _deadlines(read, clocks, contract, as_of)
    if not read.exists:
        passed += [fact.time + contract.patterns.unknown_after for fact in facts if type(fact.body) is Claimed][:1]
    last, after = 0.0, FOREVER
    for at in passed:
        if at < as_of:
            last = max(last, at)
        else:  # at the very deadline everything is still in time
            after = min(after, nextafter(at, FOREVER))
    if not LOOKS_BACK.isdisjoint(contract.targets):
        for solve in read.solves:
            end = solve + contract.follow_up
            if end <= as_of:  # at its very end it is over
                last = max(last, end)
            else:
                after = min(after, end)
    return Turns(last, after)


def _deadlines(read: Course, clocks: Clocks, contract: Contract, as_of: float) -> Iterator[float]:
    """When the clocks that still run have used up their targets."""
    noticed = _MINUTE if contract.reading.unit == "minute" else 0.0
    readings = {contract.reading, at_the_time(contract.reading)}
    for measure in contract.targets:
        for run in clocks.ran(measure).runs:
            if run.end is None or run.end > as_of:
                for reading in readings:
                    if (at := deadline(read, measure, reading, contract, run, as_of)) is not None:
                        yield at + noticed


def telling(seen: list[Seen]) -> list[Seen]:
    """Of a ticket's facts that count those by which the tickets next to it are judged."""
    told = {id(fact) for fact in in_order(seen) if concerns_others(fact.body)}
    return [one for one in seen if id(one.fact) in told]


def looks_beside(name: str, contract: Contract) -> bool:
    """Whether what is said of a measure, or of a pattern, depends on the tickets next to it."""
    if name in _BESIDE:
        return True
    measures = contract.targets if name == SLA else (name,)
    return not LOOKS_BACK.isdisjoint(measures)


def digest(own: Sequence[Seen], others: Iterable[tuple[str, Sequence[Seen]]]) -> str:
    """Sixteen hexadecimal digits that stand for what was told, wherever it was read: the ticket's facts, others' by number."""
    told = [own, *(seen for _, seen in sorted(others, key=_number))]
    return sha256(_encode([[one.fact for one in some] for some in told])).hexdigest()[:16]


def _number(one: tuple[str, Sequence[Seen]]) -> str:
    return one[0]


def changed(agreed: Reading, reading: Reading | None) -> dict[str, Any] | None:
    """What a reading changes of the agreed one, by axis; None for no reading."""
    if reading is None:
        return None
    axes = [axis for axis in reading.__struct_fields__ if getattr(reading, axis) != getattr(agreed, axis)]
    return {axis: getattr(reading, axis) for axis in axes}
