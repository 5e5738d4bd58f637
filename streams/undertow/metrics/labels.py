"""What every metric is made of: its type and unit, its labels and their bounds.

No label carries a ticket, a customer or an agent: a label's values come from contracts, from the registry of topics or
from a closed list, so the number of series is known before the first event.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import Final, Literal, get_args

from msgspec import Struct

from undertow.domain.agreement.alerts import ALLOWED
from undertow.domain.agreement.contract import WINDOWS
from undertow.domain.counting.ledger import ALL
from undertow.domain.customers.calls import NOBODY
from undertow.domain.customers.night import CONTRASTS
from undertow.domain.customers.silence import HORIZONS
from undertow.domain.figures.alarms import SERIES
from undertow.domain.figures.budget import AGREED, Burn
from undertow.domain.figures.reconcile import Cause
from undertow.domain.judging.assessment import COUNTED
from undertow.domain.judging.disputes import STATES as DISPUTE_STATES
from undertow.domain.judging.outcomes import LAGS, OUTCOMES
from undertow.domain.measuring.actuals import SLA
from undertow.domain.measuring.comparison import Class
from undertow.domain.measuring.explain import CAUSES, UNEXPLAINED
from undertow.domain.measuring.measures import TIMED
from undertow.domain.patterns import CATALOG as PATTERN_CATALOG
from undertow.domain.statements.adjustments import PARTS
from undertow.domain.verdicts import Colour
from undertow.topics import SOURCES
from undertow.wire import REASONS

Unit = Literal[
    "",
    "seconds",
    "ratio",
    "tickets",
    "customers",
    "events",
    "records",
    "partitions",
    "letters",
    "score",
    "bytes",
    "findings",
]


class Label(Struct, frozen=True):
    """A label, its bound in words (Markdown), and how many values it takes at most.

    ``contracts``: as many as the contracts say, and no event can add one.
    """

    name: str
    bound: str
    most: int | Literal["contracts"]


class Metric(Struct, frozen=True):
    """A metric as the scrape shows it. ``unit`` is empty for a state (0 or 1) and for an info."""

    name: str
    type: Literal["gauge", "counter", "info"]
    unit: Unit
    labels: tuple[Label, ...]
    help: str


COMPANY: Final = "company"
"""Vendor label of the company's own events, as :class:`undertow.stages.intake.Intake` counts them."""
UNKNOWN: Final = "unknown"
"""Vendor label of records of which no vendor could be read."""
OTHER: Final = "other"
"""Segment label of a customer whose segment the contract does not list."""
WINDOW_NAMES: Final = (*(f"{days}d" for days in WINDOWS), ALL)
MEASURES: Final[tuple[str, ...]] = (SLA, *TIMED)
CLASSES: Final[tuple[str, ...]] = get_args(Class)
PERIOD_CLASSES: Final = tuple(name for name in CLASSES if name != "actual_only")
PATTERNS: Final[tuple[str, ...]] = tuple(PATTERN_CATALOG)
STATES: Final = ("found", "not_found", "cannot_tell")
MIXES: Final = ("raw", "standardised")
CAUSE_NAMES: Final = (*CAUSES, *map("+".join, combinations(CAUSES, 2)), UNEXPLAINED)
PERIOD_CAUSES: Final[tuple[str, ...]] = get_args(Cause)
DISCORDANT: Final = ("over_reported", "under_reported")


def pair(burn: Burn) -> str:
    """The name of two burn windows that alert together."""
    return f"{burn.long}d_{burn.short}d"


PAIRS: Final = tuple(pair(burn) for burn in AGREED)
BURN_WINDOWS: Final = tuple(f"{days}d" for days in sorted({days for burn in AGREED for days in burn[1:]}))


def _words(values: Iterable[str]) -> str:
    return ", ".join(f"`{value}`" for value in values)


