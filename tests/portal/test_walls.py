"""One vendor can never reach another's data, nobody gets in without a token, and no other site can act for anybody."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest

from portal.house import Browser, House
from undertow.portal import guard
from undertow.portal.access import Access, Refused, Who, named, network
from undertow.portal.guard import COOKIE, HEADERS
from undertow.portal.server import Portal
from undertow.portal.sessions import IDLE, LIFETIME
from undertow.reports.pseudonyms import Pseudonyms
from undertow.settings import Broker, Settings

OPEN = {"/style.css", "/healthz", "/sign-in"}


def every_route(house: House) -> list[tuple[str, str]]:
    found = [
        (route.method, route.resource.canonical)
        for route in house.app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    ]
    assert len(found) > 12
    return found


def ids(house: House, vendor: str) -> list[str]:
    return [one.id for one in house.findings[vendor]] + [f"{n:016x}" for n in range(2)]


async def ask(browser: Browser, method: str, path: str, form: str):
    if method == "GET":
        return await browser.get(path)
    return await browser.post(path, {"form": form, "answer": "accept", "ruling": "withdrawn", "reason": "because"})


def test_every_route_gives_another_vendors_things_as_things_that_do_not_exist(tmp_path):
    """Promise: whatever id is guessed, on every route there is; and lists hold nothing of others."""
    house = House(tmp_path)

    async def act(open_):
        browser = open_()
        await browser.sign_in(house.token("zenith"))
        form = await browser.form("/findings")
        others = sorted({*ids(house, "acme"), "0" * 16, "f" * 16} - {f"{1:016x}"})
        others += ["x", "..%2Ffindings", "%2e%2e%2f", "' OR 1=1 --", others[0] + "0", others[0].upper() + "%00"]
        theirs = [one.id for one in house.findings["acme"]] + ["acme-customer", "acme in short", "acme says no"]
        for method, path in every_route(house):
            if "{id}" in path:
                for id in others:
                    house.clock.now += 3  # files are limited to so many a minute
                    answer = await ask(browser, method, path.replace("{id}", id), form)
                    assert answer.status == 404, (method, path, id)
                    assert "acme" not in await answer.text()
            elif path not in OPEN | {"/sign-out"}:
                for query in ("", "?vendor=acme", "?ticket=acme-ticket-1", "?state=disputed&vendor=acme"):
                    answer = await ask(browser, method, path + query, form)
                    assert answer.status in {200, 303, 404}, (method, path)
                    text = await answer.text()
                    assert not [word for word in theirs if word in text], (path, query)
        assert house.recorded.said == []
        assert (await browser.get("/disputes")).status == 404

    asyncio.run(house.walk(act))


def test_the_walk_would_notice_a_route_without_walls(tmp_path):
    """Promise: the same requests by the vendor itself and by the company do find something."""
    house = House(tmp_path)

    async def act(open_):
        for vendor in ("acme", None):
            browser = open_()
            await browser.sign_in(house.token(vendor))
            form = await browser.form("/findings")
            own = house.findings["acme"][1].id
            for method, path in every_route(house):
                if path in OPEN | {"/sign-out"}:
                    continue
                company_only = path.endswith("ruling") or path == "/disputes"
                vendor_only = path.endswith("/answer")
                answer = await ask(
                    browser, method, path.replace("{id}", f"{0:016x}" if "statements" in path else own), form
                )
                refused = company_only if vendor else vendor_only
                assert (answer.status == 404) is refused, (vendor, method, path, answer.status)
        assert {kind for kind, *_ in house.recorded.said} == {"answer", "ruling"}

    asyncio.run(house.walk(act))


def test_nobody_sees_anything_without_a_session(tmp_path):
    """Promise: every route but the open ones leads to signing in, and none of them shows data."""
    house = House(tmp_path)

    async def act(open_):
        for method, path in every_route(house):
            for cookie in ("", "x" * 43):
                browser = open_()
                browser.cookies = {COOKIE: cookie} if cookie else {}
                answer = await ask(browser, method, path.replace("{id}", house.findings["acme"][0].id), "")
                text = await answer.text()
                assert "acme" not in text
                if path in OPEN:
                    assert answer.status in {200, 403}
                else:
                    lost = method == "POST" and path != "/sign-out"
                    where = "/sign-in?ended=1" if lost else "/sign-in"
                    assert (answer.status, answer.headers["Location"]) == (303, where), (method, path)
        assert house.recorded.said == []

    asyncio.run(house.walk(act))


def test_a_form_that_comes_after_the_session_ended_is_said_not_to_count(tmp_path):
    """Promise: whoever wrote for an hour is not led to believe that it was recorded."""
    house = House(tmp_path)

    async def act(open_):
        browser = open_()
        await browser.sign_in(house.token("acme"))
        id, form = house.findings["acme"][0].id, await browser.form("/findings")
        house.clock.now += IDLE + 1
        answer = await browser.post(f"/findings/{id}/answer", {"form": form, "answer": "dispute", "reason": "because"})
        assert "nothing was recorded" in await browser.text(answer.headers["Location"])
        assert "nothing was recorded" not in await browser.text("/sign-in")
        assert house.recorded.said == []

    asyncio.run(house.walk(act))


def test_a_form_counts_only_with_its_sessions_word_and_from_these_pages(tmp_path):
    """Promise: another site, or another session, cannot answer for somebody."""
    house = House(tmp_path)

    async def act(open_):
        one, other = open_(), open_()
        await one.sign_in(house.token("acme"))
        await other.sign_in(house.token("acme"))
        path = f"/findings/{house.findings['acme'][0].id}/answer"
        good = {"answer": "accept", "form": await one.form("/findings")}
        for bad in ({}, {"form": ""}, {"form": await other.form("/findings")}):
            assert (await one.post(path, {"answer": "accept"} | bad)).status == 403
        assert (await one.post(path, good, **{"Sec-Fetch-Site": "cross-site"})).status == 403
        assert (await one.post(path, '{"answer": "accept"}', **{"Content-Type": "application/json"})).status == 415
        assert (await one.post(path, good | {"reason": "x" * 20_000})).status == 413
        assert house.recorded.said == []
        assert (await one.post(path, good)).status == 303
        assert len(house.recorded.said) == 1
        assert (await one.post("/sign-out", {"form": "?"})).status == 403
        assert (await one.post("/sign-out", good)).status == 303
        assert (await one.get("/findings")).status == 303, "signed out"

    asyncio.run(house.walk(act))


def test_a_form_that_drips_is_given_up(tmp_path, monkeypatch):
    """Promise: nobody, signed in or not, holds a connection by sending a form byte by byte."""
    monkeypatch.setattr(guard, "FORM_WITHIN", 0.3)
    house = House(tmp_path)

    async def slowly():
        yield b"form="
        for _ in range(100):
            await asyncio.sleep(0.1)
            yield b"a"

    async def act(open_):
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await asyncio.wait_for(open_().post("/sign-in", slowly(), **form), 5)
        assert answer.status == 408
        assert "did not arrive in time" in await answer.text()

    asyncio.run(house.walk(act))


def test_signing_in_takes_the_form_that_was_shown_and_is_limited(tmp_path):
    """Promise: no other site can sign somebody in, and guessing is slow."""
    house = House(tmp_path)

    async def act(open_):
        browser, token = open_(), house.token("acme")
        assert (await browser.post("/sign-in", {"token": token, "form": ""})).status == 403
        answer = await browser.sign_in("undertow-nonsense")
        assert answer.status == 403
        assert COOKIE not in answer.cookies
        for _ in range(8):
            await browser.sign_in("nonsense")
        answer = await browser.sign_in(token)
        assert (answer.status, answer.headers["Retry-After"]) == (429, "60")
        house.clock.now += 61
        assert (await browser.sign_in(token)).status == 303
        assert (await browser.get("/findings")).status == 200

    asyncio.run(house.walk(act))


def test_a_session_ends_with_its_token_and_by_itself(tmp_path):
    """Promise: revoking counts with the next request, without a restart; so do expiry, idleness and age."""
    house = House(tmp_path)

    async def act(open_):
        browser, token = open_(), house.token("acme", lifetime=10 * LIFETIME)
        await browser.sign_in(token)
        assert (await browser.get("/findings")).status == 200
        house.tokens.revoke(house.tokens.all()[0].id)
        assert (await browser.get("/findings")).status == 303
        assert (await browser.sign_in(token)).status == 403

        await browser.sign_in(house.token("acme", lifetime=600))
        house.clock.now += 601
        assert (await browser.get("/findings")).status == 303, "the token has expired"

        await browser.sign_in(house.token("acme", lifetime=10 * LIFETIME))
        house.clock.now += IDLE + 1
        assert (await browser.get("/findings")).status == 303, "idle for too long"

        await browser.sign_in(house.token("acme", lifetime=10 * LIFETIME))
        for _ in range(int(LIFETIME / IDLE) + 1):
            house.clock.now += IDLE - 1
            last = await browser.get("/findings")
        assert last.status == 303, "too old"

    asyncio.run(house.walk(act))


def test_answers_are_limited(tmp_path):
    """Promise: a looping script cannot fill the topic."""
    house = House(tmp_path)

    async def act(open_):
        browser = open_()
        await browser.sign_in(house.token("acme"))
        form = await browser.form("/findings")
        path = f"/findings/{house.findings['acme'][0].id}/answer"
        seen = [(await browser.post(path, {"form": form, "answer": "accept"})).status for _ in range(61)]
        assert seen == [303] * 60 + [429]

    asyncio.run(house.walk(act))


def test_every_answer_carries_the_headers_of_a_page_without_scripts(tmp_path):
    """Promise: pages, errors, redirects and files alike; cookies travel over TLS or loopback, out of reach of scripts."""
    house = House(tmp_path)

    async def act(open_):
        browser = open_()
        signed = await browser.sign_in(house.token("acme"))
        cookie = signed.cookies[COOKIE]
        assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, True, "Strict", "/")
        for path in ("/findings", "/findings.csv", "/nothing", "/", "/statements", "/sign-in", "/findings/x"):
            answer = await browser.get(path)
            for name, value in HEADERS.items():
                assert answer.headers[name] == value, (path, name)
        assert "default-src 'none'" in HEADERS["Content-Security-Policy"]
        assert "<script" not in await browser.text("/findings")

    asyncio.run(house.walk(act))


def test_what_the_other_side_writes_is_text_and_no_markup(tmp_path):
    """Promise: reasons, tickets and names are escaped on every page."""
    house = House(tmp_path)
    evil = "<script>alert(1)</script>"
    house.put(
        house.findings["acme"][1].__class__(
            kind="verdict",
            name="sla",
            vendor="acme",
            ticket=evil,
            customer="c",
            day=1,
            contract=evil,
            verdict="over_reported",
            cause="clock",
            state="disputed",
            reason=evil,
        )
    )

    async def act(open_):
        company = open_()
        await company.sign_in(house.token(None))
        for path in ("/findings", "/disputes", "/findings?ticket=%3Cscript%3E"):
            text = await company.text(path)
            assert "<script" not in text
        assert "&lt;script&gt;" in await company.text("/disputes")

    asyncio.run(house.walk(act))


# --- where it listens, and whom it believes


@pytest.mark.parametrize(
    ("access", "words"),
    [
        (Access(host="0.0.0.0"), "TLS or loopback only"),
        (Access(host="192.168.1.5"), "--certificate"),
        (Access(host="example.org"), "--trusted-proxy"),
        (Access(certificate=Path("c.pem")), "--key"),
        (Access(header="X-User"), "--trusted-proxy"),
        (Access(certificate=Path("none.pem"), key=Path("none.key")), "cannot be used"),
    ],
)
def test_sessions_in_the_open_are_refused_with_what_to_change(tmp_path, access, words):
    """Promise: no password-like cookie ever travels unencrypted over a network because of an option left out."""
    with pytest.raises(Refused, match=words):
        Portal(Settings(data_dir=str(tmp_path)), {}, access, Pseudonyms("0123456789abcdef" * 2))
    assert not list(tmp_path.iterdir()), "refused before anything was made"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_loopback_needs_no_certificate(host):
    """Promise: a proxy on the same machine is enough."""
    assert Access(host=host).context() is None


@pytest.mark.parametrize(
    ("said", "who"),
    [
        ("vendor=acme&name=Kim", Who("acme", "Kim")),
        ("company=yes&name=Boss%20of%20all", Who(None, "Boss of all")),
        ("vendor=a%26b&name=K", Who("a&b", "K")),
        ("name=Kim", None),
        ("vendor=&name=Kim", None),
        ("vendor=acme&company=yes&name=Kim", None),
        ("company=no&name=Kim", None),
        ("vendor=acme&vendor=zenith&name=Kim", None),
        ("vendor=acme&name=", None),
        ("vendor=acme&name=K%0AX", None),
        ("vendor=acme&name=Kim&admin=1", None),
        ("", None),
    ],
)
def test_a_proxys_header_names_one_side_and_a_person(said, who):
    """Promise: what can be read in two ways is nobody."""
    assert named(said) == who


def test_a_header_is_believed_from_a_trusted_proxy_alone(tmp_path):
    """Promise: who is no proxy cannot name themselves; the proxy's word begins a session of that side."""
    said = {"X-User": "vendor=acme&name=Kim"}
    off, elsewhere = House(tmp_path), House(tmp_path, Access(header="X-User", trusted=(network("10.0.0.0/8"),)))
    trusted = House(tmp_path, Access(header="X-User", trusted=(network("127.0.0.1"), network("::1"))))

    async def nobody(open_):
        assert (await open_().get("/findings", **said)).headers["Location"] == "/sign-in"

    async def kim(open_):
        browser = open_()
        answer = await browser.get("/findings", **said)
        assert (answer.status, answer.headers["Location"]) == (303, "/findings")
        browser.cookies[COOKIE] = answer.cookies[COOKIE].value
        text = await (await browser.get("/findings", **said)).text()
        assert "acme-ticket-1" in text
        assert "zenith" not in text
        assert (await browser.get("/findings")).status == 303, "the session lives by the header"
        other = await browser.get("/findings", **{"X-User": "vendor=zenith&name=Kim"})
        assert other.status == 303, "another name, another session"

    asyncio.run(off.walk(nobody))
    asyncio.run(elsewhere.walk(nobody))
    asyncio.run(trusted.walk(kim))


