"""Holes in a feed's numbering, of the vendors who promised that there are none.

Only a whole feed shows them: a worker sees its own customers' events, so this runs where one process reads everything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from undertow.domain.agreement.contract import Contract
from undertow.domain.patterns.accusations import Cases, Examined, judged, suspicions
from undertow.domain.patterns.integrity import runs
from undertow.domain.patterns.periods import gaps
from undertow.stages.records import Entry


class Numbering:
    """Which numbers of each vendor's sources were seen."""

    def __init__(self, contracts: Mapping[str, Contract]) -> None:
        self._promised = {name: one for name, one in contracts.items() if one.patterns.numbering == "source"}
        self._seen: defaultdict[tuple[str, str], set[int]] = defaultdict(set)

    def take(self, entries: Iterable[Entry]) -> None:
        """Note the numbers of some events."""
        if not self._promised:
            return
        for entry in entries:
            if entry.vendor is not None and entry.vendor in self._promised:
                self._seen[entry.vendor, entry.seen.fact.source].add(entry.seen.fact.sequence)

    def examined(self, vendor: str) -> Examined | None:
        """What is said of the vendor's numbering; None where nothing was promised or numbered."""
        contract = self._promised.get(vendor)
        if contract is None:
            return None
        every = [gaps(runs(seen), max(seen)) for (name, _), seen in sorted(self._seen.items()) if name == vendor]
        found = Cases(sum(one.matched for one in every), sum(one.n for one in every))
        if not found.n:
            return None
        (one,) = judged(suspicions({"gaps": found}, contract.patterns.allowed), contract.patterns, contract.minimum_n)
        return one
