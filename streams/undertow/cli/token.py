"""``undertow token``: who may sign in to the portal."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from undertow.cli.options import Duration
from undertow.cli.portal import tokens_option
from undertow.clock import wall
from undertow.portal.access import MOST_NAME
from undertow.portal.tokens import BadTokens, Token, Tokens
from undertow.terminal import safe


@click.group()
def token() -> None:
    """Tokens of the portal: create, list, revoke. What changes counts at once, without a restart."""


@token.command()
@click.option("--vendor", help="may see and answer this vendor's findings")
@click.option("--company", is_flag=True, help="may see every vendor and rule on disputes")
@click.option("--name", required=True, help="whose it is; answers carry it")
@click.option("--for", "lifetime", type=Duration(), default=90 * 86_400.0, help="e.g. 30d  [default: 90d]")
@tokens_option
def create(vendor: str | None, company: bool, name: str, lifetime: float, tokens: Path) -> None:
    """Make a token and print it, once: only its hash is kept.

    \b
    Example:  undertow token create --vendor acme --name "Kim, Acme" --for 30d
    """
    if (vendor is None) is not company:
        raise click.UsageError("give either --vendor NAME or --company")
    if vendor is not None and not 0 < len(vendor) <= MOST_NAME:
        raise click.UsageError(f"a vendor's name has 1 to {MOST_NAME} characters")
    if not 0 < len(name.strip()) <= MOST_NAME or not name.isprintable():
        raise click.UsageError(f"a name has 1 to {MOST_NAME} characters that can be printed")
    if lifetime <= 0:
        raise click.UsageError("--for: a token has to be good for some time")
    try:
        secret, made = Tokens(tokens).create(name.strip(), vendor, lifetime)
    except BadTokens as error:
        raise click.UsageError(str(error)) from None
    click.echo(secret)
    click.echo(
        f"token {made.id} for {_whose(made)}, good until {_day(made.expires)}; it is shown this once and kept as a hash",
        err=True,
    )


@token.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="one JSON object a line")
@tokens_option
def list_(as_json: bool, tokens: Path) -> None:
    """Show whose tokens there are, and until when. Never the tokens.

    \b
    Example:  undertow token list
    """
    now = wall()
    try:
        known = Tokens(tokens).all()
    except BadTokens as error:
        raise click.UsageError(str(error)) from None
    if as_json:
        for one in known:
            click.echo(
                json.dumps(
                    {
                        "id": one.id,
                        "name": one.name,
                        "vendor": one.vendor,
                        "created": _day(one.created),
                        "expires": _day(one.expires),
                        "valid": one.valid(now),
                    }
                )
            )
        return
    if not known:
        click.echo("no tokens")
        return
    table = Table("id", "whose", "good until", "state")
    for one in known:
        state = "revoked" if one.revoked is not None else "good" if one.valid(now) else "expired"
        table.add_row(one.id, safe(_whose(one)), _day(one.expires), state)
    Console().print(table)


@token.command()
@click.argument("id")
@tokens_option
def revoke(id: str, tokens: Path) -> None:
    """Revoke a token: sessions that began with it end with their next request.

    \b
    Example:  undertow token revoke 1a2b3c4d
    """
    try:
        gone = Tokens(tokens).revoke(id)
    except BadTokens as error:
        raise click.UsageError(str(error)) from None
    if gone is None:
        raise click.UsageError(f"there is no token {id}: see 'undertow token list'")
    click.echo(f"token {gone.id} of {_whose(gone)} is revoked")


def _whose(one: Token) -> str:
    return f"{one.name} ({'the company' if one.vendor is None else one.vendor})"


def _day(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
