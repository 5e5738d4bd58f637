"""A breach stays a breach, whatever is done to the ticket afterwards."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tickets import HOUR, PRIORITIES, agreed, rich
from undertow.domain.agreement.contract import Target
from undertow.domain.agreement.readings import Reading
from undertow.domain.measuring.actuals import SLA, actual
from undertow.domain.tickets.course import course

MEASURES = ("first_response", "next_response", "first_resolution", "total_resolution", "requester_wait", "agent_work")
targets = st.dictionaries(
    st.sampled_from(MEASURES),
    st.dictionaries(st.sampled_from([*PRIORITIES, None]), st.sampled_from([1, 4, 24, 200]), min_size=1, max_size=3),
    min_size=1,
    max_size=4,
)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), targets, st.sampled_from(["calendar", "business"]), st.sampled_from(["asked", "none"]))
def test_no_later_event_clears_a_breach(seed, agreed_on, clock, pauses):
    """Promise: closing, reopening, re-prioritising, also to a priority without a target: not in the measure, not in the SLA."""
    told = rich(Random(seed))
    terms = agreed(
        targets={
            measure: tuple(Target(hours * HOUR, priority) for priority, hours in some.items())
            for measure, some in agreed_on.items()
        }
    )
    reading = Reading(clock=clock, pauses=pauses)
    broken: set[str] = set()
    for as_of in [*(fact.time + after for fact in told for after in (0.0, 30.0)), told[-1].time + 1000 * HOUR]:
        read = course(told, until=as_of)
        now = {one for one in (*agreed_on, SLA) if actual(read, one, reading, terms, as_of).met is False}
        assert broken <= now
        assert (SLA in now) == bool(now)
        broken = now
