"""``undertow gaps``: what every vendor reports against what was recomputed, from a running worker or from the topics."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import click
from msgspec import Struct
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console
from rich.table import Table

from undertow import clients, exits, topics
from undertow.cli.options import broker_options, contracts, contracts_folder, settings
from undertow.cli.standings import gap_table, in_json
from undertow.domain.agreement.contract import Contract
from undertow.domain.counting.ledger import ALL, Ledger
from undertow.domain.standing import Overview
from undertow.settings import Settings
from undertow.stages import ledger as ledger_stage
from undertow.stages.ledger import Speaker
from undertow.terminal import plain

MOST_METRICS: Final = 64 * 1024 * 1024
"""Bytes of a worker's answer that are read."""
_GAP: Final = "undertow_gap_"


class Shown(Struct, frozen=True, kw_only=True):
    """A vendor's measure over all tickets and all time, as a worker exposes it. Ratios 0 to 1, None while unknown."""

    vendor: str
    measure: str
    pairs: int
    reported: float | None = None
    actual: float | None = None
    gap: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None


@click.command()
@click.option("--worker", "url", metavar="URL", help="read a running worker's /metrics, such as http://127.0.0.1:9464")
@contracts_folder("folder of contracts; of a worker it is not asked for")
@click.option("--vendor", help="only this vendor")
@click.option("--json", "as_json", is_flag=True, help="one JSON object instead of tables")
@broker_options
def gaps(url: str | None, folder: Path, vendor: str | None, as_json: bool, **cluster: Any) -> None:
    """Show each vendor's gaps: reported against actual over the same tickets, all segments, over all time.

    Without --worker they are added up from undertow.cells, with causes; a worker tells its figures as it exposes them.

    \b
    Examples:
      undertow gaps --contracts contracts/ --broker kafka-1:9092
      undertow gaps --worker http://127.0.0.1:9464 --json
    """
    if url is not None:
        found = [one for one in shown(_metrics(url)) if vendor in {None, one.vendor}]
        if not found:
            _nothing("the worker exposes no gap: does it own the ledger, and has it judged any claim?")
        _from_worker(found, as_json=as_json)
        return
    agreed = contracts(folder)
    if vendor is not None and vendor not in agreed:
        raise click.UsageError(
            f"no contract names the vendor {vendor!r}; there are contracts of {', '.join(sorted(agreed))}"
        )
    overview = _overview(settings(cluster), agreed)
    if overview.as_of is None:
        _nothing("nothing was judged yet: is a worker running, and has it read anything?")
    _from_topics(overview, agreed, vendor, as_json=as_json)


def shown(metrics: str) -> list[Shown]:
    """The gaps in the text of ``/metrics``, by vendor and measure."""
    values: dict[tuple[str, str], dict[str, float]] = {}
    for family in text_string_to_metric_families(metrics):
        for sample in family.samples:
            labels = sample.labels
            if sample.name.startswith(_GAP) and (labels.get("window"), labels.get("segment")) == (ALL, ALL):
                known = values.setdefault((labels["vendor"], labels["measure"]), {})
                known[sample.name.removeprefix(_GAP)] = sample.value
    return [
        Shown(
            vendor=vendor,
            measure=measure,
            pairs=int(known.get("eligible_tickets", 0)),
            reported=known.get("reported_ratio"),
            actual=known.get("actual_ratio"),
            gap=known.get("ratio"),
            low=known.get("ratio_low"),
            high=known.get("ratio_high"),
            p=known.get("chance_ratio"),
        )
        for (vendor, measure), known in sorted(values.items())
    ]


def _metrics(url: str) -> str:
    if urlsplit(url).scheme not in {"http", "https"}:
        raise click.UsageError(f"--worker {url!r} is no address: write one such as http://127.0.0.1:9464")
    try:
        with urlopen(url.rstrip("/") + "/metrics", timeout=10) as answer:  # noqa: S310 - the scheme was looked at
            text: str = answer.read(MOST_METRICS).decode()
    except (URLError, OSError, ValueError) as error:
        click.echo(f"undertow: no answer from the worker at {url}: {error}", err=True)
        sys.exit(exits.FAILED)
    return text


def _overview(chosen: Settings, agreed: Mapping[str, Contract]) -> Overview:
    """How every vendor stands, by the ledger's own functions over the topic of cells."""
    ledger = Ledger()
    for record in clients.read(chosen, topics.name(chosen, topics.CELLS)):
        if record.value is not None:
            ledger_stage.fold(ledger, record.value)
    return Speaker(ledger, agreed).state()


def _from_topics(overview: Overview, agreed: Mapping[str, Contract], vendor: str | None, *, as_json: bool) -> None:
    assert overview.as_of is not None
    when = datetime.fromtimestamp(overview.as_of, UTC)
    chosen = [one for one in overview.standings if vendor in {None, one.vendor}]
    if as_json:
        said = {one.vendor: in_json(one, agreed[one.vendor])["comparisons"] for one in chosen}
        click.echo(json.dumps({"as_of": when.isoformat(), "vendors": said}, indent=2))
        return
    console = Console()
    console.print(f"All time, judged as of {when:%Y-%m-%d %H:%M} UTC", highlight=False)
    for one in chosen:
        table = gap_table(one, agreed[one.vendor])
        console.print(table if table is not None else f"{plain(one.vendor)}: nothing is claimed")


def _from_worker(found: Iterable[Shown], *, as_json: bool) -> None:
    if as_json:
        vendors: dict[str, list[dict[str, Any]]] = {}
        for one in found:
            told = {name: getattr(one, name) for name in one.__struct_fields__ if name != "vendor"}
            vendors.setdefault(one.vendor, []).append(told)
        click.echo(json.dumps({"vendors": vendors}, indent=2))
        return
    table = Table(title="Claims against actuals, over the same tickets, all time", title_justify="left")
    table.add_column("vendor")
    table.add_column("measure", no_wrap=True)
    for column in ("reported", "actual", "gap", "95 % interval", "n"):
        table.add_column(column, justify="right", no_wrap=True)
    rows = list(found)
    for one in rows:
        interval = "" if one.low is None or one.high is None else f"{100 * one.low:+.1f} to {100 * one.high:+.1f}"
        gap = "unknown" if one.gap is None else f"{100 * one.gap:+.1f}"
        row = (_percent(one.reported), _percent(one.actual), gap, interval, f"{one.pairs:,}")
        table.add_row(plain(one.vendor), one.measure, *row)
    console = Console()
    console.print(table)
    console.print("Gaps in points; above 0 the vendor reports too much.", highlight=False)
    if any(one.gap is None for one in rows):
        why = "no claim could be checked yet, as where no target is agreed, or the feed lacks what it takes."
        console.print(f"Unknown: {why}", highlight=False)


def _nothing(words: str) -> None:
    click.echo(f"undertow: {words}", err=True)
    sys.exit(exits.FAILED)


def _percent(ratio: float | None) -> str:
    return "unknown" if ratio is None else f"{ratio:.1%}"
