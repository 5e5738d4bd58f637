"""The portal in a browser, as both sides, over a real worker: a finding is disputed, ruled on, and the headline follows."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from integration.installation import Installation, Worker
from undertow import clients, wire
from undertow.cli.importing import tick
from undertow.clients import Publisher
from undertow.domain.agreement.contract import DAY, Contract, Target
from undertow.embedded import EmbeddedBroker, free_port
from undertow.events import DisputeAnswered, DisputeRuled
from undertow.stages.records import decode_finding
from undertow.topics import CLAIMS, DISPUTES, FINDINGS, TICKETS

START = 1_772_366_400.0
"""2026-03-01T12:00Z in seconds."""
TARGETS = {"first_response": (Target(4 * 3600.0),)}
CONTRACTS = {
    name: Contract(vendor=name, targets=TARGETS, minimum_n=5, imported_until=START + 90 * DAY, time_zone="Asia/Kolkata")
    for name in ("acme", "zenith")
}
TICKETS_EACH = 12
LATE = 4
KEY = "0123456789abcdef" * 2
PICTURES = os.environ.get("UNDERTOW_PICTURES")
"""A folder to put screenshots in, for people to look at."""


def event(vendor: str, number: int, what: str, minute: float, **data: object) -> bytes:
    head = {"specversion": "1.0", "source": f"/{vendor}", "id": f"{number}-{what}-{minute}", "type": f"undertow.{what}"}
    when = {"time": datetime.fromtimestamp(START + number * DAY + minute * 60, UTC).isoformat()}
    ticket = {"vendor": vendor, "ticket": f"{vendor}-T{number}", "customer": f"{vendor}-customer-{number}"}
    return json.dumps(head | when | {"data": ticket | data}).encode()


def publish(here: Installation) -> int:
    """Of each vendor's tickets some were answered late, by a bot in time, and all are claimed as met but one."""
    sent = 0
    with Publisher(here.settings) as publisher:
        for vendor in CONTRACTS:
            for number in range(TICKETS_EACH):
                late = number < LATE
                for topic, value in (
                    (TICKETS, event(vendor, number, "ticket.opened", 0, topic="billing", actor={"kind": "customer"})),
                    (TICKETS, event(vendor, number, "ticket.message", 0, actor={"kind": "customer"})),
                    (TICKETS, event(vendor, number, "ticket.message", 2, actor={"kind": "bot"}, substantive=False)),
                    (TICKETS, event(vendor, number, "ticket.message", 280 if late else 30, actor={"kind": "agent"})),
                    (TICKETS, event(vendor, number, "ticket.status_changed", 360, to="solved", actor={"kind": "agent"})),
                    (CLAIMS, event(vendor, number, "claim.ticket", 361, measure="first_response", met=number != LATE,
                                   value=120.0 if late else 1800.0)),
                ):  # fmt: skip
                    publisher.send(here.topic(topic), value)
                    sent += 1
        tick(publisher, here.settings, START + 60 * DAY)
    return sent


@pytest.fixture
def chromium() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium on this machine: the portal is not tried in a browser")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def here(embedded: EmbeddedBroker, tmp_path: Path) -> Iterator[Installation]:
    made = Installation(embedded, tmp_path, CONTRACTS, partitions=2)
    yield made
    made.close()


def gap(worker: Worker) -> tuple[float | None, float | None]:
    """Over how many tickets the gap of acme's first responses is, and what it is."""
    key = ("first_response", "all", "acme", "all")
    return tuple(worker.samples(f"undertow_gap_{what}").get(key) for what in ("eligible_tickets", "ratio"))  # type: ignore[return-value]


def answered(worker: Worker) -> dict[str, float]:
    found = worker.samples("undertow_disputed_findings")
    return {state: n for (state, vendor), n in found.items() if vendor == "acme" and n}


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


