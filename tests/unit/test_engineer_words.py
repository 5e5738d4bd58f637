"""What an engineer is told who mistypes: one line that says what to change, an exit code, never a traceback."""

from __future__ import annotations

import gzip
import logging
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import KafkaTimeoutError
from click.testing import CliRunner, Result
from kafka import TopicPartition
from kafka.errors import InvalidReplicationFactorError, KafkaError, TopicAlreadyExistsError

from undertow import admin, clients, exits
from undertow.adapters import cloudevents
from undertow.agents.worker import why
from undertow.cli import dlq, importing
from undertow.cli.main import cli, main
from undertow.cli.options import settings
from undertow.demo.parts import WorkerProcess
from undertow.logging import QUIET, Repeats, configure
from undertow.settings import Broker, Settings
from undertow.stages import letters
from undertow.stages.intake import DeadLetter
from undertow.stages.letters import Letter
from undertow.stages.records import Record
from undertow.terminal import plain

CLUSTER = {
    "broker": "kafka-1:9092",
    "broker_kind": "kafka",
    "security": "PLAINTEXT",
    "ca_file": None,
    "cert_file": None,
    "key_file": None,
    "sasl_mechanism": "PLAIN",
    "username": None,
    "namespace": "",
    "casebook_partitions": 8,
}
OPENED = (
    b'{"specversion":"1.0","type":"undertow.ticket.opened","source":"/acme","id":"1","time":"2026-03-01T09:00:00Z",'
    b'"data":{"vendor":"acme","ticket":"T1","customer":"C1","topic":"billing"}}'
)


def run(*words: str, **environment: str) -> Result:
    return CliRunner().invoke(cli, [*words], env=dict(environment))


def ended(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """The exit code of the whole program: where errors become words."""
    monkeypatch.setattr("sys.argv", ["undertow", *words])
    with pytest.raises(SystemExit) as stopped:
        main()
    return int(stopped.value.code or 0)


# -- where the broker is


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--broker", ""], "write host:port"),
        (["--broker", "http://kafka:9092"], "write host:port"),
        (["--broker", "kafka:ninety"], "write host:port"),
        (["--namespace", "a b/"], "letters, digits"),
        (["--security", "SASL_SSL", "--username", "kim"], "UNDERTOW_PASSWORD"),
        (["--ca-file", __file__], "--security SSL"),
        (["--security", "SSL", "--key-file", __file__], "goes with --cert-file"),
        (["--security", "SSL", "--ca-file", __file__], "cannot be used"),
    ],
)
def test_options_that_cannot_be_meant_are_refused_before_a_broker_is_asked(words: list[str], said: str) -> None:
    """Promise: a typing error is told at once and as such, not after half a minute as a broker that does not answer."""
    begun = time.monotonic()
    done = run("topics", "check", *words, UNDERTOW_PASSWORD="")
    assert (done.exit_code, time.monotonic() - begun < 5) == (exits.USAGE, True), done.output
    assert said in done.output


@pytest.mark.parametrize("address", ["kafka", "kafka-1:9092,kafka-2:9092", "[::1]:9092", "10.0.0.5:9092"])
def test_every_way_to_write_a_broker_is_taken(address: str) -> None:
    """Promise: nothing is refused that a client understands."""
    assert settings(CLUSTER | {"broker": address}).broker.address == address


