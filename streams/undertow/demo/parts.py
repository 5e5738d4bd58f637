"""The running parts of a demo: a folder of contracts, topics of its own, and one worker process."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self
from urllib.error import URLError
from urllib.request import urlopen

from undertow import admin
from undertow.contracts.writing import written
from undertow.domain.agreement.contract import Contract
from undertow.embedded import die_with_parent
from undertow.settings import Broker, Settings

READY_TIMEOUT = 60.0
"""Seconds until the worker must be ready: a join on the embedded broker takes some of them."""
STOP_TIMEOUT = 20.0
"""Seconds for the worker to commit and leave before it is killed."""


class DemoFailed(Exception):
    """A part of the demo did not come up or died; the message holds the end of its log."""


class WorkerProcess:
    """A worker in a process of its own, for the length of a ``with`` block. It dies with us, however we die (Linux)."""

    def __init__(self, settings: Settings, contracts: Mapping[str, Contract]) -> None:
        self._settings = settings
        self._folder = tempfile.TemporaryDirectory(prefix="undertow-demo-")
        self.log = Path(self._folder.name) / "worker.log"
        write_contracts(Path(self._folder.name) / "contracts", contracts)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where its metrics are."""
        return f"http://{self._settings.metrics_host}:{self._settings.metrics_port}"

    def __enter__(self) -> Self:
        chosen, folder = self._settings, Path(self._folder.name)
        arguments = [sys.executable, "-m", "undertow", "worker", "--clock", "events"]
        arguments += ["--broker", chosen.broker.address, "--broker-kind", chosen.broker.kind]
        arguments += ["--namespace", chosen.namespace, "--partitions", str(chosen.casebook_partitions)]
        arguments += ["--contracts", str(folder / "contracts"), "--data-dir", str(folder / "data")]
        arguments += ["--metrics-host", chosen.metrics_host, "--metrics-port", str(chosen.metrics_port)]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own argument list
                arguments,
                env=os.environ | _account(chosen.broker),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the demo, which then stops the worker in order
                preexec_fn=die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - one system call
            )
        return self

    def wait_until_ready(self) -> None:
        """Return when ``/readyz`` says so. Raises :class:`DemoFailed`."""
        deadline = time.monotonic() + READY_TIMEOUT
        while time.monotonic() < deadline:
            self.check()
            try:
                with urlopen(f"{self.url}/readyz", timeout=2):  # noqa: S310 - our own loopback address
                    return
            except (URLError, OSError):
                time.sleep(0.2)
        raise DemoFailed(f"the worker was not ready after {READY_TIMEOUT:.0f} s:\n{self._tail()}")

    def check(self) -> None:
        """Raise :class:`DemoFailed` if the worker has ended."""
        code = self._process.poll() if self._process is not None else None
        if code is not None:
            raise DemoFailed(f"the worker ended with exit code {code}:\n{self._tail()}")

    def metrics(self) -> str:
        """The metrics as text. Raises :class:`DemoFailed`."""
        try:
            with urlopen(f"{self.url}/metrics", timeout=5) as answer:  # noqa: S310 - our own loopback address
                text: str = answer.read().decode()
                return text
        except (URLError, OSError) as error:
            self.check()
            raise DemoFailed(f"no metrics at {self.url}: {error}") from None

    def __exit__(self, *exc: object) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._folder.cleanup()

    def _tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(lines[-12:])


def _account(broker: Broker) -> dict[str, str]:
    """How the worker is told to connect: by variables, for options stand in the process list."""
    told = {
        "UNDERTOW_SECURITY": broker.security,
        "UNDERTOW_CA_FILE": broker.ca_file,
        "UNDERTOW_CERT_FILE": broker.cert_file,
        "UNDERTOW_KEY_FILE": broker.key_file,
        "UNDERTOW_SASL_MECHANISM": broker.sasl_mechanism,
        "UNDERTOW_USERNAME": broker.username,
        "UNDERTOW_PASSWORD": broker.password,
    }
    return {name: value for name, value in told.items() if value is not None}


class OwnTopics:
    """Topics in a namespace of our own: made on entering, deleted on leaving, for they are in somebody's cluster."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __enter__(self) -> Self:
        admin.apply(self._settings)
        return self

    def __exit__(self, *exc: object) -> None:
        if self._settings.broker.kind != "embedded":  # its topics end with it
            admin.delete(self._settings)


def write_contracts(folder: Path, contracts: Mapping[str, Contract]) -> None:
    """One YAML file a vendor, as ``undertow worker --contracts`` reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, contract in enumerate(contracts.values()):
        (folder / f"{number:03}.yaml").write_text(written(contract), encoding="utf-8")
