"""The server answers what it should, to whom it should, and nothing else; also while the loop stands still."""

from __future__ import annotations

import gzip
import http.client
import logging
import socket
import threading
from collections.abc import Iterator
from types import SimpleNamespace

import prometheus_client
import pytest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from customers import night
from standings import TODAY, stand, tickets
from undertow.domain.agreement.contract import Contract
from undertow.domain.counting.ledger import Figures, PeriodClaim, Rate
from undertow.domain.standing import Overview
from undertow.domain.statements.adjustments import Kept
from undertow.domain.verdicts import verdict
from undertow.metrics import collector, server
from undertow.metrics.board import Board
from undertow.metrics.catalog import BY_NAME
from undertow.metrics.exposition import exposition
from undertow.metrics.probes import Limits
from undertow.metrics.server import CannotListen, MetricsServer
from undertow.pages import page
from undertow.settings import Settings
from undertow.topics import CASEBOOK, SOURCES, TICKETS, registry


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def board(clock: Clock) -> Board:
    topics = [topic.name for topic in registry(Settings())]
    return Board(
        feeds=SOURCES,
        vendors=["acme"],
        topics=topics,
        contracts={"acme": Contract(vendor="acme")},
        version="1.2.3",
        clock=clock,
    )


@pytest.fixture
def running(board: Board) -> Iterator[MetricsServer]:
    with MetricsServer(board, "127.0.0.1", 0, limits=Limits(stalled=10, start=60)) as found:
        yield found


class Answer:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.code, self.headers, self.body = response.status, response.headers, response.read()

    @property
    def words(self) -> str:
        return self.body.decode()


def ask(running: MetricsServer, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=10)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): text for name, text in headers.items()})
        return Answer(connection.getresponse())
    finally:
        connection.close()


def raw(running: MetricsServer, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as s:
        s.sendall(data)
        found = b""
        while more := s.recv(65536):
            found += more
        return found


def show_everything(board: Board) -> None:
    contract = Contract(vendor="acme")
    rate = Rate(10, 100)
    figures = Figures("acme", "all", "28d", 100, 3, rate, rate, rate, rate, rate, rate, Rate(2.5, 100), 1)
    told = Contract(vendor="acme", segments=("gold", "basic"))
    everything = stand(tickets(1, 2500), told, [PeriodClaim("acme", "sla", TODAY - 30, TODAY - 20, 90, 100, 1.0, "id")])
    kept = (Kept("acme", 3, TODAY, (("sla", "met", -2),)),)
    statement = Overview(((figures, verdict(figures, contract)),), (everything,), 86_400.0, kept)
    board.expose(statement, {"acme": told}, night(told))
    board.fed(TICKETS, event_times={"acme": 5.0}, arrivals={"acme": 5.0})
    board.lag({(CASEBOOK, 0): 4})
    board.partitions({CASEBOOK: 8})
    board.tickets_kept(7)
    board.committed()


@pytest.mark.parametrize(
    ("accept", "kind", "parse"),
    [
        ("", "text/plain; version=0.0.4; charset=utf-8", parse_text),
        (
            "application/openmetrics-text;version=1.0.0,text/plain;q=0.5",
            "application/openmetrics-text",
            parse_openmetrics,
        ),
    ],
)
def test_a_real_scrape_is_the_catalog_in_both_directions(board, running, accept, kind, parse) -> None:
    """Both formats, through the format's own parser."""
    show_everything(board)
    answer = ask(running, "/metrics", Accept=accept)
    assert answer.code == 200
    assert answer.headers["Content-Type"].startswith(kind)
    assert {sample.name for family in parse(answer.words) for sample in family.samples} == set(BY_NAME)


@pytest.mark.parametrize(
    ("openmetrics", "generate"), [(False, prometheus_client.generate_latest), (True, generate_openmetrics)]
)
def test_a_scrape_is_byte_for_byte_what_the_library_would_write(board, monkeypatch, openmetrics, generate) -> None:
    """Promise: our own writer is cheaper and nothing else, whatever a vendor is called and however large a number."""
    show_everything(board)
    monkeypatch.setattr(collector.time, "process_time", lambda: 1234567890.125)
    monkeypatch.setattr(collector, "peak_memory", lambda: 10**17)
    shown = collector.Collector(board)
    for value in (0.0, 1e-9, 0.1 + 0.2, 12345678.9, 1e300, float("inf"), float("-inf"), float("nan"), True, 7):
        sheet = shown.sheet()
        sheet.add("undertow_truth_budget_measure", ('back\\slash "quoted"\nnext {%s} é', "sla"), value)
        asked = SimpleNamespace(collect=sheet.families)
        assert exposition(sheet, openmetrics=openmetrics) == generate(asked)


def test_a_page_that_cannot_be_rendered_is_an_answer_with_words_and_a_log_line(running, monkeypatch, caplog) -> None:
    monkeypatch.setattr(page, "render", lambda view: 1 / 0)
    with caplog.at_level(logging.ERROR, logger="undertow.metrics"):
        answer = ask(running, "/")
    assert answer.code == 500
    assert "Traceback" not in answer.words
    assert "ZeroDivisionError" in caplog.text
    assert ask(running, "/healthz").code == 200


def test_the_page_shows_the_board_over_the_window_that_is_asked_for(board, running) -> None:
    show_everything(board)
    answer = ask(running, "/?window=28d", Accept_Encoding="gzip")
    assert b"acme" in gzip.decompress(answer.body)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    board.withdraw()
    assert "acme" not in ask(running, "/").words


def test_a_query_does_not_hide_the_page(running) -> None:
    assert ask(running, "/healthz?verbose=1").code == 200


def test_a_scrape_is_compressed_when_asked(running) -> None:
    answer = ask(running, "/metrics", Accept_Encoding="gzip")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.body).startswith(b"# HELP undertow_")


