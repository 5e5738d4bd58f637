"""``undertow report``: the statement of a vendor and period as a file, from the topics or from a history."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import Any, Final

import click
import msgspec
from msgspec import Struct
from rich.console import Console
from rich.progress import track

from undertow import clients, topics
from undertow.adapters import ADAPTERS
from undertow.cli.feeds import feed, mapping_option, refused_words
from undertow.cli.options import broker_options, contracts, contracts_folder, settings
from undertow.cli.printing import rows_of
from undertow.domain.agreement.contract import Contract
from undertow.domain.agreement.periods import Period, holding
from undertow.domain.counting.ledger import Ledger
from undertow.domain.judging.findings import Finding
from undertow.domain.statements.selection import chosen
from undertow.domain.statements.statement import PeriodStatement, latest
from undertow.reports.forms import DRAWN, FORMATS, NoPdf, render, write
from undertow.reports.packed import Packed
from undertow.reports.pseudonyms import NoKey, pseudonyms
from undertow.settings import Settings
from undertow.stages import ledger as ledger_stage
from undertow.stages.records import Record, decode_finding
from undertow.stages.rereading import history
from undertow.stages.rereading.dossier import dossiers, findings_in
from undertow.stages.rereading.replay import Offline
from undertow.stages.statements import NotStated, Statements

_EPOCH: Final = date(1970, 1, 1).toordinal()
_MONTH: Final = re.compile(r"(\d{4})-(\d{2})")


class _Told(Struct):
    """All there is to draw a report from."""

    statements: Statements
    as_of: float
    findings: Iterable[Finding]
    """Read once."""
    rows: dict[bytes, bytes]


@click.command()
@click.argument("vendor")
@click.argument("source", required=False, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--period", "name", help="e.g. 2026-10, or for a rolling contract any of its days  [default: issued last]"
)
@click.option("--format", "form", type=click.Choice(FORMATS), default="html", show_default=True)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="file  [default: standard output]"
)
@click.option("--list", "listed", is_flag=True, help="only name the statements issued so far")
@click.option("--adapter", type=click.Choice(sorted(ADAPTERS)), help="format of SOURCE, instead of the topics")
@mapping_option
@contracts_folder("folder of contracts  [default: contracts; of a SOURCE the product's own terms]", default=None)
@click.option("--pseudonym-key", type=click.Path(dir_okay=False, path_type=Path), help="key for pseudonyms")
@broker_options
def report(
    vendor: str,
    source: Path | None,
    name: str | None,
    form: Any,
    output: Path | None,
    listed: bool,
    adapter: str | None,
    mapping: Path | None,
    folder: Path | None,
    pseudonym_key: Path | None,
    **cluster: Any,
) -> None:
    """Write the statement of VENDOR and a period: as it was issued, else as things stand.

    Read from the topics of a running installation, or with --adapter from the file or folder SOURCE. Customers appear
    under pseudonyms, so a key is needed: UNDERTOW_PSEUDONYM_KEY_FILE, UNDERTOW_PSEUDONYM_KEY or --pseudonym-key.

    \b
    Examples:
      undertow report acme --period 2026-10 -o acme-2026-10.html
      undertow report acme --period 2026-10 --format csv > findings.csv
      undertow report acme --list --broker kafka-1:9092
      undertow report servicenow incidents.csv.gz --adapter servicenow --period 2016-03 -o march.html
    """
    if (source is None) != (adapter is None):
        raise click.UsageError("SOURCE and --adapter go together; without both, the topics are read")
    if form == "pdf" and output is None and sys.stdout.isatty() and not listed:
        raise click.UsageError("a PDF is no text for a terminal: say -o FILE")
    try:
        names = pseudonyms(file=pseudonym_key) if not listed else None
        if source is not None and adapter is not None:
            agreed, told = _from_file(source, adapter, vendor, mapping, folder)
        else:
            agreed = contracts(folder if folder is not None else Path("contracts"))
            told = _from_topics(settings(cluster), agreed, vendor, rows=form in DRAWN and not listed)
        if listed:
            _list(told.statements.issued(vendor))
            return
        statement = _statement(told, vendor, name, agreed)
        own = Packed(told.findings, statement)
        page: bytes | None = None
        if form in DRAWN:  # whole, before a file is begun: it may not be possible to make one
            drawn = dossiers(told.rows, statement, chosen(own), agreed[vendor])
            page = render(statement, own, form, names=names, dossiers=drawn)
        with output.open("wb") if output is not None else nullcontext(click.get_binary_stream("stdout")) as out:
            if page is not None:
                out.write(page)
            else:
                write(out, statement, own, form, names=names)
    except (NotStated, NoKey, NoPdf) as error:
        raise click.UsageError(str(error)) from None
    if output is not None:
        number = f"statement {statement.number}" if statement.number else "not issued yet"
        click.echo(f"{output}: {vendor} {statement.period}, {number}, {len(own):,} findings", err=True)


def _statement(told: _Told, vendor: str, name: str | None, agreed: dict[str, Contract]) -> PeriodStatement:
    """The one asked for. Raises :class:`NotStated`."""
    if name is None:
        found = latest(told.statements.issued(vendor))
        if found is not None:
            return found
        if vendor in agreed:
            raise NotStated(f"no statement of {vendor} was issued yet: say --period for how a period stands")
    contract = agreed.get(vendor)
    period = _period(name or "", contract) if contract is not None else Period(0, 0)
    return told.statements.of(vendor, period, told.as_of)


def _period(name: str, contract: Contract) -> Period:
    """The days that a period's name means. Raises ``click.UsageError``."""
    try:
        if (month := _MONTH.fullmatch(name)) is not None:
            if contract.period == "rolling":
                words = f"{contract.vendor} is reported on over rolling days: name one of them, such as {name}-01"
                raise click.UsageError(f"--period: {words}")
            return holding("month", date(int(month[1]), int(month[2]), 1).toordinal() - _EPOCH)
        first, _, last = name.partition("..")
        begin = date.fromisoformat(first).toordinal() - _EPOCH
        if not last:
            return holding(contract.period, begin)
        period = Period(begin, date.fromisoformat(last).toordinal() - _EPOCH)
    except ValueError:
        raise click.UsageError(
            f"--period {name!r}: write a month such as 2026-10, or a day such as 2026-10-31"
        ) from None
    if period != holding(contract.period, begin):
        whole = holding(contract.period, begin)
        words = f"{date.fromordinal(whole.first + _EPOCH)}..{date.fromordinal(whole.last + _EPOCH)}"
        raise click.UsageError(f"--period {name!r}: the period that holds its first day is {words}")
    return period


