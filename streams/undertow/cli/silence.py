"""What became of customers, as ``undertow replay`` shows it: lines for people, and everything as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from math import isfinite
from typing import Any, Final

from undertow.domain.counting.ledger import ALL
from undertow.domain.customers.night import CONTRASTS, Customers, Silence
from undertow.domain.customers.silence import HORIZONS
from undertow.domain.statistics.differences import Estimate

_EPOCH: Final = date(1970, 1, 1)
_TOLD: Final = HORIZONS[1]
"""Days of silence that a line is about; the JSON has every horizon."""
_NAMES: Final = {CONTRASTS[0]: "silence after a ticket", CONTRASTS[1]: "silence after a ticket that did not hold"}


def lines(found: Customers, vendor: str) -> Iterator[str]:
    """What there is to say of a vendor's customers, as console markup."""
    for silence in found.silences:
        if (silence.vendor, silence.segment, silence.excess.horizon) == (vendor, ALL, _TOLD):
            colour = "[red]" if silence.excess.clear else "[dim]"
            yield f"{colour}{vendor}: {_NAMES[silence.compared]}: {silence.words}[/]"
    for hidden in found.icebergs:
        if hidden.vendor == vendor:
            yield f"{vendor}: {hidden.words}"
    for calls in found.calls:
        if calls.vendor == vendor and calls.customers:
            yield f"{vendor}: {calls.customers:,} customers have probably left after one of its tickets"


def all_lines(found: Customers, vendors: Iterable[str], why: str | None) -> Iterator[str]:
    """Every vendor's, then the summary."""
    for vendor in vendors:
        yield from lines(found, vendor)
    yield summary(found, why)


def summary(found: Customers, why: str | None) -> str:
    """What there is to say of all of them. ``why`` no model could be fitted, where that is for want of a library."""
    as_of = f"Customers as of the end of {_date(found)}: {found.customers:,} with activity"
    if found.left is None:
        return f"{as_of}; who has left cannot be told ({why or 'too few came back on another day'})"
    return f"{as_of}, about {found.left:,.0f} have left, {likely(found):,} of them lately enough for a call"


def likely(found: Customers) -> int:
    """How many have probably left, and not long ago."""
    return sum(calls.customers for calls in found.calls)


def in_json(found: Customers | None) -> dict[str, Any] | None:
    """All of them, without any name: the list itself is ``undertow customers``."""
    if found is None:
        return None
    fit = found.fit
    model = None
    if fit is not None:
        model = {name: round(getattr(fit.model, name), 6) for name in ("r", "alpha", "a", "b")}
        model |= {"unit_days": fit.model.unit, "log_likelihood": round(fit.log_likelihood, 6)}
    known = found.left is not None
    return {
        "as_of": _date(found),
        "customers": found.customers,
        "model": model,
        "left": round(found.left, 1) if found.left is not None else None,
        "likely_left": likely(found) if known else None,
    }


def of_vendor(found: Customers | None, vendor: str) -> dict[str, Any]:
    """One vendor's part of the JSON."""
    if found is None:
        return {"silence": [], "iceberg": None, "likely_left": None}
    calls = {one.vendor: one for one in found.calls}
    return {
        "silence": [_silence(one) for one in found.silences if one.vendor == vendor],
        "iceberg": next(
            (
                {
                    "ratio": _estimate(one.iceberg.ratio),
                    "hidden": one.iceberg.heard.hidden,
                    "complained": one.iceberg.heard.complained,
                    "quiet": _estimate(one.iceberg.quiet),
                    "words": one.words,
                }
                for one in found.icebergs
                if one.vendor == vendor
            ),
            None,
        ),
        "likely_left": calls[vendor].customers if vendor in calls else None,
    }


def _silence(one: Silence) -> dict[str, Any]:
    shown = one.excess
    return {
        "segment": one.segment,
        "days": shown.horizon,
        "compared": one.compared,
        "customers": shown.customers,
        "controls": shown.controls,
        "needed": shown.needed,
        "silent": _estimate(shown.silent),
        "expected": _estimate(shown.expected),
        "excess": _estimate(shown.difference),
        "clear": shown.clear,
        "words": one.words,
    }


def _estimate(found: Estimate | None) -> dict[str, float | None] | None:
    if found is None:
        return None
    return {name: round(value, 6) if isfinite(value) else None for name, value in found._asdict().items()}


def _date(found: Customers) -> str:
    return (_EPOCH + timedelta(days=found.today - 1)).isoformat()
