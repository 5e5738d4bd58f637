"""Who is told: the routes for each alert, each vendor of itself only, and what is held back while nothing new is known."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import yaml
from click.testing import CliRunner

from rules.promql import ROOT, rules
from undertow.alerting.recipients import BadRecipients, Recipient, Recipients, Smtp, read
from undertow.alerting.routes import called, config, text
from undertow.cli.main import cli

FOLDER = ROOT / "deploy" / "alertmanager"
CONFIG = FOLDER / "alertmanager.yml"
TWO = Recipients(
    leaders=Recipient(email=("l@example.com",)),
    engineers=Recipient(webhook="http://127.0.0.1:9/hook"),
    vendors={"acme": Recipient(email=("a@acme.example",)), 'odd "name"\\': Recipient(webhook="http://127.0.0.1:9/odd")},
    smtp=Smtp(smarthost="127.0.0.1:9", from_="u@example.com"),
)
needs_amtool = pytest.mark.skipif(
    shutil.which("amtool") is None, reason="amtool is not installed (Debian: prometheus-alertmanager)"
)


def amtool(*arguments: str) -> str:
    run = subprocess.run(["amtool", *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def test_the_committed_configuration_is_the_one_that_the_command_makes() -> None:
    """Run the command at the head of the file when this fails."""
    arguments = [
        "alerts",
        "routes",
        "--contracts",
        str(ROOT / "deploy" / "contracts"),
        "--recipients",
        str(FOLDER / "recipients.yaml"),
    ]
    made = CliRunner().invoke(cli, arguments)
    assert made.exit_code == 0, made.output
    assert made.stdout == CONFIG.read_text(encoding="utf-8")


@needs_amtool
def test_alertmanager_accepts_it(tmp_path: Path) -> None:
    """The committed one, and one with a vendor of a strange name."""
    amtool("check-config", str(CONFIG))
    other = tmp_path / "two.yml"
    other.write_text(text(TWO, str(FOLDER / "templates" / "*.tmpl")), encoding="utf-8")
    assert "1 templates" in amtool("check-config", str(other))


@needs_amtool
@pytest.mark.parametrize("rule", rules("alert"), ids=lambda rule: f"{rule['alert']}-{rule['labels']['severity']}")
def test_each_alert_goes_to_its_own_people(rule: dict, tmp_path: Path) -> None:
    """Leaders at once or daily, engineers, the vendor it is about and no other."""
    path = tmp_path / "two.yml"
    path.write_text(text(TWO), encoding="utf-8")
    labels = {"alertname": rule["alert"], "job": "undertow", **rule["labels"]}

    def told(**more: str) -> list[str]:
        said = [f"{name}={json.dumps(value)}" for name, value in {**labels, **more}.items()]
        return amtool("config", "routes", "test", "--config.file", str(path), *said).strip().split(",")

    if labels["audience"] == "engineers":
        own = ["engineers"]
    else:
        own = ["leaders-now" if labels["severity"] == "critical" else "leaders-digest"]
    for_vendor = [called("acme")] if labels["tell_vendor"] == "yes" else []
    assert told(vendor="acme") == for_vendor + own
    assert told(vendor="acme2") == told(vendor="Acme") == told() == own


@needs_amtool
def test_what_no_route_knows_goes_to_the_engineers() -> None:
    """A rule that forgot its labels is a mistake in the rules."""
    assert amtool("config", "routes", "test", "--config.file", str(CONFIG), "alertname=Other").strip() == "engineers"


def test_no_receiver_of_a_vendor_is_reached_without_naming_it() -> None:
    """Whatever else changes in the tree: each way to a vendor has the vendor's own name and tell_vendor on it."""
    made = config(TWO)

    def walk(route: dict, matchers: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
        of = (*matchers, *route.get("matchers", ()))
        yield route["receiver"], of
        for child in route.get("routes", ()):
            yield from walk(child, of)

    reached = [(receiver, of) for receiver, of in walk(made["route"], ()) if receiver.startswith("vendor ")]
    assert len(reached) == 4
    for receiver, of in reached:
        assert f"vendor={json.dumps(receiver.removeprefix('vendor '))}" in of
        assert 'tell_vendor="yes"' in of
    assert not yaml.safe_load(CONFIG.read_text())["route"].get("continue")


def test_warnings_are_a_digest_and_critical_ones_come_at_once() -> None:
    """Once a day for the one, half a minute for the other, for leaders and vendors alike."""
    routes = {route["receiver"]: route for route in reversed(config(TWO)["route"]["routes"])}
    for receiver in ("leaders-digest", called("acme")):
        assert (routes[receiver]["group_interval"], routes[receiver]["repeat_interval"]) == ("24h", "23h")
        assert routes[receiver]["group_by"] == ["job"]
    for route in (routes["leaders-now"], routes[called("acme")]["routes"][0]):
        assert route["group_wait"] == "30s"
        assert 'severity="critical"' in route["matchers"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"vendors": {"amce": {"email": ["a@b.example"]}}}, "no contract names amce"),
        ({"vendors": {"acme": {}}}, "acme would be told nothing"),
        ({"vendors": {"acme": {"email": ["L@example.com"]}}}, "share an address: acme and leaders"),
        ({"vendors": {"acme": {"email": ["x@y"]}, "zenith": {"email": ["x@y"]}}}, "acme and zenith"),
        ({"smtp": None}, "mail needs smtp"),
        ({"leaders": {"email": ["a, b@c.example"]}}, "leaders.email"),
        ({"leaders": {"email": ['{{ template "x" }}@c.example']}}, "leaders.email"),
        ({"engineers": {"webhook": "http://user:word@example.com/"}}, "engineers.webhook"),
        ({"engineers": {"email": ["e@example.com"], "token_file": "/run/t"}}, "token_file and no webhook"),
        ({"smtp": {"smarthost": "m:25", "from": "u@e.x", "password": "secret"}}, "password"),
        ({"bosses": {}}, "bosses"),
    ],
)
def test_a_mistake_in_the_recipients_is_refused_with_a_word(said: dict, words: str, tmp_path: Path) -> None:
    """A typing error must not send one vendor's figures to another; a password has no place in the file."""
    good = {
        "smtp": {"smarthost": "m:25", "from": "u@example.com"},
        "leaders": {"email": ["l@example.com"]},
        "engineers": {"email": ["e@example.com"]},
    }
    path = tmp_path / "recipients.yaml"
    path.write_text(yaml.safe_dump(good), encoding="utf-8")
    assert read(path, ["acme"]).leaders == Recipient(email=("l@example.com",))
    path.write_text(yaml.safe_dump(good | said), encoding="utf-8")
    with pytest.raises(BadRecipients, match=words):
        read(path, ["acme", "zenith"])
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "acme.yaml").write_text("vendor: acme\n")
    (tmp_path / "contracts" / "zenith.yaml").write_text("vendor: zenith\n")
    arguments = ["alerts", "routes", "--contracts", str(tmp_path / "contracts"), "--recipients", str(path)]
    assert CliRunner().invoke(cli, arguments).exit_code == 2