def sign_in(page: Page, url: str, token: str) -> None:
    page.goto(url)
    page.get_by_label("Your token").fill(token)
    picture(page, "sign-in")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/findings")


@pytest.mark.broker
def test_a_vendor_disputes_the_company_rules_and_the_headline_follows(
    here: Installation, chromium: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Promise: what either side does on a page is an event, is seen by the other side, and moves the figures."""
    monkeypatch.setenv("UNDERTOW_PSEUDONYM_KEY", KEY)
    tokens, port = str(tmp_path / "tokens.json"), free_port()
    here.apply()
    worker = here.worker("--portal-port", str(port), "--tokens", tokens)
    here.drained(publish(here))
    here.until(lambda: gap(worker) == (TICKETS_EACH, (LATE - 1) / TICKETS_EACH), "the gap is shown")
    findings = [
        decode_finding(record.value) for record in clients.read(here.settings, here.topic(FINDINGS)) if record.value
    ]
    late = next(
        one for one in findings if (one.vendor, one.ticket, one.verdict) == ("acme", "acme-T1", "over_reported")
    )

    def token(*words: str) -> str:
        return here.run_plain("token", "create", "--tokens", tokens, *words).strip()

    url = f"http://127.0.0.1:{port}"
    wide = {"width": 1200, "height": 900}
    problems: list[str] = []
    pages = []
    for words in (
        ("--vendor", "acme", "--name", "Kim, Acme"),
        ("--company", "--name", "Ada"),
        ("--vendor", "zenith", "--name", "Zoe"),
    ):
        page = chromium.new_context(viewport=wide).new_page()
        page.on("console", lambda said: problems.append(said.text))
        sign_in(page, url, token(*words))
        pages.append(page)
    vendor, company, other = pages

    # the vendor finds the ticket and disputes it
    assert vendor.get_by_text("acme-T1", exact=True).count() == 1
    assert vendor.get_by_text("zenith").count() == 0
    picture(vendor, "list-light")
    vendor.locator("summary").click()
    vendor.get_by_label("Verdict").select_option("over_reported")
    vendor.get_by_role("button", name="Show").click()
    assert f"{LATE} findings" in vendor.locator(".count").inner_text()
    vendor.locator(f'a[href="/findings/{late.id}"]').click()
    picture(vendor, "finding-light")
    text = vendor.locator("main").inner_text()
    assert "a message by a bot counted differently" in text
    assert "reported: First response met, 2 min" in text
    assert "Times of Asia/Kolkata" in text
    assert "2026-03-02 17:30" in text, "12:00 UTC"
    assert "a message by a bot" in text
    assert "acme-customer" not in vendor.content()
    vendor.get_by_role("button", name="Dispute").click()
    assert "say why" in vendor.locator("main").inner_text().lower()
    problems.clear()  # the browser notes the answer 400
    vendor.get_by_label("Reason").fill("Our bot <b>is</b> an answer by annex 2.")
    vendor.get_by_role("button", name="Dispute").click()
    assert "Your answer is recorded." in vendor.locator("main").inner_text()
    here.until(lambda: answered(worker) == {"disputed": 1}, "the worker counts it apart")
    here.until(lambda: gap(worker) == (TICKETS_EACH - 1, (LATE - 2) / (TICKETS_EACH - 1)), "it has left the headline")
    vendor.reload()
    assert "it counts in no figure until the company has ruled" in vendor.locator("main").inner_text()
    picture(vendor, "finding-disputed-light")

    # the company sees it and withdraws it; the other vendor sees nothing of it
    company.get_by_role("link", name="Disputes").click()
    assert "Our bot <b>is</b> an answer by annex 2." in company.locator("main").inner_text()
    picture(company, "disputes-light")
    company.locator(f'a[href="/findings/{late.id}"]').click()
    assert "acme-customer-1" in company.content()
    picture(company, "company-finding-light")
    company.get_by_label("Reason").fill("Annex 2 says so.")
    company.get_by_role("button", name="Withdraw it").click()
    assert "The ruling is recorded." in company.locator("main").inner_text()
    here.until(lambda: answered(worker) == {"withdrawn": 1}, "withdrawn")
    assert gap(worker) == (TICKETS_EACH - 1, (LATE - 2) / (TICKETS_EACH - 1))
    vendor.reload()
    assert "Annex 2 says so." in vendor.locator("main").inner_text()
    assert "Withdrawn: it counts in no figure." in vendor.locator("main").inner_text()
    answer = other.goto(f"{url}/findings/{late.id}")
    assert answer is not None
    assert answer.status == 404
    assert "acme" not in other.content()
    problems.clear()

    # the company upholds it after all: it is back in the headline
    company.get_by_label("Reason").fill("Annex 2 was struck out in May.")
    company.get_by_role("button", name="Uphold it").click()
    here.until(lambda: answered(worker) == {"upheld": 1}, "upheld")
    here.until(lambda: gap(worker) == (TICKETS_EACH, (LATE - 1) / TICKETS_EACH), "it is back")
    told = [wire.decode(record.value, record.headers) for record in clients.read(here.settings, here.topic(DISPUTES))]
    assert [(type(one), one.data.by) for one in told] == [  # type: ignore[union-attr]
        (DisputeAnswered, "Kim, Acme"), (DisputeRuled, "Ada"), (DisputeRuled, "Ada"),
    ]  # fmt: skip
    assert {(one.data.ticket, one.data.customer) for one in told} == {("acme-T1", "acme-customer-1")}  # type: ignore[union-attr]
    assert problems == [], "the browser found nothing to refuse on any page"

    with vendor.expect_download() as saved:
        vendor.goto(f"{url}/findings")
        vendor.get_by_role("link", name="Download as CSV").click()
    assert Path(saved.value.path()).read_text().count("\n") == 1 + sum(one.vendor == "acme" for one in findings)
    _look(chromium, vendor, company, url, late.id)
    assert worker.stop() == 0


def _look(chromium: Browser, vendor: Page, company: Page, url: str, finding: str) -> None:
    """No page is wider than a phone; in the dark there is no light paper."""
    for side, page in (("vendor", vendor), ("company", company)):
        kept = page.context.storage_state()
        for name, options in {
            "dark": {"color_scheme": "dark", "viewport": {"width": 1200, "height": 900}},
            "phone": {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2},
        }.items():
            look = chromium.new_context(storage_state=kept, **options).new_page()  # type: ignore[arg-type]
            for path in ("findings", f"findings/{finding}", "statements", *(["disputes"] if side == "company" else [])):
                look.goto(f"{url}/{path}")
                picture(look, f"{side}-{path.replace('/', '-')[:12]}-{name}")
                wide = look.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                assert wide <= 0, (path, name)
                if name == "dark":
                    paper = look.evaluate("getComputedStyle(document.body).backgroundColor")
                    assert max(map(int, paper.removeprefix("rgb(").rstrip(")").split(","))) < 60
            look.context.close()


@pytest.mark.broker
def test_a_portal_of_its_own_refuses_what_is_not_safe_and_serves_what_is(here: Installation, tmp_path: Path) -> None:
    """Promise: without a key, without topics, or in the open it does not start, and says what to change."""
    words = ["portal", "--contracts", str(here.folder / "contracts"), "--data-dir", str(tmp_path / "d"), "--port", "0"]
    assert "undertow topics apply" in here.run(*words, code=3).stderr
    here.apply()
    assert "UNDERTOW_PSEUDONYM_KEY_FILE" in here.run(*words, code=2).stderr
    os.environ["UNDERTOW_PSEUDONYM_KEY"] = KEY
    try:
        assert "--certificate" in here.run(*words, "--host", "0.0.0.0", code=2).stderr
    finally:
        del os.environ["UNDERTOW_PSEUDONYM_KEY"]
