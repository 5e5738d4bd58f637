"""``undertow verify``: findings derived again from the very events they rest on."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.progress import track

from undertow import exits
from undertow.adapters import ADAPTERS
from undertow.cli import rereading
from undertow.cli.feeds import feed, mapping_option
from undertow.cli.options import broker_options, contracts, contracts_folder, settings
from undertow.domain.judging.findings import Finding
from undertow.stages.rereading.proof import NotStated, Proof, Stated, sealed, stated
from undertow.terminal import safe

MOST_SHOWN: Final = 20
"""Findings that differ and are told to people; the JSON tells all."""
_EPOCH: Final = date(1970, 1, 1).toordinal()


@click.command()
@click.argument("target", metavar="FINDING|STATEMENT|VENDOR|all")
@click.argument("source", metavar="[SOURCE]", required=False, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--adapter",
    type=click.Choice(sorted(ADAPTERS)),
    help="format of SOURCE, the file or folder that the events were imported from; without it they are read from the topics",
)
@click.option("--vendor", help="vendor's name in a format that does not say it  [default: the adapter's name]")
@mapping_option
@click.option("--period", metavar="PERIOD", help="only what was solved in that month (2026-10) or in days from..to")
@contracts_folder("folder of contracts; without it, for a SOURCE, the product's own terms", default=None)
@click.option("--json", "as_json", is_flag=True, help="one JSON object a finding, one a line")
@broker_options
def verify(
    target: str,
    source: Path | None,
    adapter: str | None,
    vendor: str | None,
    mapping: Path | None,
    period: str | None,
    folder: Path | None,
    as_json: bool,
    **cluster: Any,
) -> None:
    """Derive findings again from the events they rest on, or say exactly what differs. Exit code 0 only if all are verified.

    FINDING is an id; STATEMENT a file: 'undertow report --format json' or 'undertow replay --findings' writes it. VENDOR,
    or all, checks what stands on undertow.findings, or with a SOURCE everything that follows from it.

    \b
    Examples:
      undertow verify 5f0c2a9be1d34c77 --contracts contracts/
      undertow verify statement.json --contracts contracts/
      undertow verify acme --period 2026-10 --contracts contracts/ --broker kafka-1:9092
      undertow verify findings.jsonl incidents.csv.gz --adapter servicenow
    """
    if (adapter is None) != (source is None):
        raise click.UsageError("--adapter says what format SOURCE is in: give both or neither")
    chosen = settings(cluster)
    days = _days(period) if period is not None else None
    unsealed = ""
    asked: list[Stated] | None = None
    if Path(target).is_file():
        asked, unsealed = _from_file(Path(target), days)
    if adapter is not None and source is not None:
        read = feed(adapter, vendor, mapping)
        agreed = rereading.terms(contracts(folder) if folder else None, read)
        if asked is None:
            book = rereading.folded(agreed, read, source)
            known = {one.id: one.finding for value in book.findings.values() for one in stated(value)}
            asked = _chosen(target, known, days)
        proofs = rereading.proved_in_file(asked, agreed, read, source)
    else:
        if folder is None:
            raise click.UsageError("say under which --contracts the findings were made")
        agreed = contracts(folder)
        asked = asked if asked is not None else _chosen(target, rereading.published(chosen), days)
        proofs = rereading.proved_on_topics(asked, agreed, chosen)
    if not asked:
        click.echo(f"undertow: no finding was found for {target}{f' in {period}' if period else ''}", err=True)
        sys.exit(exits.FAILED)
    code = _tell(proofs, len(asked), as_json=as_json)
    if unsealed:
        click.echo(f"undertow: {unsealed}", err=True)
    sys.exit(exits.FAILED if unsealed else code)


def _from_file(path: Path, days: range | None) -> tuple[list[Stated], str]:
    """The findings in a file, and what is wrong with the statement that it holds, if it holds one."""
    content = path.read_bytes()
    try:
        found = stated(content)
    except NotStated as error:
        raise click.UsageError(f"{path.name}: {error}") from None
    wrong = "" if sealed(content) else f"{path.name}: the figures of the statement are not those its hash was made of"
    return [one for one in found if days is None or one.finding.day in days], wrong


def _chosen(target: str, known: dict[str, Finding], days: range | None) -> list[Stated]:
    """The findings asked for, in one order."""
    return [
        Stated(id, one)
        for id, one in sorted(known.items())
        if target in {"all", one.vendor, id} and (days is None or (one.day is not None and one.day in days))
    ]


def _days(period: str) -> range:
    """The days of a month, or from one day to another, as numbers: every period as a statement names it."""
    first, dots, last = period.partition("..")
    try:
        begin = date.fromisoformat(first if dots else f"{first}-01")
        if dots:
            end = date.fromisoformat(last) + timedelta(days=1)
        else:
            end = date(begin.year + begin.month // 12, begin.month % 12 + 1, 1)
    except ValueError:
        raise click.UsageError(
            f"--period {period!r} is no period: write a month as 2026-10, other days as 2026-10-01..2026-12-31"
        ) from None
    if end <= begin:
        raise click.UsageError(f"--period {period!r} ends before it begins: write the first day first")
    return range(begin.toordinal() - _EPOCH, end.toordinal() - _EPOCH)


def _tell(proofs: Iterable[Proof], count: int, *, as_json: bool) -> int:
    """Tell what came of each; the exit code."""
    console = Console()
    quiet = not sys.stderr.isatty()
    counted: Counter[tuple[str, str]] = Counter()
    differ: list[Proof] = []
    for proof in track(proofs, "verifying", total=count, console=Console(stderr=True), transient=True, disable=quiet):
        counted[proof.finding.name, "verified" if proof.verified else "differs"] += 1
        if not proof.verified:
            differ.append(proof)
        if as_json:
            click.echo(json.dumps(in_json(proof)))
    if not as_json:
        _summary(console, counted, differ)
    return exits.OK if not differ else exits.FAILED


def in_json(proof: Proof) -> dict[str, Any]:
    """What came of one finding."""
    one = proof.finding
    said = {"id": proof.id, "kind": one.kind, "name": one.name, "vendor": one.vendor, "ticket": one.ticket}
    return said | {"verified": proof.verified, "differences": list(proof.differences)}


def _summary(console: Console, counted: Counter[tuple[str, str]], differ: Sequence[Proof]) -> None:
    for proof in differ[:MOST_SHOWN]:
        one = proof.finding
        console.print(f"[red]{proof.id}[/] {safe(f'{one.vendor} {one.ticket}, {one.name}')}")
        for words in proof.differences:
            console.print(f"  {safe(words)}", highlight=False)
    if len(differ) > MOST_SHOWN:
        console.print(f"... and {len(differ) - MOST_SHOWN:,} more; --json tells all")
    for name in sorted({name for name, _ in counted}):
        good, bad = counted[name, "verified"], counted[name, "differs"]
        console.print(f"{name}: {good:,} of {good + bad:,} verified", highlight=False)
    total = sum(counted.values())
    good = total - len(differ)
    style = "green" if good == total else "red"
    console.print(f"[{style}]{good:,} of {total:,} findings verified[/]", highlight=False)
