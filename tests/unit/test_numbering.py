"""Holes in a numbering that a vendor promised to keep whole."""

from __future__ import annotations

import pytest

from undertow.domain.agreement.contract import Contract
from undertow.domain.patterns import Patterns
from undertow.domain.tickets.facts import Fact, Opened, Place, Seen
from undertow.stages.records import Entry
from undertow.stages.rereading.numbering import Numbering

PROMISED = {"acme": Contract(vendor="acme", patterns=Patterns(numbering="source")), "zenith": Contract(vendor="zenith")}


def told(number: int, vendor: str = "acme", source: str = "/a") -> Entry:
    fact = Fact(float(number), number, float(number), str(number), source, Opened("bill"))
    return Entry(vendor, "ann", str(number), Seen(fact, Place("vendor.tickets", 0, number)))


@pytest.mark.parametrize(("missing", "state"), [(0, "not_found"), (4, "not_found"), (40, "found")])
def test_more_holes_than_a_database_leaves_are_found(missing, state):
    """Promise: order and repetition do not matter, and a few holes are normal."""
    numbers = Numbering(PROMISED)
    left = [number for number in range(1, 1001) if not 100 <= number < 100 + missing]
    numbers.take(map(told, reversed(left)))
    numbers.take(map(told, left[:50]))
    found = numbers.examined("acme")
    assert found is not None
    assert (found.suspicion.count, found.suspicion.n, found.state) == (missing, 1000, state)


def test_each_source_numbers_for_itself():
    """Promise: two help desks of one vendor are not each other's holes."""
    numbers = Numbering(PROMISED)
    numbers.take([told(number) for number in range(1, 101)])
    numbers.take([told(number, source="/b") for number in range(5000, 5101)])
    found = numbers.examined("acme")
    assert found is not None
    assert (found.suspicion.count, found.suspicion.n) == (0, 201)


def test_nothing_is_said_where_nothing_was_promised_or_numbered():
    """Promise: most feeds number nothing, and that is no finding."""
    numbers = Numbering(PROMISED)
    numbers.take([told(1, "zenith"), told(9, "zenith"), told(0)])
    assert numbers.examined("zenith") is None
    assert numbers.examined("acme") is None
