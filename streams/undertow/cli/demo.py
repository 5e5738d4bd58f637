"""``undertow demo``: four simulated vendors through a real broker and a real worker, live in the terminal."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import click
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table

from undertow import exits, topics, wire
from undertow.cli.importing import tick
from undertow.cli.options import broker_options, settings
from undertow.clients import Publisher
from undertow.demo import leavers
from undertow.demo.parts import DemoFailed, OwnTopics, WorkerProcess
from undertow.demo.scene import Shown, found, shown, table
from undertow.domain.agreement.contract import DAY
from undertow.embedded import EmbeddedBroker, EmbeddedUnavailable, free_port
from undertow.events import Event
from undertow.settings import Settings
from undertow.simulation import DEFAULT, FADING, World

START = datetime(2026, 1, 1, tzinfo=UTC)
STEP = 0.25
"""Seconds between two looks."""
PRINT_EVERY = 10.0
"""Seconds between two tables where the output is not a terminal."""
PATIENCE = 60.0
"""Seconds after the story's end within which the figures must be the truth."""


@click.command()
@broker_options
@click.option("--seed", type=int, default=1, show_default=True, help="another seed, another world")
@click.option("--days", type=click.IntRange(30, 3650), default=180, show_default=True, help="length of the story")
@click.option("--speed", type=click.FloatRange(0, min_open=True), default=4.0, show_default=True, help="days a second")
@click.option(
    "--metrics-port", type=click.IntRange(0, 65535), default=0, help="port of /metrics  [default: a free one]"
)
@click.option("--once", is_flag=True, help="end when the story is over; exit code 1 if the figures are not the truth")
@click.pass_context
def demo(
    ctx: click.Context, /, seed: int, days: int, speed: float, metrics_port: int, once: bool, **cluster: Any
) -> None:
    """Play a seeded world of four vendors - honest, gaming, too small, losing customers - and show what Undertow finds.

    Starts an embedded broker of its own, unless --broker names one: then the demo's topics stand in a namespace of
    their own there, and are deleted at the end. Ctrl-C leaves nothing running.

    \b
    Examples:  undertow demo
               undertow demo --broker 127.0.0.1:9092 --speed 1
    """
    own = ctx.get_parameter_source("broker") == click.core.ParameterSource.DEFAULT
    console = Console()
    world = World(seed=seed, start=START, days=days, vendors=(*DEFAULT, FADING))
    # ended by a supervisor, or started where Ctrl-C is ignored (a background job): leave as tidily
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, signal.default_int_handler)
    try:
        with ExitStack() as running:
            if own:
                console.print("starting the embedded broker")
                broker = running.enter_context(EmbeddedBroker())
                cluster |= {"broker": broker.address, "broker_kind": "embedded"}
            cluster["namespace"] = f"undertow-demo-{int(time.time())}."
            chosen = settings(cluster, clock="events", metrics_port=metrics_port or free_port())
            running.enter_context(OwnTopics(chosen))
            worker = running.enter_context(WorkerProcess(chosen, world.contracts()))
            console.print(f"starting a worker on {chosen.broker.address}; its metrics: {worker.url}/metrics")
            worker.wait_until_ready()
            publisher = running.enter_context(Publisher(chosen))
            ok = _play(console, world, worker, publisher, chosen, speed, once)
    except (DemoFailed, EmbeddedUnavailable) as error:
        raise click.ClickException(str(error)) from None
    except KeyboardInterrupt:
        console.print("stopped; nothing is left running")
        ok = True
    sys.exit(exits.OK if ok else exits.FAILED)


def _play(
    console: Console,
    world: World,
    worker: WorkerProcess,
    publisher: Publisher,
    chosen: Settings,
    speed: float,
    once: bool,
) -> bool:
    """Publish the story at ``speed`` days a second and show the figures. Returns whether they became the truth."""
    story = _Story(world, publisher, chosen)
    begun = time.monotonic()
    over_since: float | None = None
    printed = begun
    alarmed: dict[str, float] = {}
    ending: list[str] = []
    with Live(console=console, auto_refresh=False, transient=False) as live:
        while True:
            now = min(world.start.timestamp() + (time.monotonic() - begun) * speed * DAY, story.end)
            story.tell_until(now)
            worker.check()
            metrics = worker.metrics()
            figures = shown(metrics)
            alarmed = leavers.spiking(metrics) | alarmed
            if over_since is not None and not ending:
                ending = _ending(world, figures, chosen)
            scene = _scene(world, worker, figures, now, story, [*_alarms(alarmed), *ending])
            live.update(scene, refresh=console.is_terminal)
            if not console.is_terminal and time.monotonic() - printed > PRINT_EVERY:
                printed = time.monotonic()
                console.print(scene)
            if now >= story.end:
                over_since = over_since or time.monotonic()
                right = found(figures, world.truth(story.end))
                if once and ((right and ending) or time.monotonic() - over_since > PATIENCE):
                    break
            time.sleep(STEP)
    if not console.is_terminal:
        console.print()
    if not ending:
        console.print("no customer was evaluated: the extra 'churn' is not installed, or the story is too short")
    console.print("the figures are the truth" if right else "[red]the figures are not the truth[/]")
    return right


def _alarms(alarmed: Mapping[str, float]) -> Iterator[str]:
    """When each alarm was first seen, by the story's own clock."""
    for vendor, at in alarmed.items():
        since = datetime.fromtimestamp(at, UTC)
        yield f"[red]spike   {vendor}: more goes wrong behind met figures, told since {since:%Y-%m-%d}[/]"


def _ending(world: World, figures: Mapping[str, Shown], chosen: Settings) -> list[str]:
    """Who has left, by the list, with the simulation's truth beside it; nothing while customers are not evaluated yet."""
    list_ = leavers.found(chosen)
    if list_ is None:
        return []
    shown = figures.get(FADING.name)
    left = world.left(list_.today * DAY)[FADING.name]
    return list(leavers.lines(FADING.name, list_.listed, left, shown.reported if shown is not None else None))


class _Story:
    """The world's events, told up to a time of the story's own clock, with the ticks that say how late it is."""

    def __init__(self, world: World, publisher: Publisher, chosen: Settings) -> None:
        self._events: Iterator[Event] = iter(world.events())
        self._next: Event | None = next(self._events, None)
        self._publisher, self._chosen = publisher, chosen
        self.told = 0
        self.end = world.end + max(contract.follow_up for contract in world.contracts().values())
        """When every outcome is known (seconds since 1970)."""

    def tell_until(self, now: float) -> None:
        """Publish what has happened by ``now``, then the time."""
        while self._next is not None and self._next.time.timestamp() <= now:
            event = self._next
            self._publisher.send(
                topics.name(self._chosen, topics.topic_of(event)), wire.encode(event), key=topics.key_of(event).encode()
            )
            self.told += 1
            self._next = next(self._events, None)
        tick(self._publisher, self._chosen, now)


def _scene(
    world: World, worker: WorkerProcess, figures: dict[str, Shown], now: float, story: _Story, told: Sequence[str]
) -> Group:
    day = datetime.fromtimestamp(now, UTC)
    title = f"{day:%Y-%m-%d}, {story.told:,} events told"
    drawn: Table = table(figures, world.truth(now), title)
    return Group(
        drawn,
        "hidden  reported as met, yet it went wrong: back again, refunded, complained",
        "truth   what the simulation did; '=' when every figure is that, to the ticket",
        f"metrics {worker.url}/metrics    Ctrl-C ends",
        *told,
    )
