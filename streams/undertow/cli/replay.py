"""``undertow replay``: history through the very same fold, without a worker."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import click
import msgspec
from rich.console import Console
from rich.table import Table

from undertow import clients, topics
from undertow.adapters import ADAPTERS, live
from undertow.cli import silence, stated
from undertow.cli.became import became_json, became_lines
from undertow.cli.feeds import Source, as_records, feed, mapping_option, refused_words
from undertow.cli.options import Duration, broker_options, contracts, contracts_folder, settings
from undertow.cli.standings import examined, gap_table, in_json, lines, rate_in_json
from undertow.contracts import instant
from undertow.domain.agreement.contract import DAY, Contract
from undertow.domain.counting.ledger import ALL, Figures, Rate
from undertow.domain.customers.night import Customers
from undertow.domain.standing import Overview
from undertow.domain.verdicts import Verdict
from undertow.stages.ledger import Speaker
from undertow.stages.records import KafkaRecord
from undertow.stages.rereading import history
from undertow.stages.rereading.replay import Offline
from undertow.terminal import STYLE, safe

SPAN = 2000
"""Records folded at a time."""


@click.command()
@click.argument("source", metavar="FILE|TOPIC")
@click.option(
    "--adapter",
    type=click.Choice(sorted(ADAPTERS)),
    help="format of FILE; without it SOURCE is a topic, or 'all' for every source topic and those the contracts name",
)
@click.option("--vendor", help="vendor's name in a format that does not say it  [default: the adapter's name]")
@mapping_option
@contracts_folder("folder of contracts; without it the defaults", default=None)
@click.option(
    "--solve-time",
    type=click.Choice(["row", "resolved_at"]),
    help="count repeat contacts from the status change or from the vendor's claim",
)
@click.option("--repeat-window", type=Duration(), help="e.g. 30d")
@click.option("--reopen-window", type=Duration(), help="e.g. 14d")
@click.option("--minimum-n", type=click.IntRange(1), help="below it the verdict is 'cannot tell yet'")
@click.option(
    "--as-of",
    help="judge as of this time (RFC 3339, UTC if it has no offset)  [default: when every follow-up has passed]",
)
@click.option(
    "--statements",
    "with_statements",
    is_flag=True,
    help="fold in order of arrival, and show each statement when it was due, with what changed after it",
)
@click.option("--json", "as_json", is_flag=True, help="one JSON object instead of the table")
@click.option(
    "--findings",
    "findings_file",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="write every finding there, one JSON object a line; 'undertow verify' checks them",
)
@broker_options
def replay(
    source: str,
    adapter: str | None,
    vendor: str | None,
    mapping: Path | None,
    folder: Path | None,
    solve_time: Literal["row", "resolved_at"] | None,
    repeat_window: float | None,
    reopen_window: float | None,
    minimum_n: int | None,
    as_of: str | None,
    with_statements: bool,
    as_json: bool,
    findings_file: Path | None,
    **cluster: Any,
) -> None:
    """Fold a file, or topics, offline and print each vendor's figures, outcomes, gaps and patterns over all time.

    \b
    Examples:
      undertow replay --adapter servicenow incidents.csv.gz --solve-time resolved_at
      undertow replay --adapter cloudevents events.jsonl --as-of 2026-06-30 --json
      undertow replay --adapter table export.csv --mapping acme.yaml
      undertow replay --adapter cloudevents events.jsonl --contracts contracts/ --statements
      undertow replay all --broker kafka-1:9092 --contracts contracts/
    """
    changed: dict[str, Any] = {
        "as_of": _instant(as_of),
        "solve_time": solve_time,
        "repeat_window": repeat_window,
        "reopen_window": reopen_window,
        "minimum_n": minimum_n,
        "keep_all": True,  # a history is judged as a whole
    }
    changed = {key: value for key, value in changed.items() if value is not None}
    records: Iterable[KafkaRecord]
    read: Source | None = None
    if adapter is not None:
        read = feed(adapter, vendor, mapping)
        agreed = contracts(folder) if folder else {read.vendor: Contract(vendor=read.vendor)}
        records = as_records(read, Path(source))
    elif folder is None:
        raise click.UsageError("a topic needs --contracts; a file needs --adapter")
    else:
        agreed = contracts(folder)
        records = _from_topics(source, agreed, cluster)
    agreed = {name: msgspec.structs.replace(contract, **changed) for name, contract in agreed.items()}
    # a file's records are events already, whatever the file is called
    space = cluster["namespace"]
    book = (
        Offline(agreed) if read is not None else Offline(agreed, live.dialects(agreed, space), space + topics.DISPUTES)
    )
    kept = history.fold(book, records, recorded=read is not None) if with_statements else None
    stream = iter(() if with_statements else records)
    while span := list(islice(stream, SPAN)):
        book.take(span)
    until = book.last_event_time + max(contract.follow_up for contract in agreed.values())
    book.tick(until)
    ledger = book.close()
    if findings_file is not None:
        findings_file.write_bytes(b"".join(value + b"\n" for _, value in sorted(book.findings.items())))
    overview = Speaker(ledger, agreed, book.last_event_time).state()
    customers = book.evaluate()
    judged_as_of = min((c.as_of for c in agreed.values() if c.as_of is not None), default=until)
    unread = read.refused if read is not None else []
    if as_json:
        found = _object(overview, book, customers, judged_as_of, len({bad.row for bad in unread}))
        if kept is not None:
            found["statements"] = {
                name: stated.in_json(kept, name, book.ledger.as_of or until) for name in sorted(agreed)
            }
        click.echo(json.dumps(found, indent=2))
    else:
        _print(overview, book, customers, judged_as_of)
        if kept is not None:
            for line in (
                line for name in sorted(agreed) for line in stated.lines(kept, name, book.ledger.as_of or until)
            ):
                Console().print(line)
    if unread:
        click.echo(refused_words(unread), err=True)


def _instant(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return instant(text)
    except ValueError as error:
        raise click.UsageError(f"--as-of: {error}") from None


def _from_topics(source: str, agreed: Mapping[str, Contract], cluster: dict[str, Any]) -> Iterator[KafkaRecord]:
    chosen = settings(cluster)
    names = topics.sources(chosen, topics.declared(agreed.values())) if source == "all" else [source]
    for name in names:
        yield from clients.read(chosen, name)


def _over_all(overview: Overview) -> list[tuple[Figures, Verdict]]:
    return [(row, said) for row, said in overview.figures if (row.window, row.segment) == (ALL, ALL)]


def _object(
    overview: Overview, book: Offline, customers: Customers | None, until: float, unread: int
) -> dict[str, Any]:
    standings = {standing.vendor: standing for standing in overview.standings}
    return {
        "as_of": datetime.fromtimestamp(until, UTC).isoformat(),
        "refused": len(book.letters) + unread,
        "duplicates": book.duplicates,
        "customers": silence.in_json(customers),
        "vendors": {
            row.vendor: _vendor(row, said, book)
            | in_json(standings[row.vendor], book.contracts[row.vendor])
            | became_json(standings[row.vendor], book.contracts[row.vendor])
            | silence.of_vendor(customers, row.vendor)
            | {"numbering": None if (one := book.numbering.examined(row.vendor)) is None else examined(one)}
            for row, said in _over_all(overview)
        },
    }


def _vendor(row: Figures, said: Verdict, book: Offline) -> dict[str, Any]:
    rates = {
        "reported_met": row.reported,
        "actual": row.actual,
        "reopened": row.reopened,
        "reopened_claimed": row.reopened_claimed,
        "repeat_contact": row.repeat_contact,
        "reported_met_but_bad": row.hidden,
    }
    chance = row.by_chance
    return {
        "tickets": row.tickets,
        "immature": row.immature,
        "claimed": row.reported.n,
        "reported_met": row.reported.count,
        "reopened": row.reopened.count,
        "reopened_claimed": row.reopened_claimed.count,
        "repeat_contact_eligible": row.repeat_contact.n,
        "repeat_contact": row.repeat_contact.count,
        "repeat_contact_by_chance": round(chance.count, 1),
        "reported_met_but_bad": row.hidden.count,
        "rates": {name: rate_in_json(rate) for name, rate in rates.items()}
        | {
            "repeat_contact_by_chance": {
                "value": None if chance.value is None else round(chance.value, 6),
                "n": chance.n,
            }
        },
        "verdict": {"colour": said.colour.value, "words": said.words, "limit": round(said.limit, 6)},
        "contract": {
            "solve_time": book.contracts[row.vendor].solve_time,
            "repeat_window_days": book.contracts[row.vendor].repeat_window / DAY,
            "reopen_window_days": book.contracts[row.vendor].reopen_window / DAY,
            "minimum_n": book.contracts[row.vendor].minimum_n,
        },
    }


def leaders_table(rows: Iterable[tuple[Figures, Verdict]], title: str) -> Table:
    """The leader's table: outside, inside, and what lies between. Fits 80 columns."""
    table = Table(title=title, title_justify="left", caption_justify="left")
    table.add_column("vendor")
    for column in ("reported", "actual", "hidden", "95 % interval", "by chance", "n"):
        table.add_column(column, justify="right", no_wrap=True)
    for row, said in rows:
        shown = (row.reported, row.actual, row.hidden)
        table.add_row(
            f"[{STYLE[said.colour]}]{row.vendor}[/]",
            *map(_percent, shown),
            _interval(row.hidden),
            _percent(row.by_chance),
            f"{row.hidden.n:,}",
        )
    return table