def test_no_secret_stands_in_the_files() -> None:
    """Passwords and tokens are files that Alertmanager reads itself."""
    said = CONFIG.read_text(encoding="utf-8")
    assert "smtp_auth_password_file" in said
    assert "credentials_file" in said
    for name in ("password:", "credentials:", "bearer_token:", "api_url:"):
        assert name not in said


ALERT = {
    "status": "firing",
    "labels": {"alertname": "UndertowFeedSilent", "vendor": "acme", "severity": "critical"},
    "annotations": {
        "summary": "acme: <b>silent</b>",
        "description": "No record & no sign",
        "dashboard_url": "http://grafana/d/undertow-engineer?a=1&b=2",
        "evidence_url": "http://prometheus/graph?g0.expr=x",
        "runbook_url": "http://prometheus/consoles/UndertowFeedSilent.md",
    },
    "startsAt": "2026-05-18T12:00:00Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "generatorURL": "http://prometheus/graph",
    "fingerprint": "1",
}


@needs_amtool
@pytest.mark.parametrize("name", ["undertow", "undertow.digest", "undertow.vendor"])
def test_mails_say_what_stands_and_escape_it(name: str, tmp_path: Path) -> None:
    """Subject, text and HTML of each kind; a vendor is led to no link of ours."""
    data = tmp_path / "data.json"
    over = {**ALERT, "status": "resolved"}
    data.write_text(
        json.dumps(
            {
                "receiver": "r",
                "status": "firing",
                "alerts": [ALERT, over],
                "groupLabels": {},
                "commonLabels": {"vendor": "acme"},
                "commonAnnotations": {},
                "externalURL": "http://alertmanager",
            }
        )
    )

    def render(part: str, kind: str) -> str:
        words = f'{{{{ template "{name}.{part}" . }}}}'
        return amtool(
            *("template", "render", f"--template.glob={FOLDER}/templates/*.tmpl", f"--template.text={words}"),
            *(f"--template.type={kind}", f"--template.data={data}"),
        )

    subject, plain, html = render("subject", "text"), render("text", "text"), render("html", "html")
    assert "\n" not in subject.strip()
    assert subject.strip()
    assert "No record & no sign" in plain
    assert "OVER: acme" in plain
    assert "2026-05-18 12:00 UTC" in plain
    assert "&lt;b&gt;silent&lt;/b&gt;" in html
    assert "No record &amp; no sign" in html
    links = [ALERT["annotations"][one] for one in ("dashboard_url", "evidence_url", "runbook_url")]
    for link in links:
        assert (link in plain) == (name != "undertow.vendor")
    assert ("href=" in html) == (name != "undertow.vendor")


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real one with our routes, reached at this address. Nothing is sent: no group is waited for."""
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if program is None:
        pytest.skip("no Alertmanager is installed (Debian: prometheus-alertmanager)")
    folder = tmp_path_factory.mktemp("alertmanager")
    (folder / "alertmanager.yml").write_text(text(TWO, str(FOLDER / "templates" / "*.tmpl")), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [program, f"--config.file={folder}/alertmanager.yml", f"--storage.path={folder}/data"]
    command += [f"--web.listen-address={address}", "--cluster.listen-address="]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            until = time.monotonic() + 60
            while True:
                try:
                    urllib.request.urlopen(f"http://{address}/-/ready", timeout=5).close()
                    break
                except OSError:
                    assert process.poll() is None, (folder / "log").read_text()
                    assert time.monotonic() < until, (folder / "log").read_text()
                    time.sleep(0.1)
            yield f"http://{address}/api/v2/alerts"
        finally:
            process.terminate()
            process.wait(20)


def states(api: str, *alerts: dict[str, str]) -> list[str]:
    """The state of each alert after all were posted: active or suppressed."""
    now = datetime.now(UTC).isoformat()
    body = json.dumps([{"labels": labels, "startsAt": now} for labels in alerts]).encode()
    request = urllib.request.Request(api, body, {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=10).close()
    found: dict[tuple[tuple[str, str], ...], str] = {}
    until = time.monotonic() + 20
    while time.monotonic() < until and len(found) < len(alerts):
        with urllib.request.urlopen(api, timeout=10) as answer:
            listed = msgspec.json.decode(answer.read())
        shown = {tuple(sorted(one["labels"].items())): one["status"]["state"] for one in listed}
        found = {key: shown[key] for key in (tuple(sorted(labels.items())) for labels in alerts) if key in shown}
        if "unprocessed" in found.values():
            found = {}
        time.sleep(0.1)
    return [found[tuple(sorted(labels.items()))] for labels in alerts]


def labels_of(name: str, job: str, severity: str | None = None, **more: str) -> dict[str, str]:
    rule = next(r for r in rules("alert") if r["alert"] == name and severity in {None, r["labels"]["severity"]})
    return {"alertname": name, "job": job, **rule["labels"], **more}


def test_outcomes_are_held_back_while_the_feed_is_silent_and_others_are_not(alertmanager: str) -> None:
    """Only the same vendor's, and only in the same installation; what concerns workers stays."""
    said = states(
        alertmanager,
        labels_of("UndertowFeedSilent", "one", vendor="acme"),
        labels_of("UndertowHiddenDissatisfactionSpike", "one", vendor="acme", segment="all", lag="3d"),
        labels_of("UndertowFeedBackdated", "one", vendor="acme"),
        labels_of("UndertowHiddenDissatisfactionSpike", "one", vendor="zenith", segment="all", lag="3d"),
        labels_of("UndertowHiddenDissatisfactionSpike", "two", vendor="acme", segment="all", lag="3d"),
        labels_of("UndertowLag", "one", "warning", topic="vendor.tickets"),
    )
    assert said == ["active", "suppressed", "suppressed", "active", "active", "active"]


