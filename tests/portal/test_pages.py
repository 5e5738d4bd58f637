"""What the pages show: the right findings in the right order, other names for customers, and answers as events."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import re
import stat
import subprocess
import sys
import time
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from portal.house import KEY, NOW, House, finding, may
from undertow.cli.main import cli
from undertow.clients import KafkaUnavailable
from undertow.domain.agreement.contract import Contract
from undertow.domain.statements.statement import decode, encode, key, sealed
from undertow.portal.feed import Feed
from undertow.portal.guard import POLICY
from undertow.portal.index import Index
from undertow.portal.scope import PAGE, Filter, Place, Scope
from undertow.portal.tokens import BadTokens, Tokens
from undertow.reports import forms
from undertow.reports.pseudonyms import Pseudonyms
from undertow.settings import Settings
from undertow.stages.rereading.dossier import Dossiers


def links(text: str) -> list[str]:
    return re.findall(r'href="/findings/([0-9a-f]{16})"', text)


def test_the_list_is_newest_first_with_under_reports_first_among_equals_and_ends(tmp_path):
    """Promise: every finding stands on exactly one page, whatever is filtered."""
    house = House(tmp_path)
    many = [
        finding(
            n, "acme", day=20_500 + n % 7 if n % 11 else None, verdict=("under_reported", "over_reported")[n % 3 > 0]
        )
        for n in range(100, 100 + 3 * PAGE)
    ]
    house.put(*many)
    whole = [*house.findings["acme"], *many]

    def place(one):
        return (-(one.day if one.day is not None else 1 << 20), one.verdict != "under_reported", one.id)

    async def act(open_):
        browser = open_()
        await browser.sign_in(house.token("acme"))
        for query, kept in (
            ("", whole),
            ("verdict=under_reported", [one for one in whole if one.verdict == "under_reported"]),
            ("state=none&first=2026-02-16&last=2026-02-18",
             [one for one in whole if one.state is None and one.day is not None and 20_500 <= one.day <= 20_502]),
            ("ticket=acme-ticket-105", [one for one in whole if one.ticket == "acme-ticket-105"]),
            ("cause=clock", []),
        ):  # fmt: skip
            path, seen = f"/findings?{query}", []
            while path:
                text = await browser.text(path)
                assert f"{len(kept)} finding" in text
                seen += links(text)
                following = re.search(r'rel="next" href="([^"]+)"', text)
                path = following[1].replace("&amp;", "&") if following else ""
            assert seen == [one.id for one in sorted(kept, key=place)], query
        for bad in ("kind=x", "first=yesterday", "after=1.2", "cause=%00", "ticket=" + "x" * 300):
            assert (await browser.get(f"/findings?{bad}")).status == 400, bad

    asyncio.run(house.walk(act))


def test_a_finding_taken_back_or_changed_is_gone_or_moved(tmp_path):
    """Promise: the index follows the topic, and its counts follow it."""
    house = House(tmp_path)
    scope = Scope(house.index, "acme", Pseudonyms(KEY))
    first = house.findings["acme"][1]
    before = scope.totals()
    house.put(finding(1, "acme", state="withdrawn", verdict="over_reported"))
    now = scope.totals()
    assert (now["disputed"], now["withdrawn"]) == (before["disputed"] - 1, before["withdrawn"] + 1)
    assert [one.finding.id for one in scope.findings(Filter(state="withdrawn"))] == [first.id]
    house.index.put([(first.id, None, b"")], [], [])
    assert scope.finding(first.id) is None
    assert scope.count(Filter()) == len(house.findings["acme"]) - 1
    house.index.close()
    assert [path.name for path in tmp_path.iterdir()] == [], "the index is no store: it leaves nothing behind"


def test_the_index_of_a_process_that_was_killed_is_deleted_by_the_next(tmp_path):
    """Promise: customers do not lie about on a disk; what another process still uses stays."""
    gone = subprocess.Popen(["true"])
    gone.wait()
    ours, first = f"portal-{os.getpid()}-b.sqlite", Index(tmp_path)
    for name in (
        f"portal-{gone.pid}-a.sqlite",
        f"portal-{gone.pid}-a.sqlite-wal",
        ours,
        f"portal-{os.getppid()}-c.sqlite",
        "other",
    ):
        (tmp_path / name).touch()
    Index(tmp_path).close()
    assert {path.name for path in tmp_path.iterdir()} - {
        Path(first._path + end).name for end in ("", "-wal", "-shm")
    } == {
        f"portal-{os.getppid()}-c.sqlite",
        "other",
    }
    first.close()


def test_a_vendor_reads_other_names_for_customers_everywhere_and_the_company_their_own(tmp_path):
    """Promise: on pages and in downloads; the same customer has the same other name."""
    house = House(tmp_path)
    one = house.findings["acme"][0]
    other_name = Pseudonyms(KEY).of("acme", "acme-customer-0")

    async def act(open_):
        vendor, company = open_(), open_()
        await vendor.sign_in(house.token("acme"))
        await company.sign_in(house.token(None))
        for path in (
            "/findings",
            f"/findings/{one.id}",
            "/findings.csv",
            "/statements",
            *(f"/statements/0000000000000000.{form}" for form in ("html", "csv", "json")),
        ):
            assert "acme-customer" not in await vendor.text(path), path
        assert other_name in await vendor.text(f"/findings/{one.id}")
        rows = list(csv.DictReader(io.StringIO(await vendor.text("/findings.csv"))))
        assert len(rows) == 9
        assert rows[0]["customer"].startswith("c-")
        assert {row["vendor"] for row in rows} == {"acme"}
        assert "acme-customer-0" in await company.text(f"/findings/{one.id}")
        assert len(list(csv.DictReader(io.StringIO(await company.text("/findings.csv?state=disputed"))))) == 4

    asyncio.run(house.walk(act))


def test_the_list_opens_with_what_the_counts_are_of(tmp_path):
    """Promise: so many findings say little without the tickets beside them, which the newest statement has."""
    house = House(tmp_path)

    async def act(open_):
        vendor, company, new = open_(), open_(), open_()
        await vendor.sign_in(house.token("acme"))
        await company.sign_in(house.token(None))
        await new.sign_in(house.token("newcomer"))
        text = await vendor.text("/findings")
        assert "Newest statement, May 2026: acme in short." in text
        assert text.index("Newest statement") < text.index('class="totals"')
        assert 'href="/statements/0000000000000000.html"' in text
        for nobody in (company, new):
            assert "Newest statement" not in await nobody.text("/findings")
        assert "Newest statement" not in await vendor.text("/findings?state=disputed")

    asyncio.run(house.walk(act))


def test_a_statement_is_there_in_every_form_and_is_that_of_the_report(tmp_path):
    """Promise: what a vendor opens here is what `undertow report` writes, as a page that runs nothing, and as files."""
    house, names = House(tmp_path), Pseudonyms(KEY)
    own = [one for one in house.findings["acme"] if one.day <= may("acme").last_day]
    assert 0 < len(own) <= len(house.findings["acme"])

    async def act(open_):
        for vendor in ("acme", None):
            browser = open_()
            await browser.sign_in(house.token(vendor))
            listed = await browser.text("/statements")
            assert ("zenith in short" in listed) is (vendor is None)
            for form in forms.FORMATS:
                path = f"/statements/{0:016x}.{form}"
                assert path in listed
                answer = await browser.get(path)
                content = await answer.read()
                assert (answer.status, answer.headers["Content-Type"]) == (200, forms.CONTENT_TYPES[form])
                if form == "pdf":
                    assert content.startswith(b"%PDF")
                else:
                    drawn = Dossiers({}, None) if form in forms.DRAWN else None
                    assert content == forms.render(may("acme"), own, form, names=names, dossiers=drawn)
                policy = answer.headers["Content-Security-Policy"]
                if form == "html":
                    assert policy == forms.policy(content)
                    assert "script" not in policy
                    assert "Content-Disposition" not in answer.headers
                else:
                    assert policy == POLICY
                    assert answer.headers["Content-Disposition"] == f'attachment; filename="acme-2026-05.{form}"'
            taken = json.loads(await browser.text(f"/statements/{0:016x}.json"))
            assert decode(json.dumps(taken["statement"]).encode()) == may("acme")
            assert {one["id"] for one in taken["findings"]} == {one.id for one in own}

    asyncio.run(house.walk(act))


def test_without_weasyprint_no_pdf_is_offered_and_asking_for_one_says_why(tmp_path, monkeypatch):
    """Promise: a missing extra is a plain sentence and no failure."""
    house = House(tmp_path)
    monkeypatch.setitem(sys.modules, "weasyprint", None)

    async def act(open_):
        browser = open_()
        await browser.sign_in(house.token("acme"))
        answer = await browser.get(f"/statements/{0:016x}.pdf")
        assert answer.status == 501
        assert "undertow[pdf]" in await answer.text()
        assert ".pdf" not in await browser.text("/statements")

    asyncio.run(house.walk(act))


def test_a_cell_that_a_spreadsheet_would_run_is_text(tmp_path):
    """Promise: a ticket called =cmd() opens as its name."""
    house = House(tmp_path)
    house.put(finding(50, "acme", state="disputed", reason="=cmd|' /C calc'!A0"))

    async def act(open_):
        browser = open_()
        await browser.sign_in(house.token("acme"))
        rows = list(csv.DictReader(io.StringIO(await browser.text("/findings.csv?ticket=acme-ticket-50"))))
        assert [row["reason"] for row in rows] == ["'=cmd|' /C calc'!A0"]

    asyncio.run(house.walk(act))


def test_answers_and_rulings_take_what_they_need_and_nothing_else(tmp_path):
    """Promise: a dispute has a reason, a ruling has a reason, nobody upholds what nobody disputed, each side has its own."""
    house = House(tmp_path)
    fresh, disputed = finding(40, "acme"), house.findings["acme"][1]
    house.put(fresh)

    async def act(open_):
        vendor, company = open_(), open_()
        await vendor.sign_in(house.token("acme"))
        await company.sign_in(house.token(None))
        mine, theirs = await vendor.form("/findings"), await company.form("/findings")

        async def answer(**said: str) -> int:
            return (await vendor.post(f"/findings/{fresh.id}/answer", {"form": mine, **said})).status

        async def rule(id: str, **said: str) -> int:
            return (await company.post(f"/findings/{id}/ruling", {"form": theirs, **said})).status

        assert [await answer(answer=word) for word in ("dispute", "explain", "reject", "upheld")] == [400] * 4
        assert await answer(answer="dispute", reason="x" * 1025) == 400
        assert await rule(disputed.id, ruling="withdrawn") == 400
        assert await rule(disputed.id, ruling="accept", reason="x") == 400
        assert await rule(fresh.id, ruling="upheld", reason="x") == 409
        assert house.recorded.said == []
        assert await answer(answer="dispute", reason=" the bot only forwarded ") == 303
        assert "recorded" in await vendor.text(f"/findings/{fresh.id}")
        assert await rule(disputed.id, ruling="upheld", reason="a bot") == 303
        assert await rule(fresh.id, ruling="withdrawn", reason="our mistake") == 303
        assert house.recorded.said == [
            ("answer", fresh, "dispute", "the bot only forwarded", "somebody of acme"),
            ("ruling", disputed, "upheld", "a bot", "somebody of us"),
            ("ruling", fresh, "withdrawn", "our mistake", "somebody of us"),
        ]

    asyncio.run(house.walk(act))


def test_what_cannot_be_recorded_is_shown_again_as_it_was_typed(tmp_path):
    """Promise: a broker that does not answer, or a mistake, costs nobody what they wrote; the page says what to do."""
    house = House(tmp_path)
    one, typed = house.findings["acme"][0], 'the bot <only> "forwarded"\n\nعميل'

    def unavailable(*_: object) -> None:
        raise KafkaUnavailable("no broker")

    async def act(open_):
        vendor = open_()
        await vendor.sign_in(house.token("acme"))
        form, path = await vendor.form("/findings"), f"/findings/{one.id}"
        answer = house.recorded.answer
        house.recorded.answer = unavailable  # type: ignore[method-assign]
        for said, status, words in (
            ({"answer": "dispute"}, 503, "try again in a minute"),
            ({"answer": "reject"}, 400, "no answer that can be given"),
        ):
            got = await vendor.post(f"{path}/answer", {"form": form, "reason": typed.replace("\n", "\r\n"), **said})
            text = await got.text()
            assert got.status == status
            assert "Nothing was recorded" in text
            assert words in text
            assert 'role="alert"' in text
            (kept,) = re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", text, re.DOTALL)
            assert unescape(kept).replace("\r\n", "\n") == typed
        assert "alert" not in await vendor.text(path), "said once"
        house.recorded.answer = answer  # type: ignore[method-assign]
        assert (await vendor.post(f"{path}/answer", {"form": form, "reason": typed, "answer": "dispute"})).status == 303

    asyncio.run(house.walk(act))


def test_a_reason_is_as_long_as_the_browser_counted_it(tmp_path):
    """Promise: the end of a line is one character, though two are sent."""
    house = House(tmp_path)

    async def act(open_):
        vendor = open_()
        await vendor.sign_in(house.token("acme"))
        form, path = await vendor.form("/findings"), f"/findings/{house.findings['acme'][0].id}/answer"
        reason = "x\r\n" * 511 + "xx"
        assert (await vendor.post(path, {"form": form, "answer": "explain", "reason": reason})).status == 303
        assert house.recorded.said[0][3] == reason.replace("\r\n", "\n")

    asyncio.run(house.walk(act))


def test_a_form_sent_twice_is_recorded_once_and_a_new_one_anew(tmp_path):
    """Promise: a double click says nothing twice, even where the first is still on its way; what failed may come again."""
    house = House(tmp_path)
    one = house.findings["acme"][0]
    record, failures = house.recorded.answer, [KafkaUnavailable("no broker")]

    def slow(*said: Any) -> None:
        time.sleep(0.05)
        if failures:
            raise failures.pop()
        record(*said)

    async def act(open_):
        vendor = open_()
        await vendor.sign_in(house.token("acme"))
        house.recorded.answer = slow  # type: ignore[method-assign]
        path = f"/findings/{one.id}"

        async def twice() -> list[int]:
            (once,) = re.findall(r'name="once" value="([^"]+)"', await vendor.text(path))
            said = {"form": await vendor.form(path), "answer": "dispute", "reason": "no", "once": once}
            return sorted([(await got).status for got in [vendor.post(f"{path}/answer", said) for _ in "ab"]])

        async def at_once() -> list[int]:
            (once,) = re.findall(r'name="once" value="([^"]+)"', await vendor.text(path))
            said = {"form": await vendor.form(path), "answer": "dispute", "reason": "no", "once": once}
            found = await asyncio.gather(*(vendor.post(f"{path}/answer", said) for _ in "ab"))
            return sorted(one.status for one in found)

        assert await twice() == [303, 503]
        assert len(house.recorded.said) == 1
        assert await at_once() == [303, 303]
        assert len(house.recorded.said) == 2

    asyncio.run(house.walk(act))


def test_uphold_is_offered_where_there_is_a_dispute_and_nowhere_else(tmp_path):
    """Promise: no ruling is taken that would count for nothing, as one on what was accepted and never disputed."""
    house = House(tmp_path)
    accepted = finding(50, "acme", state="accepted")
    house.put(accepted)
    fell = house.findings["acme"][4]  # disputed once, as the house has it

    async def act(open_):
        company = open_()
        await company.sign_in(house.token(None))
        form = await company.form("/findings")
        assert 'value="upheld"' not in await company.text(f"/findings/{accepted.id}")
        assert 'value="upheld"' in await company.text(f"/findings/{fell.id}")
        said = {"form": form, "ruling": "upheld", "reason": "because"}
        assert (await company.post(f"/findings/{accepted.id}/ruling", said)).status == 409
        assert (await company.post(f"/findings/{fell.id}/ruling", said)).status == 303

    asyncio.run(house.walk(act))


def test_times_are_those_of_the_contract_and_their_zone_is_named(tmp_path):
    """Promise: opening hours and the day of a solve can be checked by the times beside them."""
    contract = Contract(vendor="acme", time_zone="Asia/Kolkata")
    house = House(tmp_path, contracts={"acme": contract})
    pattern = finding(60, "acme", kind="pattern", name="closed_unasked", at=NOW, verdict=None)
    house.put(pattern)

    async def act(open_):
        vendor = open_()
        await vendor.sign_in(house.token("acme"))
        text = await vendor.text(f"/findings/{pattern.id}")
        assert "2026-06-01 05:30 (Asia/Kolkata)" in text
        assert "Times of Asia/Kolkata" in text
        text = await vendor.text(f"/findings/{house.findings['acme'][1].id}")
        assert "2026-06-01 05:30 (Asia/Kolkata)" in text, "what both sides said, too"
        assert "UTC" not in text

    asyncio.run(house.walk(act))


def test_tables_and_words_from_outside_can_be_heard_and_read_in_any_script(tmp_path):
    """Promise: headings of columns say so, and what is written from right to left turns nothing round it."""
    house = House(tmp_path)

    async def act(open_):
        vendor, company = open_(), open_()
        await vendor.sign_in(house.token("acme"))
        await company.sign_in(house.token(None))
        for text in (
            await vendor.text("/findings"),
            await vendor.text("/statements"),
            await company.text("/disputes"),
        ):
            assert "<th>" not in text
            assert '<th scope="col">' in text
        text = await vendor.text(f"/findings/{house.findings['acme'][1].id}")
        assert "<bdi>acme-ticket-1</bdi>" in text
        assert '<blockquote dir="auto">' in text
        assert 'dir="auto"' in text[text.index("<textarea") :]

    asyncio.run(house.walk(act))


def test_tokens_are_shown_once_kept_as_a_hash_for_their_owner_alone_and_revoked_at_once(tmp_path):
    """Promise: the file helps nobody who reads it, and one that others can read is refused."""
    path = tmp_path / "deep" / "tokens.json"
    run = CliRunner()

    def token(*words: str, code: int = 0) -> str:
        done = run.invoke(cli, ["token", *words, "--tokens", str(path)])
        assert done.exit_code == code, done.output
        return done.stdout

    secret = token("create", "--vendor", "acme", "--name", "Kim").strip()
    assert re.fullmatch(r"undertow-[A-Za-z0-9_-]{43}", secret)
    assert secret not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (listed,) = [json.loads(line) for line in token("list", "--json").splitlines()]
    assert (listed["name"], listed["vendor"], listed["valid"]) == ("Kim", "acme", True)
    known = Tokens(path)
    found = known.find(secret)
    assert found is not None
    assert known.find(secret + "x") is None
    token("revoke", listed["id"])
    assert (known.find(secret), known.standing(found.id)) == (None, False)
    assert token("create", "--name", "Kim", code=2) == token("revoke", "nothing", code=2) == ""
    token("create", "--company", "--vendor", "acme", "--name", "Kim", code=2)
    path.chmod(0o644)
    with pytest.raises(BadTokens, match="chmod 600"):
        Tokens(path).all()
    assert known.find(secret) is None


def test_a_file_of_tokens_that_is_no_such_file_lets_nobody_in(tmp_path):
    """Promise: what cannot be read fails closed."""
    path = tmp_path / "tokens.json"
    known = Tokens(path)
    secret, _ = known.create("Kim", None, 100.0)
    assert known.find(secret) is not None
    path.write_text("{")
    os.utime(path, ns=(1, 1))
    assert known.find(secret) is None


def test_a_page_costs_the_same_however_many_findings_there_are(tmp_path):
    """Promise: a list page stays under 100 ms with 100,000 findings: counted in steps of the database, which no load disturbs."""
    house = House(tmp_path)
    scope = Scope(house.index, "acme", Pseudonyms(KEY))
    steps = [0]

    def step() -> None:
        steps[0] += 1

    house.index._reader.set_progress_handler(step, 10)

    def cost(wanted: Filter, after: Place | None) -> int:
        steps[0] = 0
        scope.findings(wanted, after)
        scope.count(wanted if wanted.first is None else Filter())
        scope.totals()
        scope.vendors()
        return steps[0]

    asked = [
        (Filter(), None),
        (Filter(), Place(20_400, 1, "8" * 16)),
        (Filter(state="disputed"), None),
        (Filter(cause="clock", name="sla"), None),
        (Filter(first=20_300, last=20_450), Place(20_400, 1, "8" * 16)),
    ]

    def grow(more: range) -> list[int]:
        house.put(
            *[
                finding(
                    n,
                    "acme",
                    day=20_000 + n % 500,
                    name=("sla", "first_response")[n % 2],
                    cause=("clock", "actor", "pauses")[n % 3],
                    state=("disputed", None)[n % 5 > 0],
                )
                for n in more
            ]
        )
        return [cost(*one) for one in asked]

    few, many = grow(range(100, 1_100)), grow(range(1_100, 6_100))
    assert all(0 < two < 1.6 * one for one, two in zip(few, many, strict=True)), (few, many)
    house.index.close()


def test_statements_and_answers_are_read_off_their_topics(tmp_path):
    """Promise: what cannot be read is passed over, a tombstone takes back, and nobody else's topic is listened to."""
    settings = Settings(namespace="x.", data_dir=str(tmp_path))
    index = Index(tmp_path)
    feed = Feed(settings, index)
    said = {"vendor": "acme", "finding": "0" * 16, "ticket": "1", "answer": "dispute", "reason": "no", "by": "Kim"}
    event = {
        "specversion": "1.0",
        "type": "undertow.dispute.answered",
        "id": "1",
        "source": "/p",
        "time": "2026-06-01T00:00:00Z",
    }
    first = may("acme")
    second = sealed(replace(first, number=2))
    one, two = (key(each) for each in (second, first))

    def record(topic: str, key: bytes, value: object) -> Keyed:
        return Keyed(
            f"x.{topic}", key, value if value is None or isinstance(value, bytes) else json.dumps(value).encode()
        )

    feed._take(
        [
            record("vendor.disputes", b"", event | {"data": said}),
            record(
                "vendor.disputes", b"", event | {"data": said | {"answer": "accept"}}
            ),  # the same id: the first counts
            record("vendor.disputes", b"", b"{"),
            record("undertow.statements", one, encode(second)),
            record("undertow.statements", two, encode(first)),
            record("undertow.statements", one, encode(replace(second, words="forged"))),
            record("undertow.statements", b"three", b"[]"),
            record("undertow.findings", b"0" * 16, b"{}"),
            record("undertow.statements", two, None),
            record("undertow.statements", two, encode(second)),
        ]
    )
    scope = Scope(index, "acme", Pseudonyms(KEY))
    assert [(one.period, one.number, one.words) for one in scope.statements()] == [("2026-05", 2, "acme in short")]
    of = finding(0).__class__(kind="verdict", name="sla", vendor="acme", ticket="1", customer=None, day=1, contract="")
    assert Scope(index, "zenith", Pseudonyms(KEY)).statements() == scope.said(of) == []
    with index.reading() as ask:
        assert ask("SELECT word FROM said", []).fetchall() == [("dispute",)]
    index.close()


@dataclass
class Keyed:
    """A record as kafka-python gives them, as far as the index reads it."""

    topic: str
    key: bytes
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    partition: int = 0
    offset: int = 0