def verdict_lines(rows: Iterable[tuple[Figures, Verdict]]) -> list[str]:
    """Each vendor's verdict in words, as console markup."""
    return [f"[{STYLE[said.colour]}]{row.vendor}: {said.words}[/]" for row, said in rows]


def _percent(rate: Rate) -> str:
    return "unknown" if rate.value is None else f"{rate.value:.1%}"


def _interval(rate: Rate) -> str:
    return "" if rate.value is None else f"{rate.low:.1%} to {rate.high:.1%}"


def _print(overview: Overview, book: Offline, customers: Customers | None, until: float) -> None:
    rows = _over_all(overview)
    console = Console()
    when = datetime.fromtimestamp(until, UTC)
    console.print(leaders_table(rows, f"All time, judged as of {when:%Y-%m-%d %H:%M} UTC"))
    for line in verdict_lines(rows):
        console.print(line)
    of_vendor = {row.vendor: row for row, _ in rows}
    for standing in overview.standings:
        contract = book.contracts[standing.vendor]
        for line in became_lines(standing, of_vendor.get(standing.vendor), contract):
            console.print(line)
        if (table := gap_table(standing, contract)) is not None:
            console.print(table)
        for line in lines(standing, contract):
            console.print(line)
        if (numbers := book.numbering.examined(standing.vendor)) is not None and numbers.state == "found":
            console.print(f"[red]{standing.vendor}: {numbers.words}[/]")
    for line in silence.all_lines(customers, book.contracts, book.unfitted) if customers is not None else ():
        console.print(line)
    if not rows:
        console.print("no ticket was found: do the contracts name the vendors of this history?")
    if book.letters:
        letter = book.letters[0]
        console.print(
            f"{len(book.letters):,} records were refused; the first: {letter.reason} at "
            f"{safe(letter.field)} ({safe(letter.detail)})"
        )