def test_a_password_that_came_from_a_file_may_end_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Promise: the newline that an editor, or `install /dev/stdin`, leaves in a secret is not part of it."""
    monkeypatch.setenv("UNDERTOW_PASSWORD", "hunter2\n")
    made = settings(CLUSTER | {"security": "SASL_PLAINTEXT", "username": "kim"})
    assert made.broker.password == "hunter2"


class Refusing:
    """An admin client of a broker that creates nothing."""

    def __init__(self, code: int, words: str | None) -> None:
        self.answer = {"error_code": code, "error_message": words}

    def describe_topics(self) -> list[Any]:
        return []

    def create_topics(self, wanted: Mapping[str, Any], raise_errors: bool = True) -> Mapping[str, Any]:
        assert not raise_errors
        return {"topics": [self.answer]}

    def close(self) -> None:
        pass


def test_a_broker_that_refuses_a_topic_is_quoted_with_what_to_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """Promise: more replicas than brokers is one line."""
    refusing = Refusing(InvalidReplicationFactorError.errno, "only 1 broker(s) are registered.")
    monkeypatch.setattr(admin, "KafkaAdminClient", lambda **_: refusing)
    with pytest.raises(admin.TopicsError) as told:
        admin.apply(Settings(replication=3))
    assert "only 1 broker" in str(told.value)
    assert "--replication 3" in str(told.value)


def test_whatever_a_broker_refuses_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Promise: an error of the client that nobody foresaw is no traceback, in the midst of an answer either."""

    class Failing(Refusing):
        def describe_topics(self) -> list[Any]:
            raise KafkaError("not today")

    monkeypatch.setattr(admin, "KafkaAdminClient", lambda **_: Failing(TopicAlreadyExistsError.errno, None))
    assert ended(monkeypatch, "topics", "check", "--broker", "kafka:9092") == exits.FAILED
    said = capsys.readouterr().err
    assert "the broker at kafka:9092 failed or refused" in said
    assert "not today" in said


