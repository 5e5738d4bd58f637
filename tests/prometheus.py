"""A real Prometheus for tests: Debian's, scraping what it is given, on a free port, in a folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

import yaml

STARTS_WITHIN = 20.0
"""Seconds."""


class Missing(Exception):
    """Prometheus is not on this machine; the message says how to install it."""


def program(name: str) -> str:
    """Where a program of Prometheus is. Raises :class:`Missing`."""
    found = shutil.which(name)
    if found is None:
        raise Missing(f"no {name} on this machine: apt install prometheus")
    return found


class Prometheus:
    """Scrapes ``targets`` (host:port) every ``interval`` and asks its rules each time ``evaluated`` is over, until it is closed.

    ``rules``: files of rules. ``alertmanagers``: host:port of each. ``deployed``: a configuration whose external labels and
    relabelling of alerts are taken over. ``consoles``: the folder of runbooks that it serves, as ``deploy/`` has it. Raises
    :class:`Missing` where there is no Prometheus and ``RuntimeError`` with what it said if it does not start.
    """

    def __init__(
        self,
        folder: Path,
        targets: Iterable[str],
        *,
        job: str = "undertow",
        interval: str = "500ms",
        evaluated: str = "500ms",
        rules: Iterable[Path] = (),
        alertmanagers: Iterable[str] = (),
        deployed: Path | None = None,
        consoles: Path | None = None,
    ) -> None:
        self.binary = program("prometheus")
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._arguments = [f"--web.console.templates={consoles}"] if consoles else []
        known = yaml.safe_load(deployed.read_text(encoding="utf-8")) if deployed else {"global": {}, "alerting": {}}
        if consoles:
            known["global"]["external_labels"]["runbooks_url"] = f"{self.url}/consoles"
        every = {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": evaluated}
        config = {
            "global": {**known["global"], **every},
            "scrape_configs": [{"job_name": job, "file_sd_configs": [{"files": [str(folder / "targets.json")]}]}],
            "rule_files": [str(path) for path in rules],
            "alerting": {
                **known["alerting"],
                "alertmanagers": [{"static_configs": [{"targets": list(alertmanagers)}]}],
            },
        }
        folder.mkdir(parents=True, exist_ok=True)
        self.scrape(targets)
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
        self._log = folder / "prometheus.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Prometheus:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    self.binary,
                    f"--config.file={self.folder / 'prometheus.yml'}",
                    f"--storage.tsdb.path={self.folder / 'data'}",
                    f"--web.listen-address=127.0.0.1:{self.port}",
                    f"--web.external-url={self.url}",
                    *self._arguments,
                ],
                stdout=log,
                stderr=log,
                env={"PATH": os.environ.get("PATH", "")},
            )
        until = time.monotonic() + STARTS_WITHIN
        while not is_ready(self.url):
            if self._process.poll() is not None or time.monotonic() > until:
                self.__exit__(None, None, None)
                raise RuntimeError(f"prometheus did not start:\n{self._log.read_text(errors='replace')[-4000:]}")
            time.sleep(0.05)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def scrape(self, targets: Iterable[str]) -> None:
        """From now on these (host:port) and no others. Prometheus watches the file, which must never be half written."""
        half = self.folder / "targets.half"
        half.write_text(json.dumps([{"targets": list(targets)}]), encoding="utf-8")
        half.replace(self.folder / "targets.json")

    def query(self, expr: str) -> list[dict[str, Any]]:
        """The series of an expression as of now. Raises ``ValueError`` with Prometheus's words if it cannot be read."""
        body = urllib.parse.urlencode({"query": expr}).encode()
        request = urllib.request.Request(f"{self.url}/api/v1/query", body)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                said = json.load(answer)
        except urllib.error.HTTPError as refused:
            raise ValueError(f"{expr}: {json.load(refused).get('error')}") from None
        found: list[dict[str, Any]] = said["data"]["result"]
        return found

    def value(self, expr: str) -> float | None:
        """The one value of an expression, None where it has none."""
        found = self.query(expr)
        return float(found[0]["value"][1]) if found else None

    def wait_for(self, expr: str, within: float = 20.0) -> list[dict[str, Any]]:
        """The series of an expression as soon as it has one. Raises ``TimeoutError``."""
        until = time.monotonic() + within
        while not (found := self.query(expr)):
            if time.monotonic() > until:
                raise TimeoutError(f"nothing for {expr} within {within:g} s")
            time.sleep(0.1)
        return found

    def alerts(self) -> list[dict[str, Any]]:
        """Every alert that is pending or firing: labels, annotations, state."""
        with urllib.request.urlopen(f"{self.url}/api/v1/alerts", timeout=10) as answer:
            found: list[dict[str, Any]] = json.load(answer)["data"]["alerts"]
        return found


def is_ready(url: str) -> bool:
    """Whether a Prometheus or Alertmanager answers that it is."""
    try:
        with urllib.request.urlopen(f"{url}/-/ready", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])
