"""The peers' job as we can do it: the floor and our transport, each as a process on a topic that is there."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from bench.child import Ran, run
from bench.feed import PARTITIONS
from bench.fold import Customer, Ticket
from brokers.client import Client
from undertow import clients
from undertow.settings import Broker, Settings

ROOT = Path(__file__).parents[2]
PATHS = os.pathsep.join(str(ROOT / source) for source in ("tests", "streams"))


def floor(address: str, topic: str, n: int, folder: Path) -> Ran:
    """aiokafka, msgspec and a dict."""
    return run([sys.executable, "-m", "bench.floor", address, topic, str(n)], folder, {"PYTHONPATH": PATHS})


def ours(client: Client, topic: str, n: int, folder: Path) -> tuple[Ran, str]:
    """Our transport, and the changelog it wrote."""
    name = f"bench-{time.monotonic_ns()}"
    changelog = f"{name}-customers-changelog"
    client.create(f"{name}-by-customer", PARTITIONS)
    client.create(changelog, PARTITIONS)
    time.sleep(1)  # a broker answers before every one of its caches knows a topic
    environment = {"PYTHONPATH": PATHS, "BROKER": client.broker.address, "RUN": name, "SOURCE": topic, "N": str(n)}
    return run([sys.executable, "-m", "bench.ours"], folder, environment), changelog


def durable(address: str, changelog: str) -> dict[str, Any]:
    """What a restart would find: the last record of each key, as the peers' own check compares it."""
    state: dict[str, Any] = {}
    decode = msgspec.msgpack.Decoder(Customer).decode
    for record in clients.read(Settings(broker=Broker(address=address)), changelog):
        customer = decode(record.value)
        fields = {name: getattr(customer, name) for name in Customer.__struct_fields__}
        tickets = {
            ticket: {name: getattr(value, name) for name in Ticket.__struct_fields__}
            for ticket, value in customer.tickets.items()
        }
        state[record.key.decode()] = fields | {"tickets": tickets}
    return state
