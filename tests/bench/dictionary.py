"""How the dictionary in ``undertow/stages/frames.py`` was made: ``python -m bench.dictionary`` prints one.

Of rows of simulated worlds, each at every length that it had, as each is written. Nothing of the other benchmarks is in
them. A new one gets the next number, and the old one stays for the rows that were written with it.
"""

from __future__ import annotations

import sys
from base64 import b85encode
from datetime import UTC, datetime

import zstandard
from msgspec import msgpack

from undertow import topics, wire
from undertow.simulation import World
from undertow.stages.casebook import Casebook
from undertow.stages.intake import Intake
from undertow.stages.records import Record
from undertow.stages.rows import TicketRow, decode, is_ticket

NUMBER, SIZE, LEVEL, WIDTH = 1, 1024, -1, 116
START = datetime(2026, 1, 1, tzinfo=UTC)


def rows(seed: int) -> list[bytes]:
    """A world's rows, unpacked."""
    world = World(seed=seed, start=START, days=60)
    contracts = world.contracts()
    found: dict[bytes, bytes] = {}
    book = Casebook(0, contracts, found)
    written = [(topics.topic_of(event), wire.encode(event), event.time) for event in world.events()]
    read = [
        Record(topic, place % 8, place, int(time.timestamp() * 1000) + 1_234 + place % 977, value)
        for place, (topic, value, time) in enumerate(written)
    ]
    for entries in Intake(contracts, 1).take(read).entries.values():
        found.update({key: value for key, value in book.fold(entries).rows.items() if value is not None})
    tickets = [row for key, value in found.items() if is_ticket(key) and isinstance(row := decode(value), TicketRow)]
    return [msgpack.encode(TicketRow(row.facts[:many])) for row in tickets for many in range(1, len(row.facts) + 1)]


def main() -> None:
    """Print the dictionary as text."""
    samples = [row for seed in range(6) for row in rows(seed)]
    made = zstandard.train_dictionary(SIZE, samples, level=LEVEL, dict_id=NUMBER).as_bytes()
    text = b85encode(made).decode()
    for start in range(0, len(text), WIDTH):
        sys.stdout.write(f'    "{text[start : start + WIDTH]}"\n')


if __name__ == "__main__":
    main()
