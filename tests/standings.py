"""Vendors made up ticket by ticket, for the tests of how they stand: cells on one side, a list to count by hand on the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Final

from undertow.domain.agreement.contract import DAY, Contract
from undertow.domain.counting.cells import NO_MORE, Cell, CellKey, Counts, Share, Tally
from undertow.domain.counting.ledger import Figures, Ledger, PeriodClaim, Position
from undertow.domain.judging.outcomes import OUTCOMES
from undertow.domain.measuring.comparison import DISCORDANT
from undertow.domain.standing import Standing
from undertow.domain.verdicts import Verdict
from undertow.stages.ledger import Speaker

TODAY: Final = 20_600
"""2026-05-27, a Wednesday."""
LABELS: Final = (
    "confirmed_met",
    "confirmed_missed",
    "over_reported",
    "under_reported",
    "claim_only",
    "actual_only_met",
    "actual_only_missed",
    "unverifiable",
    "immature",
)
CAUSES: Final = ("clock", "pauses", "actor+solve", "unexplained")
PATTERNS: Final = ("flicker", "continued", "edited", "customer_blamed", "backdated")


NOON: Final = (TODAY + 0.5) * DAY


@dataclass
class Ticket:
    """What one solved ticket adds."""

    day: int
    segment: str = "all"
    vendor: str = "acme"
    verdicts: dict[str, str] = field(default_factory=dict)
    """By measure."""
    causes: dict[str, str] = field(default_factory=dict)
    cases: dict[str, bool] = field(default_factory=dict)
    """By pattern, whether it shows it."""
    late: int | None = None
    """The day an event dated back arrived."""
    mix: tuple[str, str] | None = None
    bad: bool = False
    mature: bool = False
    claimed: bool | None = None
    """Of the SLA as a whole: met, missed or nothing."""
    csat: str | None = None
    met: bool = False
    """Reported as met, as :mod:`undertow.domain.figures.early` counts it from the first day on."""
    shows: int | None = None
    """Days after which the first bad outcome showed."""
    outcomes: tuple[str, ...] = ()
    """Of a mature ticket."""
    waiting: str | None = None
    """Verdict on the first response of a ticket not solved yet."""

    @property
    def share(self) -> Share:
        tallies = [Tally("verdict", measure, label) for measure, label in self.verdicts.items()]
        tallies += [Tally(self.verdicts[measure], measure, cause) for measure, cause in self.causes.items()]
        for pattern, shown in self.cases.items():
            tallies += [Tally("case", pattern, "n")] + [Tally("case", pattern, "matched")] * shown
        if self.late is not None:
            tallies.append(Tally("late", "backdated", str(self.late)))
        if self.mix is not None:
            tallies += [Tally("mix", *self.mix)] + [Tally("mix_bad", *self.mix)] * self.bad
        if self.csat is not None:
            tallies.append(Tally("csat", "", self.csat))
        if self.met:
            tallies.append(Tally("early", "", "n"))
            tallies += [
                Tally("early", f"{lag}d", "bad") for lag in (3, 7) if (self.shows or 0) > 0 and self.shows <= lag
            ]
        tallies += [Tally("outcome", name, "met" if self.met else "missed") for name in self.outcomes]
        if self.waiting is not None:
            tallies.append(Tally("unsolved", "first_response", self.waiting))
        counts = Counts(
            opened=1,
            solved=self.waiting is None,
            mature=self.mature,
            claimed=self.mature and self.claimed is not None,
            reported_met=self.mature and (self.met or bool(self.claimed)),
            reported_met_but_bad=self.mature and self.met and self.shows is not None,
        )
        return Share(CellKey(self.vendor, self.segment, self.day), counts, None, tuple(tallies))


def cells(tickets: Iterable[Ticket]) -> dict[CellKey, Cell]:
    """The sums, as casebooks would make them."""
    found: dict[CellKey, Cell] = {}
    for ticket in tickets:
        share = ticket.share
        found.setdefault(share.key, Cell()).change(NO_MORE, (share.counts, share.exposure, share.tallies))
    return found


def tickets(
    seed: int, n: int = 600, days: int = 130, measures: Iterable[str] = ("sla", "first_response")
) -> list[Ticket]:
    """Of two vendors and three segments, up to and including today."""
    random = Random(seed)
    found = []
    for _ in range(n):
        day = TODAY - random.randrange(days)
        verdicts = {measure: random.choice(LABELS) for measure in measures if random.random() < 0.9}
        shown = {pattern: random.random() < 0.2 for pattern in PATTERNS if random.random() < 0.8}
        mature = day <= TODAY - 31
        found.append(
            Ticket(
                day,
                random.choice(("gold", "basic", "other")),
                random.choice(("acme", "acme", "zenith")),
                verdicts,
                {measure: random.choice(CAUSES) for measure, label in verdicts.items() if label in DISCORDANT},
                shown,
                day + random.randrange(1, 4) if shown.get("backdated") else None,
                (random.choice("12"), random.choice("ab")) if mature and random.random() < 0.8 else None,
                random.random() < 0.3,
                mature,
                random.choice((True, True, False, None)),
                random.choice((None, "good", "bad", "unrated")),
                met=random.random() < 0.6,
                shows=random.choice((None, None, 1, 3, 5, 20)),
                outcomes=tuple(random.sample(OUTCOMES, random.randrange(3))) if mature else (),
            )
        )
    return found


def speaker(
    made: Iterable[Ticket], contracts: Iterable[Contract], claims: Iterable[PeriodClaim], as_of: float
) -> Speaker:
    """Over a ledger that knows these tickets and claims."""
    ledger = Ledger()
    for key, cell in cells(made).items():
        ledger.put(0, Position(0, 0), key, cell)
    for claim in claims:
        ledger.claim(claim)
    ledger.judged(0, as_of)
    return Speaker(ledger, {one.vendor: one for one in contracts})


def spoken(made: Iterable[Ticket]) -> tuple[tuple[tuple[Figures, Verdict], ...], Standing]:
    """The figures and the standing of the vendor acme, with two segments, at noon today."""
    said = speaker(made, [Contract(vendor="acme", segments=("gold", "basic"))], (), NOON).state()
    return said.figures, said.standings[0]


def stand(
    made: Iterable[Ticket],
    contract: Contract,
    claims: Iterable[PeriodClaim] = (),
    others: Iterable[Contract] = (),
    as_of: float = NOON,
) -> Standing:
    """How the contract's vendor stands at noon today, by way of a ledger, as a worker comes to it."""
    return speaker(made, (contract, *others), claims, as_of).state().standings[0]
