"""``undertow forget``: erase a customer from everything Undertow keeps, show that it is gone, and say what is not."""

from __future__ import annotations

import sys
import time
from typing import Any

import click

from undertow import admin, clients, exits, topics
from undertow.cli.kept import SURE, Kept, Search
from undertow.cli.options import broker_options, settings
from undertow.settings import Settings
from undertow.stages.records import Forget, casebook_partition, encode
from undertow.terminal import visible

PATIENCE = 60.0
"""Seconds within which a running worker has done it."""
STEP = 1.0


@click.command()
@click.argument("customer")
@click.option("--yes", is_flag=True, help="do not ask")
@click.option(
    "--wait", type=click.FloatRange(0), default=PATIENCE, show_default=True, help="seconds for a worker to do it"
)
@broker_options
def forget(customer: str, yes: bool, wait: float, **cluster: Any) -> None:
    """Erase CUSTOMER: state and changelog, findings, dead letters, its place on the list of customers to call.

    A running worker does it and from then on takes in nothing of the customer that is dated, or was read, up to now, whoever
    sends it: of the name only a hash is kept. Reads everything back, and says what remains where, why, and how long. A
    customer that was merged is to be forgotten under each of its names; those are told.

    \b
    Example:  undertow forget c-1029 --broker kafka-1:9092
    Exit codes: 0 nothing is left, 1 no worker has done it yet, or another customer's rows still name it.
    """
    chosen = settings(cluster)
    search = Search(chosen, customer)
    before = search.look()
    shown = visible(customer)
    click.echo(f"{shown}: {before.words()}")
    if not yes:
        click.confirm("erase all of it? This cannot be undone", abort=True)
    with clients.Publisher(chosen) as publisher:
        partition = casebook_partition(customer, chosen.casebook_partitions)
        order = encode(Forget(customer, time.time()))
        publisher.send(topics.name(chosen, topics.CASEBOOK), order, partition=partition)
        for letter in before.letters:
            publisher.send(topics.name(chosen, topics.DEAD_LETTERS), None, key=letter.id.encode(), partition=0)
    deadline = time.monotonic() + wait
    while not ((after := search.look()).nothing and after.remembered):
        if time.monotonic() > deadline:
            click.echo(f"not yet: {after.words()}", err=True)
            click.echo(
                "no worker has done it; the order waits on the topic and is done when one runs: run this again then",
                err=True,
            )
            sys.exit(exits.FAILED)
        time.sleep(STEP)
    click.echo(f"read back: {after.words()}")
    _elsewhere(chosen, search.answers())
    _merged(after)


def _elsewhere(chosen: Settings, answers: int | None) -> None:
    """What remains, why, and until when."""
    click.echo("what remains:")
    click.echo(
        "  a hash of the name, and when it was forgotten, so that nothing older is taken in again: whoever can guess the name "
        "can tell that it was forgotten. Start with an empty changelog, and it has to be forgotten anew"
    )
    click.echo("  counts of tickets, in figures, statements and metrics: they name nobody")
    click.echo("  older records, until their topic's retention; what they tell of the customer is not read again:")
    sources = [*topics.sources(chosen), topics.name(chosen, topics.CASEBOOK)]
    for topic, retention in admin.retentions(chosen, sources).items():
        click.echo(f"    {topic}: {retention}")
    if answers != 0:
        many = (
            "any answers and rulings (this account may not read them)"
            if answers is None
            else f"{answers} answers and rulings"
        )
        click.echo(
            f"    of the customer's findings, {many} are on {topics.name(chosen, topics.DISPUTES)}, the record of who said what, "
            "with its name and what was written: Kafka erases no single record there"
        )
    ours = [topics.name(chosen, one) for one in (topics.FINDINGS, topics.CELLS, topics.DEAD_LETTERS)]
    click.echo("  what was erased, under a tombstone or a newer record, until the broker next compacts:")
    for topic, when in admin.compactions(chosen, [topics.changelog(chosen), *ours]).items():
        click.echo(f"    {topic}: {when}")
    click.echo(
        "  outside: statements that receivers have, with ticket numbers and a pseudonym; topics that contracts name; files that "
        "were exported; and the systems that events came from. They are yours to clear"
    )
    click.echo(
        f"  dead letters that name it in parts, or, of fewer than {SURE} characters, as a number or within a text: 'undertow dlq "
        "list --json' shows all"
    )


def _merged(after: Kept) -> None:
    """Whoever shares a history with it by a merge."""
    if after.merged:
        names = ", ".join(map(visible, after.merged))
        click.echo(
            f"it was merged with {names}, whose rows still name it and may hold its history: forget {names}, too",
            err=True,
        )
        sys.exit(exits.FAILED)
