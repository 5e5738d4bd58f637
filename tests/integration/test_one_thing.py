"""From a worker's statement to the receivers, the portal and the figures: both sides are told the same, each once."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from aiosmtpd.controller import Controller
from click.testing import CliRunner, Result
from standardwebhooks import Webhook

from integration.conftest import Install
from integration.installation import Installation, Worker
from integration.test_statements import ACME, MAY, event, story
from undertow import admin, clients
from undertow.cli.importing import tick
from undertow.cli.main import cli
from undertow.clients import Publisher
from undertow.domain.agreement.contract import DAY
from undertow.domain.agreement.delivery import Destination
from undertow.domain.judging.findings import Finding
from undertow.domain.statements.statement import PeriodStatement, decode
from undertow.embedded import free_port
from undertow.stages.records import decode_finding
from undertow.topics import CLAIMS, DISPUTES, FINDINGS, STATEMENTS, TICKETS

pytestmark = [pytest.mark.broker, pytest.mark.parametrize("broker", ["embedded"], indirect=True)]
TICKETS_OF_MARCH, REOPENED = 30, 6
KEY = "a key for tests, 0123456789abcdef"
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


class Receivers:
    """A mail server and a webhook's server, and what they got."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.hooks: list[tuple[dict[str, str], bytes]] = []
        self.refuse = 1
        """Requests that the webhook's server will refuse."""
        made = self

        class Hook(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if made.refuse:
                    made.refuse -= 1
                    self.send_response(503)
                else:
                    made.hooks.append((dict(self.headers), body))
                    self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.smtp = Controller(self, hostname="127.0.0.1", port=free_port())
        self.http = HTTPServer(("127.0.0.1", 0), Hook)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return "250 taken"

    def attached(self, ending: str) -> bytes:
        (mail,) = self.mails
        (part,) = (one for one in mail.iter_attachments() if (one.get_filename() or "").endswith(ending))
        content: bytes = part.get_payload(decode=True)  # type: ignore[assignment]
        return content


@pytest.fixture
def receivers() -> Iterator[Receivers]:
    made = Receivers()
    made.smtp.start()
    threading.Thread(target=made.http.serve_forever, daemon=True).start()
    yield made
    made.smtp.stop()
    made.http.shutdown()
    made.http.server_close()


class Visitor:
    """Somebody at the portal, without a browser."""

    def __init__(self, port: int, token: str) -> None:
        self._port, self._cookies = port, ""
        form = re.search(r'name="form" value="([^"]+)"', self.get("/sign-in").decode())
        assert form
        self._ask("POST", "/sign-in", urlencode({"form": form[1], "token": token}))

    def get(self, path: str, status: int = 200) -> bytes:
        found, content = self._ask("GET", path)
        assert found == status, (path, found)
        return content

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=20)
        headers = {"Cookie": self._cookies, "Content-Type": "application/x-www-form-urlencoded"}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        said = [one.partition(";")[0] for one in answer.headers.get_all("Set-Cookie", [])]
        self._cookies = "; ".join([*filter(None, [self._cookies]), *said])
        content = answer.read()
        connection.close()
        return answer.status, content


