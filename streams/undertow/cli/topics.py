"""``undertow topics``: create and check every topic."""

from __future__ import annotations

import sys
from typing import Any

import click

from undertow import admin, exits
from undertow.cli.options import broker_options, settings

_replication = click.option(
    "--replication", type=click.IntRange(1, 9), default=1, show_default=True, help="copies of each topic, at least"
)


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
def apply(source_partitions: int, replication: int, **cluster: Any) -> None:
    """Create what is missing and set retention; never deletes and never changes a partition count.

    \b
    Example:  undertow topics apply --broker kafka-1:9092 --replication 3
    """
    chosen = settings(cluster, source_partitions=source_partitions, replication=replication)
    for line in admin.apply(chosen) or ["nothing to do: every topic is as it must be"]:
        click.echo(line)
    _report(admin.check(chosen))


@topics.command()
@broker_options
@_replication
def check(replication: int, **cluster: Any) -> None:
    """Compare the cluster with the registry; exit code 3 when they differ."""
    problems = admin.check(settings(cluster, replication=replication))
    if not problems:
        click.echo("every topic is as it must be")
    _report(problems)


def _report(problems: list[admin.Problem]) -> None:
    for problem in problems:
        click.echo(problem.words, err=True)
    if problems:
        click.echo(admin.advice(problems), err=True)
        sys.exit(exits.TOPICS)
