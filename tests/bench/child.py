"""One process of a comparison: run, read what it says of itself, add up what it cost.

The peers' own protocol on standard error: ``MARK name cpu wall`` (seconds of CPU since the process began, seconds since
1970) and one ``RESULT {json}``. CPU is user and system time of the whole process, helper threads included, as the
kernel counts it at its end.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event, Thread, Timer
from typing import Any, NamedTuple

LOOK = 0.1
"""Seconds between two looks at a process's memory."""


class Failed(RuntimeError):
    """The process ended in another way than it should; the message ends with its last words."""


def peak_rss_mb(pid: int | str) -> int:
    """Megabytes a living process has held at most; 0 where the system does not say.

    Not ``ru_maxrss``: that begins with what the parent held when it forked.
    """
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return max((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM")), default=0)


class _Memory(Thread):
    """Looks at a process until it is gone."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.most = 0
        self.gone = Event()
        self._pid = pid

    def run(self) -> None:
        while not self.gone.wait(LOOK):
            self.most = max(self.most, peak_rss_mb(self._pid))


class Ran(NamedTuple):
    """What a process did."""

    marks: dict[str, tuple[float, float]]
    """By name: CPU seconds so far, and when (seconds since 1970)."""
    result: dict[str, Any]
    cpu: float
    """Seconds, at its end."""
    peak_rss_mb: int
    said: str
    """Its standard output."""

    def row(self, n: int) -> dict[str, Any]:
        """Cost of ``n`` events, from the first one until the process was gone, less what it spent on checking itself."""
        first, stop = self.marks["first"], self.marks["stop"]
        checking = self.marks.get("checked", stop)[0] - stop[0]
        return {
            "cpu_us_per_event": round((self.cpu - first[0] - checking) / n * 1e6, 2),
            "events_per_second": round(n / max(1e-9, stop[1] - first[1])),
            "peak_rss_mb": self.result.get("peak_rss_mb", self.peak_rss_mb),
            "after_the_last_event_us_per_event": round((self.cpu - stop[0] - checking) / n * 1e6, 2),
        }


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str], within: float = 400.0) -> Ran:
    """Run to the end. Raises :class:`Failed` for a process that says no RESULT or takes longer than ``within`` seconds.

    It may end with any exit code: the peers end themselves by a signal.
    """
    said = folder / "said"
    marks: dict[str, tuple[float, float]] = {}
    result: dict[str, Any] | None = None
    words: list[str] = []
    with said.open("wb") as out:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", **environment},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        timer = Timer(within, process.kill)
        timer.start()
        memory = _Memory(process.pid)
        memory.start()
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if line.startswith("MARK "):
                    _, name, cpu, at = line.split()
                    marks[name] = (float(cpu), float(at))
                elif line.startswith("RESULT "):
                    result = json.loads(line[7:])
                else:
                    words = [*words[-30:], line]
            _, status, used = os.wait4(process.pid, 0)  # the only way to the CPU of this one child
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            timer.cancel()
            memory.gone.set()
            if process.returncode is None:
                process.kill()
                process.wait()
    text = said.read_text(errors="replace")
    if result is None or not {"first", "stop"} <= marks.keys():
        raise Failed(f"{' '.join(command[:4])} ended with {process.returncode}:\n{text[-1000:]}{''.join(words)}")
    return Ran(marks, result, used.ru_utime + used.ru_stime, memory.most, text)
