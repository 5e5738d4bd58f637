"""``undertow dlq``: look at dead letters, and send them back after a fix."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from undertow import clients, topics
from undertow.cli.options import broker_options, settings
from undertow.settings import Settings
from undertow.stages import letters
from undertow.stages.letters import Letter
from undertow.terminal import plain
from undertow.wire import REASONS

_FILTERS = (
    click.option("--reason", type=click.Choice(sorted(REASONS)), help="only this reason"),
    click.option("--topic", help="only letters of this source topic"),
    click.option(
        "--id", "ids", multiple=True, metavar="TOPIC/PARTITION/OFFSET", help="only this letter; may be repeated"
    ),
)


def _filters(command: Any) -> Any:
    for option in reversed(_FILTERS):
        command = option(command)
    return command


@click.group()
def dlq() -> None:
    """Dead letters: what could not be read, with the original bytes and the reason."""


@dlq.command(name="list")
@_filters
@click.option("--all", "everything", is_flag=True, help="those already replayed, too")
@click.option("--json", "as_json", is_flag=True, help="one JSON object a line")
@broker_options
def list_(
    reason: str | None, topic: str | None, ids: tuple[str, ...], everything: bool, as_json: bool, **cluster: Any
) -> None:
    """Show the letters.

    \b
    Example:  undertow dlq list --reason missing_field
    """
    chosen = settings(cluster)
    found = [letter for letter in letters_kept(chosen) if _wanted(letter, reason, topic, ids)]
    shown = [letter for letter in found if everything or not letter.replayed]
    if as_json:
        for letter in shown:
            click.echo(json.dumps(_object(letter)))
        return
    if not shown:
        click.echo("no dead letters")
        return
    table = Table("id", "reason", "field", "detail", "bytes")
    for letter in shown:
        size = "not carried" if not letter.carried else str(len(letter.value or b""))
        table.add_row(
            *map(plain, (letter.id, letter.reason + (" (replayed)" if letter.replayed else ""))),
            *map(plain, (letter.field, letter.detail, size)),
        )
    console = Console()
    console.print(table)
    for word in sorted({letter.reason for letter in shown}):
        console.print(f"{plain(word)}: {REASONS.get(word, 'unknown reason')}")


@dlq.command()
@_filters
@click.option("--dry-run", is_flag=True, help="say what would be sent, and send nothing")
@broker_options
def replay(reason: str | None, topic: str | None, ids: tuple[str, ...], dry_run: bool, **cluster: Any) -> None:
    """Send letters back to the topic they came from, byte for byte, after the cause is fixed.

    Sending twice changes nothing: an event counts once by its id. A letter that is still bad comes back as a new one.

    \b
    Example:  undertow dlq replay --reason unknown_vendor
    """
    chosen = settings(cluster)
    pending = [letter for letter in letters_kept(chosen) if not letter.replayed and _wanted(letter, reason, topic, ids)]
    gone = 0
    with clients.Publisher(chosen) as publisher:
        for letter in pending:
            value, headers = letter.value, letter.headers
            if not letter.carried:
                original = clients.fetch(chosen, letter.topic, letter.partition, letter.offset)
                if original is None:
                    gone += 1
                    click.echo(
                        f"{letter.id}: no longer on its topic, and too large or too late to be carried", err=True
                    )
                    continue
                value, headers = original.value, list(original.headers)
            if not dry_run:
                publisher.send(letter.topic, value, headers=headers, partition=letter.partition)
                key, note, note_headers = letters.replayed(letter)
                publisher.send(topics.name(chosen, topics.DEAD_LETTERS), note, key=key, headers=note_headers)
    sent = len(pending) - gone
    click.echo(
        f"{sent} letters {'would be' if dry_run else 'were'} sent back"
        + (f", {gone} could not be found" if gone else "")
    )


def letters_kept(chosen: Settings) -> Iterator[Letter]:
    """One letter an original, whatever was written of it: refused twice is one, replayed stays replayed, erased is none."""
    found: dict[str, Letter] = {}
    for record in clients.read(chosen, topics.name(chosen, topics.DEAD_LETTERS)):
        if letters.erases(record.value, record.headers):
            found.pop((record.key or b"").decode("utf-8", "replace"), None)
            continue
        try:
            letter = letters.read(record.value, record.headers)
        except (KeyError, ValueError):
            continue  # not ours: another program wrote to the topic
        if letter.replayed and letter.id in found:
            before = found[letter.id]
            letter = Letter(**{**{name: getattr(before, name) for name in before.__struct_fields__}, "replayed": True})
        found[letter.id] = letter
    yield from found.values()


def _wanted(letter: Letter, reason: str | None, topic: str | None, ids: tuple[str, ...]) -> bool:
    return (
        (reason is None or letter.reason == reason)
        and (topic is None or letter.topic == topic)
        and (not ids or letter.id in ids)
    )


def _object(letter: Letter) -> dict[str, Any]:
    value = letter.value
    return {
        "id": letter.id,
        "reason": letter.reason,
        "field": letter.field,
        "detail": letter.detail,
        "replayed": letter.replayed,
        "carried": letter.carried,
        "value": None if value is None else value.decode("utf-8", "backslashreplace"),
    }
