"""Receivers of statements in a contract: what is refused, and in which words."""

from __future__ import annotations

import pytest

from undertow import contracts
from undertow.contracts import BadContract
from undertow.contracts.words import explained
from undertow.domain.agreement.delivery import Destination

GOOD = """vendor: acme
delivery:
  after: 5d
  since: 2026-07-01
  to:
    - {kind: kafka, address: acme.statements}
    - {kind: webhook, address: "https://hooks.acme.example/sla", secret_variable: ACME_WEBHOOK}
    - {kind: email, address: sla@acme.example}
"""


def test_receivers_are_read_and_explained():
    """Promise: who receives statements, and when, is said in plain words; a webhook's path, which may be secret, is not."""
    file = contracts.examined(GOOD, "acme.yaml")
    assert [one.kind for one in file.contract.delivery.to] == ["kafka", "webhook", "email"]
    assert file.contract.delivery.to[1].secret_variable == "ACME_WEBHOOK"
    part = next(part for part in explained(file, 1_790_000_000.0) if part.heading == "Statements are delivered")
    assert part.lines == [
        "To the topic acme.statements, 5d after the end of a period's last day.",
        "To the webhook hooks.acme.example, 5d after the end of a period's last day.",
        "By e-mail to sla@acme.example, 5d after the end of a period's last day.",
        "Not those of periods that ended before 2026-07-01.",
    ]


@pytest.mark.parametrize(
    ("receiver", "words"),
    [
        ('{kind: webhook, address: "http://hooks.acme.example", secret_file: s}', "is not encrypted: write https"),
        ('{kind: webhook, address: "ftp://hooks.acme.example", secret_file: s}', "is no address"),
        ('{kind: webhook, address: "https://me:pw@acme.example", secret_file: s}', "holds a password"),
        ('{kind: webhook, address: "https://acme.example/#x", secret_file: s}', "has a fragment"),
        ('{kind: webhook, address: "https://acme.example:99999", secret_file: s}', "is no address"),
        ('{kind: webhook, address: "https://acme.example"}', "name secret_variable or secret_file"),
        ('{kind: webhook, address: "https://a.example", secret_variable: whsec_a=}', "never the secret itself"),
        ('{kind: email, address: "a@b, c@d"}', "is no e-mail address"),
        ('{kind: email, address: "sla@acme.example", secret_file: s}', "goes with a webhook"),
        ("{kind: kafka, address: vendor.tickets}", "that the product reads or writes itself"),
        ("{kind: kafka, address: undertow.cells}", "that the product reads or writes itself"),
        ("{kind: fax, address: x}", "is not possible: write one of"),
    ],
)
def test_a_receiver_that_cannot_be_meant_is_refused(receiver: str, words: str):
    """Promise: nothing leaves unencrypted or unsigned, no secret stands in a contract, and no loop is closed."""
    with pytest.raises(BadContract) as bad:
        contracts.parse(f"vendor: acme\ndelivery:\n  to:\n    - {receiver}\n", "acme.yaml")
    assert words in str(bad.value)
    assert ":4:" in str(bad.value)


def test_a_receiver_on_this_machine_may_do_without_encryption():
    """Promise: trying it out needs no certificate."""
    text = 'vendor: acme\ndelivery: {to: [{kind: webhook, address: "http://127.0.0.1:8080/x", secret_file: s}]}'
    assert contracts.parse(text, "a").delivery.to == (
        Destination(kind="webhook", address="http://127.0.0.1:8080/x", secret_file="s"),
    )
