"""Numbers and states as a leader reads them. What is unknown has words and no number."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Final

from undertow.domain.counting.ledger import ALL, Rate
from undertow.domain.figures import spikes
from undertow.domain.figures.alarms import MATURE, Watched
from undertow.domain.figures.budget import Alert
from undertow.domain.verdicts import Colour

NARROW: Final = "\u202f"
"""A thin space that does not break: between a number and its unit."""
UNKNOWN: Final = "cannot tell yet"
WORDS: Final[Mapping[Colour, tuple[str, str]]] = {
    Colour.RED_INSIDE: ("✗", "Red inside"),
    Colour.UNCLEAR: ("~", "Not clear yet"),
    Colour.CANNOT_TELL: ("?", "Cannot tell yet"),
    Colour.HOLDS: ("✓", "Holds up"),
}
"""A sign and a word for each verdict, those that need a leader first."""
_EPOCH: Final = date(1970, 1, 1).toordinal()


def percent(ratio: float) -> str:
    """A share. Neither all nor nothing is said of what is only close to it."""
    if 0 < ratio < 0.001:
        return f"<{NARROW}0.1{NARROW}%"
    if 0.999 < ratio < 1:
        return f">{NARROW}99.9{NARROW}%"
    close = 0 < ratio < 0.01 or 0.99 < ratio < 1
    return f"{100 * ratio:,.{1 if close else 0}f}{NARROW}%"


def share(rate: Rate) -> str:
    """A rate's value."""
    return UNKNOWN if rate.value is None else percent(rate.value)


def interval(rate: Rate) -> str:
    """A rate's 95 % interval; nothing where it has none."""
    return "" if rate.value is None else f"{percent(rate.low)} to {percent(rate.high)}"


def tickets(n: int) -> str:
    """So many."""
    return "1 ticket" if n == 1 else f"{n:,} tickets"


def window(name: str) -> str:
    """A window of days."""
    return "all days kept" if name == ALL else f"{name.removesuffix('d')} days"


def day(number: int) -> str:
    """A day since 1970-01-01."""
    found = date.fromordinal(_EPOCH + number)
    return f"{found.day} {found:%b}"


def moment(seconds: float) -> str:
    """A time, seconds since 1970-01-01T00:00Z."""
    found = datetime.fromtimestamp(seconds, UTC)
    return f"{found.day} {found:%B %Y, %H:%M} UTC"


def risen(one: Watched) -> str:
    """What the alarm of one series says."""
    where = "" if one.segment == ALL else f" in segment {one.segment}"
    age = "" if one.lag == MATURE else f", {one.lag.removesuffix('d')} days after the solve"
    return f"{spikes.words(one.spike, one.last_day)}{where}{age}".replace("%", f"{NARROW}%")


def burning(alert: Alert) -> str:
    """What a truth budget's alert says."""
    long = alert.long
    times = f"at least {long.low:.1f} times" if long.low < float("inf") else "many times"
    wrong = long.told.met - long.told.confirmed
    return (
        f"truth budget: {wrong:,} of {tickets(long.told.met)} claimed as met in the last {long.days} days proved wrong, "
        f"{times} what the contract leaves room for"
    )
