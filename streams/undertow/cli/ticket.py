"""``undertow ticket``: one ticket's timeline, and every clock of it with its working."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table

from undertow import clients, exits, topics
from undertow import contracts as contract_files
from undertow.adapters import ADAPTERS
from undertow.cli import rereading
from undertow.cli.feeds import feed, mapping_option
from undertow.cli.measures import span
from undertow.cli.options import broker_options, contracts, contracts_folder, settings
from undertow.contracts import AGREED
from undertow.contracts.words import reads
from undertow.domain.agreement.contract import Contract
from undertow.domain.agreement.readings import Reading
from undertow.domain.judging.working import Running, Working
from undertow.domain.tickets.facts import Seen
from undertow.settings import Settings
from undertow.stages.rereading.casefile import CaseFile, Facts
from undertow.stages.rows import CLOCK, ClockRow, decode, is_ticket
from undertow.terminal import safe


@click.command()
@click.argument("number", metavar="ID")
@click.argument("source", metavar="[SOURCE]", required=False, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--adapter",
    type=click.Choice(sorted(ADAPTERS)),
    help="format of SOURCE; without it the topics of a cluster are read",
)
@mapping_option
@click.option("--vendor", help="whose ticket, where several vendors use the number; of a SOURCE the vendor's name")
@click.option("--customer", help="whose ticket, where several customers have the number")
@click.option(
    "--reading", "reading_name", default=AGREED, show_default=True, help="one of the contract's readings, by name"
)
@click.option(
    "--as-of", help="as of this time  [default: now, or when the follow-up of a SOURCE's last event has passed]"
)
@contracts_folder("folder of contracts; without it, for a SOURCE, the product's own terms", default=None)
@click.option(
    "--json", "as_json", is_flag=True, help="one JSON object a ticket, one a line; seconds, and times since 1970"
)
@broker_options
def ticket(
    number: str,
    source: Path | None,
    adapter: str | None,
    mapping: Path | None,
    vendor: str | None,
    customer: str | None,
    reading_name: str,
    as_of: str | None,
    folder: Path | None,
    as_json: bool,
    **cluster: Any,
) -> None:
    """Show one ticket: its timeline, and each clock with its working, so that it can be added up by hand.

    \b
    Examples:
      undertow ticket 298 --vendor acme --contracts contracts/ --broker kafka-1:9092
      undertow ticket INC0000135 incidents.csv.gz --adapter servicenow --contracts contracts/
      undertow ticket 298 export/ --adapter zendesk --contracts contracts/ --reading helpdesk
    """
    if (adapter is None) != (source is None):
        raise click.UsageError("--adapter says what format SOURCE is in: give both or neither")
    if adapter is not None and source is not None:
        read = feed(adapter, vendor if mapping is None else None, mapping)
        agreed = rereading.terms(contracts(folder) if folder else None, read)
        facts, now = rereading.facts(agreed, read, source)
    elif folder is None:
        raise click.UsageError("say which --contracts were agreed")
    else:
        agreed = contracts(folder)
        facts, now = _from_topics(settings(cluster), number)
    now = _instant(as_of) or now
    names = [name for name in facts.named(number, vendor, customer) if name[0] in agreed]
    if not names:
        click.echo(
            f"undertow: no ticket {number} was found; --vendor and --customer narrow what is looked for", err=True
        )
        sys.exit(exits.FAILED)
    for name in names:
        contract = agreed[name[0]]
        until = now if contract.as_of is None else min(now, contract.as_of)
        case = facts.of(name, agreed, until)
        worked = case.workings(contract, _reading(contract, reading_name))
        if as_json:
            click.echo(msgspec.json.encode(_object(case, worked, contract, reading_name)).decode())
        else:
            _print(case, worked, contract, reading_name)


def _from_topics(chosen: Settings, number: str) -> tuple[Facts, float]:
    """The ticket's rows off the changelog, those of its customer's other tickets, and as of when the worker judged last."""
    rows: dict[bytes, bytes] = {}
    now = 0.0
    for record in clients.read(chosen, topics.changelog(chosen)):
        if record.key == CLOCK:
            row = decode(record.value) if record.value is not None else None
            now = max(now, row.as_of) if isinstance(row, ClockRow) else now
        elif record.key is not None and is_ticket(record.key):
            if record.value is None:
                rows.pop(record.key, None)
            else:
                rows[record.key] = record.value
    facts = Facts()
    facts.rows(rows, number)
    return facts, now


def _instant(text: str | None) -> float | None:
    try:
        return contract_files.instant(text)
    except ValueError as error:
        raise click.UsageError(f"--as-of: {error}") from None


def _reading(contract: Contract, name: str) -> Reading:
    if name == AGREED:
        return contract.reading
    if name not in contract.readings:
        known = ", ".join(sorted(contract.readings)) or "none"
        raise click.UsageError(f"no reading is called {name!r}; the contract of {contract.vendor} names {known}")
    return contract.readings[name]


def _object(case: CaseFile, worked: list[Working], contract: Contract, reading: str) -> dict[str, Any]:
    vendor, customer, number = case.name
    return {
        "vendor": vendor,
        "ticket": number,
        "customer": customer,
        "as_of": case.as_of,
        "contract": contract.version,
        "reading": reading,
        "events": [_event(one) for one in case.seen],
        "measures": worked,
        "outcomes": case.outcome,
        "promises": case.promises,
        "beside": sorted(case.others),
        "findings": [{"id": one.id, **msgspec.to_builtins(one)} for one in case.findings],
    }


def _event(one: Seen) -> dict[str, Any]:
    fact, place = one.fact, one.place
    what = msgspec.structs.asdict(fact.body)
    return {
        "time": fact.time,
        "type": _words(type(fact.body).__name__),
        **{name: value for name, value in what.items() if value is not None},
        "id": fact.id,
        "source": fact.source,
        "place": f"{place.topic}/{place.partition}/{place.offset}",
    }


def _words(name: str) -> str:
    """``StatusChanged`` as ``status changed``."""
    return "".join(f" {sign.lower()}" if sign.isupper() else sign for sign in name).strip()


def _print(case: CaseFile, worked: list[Working], contract: Contract, reading: str) -> None:
    console = Console(highlight=False)
    vendor, customer, number = case.name
    whose = f"customer {customer}" if customer is not None else "customer not known"
    console.print(f"[bold]{safe(f'{vendor} {number}')}[/], {safe(whose)}, as of {_when(case.as_of)} (times are UTC)")
    table = Table("time", "what", "read at", title_justify="left")
    for one in case.seen:
        said = _event(one)
        shown = {k: v for k, v in said.items() if k not in {"time", "type", "id", "source", "place"}}
        told = ", ".join(_said(name, value) for name, value in shown.items())
        table.add_row(_when(one.fact.time), safe(f"{said['type']}: {told}".rstrip(": ")), safe(said["place"]))
    console.print(table)
    chosen = _reading(contract, reading)
    console.print(f"Under the reading '{safe(reading)}' of contract {contract.version}:")
    for line in reads(chosen):
        console.print(f"  {line}", style="dim")
    for working in worked:
        for line in _worked(working, chosen):
            console.print(line)
    for line in _after(case):
        console.print(line)


def _said(name: str, value: object) -> str:
    """One thing an event says: times as times, yes or no as words."""
    if isinstance(value, bool):
        return name if value else f"not {name}"
    if name in {"resolved_at", "due"} and isinstance(value, float):
        return f"{name.replace('_', ' ')} {_when(value)}"
    return f"{name.replace('_', ' ')} {value}"


def _worked(one: Working, reading: Reading) -> Iterator[str]:
    yield f"[bold]{one.measure}[/] {_total(one)}".rstrip()
    for run in one.runs:
        yield from _run(run, reading)
    if one.claimed_met is not None:
        value = f" in {span(one.claimed)}" if one.claimed is not None else ""
        said = (one.verdict or "").replace("_", " ")
        yield f"  claimed {_met(one.claimed_met)}{value}: {said}{_why(one)}"


def _total(one: Working) -> str:
    if one.missing is not None:
        return f"cannot be told: the feed has no {one.missing}"
    if not one.known:
        return "is not known yet: the follow-up of the solve still runs"
    if one.calendar is None:
        return "" if one.met is None else f"as a whole: {_met(one.met)}"
    running = "" if one.ended else ", still running"
    target = "no target" if one.target is None else f"target {span(one.target)}"
    met = "" if one.met is None or one.target is None else f": {_met(one.met)}"
    return f"{span(one.calendar)} calendar, {span(one.business)} business{running}; {target}{met}"


def _run(run: Running, reading: Reading) -> Iterator[str]:
    for part in run.counted:
        end = _when(part.end) if part.end is not None else "now"
        yield f"  {_when(part.start)} to {end}: {_exact(part.calendar)} calendar, {_exact(part.business)} business"
    for stop in run.stops:
        end = _when(stop.end) if stop.end is not None else "now"
        why = "the customer had been asked" if stop.asked else "the customer had been asked nothing"
        does = "stops the clock" if stop.stopped else "does not stop the clock"
        yield f"  [dim]{_when(stop.start)} to {end}: {stop.status.replace('_', ' ')}, {why}: {does}[/]"
    if len(run.counted) > 1:
        yield f"  = {_exact(run.calendar)} calendar, {_exact(run.business)} business"
    for limit in run.limits:
        if limit.seconds is not None:
            yield f"  target from {_when(limit.start)}: {_exact(limit.seconds)} on the {reading.clock} clock"
    if run.deadline is not None:
        yield f"  used up at {_when(run.deadline)}"


def _why(one: Working) -> str:
    if one.cause is None:
        return ""
    if one.changes is None:
        return "; true under no reading"
    changes = ", ".join(
        f"{axis} {', '.join(value) if isinstance(value, tuple) else value}" for axis, value in one.changes.items()
    )
    then = f", which gives {span(one.then)}" if one.then is not None else ""
    return f"; true with {changes} ({one.cause}){then}"


def _after(case: CaseFile) -> Iterator[str]:
    found = case.outcome
    if found.solved_at is not None:
        said = [f"{one.outcome.replace('_', ' ')} at {_when(one.at)}" for one in found.signals]
        said += ["confirmed by nobody"] if found.unconfirmed else []
        mature = (
            "its follow-up is over" if found.mature else f"its follow-up runs until {_when(found.matures_at or 0.0)}"
        )
        yield f"[bold]after the solve[/] {', '.join(said) or 'nothing bad is known'}; {mature}"
    for promise in case.promises:
        yield f"  promise due {_when(promise.due)}: {promise.state} at {_when(promise.at)}"
    if case.others:
        yield f"  next to it: {safe(', '.join(sorted(case.others)))}"
    for one in case.findings:
        yield f"finding {one.id}: {safe((one.verdict or one.kind).replace('_', ' '))} {one.name.replace('_', ' ')}"


def _exact(seconds: float) -> str:
    """A duration by which one can reckon: ``04:05:06 (14,706 s)``."""
    return f"{span(seconds)} ({seconds:,.15g} s)"


def _met(met: bool) -> str:
    return "met" if met else "missed"


def _when(seconds: float) -> str:
    when = datetime.fromtimestamp(seconds, UTC)
    return f"{when:%Y-%m-%d %H:%M:%S}"