def test_the_demos_worker_connects_as_the_demo_does(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Promise: TLS and accounts named on the demo's command line reach its worker; the password in no process list."""
    begun: dict[str, Any] = {}
    monkeypatch.setattr("subprocess.Popen", lambda words, **how: begun.update(words=words, **how))
    broker = Broker(address="k:9092", security="SASL_SSL", ca_file="ca.pem", username="kim", password="hunter2")
    WorkerProcess(Settings(broker=broker), {}).__enter__()
    told = {"UNDERTOW_SECURITY": "SASL_SSL", "UNDERTOW_CA_FILE": "ca.pem", "UNDERTOW_USERNAME": "kim"}
    assert told.items() <= begun["env"].items()
    assert begun["env"]["UNDERTOW_PASSWORD"] == "hunter2"
    assert "hunter2" not in " ".join(begun["words"])


# -- files


@pytest.mark.parametrize("adapter", ["cloudevents", "servicenow", "zendesk"])
def test_a_packed_file_that_is_cut_off_is_named(
    adapter: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Promise: not the bare 'Aborted!' that an end of file is to a command line."""
    path = tmp_path / "history.csv.gz"
    path.write_bytes(gzip.compress(OPENED * 1000)[:-20])
    assert ended(monkeypatch, "replay", "--adapter", adapter, str(path)) == exits.USAGE
    assert "history.csv.gz is cut off or damaged" in capsys.readouterr().err


def test_a_file_without_events_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Promise: an export that failed is no history in which nothing happened, judged as of 1970."""
    (tmp_path / "none.jsonl").write_text("\n")
    assert ended(monkeypatch, "replay", "--adapter", "cloudevents", str(tmp_path / "none.jsonl")) == exits.USAGE
    assert "none.jsonl holds no events" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_named_without_numbers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Promise: words for people."""
    assert ended(monkeypatch, "replay", "--adapter", "cloudevents", "gone.jsonl") == exits.USAGE
    assert capsys.readouterr().err == "undertow: gone.jsonl: No such file or directory\n"


def test_a_byte_order_mark_is_no_part_of_the_first_event(tmp_path: Path) -> None:
    """Promise: what a spreadsheet or Windows writes before the text costs no event."""
    path = tmp_path / "e.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + OPENED)
    assert [message.value for message in cloudevents.read(path)] == [OPENED]


def test_gaps_of_a_vendor_nobody_named_are_a_mistake(tmp_path: Path) -> None:
    """Promise: a misspelled vendor is not a vendor without gaps."""
    (tmp_path / "acme.yaml").write_text("vendor: acme")
    done = run("gaps", "--contracts", str(tmp_path), "--vendor", "amce")
    assert done.exit_code == exits.USAGE
    assert "there are contracts of acme" in done.output


# -- what others wrote


def test_text_of_others_can_neither_style_nor_steer_a_terminal() -> None:
    """Promise: markup and control characters are shown, not obeyed; letters of every script stay."""
    assert plain("[/red]") == r"\[/red]"
    assert plain("a\x1b[2Jb\x07") == r"a\x1b[2Jb\x07"
    assert plain("\u202eevil") == r"\u202eevil"
    for text in ("Łódź 東京 ✓", "10\u00a0000\u202f€", "\u0645\u06cc\u200c\u062e", "👩\u200d💻"):
        assert plain(text) == text


def letter(number: int, reason: str = "unknown_vendor", detail: str = "", *, carried: bool = True) -> Letter:
    _, value, headers = letters.record_of(
        DeadLetter(Record("vendor.tickets", 0, number, 0, b"{", ()), reason, "$.data.vendor", detail)  # type: ignore[arg-type]
    )
    made = letters.read(value, headers)
    return (
        made
        if carried
        else Letter(**{name: getattr(made, name) for name in made.__struct_fields__} | {"carried": False})
    )


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[Letter]:
    found: list[Letter] = []
    monkeypatch.setattr(dlq, "letters_kept", lambda _: iter(found))
    return found


def test_no_publisher_can_keep_letters_from_being_listed(kept: list[Letter]) -> None:
    """Promise: a name that looks like markup is a name."""
    kept.append(letter(7, detail="no contract names '[/red]evil\x1b[2J'"))
    done = run("dlq", "list")
    assert done.exit_code == 0, done.output
    assert "[/red]evil" in done.output.replace("\n", "")
    assert "\x1b" not in done.output


def test_a_letters_id_is_shown_whole_and_each_reason_counted(kept: list[Letter]) -> None:
    """Promise: what is listed can be named with --id, in eighty columns; thousands are counted, not printed."""
    kept.extend(letter(1_000_000 + number) for number in range(3 * dlq.MOST_SHOWN))
    kept.append(letter(5, "not_json"))
    said = run("dlq", "list").output
    assert "vendor.tickets/0/1000299 " in said
    assert "vendor.tickets/0/1000000 " not in said
    assert "300 unknown_vendor: no contract names this vendor" in said
    assert "201 before them" in said


class Silent:
    """A publisher that keeps what it is given."""

    sent: list[tuple[Any, ...]] = []  # noqa: RUF012 - one test, one list

    def __init__(self, _: Settings) -> None:
        self.sent.clear()

    def send(self, *what: Any, **more: Any) -> None:
        self.sent.append((*what, more))

    def flush(self) -> None:
        pass

    def __enter__(self) -> Silent:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def test_originals_are_read_in_ranges_not_one_by_one(monkeypatch: pytest.MonkeyPatch, kept: list[Letter]) -> None:
    """Promise: ten thousand late events are sent back in seconds: one reader a topic; the missing are named."""
    asked: list[Mapping[int, list[int]]] = []

    def fetch_all(_: Settings, topic: str, wanted: Mapping[int, list[int]]) -> Iterator[Record]:
        asked.append({partition: list(offsets) for partition, offsets in wanted.items()})
        yield from (Record(topic, 0, offset, 0, b"old", ()) for offset in wanted[0] if offset != 2)

    monkeypatch.setattr(clients, "fetch_all", fetch_all)
    monkeypatch.setattr(clients, "Publisher", Silent)
    kept.extend([letter(3, carried=False), letter(2, carried=False), letter(1, carried=False), letter(9)])
    done = run("dlq", "replay")
    assert asked == [{0: [1, 2, 3]}]
    assert "3 letters were sent back, 1 could not be found" in done.output
    assert "vendor.tickets/0/2: no longer on its topic" in done.output
    assert [what[1] for what in Silent.sent[::2]] == [b"{", b"old", b"old"]


# -- a history


@pytest.fixture
def story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """An import into a cluster that has everything but a worker that reads."""
    path = tmp_path / "e.jsonl"
    path.write_bytes(OPENED)
    monkeypatch.setattr(importing, "Publisher", Silent)
    monkeypatch.setattr(admin, "check", lambda *_: [])
    monkeypatch.setattr(clients, "held", lambda *_: {TopicPartition("vendor.tickets", 0): 1})
    monkeypatch.setattr(importing, "PATIENCE", 0.2)
    told: list[float] = []
    monkeypatch.setattr(importing, "tick", lambda publisher, chosen, as_of: told.append(as_of))
    monkeypatch.setattr(importing, "told", told, raising=False)
    return ["import", "cloudevents", str(path)]


def test_the_time_is_told_once_workers_have_read_the_history(story: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Promise: a tick never overtakes the facts, which would be refused as too late."""
    left = iter([2, 1, 0])
    monkeypatch.setattr(admin, "unread", lambda *_: next(left))
    done = run(*story)
    assert done.exit_code == exits.OK, done.output
    assert next(left, None) is None
    assert "judged as of 2026-03-31 09:00 UTC" in done.output


def test_where_nobody_reads_the_time_is_not_told(story: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Promise: it ends with the way on, and the history waits whole."""
    monkeypatch.setattr(admin, "unread", lambda *_: 1)
    done = run(*story)
    assert done.exit_code == exits.FAILED
    assert "and import again (repeats change nothing)" in done.output
    assert importing.told == []  # type: ignore[attr-defined]


def test_an_import_never_tells_a_time_to_come(story: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Promise: live events that follow a history are not too late, whatever --follow-up says."""
    monkeypatch.setattr(admin, "unread", lambda *_: 0)
    assert run(*story, "--follow-up", "9999d").exit_code == exits.OK
    (as_of,) = importing.told  # type: ignore[attr-defined]
    assert as_of <= time.time()


def test_an_import_into_missing_topics_says_so_at_once(story: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Promise: not after a minute in which a client waits for the topic."""
    problem = admin.Problem("vendor.tickets", "topic vendor.tickets is missing", "missing")
    monkeypatch.setattr(admin, "check", lambda *_: [problem])
    done = run(*story)
    assert done.exit_code == exits.TOPICS
    assert "undertow topics apply" in done.output


# -- logs


def test_a_client_without_its_broker_says_so_now_and_then() -> None:
    """Promise: a hundred lines a second become one in half a minute that counts them; our own are never held back."""
    now = [0.0]
    repeats = Repeats(lambda: now[0])

    def said(node: int, name: str = "aiokafka.conn") -> logging.LogRecord:
        return logging.LogRecord(name, logging.ERROR, "", 0, "no connection to %d", (node,), None)

    assert repeats.filter(said(1))
    assert not any(repeats.filter(said(node)) for node in range(50))
    now[0] = QUIET
    last = said(2)
    assert repeats.filter(last)
    assert last.getMessage() == "no connection to 2 (50 more like it since the last one)"
    assert all(repeats.filter(said(1, "undertow.agents")) for _ in range(3))


def test_why_a_worker_stopped_is_said_in_words() -> None:
    """Promise: the last line of the log names the broker, not only a class."""
    assert "the broker did not take" in why(KafkaTimeoutError())
    assert why(ValueError("seven")) == "ValueError('seven')"


def test_faust_speaks_where_it_is_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Promise: a start is a few lines of our own; --log-level debug has the framework's."""
    monkeypatch.setattr("logging.config.dictConfig", lambda _: None)
    monkeypatch.setattr("structlog.configure", lambda **_: None)
    assert configure("info")["loggers"]["faust"] == {"level": "WARNING"}
    assert "faust" not in configure("debug")["loggers"]
