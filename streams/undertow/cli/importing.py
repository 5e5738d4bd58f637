"""``undertow import``: a file onto the source topics."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from undertow import admin, clients, exits, topics
from undertow.adapters import ADAPTERS
from undertow.cli.feeds import feed, mapping_option, refused_words
from undertow.cli.options import Duration, broker_options, settings
from undertow.cli.topics import end_on
from undertow.clients import Publisher
from undertow.settings import Settings
from undertow.stages.records import Tick, encode

PATIENCE: Final = 60.0
"""Seconds without a record read by any worker, after which the time is not told."""


@click.command(name="import")
@click.argument("adapter", type=click.Choice(sorted(ADAPTERS)))
@click.argument("path", metavar="FILE", type=click.Path(exists=True, path_type=Path))
@click.option("--vendor", help="vendor's name in a format that does not say it  [default: the adapter's name]")
@mapping_option
@click.option(
    "--speed",
    type=click.FloatRange(0, min_open=True),
    help="events a second  [default: as fast as the broker takes them]",
)
@click.option(
    "--follow-up",
    type=Duration(),
    default="30d",
    show_default=True,
    help="once workers have read it all, tell those with --clock events that this much time has passed since the newest "
    "event, up to now",
)
@broker_options
def import_(
    adapter: str,
    path: Path,
    vendor: str | None,
    mapping: Path | None,
    speed: float | None,
    follow_up: float,
    **cluster: Any,
) -> None:
    """Publish a file's history as events.

    An old history needs a worker with --clock events, for its time is its own. One of the last weeks goes into a running
    installation as it is.

    Importing twice changes nothing: the same file gives the same event ids. Tickets older than the contract's horizon are
    dropped as in any other feed; 'keep_all: true' in the contract keeps a history whole.

    \b
    Examples:
      undertow import servicenow incidents.csv.gz --vendor acme --broker kafka-1:9092
      undertow import table export.csv --mapping acme.yaml --vendor acme --broker kafka-1:9092
    """
    chosen = settings(cluster)
    source = feed(adapter, vendor, mapping)
    messages = list(source.messages(path))
    end_on([problem for problem in admin.check(chosen) if problem.kind == "missing"])
    columns = (TextColumn("importing"), BarColumn(), MofNCompleteColumn(), TextColumn("events"), TimeRemainingColumn())
    with Publisher(chosen) as publisher, Progress(*columns, console=Console(stderr=True)) as progress:
        shown = progress.add_task("importing", total=len(messages))
        started = time.monotonic()
        for sent, message in enumerate(messages):
            if speed is not None and (early := started + sent / speed - time.monotonic()) > 0:
                time.sleep(early)
            # never stamped with the event's own time: the broker would delete a history older than the topic's retention
            publisher.send(
                topics.name(chosen, message.topic),
                message.value,
                key=message.key.encode() or None,
                headers=[("content-type", b"application/cloudevents+json")],
            )
            progress.advance(shown)
        publisher.flush()
    ends = clients.held(chosen, topics.sources(chosen))
    if not _read(lambda: admin.unread(chosen, ends), len(messages)):
        click.echo(
            f"undertow: {len(messages):,} events are on the topics, and for {PATIENCE:.0f} s no worker has read any: start one "
            "(with --clock events for an old history) and import again (repeats change nothing), for the time is not told yet",
            err=True,
        )
        sys.exit(exits.FAILED)
    # never ahead of now: what is judged as of next year is closed for whatever happens until then
    as_of = min(max((message.time for message in messages), default=0.0) + follow_up, time.time())
    with Publisher(chosen) as publisher:
        tick(publisher, chosen, as_of)
    when = datetime.fromtimestamp(as_of, UTC)
    click.echo(f"{len(messages):,} events are on the topics, judged as of {when:%Y-%m-%d %H:%M} UTC", err=True)
    if source.refused:
        click.echo(refused_words(source.refused), err=True)


def _read(left: Callable[[], int], published: int) -> bool:
    """Wait until nothing is left, showing how much is; False after :data:`PATIENCE` seconds in which nobody read.

    A tick that overtook the facts would have them refused as too late: it goes straight to the casebook, they by intake.
    """
    columns = (TextColumn("workers read"), BarColumn(), TextColumn("{task.fields[left]:,} left"))
    with Progress(*columns, console=Console(stderr=True)) as progress:
        least = left()
        shown = progress.add_task("reading", total=max(published, least), left=least)
        since = time.monotonic()
        while least > 0:
            time.sleep(0.5)
            if (now := left()) < least:
                least, since = now, time.monotonic()
                progress.update(shown, completed=max(published, least) - least, left=least)
            elif time.monotonic() - since > PATIENCE:
                return False
    return True


def tick(publisher: Publisher, chosen: Settings, as_of: float) -> None:
    """Tell every casebook partition the time (seconds)."""
    for partition in range(chosen.casebook_partitions):
        publisher.send(topics.name(chosen, topics.CASEBOOK), encode(Tick(as_of)), partition=partition)
