"""Apache Kafka as companies run it: TLS, passwords or certificates, and no right but those that deploy/README.md lists."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    KafkaAdminClient,
    ResourcePattern,
    ResourceType,
)

from brokers.apache import Unavailable
from brokers.secured import PASSWORD, SecuredKafka
from integration.installation import Installation
from undertow.clients import Publisher
from undertow.domain.agreement.contract import Contract
from undertow.settings import Broker
from undertow.topics import TICKETS

pytestmark = pytest.mark.broker
README = Path(__file__).parents[2] / "deploy" / "README.md"
RIGHT = re.compile(r"^\| `(\w+)` \| (\w+) \| `([\w.]+)` \| (literal|prefixed) \| ([\w, ]+) \|", re.MULTILINE)


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    try:
        broker = SecuredKafka(tmp_path_factory.mktemp("secured"))
        broker.start()
    except Unavailable as exc:
        pytest.skip(str(exc))
    yield broker
    broker.stop()


def grant(broker: SecuredKafka, namespace: str, *kinds: str) -> None:
    """What the table of deploy/README.md says, and nothing else; of these kinds of resources only."""
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    rights = [
        ACL(
            f"User:{person}",
            "*",
            ACLOperation[re.sub(r"(?<=[a-z])(?=[A-Z])", "_", operation).upper()],
            ACLPermissionType.ALLOW,
            ResourcePattern(ResourceType[kind.upper()], namespace + name, ACLResourcePatternType[pattern.upper()]),
        )
        for account, kind, name, pattern, operations in RIGHT.findall(README.read_text(encoding="utf-8"))
        if not kinds or kind in kinds
        for person in (account, f"CN={account}")
        for operation in operations.split(", ")
    ]
    assert len(rights) > 30, "the table was read"
    done = admin.create_acls(rights)
    assert not done["failed"], done
    admin.close()


def ways(broker: SecuredKafka) -> dict[str, tuple[str, ...]]:
    files = broker.certificates
    trusted = ("--broker", broker.sasl, "--security", "SASL_SSL", "--ca-file", str(files.ca))
    return {
        "password": (*trusted, "--sasl-mechanism", "SCRAM-SHA-512", "--username", "undertow"),
        "plain password": (*trusted, "--sasl-mechanism", "PLAIN", "--username", "undertow"),
        "engineer": (*trusted, "--sasl-mechanism", "SCRAM-SHA-256", "--username", "engineer"),
        "certificate": (
            *("--broker", broker.tls, "--security", "SSL", "--ca-file", str(files.ca)),
            *("--cert-file", str(files.client), "--key-file", str(files.client_key)),
        ),
    }


@pytest.mark.parametrize("way", ["password", "certificate"])
def test_a_worker_works_with_the_rights_that_are_listed(
    secured: SecuredKafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """From ``topics apply`` by the engineer's account to figures by the worker's, over TLS."""
    monkeypatch.setenv("UNDERTOW_PASSWORD", PASSWORD)
    contracts = {"acme": Contract(vendor="acme", keep_all=True)}
    folder = tmp_path / "engineer"
    engineer = Installation(secured, folder, contracts, way=ways(secured)["engineer"])
    here = Installation(secured, tmp_path, contracts, way=ways(secured)[way])
    here.settings = engineer.settings
    try:
        refused = here.run("topics", "apply", code=1).stderr
        assert "Traceback" not in refused
        assert re.search(r"may not|[Aa]uthorization", refused), refused
        grant(secured, here.settings.namespace)
        assert "created" in engineer.run("topics", "apply").stdout
        assert "every topic is as it must be" in here.run("topics", "check").stdout
        worker = here.worker()
        head = {"specversion": "1.0", "source": "/acme", "id": "1", "type": "undertow.ticket.opened"}
        event = head | {"time": "2026-03-01T12:00:00Z", "data": {"vendor": "acme", "ticket": "T1", "customer": "C1"}}
        log = tmp_path / "log.jsonl"
        log.write_text(json.dumps(event) + "\n")
        engineer.run("import", "cloudevents", str(log))
        with Publisher(here.settings) as vendor:
            vendor.send(here.topic(TICKETS), b"no event")
        here.drained(2)
        here.until(lambda: worker.samples("undertow_tickets").get(("all", "acme", "all")) == 1, "the ticket is shown")
        assert "not_json" in here.run("dlq", "list").stdout
        assert worker.stop() == 0
    finally:
        here.close()


def test_a_worker_that_its_group_refuses_ends_and_says_so(
    secured: SecuredKafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C11. aiokafka keeps the refusal for the next fetch, and Faust fetches nothing before the group has dealt out."""
    monkeypatch.setenv("UNDERTOW_PASSWORD", PASSWORD)
    contracts = {"acme": Contract(vendor="acme")}
    here = Installation(secured, tmp_path, contracts, way=ways(secured)["password"])
    engineer = Installation(secured, tmp_path, contracts, way=ways(secured)["engineer"])
    engineer.settings = here.settings
    try:
        grant(secured, here.settings.namespace, "topic")
        engineer.run("topics", "apply")
        worker = here.worker(ready=False)
        assert worker.process.wait(60) == 1
        assert "GroupAuthorizationFailedError" in worker.tail().splitlines()[-1]
        assert "deploy/README.md" in worker.tail().splitlines()[-1]
    finally:
        here.close()


def test_a_password_may_travel_as_it_is_where_tls_hides_it(
    secured: SecuredKafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mechanism PLAIN."""
    monkeypatch.setenv("UNDERTOW_PASSWORD", PASSWORD)
    here = Installation(secured, tmp_path, {}, way=ways(secured)["plain password"])
    assert "is missing" in here.run("topics", "check", code=3).stderr


def test_a_closed_door_says_which_key_it_wants(
    secured: SecuredKafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kafka's clients say of all of these that they gave up."""
    ca = str(secured.certificates.ca)
    doors = {
        Broker(address=secured.sasl, security="SASL_SSL", ca_file=ca): "the password in UNDERTOW_PASSWORD",
        Broker(address=secured.sasl, security="SASL_SSL"): "is not trusted: .*; --ca-file names the CA",
        Broker(address=secured.sasl): "speaks TLS; try --security SSL",
        Broker(address=secured.sasl, security="SASL_PLAINTEXT"): "speaks TLS; try --security SASL_SSL",
        Broker(address=secured.sasl, security="SSL", ca_file=ca): "If it wants a password: --security SASL_SSL",
        Broker(
            address=secured.tls, security="SSL", ca_file=ca
        ): "asks for a certificate of ours: --cert-file and --key",
        Broker(address=secured.address, security="SSL", ca_file=ca): "does not speak TLS .*; try --security PLAINTEXT",
        Broker(address=secured.address, security="SASL_PLAINTEXT"): "or --security PLAINTEXT, if it wants none",
        Broker(address=f"127.0.0.1:1,{secured.sasl}"): "speaks TLS",
    }
    for broker, expected in doors.items():
        told = broker.silent(OSError("gave up"))
        assert told.startswith("no answer from the broker: "), told
        assert re.search(expected, told), told
    monkeypatch.setenv("UNDERTOW_PASSWORD", "wrong")
    told = Installation(secured, tmp_path, {}, way=ways(secured)["password"]).run("topics", "check", code=1).stderr
    assert told.startswith("undertow: no answer from the broker: ")
    assert "the password in UNDERTOW_PASSWORD" in told
    assert "wrong" not in told
