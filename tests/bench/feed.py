"""The events of the comparison: the very sequence that the peers' own producer makes (seed 1), and its expected state."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

VENDORS = ("acme", "bolt", "cork", "dune", "echo")
TYPES = ("created", "replied", "status_changed", "solved", "reopened", "rated")
PARTITIONS = 4
CUSTOMERS = 20_000


def events(n: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Key and event, about 305 bytes of JSON each."""
    chance = random.Random(1)
    for i in range(n):
        customer = chance.randrange(CUSTOMERS)
        ticket = customer * 10 + chance.randrange(3)
        vendor = VENDORS[customer % 5]
        yield (
            f"T{ticket}",
            {
                "specversion": "1.0",
                "id": f"evt-{i:010d}",
                "source": f"/vendors/{vendor}",
                "type": f"ticket.{TYPES[i % 6]}",
                "time": f"2026-03-{1 + i % 28:02d}T{i % 24:02d}:{i % 60:02d}:{i % 60:02d}Z",
                "subject": f"T{ticket}",
                "data": {
                    "ticket_id": f"T{ticket}",
                    "customer_id": f"C{customer}",
                    "vendor_id": vendor,
                    "channel": "email",
                    "category": "billing",
                    "actor": {"kind": "agent", "id": f"a{i % 40}"},
                    "status": "open",
                },
            },
        )


def encoded(n: int) -> Iterator[tuple[bytes, bytes]]:
    """Key and value as they stand on the topic."""
    for key, event in events(n):
        yield key.encode(), json.dumps(event, separators=(",", ":")).encode()