def test_without_tls_only_this_machine_and_the_proxy_are_answered():
    """Promise: a portal behind a proxy is of no use to who goes around it."""
    access = Access(host="0.0.0.0", header="X-User", trusted=(network("10.0.0.2"),))
    assert access.context() is None
    assert [access.served(peer) for peer in ("10.0.0.2", "::ffff:10.0.0.2", "127.0.0.1", "10.0.0.3", None)] == [
        True, True, True, False, False,
    ]  # fmt: skip


def test_with_a_certificate_everything_travels_over_tls(tmp_path):
    """Promise: the port speaks TLS alone, says so to browsers, and its index is gone when it closes."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl on this machine: no certificate can be made")
    certificate, key, data = tmp_path / "c.pem", tmp_path / "c.key", tmp_path / "data"
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    access = Access(host="127.0.0.1", port=0, certificate=certificate, key=key, tokens=tmp_path / "tokens.json")
    settings = Settings(broker=Broker(address="127.0.0.1:1"), data_dir=str(data))
    with Portal(settings, {}, access, Pseudonyms("0123456789abcdef" * 2)) as portal:
        assert portal.url == f"https://127.0.0.1:{portal.port}"
        trusted = ssl.create_default_context(cafile=str(certificate))
        with urlopen(f"{portal.url}/sign-in", context=trusted, timeout=10) as answer:
            assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
            assert "Sign in" in answer.read().decode()
        with pytest.raises(HTTPError, match="503"):
            urlopen(f"{portal.url}/healthz", context=trusted, timeout=10)
        with pytest.raises((URLError, OSError)):
            urlopen(f"http://127.0.0.1:{portal.port}/sign-in", timeout=10)
        with pytest.raises(Refused, match="cannot be listened on"):
            Portal(settings, {}, Access(port=portal.port), Pseudonyms("0123456789abcdef" * 2)).__enter__()
    assert list(data.iterdir()) == []