def played(here: Installation, worker: Worker) -> PeriodStatement:
    """March: thirty tickets reported as met, of which ten were not, one of these disputed, and six were reopened."""
    with Publisher(here.settings) as publisher:
        for number in range(TICKETS_OF_MARCH):
            for topic, value in story(number, f"2026-03-{1 + number % 28:02}"):
                publisher.send(here.topic(topic), value)
            whole = event("claim.ticket", number, "2026-04-01T00:00:00Z", measure="sla", met=True)
            publisher.send(here.topic(CLAIMS), whole)
        for number in range(REOPENED):
            told = event(
                "ticket.status_changed",
                number,
                f"2026-03-{3 + number:02}T08:00:00Z",
                to="open",
                actor={"kind": "customer"},
            )
            publisher.send(here.topic(TICKETS), told)
    here.drained(6 * TICKETS_OF_MARCH + REOPENED)
    with Publisher(here.settings) as publisher:
        tick(publisher, here.settings, MAY - 31 * DAY)
    here.until(lambda: len(standing(here)) == 2 * TICKETS_OF_MARCH // 3, "every finding stands on its topic", within=20)
    with Publisher(here.settings) as publisher:
        one = next(one for one in standing(here) if one.name == "first_response")
        of = {"vendor": "acme", "finding": one.id, "ticket": one.ticket, "customer": one.customer}
        head = {"specversion": "1.0", "source": "/portal", "id": "d1", "type": "undertow.dispute.answered"}
        told = head | {"time": "2026-04-02T00:00:00Z", "data": of | {"answer": "dispute", "reason": "no", "by": "Kim"}}
        publisher.send(here.topic(DISPUTES), json.dumps(told).encode())
    here.until(lambda: worker.samples("undertow_disputed_findings").get(("disputed", "acme")) == 1, "it is disputed")
    with Publisher(here.settings) as publisher:
        tick(publisher, here.settings, MAY)
    here.until(lambda: worker.total("undertow_statement_number") == 1, "March is stated")
    (statement,) = (decode(one.value) for one in clients.read(here.settings, here.topic(STATEMENTS)))
    return statement


def standing(here: Installation) -> list[Finding]:
    """The findings of verdicts that stand."""
    found = {one.key.decode(): one.value for one in clients.read(here.settings, here.topic(FINDINGS))}
    some = [decode_finding(value) for value in found.values() if value is not None]
    return [one for one in some if one.kind == "verdict"]


def asked(here: Installation | None, *words: str) -> Result:
    """A command in this process, which spares a second of imports each."""
    return CliRunner().invoke(cli, [*words, *(here.where if here is not None else ())])


def test_a_statement_reaches_every_side_once_and_all_of_them_read_the_same(
    install: Install, receivers: Receivers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Promise: mail, webhook, topic, portal and report bring the same bytes; they, gaps and metrics the same numbers."""
    monkeypatch.setenv("UNDERTOW_PSEUDONYM_KEY", KEY)
    monkeypatch.setenv("ACME_WEBHOOK", SECRET)
    here = install(ACME)
    here.own = ("acme.statements",)
    admin.apply(here.settings, here.own)
    hook = f"http://127.0.0.1:{receivers.http.server_port}/sla"
    to = (
        Destination(kind="kafka", address="acme.statements"),
        Destination(kind="webhook", address=hook, secret_variable="ACME_WEBHOOK"),
        Destination(kind="email", address="desk@acme.example"),
    )
    said = [{name: value for name, value in msgspec.to_builtins(one).items() if value is not None} for one in to]
    (path,) = (here.folder / "contracts").iterdir()
    path.write_text(f"{path.read_text()}delivery: {json.dumps({'after': '0s', 'to': said})}\n")
    port, tokens = free_port(), str(tmp_path / "tokens.json")
    worker = here.worker("--portal-port", str(port), "--tokens", tokens)
    statement = played(here, worker)
    where = ("--contracts", str(here.folder / "contracts"))

    smtp = ("--smtp-host", "127.0.0.1", "--smtp-port", str(receivers.smtp.port), "--smtp-security", "none")
    deliver = ("deliver", "--once", "--allow-private", *where, *smtp, "--smtp-sender", "sla@company.example")
    assert "2 of 3 due deliveries were made" in here.run(*deliver, code=1).stderr
    here.until(lambda: "1 of 1 due deliveries were made" in asked(here, *deliver).stderr, "the webhook is tried again")
    again = asked(here, *deliver)
    assert "0 of 0 due deliveries were made" in again.stderr
    assert again.exit_code == 0
    (on_topic,) = clients.read(here.settings, here.topic("acme.statements"))
    ((headers, body),) = receivers.hooks
    assert Webhook(SECRET).verify(body, headers)
    assert on_topic.value == body

    report = ("report", "acme", "--period", "2026-03", *where, "-o")
    files = {form: tmp_path / f"march.{form}" for form in ("html", "csv", "json")}
    for form, file in files.items():
        asked(here, *report, str(file), "--format", form)
    assert receivers.attached(".html") == files["html"].read_bytes()
    assert receivers.attached(".csv") == files["csv"].read_bytes()
    whole = json.loads(body)["data"]
    assert whole == json.loads(files["json"].read_bytes())
    assert b"customer-" not in body + receivers.attached(".html") + receivers.attached(".csv")
    (tmp_path / "hook.json").write_bytes(body)
    for target in (str(tmp_path / "hook.json"), "acme"):
        verified = asked(here, "verify", target, "--period", "2026-03", *where).stdout
        count = len(whole["findings"])
        assert f"{count} of {count} findings verified" in verified

    def visitor(*words: str) -> Visitor:
        return Visitor(port, asked(None, "token", "create", "--tokens", tokens, *words).stdout.strip())

    kim, other = visitor("--vendor", "acme", "--name", "Kim"), visitor("--vendor", "zenith", "--name", "Lee")
    (id,) = set(re.findall(r"/statements/([0-9a-f]{16})\.html", kim.get("/statements").decode()))
    assert kim.get(f"/statements/{id}.csv") == files["csv"].read_bytes()
    assert kim.get(f"/statements/{id}.json") == files["json"].read_bytes()
    page = kim.get(f"/statements/{id}.html").decode()
    assert page.count('<svg class="timeline"') == files["html"].read_text().count('<svg class="timeline"') > 0
    for form in files:
        other.get(f"/statements/{id}.{form}", 404)
    _agree(here, worker, statement, page, kim.get("/findings").decode())


def _agree(here: Installation, worker: Worker, statement: PeriodStatement, page: str, findings: str) -> None:
    """The numbers of the statement, of ``gaps`` both ways, of the metrics and of the portal's pages."""
    one = next(each for each in statement.measures if each.measure == "first_response")
    over, out = TICKETS_OF_MARCH // 3 - 1, 1
    assert (one.over_reported, one.disputed, one.reported.n) == (over, out, TICKETS_OF_MARCH - out)
    where = ("--contracts", str(here.folder / "contracts"))
    added = json.loads(asked(here, "gaps", "--json", *where).stdout)["vendors"]["acme"]
    row = next(each for each in added if (each["segment"], each["measure"]) == ("all", "first_response"))
    shown = json.loads(asked(here, "gaps", "--json", "--worker", worker.url).stdout)["vendors"]["acme"]
    told = next(each for each in shown if each["measure"] == "first_response")
    key = ("first_response", "all", "acme", "all")
    exposed = {
        name: worker.samples(f"undertow_gap_{name}")[key] for name in ("reported_ratio", "actual_ratio", "ratio")
    }
    assert one.reported.n == row["pairs"] == told["pairs"] == worker.samples("undertow_gap_eligible_tickets")[key]
    assert one.difference is not None
    for stated, from_topics, from_worker, metric in (
        (one.reported.value, row["reported"]["value"], told["reported"], exposed["reported_ratio"]),
        (one.actual.value, row["actual"]["value"], told["actual"], exposed["actual_ratio"]),
        (one.difference.value, row["gap"]["value"], told["gap"], exposed["ratio"]),
    ):
        assert stated == pytest.approx(from_topics, abs=1e-6) == pytest.approx(from_worker, abs=1e-6)
        assert from_worker == pytest.approx(metric)
    hidden = next(each.share for each in statement.outcomes if each.outcome == "hidden")
    assert hidden is not None
    everything = ("all", "acme", "all")
    assert hidden.count == REOPENED
    assert hidden.n == worker.samples("undertow_hidden_dissatisfaction_eligible_tickets")[everything]
    assert hidden.value == pytest.approx(worker.samples("undertow_hidden_dissatisfaction_ratio")[everything], abs=1e-6)
    assert f"<b>{2 * (over + out)}</b> worse than reported" in findings
    assert f"<b>{out}</b> disputed" in findings
    assert f"{hidden.count:,} of those {hidden.n:,}" in page
    assert "first response: worse than reported, disputed and left out" in page
