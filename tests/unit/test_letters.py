"""Dead letters: written so that a person can read them, and read back as they were."""

from __future__ import annotations

import pytest

from undertow import wire
from undertow.domain.tickets.facts import Fact, Opened, Place, Seen
from undertow.stages import letters
from undertow.stages.intake import DeadLetter
from undertow.stages.records import Entry, Record

HEADERS = (("ce_id", b"7"), ("trace", b"\xff\x00"))


def letter(value: bytes | None = b'{"a": 1', detail: str = "it is no JSON") -> DeadLetter:
    return DeadLetter(Record("vendor.tickets", 3, 42, 0, value, HEADERS), "not_json", "$", detail)


@pytest.mark.parametrize("value", [b'{"a": 1', b"", b"\xff\xfe", None])
def test_a_letter_carries_the_original_as_it_was(value):
    """Promise: value, headers and place come back byte for byte."""
    key, carried, headers = letters.record_of(letter(value))
    back = letters.read(carried, headers)
    assert (key, back.id) == (b"vendor.tickets/3/42", "vendor.tickets/3/42")
    assert (back.topic, back.partition, back.offset) == ("vendor.tickets", 3, 42)
    assert (back.reason, back.field, back.detail) == ("not_json", "$", "it is no JSON")
    assert (back.value, back.headers) == (value, list(HEADERS))
    assert (back.carried, back.replayed) == (True, False)


def test_a_giant_is_not_carried_and_the_letter_says_so(monkeypatch):
    """Promise: one giant event does not make a giant letter."""
    monkeypatch.setattr(letters, "MAX_LETTER_BYTES", 100)
    assert letters.record_of(letter(b"x" * 10))[1] == b"x" * 10
    _, value, headers = letters.record_of(letter(b"x" * 101))
    back = letters.read(value, headers)
    assert (value, back.carried) == (None, False)


def test_a_flood_of_headers_makes_no_letter_that_a_broker_refuses():
    """Promise: headers count as the value does, with what each grows by; else one record would stop every worker for good."""
    flood = tuple((("", b""),) * 400_000)
    record = Record("vendor.tickets", 3, 42, 0, b"{", flood)
    _, value, headers = letters.record_of(DeadLetter(record, "not_json", "$", "x"))
    assert sum(len(name) + len(content) + 2 for name, content in headers) + len(value or b"") <= wire.MAX_LETTER_BYTES
    back = letters.read(value, headers)
    assert (back.carried, back.value, back.headers, back.reason) == (False, None, [], "not_json")


def test_a_detail_that_quotes_half_a_character_is_still_written():
    """Promise: a refusal's words may hold anything; writing the letter never fails."""
    _, value, headers = letters.record_of(letter(detail="\ud800" + "é" * 2000))
    assert letters.read(value, headers).detail == "?" + "é" * 1023


def test_a_replay_is_noted_under_the_letter_s_own_name():
    """Promise: a letter sent back is still one letter, now replayed."""
    key, value, headers = letters.record_of(letter())
    noted = letters.replayed(letters.read(value, headers))
    assert noted[:2] == (key, None)
    back = letters.read(noted[1], noted[2])
    assert (back.replayed, back.reason, back.id) == (True, "not_json", "vendor.tickets/3/42")


def test_a_late_fact_becomes_a_letter_that_points_at_where_it_was_read():
    """Promise: its bytes stay there, the letter says so and why."""
    fact = Fact(1.0, 0, 1.0, "7", "/a", Opened("bill"))
    key, value, headers = letters.record_of_fact(
        Entry("acme", "ann", "T-1", Seen(fact, Place("vendor.tickets", 1, 9))), "too_late"
    )
    back = letters.read(value, headers)
    assert (key, back.id) == (b"vendor.tickets/1/9", "vendor.tickets/1/9")
    assert (back.reason, back.carried) == ("too_late", False)
    assert back.reason in wire.REASONS
    assert "'T-1'" in back.detail
    assert "'acme'" in back.detail


@pytest.mark.parametrize("headers", [[], [("undertow-source-topic", b"t")]])
def test_a_record_that_is_no_letter_is_told_apart(headers):
    """Promise: a stray record on the topic is an error of a known kind."""
    with pytest.raises((KeyError, ValueError)):
        letters.read(b"", headers)
