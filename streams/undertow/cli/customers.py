"""``undertow customers``: whom to call, from the topics of a running installation. For the business, never for a vendor."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from undertow import clients, topics
from undertow.cli.options import broker_options, settings
from undertow.domain.customers.calls import NOBODY, Call
from undertow.stages.night import Night
from undertow.stages.records import decode_for_ledger
from undertow.terminal import safe

SHOWN = 20
"""Customers in the table."""
EPOCH = date(1970, 1, 1)
COLUMNS = (
    "customer", "vendor", "ticket", "ticket_ended", "first_active", "last_active", "active_days", "alive", "silent_30d",
    "value_a_day", "at_risk",
)  # fmt: skip


@click.command()
@click.option("--vendor", help=f"only who stopped after a ticket of this vendor; {NOBODY!r} for who stopped after none")
@click.option("--top", type=click.IntRange(1), help=f"how many to show  [default: {SHOWN}; with --csv and --json all]")
@click.option("--csv", "as_csv", is_flag=True, help="a table for a spreadsheet instead")
@click.option("--json", "as_json", is_flag=True, help="one JSON object instead")
@broker_options
def customers(vendor: str | None, top: int | None, as_csv: bool, as_json: bool, **cluster: Any) -> None:
    """List the customers to call: who has probably left, those whose loss costs most first.

    The workers find them once a day, from what customers did; the ticket beside each is the one after which it was not
    seen any more. Customers are named as your own systems name them: this list is for you, not for a vendor.

    \b
    Examples:
      undertow customers --broker kafka-1:9092
      undertow customers --vendor acme --csv > call.csv
    """
    if as_csv and as_json:
        raise click.UsageError("either --csv or --json")
    chosen = settings(cluster)
    night = Night(chosen.casebook_partitions)
    for record in clients.read(chosen, topics.name(chosen, topics.CELLS)):
        if record.value is not None:
            night.fold(decode_for_ledger(record.value))
    today = night.evaluated_as_of
    listed = [one for one in night.listed() if vendor is None or (one.vendor or NOBODY) == vendor]
    if as_json:
        found = {"as_of": None if today is None else _date(today - 1), "customers": [_row(one) for one in listed[:top]]}
        click.echo(json.dumps(found, indent=2))
    elif as_csv:
        writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: _harmless(value) for name, value in _row(one).items()} for one in listed[:top])
    elif today is None:
        click.echo("no customer has been evaluated yet: the workers do so once a day, when they know of any activity")
    else:
        _print(listed, top or SHOWN, today)


def _date(day: int) -> str:
    return (EPOCH + timedelta(days=day)).isoformat()


def _row(one: Call) -> dict[str, Any]:
    return {
        "customer": one.customer,
        "vendor": one.vendor,
        "ticket": one.ticket,
        "ticket_ended": None if one.ended is None else _date(one.ended),
        "first_active": _date(one.first_day),
        "last_active": _date(one.last_day),
        "active_days": one.active_days,
        "alive": round(one.alive, 6),
        "silent_30d": round(one.silent, 6),
        "value_a_day": round(one.value, 2),
        "at_risk": round(one.at_risk, 2),
    }


def _harmless(value: object) -> object:
    """A spreadsheet takes text that begins like a formula for one."""
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value


def _print(listed: Sequence[Call], top: int, today: int) -> None:
    console = Console()
    if not listed:
        console.print(f"as of the end of {_date(today - 1)} nobody who was active lately has probably left")
        return
    table = Table(title=f"Call these first, as of the end of {_date(today - 1)}", title_justify="left")
    table.add_column("customer", overflow="fold")
    table.add_column("stopped after", overflow="fold")
    for column in ("last active", "still here", "silent 30 d more", "at risk a year"):
        table.add_column(column, justify="right")
    for one in listed[:top]:
        table.add_row(
            safe(one.customer),
            "no ticket" if one.vendor is None else safe(f"{one.vendor} {one.ticket}"),
            _date(one.last_day),
            f"{one.alive:.1%}",
            f"{one.silent:.1%}",
            f"{one.at_risk:,.2f}",
        )
    console.print(table)
    if len(listed) > top:
        console.print(f"and {len(listed) - top:,} more; --top shows them", highlight=False)
