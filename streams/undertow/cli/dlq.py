"""``undertow dlq``: look at dead letters, and send them back after a fix."""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table

from undertow import clients, topics
from undertow.cli.options import broker_options, settings
from undertow.settings import Settings
from undertow.stages import letters
from undertow.stages.letters import Headers, Letter
from undertow.terminal import plain
from undertow.wire import REASONS

MOST_SHOWN: Final = 100
"""Letters in the table, the newest; all are counted by reason."""

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
    table = Table()
    table.add_column("id", no_wrap=True)  # whole, for --id
    for column in ("reason", "why", "bytes"):
        table.add_column(column, overflow="fold")
    for letter in shown[-MOST_SHOWN:]:
        size = "not carried" if not letter.carried else str(len(letter.value or b""))
        reason_ = letter.reason + (" (replayed)" if letter.replayed else "")
        table.add_row(letter.id, plain(reason_), plain(f"{letter.field}: {letter.detail}"), size)
    console = Console()
    console.print(table)
    if len(shown) > MOST_SHOWN:
        console.print(
            f"and {len(shown) - MOST_SHOWN:,} before them; --json shows all, the options choose", highlight=False
        )
    for word, count in sorted(Counter(letter.reason for letter in shown).items()):
        console.print(f"{count:,} {plain(word)}: {REASONS.get(word, 'unknown reason')}", highlight=False)


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
    left = {letter.id: letter for letter in pending}
    shown = track(
        _originals(chosen, pending),
        "sending back",
        total=len(pending),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with clients.Publisher(chosen) as publisher:
        for letter, value, headers in shown:
            del left[letter.id]
            if not dry_run:
                publisher.send(letter.topic, value, headers=headers, partition=letter.partition)
                key, note, note_headers = letters.replayed(letter)
                publisher.send(topics.name(chosen, topics.DEAD_LETTERS), note, key=key, headers=note_headers)
    for gone in left:
        click.echo(f"{gone}: no longer on its topic, and too large or too late to be carried", err=True)
    sent = len(pending) - len(left)
    click.echo(
        f"{sent:,} letter{'' if sent == 1 else 's'} {'would be' if dry_run else 'were' if sent != 1 else 'was'} sent back"
        + (f", {len(left):,} could not be found" if left else "")
    )


def _originals(chosen: Settings, pending: Sequence[Letter]) -> Iterator[tuple[Letter, bytes | None, Headers]]:
    """Each letter with its original; what was not carried is read off its topic in ranges, and left out where it is gone."""
    elsewhere: defaultdict[str, dict[tuple[int, int], Letter]] = defaultdict(dict)
    for letter in pending:
        if letter.carried:
            yield letter, letter.value, letter.headers
        else:
            elsewhere[letter.topic][letter.partition, letter.offset] = letter
    for topic, of in elsewhere.items():
        wanted: defaultdict[int, list[int]] = defaultdict(list)
        for partition, offset in sorted(of):
            wanted[partition].append(offset)
        for record in clients.fetch_all(chosen, topic, wanted):
            yield of[record.partition, record.offset], record.value, list(record.headers)


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
