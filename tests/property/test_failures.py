"""Which of a customer's tickets failed second: asked of a few tickets and of an index over many."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from undertow.stages.derived import failures
from undertow.stages.derived.contacts import Contacts, Ticket
from undertow.stages.derived.failures import APART
from undertow.stages.derived.few import Few
from undertow.stages.derived.index import Many

OWNER = ("acme", "ann", None)
steps = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from([None, 0.0, 1.0, APART, APART + 0.5, APART + 1.0])), max_size=30
)
"""Number of a ticket, and the first solve by which it failed from now on."""


@given(steps, st.integers(0, 30))
def test_the_second_failure_is_told_by_all_that_failed(walked, indexed_at):
    """Promise: whenever a customer's tickets are indexed, a failure is the second by one up to 60 days before it.

    Who may be the second now, or no more, is told: the tickets just after one that failed, did before, or both.
    """
    tickets = [Ticket(b"%d" % number, OWNER) for number in range(5)]
    contacts: Contacts = Few()
    for ticket in tickets:
        contacts.add(ticket)
    failed: dict[bytes, float] = {}
    for step, (number, solved) in enumerate(walked):
        if step == indexed_at:
            contacts = Many(contacts.tickets)
        seconds = second(failed)
        touched = failures.put(tickets[number], solved, contacts)
        failed.pop(tickets[number].key, None)
        if solved is not None:
            failed[tickets[number].key] = solved
        now = second(failed)
        assert {ticket.key for ticket in tickets if failures.again(ticket, contacts)} == now
        assert (now ^ seconds) - {tickets[number].key} <= set(touched)
        assert contacts.failures == sorted((at, key) for key, at in failed.items())


def second(failed: dict[bytes, float]) -> set[bytes]:
    """By looking at every pair."""
    moments = [(at, key) for key, at in failed.items()]
    return {key for at, key in moments if any((a, k) < (at, key) and at - a <= APART for a, k in moments)}
