"""Receivers of statements: what cannot be meant, and what is agreed in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from undertow.contracts.quantities import in_words
from undertow.domain.agreement.contract import Contract
from undertow.domain.agreement.delivery import Destination
from undertow.topics import APP, SOURCES

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
"""Hosts that an address without encryption may name."""
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_EMAIL: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", re.ASCII)
_TOPIC: Final = re.compile(r"[a-zA-Z0-9._-]{1,249}")


def problems(one: Destination) -> Iterator[tuple[str, str]]:
    """Key and what is wrong with it."""
    named = [name for name in ("secret_variable", "secret_file") if getattr(one, name) is not None]
    if one.kind == "webhook":
        yield from (("address", words) for words in _webhook(one.address))
        if len(named) != 1:
            words = "a webhook is signed: name secret_variable or secret_file, one of the two"
            yield named[-1] if named else "kind", words
        if one.secret_variable is not None and not _VARIABLE.fullmatch(one.secret_variable):
            yield "secret_variable", "is no name of an environment variable: write its name, never the secret itself"
        return
    for name in named:
        yield name, f"goes with a webhook: leave it out for kind {one.kind}"
    if one.kind == "email" and not _EMAIL.fullmatch(one.address):
        yield "address", "is no e-mail address: write one such as sla@acme.example"
    if one.kind == "kafka":
        if not _TOPIC.fullmatch(one.address):
            yield "address", "is no name of a topic: write letters, digits, '.', '_' and '-', at most 249"
        elif one.address in SOURCES or one.address.startswith((f"{APP}.", f"{APP}-")):
            yield "address", "is a topic that the product reads or writes itself: give statements another"


def words(contract: Contract) -> Iterator[str]:
    """What is agreed, in sentences."""
    terms = contract.delivery
    for one in terms.to:
        how = {"kafka": "to the topic", "webhook": "to the webhook", "email": "by e-mail to"}[one.kind]
        shown = urlsplit(one.address).hostname if one.kind == "webhook" else one.address
        yield f"{how.capitalize()} {shown}, {in_words(terms.after)} after the end of a period's last day."
    if terms.to and terms.since is not None:
        yield f"Not those of periods that ended before {datetime.fromtimestamp(terms.since, UTC):%Y-%m-%d}."


def _webhook(address: str) -> Iterator[str]:
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        yield "is no address: write one such as https://hooks.acme.example/undertow"
        return
    if parts.scheme not in {"https", "http"} or not host or any(ord(sign) <= 32 for sign in address):
        yield "is no address: write one such as https://hooks.acme.example/undertow"
    elif parts.scheme == "http" and host not in LOOPBACK:
        yield "is not encrypted: write https"
    elif parts.username is not None or parts.password is not None:
        yield "holds a password: contracts hold no secrets, and the signature says who sends"
    elif parts.fragment:
        yield "has a fragment (#), which is never sent: leave it out"
