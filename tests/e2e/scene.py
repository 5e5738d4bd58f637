"""The whole play: every part started, the story told act by act, and everything seen and delivered written down."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

import yaml
from click.testing import CliRunner

from e2e.parts import DEPLOY, Alertmanager, Box, mailbox, rules, sooner, webhook
from e2e.story import GAMING, HONEST, Story, Teller
from integration.installation import Installation, Worker
from prometheus import Prometheus
from undertow.cli.main import cli
from undertow.embedded import EmbeddedBroker, free_port

SPIKE: Final = "UndertowHiddenDissatisfactionSpike"
SILENT: Final = "UndertowFeedSilent"
CALM, BAD, GOOD_AGAIN = 110, 145, 195
"""Days of the story up to which it is told in the acts."""
LEADERS: Final = ("/leaders", "leaders@company.example")
ENGINEERS: Final = ("/engineers", "oncall@company.example")
VENDORS: Final = {name: (f"/{name}", f"service@{name}.example") for name in (GAMING.name, HONEST.name)}
WITHIN: Final = 60.0
"""Seconds that anything may take on a busy machine."""

Alert = tuple[str, str, str, str]
"""Name, vendor, segment and lag; empty where an alert has none."""


def alert_of(labels: dict[str, str]) -> Alert:
    return labels["alertname"], labels.get("vendor", ""), labels.get("segment", ""), labels.get("lag", "")


@dataclass
class Watch:
    """Looks at Prometheus' alerts all the time. ``looks``: monotonic seconds, and the state of every alert then."""

    prometheus: Prometheus
    looks: list[tuple[float, dict[Alert, str]]] = field(default_factory=list)
    failed: list[BaseException] = field(default_factory=list)

    @contextmanager
    def open(self) -> Iterator[Watch]:
        over = Event()

        def run() -> None:
            while not over.wait(0.2):
                try:
                    states = {alert_of(one["labels"]): one["state"] for one in self.prometheus.alerts()}
                except OSError as error:
                    self.failed.append(error)
                else:
                    self.looks.append((time.monotonic(), states))

        thread = Thread(target=run, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            over.set()
            thread.join(20)

    def states(self, alert: Alert, begin: float = 0.0, end: float = float("inf")) -> list[str]:
        """What an alert was, one word for each change: inactive, pending, firing."""
        found: list[str] = []
        for at, states in self.looks:
            state = states.get(alert, "inactive")
            if begin <= at <= end and found[-1:] != [state]:
                found.append(state)
        return found

    def fired(self, begin: float = 0.0, end: float = float("inf")) -> set[Alert]:
        """Every alert that was firing at any time in between."""
        return {
            alert
            for at, states in self.looks
            if begin <= at <= end
            for alert, state in states.items()
            if state == "firing"
        }


@dataclass
class Act:
    """From when to when something was played, monotonic seconds."""

    begin: float
    end: float = float("inf")


@dataclass
class Scene:
    """What tests look at. ``acts`` by name: calm, spike, restart, crash, silence, better."""

    prometheus: Prometheus
    alertmanager: Alertmanager
    watch: Watch
    box: Box
    installation: Installation
    teller: Teller
    workers: list[Worker]
    """Those that should be running."""
    story: Story
    acts: dict[str, Act] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    """What was looked up while it stood."""

    @contextmanager
    def act(self, name: str) -> Iterator[None]:
        self.acts[name] = Act(time.monotonic())
        yield
        self.acts[name].end = time.monotonic()

    def until(self, holds: Callable[[], object], what: str, within: float = WITHIN) -> None:
        """Wait until something holds; say what stood instead where it never does."""
        deadline = time.monotonic() + within
        while not holds():
            if time.monotonic() > deadline:
                _, states = self.watch.looks[-1]
                logs = "\n---\n".join(worker.tail() for worker in self.installation.workers)
                raise AssertionError(f"not within {within:g} s: {what}\n{states}\n{self.alertmanager.log()}\n{logs}")
            time.sleep(0.1)

    def firing(self, alert: Alert) -> bool:
        return bool(self.watch.looks) and self.watch.looks[-1][1].get(alert) == "firing"

    def shown(self, day: float) -> bool:
        """Whether figures are shown that are judged as of a day of the story or later."""
        as_of = self.prometheus.value("max(undertow_judged_as_of_timestamp_seconds)")
        return as_of is not None and as_of >= self.story.at(day)


@contextmanager
def scene(embedded: EmbeddedBroker, folder: Path) -> Iterator[Scene]:
    """Everything started, nothing told yet. Raises ``prometheus.Missing`` where a part is not on this machine."""
    monday = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    monday -= timedelta(days=monday.weekday())  # what happens in the story depends on the days of the week
    story = Story(monday)
    box, port = Box(token="only-for-this-test"), free_port()
    with ExitStack() as running:
        hook = running.enter_context(webhook(box, "/leaders"))
        post = running.enter_context(mailbox(box))
        here = Installation(embedded, folder, story.contracts)
        running.callback(here.close)
        config = _routes(here, folder, hook, post, box.token)
        alertmanager = running.enter_context(Alertmanager(folder / "alertmanager", config))
        prometheus = running.enter_context(
            Prometheus(
                folder / "prometheus",
                [f"127.0.0.1:{port}"],
                interval="1s",
                rules=rules(folder),
                alertmanagers=[alertmanager.address],
                deployed=DEPLOY / "prometheus" / "prometheus.yml",
                consoles=DEPLOY / "runbooks",
            )
        )
        here.apply()
        worker = here.worker(port=port)
        watch = running.enter_context(Watch(prometheus).open())
        teller = running.enter_context(Teller(story, here.settings))
        yield Scene(prometheus, alertmanager, watch, box, here, teller, [worker], story)


def restarted(scene: Scene, *, kill: bool = False) -> Worker:
    """The first worker is stopped, or killed without a word, and another takes its place as under a supervisor."""
    old = scene.workers[0]
    if kill:
        old.process.kill()
        old.process.wait()
    else:
        assert old.stop() == 0, old.tail()
    scene.workers[0] = scene.installation.worker(port=int(old.url.rpartition(":")[2]))
    return scene.workers[0]


def joined(scene: Scene) -> Worker:
    """One more worker, which Prometheus learns of."""
    scene.workers.append(scene.installation.worker())
    scene.prometheus.scrape(worker.url.removeprefix("http://") for worker in scene.workers)
    return scene.workers[-1]


def _routes(here: Installation, folder: Path, hook: str, post: str, token: str) -> dict[str, Any]:
    """What ``undertow alerts routes`` makes of the contracts and of a file of recipients, :func:`sooner`."""
    (folder / "token").write_text(token, encoding="utf-8")
    recipients = {
        "smtp": {"smarthost": post, "from": "undertow@company.example", "require_tls": False},
        "leaders": {"email": [LEADERS[1]], "webhook": hook + LEADERS[0], "token_file": str(folder / "token")},
        "engineers": {"email": [ENGINEERS[1]], "webhook": hook + ENGINEERS[0]},
        "vendors": {name: {"email": [mail], "webhook": hook + path} for name, (path, mail) in VENDORS.items()},
    }
    path = folder / "recipients.yaml"
    path.write_text(yaml.safe_dump(recipients), encoding="utf-8")
    words = ["alerts", "routes", "--contracts", str(here.folder / "contracts"), "--recipients", str(path)]
    words += ["--templates", str(DEPLOY / "alertmanager" / "templates" / "*.tmpl")]
    made = CliRunner().invoke(cli, words)
    assert made.exit_code == 0, made.output
    config: dict[str, Any] = sooner(yaml.safe_load(made.stdout))
    return config
