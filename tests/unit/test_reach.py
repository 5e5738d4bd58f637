"""Why nobody answers, as far as no broker is needed; the rest is in tests/integration/test_secured.py."""

from __future__ import annotations

import pytest

from undertow.embedded import free_port
from undertow.reach import why
from undertow.settings import Broker


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("nobody.invalid:9092", "the name nobody.invalid is not known here; check --broker"),
        ("localhost", "'localhost' is no host:port (--broker)"),
        (":9092", "':9092' is no host:port (--broker)"),
        ("127.0.0.1:123456", "'127.0.0.1:123456' is no host:port (--broker)"),
    ],
)
def test_an_address_that_leads_nowhere_is_told_apart(address: str, told: str) -> None:
    assert why([address], "PLAINTEXT", None).startswith(told)


def test_who_does_not_run_is_told_apart_from_who_refuses() -> None:
    address = f"127.0.0.1:{free_port()}"
    words = why([address, "nobody.invalid:1"], "SASL_PLAINTEXT", None)
    assert words == f"nothing listens at {address}; check --broker, and whether the broker runs"


def test_a_certificate_that_cannot_be_read_is_said() -> None:
    told = Broker(address="127.0.0.1:1", security="SSL", ca_file="/none.pem").silent(OSError("gave up"))
    assert "No such file" in told
