"""``undertow forget``: erase a customer from everything Undertow keeps, and show that nothing is left."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import click
import msgspec
from msgspec import Struct

from undertow import admin, clients, exits, topics
from undertow.cli.dlq import letters_kept
from undertow.cli.options import broker_options, settings
from undertow.settings import Settings
from undertow.stages.letters import Letter
from undertow.stages.night import Night
from undertow.stages.records import Forget, casebook_partition, decode_finding, decode_for_ledger, encode
from undertow.stages.rows import customer_of, forgotten_key, is_ticket, name_of

PATIENCE = 60.0
"""Seconds within which a running worker has done it."""
STEP = 1.0


class Kept(Struct):
    """What the topics hold of a customer, by key: the last word on each."""

    rows: list[bytes]
    findings: list[str]
    letters: list[Letter]
    listed: bool
    """Whether the list of customers to call names it."""
    remembered: bool
    """Whether its hash is kept, so that nothing older is taken in again."""

    @property
    def nothing(self) -> bool:
        """Whether all of it is gone."""
        return not self.rows and not self.findings and not self.letters and not self.listed

    def words(self) -> str:
        """What there is."""
        tickets = sum(map(is_ticket, self.rows))
        return (
            f"{len(self.rows) - tickets} rows of the customer, {tickets} of its tickets, {len(self.findings)} findings, "
            f"{len(self.letters)} dead letters, {'named' if self.listed else 'not named'} among the customers to call"
        )


@click.command()
@click.argument("customer")
@click.option("--yes", is_flag=True, help="do not ask")
@click.option(
    "--wait", type=click.FloatRange(0), default=PATIENCE, show_default=True, help="seconds for a worker to do it"
)
@broker_options
def forget(customer: str, yes: bool, wait: float, **cluster: Any) -> None:
    """Erase CUSTOMER: state and changelog, findings, dead letters, its place on the list of customers to call.

    A running worker does it and from then on takes in nothing of the customer that is dated up to now, whoever sends it: of
    the name only a hash is kept. Reads everything back, and says which topics still hold older records, and how long. A
    customer that was merged into another one is forgotten under each name.

    \b
    Example:  undertow forget c-1029 --broker kafka-1:9092
    Exit codes: 0 nothing is left, 1 no worker has done it yet.
    """
    chosen = settings(cluster)
    before = _kept(chosen, customer)
    click.echo(f"{customer}: {before.words()}")
    if not yes:
        click.confirm("erase all of it? This cannot be undone", abort=True)
    with clients.Publisher(chosen) as publisher:
        partition = casebook_partition(customer, chosen.casebook_partitions)
        order = encode(Forget(customer, time.time()))
        publisher.send(topics.name(chosen, topics.CASEBOOK), order, partition=partition)
        for letter in before.letters:
            publisher.send(topics.name(chosen, topics.DEAD_LETTERS), None, key=letter.id.encode(), partition=0)
    deadline = time.monotonic() + wait
    while not ((after := _kept(chosen, customer)).nothing and after.remembered):
        if time.monotonic() > deadline:
            click.echo(f"not yet: {after.words()}", err=True)
            click.echo(
                "no worker has done it; the order waits on the topic and is done when one runs: run this again then",
                err=True,
            )
            sys.exit(exits.FAILED)
        time.sleep(STEP)
    click.echo(f"read back: {after.words()}")
    _elsewhere(chosen)


def _kept(chosen: Settings, customer: str) -> Kept:
    rows: dict[bytes, bool] = {}
    remembered = False
    memory = forgotten_key(customer)
    for record in clients.read(chosen, topics.changelog(chosen)):
        if record.key == memory:
            remembered = record.value is not None
        elif record.key is not None and _whose(record.key) == customer:
            rows[record.key] = record.value is not None
    findings: dict[str, bool] = {}
    for record in clients.read(chosen, topics.name(chosen, topics.FINDINGS)):
        id = (record.key or b"").decode("utf-8", "replace")
        if record.value is None:
            findings.pop(id, None)
        elif decode_finding(record.value).customer == customer:
            findings[id] = True
    night = Night(chosen.casebook_partitions)
    for record in clients.read(chosen, topics.name(chosen, topics.CELLS)):
        if record.value is not None:
            night.fold(decode_for_ledger(record.value))
    kept = [key for key, there in rows.items() if there]
    tickets = {name_of(key)[0::2] for key in rows if is_ticket(key)}
    return Kept(
        rows=kept,
        findings=sorted(findings),
        letters=[one for one in letters_kept(chosen) if _about(one, customer, tickets)],
        listed=any(call.customer == customer for call in night.listed()),
        remembered=remembered,
    )


def _whose(key: bytes) -> str | None:
    return name_of(key)[1] if is_ticket(key) else customer_of(key)


def _about(letter: Letter, customer: str, tickets: set[Any]) -> bool:
    """Whether a letter's bytes name the customer, or it is about a fact of one of its tickets."""
    if any(letter.detail.startswith(f"ticket {ticket!r} of {vendor!r}:") for vendor, ticket in tickets):
        return True
    value = letter.value or b""
    try:
        return _names(msgspec.json.decode(value), customer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return json.dumps(customer).encode() in value or json.dumps(customer, ensure_ascii=False).encode() in value


def _names(value: object, customer: str) -> bool:
    if isinstance(value, dict):
        return any(_names(one, customer) for one in value.values())
    if isinstance(value, list):
        return any(_names(one, customer) for one in value)
    return value == customer


def _elsewhere(chosen: Settings) -> None:
    """Where older records still lie, and until when."""
    click.echo(
        "older records lie on these topics until their retention; what they tell of the customer is not read again:"
    )
    for topic, retention in admin.retentions(
        chosen, [*topics.sources(chosen), topics.name(chosen, topics.CASEBOOK)]
    ).items():
        click.echo(f"  {topic}: {retention}")
    ours = [topics.name(chosen, one) for one in (topics.FINDINGS, topics.CELLS, topics.DEAD_LETTERS)]
    compacted = ", ".join([topics.changelog(chosen), *ours])
    click.echo(f"and on {compacted} under a tombstone or a newer record, until the broker next compacts them")
    click.echo("topics that contracts name, and systems that events came from, are yours to clear")
