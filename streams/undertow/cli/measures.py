"""``undertow measures``: every ticket's every measure on both clocks, the tool an analyst checks us with."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.progress import track

from undertow import contracts as contract_files
from undertow.adapters import ADAPTERS
from undertow.cli.feeds import feed, mapping_option, refused_words
from undertow.contracts import AGREED, BadContract
from undertow.domain.agreement.contract import Contract
from undertow.domain.agreement.readings import Reading
from undertow.domain.measuring.sheets import PROMISES, Line, sheet
from undertow.reports.rows import harmless
from undertow.stages.rereading.measuring import Archive, Dossier
from undertow.terminal import visible

COLUMNS: Final = (
    "vendor",
    "ticket",
    "customer",
    "measure",
    "state",
    "calendar_seconds",
    "business_seconds",
    "value",
    "from",
    "to",
    "target_seconds",
    "met",
    "claimed_met",
    "claimed_seconds",
    "verdict",
    "cause",
)
_ANSWERS: Final[dict[str, dict[float | None, str]]] = {
    "first_contact_resolution": {1.0: "yes", 0.0: "no"},
    "csat": {1.0: "good", 0.0: "not good", None: "not rated"},
}
_COUNTS: Final = frozenset({"hand_offs", *(f"promise_{name}" for name in PROMISES)})
_ROW: Final = "  {:<24} {:>13} {:>13} {:>18}"


@click.command()
@click.argument("source", metavar="SOURCE", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--adapter", type=click.Choice(sorted(ADAPTERS)), required=True, help="format of SOURCE, a file or folder"
)
@mapping_option
@click.option(
    "--vendor", help="vendor's name in a format that does not say it  [default: the contract's, or the adapter's]"
)
@click.option(
    "--contract",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="calendar, targets and readings; without it calendar days, no targets, the product's own reading",
)
@click.option(
    "--reading", "name", default=AGREED, show_default=True, help="one of the contract's readings, by its name"
)
@click.option("--ticket", "tickets", multiple=True, help="only this ticket; may be repeated")
@click.option("--as-of", help="measure as of this time  [default: when the follow-up of the last event has passed]")
@click.option("--csv", "as_csv", is_flag=True, help="one row a ticket and measure, on standard output")
def measures(
    source: Path,
    adapter: str,
    mapping: Path | None,
    vendor: str | None,
    file: Path | None,
    name: str,
    tickets: tuple[str, ...],
    as_of: str | None,
    as_csv: bool,
) -> None:
    """Compute every ticket's every measure on both clocks, beside targets, claims, verdicts and causes.

    Durations are seconds. A running measure is counted up to the time of measuring; what a feed lacks is unverifiable, what
    a ticket gives no occasion for is none. Counts (hand-offs, promises) stand under value, answers there as 1 and 0.

    \b
    Examples:
      undertow measures --adapter servicenow incidents.csv.gz --csv > measures.csv
      undertow measures --adapter zendesk export/ --contract acme.yaml --ticket 298
      undertow measures --adapter cloudevents events.jsonl --contract acme.yaml --reading helpdesk --csv
    """
    agreed = _contract(file)
    reading = _reading(agreed, name)
    read = feed(adapter, vendor or (agreed.vendor if agreed is not None else None), mapping)
    archive = Archive()
    quiet = not sys.stderr.isatty()
    shown = track(
        read.messages(source), f"reading {source.name}", console=Console(stderr=True), transient=True, disable=quiet
    )
    for place, message in enumerate(shown):
        archive.take(place, message.value)
    terms = {agreed.vendor: agreed} if agreed is not None else {v: Contract(vendor=v) for v in archive.vendors()}
    until = _until(as_of, archive, terms.values())
    lines = (
        (dossier, line)
        for dossier in sorted(archive.dossiers(terms, until), key=_order)
        if not tickets or dossier.ticket in tickets
        for line in sheet(dossier.course, dossier.contacts, terms[dossier.vendor], reading, until)
    )
    count = _write(lines) if as_csv else _print(lines, until)
    for words in _left_out(archive, terms, count, tickets):
        click.echo(words, err=True)
    if read.refused:
        click.echo(refused_words(read.refused), err=True)


def _contract(file: Path | None) -> Contract | None:
    if file is None:
        return None
    try:
        return contract_files.read(file, file.name).contract
    except BadContract as error:
        raise click.UsageError(str(error)) from None


def _reading(agreed: Contract | None, name: str) -> Reading:
    if name == AGREED:
        return agreed.reading if agreed is not None else Reading()
    known = {} if agreed is None else agreed.readings
    if name not in known:
        words = f"the contract names {', '.join(sorted(known))}" if known else "readings are named in a --contract"
        raise click.UsageError(f"no reading is called {name!r}: {words}; '{AGREED}' is the agreed one")
    return known[name]


def _until(as_of: str | None, archive: Archive, terms: Iterable[Contract]) -> float:
    try:
        said = contract_files.instant(as_of)
    except ValueError as error:
        raise click.UsageError(f"--as-of: {error}") from None
    if said is not None:
        return said
    fixed = [contract.as_of for contract in terms if contract.as_of is not None]
    return min(fixed) if fixed else archive.last_event_time + max([c.follow_up for c in terms], default=0.0)


def _write(lines: Iterable[tuple[Dossier, Line]]) -> int:
    """The rows of the CSV file; how many tickets they tell of."""
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(COLUMNS)
    seen = set()
    for dossier, line in lines:
        seen.add(dossier[:3])
        out.writerow([_plain(value) for value in (dossier.vendor, dossier.ticket, dossier.customer, *_cells(line))])
    return len(seen)


def _cells(line: Line) -> Iterator[Any]:
    yield from (line.measure, line.state, line.calendar, line.business, line.value)
    yield from (_when(line.start), _when(line.end), line.target, line.met, line.claimed_met, line.claimed)
    yield from (line.verdict, line.cause)


def _plain(value: Any) -> str:
    """Empty for unknown: it must not read as zero. Seconds to the microsecond, without zeros that say nothing. No formulas."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.6f}".rstrip("0").rstrip(".") if isinstance(value, float) else harmless(str(value))


