"""How differently segments of customers fared in one period, from its cells."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from undertow.domain.agreement.contract import Contract
from undertow.domain.counting.ledger import Cells, Rate
from undertow.domain.figures.equity import Counted, Equity, Stratum, equity
from undertow.domain.statements.statement import Fairness, Served, Share, share
from undertow.domain.statistics.rounding import points


def fairness(own: Cells, contract: Contract) -> Fairness | None:
    """Hidden dissatisfaction by segment; None where the contract tells none apart."""
    if not contract.segments:
        return None
    mixes: dict[str, dict[Stratum, Counted]] = {}
    for key, cell in own.items():
        mix = mixes.setdefault(key.segment, {})
        for tally, n in cell.tallies.items():
            if tally.kind in {"mix", "mix_bad"}:
                stratum = Stratum(tally.name, tally.label)
                before = mix.get(stratum, Counted(0, 0))
                bad = tally.kind == "mix_bad"
                mix[stratum] = Counted(before.bad + n * bad, before.n + n * (not bad))
    # strata in one order, for sums of floats must not depend on the order of cells
    found = equity({name: dict(sorted(mixes[name].items(), key=repr)) for name in sorted(mixes)}, contract.minimum_n)
    served = tuple(Served(name, _bad(mixes[name])) for name in sorted(mixes))
    return _gap(found, served, contract.minimum_n)


def _bad(mix: Mapping[Stratum, Counted]) -> Share:
    return share(Rate(sum(one.bad for one in mix.values()), sum(one.n for one in mix.values())))


def _gap(found: Equity, served: tuple[Served, ...], minimum_n: int) -> Fairness:
    gap = found.standardised or found.raw
    if gap is None:
        words = f"cannot tell yet: fewer than two segments have {minimum_n} tickets reported as met"
        return Fairness(segments=served, words=words)
    same_mix = gap is found.standardised
    mix = "with the same mix of tickets" if same_mix else "whatever the mix of tickets"
    if gap.shown:
        words = f"{gap.worst.segment} is served worse than {gap.best.segment} by at least {points(gap.low)}, {mix}"
    else:
        words = f"no difference between segments that chance would not make, {mix}"
    low, high = (round(x, 6) if isfinite(x) else None for x in (gap.low, gap.high))
    return Fairness(
        segments=served,
        worst=gap.worst.segment,
        best=gap.best.segment,
        difference=round(gap.difference, 6),
        low=low,
        high=high,
        same_mix=same_mix,
        words=words,
    )
