"""Promises: promised until T, then kept, late, broken, or withdrawn by the customer.

A promise kept after T but within the grace is late, after it broken. Moving T to later is a broken promise and a new one;
moving it to earlier only holds the vendor to more. A pause never extends a promise: they run on the calendar clock.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from undertow.domain.tickets.course import FOREVER, Course

State = Literal["open", "kept", "late", "broken", "withdrawn"]


class Promise(Struct, frozen=True, gc=False):
    """One promise. Times in seconds since 1970."""

    promise: str
    made: float
    due: float
    state: State
    at: float
    """When its state was reached; of an open one, when it is due."""


class Promised(Struct, frozen=True):
    """How many promises of a ticket came to what."""

    kept: int = 0
    late: int = 0
    broken: int = 0
    withdrawn: int = 0
    open: int = 0


def promises(course: Course, grace: float, as_of: float) -> tuple[Promise, ...]:
    """Every promise of a ticket as of a time, in the order in which they were made. ``grace`` in seconds."""
    if not course.pledges:
        return ()
    standing: dict[str, Promise] = {}
    done: list[Promise] = []
    for pledge in course.pledges:
        at, name, due = pledge.at, pledge.promise, pledge.due
        before = standing.pop(name, None)
        if due is None:
            if before is not None:  # without it nothing is known that could have been kept
                done.append(_judged(before, grace, course.released, as_of, kept=at))
            continue
        if before is None:
            if pledge.moved:  # the feed begins after it was made: that it was moved is known, from what is not
                done.append(Promise(name, at, at, "broken", at))
        elif due > before.due:
            ended = _judged(before, grace, course.released, at)
            done.append(Promise(name, before.made, before.due, "broken", at) if ended.state == "open" else ended)
        made = before.made if before is not None and due <= before.due else at
        standing[name] = Promise(name, made, due, "open", due)
    done += [_judged(one, grace, course.released, as_of) for one in standing.values()]
    return tuple(sorted(done, key=lambda one: (one.made, one.promise, one.at)))


def tally(found: tuple[Promise, ...]) -> Promised:
    """The promises of a ticket, counted."""
    states = [one.state for one in found]
    return Promised(*[states.count(state) for state in ("kept", "late", "broken", "withdrawn", "open")])


def _judged(one: Promise, grace: float, released: tuple[float, ...], as_of: float, kept: float = FOREVER) -> Promise:
    """What became of an open promise by ``as_of``, fulfilled at ``kept``."""
    over = one.due + grace
    freed = min([at for at in released if at >= one.made], default=FOREVER)
    if freed < kept and freed <= min(over, as_of):
        return Promise(one.promise, one.made, one.due, "withdrawn", freed)
    if kept <= over:
        return Promise(one.promise, one.made, one.due, "kept" if kept <= one.due else "late", kept)
    if as_of > over:
        return Promise(one.promise, one.made, one.due, "broken", over)
    return one
