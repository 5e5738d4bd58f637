"""The set of active days: what it holds, what it refuses, and what it costs."""

from __future__ import annotations

import pytest

from undertow.domain.customers import activity
from undertow.domain.customers.activity import NONE, RETAINED, Days

TODAY = 20_000


def test_two_full_years_fit_into_94_bytes():
    """Promise: two bytes for the first day, a bit a day; a second event of a day costs nothing and changes nothing."""
    full = activity.of(range(TODAY - RETAINED + 1, TODAY + 1))
    assert len(full) == 2 + (RETAINED + 7) // 8 == 94
    assert activity.add(full, TODAY) is full
    assert activity.retained(full, TODAY) is full


def test_activity_that_arrives_400_days_late_is_kept_and_changes_nothing_the_second_time():
    """Promise: within the retained two years nothing is too late, and nothing counts twice."""
    known = activity.of([TODAY - 10, TODAY])
    late = activity.add(known, TODAY - 400)
    assert activity.unpack(late).listed() == [TODAY - 400, TODAY - 10, TODAY]
    assert activity.add(late, TODAY - 400) is late


def test_the_day_after_the_last_retained_one_is_forgotten():
    """Promise: exactly 730 days are kept, the watermark's own included, and what lies after it."""
    edge = TODAY - RETAINED + 1
    kept = activity.retained(activity.of([edge - 1, edge, TODAY + 3]), TODAY)
    assert activity.unpack(kept).listed() == [edge, TODAY + 3]
    assert activity.retained(activity.of([edge - 1]), TODAY) == b""


def test_the_empty_set_is_empty_everywhere():
    """Promise: no activity is no bytes, no days and no history."""
    assert activity.of([]) == b""
    assert activity.unpack(b"") == NONE
    assert activity.pack(NONE) == b""
    assert (NONE.active(0, 99_999), NONE.listed(), NONE.until(5)) == (0, [], NONE)
    assert activity.history(NONE, TODAY) is None
    assert activity.retained(b"", TODAY) == b""


def test_a_day_that_two_bytes_cannot_name_is_refused():
    """Promise: a broken clock raises instead of wrapping around."""
    for day in (-1, 65_536):
        with pytest.raises(ValueError, match="1970 and 2149"):
            activity.add(b"", day)
    assert activity.unpack(activity.of([0, 65_535])) == Days(0, 1 | 1 << 65_535)
