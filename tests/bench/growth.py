"""``make bench-growth``: what an event costs and a ticket weighs with more and more of them in. Stages only, no broker.

The processes fold in turn, a round each, so that a slower minute of the machine falls on every size alike.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from typing import Any

from bench.job import PATHS
from bench.results import part, say
from bench.steady import FACTS, TICKETS_A_CUSTOMER

SIZES = [int(size) for size in os.environ.get("SIZES", "10000,100000,1000000").split(",")]
ROUNDS = int(os.environ.get("ROUNDS", "30"))
POSITIONS = 480
"""Of the feed, a round: about 3,900 events, settled once. Many short rounds: their ratios hardly notice other processes."""
BUSY = 5_000
"""Tickets of a busy customer."""


class Grown:
    """One process with a state."""

    def __init__(self, tickets: int, customers: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.grown", str(tickets), str(customers)],
            env={**os.environ, "PYTHONPATH": PATHS},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.rounds: list[float] = []

    def answer(self) -> dict[str, Any]:
        """Its next line."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the process ended with {self.process.wait()}; its words are above")
        found: dict[str, Any] = json.loads(line)
        return found

    def fold(self) -> None:
        """One round."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{POSITIONS}\n")
        self.process.stdin.flush()
        self.rounds.append(self.answer()["cpu_us_per_event"])

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


def over(rounds: list[float], base: list[float]) -> float:
    """The median of the ratios of rounds that ran one after another."""
    return round(statistics.median(a / b for a, b in zip(rounds, base, strict=True)), 3)


def main() -> None:
    few = SIZES[0]
    plans = [(size, size // TICKETS_A_CUSTOMER) for size in SIZES] + [(few, max(1, few // BUSY))]
    grown: list[Grown] = []
    try:
        with part("growth") as found:
            states = []
            for tickets, customers in plans:
                say(f"folding {tickets:,} tickets of {customers:,} customers")
                grown.append(Grown(tickets, customers))
                states.append(grown[-1].answer())
            for turn in range(ROUNDS):
                for one in grown:
                    one.fold()
                if (turn + 1) % 5 == 0:
                    say(f"{turn + 1}/{ROUNDS}: {[one.rounds[-1] for one in grown]} us CPU an event")
            base = grown[0].rounds
            found["states"] = [
                state | {"cpu_us_per_event": one.rounds, "over_the_smallest": over(one.rounds, base)}
                for state, one in zip(states, grown, strict=True)
            ]
            found["facts_a_ticket"] = FACTS
            small, large = states[max(0, len(SIZES) - 2)], states[len(SIZES) - 1]
            if large is not small:
                more = large["tickets"] - small["tickets"]
                found["bytes_a_ticket"] = round((large["rss_bytes"] - small["rss_bytes"]) / more)
                found["row_bytes_a_ticket"] = round((large["row_bytes"] - small["row_bytes"]) / more)
            for one in grown:
                one.close()
    finally:
        for one in grown:
            one.close()
    for state in found["states"]:
        median = statistics.median(state["cpu_us_per_event"])
        each = state["tickets"] / state["customers"]
        words = f"{state['tickets']:>9,} tickets, {each:5.0f} a customer: {median:6.2f} us CPU an event"
        sys.stdout.write(f"{words}, {state['over_the_smallest']} of the smallest\n")
    if "bytes_a_ticket" in found:
        words = f"a ticket with its {FACTS:.1f} facts weighs {found['bytes_a_ticket']:,} bytes"
        sys.stdout.write(f"{words}, of which its row is {found['row_bytes_a_ticket']:,}\n")


if __name__ == "__main__":
    main()
