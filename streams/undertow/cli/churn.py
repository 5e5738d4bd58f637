"""``undertow churn``: who has probably left, from a file, without Kafka."""

from __future__ import annotations

import json
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import click
from msgspec import Struct, field
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from undertow.adapters.activity import BadRow, Columns, rows
from undertow.adapters.message import Unreadable
from undertow.domain.customers import activity
from undertow.domain.customers.churn import CannotFit, Fit
from undertow.terminal import safe

if TYPE_CHECKING:
    from undertow.fitting.leaving import Check, Leaver, Leaving

EPOCH = date(1970, 1, 1)
UNITS = {"day": 1.0, "week": 7.0}
SHOWN = 20
"""Customers in the table."""
TELLING = 5
"""Refused rows that are told one by one."""
HOPELESS = 0.5
"""Share of refused rows from which the file as a whole is not what it should be."""


class Input(Struct):
    """What a file says."""

    days: dict[str, bytes] = field(default_factory=dict)
    """Packed active days by customer."""
    spent: dict[str, float] = field(default_factory=dict)
    """Sum of the values by customer; only of those with any."""
    rows: int = 0
    refused: int = 0
    after: int = 0
    """Rows later than the day it is judged as of."""
    last: int | None = None


@click.command()
@click.option(
    "--activity",
    "path",
    metavar="FILE",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV, plain or packed (.gz, .bz2, .xz, .zst); columns customer, date and, if known, value",
)
@click.option("--as-of", metavar="DATE", help="judge at the close of this day  [default: the last day in the file]")
@click.option("--ahead", type=click.IntRange(1, 3650), default=30, show_default=True, help="days to look ahead")
@click.option(
    "--below",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="list customers whose probability of still being there is lower",
)
@click.option("--within", metavar="DAYS", type=click.IntRange(1), help="list only those last active in this many days")
@click.option("--top", type=click.IntRange(1), help=f"how many to list  [default: {SHOWN}; with --json all]")
@click.option(
    "--model",
    "kind",
    type=click.Choice(["mbg", "bg"]),
    default="mbg",
    show_default=True,
    help="MBG/NBD, or BG/NBD (nobody without a repeat ever leaves)",
)
@click.option(
    "--unit", type=click.Choice(list(UNITS)), default="week", show_default=True, help="of the parameters and histories"
)
@click.option("--customer-column", default=Columns().customer, show_default=True)
@click.option("--date-column", default=Columns().date, show_default=True)
@click.option("--value-column", default=Columns().value, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="one JSON object instead of the table")
def churn(
    path: Path,
    as_of: str | None,
    ahead: int,
    below: float,
    within: int | None,
    top: int | None,
    kind: Literal["mbg", "bg"],
    unit: str,
    customer_column: str,
    date_column: str,
    value_column: str,
    as_json: bool,
) -> None:
    """List the customers who have probably left, those whose loss costs most first.

    One row of FILE is one activity: an order, a login. A model of how often customers come and when they stop is fitted on
    everybody, and says of each how likely it is still there. Needs numpy and scipy: pip install 'undertow[churn]'.

    \b
    Examples:
      undertow churn --activity orders.csv
      undertow churn --activity orders.csv.gz --as-of 2026-06-30 --within 180 --top 100
      undertow churn --activity logins.csv --date-column login_at --json > leaving.json
    """
    try:
        from undertow.fitting import Book, fit  # noqa: PLC0415 - scipy takes a second, and may be absent
        from undertow.fitting.leaving import check, leaving  # noqa: PLC0415
    except ImportError as error:
        raise click.UsageError(f"{error}; install what it needs: pip install 'undertow[churn]'") from None
    said = _read(path, Columns(customer_column, date_column, value_column), _day(as_of))
    if said.last is None:
        raise Unreadable(f"{path}: no activity" + (f" up to {as_of}" if as_of else ""))
    end = said.last if as_of is None else cast(int, _day(as_of))
    started = time.perf_counter()
    try:
        found = fit(Book.of(said.days.values(), end, UNITS[unit]), kind)
    except CannotFit as why:
        if as_json:
            click.echo(json.dumps({"as_of": _date(end), "model": None, "words": str(why)}))
        else:
            click.echo(str(why))
        return
    took = time.perf_counter() - started
    values = {name: spent / unpacked_days(said.days[name]) for name, spent in said.spent.items()}
    most = top if top is not None else None if as_json else SHOWN
    result = leaving(said.days, values, end, found, ahead=ahead, below=below, within=within, most=most)
    checked = check(list(said.days.values()), end, kind, UNITS[unit], ahead)
    if as_json:
        click.echo(json.dumps(_object(result, checked, said, end, ahead, took), indent=2))
    else:
        _print(result, checked, said, end, ahead, took, below)


def unpacked_days(packed: bytes) -> int:
    """How many active days a packed set has."""
    return activity.unpack(packed).bits.bit_count()