def test_the_accept_header_is_not_echoed(running) -> None:
    answer = ask(running, "/metrics", Accept="application/openmetrics-text; version=9.9.9; escaping=evil")
    assert answer.code == 200
    assert "9.9.9" not in str(answer.headers)


def test_withdrawn_figures_are_gone_from_the_very_next_scrape(board, running) -> None:
    show_everything(board)
    assert 'vendor="acme",window="28d"' in ask(running, "/metrics").words
    board.withdraw()
    words = ask(running, "/metrics").words
    assert 'window="' not in words
    assert "undertow_judged_as_of" not in words
    assert "undertow_period_claim" not in words


def test_a_loop_that_turns_is_healthy_and_one_that_stands_still_is_not(board, running, clock) -> None:
    board.alive()
    clock.now += 9
    assert ask(running, "/healthz").code == 200
    clock.now += 2
    answer = ask(running, "/healthz")
    assert answer.code == 503
    assert answer.words == "the loop has stood still for 11 s (limit 10 s): restart the worker\n"
    board.alive()
    assert ask(running, "/healthz").code == 200


def test_a_worker_that_starts_is_healthy_for_a_while_and_not_for_ever(running, clock) -> None:
    clock.now += 59
    assert (ask(running, "/healthz").code, ask(running, "/healthz").words) == (200, "starting for 59 s\n")
    clock.now += 2
    answer = ask(running, "/healthz")
    assert answer.code == 503
    assert "not turned once in 61 s" in answer.words


def test_readiness_is_what_the_worker_says_with_its_reason(board, running) -> None:
    assert (ask(running, "/readyz").code, ask(running, "/readyz").words) == (503, "starting\n")
    board.alive()
    board.ready(True, "reading 8 partitions")
    assert (ask(running, "/readyz").code, ask(running, "/readyz").words) == (200, "reading 8 partitions\n")
    board.ready(False, "recovering: 5,000 records left")
    assert (ask(running, "/readyz").code, ask(running, "/readyz").words) == (503, "recovering: 5,000 records left\n")


def test_a_loop_that_stands_still_is_not_ready_whatever_it_said(board, running, clock) -> None:
    board.alive()
    board.ready(True, "reading")
    clock.now += 11
    answer = ask(running, "/readyz")
    assert answer.code == 503
    assert "stood still" in answer.words


def test_the_front_page_links_the_others(running) -> None:
    answer = ask(running, "/")
    assert answer.code == 200
    for path in ("/metrics", "/healthz", "/readyz"):
        assert f'href="{path}"' in answer.words


@pytest.mark.parametrize("path", ["/nothing", "/metrics/", "/../etc/passwd", "/<script>"])
def test_anything_else_is_not_found_and_not_quoted(running, path) -> None:
    answer = ask(running, path)
    assert answer.code == 404
    assert "script" not in answer.words


