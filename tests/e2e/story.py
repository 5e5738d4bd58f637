"""The gaming vendor's half year beside an honest one, told to a broker at any pace.

Its reported figures are green throughout. What becomes of its customers gets worse for twenty-five days and then better: three
simulated worlds of the same vendor, one after the other. The history ends today, so no event lies in the future.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from threading import Event, Lock, Thread
from typing import Final

from msgspec.structs import replace

from undertow import topics, wire
from undertow.cli.importing import tick
from undertow.clients import Publisher
from undertow.domain.agreement.alerts import Alerts
from undertow.domain.agreement.contract import DAY, Target
from undertow.settings import Settings
from undertow.simulation import World
from undertow.simulation.plans import DEFAULT, VendorPlan
from undertow.simulation.story import TARGETS

HONEST, GAMING, SMALL = DEFAULT
WORSE_FROM: Final = 125
BETTER_FROM: Final = 150
DAYS: Final = 205
"""Days of the story: when the gaming vendor's customers begin to suffer, when that is over, and its end."""
SILENT_AFTER: Final = 8.0
"""Seconds without a record after which the two vendors' feeds count as silent: days, in real contracts."""
BEAT: Final = 0.5
"""Seconds between two times at which something is told."""
PACE: Final = 2 * 3600.0
"""Seconds of the story told in a second, so that no feed is silent while the story stands at one day."""


def _gaming(**changes: object) -> VendorPlan:
    return replace(GAMING, customers=600, tickets_per_day=5.0, **changes)


CHAPTERS: Final = (
    (0, _gaming(reopens=0.05, comes_back=0.08)),
    (WORSE_FROM, _gaming(reopens=0.35, comes_back=0.45)),
    (BETTER_FROM, _gaming(reopens=0.02, comes_back=0.03)),
)
"""From which day on the gaming vendor is like this."""


class Story:
    """What is told: events by time, ready to be sent. ``ends``: a midnight, the story's end."""

    def __init__(self, ends: datetime, seed: int = 1) -> None:
        self.start = ends - timedelta(days=DAYS)
        others = World(seed, self.start, DAYS, (HONEST, SMALL))
        worlds = [("", others)]
        for number, (begin, plan) in enumerate(CHAPTERS):
            end = CHAPTERS[number + 1][0] if number + 1 < len(CHAPTERS) else DAYS
            worlds.append(
                (f"{number}-", World(seed + number, self.start + timedelta(days=begin), end - begin, (plan,)))
            )
        self.lines = sorted(line for chapter, world in worlds for line in _lines(chapter, world))
        """(time, topic, key, record, vendor or company) in order of time."""
        self.contracts = {
            name: replace(
                contract,
                targets={"first_response": tuple(Target(float(s), priority) for priority, s in TARGETS.items())},
                alerts=Alerts(silent_after=DAY if name == SMALL.name else SILENT_AFTER),
                imported_until=ends.timestamp(),
            )
            for world in (others, worlds[1][1])
            for name, contract in world.contracts().items()
        }

    def at(self, day: float) -> float:
        """Seconds since 1970-01-01T00:00Z of a day of the story."""
        return self.start.timestamp() + day * DAY


Line = tuple[float, str, bytes, bytes, str]


def _lines(chapter: str, world: World) -> Iterator[Line]:
    """A world's events. Tickets and customers of another chapter are others: their names say so."""
    for event in world.events():
        record = wire.encode(event)
        for name in (GAMING.name, "company"):
            record = record.replace(f'"{name}-'.encode(), f'"{name}-{chapter}'.encode())
        key = topics.key_of(event).replace(f"{GAMING.name}-", f"{GAMING.name}-{chapter}")
        yield event.time.timestamp(), topics.topic_of(event), key.encode(), record, event.data.vendor


class Teller:
    """Tells a story on a thread of its own: what it skips to at once, and from there on at :data:`PACE`, with the time."""

    def __init__(self, story: Story, settings: Settings) -> None:
        self._story, self._settings = story, settings
        self._publisher = Publisher(settings)
        self._now, self._until = story.at(0), 0.0
        self._place = 0
        self._mute: frozenset[str] = frozenset()
        self._held: list[Line] = []
        self._lock, self._over = Lock(), Event()
        self._thread = Thread(target=self._run, daemon=True)
        self.sent = 0
        """Records sent, ticks not counted."""

    def __enter__(self) -> Teller:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        self._thread.join(30)
        self._publisher.__exit__(*exc)

    def skip_to(self, day: float) -> None:
        """Tell everything up to a day, now."""
        with self._lock:
            self._now = max(self._now, self._story.at(day))
            self._tell()

    def mute(self, *vendors: str) -> None:
        """From now on nothing comes of these vendors; what they would have said is told when they are muted no more."""
        with self._lock:
            self._mute = frozenset(vendors)

    @property
    def day(self) -> float:
        """How far the story is told."""
        return (self._now - self._story.at(0)) / DAY

    def _run(self) -> None:
        while not self._over.wait(BEAT):
            with self._lock:
                self._now = min(self._now + PACE * BEAT, self._story.at(DAYS))
                self._tell()

    def _tell(self) -> None:
        lines, begun = self._story.lines, self._place
        while self._place < len(lines) and lines[self._place][0] <= self._now:
            self._place += 1
        due = self._held + lines[begun : self._place]
        self._held = [line for line in due if line[4] in self._mute]
        for _, topic, key, record, vendor in due:
            if vendor not in self._mute:
                self._publisher.send(topics.name(self._settings, topic), record, key=key)
                self.sent += 1
        tick(self._publisher, self._settings, self._now)
        self._publisher.flush()
