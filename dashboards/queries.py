"""Queries in the one form that every panel uses.

The figures come from the one worker that owns the ledger, but several workers are scraped, and while the partition moves two
scrapes can hold the same series: every gauge is therefore aggregated with ``max by (...)``, never summed over instances.
What each worker counts of its own part - feeds, letters, CPU - is summed.
"""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import prometheus
from grafana_foundation_sdk.models.dashboard import DataSourceRef
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

DATASOURCE: Final = DataSourceRef(type_val="prometheus", uid="${datasource}")
VENDOR: Final = 'vendor=~"$vendor"'
WINDOW: Final = f'{VENDOR},window="$window"'
ROW: Final = f'{VENDOR},segment="$segment",window="$window"'


def top(metric: str, by: str = "vendor", of: str = ROW) -> str:
    """The metric as the ledger's owner shows it, by some labels. ``of`` is the selector; ``metric`` lacks the prefix."""
    selector = f"{{{of}}}" if of else ""
    return f"max by ({by}) (undertow_{metric}{selector})" if by else f"max(undertow_{metric}{selector})"


def ones(metric: str, by: str, of: str) -> str:
    """Of a state set the state that holds."""
    return f"{top(metric, by, of)} == 1"


def increase(metric: str, by: str, of: str = "", over: str = "$__range") -> str:
    """How much a counter grew, over all workers."""
    return f"sum by ({by}) (increase(undertow_{metric}{{{of}}}[{over}]))"


def rate(metric: str, by: str, of: str = "") -> str:
    """A counter's growth a second, over all workers."""
    return f"sum by ({by}) (rate(undertow_{metric}{{{of}}}[$__rate_interval]))"


class Query:
    """An expression with its legend. ``table``: a row a series, as of now; ``instant``: one value, as of now."""

    def __init__(self, expr: str, legend: str = "", *, table: bool = False, instant: bool = False) -> None:
        self.expr, self.legend, self.table, self.instant = expr, legend, table, instant or table

    def target(self, ref: str) -> prometheus.Dataquery:
        """Grafana's form."""
        query = prometheus.Dataquery().expr(self.expr).ref_id(ref).legend_format(self.legend)
        query = query.datasource(DATASOURCE)
        if self.table:
            query = query.format(PromQueryFormat.TABLE)
        return query.instant() if self.instant else query.range()