@pytest.mark.parametrize("path", ["/", "/metrics", "/healthz", "/nothing"])
def test_head_has_the_headers_of_get_and_no_body(running, path) -> None:
    get, head = ask(running, path), ask(running, path, "HEAD")
    assert head.code == get.code
    assert head.body == b""
    assert head.headers["Content-Type"] == get.headers["Content-Type"]
    told, length = int(head.headers["Content-Length"]), len(get.body)
    assert told == length or (path == "/metrics" and abs(told - length) < 200), (
        "its clocks and its CPU go on in between"
    )


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "NONSENSE"])
def test_only_get_and_head_are_answered(running, method) -> None:
    answer = ask(running, "/metrics", method, b"x" * 100_000)
    assert answer.code == 405
    assert answer.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/", "/metrics", "/healthz", "/readyz", "/nothing"])
def test_every_answer_is_hardened_and_says_nothing_of_the_server(running, path) -> None:
    headers = ask(running, path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert (";" in policy) == (path == "/"), "only the page may bring a style"
    assert headers["Cache-Control"] == "no-store"
    assert "Server" not in headers
    assert "python" not in str(headers).lower()


def test_a_request_larger_than_the_bound_is_refused(running) -> None:
    assert ask(running, "/metrics", X_Large="a" * 20_000).code == 431
    assert ask(running, "/" + "a" * 20_000).code == 431


def test_a_malformed_request_is_refused_without_quoting_it(running) -> None:
    answer = raw(running, b"GET /secret HTTP/evil\r\n\r\n")
    assert answer.startswith(b"HTTP/1.0 400 ")
    assert b"evil" not in answer
    assert b"nosniff" in answer
    assert ask(running, "/healthz").code == 200


def test_a_client_that_drips_is_dropped(running, monkeypatch) -> None:
    monkeypatch.setattr(server, "HEAD_WITHIN", 0.2)
    assert raw(running, b"GET / HTTP/1.1\r\n") == b""


def test_connections_beyond_the_bound_are_closed_and_the_next_are_served_again(running) -> None:
    idle = [
        socket.create_connection(("127.0.0.1", running.port), timeout=10) for _ in range(server.MAX_CONNECTIONS + 8)
    ]
    try:
        with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
            ask(running, "/healthz")
    finally:
        for s in idle:
            s.close()
    for _ in range(50):
        try:
            assert ask(running, "/healthz").code == 200
            break
        except (http.client.RemoteDisconnected, ConnectionError):
            threading.Event().wait(0.05)
    else:
        pytest.fail("not served again")


def test_requests_are_answered_beside_a_client_that_says_nothing(running) -> None:
    with socket.create_connection(("127.0.0.1", running.port)):
        assert ask(running, "/healthz").code == 200


def test_nothing_is_written_to_the_terminal_for_a_request(running, capfd) -> None:
    for path in ("/", "/metrics", "/nothing"):
        ask(running, path)
    raw(running, b"nonsense\r\n\r\n")
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_a_metric_outside_the_catalog_fails_the_scrape_with_words_and_a_log_line(running, monkeypatch, caplog) -> None:
    monkeypatch.setattr(collector, "BY_NAME", {})
    with caplog.at_level(logging.ERROR, logger="undertow.metrics"):
        answer = ask(running, "/metrics")
    assert answer.code == 500
    assert "Traceback" not in answer.words
    assert "is not in the catalog" in caplog.text
    assert ask(running, "/healthz").code == 200


def test_a_port_in_use_is_a_plain_error_that_says_what_to_do(board, running) -> None:
    with pytest.raises(CannotListen, match=f"port {running.port} of 127.0.0.1 is in use.*or 0 for any free one"):
        MetricsServer(board, "127.0.0.1", running.port)


@pytest.mark.parametrize(("host", "port"), [("192.0.2.1", 0), ("127.0.0.1", 70_000), ("no such host", 0)])
def test_an_address_that_cannot_be_listened_on_is_a_plain_error(board, host, port) -> None:
    with pytest.raises(CannotListen, match="choose an address of this machine"):
        MetricsServer(board, host, port)


def test_a_free_port_is_freed_again_when_closed(board) -> None:
    with MetricsServer(board, "127.0.0.1", 0) as first:
        port = first.port
        assert port > 0
    with MetricsServer(board, "127.0.0.1", port) as second:
        assert ask(second, "/").code == 200


def test_a_server_that_was_never_started_can_be_closed(board) -> None:
    MetricsServer(board, "127.0.0.1", 0).close()


def test_its_thread_does_not_keep_the_process_alive(running) -> None:
    assert all(thread.daemon for thread in threading.enumerate() if thread.name == "metrics")
