"""Tickets told in minutes, and tickets that have everything in them, for the tests of measures."""

from __future__ import annotations

from random import Random
from typing import Any, Final, get_args, get_type_hints

from undertow.domain.agreement.calendars import Calendar
from undertow.domain.agreement.contract import Contract, Target
from undertow.domain.agreement.readings import Reading
from undertow.domain.tickets import facts as f
from undertow.domain.tickets.course import Course, course
from undertow.domain.tickets.facts import Body, Fact

MONDAY: Final = 1_780_272_000.0
"""2026-06-01T00:00Z, a Monday."""
MINUTE: Final = 60.0
HOUR: Final = 3600.0
DAY: Final = 86_400.0
OFFICE: Final = Calendar("UTC", tuple((day * 1440 + 480, day * 1440 + 1080) for day in range(5)))
"""Monday to Friday, 08:00 to 18:00."""

OPENED: Final = f.Opened("billing", None, "normal", "customer")
ASKS: Final = f.Message("customer", public=True, substantive=True, question=False)
ANSWERS: Final = f.Message("agent", public=True, substantive=True, question=False)
QUESTION: Final = f.Message("agent", public=True, substantive=True, question=True)
NOTE: Final = f.Message("agent", public=False, substantive=True, question=False)
THANKS: Final = f.Message("bot", public=True, substantive=False, question=False)


def status(to: Any, by: Any = "agent") -> f.StatusChanged:
    """The status became another one."""
    return f.StatusChanged(to, by)


def facts(*told: tuple[float, Body], start: float = MONDAY) -> list[Fact]:
    """Minutes since ``start`` and what happened then, in order."""
    return [
        Fact(start + minute * MINUTE, place, start + minute * MINUTE, str(place), "/a", body)
        for place, (minute, body) in enumerate(sorted(told, key=lambda one: one[0]))
    ]


def ticket(*told: tuple[float, Body], start: float = MONDAY) -> Course:
    """The course of such a ticket."""
    return course(facts(*told, start=start))


def minute(number: float) -> float:
    """The time of a minute since :data:`MONDAY`."""
    return MONDAY + number * MINUTE


def agreed(**terms: Any) -> Contract:
    """A contract with office hours."""
    return Contract(vendor="acme", **{"calendar": OFFICE, **terms})


AXES: Final[dict[str, tuple[str, ...]]] = {
    axis: get_args(kind)
    for axis, kind in get_type_hints(Reading).items()
    if axis in {"clock", "pauses", "reply", "solve", "reset", "priority", "start", "waits"}
}
"""Every axis that the explanation searches, with its values."""


def rich(random: Random) -> list[Fact]:
    """A ticket with occasion for everything: bots, pauses, hand-offs, priorities, reopens. Times to the second."""
    told: list[tuple[float, Body]] = [(0.0, f.Opened("billing", None, random.choice(PRIORITIES), "customer"))]
    now = 0.0

    def later(most: float) -> float:
        return now + random.randrange(1, int(most * 60)) / 60

    told.append((now, ASKS))
    if random.random() < 0.7:
        told.append((later(2), THANKS))
    for _ in range(random.randint(0, 3)):
        told.append((later(3000), f.Assigned(random.choice("abc"), random.choice("xy"))))
    for _ in range(random.randint(0, 2)):
        told.append((later(3000), f.PriorityChanged(random.choice(PRIORITIES))))
    for _ in range(random.randint(1, 4)):
        now = later(600)
        told.append((now, random.choice((ANSWERS, QUESTION, NOTE, THANKS))))
        if random.random() < 0.4:
            told.append((later(60), ASKS))
        if random.random() < 0.5:
            told.append((now, status(random.choice(("pending", "on_hold", "open")))))
            now = later(2000)
            told += [(now, ASKS), (now, status("open", "system"))]
    for _ in range(random.randint(0, 2)):
        now = later(500)
        told.append((now, status("solved")))
        now = later(4000)
        told.append((now, status("open", random.choice(("customer", "agent")))))
        if random.random() < 0.5:
            told.append((later(300), ANSWERS))
            now = told[-1][0]
    if random.random() < 0.9:
        told.append((later(500), status("solved")))
    return facts(*told, start=MONDAY + random.randrange(14 * int(DAY)))


PRIORITIES: Final = ("low", "normal", "high")
TARGETS: Final = {
    "first_response": tuple(Target(hours * HOUR, name) for name, hours in zip(PRIORITIES, (8, 4, 1), strict=True)),
    "next_response": tuple(Target(hours * HOUR, name) for name, hours in zip(PRIORITIES, (16, 6, 2), strict=True)),
    "first_resolution": tuple(Target(hours * HOUR, name) for name, hours in zip(PRIORITIES, (60, 24, 8), strict=True)),
    "total_resolution": tuple(Target(hours * HOUR, name) for name, hours in zip(PRIORITIES, (80, 40, 10), strict=True)),
}
