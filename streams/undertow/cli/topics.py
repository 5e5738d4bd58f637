"""``undertow topics``: create and check every topic."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from undertow import admin, exits
from undertow.cli.options import broker_options, contracts, contracts_folder, settings
from undertow.topics import declared

_replication = click.option(
    "--replication", type=click.IntRange(1, 9), default=1, show_default=True, help="copies of each topic, at least"
)
_contracts = contracts_folder("folder of contracts: also the vendors' own topics that they name", default=None)


@click.group()
def topics() -> None:
    """Create or check the topics that the worker needs."""


@topics.command()
@broker_options
@click.option(
    "--source-partitions",
    type=click.IntRange(1, 1024),
    default=4,
    show_default=True,
    help="for source topics that are missing",
)
@_replication
@_contracts
def apply(source_partitions: int, replication: int, folder: Path | None, **cluster: Any) -> None:
    """Create what is missing and set retention; never deletes and never changes a partition count.

    \b
    Example:  undertow topics apply --broker kafka-1:9092 --replication 3 --contracts contracts/
    """
    chosen = settings(cluster, source_partitions=source_partitions, replication=replication)
    own = _own(folder)
    for line in admin.apply(chosen, own) or ["nothing to do: every topic is as it must be"]:
        click.echo(line)
    end_on(admin.check(chosen, own), said_by="")


@topics.command()
@broker_options
@_replication
@_contracts
def check(replication: int, folder: Path | None, **cluster: Any) -> None:
    """Compare the cluster with the registry; exit code 3 when they differ."""
    problems = admin.check(settings(cluster, replication=replication), _own(folder))
    if not problems:
        click.echo("every topic is as it must be")
    end_on(problems, said_by="")


def _own(folder: Path | None) -> tuple[str, ...]:
    return declared(contracts(folder).values()) if folder is not None else ()


def end_on(problems: list[admin.Problem], said_by: str = "undertow: ") -> None:
    """Say what is wrong with topics and what to do, and end with exit code 3; nothing where nothing is wrong."""
    if problems:
        for line in (*(problem.words for problem in problems), admin.advice(problems)):
            click.echo(f"{said_by}{line}", err=True)
        sys.exit(exits.TOPICS)