def _list(issued: Iterable[PeriodStatement]) -> None:
    count = 0
    for count, one in enumerate(issued, start=1):  # noqa: B007 - how many there were
        changed = f"; adjusts {', '.join(each.period for each in one.adjustments)}" if one.adjustments else ""
        click.echo(f"{one.number:>4}  {one.period}  {one.hash[:16]}{changed}")
    if not count:
        click.echo("no statement was issued yet", err=True)


def _from_file(
    source: Path, adapter: str, vendor: str, mapping: Path | None, folder: Path | None
) -> tuple[dict[str, Contract], _Told]:
    read = feed(adapter, None if mapping is not None else vendor, mapping)
    agreed = contracts(folder) if folder is not None else {read.vendor: Contract(vendor=read.vendor)}
    if vendor not in agreed:
        raise NotStated(f"no contract names the vendor {vendor!r}; there are contracts of {', '.join(sorted(agreed))}")
    agreed = {name: msgspec.structs.replace(one, keep_all=True) for name, one in agreed.items()}
    quiet = not sys.stderr.isatty()
    shown = track(
        read.messages(source), f"reading {source.name}", console=Console(stderr=True), transient=True, disable=quiet
    )
    book = Offline(agreed)
    records = (
        Record(source.name, 0, line, int(message.time * 1000), message.value) for line, message in enumerate(shown)
    )
    statements = history.fold(book, records, recorded=True)
    if read.refused:
        click.echo(refused_words(read.refused), err=True)
    findings = map(decode_finding, book.findings.values())
    return agreed, _Told(statements, book.ledger.as_of or 0.0, findings, book.rows)


def _from_topics(chosen_settings: Settings, agreed: dict[str, Contract], vendor: str, *, rows: bool) -> _Told:
    ledger = Ledger()
    statements = Statements(ledger, agreed)
    for record in _records(chosen_settings, topics.STATEMENTS):
        statements.fold(record.value)
    for record in _records(chosen_settings, topics.CELLS):
        if record.value is not None:
            ledger_stage.fold(ledger, record.value)
    found = findings_in(((one.key, one.value) for one in _records(chosen_settings, topics.FINDINGS)), vendor)
    kept = rows_of(chosen_settings, vendor) if rows else {}
    if ledger.as_of is None and vendor in agreed:
        raise NotStated("nothing was judged yet: is the worker running, and has it read anything?")
    return _Told(statements, ledger.as_of or 0.0, found, kept)


def _records(chosen_settings: Settings, topic: str) -> Iterator[Any]:
    yield from clients.read(chosen_settings, topics.name(chosen_settings, topic))