def test_outcomes_and_silence_are_held_back_while_a_worker_is_not_ready(alertmanager: str) -> None:
    """Every vendor's of the same installation: nobody knows what the worker would say."""
    said = states(
        alertmanager,
        labels_of("UndertowWorkerNotReady", "three", instance="w1"),
        labels_of("UndertowTruthBudgetBurn", "three", "critical", vendor="acme", pair="3d_1d"),
        labels_of("UndertowFeedSilent", "three", vendor="zenith"),
        labels_of("UndertowDeadLetters", "three", "warning"),
        labels_of("UndertowTruthBudgetBurn", "four", "critical", vendor="acme", pair="3d_1d"),
    )
    assert said[:3] == ["active", "suppressed", "suppressed"]
    assert said[4] == "active"


def test_a_warning_is_held_back_beside_the_same_alert_as_critical(alertmanager: str) -> None:
    """Both pairs of windows of one vendor, not those of another; lag topic by topic."""
    said = states(
        alertmanager,
        labels_of("UndertowTruthBudgetBurn", "five", "critical", vendor="acme", pair="3d_1d"),
        labels_of("UndertowTruthBudgetBurn", "five", "warning", vendor="acme", pair="14d_3d"),
        labels_of("UndertowTruthBudgetBurn", "five", "warning", vendor="zenith", pair="14d_3d"),
        labels_of("UndertowLag", "five", "critical", topic="a"),
        labels_of("UndertowLag", "five", "warning", topic="a"),
        labels_of("UndertowLag", "five", "warning", topic="b"),
    )
    assert said == ["active", "suppressed", "active", "active", "suppressed", "active"]
