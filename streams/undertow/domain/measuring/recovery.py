"""What became of a ticket after it was solved: the solve that held, failures and how fast they were owned, ratings.

``contacts`` are the customer's later tickets on the same topic, or linked to this one: what a ticket cannot know of itself.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from msgspec import Struct

from undertow.domain.measuring.measures import After, Failure
from undertow.domain.tickets.course import Course
from undertow.domain.tickets.promises import promises
from undertow.domain.tickets.timeline import Reopen


class Windows(Protocol):
    """What of a contract decides; :class:`undertow.domain.agreement.contract.Contract` has it."""

    @property
    def repeat_window(self) -> float: ...  # noqa: D102
    @property
    def reopen_window(self) -> float: ...  # noqa: D102
    @property
    def follow_up(self) -> float: ...  # noqa: D102
    @property
    def promise_grace(self) -> float: ...  # noqa: D102
    @property
    def good_csat(self) -> float: ...  # noqa: D102


class Contact(NamedTuple):
    """A later ticket of the customer, as far as the earlier one is concerned. Times in seconds."""

    opened: float
    replied: float | None = None
    """The first human reply in it."""
    held: float | None = None
    """Its solve that held, None while there is none or it is not known."""


class Rating(Struct, frozen=True):
    """A ticket's part in csat. Every solved ticket is eligible: who was surveyed is part of the figure."""

    eligible: bool
    rated: bool
    good: bool


def after(course: Course, contacts: Sequence[Contact], windows: Windows, as_of: float) -> After:
    """What followed, as of a time. ``contacts`` by opening time, ascending."""
    held, known = _held(course, contacts, windows, as_of)
    return After(held, known, failures(course, contacts, held, windows, as_of))


def _held(course: Course, contacts: Sequence[Contact], windows: Windows, as_of: float) -> tuple[float | None, bool]:
    """The first solve without a reopen or repeat contact within its windows, and whether that can be told yet."""
    for place, solve in enumerate(course.solves):
        if place < len(course.reopens) and course.reopens[place].after <= windows.reopen_window:
            continue
        if _back(contacts, solve, windows.repeat_window) is not None:
            continue
        return (solve, True) if as_of >= solve + windows.follow_up else (None, False)
    return None, True


def failures(
    course: Course, contacts: Sequence[Contact], held: float | None, windows: Windows, as_of: float
) -> tuple[Failure, ...]:
    """Reopens by the customer, repeat contacts and broken promises, in order of time, with what answered them."""
    humans = course.replies
    found: list[Failure] = []
    for reopen in course.reopens:
        if _came_back(reopen, windows):
            found.append(Failure(reopen.at, first_from(humans, reopen.at), _from(held, reopen.at)))
    for promise in promises(course, windows.promise_grace, as_of):
        if promise.state == "broken":
            found.append(Failure(promise.at, first_from(humans, promise.at), _from(held, promise.at)))
    for contact in {back for solve in course.solves if (back := _back(contacts, solve, windows.repeat_window))}:
        replies = [at for at in (contact.replied, first_from(humans, contact.opened)) if at is not None]
        found.append(Failure(contact.opened, min(replies, default=None), contact.held))
    return tuple(sorted(found, key=lambda failure: failure.at))


def first_contact_resolution(course: Course, after: After, windows: Windows) -> bool | None:
    """One human contact, and durable. None: never solved, no messages in the feed, or not known yet."""
    once = one_contact(course, windows)
    if not once or any(_came_back(reopen, windows) for reopen in course.reopens):
        return None if once is None else False
    return after.held == _stood(course, windows) if after.known else None


def one_contact(course: Course, windows: Windows) -> bool | None:
    """Whether the ticket's own facts show a solve that stood, after one human contact. None: never solved, or no messages."""
    if not course.solves or not course.wrote:
        return None
    stood = _stood(course, windows)
    return stood is not None and human_contacts(course, stood) == 1


def _stood(course: Course, windows: Windows) -> float | None:
    """The first solve that nobody took back within the window."""
    for place, solve in enumerate(course.solves):
        if place >= len(course.reopens) or course.reopens[place].after > windows.reopen_window:
            return solve
    return None


def _came_back(reopen: Reopen, windows: Windows) -> bool:
    return reopen.cause != "vendor" and reopen.after <= windows.reopen_window


def human_contacts(course: Course, until: float) -> int:
    """How often a human of the vendor's wrote to the customer up to a time."""
    return bisect_right(course.replies, until)


def rating(course: Course, windows: Windows) -> Rating:
    """The latest satisfaction survey of the ticket, held against the contract's good score."""
    rated = bool(course.ratings)
    return Rating(bool(course.solves), rated, rated and course.ratings[-1] >= windows.good_csat)


def hand_offs(course: Course) -> int:
    """How often the ticket went to another agent or team before it was (last) solved."""
    return bisect_right(course.hand_offs, course.solves[-1]) if course.resolved else len(course.hand_offs)


def _back(contacts: Sequence[Contact], solve: float, window: float) -> Contact | None:
    """The first contact in (solve, solve + window]."""
    place = bisect_right(contacts, solve, key=_opened)
    return contacts[place] if place < len(contacts) and contacts[place].opened <= solve + window else None


def first_from(times: Sequence[float], at: float) -> float | None:
    """The first of times in order that is not before ``at``."""
    place = bisect_left(times, at)
    return times[place] if place < len(times) else None


def _from(time: float | None, at: float) -> float | None:
    """A time, unless it lies before ``at``."""
    return time if time is not None and time >= at else None


def _opened(contact: Contact) -> float:
    return contact.opened