VENDOR: Final = Label("vendor", "vendors with a contract", "contracts")
PUBLISHER: Final = Label(
    "vendor",
    f"vendors with a contract, `{COMPANY}` (first-party events), `{UNKNOWN}` (none could be read)",
    "contracts",
)
SEGMENT: Final = Label("segment", f"`{ALL}`, the contract's segments, `{OTHER}`", "contracts")
WINDOW: Final = Label("window", _words(WINDOW_NAMES), len(WINDOW_NAMES))
VERDICT: Final = Label("verdict", _words(colour.value for colour in Colour), len(Colour))
MEASURE: Final = Label("measure", _words(MEASURES), len(MEASURES))
FEED: Final = Label(
    "feed",
    f"source topics: {_words(SOURCES)}, and those that contracts name, after the namespace if there is one",
    "contracts",
)
REASON: Final = Label("reason", _words(REASONS), len(REASONS))
TOPIC: Final = Label("topic", "topics of the registry, and those that contracts name", "contracts")
PARTITION: Final = Label("partition", "partitions of the topic", 1024)
VERSION: Final = Label("version", "the running version", 1)

CLASS: Final = Label("class", _words(CLASSES), len(CLASSES))
WHICH_WAY: Final = Label("class", _words(DISCORDANT), len(DISCORDANT))
PERIOD_CLASS: Final = Label("class", _words(PERIOD_CLASSES), len(PERIOD_CLASSES))
CAUSE: Final = Label("cause", f"{_words((*CAUSES, UNEXPLAINED))}, or two joined with `+`", len(CAUSE_NAMES))
PERIOD_CAUSE: Final = Label("cause", _words(PERIOD_CAUSES), len(PERIOD_CAUSES))
PATTERN: Final = Label("pattern", _words(PATTERNS), len(PATTERNS))
STATE: Final = Label("state", _words(STATES), len(STATES))
MIX: Final = Label("mix", f"{_words(MIXES)}: as if every segment had the same priorities and topics", len(MIXES))
PAIR: Final = Label("pair", f"{_words(PAIRS)}: a long and a short window of days", len(PAIRS))
BURN_WINDOW: Final = Label("burn_window", _words(BURN_WINDOWS), len(BURN_WINDOWS))

WHAT: Final = Label("what", _words(COUNTED), len(COUNTED))
WHICH: Final = Label("which", "; ".join(_words(some) for some in COUNTED.values()), sum(map(len, COUNTED.values())))
CALENDAR: Final = Label("calendar", "a name of the contract's calendar, one a vendor", "contracts")
TERM: Final = Label("what", _words(ALLOWED), len(ALLOWED))

OUTCOME: Final = Label("outcome", _words(OUTCOMES), len(OUTCOMES))
LAG: Final = Label("lag", f"{_words(f'{lag}d' for lag in LAGS)} after the solve", len(LAGS))
WATCHED: Final = Label("lag", f"{_words(SERIES)} after the solve", len(SERIES))

ANSWERED: Final = Label("state", _words(DISPUTE_STATES), len(DISPUTE_STATES))
PART: Final = Label("what", f"{_words(PARTS)}: of a cohort", len(PARTS))
HORIZON_NAMES: Final = tuple(f"{days}d" for days in HORIZONS)
ICEBERG_PARTS: Final = ("hidden", "quiet", "complained")
PARAMETERS: Final = ("r", "alpha", "a", "b")
HORIZON: Final = Label("horizon", f"{_words(HORIZON_NAMES)} of silence", len(HORIZON_NAMES))
COMPARED: Final = Label("compared", _words(CONTRASTS), len(CONTRASTS))
ICEBERG_PART: Final = Label("part", _words(ICEBERG_PARTS), len(ICEBERG_PARTS))
PARAMETER: Final = Label("parameter", _words(PARAMETERS), len(PARAMETERS))
STOPPED_AFTER: Final = Label(
    "vendor",
    f"vendors with a contract: whose ticket a customer stopped after; `{NOBODY}` where none was near",
    "contracts",
)

ROW: Final = (VENDOR, SEGMENT, WINDOW)
