"""``undertow check``: contracts in plain words, and everything that is wrong with them."""

from __future__ import annotations

import sys
import textwrap
from datetime import UTC, datetime
from pathlib import Path

import click

from undertow import clock, contracts, exits
from undertow.contracts import BadContract, File, Problem, schema, words

WIDTH = 100


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="FILE|FOLDER...")
@click.option("--on", "day", metavar="DATE", help="explain as of this day or time, e.g. 2026-07-01  [default: now]")
@click.option("--quiet", is_flag=True, help="say only what is wrong")
@click.option("--schema", "as_schema", is_flag=True, help="print the JSON Schema of contracts, for editors, and stop")
def check(paths: tuple[Path, ...], day: str | None, quiet: bool, as_schema: bool) -> None:
    """Explain contracts in plain words, and refuse what cannot be meant: exit code 2, each problem with file, line and key.

    \b
    Examples:
      undertow check deploy/contracts
      undertow check acme.yaml --on 2026-07-01
      undertow check --schema > contract.json
    """
    if as_schema:
        click.echo(schema.text(), nl=False)
        return
    if not paths:
        raise click.UsageError("name a contract or a folder of them, such as: undertow check contracts/")
    now = _instant(day)
    found, problems = _read(paths)
    if not quiet:
        for file in found:
            _explain(file, now)
    for name, problem in problems:
        click.echo(problem.told(name), err=True)
    if problems:
        files = len({name for name, _ in problems})
        click.echo(f"{_count(len(problems), 'problem')} in {_count(files, 'file')}", err=True)
        sys.exit(exits.USAGE)
    if not quiet:
        click.echo(f"{_count(len(found), 'contract')} can be used")


def _instant(day: str | None) -> float:
    try:
        when = contracts.instant(day)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--on") from None
    return clock.wall() if when is None else when


def _read(paths: tuple[Path, ...]) -> tuple[list[File], list[tuple[str, Problem]]]:
    """The contracts that can be used, and what is wrong with the others, in the order of the command line."""
    found: list[File] = []
    problems: list[tuple[str, Problem]] = []
    seen: set[Path] = set()
    for path in paths:
        try:
            for file in contracts.files(path) if path.is_dir() else [path]:
                if file.resolve() in seen:
                    continue
                seen.add(file.resolve())
                try:
                    found.append(contracts.read(file, str(file)))
                except BadContract as bad:
                    problems += bad.problems
        except BadContract as bad:
            problems += bad.problems
    try:
        contracts.by_vendor((file.name, file.contract) for file in found)
    except BadContract as bad:
        problems += bad.problems
    return found, problems


def _explain(file: File, now: float) -> None:
    when = datetime.fromtimestamp(now, UTC)
    click.secho(f"{file.contract.vendor}", bold=True, nl=False)
    click.echo(f"  {file.name}, version {file.contract.version} of the terms, as of {when:%Y-%m-%d %H:%M} UTC")
    for part in words.explained(file, now):
        click.echo(f"\n  {part.heading}")
        for line in part.lines:
            click.echo(textwrap.fill(line, WIDTH, initial_indent="    ", subsequent_indent="      "))
    click.echo()


def _count(n: int, word: str) -> str:
    return f"{n} {word}{'' if n == 1 else 's'}"