def _day(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return (date.fromisoformat(text) - EPOCH).days
    except ValueError:
        raise click.UsageError(f"--as-of: {text!r} is not a date; write it as 2026-12-31") from None


def _date(day: int) -> str:
    return (EPOCH + timedelta(days=day)).isoformat()


def _read(path: Path, columns: Columns, until: int | None) -> Input:
    """The file, folded row by row; what cannot be read is told and counted."""
    said = Input()
    quiet = not sys.stderr.isatty()
    shown = (SpinnerColumn(), TextColumn("reading {task.completed:,} rows"), TimeElapsedColumn())
    with Progress(*shown, console=Console(stderr=True), transient=True, disable=quiet) as progress:
        watched = progress.track(rows(path, columns), update_period=0.5)
        for row in watched:
            said.rows += 1
            if isinstance(row, BadRow):
                said.refused += 1
                if said.refused <= TELLING:
                    progress.console.print(f"{path}, row {row.number}: {row.reason}", markup=False, soft_wrap=True)
                continue
            day = row.at.toordinal() - EPOCH.toordinal()
            if until is not None and day > until:
                said.after += 1
                continue
            said.days[row.customer] = activity.add(said.days.get(row.customer, b""), day)
            said.last = day if said.last is None else max(day, said.last)
            if row.value is not None:
                said.spent[row.customer] = said.spent.get(row.customer, 0.0) + row.value
    if said.refused > TELLING:
        click.echo(f"{path}: {said.refused:,} of {said.rows:,} rows could not be read and do not count", err=True)
    if said.refused > HOPELESS * said.rows:
        raise Unreadable(f"{path}: {said.refused:,} of {said.rows:,} rows cannot be read: are these the right columns?")
    return said


def _object(result: Leaving, checked: Check | None, said: Input, end: int, ahead: int, took: float) -> dict[str, Any]:
    found = result.fit
    return {
        "as_of": _date(end),
        "rows": {"read": said.rows, "refused": said.refused, "after_as_of": said.after},
        "customers": result.customers,
        "repeating": found.repeating,
        "model": _model(found),
        "fit": {
            "log_likelihood": round(found.log_likelihood, 6),
            "seconds": round(took, 3),
            "evaluations": found.evaluations,
            "settled": found.settled,
            "bounded": list(found.bounded),
        },
        "check": None
        if checked is None
        else {
            "as_of": _date(checked.day),
            "customers": checked.customers,
            "expected_silent": round(checked.expected, 1),
            "silent": checked.seen,
        },
        "ahead_days": ahead,
        "probably_left": round(result.left, 1),
        "at_risk": round(result.at_risk, 2),
        "at_risk_unit": "value a year" if said.spent else "active days a year",
        "likely_left": result.likely_count,
        "listed": [_row(one) for one in result.likely],
    }


def _model(found: Fit) -> dict[str, Any]:
    model = found.model
    parameters = {name: round(getattr(model, name), 6) for name in ("r", "alpha", "a", "b")}
    return {"kind": model.kind, **parameters, "unit_days": model.unit}


def _row(one: Leaver) -> dict[str, Any]:
    return {
        "customer": one.customer,
        "first_active": _date(one.first_day),
        "last_active": _date(one.last_day),
        "repeats": one.history.repeats,
        "recency": round(one.history.recency, 6),
        "age": round(one.history.age, 6),
        "alive": round(one.alive, 6),
        "silent_ahead": round(one.silent, 6),
        "value_a_day": round(one.value, 2),
        "at_risk": round(one.at_risk, 2),
    }


def _print(
    result: Leaving, checked: Check | None, said: Input, end: int, ahead: int, took: float, below: float
) -> None:
    console, found, model = Console(), result.fit, result.fit.model
    cost = "value a year" if said.spent else "active days a year"
    table = Table(title=f"Call these first, as of {_date(end)}", title_justify="left")
    table.add_column("customer", overflow="fold")
    table.add_column("last active", justify="right", no_wrap=True)
    for column in ("days", "silent", "still here", f"silent {ahead} d more", cost):
        table.add_column(column, justify="right")
    for one in result.likely:
        table.add_row(
            safe(one.customer),
            _date(one.last_day),
            f"{one.history.repeats + 1:,}",
            f"{end - one.last_day:,} d",
            f"{one.alive:.1%}",
            f"{one.silent:.1%}",
            f"{one.at_risk:,.2f}",
        )
    if result.likely:
        console.print(table)
    else:
        console.print(f"no customer is less than {below:.0%} likely to be still here")
    more = result.likely_count - len(result.likely)
    lines = [f"and {more:,} more; --top shows them"] if more else []
    lines.append(
        f"About {result.left:,.0f} of {result.customers:,} customers have left; at risk: {result.at_risk:,.0f} {cost}."
    )
    if checked is not None:
        lines.append(
            f"Checked: as of {_date(checked.day)} the model expected {checked.expected:,.0f} of {checked.customers:,} "
            f"customers without activity in the next {ahead} days; {checked.seen:,} were."
        )
    lines.append(
        f"{model.kind.upper()}/NBD: r {model.r:.3f}, alpha {model.alpha:.3f}, a {model.a:.3f}, b {model.b:.3f} "
        f"(in {'weeks' if model.unit == UNITS['week'] else 'days'}), log-likelihood {found.log_likelihood:,.2f}, {took:.1f} s"
    )
    if not found.settled:
        lines.append(
            "The data do not determine all four parameters: take the order of the list seriously, not its numbers."
        )
    for line in lines:
        console.print(line, highlight=False)
