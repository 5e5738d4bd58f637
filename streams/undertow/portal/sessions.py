"""Sessions, in memory: they end with the process, with their token, and by themselves. And limits on how often."""

from __future__ import annotations

import secrets
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

import msgspec
from msgspec import Struct

from undertow.portal.access import Who

LIFETIME: Final = 12 * 3600.0
IDLE: Final = 3600.0
"""Seconds after which a session ends: in all, and without a request."""
MOST: Final = 10_000
"""Sessions and limited parties kept at once; the oldest go."""


class Session(Struct):
    """Who is signed in, and the word that their forms must carry."""

    who: Who
    csrf: str
    began: float
    seen: float
    notice: str = ""
    """Shown on the next page, once."""
    sent: deque[str] = msgspec.field(default_factory=lambda: deque(maxlen=100))
    """Of the newest forms that were recorded, the word each carried: a form that comes twice counts once."""


class Sessions:
    """Kept by an unguessable id that only the cookie holds. ``clock`` in seconds, never going back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kept: OrderedDict[str, Session] = OrderedDict()

    def begin(self, who: Who) -> tuple[str, Session]:
        """A new session and its id."""
        id, now = secrets.token_urlsafe(32), self._clock()
        session = self._kept[id] = Session(who, secrets.token_urlsafe(32), now, now)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return id, session

    def find(self, id: str) -> Session | None:
        """A session that has not ended; it has been seen now."""
        session, now = self._kept.get(id), self._clock()
        if session is None:
            return None
        if now - session.began > LIFETIME or now - session.seen > IDLE:
            self.end(id)
            return None
        session.seen = now
        return session

    def end(self, id: str) -> None:
        """Sign out."""
        self._kept.pop(id, None)


class Limit:
    """At most ``most`` times ``within`` seconds for each party."""

    def __init__(self, most: int, within: float, clock: Callable[[], float]) -> None:
        self.most, self.within = most, within
        self._clock = clock
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def allows(self, party: str) -> bool:
        """Whether once more is allowed; then it counts."""
        now = self._clock()
        times = self._times.setdefault(party, deque())
        self._times.move_to_end(party)
        while len(self._times) > MOST:
            self._times.popitem(last=False)
        while times and now - times[0] >= self.within:
            times.popleft()
        if len(times) >= self.most:
            return False
        times.append(now)
        return True
