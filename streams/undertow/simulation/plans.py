"""What each simulated vendor is like: how much it has to do, how well it works, and how well it says it works."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from undertow.domain.verdicts import Colour

HOUR: Final = 3_600
DAY: Final = 86_400

Share = Annotated[float, Meta(ge=0, le=1)]
"""Ratio 0 to 1: the probability of a decision."""
PROMISED: Final = 0.1
"""Share of tickets with a promise."""
SURVEYED: Final = 0.15
"""Share of tickets after which the customer answers a survey."""
UNFAIR: Final = 0.05
"""Share of the satisfied customers who rate a ticket as bad all the same."""


class VendorPlan(Struct, frozen=True, kw_only=True):
    """One vendor. Shares are of its solved tickets unless said otherwise, and are drawn independently of each other."""

    name: str
    """The vendor's name in events and contracts; customers' and tickets' names begin with it."""
    customers: int
    """How many customers it answers for. Nobody else answers for them."""
    tickets_per_day: float
    """Contacts a day that have a reason of their own; customers who come back are on top of it. Which customer makes
    contact, when and on what is drawn independently: the source of repeat contacts by chance."""
    answers_in_time: Share
    """Share of tickets whose first human answer meets the target."""
    claims_met: Share | None = None
    """Share of tickets it calls met when solved, whatever happened. None: it says what is."""
    restates: Share = 0.0
    """Share of the tickets it called missed that it calls met when it closes them."""
    hides_reopens: Share = 0.0
    """Share of the reopened tickets that it reports as never reopened."""
    reopens: Share
    """Share that the customer reopens. Nearly all within the contract's window."""
    comes_back: Share
    """Share after which the customer opens a new ticket about the same matter. Nearly all within the window."""
    flickers: Share = 0.005
    """Share that the vendor solves by mistake and takes back within minutes."""
    closes_unasked: Share = 0.0
    """Share that it closes for good at once, where others say *solved* and wait."""
    links: Share = 0.5
    """Share of the returning customers' tickets that it links to the earlier one."""
    keeps_promises: Share = 0.95
    """Share of its promises kept."""
    worsens: tuple[Share, float] = (1.0, 1.0)
    """From which share of the story on, and how many times as often, its tickets are reopened and customers come back."""
    drives_away: Share = 0.0
    """Share of the tickets from then on whose customer leaves with the last solve, without a word."""
    activity: tuple[Share, ...] = (0.005, 0.015, 0.05)
    """Shares of days on which its customers are active, one of them each."""
    work: int = 3 * HOUR
    """Median seconds from an answer to the solve."""
    close_after: tuple[int, int] = (5 * DAY, 7 * DAY)
    """Least and most seconds from the last solve until it closes a ticket."""

    @property
    def fails(self) -> float:
        """Share of solved tickets that go wrong by the vendor's doing, over the whole story. Chance comes on top."""
        since, factor = self.worsens
        mean = since + (1 - since) * factor
        kept = 1 - PROMISED * (1 - self.keeps_promises)
        return 1 - (1 - self.reopens * mean) * (1 - self.comes_back * mean) * kept * (1 - SURVEYED * UNFAIR)

    def expected(self, tolerance: float) -> Colour:
        """What the verdict must come to with enough tickets. ``tolerance`` is a ratio, well apart from ``fails``."""
        return Colour.RED_INSIDE if self.fails > tolerance else Colour.HOLDS


DEFAULT: Final = (
    VendorPlan(
        name="honest",
        customers=520,
        tickets_per_day=2.6,
        answers_in_time=0.95,
        reopens=0.013,
        comes_back=0.013,
    ),
    VendorPlan(
        name="gaming",
        customers=360,
        tickets_per_day=1.8,
        answers_in_time=0.78,
        claims_met=0.96,
        restates=0.4,
        hides_reopens=0.6,
        reopens=0.09,
        comes_back=0.26,
        flickers=0.02,
        closes_unasked=0.3,
        links=0.0,
        keeps_promises=0.55,
        work=HOUR,
        close_after=(HOUR, DAY),
    ),
    VendorPlan(
        name="small",
        customers=60,
        tickets_per_day=0.08,
        answers_in_time=0.95,
        reopens=0.015,
        comes_back=0.015,
    ),
)
"""Green and green inside; green and red inside; and one of whom nobody can tell yet in 180 days: too few tickets."""

FADING: Final = VendorPlan(
    name="fading",
    customers=300,
    tickets_per_day=2.6,
    answers_in_time=0.92,
    claims_met=0.97,
    hides_reopens=0.3,
    reopens=0.015,
    comes_back=0.06,
    worsens=(0.4, 6.0),
    drives_away=0.35,
    activity=(0.12, 0.2, 0.35),
)
"""Good for a while; then it goes wrong, its figures stay green, and customers leave without a word."""
