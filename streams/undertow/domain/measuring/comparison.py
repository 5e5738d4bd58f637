"""A vendor's claim against the actual, for one ticket and measure."""

from __future__ import annotations

from typing import Final, Literal

from undertow.domain.measuring.actuals import SLA, Actual
from undertow.domain.tickets.course import Course
from undertow.domain.tickets.facts import Claimed

Class = Literal["confirmed", "over_reported", "under_reported", "claim_only", "actual_only", "unverifiable", "immature"]
DISCORDANT: Final = ("over_reported", "under_reported")

TOLERANCE: Final = 60.0
"""Seconds. Help desks cut or round to the minute, so a claimed value this near is the same value."""
EXACT: Final = 1.0
"""Seconds. Nearer than this a claimed value is the very value: claims and events may differ in their fractions."""


def compare(claim: Claimed | None, course: Course, actual: Actual) -> Class | None:
    """The class of one ticket and measure; None where neither side says anything.

    Claimed met and was not: over-reported; claimed missed and was met: under-reported. A claim about a ticket nobody else
    speaks of is ``claim_only``; where the feed lacks what the measure needs, the measure does not apply, or no target was
    agreed, it is ``unverifiable``; while the measure runs within its target, or its follow-up runs, ``immature``.
    """
    if claim is None:
        return None if actual.met is None else "actual_only"
    if not course.exists:
        return "claim_only"
    if actual.met is not None:
        if claim.met == actual.met:
            return "confirmed"
        return "over_reported" if claim.met else "under_reported"
    if not actual.known:
        return "immature"
    agreed = actual.target is not None or claim.measure == SLA  # as a whole has no target of its own
    return "immature" if agreed and not actual.ended and actual.missing is None else "unverifiable"


def agrees(claim: Claimed, actual: Actual, tolerance: float = TOLERANCE) -> bool:
    """True when the claim is true of the actual: met as claimed, and the value, where one is claimed, within ``tolerance``."""
    if claim.value is not None and actual.value is not None:
        if not actual.ended or abs(claim.value - actual.value) > tolerance:
            return False
        if actual.target is None and actual.met is None:  # nothing was agreed, so only the value can be compared
            return True
    return claim.met is actual.met
