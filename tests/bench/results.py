"""``results.json``: one entry a part, with when and on what it was measured, and how much of the machine others took."""

from __future__ import annotations

import json
import os
import platform
import resource
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

HERE = Path(__file__).parent
FILE = Path(os.environ.get("UNDERTOW_BENCH_RESULTS", HERE / "results.json"))


def say(words: str) -> None:
    """A line of progress."""
    sys.stderr.write(words + "\n")
    sys.stderr.flush()


def load() -> dict[str, Any]:
    """All parts measured so far."""
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    return found


def machine() -> str:
    """What it was measured on, in words."""
    model = ""
    if (info := Path("/proc/cpuinfo")).exists():
        names = [
            line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else ""
    memory = round(psutil.virtual_memory().total / 1024**3)
    processor = model or platform.processor() or platform.machine()
    return (
        f"{os.cpu_count()} cores of {processor}, {memory} GB, {platform.system()}, Python {platform.python_version()}"
    )


@contextmanager
def part(name: str) -> Iterator[dict[str, Any]]:
    """Measure one part: what is put into the dict stands in ``results.json`` afterwards, unless something failed.

    Processes that the part starts must have ended when it does, for the CPU of others is what remains of the machine's.
    A SIGTERM ends it as an error would, so that whatever was started is ended, too.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    begun, busy, own = time.monotonic(), _busy(), _own()
    found: dict[str, Any] = {}
    yield found
    taken = time.monotonic() - begun
    others = max(0.0, (_busy() - busy) - (_own() - own)) / (taken * (os.cpu_count() or 1))
    found |= {
        "machine": machine(),
        "measured": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "seconds": round(taken),
        "others_share_of_the_machine": round(others, 3),
    }
    parts = load() | {name: found}
    FILE.write_text(json.dumps(parts, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    if FILE.parent == HERE:
        from bench import generate  # which reads this module

        generate.write()
    say(f"{name} is in {FILE} (others took {others:.0%} of the machine meanwhile)")


def _busy() -> float:
    times = psutil.cpu_times()
    return sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0)


def _own() -> float:
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