def _when(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _print(lines: Iterable[tuple[Dossier, Line]], until: float) -> int:
    """The same for people, a ticket at a time, without what does not apply; how many tickets it tells of."""
    click.echo(f"as of {_when(until)}; + is still running")
    click.echo(_ROW.format("", "calendar", "business", "target").rstrip())
    before, seen = None, 0
    for dossier, line in lines:
        if dossier[:3] != before:
            before, seen = dossier[:3], seen + 1
            opened = _when(dossier.course.opened)
            click.echo(f"{dossier.vendor} {visible(dossier.ticket)}, opened {opened or 'at an unknown time'}")
        claim = _claim(line)
        if claim or not (line.state == "none" or (line.value == 0 and line.measure in _COUNTS)):
            click.echo(_ROW.format(line.measure, *_shown(line)).rstrip())
        if claim:
            click.echo(f"    claimed {claim}")
    if not seen:
        click.echo("no ticket was found")
    return seen


def _shown(line: Line) -> tuple[str, str, str]:
    """Calendar time (or what there is instead), business time, target."""
    target = f"{span(line.target)} {_word(line.met)}".strip()
    if line.calendar is not None:
        running = "+" if line.state == "running" else ""
        return span(line.calendar) + running, span(line.business) + running, target
    if line.measure in _ANSWERS and line.state == "ended":
        return _ANSWERS[line.measure][line.value], "", target
    if line.value is not None:
        return f"{line.value:g}", "", target
    return "" if line.state == "ended" else line.state, "", target


def _claim(line: Line) -> str:
    """What the vendor says, the verdict on it, and the reading under which it would be true."""
    if line.claimed_met is None:
        return ""
    said = f"{_word(line.claimed_met)} {span(line.claimed)}".strip()
    return f"{said}: {line.verdict}{f', {line.cause}' if line.cause is not None else ''}"


def span(seconds: float | None) -> str:
    """A duration for people: ``3d 04:05``, ``04:05:06``; empty for none."""
    if seconds is None:
        return ""
    whole = int(seconds)
    hours, minutes = whole // 3600 % 24, whole // 60 % 60
    if whole >= 86_400:
        return f"{whole // 86_400}d {hours:02}:{minutes:02}"
    return f"{hours:02}:{minutes:02}:{whole % 60:02}"


def _word(met: bool | None) -> str:
    return "" if met is None else "met" if met else "missed"


def _order(dossier: Dossier) -> tuple[str, float, str]:
    """By vendor, then as the tickets were opened."""
    return (dossier.vendor, dossier.course.opened or 0.0, dossier.ticket)


def _left_out(archive: Archive, terms: dict[str, Contract], count: int, tickets: tuple[str, ...]) -> Iterator[str]:
    """What the rows do not tell, and why."""
    others = archive.vendors() - set(terms)
    if others:
        yield f"left out: tickets of {visible(', '.join(sorted(others)))}; the contract is {', '.join(terms)}'s (see --vendor)"
    if tickets and count < len(set(tickets)):
        yield f"{len(set(tickets)) - count} of the tickets asked for were not found"
    if archive.refused:
        yield f"{len(archive.refused):,} records were refused; the first: {visible(str(archive.refused[0]))}"
