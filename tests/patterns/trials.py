"""One simulated month, judged from its events alone. ``python -m tests.patterns.trials --seeds 40`` prints the full table."""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

from undertow.clock import day_of
from undertow.domain.measuring.neighbours import neighbour
from undertow.domain.patterns import CATALOG, Pattern
from undertow.domain.patterns.accusations import Cases, Examined, judged, suspicions
from undertow.domain.patterns.evidence import Case
from undertow.domain.patterns.integrity import Runs, runs
from undertow.domain.patterns.observed import observed
from undertow.domain.patterns.periods import backdated, customer_blamed, gaps, mass_close
from undertow.domain.tickets.facts import Fact, Opened, Place, Seen, StatusChanged, in_order, join
from undertow.domain.tickets.timeline import SOLVED
from undertow.simulation.conduct import GAMES, LOOKALIKES, PLAIN, UNLUCKY, Conduct
from undertow.simulation.desk import Sent
from undertow.simulation.month import DAYS, Month
from undertow.stages.intake import entry_of

LINE = "{:16} {:>11} {:>14} {:>6} {:>5}   {:>13} {:>14} {:>8}"


@dataclass
class Trial:
    """What the facts of one month say, ticket by ticket and of the vendor."""

    month: Month
    cases: dict[str, list[Case]]
    """By ticket."""
    opened: set[str]
    """Tickets of the month itself, and those that only a claim speaks of."""
    solved: Counter[int]
    numbers: Runs
    findings: dict[Pattern, Examined] = field(default_factory=dict)

    def matched(self, pattern: Pattern) -> set[str]:
        return {
            ticket
            for ticket, cases in self.cases.items()
            for case in cases
            if case.pattern == pattern and case.match is not None
        }

    def tallies(self) -> dict[Pattern, Cases]:
        """How often each pattern was met among how many cases."""
        found: dict[Pattern, Cases] = {}
        for case in (case for ticket in self.opened for case in self.cases[ticket]):
            have = found.get(case.pattern, Cases())
            found[case.pattern] = Cases(have.matched + (case.match is not None), have.n + 1)
        return found

    @property
    def accused(self) -> set[Pattern]:
        return {pattern for pattern, finding in self.findings.items() if finding.state == "found"}


def received(sent: Iterable[Sent]) -> tuple[dict[str, list[Seen]], dict[str, set[str]], Runs]:
    """Facts by ticket, tickets by customer, and the numbers seen: as intake makes them of events."""
    arrived_as: defaultdict[str, list[Seen]] = defaultdict(list)
    customers: defaultdict[str, set[str]] = defaultdict(set)
    numbers = []
    for offset, (event, arrived) in enumerate(sent):
        entry = entry_of(event, Place("vendor.tickets", 0, offset, arrived))
        arrived_as[entry.ticket].append(entry.seen)
        customers[entry.customer].add(entry.ticket)
        numbers.append(entry.seen.fact.sequence)
    return {ticket: join([], seen)[0] for ticket, seen in arrived_as.items()}, customers, runs(numbers)


def opening(facts: Sequence[Fact]) -> float | None:
    return next((fact.time for fact in facts if isinstance(fact.body, Opened)), None)


def observe(month: Month) -> Trial:
    """The cases of every ticket; nothing is said of the vendor yet."""
    tickets, customers, numbers = received(month.sent)
    ordered = {ticket: in_order(seen) for ticket, seen in tickets.items()}
    contract = month.contract
    cases: dict[str, list[Case]] = {}
    day = day_of(contract.time_zone)
    solved: Counter[int] = Counter()
    inside = set()
    for names in customers.values():
        for ticket in names:
            others = [neighbour(other, tickets[other]) for other in names if other != ticket]
            cases[ticket] = observed(tickets[ticket], ticket, others, contract, month.as_of)
            facts = ordered[ticket]
            at = opening(facts)
            if at is None or month.begin <= at < month.end:
                inside.add(ticket)
            first = [fact.time for fact in facts if isinstance(fact.body, StatusChanged) and fact.body.to in SOLVED]
            if first:
                solved[day(first[0])] += 1
    return Trial(month, cases, inside, solved, numbers)


@cache
def usual(seed: int) -> Cases:
    """How often another, plain vendor puts tickets down to the customer."""
    return observe(Month(PLAIN, seed)).tallies()["customer_blamed"]


def judge(trial: Trial, others: Cases) -> Trial:
    """The month's findings, as a ledger would come to them."""
    month, contract = trial.month, trial.month.contract
    patterns = contract.patterns
    day = day_of(contract.time_zone)
    tallies = trial.tallies()
    late = Counter(
        day(case.match.at)
        for ticket in trial.opened
        for case in trial.cases[ticket]
        if case.pattern == "backdated" and case.match is not None
    )
    tallies["backdated"] = backdated(late, DAYS, tallies["backdated"].n)
    tallies["gaps"] = gaps(trial.numbers, trial.numbers.spans[-1][1])
    last = day(month.end) - 1
    usual_days = range(day(month.begin), last - patterns.last_days + 1)
    tested = [
        *suspicions(tallies, patterns.allowed),
        mass_close(trial.solved, last, usual_days, patterns),
        customer_blamed(tallies["customer_blamed"], others, None, patterns, contract.minimum_n),
    ]
    found = judged([one for one in tested if one is not None], patterns, contract.minimum_n)
    trial.findings = {finding.suspicion.pattern: finding for finding in found}
    return trial


def trial(conduct: Conduct, seed: int) -> Trial:
    return judge(observe(Month(conduct, seed)), usual(seed))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--words", action="store_true", help="print every finding of the first seed in words")
    options = parser.parse_args()
    seeds = range(options.seeds)
    heads = ("pattern", "games", "share", "found", "else", "looks like it", "share", "accused")
    print(LINE.format(*heads))
    rows: list[tuple[str, Conduct, Conduct, Pattern | None]] = [
        (pattern, GAMES[pattern], LOOKALIKES[pattern], pattern) for pattern in CATALOG
    ]
    for name, gamer, honest, pattern in [*rows, ("every one", PLAIN, UNLUCKY, None)]:
        games = [trial(gamer, seed) for seed in seeds]
        seems = [trial(honest, seed) for seed in seeds]
        found = sum(pattern in one.accused for one in games)
        other = sum(bool(one.accused - {pattern}) for one in games)
        accused = sum(bool(one.accused) for one in seems)
        print(
            LINE.format(
                name, gamer.name, share(games, pattern), found, other, honest.name, share(seems, pattern), accused
            )
        )
        if options.words:
            for finding in games[0].findings.values():
                print("     ", finding.state, finding.words)


def share(trials: Sequence[Trial], pattern: Pattern | None) -> str:
    if pattern is None:
        return ""
    tested = [one.findings[pattern].suspicion for one in trials if pattern in one.findings]
    count, n = sum(one.count for one in tested), sum(one.n for one in tested)
    return f"{count / len(trials):.0f}/{n / len(trials):.0f} {count / n:.1%}" if n else "-"


if __name__ == "__main__":
    main()
